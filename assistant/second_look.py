"""A question that states something in, its claims as the reader of any text judges them out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.choices import House
    from assistant.types import Claim, Reading

_POLL = re.compile(
    r"^\W*(?:yes or no|true or false|true/false|t/f)\b\W*|\W*\b(?:yes or no|y/n|true or false|right or wrong)\W*$",
    re.IGNORECASE,
)
"""Asks for a verdict on what stands beside it."""


def _asked_last(text: str) -> str:
    """Of several sentences the last where it is a question of its own, the others set the scene; without its question mark."""
    last = re.split(r"(?<=[.!?])\s+", text)[-1]
    points_back = re.search(r"\b(?:this|that|it|these|those)\b", last, re.IGNORECASE)
    return (last if text.endswith("?") and not points_back else text).strip(" ?")


def second_look(house: House, question: str, reading: Reading) -> tuple[Claim, ...]:
    """The claims of what a question states; none where it asks "whether"."""
    topic = _POLL.sub("", reading.topic if reading.topic in question else question).strip()
    if not topic or "whether" in reading.focus:
        return ()
    asked = _asked_last(topic) if "judged" not in reading.cues else topic
    return house.verifier.verify(asked).claims
