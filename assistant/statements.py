"""A claim in, the stated fact that makes it right or wrong out.

Similarity cannot tell a claim from its contradiction, so nothing here is similar: a fact names the words of its topic
and the words that hold or do not hold of it, and a claim is decided only when the one or the other stand in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.denial import bounds, denials, untrue
from assistant.grammar import asks_duty
from assistant.lexicon import phrases, words
from assistant.pack import Pack
from assistant.rules import Fact
from assistant.types import Unit
from assistant.vocabulary import Vocabulary, parts_of, split

_REACH = 3
_BESIDE = 3
_OFFERED = 2
_TELLING = 4
"""Words of a phrase that is said of few things only."""
_AT_LAST = 4
"""Words from the end within which an "or" offers the other thing: "keep it after the transfer or remove it?"."""
Parts = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact that speaks of a claim: `holds` says whether the claim is right; None when it names both sides."""

    fact: Fact
    holds: bool | None


class Statements:
    """The facts of a pack that can be claimed."""

    def __init__(self, pack: Pack, vocabulary: Vocabulary) -> None:
        self._has = vocabulary.has
        self._facts = [
            (
                f,
                [[parts_of(w) for w in group] for group in f.topic],
                [parts_of(w) for w in f.yes],
                [parts_of(w) for w in f.no],
                frozenset(parts_of(w)[0][0] for group in f.topic for w in group),
            )
            for f in pack.facts
            if f.yes or f.no or f.figure
        ]

    def judge(self, tokens: Sequence[str], around: Sequence[str], said: Collection[str]) -> Stated | None:
        """The fact that a claim is about, and whether it holds; the most particular one, or None.

        Where one sentence states several, one that refutes goes first: three copies may be right, "in two regions" is still wrong.

        `tokens` are the words of the asking sentence, `around` those of the whole message: the topic may stand anywhere.
        `said` are the dimensions that the message mentions, and their values as "dimension=value".
        """
        found: list[tuple[int, Stated]] = []
        heard = {*tokens, *around}
        for fact, topic, yes, no, firsts in self._facts:
            if firsts.isdisjoint(heard) or set(fact.unless) & set(said):
                continue
            inside = sum(any(self._has(tokens, w) for w in group) for group in topic)
            if inside < len(topic) and not all(any(self._has(around, w) for w in group) for group in topic):
                continue
            if not inside and not self._particular(tokens, yes, no):
                continue
            stated = self._figure(fact, tokens) if fact.figure else self._sides(fact, tokens, yes, no)
            if stated:
                found.append((inside + len(topic), stated))
        if not found:
            return None
        best = max(found, key=lambda one: one[0])[1]
        return next((s for _, s in found if s.holds is False and s.fact.place == best.fact.place), best)

    def _particular(self, tokens: Sequence[str], yes: Sequence[Parts], no: Sequence[Parts]) -> bool:
        """Whether so much of a fact is said that its topic may have been named before: "Are they saved one after the other?"."""
        for_, against = self._longest(tokens, yes), self._longest(tokens, no)
        offered = for_ is not None and against is not None and "or" in tokens
        return offered or any(found is not None and found[0] >= _TELLING for found in (for_, against))

    def judge_at(
        self, unit: Unit, tokens: Sequence[str], around: Sequence[str], said: Collection[str]
    ) -> Stated | None:
        """Whether a claim holds whose place a search has found: by the words of a fact that this unit states, or None.

        Likeness finds the place alone: of a fact that names the words of its topic these must stand `around`.
        """
        for fact, topic, yes, no, _ in self._facts:
            here = fact.place.source == unit.section_id and unit.start <= fact.place.start < unit.end
            heard = here and all(any(self._has(around, w) for w in group) for group in topic)
            if heard and not set(fact.unless) & set(said):
                stated = self._figure(fact, tokens) if fact.figure else self._sides(fact, tokens, yes, no)
                if stated:
                    return stated
        return None

    def _sides(self, fact: Fact, tokens: Sequence[str], yes: Sequence[Parts], no: Sequence[Parts]) -> Stated | None:
        for_, against = self._longest(tokens, yes), self._longest(tokens, no)
        if not for_ and not against:
            return None
        if for_ and against and not _overlap(for_, against) and "or" in tokens:
            return Stated(fact, None)
        offered = any(_offered(tokens, *found) for found in (for_, against) if found)
        line = f" {' '.join(tokens)} "
        if offered or any(f" {' '.join(p)} " in line for p in phrases("worrying")):
            return Stated(fact, None)
        if for_ and against and _set_aside(tokens, against[1]):
            against = None
        holds = for_ is not None and (against is None or (_overlap(for_, against) and for_[0] > against[0]))
        size, place = (for_ if holds else against) or (0, 0)
        holds = holds != (_turned(tokens, place, size) != untrue(tokens))
        if holds and self._bounded(fact, tokens):
            return Stated(fact, None)
        return Stated(fact, holds)

    @staticmethod
    def _bounded(fact: Fact, tokens: Sequence[str]) -> bool:
        """Whether the claim says more than the fact: "only", "have to", another order of things, a number that the fact does not name."""
        own = (fact.place.quote, *fact.yes, *fact.no, *(w for group in fact.topic for w in group))
        said = {w for text in own for w in split(text)}
        right = {w for text in (fact.place.quote, *fact.yes) for w in split(text)}
        early, late = bool(said & _EARLY), bool(said & _LATE)
        counted = [a for a, b in pairwise(tokens) if (a in _NUMBERS or a.isdigit()) and b in words("units")]
        return (
            any(tokens[n] not in said for n in bounds(tokens) if tokens[n] == "at" or not asks_duty(tokens))
            or any(t in words("sufficing") and t not in said for t in tokens)
            or (_obliges(tokens) and not any(_obliges(w) or set(w) & words("orders") for w in map(split, own)))
            or (not early and any(t in _BEFORE for t in tokens))
            or (early != late and any(t in (_LATE if early else _EARLY) for t in tokens))
            or any(n not in right and _NUMBERS.get(n, n) not in right for n in counted)
        )

    def _longest(self, tokens: Sequence[str], phrases: Sequence[Parts]) -> tuple[int, int] | None:
        """(number of words, place) of the longest phrase that stands among the tokens."""
        found = []
        for parts in phrases:
            size = sum(len(p) for p in parts)
            for place, token in enumerate(tokens):
                if token == parts[0][0] and self._has(tokens[place : place + size + 3 * (len(parts) - 1)], parts):
                    found.append((size, -place))
                    break
        return (max(found)[0], -max(found)[1]) if found else None

    @staticmethod
    def _figure(fact: Fact, tokens: Sequence[str]) -> Stated | None:
        """Whether the number beside one of the fact's units is the fact's own."""
        units = [n for n, t in enumerate(tokens) if t in fact.unit]
        beside = {t for n in units for t in tokens[max(0, n - _BESIDE) : n]}
        numbers = {_NUMBERS.get(t, t) for t in beside if t in _NUMBERS or t.isdigit()}
        return Stated(fact, (fact.figure in numbers) != untrue(tokens)) if numbers else None


_NUMBERS = {
    w: str(n)
    for n, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])
    if n > 1
}


_EARLY = frozenset({"first", "before", "beforehand", "prior", "initially"})
_BEFORE = frozenset({"before", "prior", "soon"})
_LATE = frozenset({"after", "afterwards", "later", "last", "finally", "end"})
_JOINTS = frozenset(
    {
        ",",
        ";",
        ".",
        "?",
        "!",
        ":",
        "\n",
        "but",
        "because",
        "while",
        "although",
        "so",
        "as",
        "since",
        "though",
        "whereas",
    }
)


def _offered(tokens: Sequence[str], size: int, place: int) -> bool:
    """Whether words are one of two things to choose from ("keep it or remove it"); "or not" and "or anything" offer nothing."""
    last = max(place + size, len(tokens) - _AT_LAST)
    beside = [
        *range(max(0, place - _OFFERED), place),
        *range(place + size, min(len(tokens), place + size + _OFFERED)),
        *range(last, len(tokens)),
    ]
    return any(tokens[n] == "or" and words("offering_nothing").isdisjoint(tokens[n + 1 : n + 2]) for n in beside)


def _obliges(tokens: Sequence[str]) -> bool:
    """Whether something is said to have to be."""
    said = not words("necessity").isdisjoint(tokens)
    return said or not frozenset(phrases("necessity_phrases")).isdisjoint(pairwise(tokens))


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[1] < other[1] + other[0] and other[1] < one[1] + one[0]


def _set_aside(tokens: Sequence[str], place: int) -> bool:
    """Whether words are named only to be set aside: "the memory too, not just the disk", "on the server rather than on each machine"."""
    just = place > 0 and tokens[place - 1] == "not" and tokens[place] in {"just", "only", "merely"}
    before = tokens[max(0, place - _REACH) : place]
    return just or any(
        tuple(before[n : n + len(cue)]) == cue for cue in phrases("contrast") for n in range(len(before))
    )


def _turned(tokens: Sequence[str], place: int, size: int) -> bool:
    """Whether the clause around some words is turned round by others of its own; in a question only right before them."""
    first = max((n + 1 for n in range(place) if tokens[n] in _JOINTS), default=0)
    last = min((n for n in range(place + size, len(tokens)) if tokens[n] in _JOINTS), default=len(tokens))
    if asks_duty(tokens):
        first, last = max(first, place - _REACH, 1), place
    found = {n for n in denials(tokens) if first <= n < last and not place <= n < place + size}
    if place and tokens[place - 1] == "not":
        found.add(place - 1)
    return len(found) % 2 == 1
