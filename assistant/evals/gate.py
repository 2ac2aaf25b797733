"""A run against its baseline and its bounds: what was fixed, what broke, and whether it may pass.

Significance alone cannot guard a suite: six losses and no win are needed for p < .05, and one fixed and one broken case
leave every mean as it was. So each case that breaks is named, and passes only with a waiver that says why and until when.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import SuiteError, did_you_mean
from assistant.evals import stats
from assistant.evals.baseline import Comparison, Flip, machine
from assistant.evals.figures import ALL, Figure, Figures
from assistant.evals.scorers import METRICS, better_low

_EPS = 1e-9
Standing = Literal["ok", "fell", "n/a"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Regression(_Form):
    """How far a run may fall behind its baseline."""

    allow_broken: int = 0
    """Cases that may break without a waiver."""
    broken: tuple[str, ...] = ("verdict",)
    """A case breaks when it scores worse in one of these than in the baseline."""
    max_drop: float = 1.0
    """Of a gated metric's mean, over the cases that both runs have."""
    alpha: float = 0.05
    """Holm-adjusted p below which a drop of a gated metric falls through, however small."""


class Speed(_Form):
    """Bounds of time; they hold for turns of the whole run."""

    p95_ms: float | None = None
    max_ratio: float | None = None
    """p95 against the baseline's, where both ran on the same kind of machine."""


class Bounds(_Form):
    """``gate.toml``: metric names, with the suite in front where one suite is meant ("grid.verdict")."""

    floors: dict[str, float] = {}
    ceilings: dict[str, float] = {}
    wilson_low: Annotated[dict[str, float], Field(description="Floors of the lower end of the 95 % interval.")] = {}
    regression: Regression = Regression()
    latency: Speed = Speed()


class Waiver(_Form):
    """Leave for one case to be broken."""

    case: str
    reason: Annotated[str, Field(min_length=10)]
    until: date


class _Waivers(_Form):
    waiver: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One bound and what was found."""

    name: str
    standing: Standing
    says: str


@dataclass(frozen=True)
class Outcome:
    """Whether a run passes, and why not."""

    checks: tuple[Check, ...]
    waived: tuple[tuple[Flip, Waiver], ...] = ()

    @property
    def passed(self) -> bool:
        """No check fell."""
        return all(c.standing != "fell" for c in self.checks)


# ---- files


_T = TypeVar("_T", bound=_Form)


def bounds(file: Path) -> Bounds:
    """``gate.toml``. SuiteError when a table, key or metric in it is unknown."""
    found = _toml(file, Bounds)
    named = [*found.floors, *found.ceilings, *found.wilson_low, *found.regression.broken]
    # scorers of a team are known only once they have scored, so only what is near one of ours is taken for a slip
    slips = [
        n
        for n in named
        if (tail := n.rpartition(".")[2]) not in METRICS and "did you mean" in did_you_mean(tail, METRICS)
    ]
    if slips:
        raise SuiteError([f"{file}: unknown metric {n!r}{did_you_mean(n.rpartition('.')[2], METRICS)}" for n in slips])
    return found


def waivers(file: Path) -> tuple[Waiver, ...]:
    """``waivers.toml``; none when there is no such file."""
    return _toml(file, _Waivers).waiver if file.exists() else ()


def _toml(file: Path, form: type[_T]) -> _T:
    try:
        return form.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SuiteError([f"{file}: {error}"]) from None
    except ValidationError as error:
        raise SuiteError([f"{file}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from None


# ---- judging


def judge(
    figures: Figures, limits: Bounds, comparison: Comparison | None, leave: Sequence[Waiver], today: date
) -> Outcome:  # fmt: skip
    """Every bound against the run; a suite that was not run makes its bounds n/a."""
    checks = [*_levels(figures, limits), *_times(figures, limits.latency, comparison)]
    waived: list[tuple[Flip, Waiver]] = []
    if comparison:
        live = {w.case: w for w in leave if w.until >= today}
        waived = [(f, live[f.key]) for f in comparison.broken if f.key in live]
        checks += [_flips(comparison, limits.regression, leave, today), *_drops(limits, comparison)]
    return Outcome(tuple(checks), tuple(waived))


def _levels(figures: Figures, limits: Bounds) -> Iterator[Check]:
    sides = [("floor", limits.floors), ("ceiling", limits.ceilings), ("Wilson low", limits.wilson_low)]
    for side, wanted in sides:
        for name, bound in wanted.items():
            found = _named(figures, name)
            if found is None:
                yield Check(name, "n/a", f"{side} {bound:g}: nothing to score")
                continue
            value = found.low if side == "Wilson low" else found.mean
            fine = value <= bound + _EPS if side == "ceiling" else value >= bound - _EPS
            yield Check(name, "ok" if fine else "fell", f"{value:.4f}, {side} {bound:g} (n {found.n})")


def _named(figures: Figures, name: str) -> Figure | None:
    """``suite.metric`` or ``metric``."""
    suite, dot, metric = name.rpartition(".")
    return figures.tables.get(suite if dot else ALL, {}).get(metric)


def _times(figures: Figures, limits: Speed, comparison: Comparison | None) -> Iterator[Check]:
    p95 = figures.latency.p95
    if limits.p95_ms is not None:
        yield Check("latency p95", "ok" if p95 <= limits.p95_ms else "fell", f"{p95:.1f} ms, at most {limits.p95_ms:g}")
    if limits.max_ratio is not None and comparison and comparison.baseline.latency.p95:
        alike = comparison.baseline.machine == machine(figures)
        ratio = p95 / comparison.baseline.latency.p95
        standing: Standing = "n/a" if not alike else "ok" if ratio <= limits.max_ratio else "fell"
        yield Check("latency ratio", standing, f"{ratio:.2f} of the baseline's p95, at most {limits.max_ratio:g}")


def _flips(comparison: Comparison, limits: Regression, leave: Sequence[Waiver], today: date) -> Check:
    live = {w.case for w in leave if w.until >= today}
    late = [w.case for w in leave if w.until < today]
    open_ = [f.key for f in comparison.broken if f.key not in live]
    says = f"{len(open_)} broken, at most {limits.allow_broken}"
    if open_:
        says += f": {', '.join(open_[:5])}" + (f" and {len(open_) - 5} more" if len(open_) > 5 else "")
    if late:
        says += f"; waivers that ran out: {', '.join(late)}"
    return Check("broken cases", "ok" if len(open_) <= limits.allow_broken else "fell", says)


def _drops(limits: Bounds, comparison: Comparison) -> Iterator[Check]:
    named = [*limits.floors, *limits.ceilings, *limits.wilson_low, *limits.regression.broken]
    gated = dict.fromkeys(n.rpartition(".")[2] for n in named)
    own = stats.holm({m: comparison.deltas[m].p for m in gated if m in comparison.deltas})
    for metric, p in own.items():
        delta = comparison.deltas[metric]
        drop = (delta.now - delta.before) * (1 if better_low(metric) else -1)
        fell = drop > limits.regression.max_drop + _EPS or (drop > _EPS and p < limits.regression.alpha)
        if fell:
            yield Check(
                f"{metric} drop",
                "fell",
                f"{delta.before:.4f} → {delta.now:.4f}, Holm p {p:.3g}; at most {limits.regression.max_drop:g}",
            )
