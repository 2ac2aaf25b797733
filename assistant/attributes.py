"""A clause in, the stated facts that it is right or wrong about out: closed attributes, figures and the order of steps.

Nothing here is similar: a fact names the phrases of its subject and those that are right and wrong of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from assistant import rules
from assistant.pack import Pack
from assistant.rules import Attribute, Fact
from assistant.stems import Parts, phrase, places, senses
from assistant.turning import VERBS
from assistant.vocabulary import split

_MOST = ("up to", "at most", "within", "maximum", "max", "as long as", "as much as", "as many as", "not more than", "no more than", "no longer than", "not longer than", "never more than", "never longer than", "upper limit", "until", "can take", "may take", "might take", "could take", "can last", "at the most", "tops")  # fmt: skip
_LEAST = ("at least", "more than", "over", "minimum", "longer than", "no less than", "not less than", "no fewer than", "upwards of", "exceed", "above", "beyond", "or more")  # fmt: skip
_EXACT = ("exactly", "always", "precisely", "invariably")
_UNDER = (
    "less than",
    "fewer than",
    "under",
    "below",
    "shorter than",
    "not even",
    "up to",
    "at most",
    "no more than",
    "not more than",
)

_NEVER = frozenset(senses(["not", "never", "doesn't", "don't", "can't", "cannot", "won't", "isn't", "shouldn't"]))
"""Words that make the least the most: "doesn't take longer than"."""
_NONE = senses(["none"])[0]
_EVERY = frozenset(senses(["all", "every", "each", "any", "always", "everything", "whatever"]))
_OTHER = frozenset(senses(["other", "another"]))
"""Beside it "one" counts nothing: "from one kind to the other"."""
_LOSS = frozenset(senses(["lost", "loses"]))
_EVER = frozenset(senses(["always"]))
_ENDS = frozenset(senses(["so", "because", "which", "that"]))
"""Words at which the reach of a loose denial ends."""
_TURNS = frozenset(senses(["not", "no", "never", "every", "before", "after", "unless", "without", "than", "last"]))


@dataclass(frozen=True, slots=True)
class Told:
    """A stated fact that a clause is about."""

    fact: Fact
    holds: bool
    used: frozenset[int]
    """Indices of the words that are taken into account."""
    matched: frozenset[int] = frozenset()
    """Of these, the words of the phrases that were found."""
    also: frozenset[int] = frozenset()
    """Of these, the words that the attribute allows beside."""
    order: bool = False
    """Whether it is about two steps and which comes first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A clause as it is judged: its stems behind those it leans on, and what is denied in it."""

    tokens: Sequence[str]
    own: int
    """Index of its first own word."""
    denied: frozenset[int]
    contrast: frozenset[int]
    loose: frozenset[int] = frozenset()
    """Those of the denials that turn only what follows them, and but once: "no upgrades and no patches"."""

    named: Mapping[str, Sequence[tuple[int, ...]]] = field(default_factory=dict)
    """Where values are named: "@tool=mars" -> the indices of the words of each place."""

    def places(self, parts: Parts) -> Sequence[tuple[int, ...]]:
        """Where a phrase stands, or a value is named."""
        value = parts[0][0]
        return self.named.get(value, ()) if value.startswith("@") else places(self.tokens, parts)

    def turned(self, used: Sequence[int], spent: Collection[int] = ()) -> bool:
        """Whether what stands at these words is denied; `spent` are denials that belong to other phrases."""
        denied = {d for d in self.denied - self.contrast if d not in used and not self._else(used[-1], d)}
        outside = {d for d in denied if not self._over(d, used[0])}
        forward = {d for d in outside if d in self.loose or self._described(d)}
        everywhere = self.tokens[used[0]] == "without"
        verbal = outside - forward - set(spent)
        needed = {d for d in forward if self.tokens[d] == "without" and any(v < d for v in verbal)}
        headed = {d for d in forward if d > used[-1] and self.heads(d)}
        near = {d for d in forward if d < used[0] or everywhere or d in needed} | headed
        loose = {d for d in near if not (d in spent and d not in self.loose)}
        described = {d for d in loose if d not in self.loose}
        return ((len(verbal) + len(described) + bool(loose - described)) % 2 == 1) != self.aside(used)

    def heads(self, denial: int) -> bool:
        """Whether a denial answers what stands before it: "service upkeep: none"."""
        return self.tokens[denial - 1 : denial + 1] == [":", _NONE]

    def _described(self, denial: int) -> bool:
        """Whether a denial stands in a description ("… that never leave the region"): it denies nothing before it."""
        return bool({"that", "which", "who"} & set(self.tokens[max(0, denial - 1) : denial]))

    def _over(self, denial: int, place: int) -> bool:
        """Whether the reach of a loose denial has ended before a place."""
        between = self.tokens[denial:place]
        if (",", "only") in pairwise(self.tokens[denial : place + 1]):
            return True
        if denial in self.loose and any(
            t in _ENDS and denial + n + 1 not in self.denied for n, t in enumerate(between)
        ):
            return True
        if denial in self.loose and "," in between:
            after = between[len(between) - list(reversed(between)).index(",") :]
            if VERBS & set(after) and "or" not in after:
                return True
        return ":" in between or (self.tokens[denial] == "without" and bool({",", "with"} & {*between}))

    def _else(self, place: int, denial: int) -> bool:
        """Whether a denial is of a statement after these words: "…, or it can't be backed up", "your error: it won't …"."""
        between = self.tokens[place:denial]
        return any(pair == (",", "or") for pair in pairwise(between)) or (":" in between and between[-1] != ":")

    def aside(self, used: Sequence[int]) -> bool:
        """Whether these words stand in a contrast; those that carry its "not" themselves ("and not encrypted") do not."""
        return used[0] in self.contrast and not self.denied & set(used)

    @property
    def negative(self) -> bool:
        """Whether the clause denies, as a whole, what it names."""
        outside = self.denied - self.contrast
        verbal = outside - self.loose
        loose = any(not verbal or d < min(verbal) for d in outside & self.loose)
        return (len(verbal) + loose) % 2 == 1


class Attributes:
    """What the facts of one pack state, ready to be held against a clause."""

    def __init__(self, pack: Pack) -> None:
        self._attributes = [_Compiled(a) for a in pack.attributes]
        self._sequences = [_Steps(s) for s in pack.sequences]

    def judge(self, heard: Heard) -> list[Told]:
        """Every stated fact that the clause is right or wrong about, in the order of the pack."""
        known = {*heard.tokens, *heard.named}
        found = [t for a in self._attributes if a.near(known) if (t := a.judge(heard))]
        return found + [t for s in self._sequences if (t := s.judge(heard))]


class _Compiled:
    """An attribute with its phrases as stems."""

    def __init__(self, attribute: Attribute) -> None:
        self.fact, self.attribute = attribute.fact, attribute
        self.about = [[_compiled(p) for p in group] for group in attribute.about]
        self.right = [_compiled(p) for p in attribute.right]
        self.wrong = [_compiled(p) for p in attribute.wrong]
        self.unit = [_compiled(p) for p in attribute.unit]
        self.also = [_compiled(p) for p in attribute.also]
        self.unless = [_compiled(p) for p in attribute.unless]
        telling = (*(p for g in attribute.about for p in g), *attribute.right, *attribute.also)
        own = [w for p in telling if p[0] != "@" for w in senses(split(p))]
        self.words = (
            frozenset(w for w in (*own, *senses(split(attribute.fact.place.quote))) if not w.isdigit()) - _TURNS
        )
        """Words that a statement about it may use without claiming more."""
        quoted = set(senses(split(attribute.fact.place.quote)))
        if _EVERY & quoted:
            self.words |= _EVERY if quoted >= _EVER else _EVERY - _EVER
        self.loss = _LOSS & self.words
        """Words of loss by which the fact itself is told: of it they deny nothing."""
        self.first = [{p[0][0] for p in group} for group in self.about]

    def near(self, known: set[str]) -> bool:
        """Whether the clause can be about it at all: a quick look at the first word of each phrase."""
        return all(first & known for first in self.first)

    def judge(self, heard: Heard) -> Told | None:
        if self.loss:
            heard = replace(heard, denied=frozenset(d for d in heard.denied if heard.tokens[d] not in self.loss))
        used: set[int] = set()
        subjects: list[set[int]] = []
        for group in self.about:
            subjects.append({i for p in group for s in heard.places(p) for i in s})
            if not subjects[-1]:
                return None
            used |= subjects[-1]
            values = {i for p in group if p[0][0][0] == "@" for s in heard.places(p) for i in s}
            heard = replace(heard, denied=heard.denied - values) if values & heard.denied else heard
        if any(heard.places(p) for p in self.unless):
            return None
        chosen = [f for f in self._figures(heard) if max(f[0]) >= heard.own]
        spent: set[int] = set()
        for spot, right in self._sides(heard):
            if spot[-1] >= heard.own and not spent & set(spot):
                spent.update(spot)
                chosen.append((spot, right))
        aside = [] if "unless" in heard.tokens else [s for s in subjects if s <= heard.contrast]
        said = {i for spot, _ in chosen for i in spot}
        if any(right and heard.denied & {*spot} for spot, right in chosen):
            chosen = [(spot, right) for spot, right in chosen if right or not any({*spot} <= s for s in subjects)]
        near = {d: {d + 1, d + 2} for d in heard.denied & heard.loose if heard.tokens[d] == "no"}
        lacked = [d for d, at in near.items() if not at & said and any(at & s for s in subjects)]
        verdicts = [
            (
                spot,
                (right != heard.turned(spot, spent))
                != (any(s.isdisjoint(spot) for s in aside) or any(spot[-1] < d for d in lacked)),
            )
            for spot, right in chosen
        ]
        if not verdicts:
            return None
        used |= said
        used.update(i for p in self.right for s in heard.places(p) for i in s)
        matched = frozenset(used)
        used.update(n for n, t in enumerate(heard.tokens) if t in self.words)
        used.update(i for p in self.right for s in heard.places(p) for i in s)
        last = max(said)
        used.update(d for d in heard.denied if d not in heard.loose or d < last or heard.heads(d))
        also = frozenset(i for p in self.also for s in heard.places(p) for i in s)
        return Told(self.fact, all(h for _, h in verdicts), frozenset(used | also), matched, also)

    def _sides(self, heard: Heard) -> list[tuple[tuple[int, ...], bool]]:
        """Every right and wrong phrase that stands there, the longest first; wrong before right of equals."""
        sides = [(s, False) for p in self.wrong for s in heard.places(p) if not _and_more(heard.tokens, s[0])]
        sides += [(s, True) for p in self.right for s in heard.places(p)]
        return sorted(sides, key=lambda s: (-len(s[0]), s[0][-1] - s[0][0], s[1], s[0]))

    def _figures(self, heard: Heard) -> list[tuple[tuple[int, ...], bool]]:
        found = []
        for unit in (s for p in self.unit for s in heard.places(p)):
            spot = next((n for n in range(unit[0] - 1, max(-1, unit[0] - 4), -1) if heard.tokens[n].isdigit()), None)
            if spot is None or (heard.tokens[spot] == "1" and _OTHER & {*heard.tokens[spot : unit[-1] + 6]}):
                continue
            right, extra = self._fits(heard.tokens, spot)
            if right is not None:
                at = (*extra, spot, *unit)
                found.append((at, right))
        return found

    def _fits(self, tokens: Sequence[str], spot: int) -> tuple[bool | None, tuple[int, ...]]:
        """Whether the number at `spot` is the stated one, and where its bound stands; None when the bound leaves it open."""
        most, least, under = (_bound(tokens, spot, words) for words in (_MOST, _LEAST, _UNDER))
        if tokens[spot] != self.attribute.figure:
            fewer = int(tokens[spot]) < int(self.attribute.figure)
            return (None if least and fewer and not self.attribute.most else False), ()
        if least and _NEVER & set(tokens[max(0, spot - 6) : least[0]]):
            most, least = least, ()
        if self.attribute.most:
            if _bound(tokens, spot, _EXACT):
                return False, ()
            return (True, most) if most and not least else (False, least) if least else (None, ())
        if least:
            return (None if "least" in [tokens[n] for n in least] else False), least
        return (False, under) if under else (True, ())


def _compiled(text: str) -> Parts:
    """A phrase of an attribute; a value stands for all its words: "@tool=mars"."""
    return ((text,),) if text.startswith("@") else phrase(text)


def _and_more(tokens: Sequence[str], place: int) -> bool:
    """Whether what stands at a place is said to be too little: "… not just in one region"."""
    return any(pair in _TOO_LITTLE for pair in pairwise(tokens[max(0, place - 3) : place + 1]))


_TOO_LITTLE = frozenset({("not", "just"), ("not", "merely"), ("not", "only")})


def _bound(tokens: Sequence[str], spot: int, words: Sequence[str]) -> tuple[int, ...]:
    start = max(0, spot - 5)
    window = tokens[start:spot]
    for word in words:
        for place in places(window, phrase(word)):
            return tuple(n + start for n in place)
    return ()


class _Steps:
    """A sequence: which step a clause names where, and in which order it puts them."""

    def __init__(self, sequence: rules.Sequence) -> None:
        self.about = [phrase(p) for p in sequence.about]
        self.steps = [(fact, [[phrase(p) for p in group] for group in groups]) for fact, groups in sequence.steps]
        quotes = [w for fact, _ in sequence.steps for w in senses(split(fact.place.quote))]
        named = [w for _, groups in sequence.steps for g in groups for p in g for w in senses(split(p))]
        self.words = frozenset(w for w in (*quotes, *named) if not w.isdigit()) - _TURNS - _TIMES

    def judge(self, heard: Heard) -> Told | None:
        about = [s for p in self.about for s in places(heard.tokens, p)]
        if self.about and not about:
            return None
        named = [(n, spot) for n, (_, groups) in enumerate(self.steps) if (spot := _all(heard.tokens, groups))]
        known = [*(i for s in about for i in s), *(n for n, t in enumerate(heard.tokens) if t in self.words)]
        return self._ordinal(heard, named, known) or self._relation(heard, named, known)

    def _ordinal(self, heard: Heard, named: list[tuple[int, list[int]]], about: list[int]) -> Told | None:
        """Of "the second step is …": the clause names one step and its number."""
        if len(named) != 1 or "step" not in heard.tokens:
            return None
        count = len(self.steps)
        at = [(n, _ORDINALS[t]) for n, t in enumerate(heard.tokens) if t in _ORDINALS and n >= heard.own]
        if len(at) != 1:
            return None
        place, number = at[0]
        step, spot = named[0]
        used = [*about, *spot, place, *(n for n, t in enumerate(heard.tokens) if t == "step")]
        holds = (step == (count - 1 if number < 0 else number)) != heard.turned([place])
        return Told(self.steps[step][0], holds, frozenset(used), frozenset(used))

    def _relation(self, heard: Heard, named: list[tuple[int, list[int]]], about: list[int]) -> Told | None:
        """Of "… before …" or "once …, …": the clause names two steps and which comes first."""
        if len(named) != 2:
            return None
        cue = next((n for n, t in enumerate(heard.tokens) if t in _ORDER and n >= heard.own), None)
        if cue is None:
            return None
        (one, at), (other, there) = sorted(named, key=lambda s: min(s[1]))
        leads = cue < min(at)
        if heard.tokens[cue] == "then" and max(there) < cue:
            return None
        that = heard.tokens[cue : cue + 2] == _AFTER_THAT
        first_named_first = that or (
            _ORDER[heard.tokens[cue]] != leads if heard.tokens[cue] in _FLIPS else _ORDER[heard.tokens[cue]]
        )
        turned = heard.turned([cue])
        if turned and any(places(heard.tokens, p) for p in _DUTY):
            return None
        if heard.tokens[cue] == "until":
            if not turned:
                return None
            turned = False
        holds = ((one < other) == first_named_first) != turned
        opening = [n for n, t in enumerate(heard.tokens[: min(there)]) if t == "first" and first_named_first]
        bound = [cue - 1] if heard.tokens[cue - 1] == "only" else []
        bound += heard.denied if heard.tokens[cue] == "until" else []
        used = frozenset([*about, *at, *there, cue, *opening, *bound, *([cue + 1] if that else [])])
        return Told(self.steps[one][0], holds, used, used, order=True)


_ORDINALS = {
    "first": 0,
    "initial": 0,
    "second": 1,
    "third": 2,
    "fourth": 3,
    "last": -1,
    "final": -1,
    "1st": 0,
    "2nd": 1,
    "3rd": 2,
    "4th": 3,
}
_ORDER = {
    senses([w])[0]: first
    for w, first in {
        "before": True,
        "then": True,
        "precede": True,
        "prior": True,
        "follow": True,
        "afterwards": True,
        "subsequently": True,
        "later": True,
        "next": True,
        "after": False,
        "once": False,
        "until": False,
        "when": False,
    }.items()
}
"""Whether, standing between two steps, the word says that the one named first comes first."""
_AFTER_THAT = senses(["after", "that"])
_TIMES = frozenset(_ORDER) | frozenset(_ORDINALS)
_DUTY = tuple(phrase(p) for p in ("have to", "need", "needn't"))
"""Denied, they lift a duty and say nothing of an order: "you don't have to delete it after …"."""
_FLIPS = frozenset(senses(["before", "after", "once", "prior", "when"]))
"""Words that, standing in front of both steps, put the one named second first, or the other way round."""


def _all(tokens: Sequence[str], groups: Sequence[Sequence[Parts]]) -> list[int]:
    """Indices of a phrase of each group; empty when one has none."""
    used: list[int] = []
    for group in groups:
        spots = [i for p in group for s in places(tokens, p) for i in s]
        if not spots:
            return []
        used += spots
    return used
