"""A decision over two of its dimensions: a verdict for each pair of values, the rest pinned or left open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assistant.checker import Checker
    from assistant.types import Facts, Verdict

ANY = ""
"""The only value of an axis without a dimension: a decision may look at one dimension, or at none."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Verdicts by row value and column value."""

    decision: str
    rows: str
    """Dimension of the rows; empty when there is none, then the only row value is ANY."""
    columns: str
    cells: Mapping[tuple[str, str], Verdict]
    """Every pair, row by row, in the order of the vocabulary."""


def matrix(checker: Checker, decision: str, rows: str, columns: str, pinned: Facts) -> Matrix:
    """The verdicts for every value of `rows` with every value of `columns`, beside the `pinned` facts."""
    cells = {
        (row, column): checker.check(decision, facts_of(rows, columns, (row, column), pinned))
        for row in values(checker, rows)
        for column in values(checker, columns)
    }
    return Matrix(decision, rows, columns, cells)


def values(checker: Checker, axis: str) -> tuple[str, ...]:
    """The values along an axis."""
    return checker.pack.dimensions[axis].names if axis else (ANY,)


def facts_of(rows: str, columns: str, cell: tuple[str, str], pinned: Facts) -> Facts:
    """The facts of one cell."""
    rest = {n: v for n, v in pinned.items() if n not in (rows, columns)}
    return {**rest, **{axis: (value,) for axis, value in zip((rows, columns), cell, strict=True) if axis}}


def axes(checker: Checker, decision: str) -> tuple[str, str]:
    """The two dimensions to begin with: what a which-question asks for, and the one that settles most cells beside it.

    What is assumed unless it is said comes last.
    """
    names = list(checker.space(decision).domains)
    if len(names) < 2:
        return (names[0] if names else "", "")
    asks = checker.pack.decisions[decision].asks
    rows = asks if asks in names else names[0]

    assumed = {n for a in checker.pack.assumptions if a.decision == decision for n in a.set}

    def settled(columns: str) -> tuple[bool, float]:
        cells = matrix(checker, decision, rows, columns, {}).cells.values()
        sure = sum(v.status in {"supported", "not_supported", "information"} for v in cells)
        return columns not in assumed, sure / len(cells)

    return rows, max((n for n in names if n != rows), key=settled)
