"""Intervals and tests for evaluation figures, deterministic: the same data and seed give the same numbers.

After E. Miller, Adding Error Bars to Evals, arXiv 2411.00640: rewordings and turns of one case are one cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb, sqrt
from typing import NamedTuple

_Z95 = 1.959963984540054
_RESAMPLES = 2000
_FLIPS = 10_000
_EXACT = 16
"""Differing clusters up to which every sign is tried: 65,536 of them."""
_SEED = 20191101


Sure = Sequence[tuple[float, float]]
"""(confidence, loss) of each answer, both 0 to 1."""


class Point(NamedTuple):
    """What comes of giving only the answers that are at least so sure."""

    confidence: float
    coverage: float
    """Share of all answers that are given."""
    risk: float
    """Mean loss of those."""


class Bin(NamedTuple):
    """Answers whose confidences lie within a tenth of each other."""

    n: int
    confidence: float
    right: float


class Interval(NamedTuple):
    """Bounds of a 95 % interval."""

    low: float
    high: float


def wilson(right: float, n: int) -> Interval:
    """Wilson's score interval for `right` of `n` (0 to 1 for n = 0); `right` may be fractional."""
    if n == 0:
        return Interval(0.0, 1.0)
    share, z2 = right / n, _Z95 * _Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def bootstrap(clusters: Sequence[Sequence[float]], resamples: int = _RESAMPLES, seed: int = _SEED) -> Interval:
    """Percentile interval of the mean over all values, whole clusters drawn with replacement."""
    import numpy as np

    if not clusters:
        return Interval(0.0, 0.0)
    sums = np.array([sum(c) for c in clusters], dtype=np.float64)
    sizes = np.array([len(c) for c in clusters], dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(clusters), size=(resamples, len(clusters)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(low), float(high))


def mcnemar(fixed: int, broken: int) -> float:
    """Exact two-sided p of McNemar's test: `fixed` cases went from wrong to right, `broken` the other way."""
    n = fixed + broken
    if n == 0:
        return 1.0
    tail = sum(comb(n, k) for k in range(min(fixed, broken) + 1))
    return min(1.0, 2 * tail / float(2**n))


def permutation(differences: Sequence[float], seed: int = _SEED) -> float:
    """Two-sided p of paired differences under random signs; exact up to 16 that are not zero, else sampled."""
    import numpy as np

    values = np.array([d for d in differences if d != 0.0], dtype=np.float64)
    if values.size == 0:
        return 1.0
    observed = abs(float(values.sum())) * (1 - 1e-12)
    if values.size <= _EXACT:
        bits = (np.arange(2**values.size)[:, None] >> np.arange(values.size)) & 1
        sums = (1 - 2 * bits) @ values
        return float(np.mean(np.abs(sums) >= observed))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(_FLIPS, values.size))
    extreme = int(np.sum(np.abs(signs @ values) >= observed))
    return (extreme + 1) / (_FLIPS + 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjusted p of each, in the given order: they stand against alpha as they are."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    adjusted: dict[str, float] = {}
    highest = 0.0
    for rank, name in enumerate(ordered):
        highest = max(highest, min(1.0, p_values[name] * (len(ordered) - rank)))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Mean over the true classes of 2TP / (2TP + FP + FN), of (true, said) pairs; 0 for none."""
    classes = {true for true, _ in pairs}
    if not classes:
        return 0.0
    return sum(_f1(pairs, c) for c in classes) / len(classes)


def _f1(pairs: Sequence[tuple[str, str]], one: str) -> float:
    both = sum(true == said == one for true, said in pairs)
    either = sum(true == one for true, _ in pairs) + sum(said == one for _, said in pairs)
    return 2 * both / either


def risk_coverage(sure: Sure) -> list[Point]:
    """A point for each confidence that was given, the highest first; nothing for no answers."""
    points, given, lost = [], 0, 0.0
    for confidence, losses in _levels(sure):
        given, lost = given + len(losses), lost + sum(losses)
        points.append(Point(confidence, given / len(sure), lost / given))
    return points


def augrc(sure: Sure) -> float:
    """Mean over i of the losses of the i surest answers / n, ties averaged (Traub et al., arXiv 2407.01032); 0 for none."""
    total = lost = 0.0
    for _, losses in _levels(sure):
        mean = sum(losses) / len(losses)
        total += sum(lost + mean * (i + 1) for i in range(len(losses)))
        lost += sum(losses)
    return total / len(sure) ** 2 if sure else 0.0


def coverage_at(sure: Sure, risk: float) -> float:
    """The largest coverage whose risk is at most `risk`; answers of one confidence are given together or not at all."""
    return max((p.coverage for p in risk_coverage(sure) if p.risk <= risk + 1e-12), default=0.0)


def calibration(sure: Sure) -> list[Bin]:
    """Answers by tenths of confidence, the least sure first; empty tenths are left out."""
    bins: dict[int, list[tuple[float, float]]] = {}
    for confidence, loss in sure:
        bins.setdefault(min(9, int(confidence * 10)), []).append((confidence, loss))
    return [
        Bin(len(b), sum(c for c, _ in b) / len(b), 1 - sum(x for _, x in b) / len(b)) for _, b in sorted(bins.items())
    ]


def calibration_error(sure: Sure) -> float:
    """Expected calibration error: mean distance of confidence and share right, weighted by the answers in each tenth."""
    return sum(b.n * abs(b.confidence - b.right) for b in calibration(sure)) / len(sure) if sure else 0.0


def _levels(sure: Sure) -> list[tuple[float, list[float]]]:
    """The losses of each confidence, the highest first."""
    levels: dict[float, list[float]] = {}
    for confidence, loss in sure:
        levels.setdefault(confidence, []).append(loss)
    return sorted(levels.items(), reverse=True)
