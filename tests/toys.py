"""Targets for tests of evaluation: functions of the turns whose last words say how they fail."""

from __future__ import annotations

import os
import time

QUOTE = "Water early in the morning"


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


nothing = 3
