"""A question that states something in, its claims as the reader of any text judges them and what follows from that out."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from assistant.checker import SUPPORTED
from assistant.grammar import WH, asks_duty
from assistant.vocabulary import PUNCTUATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.choices import House
    from assistant.confidence import Way
    from assistant.types import Claim, Reading, Status

_POLL = re.compile(
    r"^\W*(?:yes or no|true or false|true/false|t/f)\b\W*|\W*\b(?:yes or no|y/n|true or false|right or wrong)\W*$",
    re.IGNORECASE,
)
"""Asks for a verdict on what stands beside it."""


def judge(
    house: House, question: str, reading: Reading, status: Status, way: Way, *, of_several: bool
) -> tuple[Status, list[Claim]] | None:
    """The verdict of the second reader and the claims that give it, where it may differ from the `status` that came about in this `way`.

    Of a claim: no where it refutes what would have been confirmed or left open, yes where it proves all of what was left
    open. Of a yes/no question that the rules of the main decision leave open: no where a stated fact refutes it; of one that would have been
    explained: the yes or no that stated facts give. `of_several` machines each has its own answer, and nothing is refuted.
    """
    if reading.negative or status not in {SUPPORTED, "information", "depends"}:
        return None
    if reading.kind == "claim":
        claims = _claims(house, question, reading)
        open_ = way == "value" and status != SUPPORTED
        refutable = status != "depends" or not of_several
        return _follows(claims, yes=open_, no=refutable)
    explained = way == "explanation" and status == "information"
    if reading.kind != "capability" or of_several or not _asks_one_thing(reading.focus):
        return None
    left_open = way == "rules" and status == "depends" and reading.decision == house.pack.main
    if not explained and not left_open:
        return None
    return _follows(_of_facts(house, _claims(house, question, reading)), yes=explained, no=True)


def _asks_one_thing(focus: Sequence[str]) -> bool:
    """Whether it is answered by yes or no: "either … or …" is not, nor "if it fails, what …" nor "…, and what …"."""
    joined = [t for last, t in pairwise([",", *focus]) if t != "and" or last not in PUNCTUATION]
    opens = any(b in WH for a, b in pairwise([",", *joined]) if a in PUNCTUATION)
    return asks_duty(focus) and not opens and "or" not in focus


def _follows(claims: Sequence[Claim], *, yes: bool, no: bool) -> tuple[Status, list[Claim]] | None:
    refuted = [c for c in claims if c.standing == "contradicted" and c.correction]
    if refuted and no:
        return "not_supported", refuted
    if yes and claims and all(c.standing == "proven" for c in claims):
        return "supported", list(claims)
    return None


def _of_facts(house: House, claims: Sequence[Claim]) -> list[Claim]:
    """The claims that stated facts judge and no disagreement of the documents touches; the rules know every case of the others."""
    facts, torn = {f.id for f in house.pack.facts}, {t.id for t in house.pack.tensions}
    ids = [(c, [f.rule_id for f in c.findings]) for c in claims]
    return [c for c, found in ids if found and found[0] in facts and torn.isdisjoint(found)]


def _asked_last(text: str) -> str:
    """Of several sentences the last where it is a question of its own, the others set the scene; without its question mark."""
    last = re.split(r"(?<=[.!?])\s+", text)[-1]
    points_back = re.search(r"\b(?:this|that|it|these|those)\b", last, re.IGNORECASE)
    return (last if text.endswith("?") and not points_back else text).strip(" ?")


def _claims(house: House, question: str, reading: Reading) -> tuple[Claim, ...]:
    """The claims of what a question states; none where it asks "whether"."""
    topic = _POLL.sub("", reading.topic if reading.topic in question else question).strip()
    if not topic or "whether" in reading.focus:
        return ()
    asked = _asked_last(topic) if "judged" not in reading.cues else topic
    return house.verifier.verify(asked).claims
