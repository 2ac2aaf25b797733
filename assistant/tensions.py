"""A claim's proof in, where the documents read differently about it out: what they disagree on is never passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from assistant.checker import holds
from assistant.pack import Pack
from assistant.rules import Place, Tension
from assistant.rulings import Rulings
from assistant.types import Verdict
from assistant.vocabulary import Vocabulary, clean


class Tensions:
    """The declared tensions of one pack, ready to be held against a claim."""

    def __init__(self, pack: Pack, vocabulary: Vocabulary, rulings: Rulings) -> None:
        self.pack, self.vocabulary, self.rulings = pack, vocabulary, rulings
        self._undecided = _undecided(pack)

    def at(self, place: Place, claim: str) -> list[Tension]:
        """Those with this place on one side, unless the claim names another case than theirs."""
        found = [t for t in self.pack.tensions if place in t.places]
        if not found:
            return []
        said = self._values(place.quote)
        named = {n: v for n, v in self._values(claim).items() if not v <= said.get(n, set())}
        return [t for t in found if _touches(t, named)]

    def over(self, verdict: Verdict) -> list[Tension]:
        """Those in whose case the facts of a verdict lie, and those that neither side wins in a case they leave open."""
        mine = [t for t in self.pack.tensions if t.decision == verdict.decision and verdict.known]
        return [
            t
            for t in mine
            if holds(t.when, verdict.known)
            or (t in self._undecided and _touches(t, verdict.known) and self.rulings.torn(verdict))
        ]

    def _values(self, text: str) -> dict[str, set[str]]:
        """The values that a text names, by dimension."""
        named: dict[str, set[str]] = {}
        for found in self.vocabulary.find(self.vocabulary.words(clean(text))):
            if found.entry.kind == "value":
                named.setdefault(found.entry.name, set()).update(found.entry.values)
        return named


def _touches(tension: Tension, named: Mapping[str, Collection[str]]) -> bool:
    """Whether what is named leaves room for the case of a tension."""
    return all(name not in named or set(values) & set(named[name]) for name, values in tension.when.items())


def _undecided(pack: Pack) -> list[Tension]:
    """The tensions between rules of which the pack lets neither win."""
    found = []
    for one in pack.resolutions:
        sides = [{pack.rule(r).place for r in side} for side in (one.win, one.over)]
        found += [t for t in pack.tensions if one.kind == "disclose" and all(set(t.places) & side for side in sides)]
    return found
