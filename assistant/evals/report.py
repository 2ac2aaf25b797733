"""Figures in, words out: the table of a terminal, the Markdown of a pull request, one case in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from assistant.evals.baseline import Comparison, Delta, Flip
from assistant.evals.detail import Detail, brief, detail, judged
from assistant.evals.figures import ALL, Figure, Figures
from assistant.evals.gate import Outcome
from assistant.evals.scorers import METRICS, better_low

_FIRST = (
    "right", "verdict", "dangerous_yes", "contradiction", "facts_f1", "quote_recall", "cite_precision", "nuggets_vital",
    "coverage@2%", "agreement", "ndcg@10", "standing", "killed", "false_alarm", "over_abstention", "quote_verbatim", "macro_f1",
    "final_verdict", "deterministic",
)  # fmt: skip
"""What a short table shows: the first thirteen of these that apply."""
_LINES = 13
_BAR = 20
_SHOWN = 10
"""Broken cases told in full on a terminal."""


@dataclass(frozen=True)
class Report:
    """A run as it is reported."""

    figures: Figures
    comparison: Comparison | None = None
    outcome: Outcome | None = None

    @property
    def title(self) -> str:
        """Which run of what, on what."""
        about = self.figures.run.about
        return f"{about.get('target')} on {', '.join(s.name for s in self.figures.run.suites)}"

    @property
    def counts(self) -> str:
        """How much was scored."""
        rows = self.figures.rows
        fates = Counter(judged(r) for r in rows)
        parts = [
            f"{len({r.id for r in rows})} cases",
            f"{len(rows) - fates['unscored']} answers judged",
            f"{fates['wrong']} not right",
        ]
        parts += (
            [f"{fates['unscored']} unscored, as the target does not say what they need"] if fates["unscored"] else []
        )
        return ", ".join(parts + ([f"{len(self.figures.errors)} errors"] if self.figures.errors else []))


def headline(figures: Figures) -> list[str]:
    """The metrics of the short table."""
    return [m for m in _FIRST if m in figures.tables[ALL]][:_LINES]


def terminal(report: Report) -> str:
    """Thirteen lines of figures, the gate, then the broken cases."""
    lines = [f"{report.title}: {report.counts}", "", *_table(report, headline(report.figures))]
    if report.comparison:
        lines += ["", _against(report.comparison)]
    if report.outcome:
        lines += ["", *_gate(report.outcome)]
    return "\n".join([*lines, *_broken(report)])


def compared(report: Report) -> str:
    """Every metric that two runs have, and the cases that differ."""
    comparison = report.comparison
    if comparison is None:
        return ""
    lines = [f"{'':18}{comparison.baseline.name[:12]:>13}{'now':>10}{'Δ':>9}{'p':>8}"]
    lines += [
        f"{d.metric:18}{d.before:13.4f}{d.now:10.4f}{d.now - d.before:+9.4f}{d.p:8.3f}"
        for d in comparison.deltas.values()
    ]
    lines += ["", _against(comparison)]
    lines += [f"fixed   {f.key} ({', '.join(f.metrics)})" for f in comparison.fixed]
    return "\n".join([*lines, *_broken(report)])


def told(report: Report) -> dict[str, object]:
    """Comparison and gate as JSON; what was not asked for is left out."""
    found: dict[str, object] = {}
    if report.comparison:
        one = report.comparison
        found["comparison"] = {
            "baseline": one.baseline.name, "changed": one.changed, "new": one.new, "gone": one.gone,
            "broken": [asdict(f) for f in one.broken], "fixed": [asdict(f) for f in one.fixed],
            "deltas": [asdict(d) for d in one.deltas.values()],
        }  # fmt: skip
    if report.outcome:
        found["gate"] = {"passed": report.outcome.passed, **asdict(report.outcome)}
    return found


def _table(report: Report, metrics: Sequence[str]) -> Iterator[str]:
    straw = report.figures.straw
    yield f"{'':16}{'n':>6}{'mean':>8}  {'0':<{_BAR // 2}}95 %{'1':>{_BAR // 2 - 4}}{'Δ':>9}{'p':>7}  best straw man"
    for metric in metrics:
        found = report.figures.tables[ALL][metric]
        delta = report.comparison.deltas.get(metric) if report.comparison else None
        means = [s[metric] for s in straw.values() if metric in s]
        best = f"{(min if better_low(metric) else max)(means):.3f}" if means else ""
        yield f"{metric:16}{found.n:6}{found.mean:8.4f}  {_bar(found)}{_changed(delta)}  {best}"


def _bar(found: Figure) -> str:
    low, mean, high = (round(max(0.0, x) * (_BAR - 1)) for x in (found.low, found.mean, found.high))
    return "".join("●" if i == mean else "─" if low <= i <= high else "·" for i in range(_BAR))


def _changed(delta: Delta | None) -> str:
    if delta is None:
        return f"{'':9}{'':7}"
    return f"{delta.now - delta.before:+9.4f}{delta.p:7.3f}"


def _against(comparison: Comparison) -> str:
    parts = [f"{len(comparison.broken)} broken", f"{len(comparison.fixed)} fixed"]
    parts += [
        f"{n} {word}"
        for n, word in ((comparison.changed, "rewritten"), (comparison.new, "new"), (comparison.gone, "gone"))
        if n
    ]
    return f"against {comparison.baseline.name}: {', '.join(parts)}"


def _gate(outcome: Outcome) -> Iterator[str]:
    fell = [c for c in outcome.checks if c.standing == "fell"]
    yield f"gate: {'passed' if outcome.passed else 'fell'} ({len(outcome.checks) - len(fell)} of {len(outcome.checks)} checks hold)"
    yield from (f"  fell  {c.name}: {c.says}" for c in fell)
    yield from (f"  waived until {w.until}  {f.key}: {w.reason}" for f, w in outcome.waived)


def _broken(report: Report) -> Iterator[str]:
    flips = report.comparison.broken if report.comparison else ()
    for flip in flips[:_SHOWN]:
        yield f"\nbroken  {flip.key} ({', '.join(flip.metrics)})"
        yield from (f"  {line}" for line in brief(detail(report.figures, flip.key)))
    if len(flips) > _SHOWN:
        yield f"\nand {len(flips) - _SHOWN} more broken: {', '.join(f.key for f in flips[_SHOWN:])}"
    for row in report.figures.errors[:_SHOWN]:
        yield f"\nerror   {row.key}: {row.error}"


def full(found: Detail, scores: Sequence[tuple[str, float]]) -> str:
    """A case with everything that is known of it."""
    parts = [
        ("asked", [("", t) for t in found.turns]),
        ("wrong", [("", f) for f in found.faults]),
        ("expected", found.expected),
    ]
    parts += [
        ("said", found.said),
        ("understood", [("", r) for r in found.read]),
        ("rules", [("", r) for r in found.rules]),
    ]
    parts += [("cited", found.quotes), ("scores", [(name, f"{value:g}") for name, value in scores])]
    lines = [found.key]
    for title, body in parts:
        if body:
            lines += ["", title, *(f"  {label + ': ' if label else ''}{text}" for label, text in body)]
    return "\n".join(lines)


# ---- Markdown


def markdown(report: Report) -> str:
    """For a pull request: the verdict first, then what broke, then figures; every case that is not right is folded."""
    figures, outcome = report.figures, report.outcome
    verdict = "" if outcome is None else " ✅ gate passed" if outcome.passed else " ❌ gate fell"
    lines = [f"## Evaluation: {_cell(report.title)}{verdict}", "", report.counts + ".", ""]
    if outcome:
        lines += [f"- **{_cell(c.name)}**: {_cell(c.says)}" for c in outcome.checks if c.standing == "fell"]
        lines += [f"- waived until {w.until}: `{f.key}`, {_cell(w.reason)}" for f, w in outcome.waived] + [""]
    if report.comparison:
        lines += [_cell(_against(report.comparison).capitalize()) + ".", ""]
        lines += [line for flip in report.comparison.broken for line in _item(report.figures, flip)] + [""]
    lines += [*_figures(report), "", *_straw(figures), ""]
    wrong = [r.key for r in figures.rows if judged(r) == "wrong"]
    lines += [f"<details><summary>{len(wrong)} cases that are not right</summary>", ""]
    lines += [f"- `{key}`: {_cell('; '.join(detail(figures, key).faults))}" for key in wrong]
    return "\n".join([*lines, "", "</details>", ""])


def _item(figures: Figures, flip: Flip) -> Iterator[str]:
    yield f"- broken: `{flip.key}` ({', '.join(flip.metrics)})"
    yield from (f"  - {_cell(line)}" for line in brief(detail(figures, flip.key)))


def _figures(report: Report) -> Iterator[str]:
    yield "| metric | n | mean | 95 % | Δ | p | |"
    yield "|---|---|---|---|---|---|---|"
    for metric, found in report.figures.tables[ALL].items():
        delta = report.comparison.deltas.get(metric) if report.comparison else None
        change = f"{delta.now - delta.before:+.4f} | {delta.p:.3f}" if delta else " | "
        about = METRICS[metric].about if metric in METRICS else ""
        yield f"| {metric} | {found.n} | {found.mean:.4f} | {found.low:.3f} to {found.high:.3f} | {change} | {about} |"


def _straw(figures: Figures) -> Iterator[str]:
    """What the same code gives to answers that know nothing."""
    metrics = headline(figures)
    yield "| straw man | " + " | ".join(metrics) + " |"
    yield "|---" * (len(metrics) + 1) + "|"
    for name, means in figures.straw.items():
        yield f"| {name} | " + " | ".join(f"{means[m]:.3f}" if m in means else "" for m in metrics) + " |"


def _cell(text: str) -> str:
    """Words of others, on one line, without any mark of Markdown or HTML taking effect."""
    for mark in "\\`*_[]|#~":
        text = text.replace(mark, f"\\{mark}")
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("@", "@\u200b")
