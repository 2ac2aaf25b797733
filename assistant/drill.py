"""Questions to practise on, made from the rules: one right option, the others a near miss, each proven.

The same pack and seed give the same questions. Nothing is made up: the right option and every wrong one are verdicts
of the checker.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from assistant.checker import NOT_SUPPORTED, SUPPORTED

if TYPE_CHECKING:
    from assistant.checker import Checker
    from assistant.rules import Rule
    from assistant.types import Facts

_MOST_OPTIONS = 4
_FEWEST_OPTIONS = 2


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose."""

    facts: Facts
    """The facts whose verdict proves it right or wrong."""
    value: str
    """The outcome that it claims: a status, or a value of the decision's outcome."""


@dataclass(frozen=True, slots=True)
class Drill:
    """A question with its options, of which exactly one is right."""

    decision: str
    rule: str
    """The rule that it was made from."""
    given: Facts
    """What all options share."""
    asks: str
    """Of "which of these is …?": the status that the right option has; empty for "what holds?"."""
    options: tuple[Option, ...]
    right: int


def drills(checker: Checker, seed: int, count: int) -> tuple[Drill, ...]:
    """At most `count` different questions, over as many rules; fewer when the pack has fewer."""
    rng = Random(seed)  # noqa: S311  # reproducible on purpose
    rules = list(checker.pack.rules)
    rng.shuffle(rules)
    made = (made for rule in rules if (made := _drill(checker, rule, rng)))
    found: dict[tuple[str, str, str], Drill] = {}
    for drill in made:
        if len(found) == count:
            break
        found.setdefault((drill.decision, drill.asks, repr(sorted(drill.given.items()))), drill)
    return tuple(found.values())


def _drill(checker: Checker, rule: Rule, rng: Random) -> Drill | None:
    facts = _point(checker, rule, rng)
    if facts is None:
        return None
    if checker.pack.decisions[rule.decision].kind == "value":
        return _what_holds(checker, rule, facts, rng)
    return _which_of_these(checker, rule, facts, rng)


def _point(checker: Checker, rule: Rule, rng: Random) -> Facts | None:
    """Facts on which the rule alone settles the verdict: one value of each dimension that it names."""
    facts = {name: (rng.choice(values),) for name, values in rule.when.items()}
    verdict = checker.check(rule.decision, facts)
    sure = verdict.outcome == rule.then and not verdict.settled_by and rule.then != "not_stated"
    return facts if sure and not verdict.assumed and not verdict.impossible else None


def _what_holds(checker: Checker, rule: Rule, facts: Facts, rng: Random) -> Drill | None:
    """Which value holds on these facts? The misses are the other values."""
    others = [v for v in checker.pack.dimensions[checker.pack.decisions[rule.decision].outcome].names if v != rule.then]
    rng.shuffle(others)
    values = [rule.then, *others[: _MOST_OPTIONS - 1]]
    rng.shuffle(values)
    if len(values) < _FEWEST_OPTIONS:
        return None
    options = tuple(Option(facts, v) for v in values)
    return Drill(rule.decision, rule.id, facts, "", options, values.index(rule.then))


def _which_of_these(checker: Checker, rule: Rule, facts: Facts, rng: Random) -> Drill | None:
    """Which of these is so? The misses differ from the right one in a single fact, and are proven to be otherwise."""
    if rule.then not in {SUPPORTED, NOT_SUPPORTED}:
        return None
    opposite = NOT_SUPPORTED if rule.then == SUPPORTED else SUPPORTED
    names = list(facts)
    rng.shuffle(names)
    for name in names:
        misses = list(_misses(checker, rule, facts, name, opposite))
        if misses:
            rng.shuffle(misses)
            right = Option(facts, rule.then)
            options = [right, *(Option(f, opposite) for f in misses[: _MOST_OPTIONS - 1])]
            rng.shuffle(options)
            given = {n: v for n, v in facts.items() if n != name}
            return Drill(rule.decision, rule.id, given, rule.then, tuple(options), options.index(right))
    return None


def _misses(checker: Checker, rule: Rule, facts: Facts, name: str, opposite: str) -> Iterator[Facts]:
    for value in checker.pack.dimensions[name].names:
        other = {**facts, name: (value,)}
        verdict = checker.check(rule.decision, other)
        if verdict.status == opposite and not verdict.settled_by and not verdict.impossible:
            yield other
