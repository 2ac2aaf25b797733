"""A plan's items in, a verdict on each out, with what proves it. No item is called right that one of two readers refutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.compose import lower, spoken
from assistant.items import is_procedure
from assistant.reading import said_by
from assistant.rules import Place
from assistant.types import Part, Scenario, Status

if TYPE_CHECKING:
    from assistant.choices import House
    from assistant.compose import Page
    from assistant.types import Claim, Reading, Verdict

_LEADS: dict[Status, str] = {
    "supported": "right",
    "not_supported": "not right",
    "conflict": "the documents disagree",
    "depends": "it depends",
    "not_stated": "not stated",
}
_ORDER: tuple[Status, ...] = ("not_supported", "conflict", "not_stated", "depends", "supported")
"""What one item makes of the plan: the first of these that any has."""


class Reviewing:
    """The items of one plan."""

    def __init__(self, house: House, reading: Reading, page: Page) -> None:
        self.house, self.pack, self.composer = house, house.pack, house.composer
        self.reading, self.page = reading, page
        self.verdicts: list[Verdict] = []
        self.parts: list[Part] = []

    def review(self) -> Status:
        """The status of the whole plan; how many items hold, then each of them as long as there is room."""
        readings = self._items()
        judged = [self._judge(body, item) for (_, body), item in zip(self.reading.choices, readings, strict=True)]
        wrong = sum(status == "not_supported" for status, _, _ in judged)
        right = sum(status == "supported" for status, _, _ in judged)
        self.page.say(f"Proven right: {right} of {len(judged)}. Refuted: {wrong}.", end="\n\n")
        for (label, _), item, (status, says, places) in zip(self.reading.choices, readings, judged, strict=True):
            line = f"{label}. {_LEADS[status].capitalize()}{says or '.'}"
            if not self.page.say(line, *places, end="\n"):
                line = f"{label}. {_LEADS[status].capitalize()}; no room for the proof here, ask about it alone."
                self.page.say(line, end="\n")
            self.parts.append(Part(label, status, item.scenarios[0].facts, line))
        found = {p.status for p in self.parts}
        return next(s for s in _ORDER if s in found)

    def _items(self) -> list[Reading]:
        """Each item read; of a procedure with what only one of its steps says of the machine."""
        items = self.house.reader.options(self.reading)
        if not is_procedure(self.reading.stem):
            return items
        said: dict[str, set[tuple[str, ...]]] = {}
        for name, values in (f for i in items for f in i.scenarios[0].facts.items()):
            said.setdefault(name, set()).add(values)
        shared = {n: next(iter(v)) for n, v in said.items() if len(v) == 1}
        return [replace(i, scenarios=(Scenario({**shared, **i.scenarios[0].facts}),)) for i in items]

    def _judge(self, body: str, item: Reading) -> tuple[Status, str, tuple[Place, ...]]:
        """Status of an item, what the documents say, and where."""
        claims = self.house.verifier.verify(body).claims
        refuted = next((c for c in claims if c.standing == "contradicted" and c.correction), None)
        if refuted:
            return "not_supported", f": {lower(refuted.correction)}", _places(refuted)
        stated = self._stated(body, item)
        if stated:
            return stated
        verdict = self._ruled(item)
        if verdict and verdict.rules and verdict.status in {"supported", "not_supported", "conflict"}:
            rule = self.composer.leading(verdict)[0]
            turned: dict[Status, Status] = {"supported": "not_supported", "not_supported": "supported"}
            status = turned.get(verdict.status, verdict.status) if item.negative else verdict.status
            advice = f" {rule.instead}" if rule.instead and status == "not_supported" and not item.negative else ""
            return status, f": {lower(rule.title)}{advice}", (rule.place,)
        told = self._told(claims)
        if told or not (verdict and verdict.missing):
            return told or ("not_stated", "", ())
        open_ = " and ".join(lower(self.pack.dimensions[n].label) for n in verdict.missing)
        return "depends", f" on {open_}.", ()

    def _ruled(self, item: Reading) -> Verdict | None:
        """What the rules say of an item that names what is to be used; None where it names nothing of that sort."""
        decision = self.pack.decisions.get(item.decision or "")
        chosen = any(self.pack.dimensions[m.dimension].kind == "choice" for m in item.mentions)
        if not (decision and chosen) or decision.kind != "capability":
            return None
        self.verdicts.append(self.house.checker.check(decision.id, item.scenarios[0].facts, item.doubted))
        return self.verdicts[-1]

    def _stated(self, body: str, item: Reading) -> tuple[Status, str, tuple[Place, ...]] | None:
        """What a stated fact says of an item that its words decide."""
        words = tuple(self.house.reader.words(body))
        stated = self.house.statements.judge(words, words, said_by(item))
        if not stated or stated.holds is None:
            return None
        status: Status = "supported" if stated.holds else "not_supported"
        return status, self._quoted(stated.fact.place), (stated.fact.place,)

    def _told(self, claims: Sequence[Claim]) -> tuple[Status, str, tuple[Place, ...]] | None:
        """What the reader of claims has found of an item, if it could read all of it."""
        if not claims or any(c.standing == "not_covered" for c in claims):
            return None
        claim = next((c for c in claims if c.standing == "disputed"), claims[0])
        place = _places(claim)[0]
        return "conflict" if claim.standing == "disputed" else "supported", self._quoted(place), (place,)

    def _quoted(self, place: Place) -> str:
        return f": {lower(spoken(place.quote, self.composer.header(place)))}"


def _places(claim: Claim) -> tuple[Place, ...]:
    return tuple(Place(c.section_id, c.quote, c.start, c.end) for c in claim.citations)
