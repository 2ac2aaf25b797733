"""Figures in, inline SVG and tables out. Colours come from the page's style sheet, numbers always stand beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

from assistant.evals import stats
from assistant.evals.figures import Figure, Latency, Table
from assistant.evals.scorers import better_low
from assistant.evals.stats import Bin, Point

_WIDE, _HIGH = 260, 22
_PLOT_WIDE, _PLOT_HIGH = 560, 190
_BINS = 40
_ROWS = 40
"""Rows of the heat map; a suite's rarer tags are in the cases themselves."""


def interval(found: Figure, before: float | None, straw: Mapping[str, float], label: str) -> str:
    """Mean and interval on a line from 0 to 1, the baseline as a tick, straw men as small circles."""

    def x(value: float) -> float:
        return round(6 + min(1.0, max(0.0, value)) * (_WIDE - 12), 1)

    middle = _HIGH / 2
    parts = [f'<line class="axis" x1="6" x2="{_WIDE - 6}" y1="{middle}" y2="{middle}"/>']
    parts += [
        f'<circle class="straw" cx="{x(v)}" cy="{middle}" r="3"><title>{escape(n)}: {v:.3f}</title></circle>'
        for n, v in straw.items()
    ]
    parts.append(f'<line class="range" x1="{x(found.low)}" x2="{x(found.high)}" y1="{middle}" y2="{middle}"/>')
    if before is not None:
        parts.append(f'<line class="before" x1="{x(before)}" x2="{x(before)}" y1="2" y2="{_HIGH - 2}"/>')
    parts.append(f'<circle class="mean" cx="{x(found.mean)}" cy="{middle}" r="5"/>')
    said = f"{label}: {found.mean:.3f}, 95 % from {found.low:.3f} to {found.high:.3f}"
    return _svg(_WIDE, _HIGH, said, parts)


def confusion(counts: Mapping[str, Mapping[str, int]], order: Sequence[str]) -> str:
    """Rows: what was right. Columns: what was said."""
    said = [s for s in order if any(s in row for row in counts.values())]
    head = "".join(f'<th scope="col">{_words(s)}</th>' for s in said)
    lines = []
    for gold in (g for g in order if g in counts):
        total = sum(counts[gold].values())
        cells = "".join(_count(counts[gold].get(s, 0), total, gold == s) for s in said)
        lines.append(f'<tr><th scope="row">{_words(gold)}</th>{cells}<td class="sum">{total}</td></tr>')
    return (
        f'<table class="grid"><thead><tr><td>right ↓ said →</td>{head}<th scope="col">all</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _count(n: int, total: int, right: bool) -> str:
    if not n:
        return '<td class="none">0</td>'
    return f'<td class="{"hit" if right else "miss"} s{_shade(n / total)}">{n}</td>'


def reliability(found: Table, order: Sequence[str]) -> str:
    """For each status that was said, how often it was right, with its interval."""
    lines = [
        f'<tr><th scope="row">{_words(s)}</th><td class="num">{f.n}</td><td class="num">{f.mean:.3f}</td>'
        f"<td>{interval(f, None, {}, f'right when it said {_words(s)}')}</td></tr>"
        for s in order
        if (f := found.get(s))
    ]
    head = '<th scope="col">said</th><th scope="col">times</th><th scope="col">right</th><th scope="col">0 to 1, with 95 %</th>'
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def risk(points: Sequence[Point]) -> str:
    """The coverage-risk curve: a step for each confidence, with the 2 % line and the risk of answering everything."""
    floor, top = _PLOT_HIGH - 34, max(0.04, *(p.risk for p in points))

    def x(coverage: float) -> float:
        return round(44 + coverage * (_PLOT_WIDE - 64), 1)

    def y(share: float) -> float:
        return round(floor - share / top * (floor - 14), 1)

    parts = [f'<line class="axis" x1="{x(0)}" x2="{x(1)}" y1="{floor}" y2="{floor}"/>']
    parts += [f'<text x="{x(c)}" y="{floor + 16}" text-anchor="middle">{c:.0%}</text>' for c in (0, 0.25, 0.5, 0.75, 1)]
    parts += [f'<text x="{x(0) - 6}" y="{y(r) + 4}" text-anchor="end">{r:.1%}</text>' for r in (0, top / 2, top)]
    parts.append(f'<line class="bound" x1="{x(0)}" x2="{x(1)}" y1="{y(0.02)}" y2="{y(0.02)}"/>')
    parts.append(f'<polyline class="curve" points="{" ".join(f"{x(p.coverage)},{y(p.risk)}" for p in points)}"/>')
    parts += [
        f'<circle class="mean" cx="{x(p.coverage)}" cy="{y(p.risk)}" r="3"><title>from confidence {p.confidence:.2f}: '
        f"{p.coverage:.1%} answered, {p.risk:.2%} of them wrong</title></circle>"
        for p in points
    ]
    said = f"risk by coverage: {points[-1].risk:.2%} wrong when all are answered, {points[0].risk:.2%} of the surest {points[0].coverage:.0%}"
    return _svg(_PLOT_WIDE, _PLOT_HIGH, said, parts)


def calibration(bins: Sequence[Bin]) -> str:
    """For each tenth of confidence, how often it was right, with its interval."""
    lines = []
    for b in bins:
        found = Figure(b.n, b.right, *stats.wilson(b.right * b.n, b.n))
        drawn = interval(found, b.confidence, {}, f"right at confidence {b.confidence:.2f}")
        cells = f'<td class="num">{b.n}</td><td class="num">{b.right:.3f}</td><td>{drawn}</td>'
        lines.append(f'<tr><th scope="row">{b.confidence:.2f}</th>{cells}</tr>')
    heads = ("confidence", "times", "right", "0 to 1, with 95 %, | confidence")
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def latency(seconds: Sequence[float], marks: Latency) -> str:
    """How many turns took how long, on a logarithmic scale, with the percentiles marked."""
    values = [log10(max(1e-5, s)) for s in seconds]
    low, high = min(values), max(values) + 1e-9
    counts = [0] * _BINS
    for value in values:
        counts[min(_BINS - 1, int((value - low) / (high - low) * _BINS))] += 1
    top, floor = max(counts), _PLOT_HIGH - 34
    wide = (_PLOT_WIDE - 20) / _BINS

    def x(exponent: float) -> float:
        return 10 + (exponent - low) / (high - low) * (_PLOT_WIDE - 20)

    parts = [
        f'<rect class="bar" x="{10 + n * wide:.1f}" y="{floor - c / top * (floor - 26):.1f}" width="{wide - 1:.1f}" height="{c / top * (floor - 26):.1f}"/>'
        for n, c in enumerate(counts)
        if c
    ]
    parts.append(f'<line class="axis" x1="10" x2="{_PLOT_WIDE - 10}" y1="{floor}" y2="{floor}"/>')
    for tick in range(-5, 3):
        if low <= tick <= high:
            place = min(_PLOT_WIDE - 24, max(24, x(tick)))
            parts.append(f'<text x="{place:.1f}" y="{floor + 16}" text-anchor="middle">{_time(10**tick)}</text>')
    for row, (name, value) in enumerate((("p50", marks.p50), ("p95", marks.p95), ("p99", marks.p99))):
        place = x(min(high, max(low, log10(max(1e-5, value / 1000)))))
        anchor = "end" if place > _PLOT_WIDE - 120 else "start"
        parts.append(f'<line class="before" x1="{place:.1f}" x2="{place:.1f}" y1="{8 + row * 14}" y2="{floor}"/>')
        shift = -4 if anchor == "end" else 4
        parts.append(
            f'<text x="{place + shift:.1f}" y="{14 + row * 14}" text-anchor="{anchor}">{name} {value:.1f} ms</text>'
        )
    return _svg(
        _PLOT_WIDE, _PLOT_HIGH, f"turns by time: p50 {marks.p50} ms, p95 {marks.p95} ms, p99 {marks.p99} ms", parts
    )


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def heat(what: str, tables: Mapping[str, Table], metrics: Sequence[str]) -> str:
    """Rows: tags or suites (`what`). Columns: metrics; the darker the further from what is best. A row's name filters the cases."""
    head = "".join(f'<th scope="col">{_words(m)}</th>' for m in metrics)
    lines = []
    for name, table in list(tables.items())[:_ROWS]:
        cells = "".join(_warm(table.get(m), better_low(m)) for m in metrics)
        button = f'<button type="button" data-{what}="{escape(name)}">{escape(name)}</button>'
        lines.append(f'<tr><th scope="row">{button}</th>{cells}</tr>')
    return f'<table class="grid"><thead><tr><td>{what}</td>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def _warm(found: Figure | None, low: bool) -> str:
    if found is None:
        return '<td class="none">–</td>'
    loss = found.mean if low else 1 - found.mean
    shade = f"miss s{_shade(loss)}" if loss > 0.0005 else "hit s1"
    return f'<td class="{shade}" title="n {found.n}, {found.low:.3f} to {found.high:.3f}">{found.mean:.2f}</td>'


def _shade(share: float) -> int:
    """1 (faint) to 4."""
    return 1 + sum(share > bound for bound in (0.1, 0.3, 0.6))


def _words(status: str) -> str:
    return escape(status.replace("_", " "))


def _svg(wide: int, high: int, label: str, parts: Sequence[str]) -> str:
    return f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">{"".join(parts)}</svg>'


def straw(tables: Mapping[str, Mapping[str, float]], metrics: Sequence[str]) -> str:
    """What answers that know nothing would score."""
    head = "".join(f'<th scope="col">{_words(m)}</th>' for m in metrics)
    lines = []
    for name, means in tables.items():
        cells = "".join(
            f'<td class="num">{means[m]:.2f}</td>' if m in means else '<td class="none">–</td>' for m in metrics
        )
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    return (
        f'<table class="grid"><thead><tr><td>straw man</td>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )
