"""Mentions in, machines out: one scenario, or one for each machine that a message tells apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from assistant.grammar import sentence_spans
from assistant.labels import Stretch, of_all, stretches
from assistant.pack import Pack
from assistant.types import Facts, Mention, Scenario

_TWO = 2
_PASSING = 2
"""States that change as a story goes on (running, then stopped), by how hard they are to change: the last one counts."""


_JOINTS = frozenset({"and", "plus", "while", "whereas"})
_CUTS = _JOINTS | {",", "but"}


class Machines:
    """Sorts the mentions of one pack's dimensions."""

    def __init__(self, pack: Pack, strange: Callable[[str], bool]) -> None:
        self.pack, self.strange = pack, strange

    def scenarios(self, tokens: Sequence[str], mentions: Sequence[Mention], skip: set[str]) -> tuple[Scenario, ...]:
        """One scenario, or one for each machine that the message names or the mentions tell apart."""
        told = stretches(tokens, self.strange)
        named = self._named(told, mentions) if told else ()
        if named:
            return named
        common = [m for m in mentions if of_all(tokens, m.start)]
        torn = {m.dimension for m in common for o in common if o.dimension == m.dimension and o.values != m.values}
        groups: list[dict[str, list[Mention]]] = [{}]
        shared: list[Mention] = []
        for one in sorted(mentions, key=lambda m: (m.start, m.end)):
            dimension = self.pack.dimensions[one.dimension]
            told_apart = dimension.kind == "fact" and len(one.values) == 1 and one.dimension not in skip
            if one.negated or not told_apart or (one in common and one.dimension not in torn):
                shared.append(one)
                continue
            current = groups[-1]
            before = [m for m in current.get(one.dimension, ()) if m.values != one.values]
            if before and dimension.change <= _PASSING and not _enumerated(tokens):
                current[one.dimension] = [one]
                continue
            if before and not _whether(tokens, before[-1], one):
                groups.append({one.dimension: [one]})
            else:
                current.setdefault(one.dimension, []).append(one)
        rows = self._rows(tokens, mentions) if len(groups) > 1 else ()
        if rows:
            return rows
        if len(groups) == 1:
            facts = self._facts([*shared, *(m for ms in groups[0].values() for m in ms)])
            apart = self._rows(tokens, mentions, _JOINTS) if self._clash(facts) else ()
            return apart or (Scenario(facts),)
        return self._apart(tokens, groups, shared)

    def _named(self, told: Sequence[Stretch], mentions: Sequence[Mention]) -> tuple[Scenario, ...]:
        """A scenario for each machine with a name: what its stretches say goes before what is said of all; none where one is not told of."""
        own: dict[str, list[Mention]] = {s.name: [] for s in told}
        common: list[Mention] = []
        for one in mentions:
            name = next((s.name for s in told if s.start <= one.start < s.end), "")
            own.get(name, common).append(one)
        facts = [{**self._facts(common), **self._facts(found)} for found in own.values()]
        if not all(own.values()) or any(f == facts[0] for f in facts[1:]):
            return ()
        return tuple(Scenario(f, name) for f, name in zip(facts, own, strict=True))

    def _clash(self, facts: Facts) -> bool:
        """Whether no machine can be all that was said: physical, and in Azure."""
        return any(
            all(set(facts.get(n, ())) and set(facts[n]) <= set(v) for n, v in a.never.items()) for a in self.pack.axioms
        )

    def _rows(
        self, tokens: Sequence[str], mentions: Sequence[Mention], cuts: frozenset[str] = _CUTS
    ) -> tuple[Scenario, ...]:
        """A scenario for each clause that pairs a machine with what it gets: "the Windows boxes get MARS, the Linux VMs DPM".

        What is only joined (`cuts`) need not be paired.
        """
        rows: list[list[Mention]] = []
        common: list[Mention] = []
        for sentence in sentence_spans(tokens):
            told = len(rows)
            for clause in _clauses(tokens, sentence, cuts):
                said = [m for m in mentions if m.start in clause]
                if any(self.pack.dimensions[m.dimension].kind == "fact" for m in said):
                    rows.append(said)
                elif len(rows) > told:
                    rows[-1] += said
                else:
                    common += said
        given = [{m.dimension: m.values for m in row if not m.negated} for row in rows]
        paired = [n for g in given[:1] for n in g if self.pack.dimensions[n].kind == "choice"]
        pairs = any(all(n in g for g in given) and any(g[n] != given[0][n] for g in given) for n in paired)
        if len(rows) < _TWO or not (pairs or cuts is _JOINTS):
            return ()
        facts = [{**self._facts(common), **self._facts(row)} for row in rows]
        known = [{n: v for n, v in f.items() if self.pack.dimensions[n].kind == "fact"} for f in facts]
        telling = [n for n in known[0] if any(f.get(n) != known[0][n] for f in known)]
        if not telling:
            return ()
        marks = [{n: f[n] for n in telling if n in f} or f for f in known]
        labels = [", ".join(self.pack.label(n, v[0]) for n, v in m.items()) for m in marks]
        return tuple(Scenario(f, label) for f, label in zip(facts, labels, strict=True))

    def _apart(
        self, tokens: Sequence[str], groups: Sequence[Mapping[str, Sequence[Mention]]], shared: Sequence[Mention]
    ) -> tuple[Scenario, ...]:
        telling = {
            n
            for n in dict.fromkeys(n for g in groups for n in g)
            if len({m.values for g in groups for m in g.get(n, ())}) > 1
        }
        enumerated = _enumerated(tokens)
        common = list(shared)
        for group in groups:
            for name, found in group.items():
                belongs = enumerated and len(found) == 1 and self._belongs(found[0], groups)
                if name not in telling and not belongs:
                    common += found
        scenarios = []
        for group in groups:
            marks = [m for name, ms in group.items() if name in telling for m in ms]
            own = [m for name, ms in group.items() if name in telling or (enumerated and len(ms) == 1) for m in ms]
            for name in telling - set(group):
                near = _nearest(groups, group, name)
                if near and not enumerated:
                    own += near
            facts = self._facts([*common, *own])
            label = ", ".join(self.pack.label(n, v) for n, vs in facts.items() if n in telling for v in vs[:1])
            scenarios.append(Scenario(facts, _machine(tokens, marks) or label))
        unique = {str(sorted(s.facts.items())): s for s in scenarios}
        return tuple(unique.values())

    @staticmethod
    def _belongs(one: Mention, groups: Sequence[Mapping[str, Sequence[Mention]]]) -> bool:
        """A property said once belongs to its own machine unless it was said before the first of them."""
        first = min(m.start for ms in groups[0].values() for m in ms)
        return one.start > first

    def _facts(self, mentions: Iterable[Mention]) -> Facts:
        """Values that remain possible for each dimension; a later positive mention adds, a negated one takes away."""
        chosen: dict[str, set[str]] = {}
        removed: dict[str, set[str]] = {}
        for one in mentions:
            (removed if one.negated else chosen).setdefault(one.dimension, set()).update(one.values)
        facts = {}
        for name in self.pack.dimensions:
            if name not in chosen and name not in removed:
                continue
            dimension = self.pack.dimensions[name]
            kept = chosen.get(name) or set(dimension.names)
            kept = kept - removed.get(name, set()) or set(dimension.names) - removed.get(name, set())
            if dimension.opposite and name not in chosen and name in removed:
                kept = set(dimension.names) - removed[name]
            if kept and kept != set(dimension.names):
                facts[name] = tuple(v for v in dimension.names if v in kept)
            elif kept and name in chosen:
                facts[name] = dimension.names
        return facts


def _clauses(tokens: Sequence[str], sentence: range, cuts: frozenset[str]) -> Iterator[range]:
    """The clauses of a sentence, cut at these words outside brackets."""
    start, depth = sentence.start, 0
    for n in sentence:
        depth += (tokens[n] == "(") - (tokens[n] == ")")
        if depth == 0 and tokens[n] in cuts:
            yield range(start, n)
            start = n + 1
    yield range(start, sentence.stop)


def _whether(tokens: Sequence[str], one: Mention, other: Mention) -> bool:
    """Two values of one machine, not two machines: "whether physical or virtual"."""
    gap = tokens[one.end : other.start]
    return gap == ["or"] and "whether" in tokens[max(0, one.start - 6) : one.start]


def _enumerated(tokens: Sequence[str]) -> bool:
    line = " ".join(tokens)
    return bool(
        re.search(
            r"\b(?:one|first|a|an|some|two|three|the other|another|second|vm a|vm b|server a|server b|rest)\b.*\b(?:other|another|second|one|two|three|and an?|the rest|vm b|server b|server 2|vm 2|some|plus)\b",
            line,
        )
    )


def _nearest(
    groups: Sequence[Mapping[str, Sequence[Mention]]], group: Mapping[str, Sequence[Mention]], name: str
) -> list[Mention]:
    """A value that tells machines apart, said for a neighbour only: the nearest one before, else after."""
    index = next(i for i, g in enumerate(groups) if g is group)
    order = [*reversed(range(index)), *range(index + 1, len(groups))]
    return next((list(groups[i][name]) for i in order if name in groups[i]), [])


def _machine(tokens: Sequence[str], mentions: Sequence[Mention]) -> str:
    """The name "VM A", when the machine was given a letter or number right before its properties."""
    start = min((m.start for m in mentions), default=0)
    for i in range(start, max(-1, start - 6), -1):
        if (
            i > 0
            and tokens[i - 1] in {"vm", "server", "machine", "box", "host"}
            and re.fullmatch(r"[a-d1-4]", tokens[i])
        ):
            return (
                f"{tokens[i - 1].upper() if tokens[i - 1] == 'vm' else tokens[i - 1].capitalize()} {tokens[i].upper()}"
            )
    return ""
