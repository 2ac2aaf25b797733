"""Scenario in, Verdict out; exact over every way the unknowns could be.

A decision has a handful of variables with closed domains. All combinations ("worlds") are numbered and a set of
worlds is one Python int, so rules, facts, axioms and resolutions are ints and every question is & | ~ on them.
What the user may choose (a tool) is quantified by "there is", what the world decides (the system) by "for all".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import combinations, product
from math import prod

from assistant.errors import UnknownName
from assistant.pack import Pack
from assistant.rules import Decision, Rule
from assistant.types import Branch, Facts, Status, Verdict

SUPPORTED, NOT_SUPPORTED, NOT_STATED, CONFLICT, SILENT = (
    "supported",
    "not_supported",
    "not_stated",
    "conflict",
    "silent",
)
_BEST = (SUPPORTED, CONFLICT, NOT_STATED, NOT_SUPPORTED)
"""Order in which "there is a choice with this outcome" is tried; nothing found means silent."""
_MOST_CHANGES = 2
_MOST_MISSING = 4


class Space:
    """All worlds of one decision, and the sets of them in which each outcome holds."""

    def __init__(self, pack: Pack, decision: Decision, made: Collection[str] = ()) -> None:
        """`made` are choices that somebody has made, nobody knows how: nothing is open about them any more."""
        self.pack = pack
        self.decision = decision
        self.made = frozenset(made)
        self.rules = [r for r in pack.rules if r.decision == decision.id]
        used = dict.fromkeys(name for r in self.rules for name in r.when)
        for assumption in pack.assumptions:
            if assumption.decision == decision.id:
                used.update(dict.fromkeys(n for n in (*assumption.when, *assumption.set) if n in used))
        self.domains = {n: pack.dimensions[n].names for n in used}
        self.size = prod(len(d) for d in self.domains.values())
        self.all = (1 << self.size) - 1
        self._lay_out()
        self.axioms = {a.id: self.box(a.never) for a in pack.axioms if set(a.never) <= set(self.domains)}
        self.legal = self.all
        for box in self.axioms.values():
            self.legal &= ~box
        self.speaks = {r.id: self.box(r.when) & self.legal for r in self.rules}
        self.force = self._resolve()
        self.parts = self._parts()

    def _lay_out(self) -> None:
        self.literals: dict[str, dict[str, int]] = {}
        self.strides: dict[str, int] = {}
        stride = 1
        for name, values in self.domains.items():
            block = (1 << stride) - 1
            repeat = self.all // ((1 << stride * len(values)) - 1)
            self.strides[name] = stride
            self.literals[name] = {v: (block << i * stride) * repeat for i, v in enumerate(values)}
            stride *= len(values)

    def _resolve(self) -> dict[str, int]:
        force = dict(self.speaks)
        for z in self.pack.resolutions:
            if z.kind == "disclose":
                continue
            for loser in z.over:
                if loser in force:
                    for winner in z.win:
                        force[loser] &= ~self.speaks.get(winner, 0)
        return force

    def _parts(self) -> dict[str, int]:
        outcomes: dict[str, int] = {}
        for rule in self.rules:
            outcomes[rule.then] = outcomes.get(rule.then, 0) | self.force[rule.id]
        clash = spoken = 0
        for worlds in outcomes.values():
            clash |= spoken & worlds
            spoken |= worlds
        parts = {outcome: worlds & ~clash for outcome, worlds in outcomes.items()}
        return {**parts, CONFLICT: clash, SILENT: self.legal & ~spoken}

    def box(self, facts: Facts) -> int:
        """The worlds in which all of `facts` hold; dimensions foreign to the decision are passed over."""
        worlds = self.all
        for name, values in facts.items():
            if name in self.literals:
                worlds &= self._any(name, values)
        return worlds

    def _any(self, name: str, values: Iterable[str]) -> int:
        worlds = 0
        for value in values:
            worlds |= self.literals[name][value]
        return worlds

    def exists(self, worlds: int, names: Iterable[str]) -> int:
        """The worlds that differ from one of `worlds` in the variables `names` only."""
        for name in names:
            stride, base = self.strides[name], 0
            for i, literal in enumerate(self.literals[name].values()):
                base |= (worlds & literal) >> i * stride
            worlds = 0
            for i in range(len(self.domains[name])):
                worlds |= base << i * stride
        return worlds

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The variables that the user may choose, when the decision is about a capability."""
        if self.decision.kind == "value":
            return ()
        return tuple(n for n in self.domains if self.pack.dimensions[n].kind == "choice" and n not in self.made)

    def open(self, worlds: int) -> dict[str, int]:
        """Outcome -> the worlds of the facts in which it is the best that some choice gives."""
        if self.decision.kind == "value":
            return {o: worlds & part for o, part in self.parts.items() if worlds & part}
        rest, found = self.exists(worlds, self.choices), {}
        for outcome in _BEST:
            here = self.exists(worlds & self.parts.get(outcome, 0), self.choices) & rest
            if here:
                found[outcome] = here
                rest &= ~here
        return {**found, SILENT: rest} if rest else found

    def worlds_of(self, boxes: int) -> Iterator[dict[str, str]]:
        """Each world of a set as dimension -> value, in numeric order."""
        while boxes:
            low = boxes & -boxes
            index = low.bit_length() - 1
            world = {}
            for name, values in self.domains.items():
                index, i = divmod(index, len(values))
                world[name] = values[i]
            yield world
            boxes ^= low

    def cover(self, worlds: int, names: Iterable[str]) -> list[Facts]:
        """`worlds` as few disjoint boxes over the variables `names`; full dimensions are left out."""
        names = tuple(names)
        boxes: list[Facts] = []
        while worlds:
            world = next(self.worlds_of(worlds))
            box = {n: {world[n]} for n in names}
            for name in names:
                for value in self.domains[name]:
                    wider = {**box, name: box[name] | {value}}
                    if not self.box({n: tuple(v) for n, v in wider.items()}) & self.legal & ~worlds:
                        box = wider
            facts = {n: tuple(v for v in self.domains[n] if v in box[n]) for n in names}
            worlds &= ~self.box(facts)
            boxes.append({n: v for n, v in facts.items() if len(v) < len(self.domains[n])})
        return boxes


class Checker:
    """Decides scenarios by the rules of one pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._spaces: dict[tuple[str, frozenset[str]], Space] = {}
        self._rank = {r.id: n for n, r in enumerate(pack.rules)}

    def space(self, decision: str, made: Collection[str] = ()) -> Space:
        """The worlds of one decision, built on first use; UnknownName when there is no such decision."""
        if decision not in self.pack.decisions:
            raise UnknownName("decision", decision, self.pack.decisions)
        key = (decision, frozenset(made))
        if key not in self._spaces:
            self._spaces[key] = Space(self.pack, self.pack.decisions[decision], made)
        return self._spaces[key]

    def settle(self, decision: str, facts: Facts) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str, str]]]:
        """The user's facts in the decision's own dimensions, with what follows and what is assumed."""
        space, known = self.space(decision), dict(facts)
        for name in space.domains:
            source = self.pack.dimensions[name].reads
            if source and source in known and name not in known:
                values = tuple(v for v in known[source] if v in self.pack.dimensions[name].names)
                if values:
                    known[name] = values
        self._follow(known)
        assumed = []
        for item in self.pack.assumptions:
            if item.decision == decision and holds(item.when, known):
                for name, value in item.set.items():
                    if name not in known:
                        known[name] = (value,)
                        if not item.silent:
                            assumed.append((name, value, item.why))
        return {n: v for n, v in known.items() if n in space.domains}, assumed

    def _follow(self, known: dict[str, tuple[str, ...]]) -> None:
        """Add what follows from what is known, and what follows from that."""
        before = -1
        while before != len(known):
            before = len(known)
            for rule in self.pack.implications:
                if holds(rule.when, known):
                    for name, value in rule.then.items():
                        known.setdefault(name, (value,))

    def check(self, decision: str, facts: Facts, made: Collection[str] = ()) -> Verdict:
        """The verdict that holds in every world which fits `facts`, with its proof.

        `made` are choices that somebody has made already, nobody knows how: they count as unknown facts.
        """
        space = self.space(decision, made)
        known, assumed = self.settle(decision, facts)
        worlds = space.box(known) & space.legal
        if not worlds:
            return self._impossible(space, known)
        outcomes = space.open(worlds)
        status, outcome = _status(space, outcomes)
        if status == NOT_SUPPORTED and _mostly_silent(outcomes):
            status, outcome = "not_stated", SILENT
        core = self._core(space, known, outcomes) if len(outcomes) == 1 else known
        missing, branches = self._missing(space, known, worlds) if len(outcomes) > 1 else ((), ())
        return Verdict(
            decision=decision,
            status=status,
            outcome=outcome,
            rules=self._rules(space, worlds, outcomes, outcome),
            facts=core,
            known={n: known[n] for n in space.domains if n in known},
            assumed=self._mattering(space, known, assumed, outcomes),
            missing=missing,
            branches=branches,
            options=self._options(space, known, worlds),
            changes=self._changes(space, facts, known) if status == NOT_SUPPORTED else (),
            ask=self._ask(space, known, worlds) if status == "depends" else None,
            settled_by=self._settled(space, worlds, outcome, outcomes),
        )

    @staticmethod
    def _mattering(
        space: Space, known: Facts, assumed: list[tuple[str, str, str]], outcomes: Mapping[str, int]
    ) -> tuple[tuple[str, str, str], ...]:
        """The assumptions without which the verdict could be another."""

        def without(name: str) -> set[str]:
            return set(space.open(space.box({n: v for n, v in known.items() if n != name}) & space.legal))

        return tuple(a for a in assumed if without(a[0]) != set(outcomes))

    def _impossible(self, space: Space, known: Facts) -> Verdict:
        broken = tuple(a for a, box in space.axioms.items() if space.box(known) & ~box == 0)
        names = {n for a in self.pack.axioms if a.id in broken for n in a.never}
        return Verdict(
            decision=space.decision.id,
            status="depends",
            outcome="impossible",
            rules=(),
            facts={n: known[n] for n in space.domains if n in names and n in known},
            missing=tuple(n for n in space.domains if n in names and n in known),
            impossible=broken,
        )

    def _core(self, space: Space, known: Facts, outcomes: Mapping[str, int]) -> Facts:
        """A deletion-minimal part of the facts from which the same outcome follows, whatever the rest were."""
        keep = {n: known[n] for n in space.domains if n in known}
        open_choices: list[str] = []
        for name in list(keep):
            less = {n: v for n, v in keep.items() if n != name}
            choices = [*open_choices, name] if name in space.choices else open_choices
            ways = product(*(space.domains[n] for n in choices))
            boxes = (space.box({**less, **{n: (v,) for n, v in zip(choices, way, strict=True)}}) for way in ways)
            if all(set(space.open(box & space.legal)) == set(outcomes) for box in boxes if box & space.legal):
                keep, open_choices = less, choices
        return keep

    def _rules(self, space: Space, worlds: int, outcomes: Mapping[str, int], outcome: str) -> tuple[str, ...]:
        """The rules that decide, most particular first; both sides where the documents disagree."""
        targets = set(outcomes) - {SILENT}
        if outcome in targets and CONFLICT not in targets:
            targets = {outcome}
        found: list[Rule] = []
        for target in (o for o in (outcome, *space.parts) if o in targets):
            rest = worlds & space.parts.get(target, 0)
            speaking = [r for r in space.rules if space.force[r.id] & rest and target in (CONFLICT, r.then)]
            speaking.sort(key=lambda r: self._weight(space, r, rest))
            for rule in speaking:
                useful = target == CONFLICT or space.force[rule.id] & rest
                if useful and rule not in found:
                    found.append(rule)
                    rest &= ~space.force[rule.id] if target != CONFLICT else rest
        return tuple(r.id for r in found)

    def _weight(self, space: Space, rule: Rule, worlds: int) -> tuple[int, bool, int, int, int]:
        """Most of the worlds first; then said before inferred, then the narrower, then the order of the pack."""
        covered = (space.force[rule.id] & worlds).bit_count()
        return (
            -covered,
            rule.basis == "inferred",
            -len(rule.when),
            space.speaks[rule.id].bit_count(),
            self._rank[rule.id],
        )

    def _missing(self, space: Space, known: Facts, worlds: int) -> tuple[tuple[str, ...], tuple[Branch, ...]]:
        """The fewest unknown facts that settle the verdict, and what each way they could be gives."""
        unknown = self._unknown(space, known)
        for count in range(1, min(len(unknown), _MOST_MISSING) + 1):
            for names in combinations(unknown, count):
                table = self._table(space, known, worlds, names)
                if table is not None:
                    return names, self._branches(space, worlds, names, table)
        return unknown, ()

    @staticmethod
    def _unknown(space: Space, known: Facts) -> tuple[str, ...]:
        return tuple(n for n in space.domains if n not in space.choices and len(known.get(n, ("", ""))) > 1)

    @staticmethod
    def _table(space: Space, known: Facts, worlds: int, names: tuple[str, ...]) -> dict[str, int] | None:
        """Outcome -> worlds, when the values of `names` settle every world; None when they do not."""
        table: dict[str, int] = {}
        for values in product(*(known.get(n, space.domains[n]) for n in names)):
            here = worlds & space.box({n: (v,) for n, v in zip(names, values, strict=True)})
            if not here:
                continue
            found = space.open(here)
            if len(found) > 1:
                return None
            (outcome,) = found
            table[outcome] = table.get(outcome, 0) | here
        return table

    def _branches(
        self, space: Space, worlds: int, names: tuple[str, ...], table: Mapping[str, int]
    ) -> tuple[Branch, ...]:
        found = []
        other = tuple(n for n in space.domains if n not in names)
        impossible = ~space.exists(worlds, other)
        for outcome, here in table.items():
            flat = space.exists(here, other)
            for facts in space.cover(flat & space.legal | flat & impossible & space.all, names):
                part = here & space.box(facts)
                found.append(Branch(facts, outcome, self._rules(space, part, {outcome: part}, outcome)))
        return tuple(found)

    def _ask(self, space: Space, known: Facts, worlds: int) -> str | None:
        """The unknown fact whose answer settles most of the remaining worlds; never one that changes nothing."""
        best: tuple[int, str] | None = None
        for name in self._unknown(space, known):
            settled, seen = 0, set()
            for value in known.get(name, space.domains[name]):
                here = worlds & space.literals[name][value]
                found = space.open(here) if here else {}
                seen.add(tuple(found))
                settled += here.bit_count() if len(found) == 1 else 0
            if len(seen) > 1 and (best is None or settled > best[0]):
                best = (settled, name)
        return best[1] if best else None

    def _options(self, space: Space, known: Facts, worlds: int) -> tuple[Branch, ...]:
        """Everything that works: boxes over the choices that are still open, complete."""
        names = tuple(n for n in space.choices if len(known.get(n, ("", ""))) > 1)
        good = worlds & space.parts.get(SUPPORTED, 0)
        if not names or not good:
            return ()
        other = tuple(n for n in space.domains if n not in names)
        always = space.exists(worlds, ()) & ~good
        flat = space.exists(good, other)
        return tuple(
            Branch(facts, SUPPORTED, self._rules(space, good & space.box(facts), {SUPPORTED: good}, SUPPORTED))
            for facts in space.cover(flat, names)
            if good & space.box(facts) or always
        )

    def _changes(self, space: Space, said: Facts, known: Facts) -> tuple[Facts, ...]:
        """Smallest sets of changes of what the user said that make it supported, easiest first."""
        mine = [n for n in space.domains if len(known.get(n, ())) == 1 and self._source(n, said) in said]
        found: list[tuple[int, int, Facts]] = []
        for count in range(1, _MOST_CHANGES + 1):
            for names in combinations(mine, count):
                for values in product(*(space.domains[n] for n in names)):
                    change = {n: (v,) for n, v in zip(names, values, strict=True)}
                    if all(change[n] != known[n] for n in names) and self._would_do(space, said, change):
                        cost = sum(self.pack.dimensions[n].change for n in names)
                        found.append((cost, len(found), change))
            if found:
                break
        return tuple(change for _, _, change in sorted(found, key=lambda f: f[:2]))

    def _source(self, name: str, said: Facts) -> str:
        """The dimension under which the user said a fact."""
        return name if name in said else self.pack.dimensions[name].reads

    def _would_do(self, space: Space, said: Facts, change: Facts) -> bool:
        """Whether the user's facts with this change are supported, with all that then follows from them."""
        known, _ = self.settle(space.decision.id, {**said, **{self._source(n, said): v for n, v in change.items()}})
        worlds = space.box(known) & space.legal
        return bool(worlds) and set(space.open(worlds)) == {SUPPORTED}

    def _settled(self, space: Space, worlds: int, outcome: str, outcomes: Mapping[str, int]) -> tuple[str, ...]:
        """The resolutions that a reader has to know of: they took part in this verdict."""
        found = []
        for z in self.pack.resolutions:
            won = [w for w in z.win if space.speaks.get(w, 0) & worlds]
            met = any(space.speaks[w] & space.speaks.get(loser, 0) & worlds for w in won for loser in z.over)
            if not met or z.kind == "exception":
                continue
            if CONFLICT in outcomes if z.kind == "disclose" else any(self.pack.rule(w).then == outcome for w in won):
                found.append(z.id)
        return tuple(found)


def _status(space: Space, outcomes: Mapping[str, int]) -> tuple[Status, str]:
    """One word for what the open worlds say. A corner that is merely doubtful never turns a "no" into a "perhaps"."""
    found = set(outcomes)
    if space.decision.kind == "value":
        spoken = found - {SILENT}
        if found == {CONFLICT}:
            return "conflict", CONFLICT
        if not spoken:
            return "not_stated", SILENT
        return ("information", next(iter(spoken))) if len(found) == 1 else ("depends", "depends")
    definite: tuple[Status, ...] = ("supported", "not_stated", "conflict", "not_supported")
    for status in definite:
        if found == {status}:
            return status, status
    if SUPPORTED in found:
        return "depends", "depends"
    if NOT_SUPPORTED in found and NOT_STATED not in found:
        return "not_supported", NOT_SUPPORTED
    if CONFLICT in found:
        return "conflict", CONFLICT
    return "not_stated", NOT_STATED if NOT_STATED in found else SILENT


def _mostly_silent(outcomes: Mapping[str, int]) -> bool:
    """Whether the "no" is only for a few of the ways the unknown facts could be, and the documents are silent on most."""
    return outcomes.get(SILENT, 0).bit_count() > outcomes[NOT_SUPPORTED].bit_count()


def holds(when: Facts, known: Facts) -> bool:
    """Whether facts lie wholly within a condition."""
    return all(n in known and set(known[n]) <= set(values) for n, values in when.items())
