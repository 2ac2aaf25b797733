"""A pack in, its faults out: every rule's examples, every point of the finite space, every gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from assistant.checker import CONFLICT, SILENT, Checker, Space
from assistant.errors import PackError
from assistant.pack import Pack
from assistant.reading import Reader
from assistant.rules import Rule
from assistant.types import Facts

_MOST_GAPS = 40


@dataclass(frozen=True, slots=True)
class Gap:
    """A box of combinations of which no rule of a decision speaks."""

    decision: str
    facts: Facts


def faults(pack: Pack) -> list[str]:
    """Everything wrong with the meaning of a pack, a line each; an empty list means it is proven."""
    checker = Checker(pack)
    found = [*_examples(pack, checker), *_unreachable(pack, checker)]
    for decision in pack.decisions:
        found += _clashes(pack, checker.space(decision))
    return found


def refuse_faults(pack: Pack) -> None:
    """PackError with the first fault and their number, when there are any."""
    found = faults(pack)
    if found:
        more = f" (and {len(found) - 1} more; see 'assistant pack lint')" if len(found) > 1 else ""
        raise PackError(f"{pack.name}: {found[0]}{more}")


def gaps(pack: Pack) -> list[Gap]:
    """What no rule speaks of, as boxes; at most 40 for each decision."""
    checker = Checker(pack)
    found = []
    for decision in pack.decisions:
        space = checker.space(decision)
        boxes = space.cover(space.parts[SILENT], tuple(space.domains)) if space.rules else []
        found += [Gap(decision, box) for box in boxes[:_MOST_GAPS]]
    return found


def _examples(pack: Pack, checker: Checker) -> Iterator[str]:
    reader = Reader(pack)
    for rule in pack.rules:
        if not rule.fires or not rule.silent:
            yield f"rule {rule.id}: give at least one question of which it speaks (fires) and one of which it does not (silent)"
        for ask in rule.fires:
            if not _speaks(rule, ask, reader, checker):
                yield f"rule {rule.id}: does not speak of its own example {ask!r}"
        for ask in rule.silent:
            if _speaks(rule, ask, reader, checker):
                yield f"rule {rule.id}: speaks of {ask!r}, which it should pass over"


def _speaks(rule: Rule, ask: str, reader: Reader, checker: Checker) -> bool:
    """Whether some way the example's unknowns could be falls under the rule."""
    reading = reader.read(ask)
    if reading.decision != rule.decision:
        return False
    space = checker.space(rule.decision)
    known, _ = checker.settle(rule.decision, reading.scenarios[0].facts)
    return bool(space.box(known) & space.speaks[rule.id])


def _unreachable(pack: Pack, checker: Checker) -> Iterator[str]:
    for rule in pack.rules:
        if not checker.space(rule.decision).speaks[rule.id]:
            yield f"rule {rule.id}: can never speak: its conditions contradict an axiom"


def _clashes(pack: Pack, space: Space) -> Iterator[str]:
    """Pairs of rules that disagree somewhere without a resolution that names both."""
    declared = {frozenset((w, o)) for z in pack.resolutions for w in z.win for o in z.over}
    clash = space.parts[CONFLICT]
    there = [r for r in space.rules if space.force[r.id] & clash]
    for one, other in combinations(there, 2):
        meet = space.force[one.id] & space.force[other.id]
        if one.then != other.then and meet and frozenset((one.id, other.id)) not in declared:
            where = space.cover(meet, tuple(space.domains))[0]
            yield (
                f"rules {one.id} ({one.then}) and {other.id} ({other.then}) disagree without a resolution, for example at "
                f"{ {n: list(v) for n, v in where.items()} }"
            )
