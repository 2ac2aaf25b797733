"""The support matrix: every cell is the checker's own verdict."""

from __future__ import annotations

import pytest

from assistant.checker import Checker
from assistant.engine import Assistant
from assistant.matrix import axes, facts_of, matrix


def test_every_cell_is_the_verdict_of_its_facts(checker: Checker) -> None:
    pinned = {"location": ("on_premises",)}
    for decision in checker.pack.decisions:
        rows, columns = axes(checker, decision)
        shown = matrix(checker, decision, rows, columns, pinned)
        for cell, verdict in shown.cells.items():
            assert verdict == checker.check(decision, facts_of(rows, columns, cell, pinned))


def test_cells_come_row_by_row_in_the_order_of_the_vocabulary(bicycles: Assistant) -> None:
    cells = matrix(bicycles.checker, "rent", "renter", "helmet", {"bike": ("city",)}).cells
    assert [(r, c, v.status) for (r, c), v in cells.items()] == [
        ("child", "worn", "supported"),
        ("child", "none", "not_supported"),
        ("teenager", "worn", "supported"),
        ("teenager", "none", "supported"),
        ("adult", "worn", "supported"),
        ("adult", "none", "supported"),
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (("child", "worn"), {"bike": ("city",), "renter": ("child",), "helmet": ("worn",)}),
    ],
)
def test_the_facts_of_a_cell(cell: tuple[str, str], expected: dict[str, tuple[str, ...]]) -> None:
    assert facts_of("renter", "helmet", cell, {"bike": ("city",), "renter": ("adult",)}) == expected


def test_a_decision_of_one_dimension_has_one_column_and_one_of_none_a_single_cell(checker: Checker) -> None:
    found = {}
    for decision in ("uses_vss", "default_redundancy"):
        rows, columns = axes(checker, decision)
        found[decision] = list(matrix(checker, decision, rows, columns, {}).cells)
    assert found == {"uses_vss": [("windows", ""), ("linux", "")], "default_redundancy": [("", "")]}


def test_the_first_axes_are_what_is_asked_for_and_what_settles_most(bicycles: Assistant) -> None:
    assert axes(bicycles.checker, "rent") == ("bike", "renter")
