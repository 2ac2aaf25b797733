"""Words and what they name in, the decision that is meant out: by the patterns of the pack."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.pack import Pack
from assistant.rules import Decision
from assistant.types import Mention
from assistant.vocabulary import Vocabulary, parts_of


@dataclass(frozen=True, slots=True)
class Pattern:
    """What must all be said for a decision to be meant."""

    tags: frozenset[str]
    """Dimensions, and values as "dimension=value"."""
    phrases: tuple[tuple[tuple[str, ...], ...], ...]
    firsts: frozenset[str]
    """The phrases' first words: most patterns are passed over by these alone, a fifth of the time of an answer before."""


class Deciding:
    """Finds the decision that words are about, in one pack."""

    def __init__(self, pack: Pack, vocabulary: Vocabulary) -> None:
        self.pack, self.vocabulary = pack, vocabulary
        self._reads = [
            (d, [_pattern(p) for p in d.read], [_pattern(p) for p in d.unless]) for d in pack.decisions.values()
        ]
        self._keyed = [_keyed(reads) for _, reads, _ in self._reads]

    def decide(self, tokens: Sequence[str], mentions: Sequence[Mention]) -> tuple[Decision | None, tuple[str, ...]]:
        """The first decision one of whose patterns is wholly present."""
        said = {m.dimension for m in mentions} | {f"{m.dimension}={v}" for m in mentions for v in m.values}
        heard = set(tokens)

        def present(pattern: Pattern) -> bool:
            close = pattern.firsts <= heard and pattern.tags <= said
            return close and all(self.vocabulary.has(tokens, phrase) for phrase in pattern.phrases)

        keys = heard | said
        for (decision, reads, unless), keyed in zip(self._reads, self._keyed, strict=True):
            near = sorted({n for key in keys & keyed.keys() for n in keyed[key]})
            hit = next((i for i in near if present(reads[i])), None)
            if hit is not None and not any(present(pattern) for pattern in unless):
                return decision, decision.read[hit]
        return None, ()

    def ruled_out(self, decision: Decision, said: Collection[str]) -> bool:
        """Whether a decision is not meant where these dimensions are known."""
        unless = next(u for d, _, u in self._reads if d.id == decision.id)
        return any(p.tags and not p.phrases and p.tags <= set(said) for p in unless)

    def main_of_facts(self, inside: Sequence[Mention]) -> Decision | None:
        """The main decision, where something is named beside what it asks for, and all of it counts there."""
        main = self.pack.decisions.get(self.pack.main or "")
        used = {n for r in self.pack.rules if r.decision == self.pack.main for n in r.when}
        facts = {m.dimension for m in inside}
        return main if main and facts <= used and facts - {main.asks} else None

    def wants_main(self, asked: str | None, inside: Sequence[Mention]) -> bool:
        """Whether a bare "Which one for volumes?" is about the main decision: it names what one may choose there."""
        main = self.pack.decisions.get(self.pack.main or "")
        chosen = {n for r in self.pack.rules if r.decision == self.pack.main for n in r.when}
        chosen &= {m.dimension for m in inside if self.pack.dimensions[m.dimension].kind == "choice"}
        return main is not None and asked in {None, main.asks} and bool(chosen - {main.asks})


def _keyed(patterns: Sequence[Pattern]) -> dict[str, list[int]]:
    """A word or tag without which a pattern cannot be present -> the patterns: most are never looked at, a fifth of the time of a reading."""
    keyed: dict[str, list[int]] = {}
    for n, pattern in enumerate(patterns):
        keyed.setdefault(min(pattern.firsts or pattern.tags), []).append(n)
    return keyed


def _pattern(elements: Sequence[str]) -> Pattern:
    phrases = tuple(parts_of(e) for e in elements if not e.startswith("@"))
    tags = frozenset(e[1:] for e in elements if e.startswith("@"))
    return Pattern(tags, phrases, frozenset(p[0][0] for p in phrases))
