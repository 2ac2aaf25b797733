"""A pack in, its faults out: what is planted is found, and what ships is clean."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant import proof
from assistant.checker import Checker
from assistant.errors import PackError
from assistant.pack import Pack, load

BICYCLES = Path(__file__).parent / "packs" / "bicycles"
Plant = Callable[[str, str, str], Pack]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """The bicycle pack with one text of one of its files replaced."""

    def planted(name: str, old: str, new: str) -> Pack:
        root = tmp_path / "bicycles"
        if not root.exists():
            shutil.copytree(BICYCLES, root)
        text = (root / name).read_text(encoding="utf-8")
        assert old in text, f"the case is stale: {old!r} is not in {name}"
        (root / name).write_text(text.replace(old, new), encoding="utf-8")
        return load(root)

    return planted


def test_the_shipped_pack_is_proven(azure: Pack) -> None:
    assert proof.faults(azure) == []
    proof.refuse_faults(azure)


def test_an_example_that_does_not_fire_is_found(plant: Plant) -> None:
    pack = plant(
        "rules.toml", 'fires = ["May a teenager ride a cargo bike?"]', 'fires = ["May an adult ride a cargo bike?"]'
    )
    assert proof.faults(pack) == ["rule B-3: does not speak of its own example 'May an adult ride a cargo bike?'"]


def test_an_example_of_another_decision_does_not_fire(plant: Plant) -> None:
    pack = plant(
        "rules.toml",
        'fires = ["May a teenager ride a cargo bike?"]',
        'fires = ["What deposit does a teenager pay for a cargo bike?"]',
    )
    assert proof.faults(pack) == [
        "rule B-3: does not speak of its own example 'What deposit does a teenager pay for a cargo bike?'"
    ]


def test_a_silent_example_that_fires_is_found(plant: Plant) -> None:
    pack = plant(
        "rules.toml", 'silent = ["May a teenager ride a racing bike?"]', 'silent = ["Can teens rent cargo bikes?"]'
    )
    assert proof.faults(pack) == ["rule B-3: speaks of 'Can teens rent cargo bikes?', which it should pass over"]


@pytest.mark.parametrize("key", ["fires", "silent"])
def test_a_rule_without_examples_is_found(plant: Plant, key: str) -> None:
    old = {
        "fires": 'fires = ["May a teenager ride a cargo bike?"]',
        "silent": 'silent = ["May a teenager ride a racing bike?"]',
    }[key]
    assert proof.faults(plant("rules.toml", old, f"{key} = []")) == [
        "rule B-3: give at least one question of which it speaks (fires) and one of which it does not (silent)"
    ]


def test_an_undeclared_disagreement_is_found(plant: Plant) -> None:
    resolutions = (BICYCLES / "rules.toml").read_text(encoding="utf-8").partition("[[resolution]]")
    pack = plant("rules.toml", "".join(resolutions[1:]), "")
    assert proof.faults(pack) == [
        "rules B-7 (supported) and B-8 (not_supported) disagree without a resolution, for example at {'renter': ['teenager'], 'bike': ['electric']}"
    ]


def test_a_disagreement_that_no_resolution_names_as_a_pair_is_found(plant: Plant) -> None:
    pack = plant(
        "rules.toml",
        'when = { renter = "teenager", bike = "cargo" }',
        'when = { renter = ["teenager", "adult"], bike = "cargo" }',
    )
    assert proof.faults(pack) == [
        "rules B-1 (supported) and B-3 (not_supported) disagree without a resolution, for example at {'renter': ['adult'], 'bike': ['cargo']}"
    ]


@pytest.mark.parametrize("kind", ["prefer", "exception", "disclose"])
def test_every_kind_of_resolution_settles_a_disagreement(plant: Plant, kind: str) -> None:
    assert proof.faults(plant("rules.toml", 'kind = "disclose"', f'kind = "{kind}"')) == []


def test_rules_that_agree_need_no_resolution(plant: Plant) -> None:
    pack = plant(
        "rules.toml",
        'when = { renter = "teenager", bike = ["city", "racing"] }',
        'when = { renter = ["teenager", "adult"], bike = ["city", "racing"] }',
    )
    assert proof.faults(pack) == []


def test_a_rule_that_can_never_speak_is_found(plant: Plant) -> None:
    axiom = """
[[axiom]]
id = "X-1"
never = { renter = "teenager", bike = "cargo" }
says = "cargo bikes are not rented to teenagers"
source = "rental#who-may-ride"
quote = "Cargo bikes are not rented to teenagers"
"""
    pack = plant("decisions.toml", '[[decision]]\nid = "rent"', f'{axiom}\n[[decision]]\nid = "rent"')
    assert proof.faults(pack) == [
        "rule B-3: does not speak of its own example 'May a teenager ride a cargo bike?'",
        "rule B-3: can never speak: its conditions contradict an axiom",
    ]


def test_faults_refuse_the_pack_with_the_first_and_their_number(plant: Plant) -> None:
    plant("rules.toml", 'fires = ["May a teenager ride a cargo bike?"]', "fires = []")
    pack = plant("rules.toml", 'silent = ["Can kids rent a city bike?"]', "silent = []")
    with pytest.raises(PackError) as raised:
        proof.refuse_faults(pack)
    assert str(raised.value) == (
        "bicycles: rule B-3: give at least one question of which it speaks (fires) and one of which it does not (silent)"
        " (and 1 more; see 'assistant pack lint')"
    )


# ---- gaps


def test_a_pack_that_speaks_of_everything_has_no_gaps() -> None:
    assert proof.gaps(load(BICYCLES)) == []


def test_a_point_of_which_no_rule_speaks_is_a_gap(plant: Plant) -> None:
    pack = plant(
        "rules.toml", 'when = { renter = "teenager", bike = "cargo" }', 'when = { renter = "child", bike = "cargo" }'
    )
    assert proof.gaps(pack) == [proof.Gap("rent", {"renter": ("teenager",), "bike": ("cargo",)})]


def test_gaps_are_silent_points(azure: Pack, checker: Checker) -> None:
    found = proof.gaps(azure)
    assert [
        g
        for g in found
        if checker.space(g.decision).box(g.facts)
        & checker.space(g.decision).legal
        & ~checker.space(g.decision).parts["silent"]
    ] == []
    for decision in {g.decision for g in found}:
        space = checker.space(decision)
        covered = 0
        for gap in found:
            covered |= space.box(gap.facts) if gap.decision == decision else 0
        assert sum(g.decision == decision for g in found) == 40 or not space.parts["silent"] & ~covered


def test_proving_does_not_take_long(azure: Pack) -> None:
    import time

    start = time.perf_counter()
    proof.faults(azure)
    assert time.perf_counter() - start < 5.0
