"""How far an answer can be trusted: how often answers that came about in the same way were right, counted once.

A way of answering, the status, and what little of the question changes its odds name a situation. A pack keeps of each
how many of its annotated questions fell into it and how many of those were answered right (``confidence.toml``, written
by ``evals/calibrate.py``), so that a confidence is a share that anybody can count again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from assistant.types import Reading, Status, Verdict

Way = Literal[
    "rules", "stated fact", "value", "list", "comparison", "choice", "plan", "several", "correction", "explanation",
    "known silence", "unknown name", "nothing near", "outside",
]  # fmt: skip
_WEIGHT = 10
"""Questions as which the share of all counts in each situation (AUGRC on `dev`: .0449 with 10, .0455 with 5)."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Annotated questions that were answered in one way, and how many of them right."""

    id: str
    right: int
    asked: int


class Trust:
    """The situations of one pack."""

    def __init__(self, situations: Iterable[Situation]) -> None:
        self._known = {s.id: s for s in situations}
        asked = sum(s.asked for s in self._known.values())
        self._share = sum(s.right for s in self._known.values()) / asked if asked else None

    def of(self, situation: str) -> float | None:
        """0 to 1, two decimals: the share answered right, drawn towards that of all situations the fewer were asked.

        None for a pack that was never measured.
        """
        if self._share is None:
            return None
        found = self._known.get(situation, Situation(situation, 0, 0))
        return round((found.right + _WEIGHT * self._share) / (found.asked + _WEIGHT), 2)


def situation(way: Way, status: Status, reading: Reading, verdict: Verdict | None) -> str:
    """In which of a few dozen situations an answer was given; `verdict` is the one that it shows."""
    parts: list[str] = [way]
    if way == "rules" and verdict and status in {"supported", "not_supported"}:
        facts = min(len(verdict.facts), 3)
        parts.append("on 3 facts or more" if facts == 3 else "on 2 facts" if facts == 2 else "on 1 fact at most")
    if way in {"rules", "stated fact"}:
        parts.append("of a claim" if reading.kind == "claim" else "of a question")
    if way == "explanation":
        parts.append("where yes or no was asked" if reading.kind in {"capability", "claim"} else "of an open question")
    return f"{' '.join(parts)}: {status}"
