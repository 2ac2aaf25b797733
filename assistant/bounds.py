"""A yes that says more than what it names: "only", "all", "both", "always". Refuted as soon as one case stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.checker import SUPPORTED
from assistant.compose import lower
from assistant.denial import asks_of_only, closes, closings, overstates
from assistant.lexicon import words

if TYPE_CHECKING:
    from assistant.choices import House
    from assistant.compose import Page
    from assistant.rules import Rule, Tension
    from assistant.types import Facts, Reading, Status, Verdict

_ASKING = (("is",), ("are",), ("does",), ("do",))


class Bounds:
    """The bounds that one question sets to its yes."""

    def __init__(self, house: House, reading: Reading, page: Page) -> None:
        self.house, self.pack, self.composer = house, house.pack, house.composer
        self.reading, self.page = reading, page
        self.decision = reading.decision or ""
        self.facts: Facts = reading.scenarios[0].facts

    def refute(self, verdicts: Sequence[Verdict]) -> tuple[Status, Verdict] | None:
        """What stands against the bound, said on the page, and its verdict; None where nothing does or none is set."""
        works = all(v.status == SUPPORTED for v in verdicts)
        name = self.reading.only
        may = name and (self.pack.dimensions[name].kind == "fact" or asks_of_only(self.reading.focus))
        open_ = may and all(v.status in {SUPPORTED, "depends"} for v in verdicts)
        return (self._exclusive(SUPPORTED) if works or open_ else None) or self._universal()

    def _check(self, name: str, value: str) -> Verdict:
        return self._checked({name: (value,)})

    def _checked(self, other: Facts) -> Verdict:
        return self.house.checker.check(self.decision, {**self.facts, **other})

    def _decides(self, name: str | None) -> bool:
        return name in self.house.checker.space(self.decision).domains

    def _universal(self) -> tuple[Status, Verdict] | None:
        """Of "all tools …" and "MARS and MABS both …": no as soon as one of them does not."""
        name = self.reading.every or self.reading.jointly
        if not name or self.reading.negative or not self._decides(name):
            return None
        values = self.pack.dimensions[name].names if self.reading.every else self.facts.get(name, ())
        verdicts = {v: self._check(name, v) for v in values}
        refuted = next((v for v, d in verdicts.items() if d.status == "not_supported" and not d.impossible), None)
        if refuted is None:
            return None
        works = [d for d in verdicts.values() if d.status == SUPPORTED] if self.reading.jointly else []
        status = self._say(
            verdicts[refuted],
            self.composer.leading(verdicts[refuted])[0],
            name,
            {**verdicts[refuted].known, name: (refuted,)},
        )
        for rule in {r.id: r for d in works for r in self.composer.leading(d)[:1]}.values():
            self.page.say(rule.title, rule.place)
        return status, verdicts[refuted]

    def _exclusive(self, outcome: str) -> tuple[Status, Verdict] | None:
        """Of a claim that nothing else has this outcome ("only Windows"): wrong as soon as another value has it too."""
        name = self.reading.only
        if not name or not self._bound(name) or not self._decides(name):
            return None
        said = {v for s in self.reading.scenarios for v in s.facts.get(name, ())}
        for value in [v for v in self.pack.dimensions[name].names if said and v not in said]:
            usual = self._check(name, value)
            for verdict in [usual, *(self._checked({**other, name: (value,)}) for other in self._unusual(usual))]:
                found = [(b.rules, b.facts) for b in verdict.branches if b.outcome == outcome]
                if verdict.outcome == outcome:
                    found = [(verdict.rules, {})]
                ways = [(rules, {**verdict.known, **facts, name: (value,)}) for rules, facts in found]
                if ways:
                    rules, facts = min(ways, key=lambda way: len(self._torn(verdict, name, way[1])))
                    return self._say(verdict, self.pack.rule(rules[0]), name, facts), verdict
        return None

    def _unusual(self, verdict: Verdict) -> list[Facts]:
        """What was only assumed, one thing at a time otherwise."""
        return [
            {name: (value,)}
            for name, assumed, _ in verdict.assumed
            for value in self.pack.dimensions[name].names
            if value != assumed
        ]

    def _bound(self, name: str) -> bool:
        """Whether "only" is part of what is claimed or asked ("Is it for Windows only?"), and not of what is wished for."""
        focus = self.reading.focus
        asks = focus[:1] in _ASKING and "or" not in focus and self.pack.dimensions[name].kind == "fact"
        return self.reading.kind == "claim" or closes(focus) or asks_of_only(focus) or (asks and closings(focus) != [])

    def exception(self, verdict: Verdict) -> tuple[Status, Verdict] | None:
        """What stands against "only" and "always" of a value, said on the page, and its verdict; None where nothing does.

        That is another case that has it too, and a case without it that was only assumed away.
        """
        if verdict.outcome != self.reading.outcome:
            return None
        leading = self.composer.leading(verdict)[:1]
        if leading and overstates(self.reading.focus, leading[0].place.quote):
            self.page.say(f"{self._lead()}: {lower(leading[0].title)}", leading[0].place)
            return "not_supported", verdict
        if words("unexcepted").isdisjoint(self.reading.focus):
            return self._exclusive(verdict.outcome)
        for changed in self._unusual(verdict):
            other = self._checked(changed)
            if other.status == "information" and other.outcome != verdict.outcome:
                rule, (name,) = self.composer.leading(other)[0], changed
                return self._say(other, rule, name, {**other.known, **changed}), other
        return None

    def _say(self, verdict: Verdict, rule: Rule, name: str, facts: Facts) -> Status:
        """Say what holds beside the claimed; where the documents themselves read both ways, that they do."""
        self.page.say(f"{self._lead()}: {lower(rule.title)}", rule.place)
        torn = self._torn(verdict, name, facts)
        for tension in torn[:1]:
            self.composer.differ(self.page, tension)
        return "conflict" if torn else "not_supported"

    def _lead(self) -> str:
        return "That is not right" if self.reading.kind == "claim" else "No"

    def _torn(self, verdict: Verdict, name: str, facts: Facts) -> list[Tension]:
        """The disagreements of the documents about this dimension that touch a verdict on these facts."""
        return [
            t
            for t in self.pack.tensions
            if t.decision == verdict.decision
            and name in t.when
            and all(set(facts.get(n, v)) & set(v) for n, v in t.when.items())
        ]
