"""A clause in, what the rules say of each thing it claims out: exact over every way its unsaid facts could be.

"MARS and DPM back up files and volumes" claims four things, "only MARS" denies the others, "every tool" is about each of
them, "unless it is encrypted" is about both ways it could be. Each is one point for the checker.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Literal

from assistant import lexicon
from assistant.attributes import Heard
from assistant.checker import CONFLICT, SILENT, SUPPORTED, Checker
from assistant.pack import Pack
from assistant.rules import Decision, Saying
from assistant.stems import Parts, phrase, places
from assistant.turning import AUX, NEGATIVE, answers, excepted, width_of
from assistant.types import Facts, Verdict
from assistant.vocabulary import Found, Vocabulary, Word

Outcome = Literal["holds", "fails", "disputed", "open"]
_MOST_POINTS = 64
_CLOSE = 6
"""Words within which two values joined by "and" are meant together."""
_UNIVERSAL, _SWEEPING = lexicon.words("universal"), lexicon.words("sweeping")
_ONLY = frozenset({"only", "solely", "exclusively", "alone", "purely"})
_MERELY = frozenset({"just", "merely"})
"""Mean "only" right before a value; elsewhere they claim nothing ("just confirming")."""
_OF_OURS = [["that", "you"], ["that", "we"], ["which", "you"], ["which", "we"]]
_POINTING = frozenset({"the", "this", "that", "same"})
_LOSS = frozenset({"lost", "loses", "missing", "absent"})
"""Deny a thing that is kept; where the claim is about the loss itself they deny nothing."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value that a clause names."""

    dimension: str
    values: tuple[str, ...]
    start: int
    end: int
    words: int
    denied: bool = False
    """The words mean any value but this one."""
    soft: bool = False
    aside: bool = False
    """Named as what is not so: "rather than LRS"."""
    own: frozenset[int] = frozenset()
    """Indices of its words; the gap between them may hold others: "files … recovered"."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules say of one decision that a clause speaks of."""

    decision: str
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    """Those that decide: of a claim that fails, the ones that refute it."""
    used: frozenset[int]
    """Indices of the words that were taken into account."""
    negative: bool
    missing: tuple[str, ...] = ()
    """Of an open claim: the unsaid facts on which it depends."""
    dimensions: frozenset[str] = frozenset()
    """Those whose values were taken into account."""
    spoken: frozenset[int] = frozenset()
    """Indices of the words by which the decision was recognised."""
    bare: bool = False
    """Whether no verb was read, so that every other word counts."""


@dataclass(frozen=True, slots=True)
class _Point:
    facts: Facts
    negative: bool
    never: bool = False
    """Denied of every case: "only MARS" leaves no case to another tool."""


class Rulings:
    """Holds the clauses of texts against the rules of one pack."""

    def __init__(self, pack: Pack, vocabulary: Vocabulary, checker: Checker) -> None:
        self.pack, self.vocabulary, self.checker = pack, vocabulary, checker
        self._sayings = [(s, [_pattern(p) for p in s.says], [_pattern(p) for p in s.unless]) for s in pack.sayings]
        self._nouns = [(phrase(n), d.name) for d in pack.dimensions.values() if d.kind == "choice" for n in d.nouns]

    def judge(self, words: Sequence[str], heard: Heard) -> list[Ruled]:
        """Every decision that the clause speaks of, with what the rules say of it."""
        said, blocked = self.said(words, heard)
        if blocked:
            return []
        found: list[Ruled] = []
        for saying, patterns, excluded in self._sayings:
            used = self._spoken(heard, said, patterns, inside=False)
            if used is None or _described(words, used) or self._spoken(heard, said, excluded, inside=True):
                continue
            spoken = frozenset(used)
            ruled = self._rule(saying, words, heard, said, used)
            if ruled and all(r.decision != ruled.decision for r in found):
                relevant = frozenset(self._relevant(self.pack.decisions[saying.decision]))
                found.append(replace(ruled, bare=saying.bare, dimensions=relevant, spoken=spoken))
        return found

    # ---- what the clause names

    def said(self, words: Sequence[str], heard: Heard) -> tuple[list[Said], bool]:
        """The values named, one's own before those leaned on; and whether something is named that no document knows."""
        tokens = [Word(w, 0, 0) for w in words]
        found = self.vocabulary.find(tokens)
        own = [f for f in found if f.end > heard.own]
        values = self._together(
            [self._value(f, words, heard) for f in found if f.entry.kind in {"value", "denied"}], words
        )
        idioms = {d for d in heard.denied if words[d] not in NEGATIVE}
        values = [v for v in values if not idioms & set(range(v.start, v.end)) and not _either_way(words, v.start)]
        values = [v for v in values if not v.soft or not any(o.dimension == v.dimension and not o.soft for o in values)]
        mine = {v.dimension for v in values if v.end > heard.own and not v.aside}
        values = [v for v in values if v.end > heard.own or v.dimension not in mine]
        return values, any(f.entry.kind in {"unheard", "other"} for f in own) or self._compound(values)

    def _compound(self, values: Sequence[Said]) -> bool:
        """Whether two values of a choice stand together as one name that nobody has heard of: "the MABS extension"."""
        choices = [v for v in values if self.pack.dimensions[v.dimension].kind == "choice" and not v.soft]
        return any(
            a.dimension == b.dimension and not set(a.values) & set(b.values) and a.end == b.start
            for a in choices for b in choices
        )  # fmt: skip

    def _together(self, values: list[Said], words: Sequence[str]) -> list[Said]:
        """One value for values that are named together ("the extension combined with MARS")."""
        for whole, parts in self.pack.together.items():
            named = [v for v in values if v.values in {(p,) for p in parts} and not v.denied and not v.aside]
            if {v.values[0] for v in named} == set(parts):
                first, last = min(v.start for v in named), max(v.end for v in named)
                around = set(words[max(0, first - 3) : last + 2])
                if {"or", "nor"} & set(words[first:last]):
                    continue
                if around & lexicon.words("together") or last - first <= _CLOSE:
                    one = replace(named[0], values=(whole,), start=first, end=last, own=frozenset(range(first, last)))
                    values = [one, *(v for v in values if v not in named)]
        return values

    @staticmethod
    def _value(found: Found, words: Sequence[str], heard: Heard) -> Said:
        entry = found.entry
        aside = heard.aside(range(found.start, found.end))
        return Said(
            entry.name,
            entry.values,
            found.start,
            found.end,
            found.end - found.start,
            entry.kind == "denied",
            entry.soft,
            aside,
            frozenset(n for n in range(found.start, found.end) if words[n] in found.phrase.split()),
        )

    @staticmethod
    def _spoken(heard: Heard, said: Sequence[Said], patterns: Sequence[_Pattern], *, inside: bool) -> set[int] | None:
        """Indices of the words of the first pattern that stands wholly in the clause; None when none does.

        Words inside the name of a value count only with `inside`: in "Restore disk" nothing is restored. Without it a
        pattern has a word of the clause's own, not only of those it leans on.
        """
        for pattern in patterns:
            used: set[int] = set()
            for element in pattern:
                spots = _where(element, heard, said, inside=inside)
                if not spots:
                    break
                used.update(spots)
            else:
                if inside or any(i >= heard.own for i in used):
                    return used
        return None

    # ---- what the rules say

    def _rule(
        self, saying: Saying, words: Sequence[str], heard: Heard, said: Sequence[Said], used: set[int]
    ) -> Ruled | None:
        decision = self.pack.decisions[saying.decision]
        fitting = [s for s in said if s.dimension in self._relevant(decision)]
        if decision.kind == "value":
            return self._value_ruled(decision, words, heard, fitting, used)
        if not fitting or self._points_back(decision, words, heard, fitting):
            return None
        for one in fitting:
            used.update(range(one.start, one.end))
        spent = {i for s in fitting for i in s.own}
        said_so = used - spent
        spoken = {i for i in said_so if words[i] in _LOSS}
        flips = self._flipped(words, heard, fitting, spent)
        sweeping = self._sweeping(words, heard, used)
        values = self._values(words, heard, fitting, flips, used)
        negative = _without(heard, spent | flips | spoken).negative != bool(said_so and said_so <= heard.contrast)
        used.update(heard.denied | flips)
        points = list(self._points(values, fitting, heard, negative=negative))
        points += self._exceptions(words, values, fitting, used, negative=negative)
        others = [] if negative else self._others(words, heard, fitting, values, used)
        if not points or len(points) + len(others) > _MOST_POINTS:
            return None
        ruled = self._judged(decision, [*points, *others], used, sweeping=sweeping, negative=negative)
        if ruled and negative and _lifted(words, heard.denied):
            return replace(ruled, outcome="open")
        if not (ruled and others and ruled.outcome == "fails" and _by_itself(words, fitting)):
            return ruled
        bare = self._judged(decision, points, used, sweeping=sweeping, negative=negative)
        return bare if bare and bare.outcome == "fails" else replace(ruled, outcome="open")

    def _points_back(self, decision: Decision, words: Sequence[str], heard: Heard, said: Sequence[Said]) -> bool:
        """Whether the clause speaks of one choice and does not name it: "the agent is app-aware"; that some choice is, is not what it says."""
        named = {s.dimension for s in said}
        nouns = [p for p, d in self._nouns if d not in named and d in self.checker.space(decision.id).domains]
        choices = any(self.pack.dimensions[n].kind == "choice" for n in named)
        alone = bool(nouns) and not (choices or heard.own) and bool({"it", "they"} & {*words})
        return alone or any(
            spot[0] > heard.own and words[spot[0] - 1] in _POINTING for p in nouns for spot in places(heard.tokens, p)
        )

    def _relevant(self, decision: Decision) -> set[str]:
        domains = set(self.checker.space(decision.id).domains)
        sources = {self.pack.dimensions[n].reads for n in domains} - {""}
        implied = {n for i in self.pack.implications if set(i.then) & domains for n in i.when}
        return domains | sources | implied | ({decision.outcome} - {""})

    def _flipped(self, words: Sequence[str], heard: Heard, said: Sequence[Said], spent: set[int]) -> set[int]:
        """Denials inside a description, not of the claim: "machines that are not encrypted"."""
        flips = set()
        for denial in heard.denied - heard.contrast:
            near = next((s for s in said if 0 < s.start - denial <= 3), None)
            described = denial > 0 and any(
                w in {"that", "which", "who", "if", "when", "while"} for w in words[max(heard.own, denial - 4) : denial]
            )
            if near and described and denial not in spent and self.pack.dimensions[near.dimension].kind == "fact":
                flips.add(denial)
        return flips

    def _sweeping(self, words: Sequence[str], heard: Heard, used: set[int]) -> bool:
        """Whether the clause speaks of every case ("all", "always", "no … whatever"); an answer does not ("Linux: no")."""
        spoken = answers(words)
        floats = {n for n in range(1, len(words)) if words[n] == "all" and words[n - 1] in AUX}  # "A and B are all …"
        spots = [n for n in range(heard.own, len(words)) if words[n] in _UNIVERSAL and n not in spoken | floats]
        used.update(spots)
        spots = [n for n in spots if not _of_its_parts(words, n)]
        used.update(floats)
        return any(words[n] in _SWEEPING and words[n - 1 : n + 1] != [":", "no"] for n in spots)

    def _values(
        self, words: Sequence[str], heard: Heard, said: Sequence[Said], flips: set[int], used: set[int]
    ) -> dict[str, list[str]]:
        """Dimension -> each value that the clause is about."""
        values: dict[str, list[str]] = {}
        left_out = excepted(words, heard.own)
        named = {s.dimension for s in said if not s.denied and not s.aside}
        for one in said:
            if one.denied and (one.dimension in named or self.pack.dimensions[one.dimension].kind == "choice"):
                continue
            names = self.pack.dimensions[one.dimension].names
            if one.aside or one.start in left_out:
                continue
            turned = one.denied or any(0 < one.start - f <= 3 for f in flips)
            values.setdefault(one.dimension, []).extend(v for v in names if (v in one.values) != turned)
        for parts, dimension in self._nouns:
            for spot in places(heard.tokens, parts):
                if (
                    spot[0] > heard.own - 1
                    and set(words[max(heard.own, spot[0] - 2) : spot[0]]) & (_SWEEPING | {"each"})
                    and not any(s.dimension == dimension and s.end > heard.own for s in said)
                ):
                    values[dimension] = list(self.pack.dimensions[dimension].names)
                    used.update(spot)
        for one in said:
            if one.start in left_out and one.dimension not in values:
                names = self.pack.dimensions[one.dimension].names
                values[one.dimension] = [v for v in names if v not in one.values]
        either = {
            s.dimension
            for s in said
            if words[s.end : s.end + 2] == ["or", "not"]
            or "regardless" in words[max(0, s.start - 3) : s.start]
            or "whether" in words[max(0, s.start - 6) : s.start]
        }
        for name in either:
            values[name] = list(self.pack.dimensions[name].names)
        return {n: list(dict.fromkeys(v)) for n, v in values.items()}

    def _points(
        self, values: Mapping[str, Sequence[str]], said: Sequence[Said], heard: Heard, *, negative: bool
    ) -> Iterator[_Point]:
        """Each combination of the values named; what stands in a contrast is denied."""
        ways = 1
        for named in values.values():
            ways *= len(named)
        if ways > _MOST_POINTS:
            return
        for way in product(*values.values()):
            yield _Point({n: (v,) for n, v in zip(values, way, strict=True)}, negative)
        for one in said:
            if one.aside and one.start >= heard.own:
                for value in one.values:
                    others = [(n, v) for n, v in values.items() if n != one.dimension]
                    for way in product(*(v for _, v in others)):
                        facts = {n: (v,) for (n, _), v in zip(others, way, strict=True)}
                        yield _Point({**facts, one.dimension: (value,)}, not negative)

    def _exceptions(
        self,
        words: Sequence[str],
        values: Mapping[str, Sequence[str]],
        said: Sequence[Said],
        used: set[int],
        *,
        negative: bool,
    ) -> list[_Point]:
        """Of "… unless it is encrypted" or "all except MARS": the exception is claimed the other way round."""
        left_out = excepted(words, 0)
        points = []
        for one in said:
            if one.start in left_out:
                used.add(left_out[one.start])
                others = [(n, v) for n, v in values.items() if n != one.dimension]
                for value in one.values:
                    for way in product(*(v for _, v in others)):
                        facts = {n: (v,) for (n, _), v in zip(others, way, strict=True)}
                        points.append(_Point({**facts, one.dimension: (value,)}, not negative))
        return points

    def _others(
        self, words: Sequence[str], heard: Heard, said: Sequence[Said],
        values: Mapping[str, Sequence[str]], used: set[int],
    ) -> list[_Point]:  # fmt: skip
        """Of "only MARS …": of every value that is not named, the claim is denied."""
        points = []
        for dimension in self._focus(words, heard, said, used):
            named = values.get(dimension, [])
            rest = [v for v in self.pack.dimensions[dimension].names if v not in named]
            others = [(n, v) for n, v in values.items() if n != dimension]
            for value in rest:
                for way in product(*(v for _, v in others)):
                    facts = {n: (v,) for (n, _), v in zip(others, way, strict=True)}
                    points.append(_Point({**facts, dimension: (value,)}, negative=True, never=True))
        return points

    def _focus(self, words: Sequence[str], heard: Heard, said: Sequence[Said], used: set[int]) -> list[str]:
        """The dimensions that an "only" is about: of what follows it, or of what it closes."""
        found: list[str] = []
        said = [s for s in said if not s.aside]
        for n in range(heard.own, len(words)):
            width = (
                1
                if words[n] in _ONLY or (words[n] in _MERELY and any(s.start == n + 1 for s in said))
                else width_of("only_phrases", words, n)
            )
            if not width or (n and words[n - 1] == "not"):
                continue
            after = [s for s in said if s.start >= n + width]
            before = _chain(words, [s for s in said if s.end <= n], n)
            described = [s for s in before if self.pack.dimensions[s.dimension].kind == "fact"]
            before = described or before
            near = [
                s
                for s in after
                if s.start - n - width <= 3
                and not set(words[n + width : s.start]) & (AUX | {"backs", "back", "protects", "supports", "works"})
            ]
            closing = before and (n + 1 >= len(words) or not words[n + 1][0].isalnum() or words[n] == "alone")
            noun = self._noun(heard.tokens, n + width)
            focus = [s for s in said if s.dimension == noun] or (before if closing else near[:1] or after)
            if focus:
                used.update(range(n, n + width))
                found += [s.dimension for s in focus if s.dimension not in found]
        return found

    def _noun(self, tokens: Sequence[str], place: int) -> str:
        """The dimension whose noun stands at a place: in "the only tools" the tool."""
        return next(
            (name for parts, name in self._nouns if tuple(tokens[place : place + len(parts[0])]) == parts[0]), ""
        )

    def _judged(
        self, decision: Decision, points: Sequence[_Point], used: set[int], *, sweeping: bool, negative: bool
    ) -> Ruled | None:
        outcomes: dict[Outcome, list[Verdict]] = {"fails": [], "disputed": [], "open": [], "holds": []}
        for point in points:
            verdict = self._check(decision, point.facts, sweeping=sweeping)
            if not verdict.impossible:
                outcomes[self._outcome(decision, verdict, point, sweeping=sweeping)].append(verdict)
            elif not sweeping and not point.negative:
                outcomes["open"].append(verdict)
        outcome = next((o for o, v in outcomes.items() if v), None)
        if outcome is None:
            return None
        decisive = tuple(outcomes[outcome])
        missing = tuple(dict.fromkeys(n for v in decisive for n in v.missing)) if outcome == "open" else ()
        return Ruled(decision.id, outcome, decisive, frozenset(used), negative, missing)

    def _check(self, decision: Decision, facts: Facts, *, sweeping: bool) -> Verdict:
        """The verdict; of a sweeping claim without what is taken for granted."""
        if sweeping:
            taken = {n for a in self.pack.assumptions if a.decision == decision.id and not a.silent for n in a.set}
            domains = self.checker.space(decision.id).domains
            facts = {**{n: domains[n] for n in domains if n in taken and n not in facts}, **facts}
        return self.checker.check(decision.id, facts)

    def _outcome(self, decision: Decision, verdict: Verdict, point: _Point, *, sweeping: bool) -> Outcome:
        if verdict.status == "conflict":
            return "disputed"
        if decision.kind == "capability" and verdict.status in {"supported", "not_supported"}:
            holds = (verdict.status == "supported") != point.negative
            if holds and not point.negative and self._groundless(decision, point.facts):
                return "open"
            return (
                self._certain(decision, verdict, point, sweeping=sweeping)
                if holds
                else self._refuted(decision, verdict, point, sweeping=sweeping)
            )
        if point.never and any(b.outcome == SUPPORTED for b in verdict.branches):
            return "fails"
        if (
            verdict.status == "depends"
            and sweeping
            and any(b.outcome not in {SILENT, CONFLICT, "not_stated"} for b in verdict.branches)
        ):
            return "fails"
        return "open"

    def _groundless(self, decision: Decision, facts: Facts) -> bool:
        """Whether the thing itself, of which something is claimed, is not supported: a backup that nobody can make."""
        main = self.pack.main
        if decision.id == main or self.pack.decisions[main].kind == "value":
            return False
        domains = self.checker.space(main).domains
        shared = {n: v for n, v in facts.items() if n in domains}
        return len(shared) > 1 and self.checker.check(main, shared).status == "not_supported"

    def _certain(self, decision: Decision, verdict: Verdict, point: _Point, *, sweeping: bool) -> Outcome:
        """A "no" holds only when no doubtful corner is left in it, and a "never" only when none is in dispute."""
        if verdict.status == "supported":
            return "holds"
        corners = self._corners(decision.id, point.facts)
        if sweeping and CONFLICT in corners:
            return "disputed"
        return "holds" if corners <= {"not_supported", CONFLICT} else "open"

    def _refuted(self, decision: Decision, verdict: Verdict, point: _Point, *, sweeping: bool) -> Outcome:
        """A "yes" fails unless some corner is silent, in which it could be so; one "no" is enough against "always"."""
        silent = verdict.status == "not_supported" and SILENT in self._corners(decision.id, point.facts)
        return "open" if silent and not sweeping else "fails"

    def _corners(self, decision: str, facts: Facts) -> set[str]:
        """What comes out in every way the unsaid facts could be."""
        space = self.checker.space(decision)
        known, _ = self.checker.settle(decision, facts)
        return set(space.open(space.box(known) & space.legal))

    def torn(self, verdict: Verdict) -> bool:
        """Whether the documents disagree in some way that the facts of a verdict leave open."""
        return CONFLICT in self._corners(verdict.decision, verdict.known)

    # ---- values

    def _value_ruled(
        self, decision: Decision, words: Sequence[str], heard: Heard, said: Sequence[Said], used: set[int]
    ) -> Ruled | None:
        """A claim that names the value of something: "GRS is the default"."""
        claimed = [s for s in said if s.dimension == decision.outcome and s.end > heard.own]
        left_out = excepted(words, heard.own)
        claimed = [s for s in claimed if s.start not in left_out] or claimed
        facts: dict[str, tuple[str, ...]] = {}
        for one in said:
            if one.dimension != decision.outcome and not one.aside and one.start not in left_out:
                facts[one.dimension] = (*facts.get(one.dimension, ()), *one.values)
        if not claimed:
            return None
        for one in said:
            used.update(range(one.start, one.end))
        spent = {i for s in said for i in s.own}
        turned = _without(heard, spent | {i for i in used if _particle(words[i])}).negative
        sweeping = self._sweeping(words, heard, used)
        used.update(heard.denied)
        ways = [
            dict(zip(facts, way, strict=True))
            for way in product(*([(v,) for v in dict.fromkeys(vs)] for vs in facts.values()))
        ]
        outcomes: dict[Outcome, list[Verdict]] = {"fails": [], "disputed": [], "open": [], "holds": []}
        for n, way in enumerate(ways[:_MOST_POINTS]):
            verdict = self._check(decision, way, sweeping=sweeping)
            if verdict.impossible:
                continue
            for one in [claimed[n]] if len(claimed) == len(ways) > 1 else claimed:
                negative = turned != (one.aside)
                found = self._value_outcome(verdict, one, negative=negative, sweeping=sweeping, told=bool(way))
                if found == "holds" and not negative and self._groundless(decision, way):
                    found = "open"
                outcomes[found].append(verdict)
        outcome = next((o for o, v in outcomes.items() if v), None)
        if outcome is None:
            return None
        decisive = tuple(outcomes[outcome])
        missing = tuple(dict.fromkeys(n for v in decisive for n in v.missing)) if outcome == "open" else ()
        return Ruled(decision.id, outcome, decisive, frozenset(used), turned, missing)

    @staticmethod
    def _value_outcome(verdict: Verdict, claimed: Said, *, negative: bool, sweeping: bool, told: bool) -> Outcome:
        if verdict.status == "conflict":
            return "disputed"
        if verdict.status == "information":
            return "holds" if (verdict.outcome in claimed.values) != negative else "fails"
        possible = {b.outcome for b in verdict.branches} if told else set()
        if (
            verdict.status == "depends"
            and possible
            and not possible & {*claimed.values, CONFLICT, SILENT, "not_stated"}
        ):
            return "holds" if negative else "fails"
        return "fails" if verdict.status == "depends" and sweeping and possible else "open"


def _without(heard: Heard, spent: set[int]) -> Heard:
    """The clause without the denials that its words already mean ("not encrypted")."""
    return replace(heard, denied=frozenset(heard.denied - spent))


def _particle(word: str) -> bool:
    """Whether a word denies by itself, and no verb does: "choose nothing", not "advises against"."""
    return word in lexicon.words("particles") or word.endswith("n't") or word == "without"


def _described(words: Sequence[str], used: set[int]) -> bool:
    """Whether what is claimed only describes a thing of the speaker's: "every machine that you back up"."""
    return any(list(words[n - 2 : n]) in _OF_OURS for n in used)


def _of_its_parts(words: Sequence[str], place: int) -> bool:
    """Whether a word for all is about what is in or on a thing, not about every case: "everything running on it"."""
    near = words[place + 1 : place + 5]
    return any(a in {"in", "inside", "of", "on"} and b in {"it", "them"} for a, b in pairwise(near))


def _either_way(words: Sequence[str], place: int) -> bool:
    """Whether a "without" leaves it open: "with or without scripts"."""
    return words[place - 2 : place + 1] == ["with", "or", "without"]


def _lifted(words: Sequence[str], denied: Collection[int]) -> bool:
    """Whether a denial lifts a duty, and says nothing of what can be done: "no need to recover it"."""
    duty = lexicon.words("duty")
    return any(words[d] == "needn't" or not duty.isdisjoint(words[d + 1 : d + 3]) for d in denied)


def _by_itself(words: Sequence[str], said: Sequence[Said]) -> bool:
    """Whether an "alone" may mean "by itself": "the extension alone takes the entire machine" need not deny it to others."""
    after = {s.end for s in said}
    only = any(w in _ONLY - {"alone"} or width_of("only_phrases", words, n) for n, w in enumerate(words))
    return not only and any(w == "alone" and n in after and n + 1 < len(words) for n, w in enumerate(words))


_Pattern = list["str | Parts"]


def _chain(words: Sequence[str], said: Sequence[Said], end: int) -> list[Said]:
    """The values that stand right before a place, one after another: "physical Windows machines only"."""
    found: list[Said] = []
    for one in reversed(said):
        if end - one.end > (0 if found else 1) and not set(words[one.end : end]) <= {",", "and", "or"}:
            break
        found.insert(0, one)
        end = one.start
    return found


def _pattern(elements: Sequence[str]) -> _Pattern:
    return [e if e.startswith("@") else phrase(e) for e in elements]


def _where(element: str | Parts, heard: Heard, said: Sequence[Said], *, inside: bool) -> set[int]:
    """Indices of the words that match one element of a pattern; a name of several words is one only as a whole."""
    if not isinstance(element, str):
        named = set() if inside else {i for s in said for i in s.own}
        whole = [set(range(s.start, s.end)) for s in said if s.words > 1]
        return {i for t in places(heard.tokens, element) if set(t) in whole or not set(t) <= named for i in t}
    name, _, value = element[1:].partition("=")
    return {
        i
        for s in said
        if s.dimension == name and not s.denied and (not value or value in s.values)
        for i in range(s.start, s.end)
    }


__all__ = ["SUPPORTED", "Ruled", "Rulings", "Said"]
