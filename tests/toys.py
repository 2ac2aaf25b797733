"""Targets for tests of evaluation: functions of the turns whose last words say how they fail."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass


def toy(turns: list[str]) -> object:
    """Answers "supported"; a question about silence gets "not_stated"; the words crash, die, hang and garbage do so."""
    question = turns[-1]
    if "crash" in question:
        raise ZeroDivisionError("by design")
    if "die" in question:
        os._exit(9)
    if "hang" in question:
        time.sleep(60)
    if "garbage" in question:
        return {"status": "perhaps"}
    print("talk that must not reach stdout")
    status = "not_stated" if "silence" in question else "supported"
    return {
        "status": status,
        "text": f"Yes, turn {len(turns)}.",
        "facts": {},
        "missing": [],
        "ask": None,
        "citations": [],
    }


def worse(turns: list[str]) -> object:
    """As `toy`, but wrong about apples."""
    said = toy(turns)
    return {**said, "status": "not_supported"} if isinstance(said, dict) and "apples" in turns[-1] else said


def words(turns: list[str]) -> str:
    """Plain text."""
    return f"It is supported, says {len(turns)}."


def unsteady(turns: list[str]) -> object:
    """Another text at each asking."""
    return {"status": "supported", "text": f"{turns[-1]} {time.time_ns()}"}


def quoting(turns: list[str]) -> object:
    """Says no to Linux, of which it is sure, and yes to all else; always quotes the same place."""
    quote = "On-premises | Linux | Virtual | Direct backup of files | Not supported with MARS"
    linux = "Linux" in turns[-1]
    facts = {"os": ["linux"], "location": ["on_premises"]} if linux else {}
    return {
        "status": "not_supported" if linux else "supported", "text": "As the matrix says.", "facts": facts, "missing": [], "ask": None,
        "citations": [{"section_id": "features#support-matrix", "quote": quote}], "reading": ["as told"],
        "confidence": 0.9 if linux else 0.4, "situation": "by the first word",
        "findings": [{"rule_id": "R-1", "status": "not_supported", "message": "No."}],
        "hits": [{"section_id": s} for s in ("features#tools-agents", "features#support-matrix", "restore#restore")],
    }  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """As our own assistant's."""

    sentence: str
    start: int
    end: int
    standing: str
    citations: tuple[object, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What `verify` gives, as our own assistant's."""

    claims: tuple[Claim, ...]


class _Checking:
    """Checks texts and answers nothing."""

    def ask(self, question: str, after: object = None) -> object:
        raise NotImplementedError(question, after)

    def verify(self, text: str) -> Checked:
        return Checked((Claim(text, 0, len(text), "contradicted" if "flies" in text else "proven"),))


checking = _Checking()
nothing = 3
