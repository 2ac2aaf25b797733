"""Drill questions: the checker proves the right option right and every other one wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.checker import Checker
from assistant.drill import Drill, drills
from assistant.engine import Assistant, shipped
from assistant.pack import load

AZURE = Checker(load(shipped()))


@given(st.integers(0, 10**6))
def test_the_right_option_is_proven_and_the_others_are_proven_wrong(seed: int) -> None:
    for drill in drills(AZURE, seed, 8):
        held = [AZURE.check(drill.decision, o.facts).outcome == (drill.asks or o.value) for o in drill.options]
        assert [n for n, holds in enumerate(held) if holds] == [drill.right]


def differing(drill: Drill) -> set[int]:
    """In how many facts each option differs from the right one."""
    right = drill.options[drill.right]
    others = (o for o in drill.options if o is not right)
    return {sum(o.facts.get(n) != right.facts.get(n) for n in {*o.facts, *right.facts}) for o in others}


def test_a_near_miss_differs_in_a_single_fact() -> None:
    found = [d for seed in range(20) for d in drills(AZURE, seed, 8)]
    assert {n for d in found if d.asks for n in differing(d)} == {1}
    assert {n for d in found if not d.asks for n in differing(d)} == {0}


def test_what_is_given_is_what_all_options_share() -> None:
    for drill in drills(AZURE, 5, 60):
        shared = set.intersection(*(set(o.facts.items()) for o in drill.options))
        assert shared == set(drill.given.items())


def test_the_same_seed_gives_the_same_questions_and_another_others() -> None:
    assert drills(AZURE, 7, 8) == drills(Checker(load(shipped())), 7, 8)
    assert drills(AZURE, 7, 8) != drills(AZURE, 8, 8)


def test_no_question_comes_twice_in_a_round() -> None:
    for seed in range(30):
        found = drills(AZURE, seed, 8)
        assert len({(d.decision, d.asks, repr(sorted(d.given.items()))) for d in found}) == 8


def test_options_are_shuffled() -> None:
    assert {d.right for seed in range(10) for d in drills(AZURE, seed, 8) if len(d.options) > 2} >= {0, 1, 2}


def test_another_subject_has_its_own_questions(bicycles: Assistant) -> None:
    found = drills(bicycles.checker, 1, 100)
    assert {d.decision for d in found} == {"deposit", "rent"}


@pytest.mark.parametrize("count", [0, 1])
def test_no_more_than_were_asked_for(count: int) -> None:
    assert len(drills(AZURE, 1, count)) == count
