"""A run against another: case by case, what was fixed and what broke, and whether the means differ by more than chance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from assistant.errors import SuiteError
from assistant.evals import stats
from assistant.evals.figures import ALL, Figures, Latency
from assistant.evals.runner import write
from assistant.evals.scorers import OF_ALL, better_low, is_binary

_EPS = 1e-9


@dataclass(frozen=True, slots=True)
class Flip:
    """A case that scores otherwise than in the baseline."""

    key: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """A metric against the baseline, over the cases that both have."""

    metric: str
    before: float
    now: float
    p: float
    """Exact McNemar for 0/1 metrics, else paired sign flips; by case, unadjusted."""


@dataclass(frozen=True)
class Baseline:
    """What a run is compared with: of every case the digest of its question and its scores."""

    name: str
    rows: Mapping[str, tuple[str, Mapping[str, float]]]
    latency: Latency
    machine: str
    about: Mapping[str, object]


@dataclass(frozen=True)
class Comparison:
    """A run beside its baseline."""

    baseline: Baseline
    deltas: Mapping[str, Delta]
    broken: tuple[Flip, ...]
    fixed: tuple[Flip, ...]
    changed: int
    """Cases whose question or expectation is another than in the baseline."""
    new: int
    gone: int


# ---- files


def accept(figures: Figures, file: Path) -> None:
    """Make a run the baseline: one line per case, that names the figures which are not as good as can be.

    Which figures a case has is kept once for all cases that have the same ones.
    """
    shapes = {_shape(r.scores): list(r.scores) for r in figures.rows}
    lines = [f"{json.dumps(r.key)}: {json.dumps([r.judged, _shape(r.scores), _flaws(r.scores)])}" for r in figures.rows]
    head = {"machine": machine(figures), "latency": asdict(figures.latency), "about": _kept(figures)}
    parts = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    parts.append(
        '"shapes": {\n'
        + ",\n".join(f'"{shape}": {json.dumps(names)}' for shape, names in sorted(shapes.items()))
        + "\n}"
    )
    parts.append('"rows": {\n' + ",\n".join(lines) + "\n}")
    file.parent.mkdir(parents=True, exist_ok=True)
    write(file, "{" + ",\n".join(parts) + "}\n")


def _shape(scores: Mapping[str, float]) -> str:
    return sha256(" ".join(scores).encode()).hexdigest()[:6]


def _best(metric: str) -> float:
    return 0.0 if better_low(metric) else 1.0


def _flaws(scores: Mapping[str, float]) -> dict[str, float]:
    return {metric: value for metric, value in scores.items() if value != _best(metric)}


def _kept(figures: Figures) -> dict[str, object]:
    about = figures.run.about
    return {name: about.get(name) for name in ("target", "packs", "version", "git", "started")}


def baseline(file: Path) -> Baseline:
    """An accepted baseline. SuiteError when it cannot be read."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        shapes = {shape: {m: _best(m) for m in names} for shape, names in data["shapes"].items()}
        rows = {key: (judged, {**shapes[shape], **flaws}) for key, (judged, shape, flaws) in data["rows"].items()}
        return Baseline(file.stem, rows, Latency(**data["latency"]), data["machine"], data["about"])
    except FileNotFoundError:
        raise SuiteError([f"{file}: no such baseline; `assistant eval accept RUN` writes one"]) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SuiteError([f"{file}: not a baseline ({type(error).__name__}: {error}); accept a run anew"]) from None


def as_baseline(figures: Figures) -> Baseline:
    """Another run, to be compared with."""
    rows = {r.key: (r.judged, r.scores) for r in figures.rows}
    return Baseline(figures.run.folder.name, rows, figures.latency, machine(figures), _kept(figures))


def machine(figures: Figures) -> str:
    """The kind of machine a run was made on."""
    about = figures.run.about
    return f"{about.get('machine')}, {about.get('cores')} cores"


# ---- comparing


def compare(figures: Figures, before: Baseline, broken_by: Sequence[str]) -> Comparison:
    """Case by case; `broken_by` names the metrics by which a case breaks."""
    rows = {r.key: r for r in figures.rows}
    both = [key for key, r in rows.items() if key in before.rows and before.rows[key][0] == r.judged]
    names = [m for m in figures.tables[ALL] if m not in OF_ALL]
    deltas = {m: _delta(m, [(rows[k].id, before.rows[k][1], rows[k].scores) for k in both]) for m in names}
    suites = {s.name for s in figures.run.suites}
    gone = sum(key.partition("/")[0] in suites and key not in rows for key in before.rows)
    flips = [_flip(k, before.rows[k][1], rows[k].scores, broken_by) for k in both]
    return Comparison(
        before,
        {m: d for m, d in deltas.items() if d},
        tuple(Flip(key, worse) for key, worse, _ in flips if worse),
        tuple(Flip(key, better) for key, worse, better in flips if better and not worse),
        changed=sum(key in before.rows for key in rows) - len(both),
        new=sum(key not in before.rows for key in rows),
        gone=gone,
    )


def _flip(
    key: str, before: Mapping[str, float], now: Mapping[str, float], metrics: Sequence[str]
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Of the metrics that the baseline has, those that got worse, or are gone, and those that got better."""
    change = {m: _change(m, before[m], now.get(m)) for m in metrics if m in before}
    return key, tuple(m for m, c in change.items() if c < 0), tuple(m for m, c in change.items() if c > 0)


def _change(metric: str, before: float, now: float | None) -> float:
    """Above 0 for better, below for worse or gone."""
    if now is None:
        return -1.0
    difference = (now - before) * (-1 if better_low(metric) else 1)
    return difference if abs(difference) > _EPS else 0.0


def _delta(metric: str, pairs: Sequence[tuple[str, Mapping[str, float], Mapping[str, float]]]) -> Delta | None:
    values = [(case, b[metric], n[metric]) for case, b, n in pairs if metric in b and metric in n]
    if not values:
        return None
    before, now = (sum(v[i] for v in values) / len(values) for i in (1, 2))  # type: ignore[misc]
    differences: dict[str, float] = {}
    for case, b, n in values:
        differences[case] = differences.get(case, 0.0) + n - b
    # rewordings of a case rise and fall together, so they count as one for McNemar too
    up, down = sum(d > _EPS for d in differences.values()), sum(d < -_EPS for d in differences.values())
    p = stats.mcnemar(up, down) if is_binary(metric) else stats.permutation([round(d, 9) for d in differences.values()])
    return Delta(metric, before, now, p)
