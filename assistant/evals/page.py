"""A report in, one HTML file out: no network, light and dark, usable by keyboard; what it quotes cannot take effect."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files

from assistant.evals import plots, stats
from assistant.evals.detail import Detail, detail, judged
from assistant.evals.figures import ALL, Row
from assistant.evals.form import STATUSES
from assistant.evals.report import Report, headline
from assistant.evals.scorers import METRICS

_MARKS = {"right": ("right", "good"), "wrong": ("not right", "warn"), "unscored": ("not scored", "soft")}
_LONG = 200
"""Characters of a question on a case's first line."""
_QUOTES = 12
"""Quotes shown of a case; ours cite six at most."""


def page(report: Report) -> str:
    """The whole file."""
    style, script = _asset("page.css"), _asset("page.js")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    body = "\n".join(
        [
            *_head(report),
            "<main>",
            *_gate(report),
            *_figures(report),
            *_statuses(report),
            *_rest(report),
            *_cases(report),
            "</main>",
        ]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Evaluation: {escape(report.title)}</title><style>{style}</style></head>\n<body>\n{body}\n<script>{script}</script></body></html>\n"
    )  # fmt: skip


def _asset(name: str) -> str:
    return (files("assistant.evals") / name).read_text(encoding="utf-8")


def _head(report: Report) -> Iterator[str]:
    about, outcome = report.figures.run.about, report.outcome
    yield f"<header><h1>Evaluation: {escape(report.title)}</h1>"
    yield f"<p>{escape(report.counts)}.</p>"
    if outcome:
        word, tone = ("gate passed", "good") if outcome.passed else ("gate fell", "bad")
        yield f'<p><span class="verdict {tone}">{word}</span></p>'
    facts = [
        *_texts(about.get("packs")),
        f"version {about.get('version') or '?'}",
        f"commit {about.get('git') or '?'}",
        f"{about.get('started')}",
    ]
    facts += [f"Python {about.get('python')}, {about.get('machine')}, {about.get('cores')} cores"]
    yield f'<p class="soft">{escape(" · ".join(facts))}</p></header>'


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list | tuple) else []


def _gate(report: Report) -> Iterator[str]:
    if report.outcome:
        tones = {"ok": "good", "fell": "bad", "n/a": "soft"}
        lines = [
            f'<tr><th scope="row">{escape(c.name)}</th><td class="{tones[c.standing]}">{c.standing}</td><td class="about">{escape(c.says)}</td></tr>'
            for c in sorted(report.outcome.checks, key=lambda c: c.standing != "fell")
        ]
        yield _wide("Gate", _table(["bound", "holds", "found"], lines))
        yield from _list(
            "Waived", (f"{escape(f.key)} until {w.until}: {escape(w.reason)}" for f, w in report.outcome.waived)
        )
    if report.comparison:
        found = report.comparison
        yield f"<h2>Against {escape(found.baseline.name)}</h2>"
        yield f"<p>{len(found.broken)} broken, {len(found.fixed)} fixed, {found.changed} rewritten, {found.new} new, {found.gone} gone.</p>"
        for word, flips in (("Broken", found.broken), ("Fixed", found.fixed)):
            yield from _list(
                word,
                (f'<a href="#{escape(f.key)}">{escape(f.key)}</a> ({escape(", ".join(f.metrics))})' for f in flips),
            )


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = "".join(f"<li>{item}</li>" for item in items)
    if lines:
        yield f"<h3>{title}</h3><ul>{lines}</ul>"


def _wide(title: str, table: str, about: str = "") -> str:
    """A table under its title, that scrolls by itself where the screen is narrow, also by keyboard."""
    note = f'<p class="soft">{about}</p>' if about else ""
    return f'<h2>{title}</h2>{note}<div class="wide" tabindex="0" role="region" aria-label="{title}">{table}</div>'


def _table(heads: Sequence[str], lines: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def _figures(report: Report) -> Iterator[str]:
    figures, comparison = report.figures, report.comparison
    about = "● mean, bar: 95 % interval by case, ○ straw men that know nothing" + (", | baseline" if comparison else "")
    heads = ["metric", "n", "mean", "0 to 1", *(["Δ", "p"] if comparison else []), "what it says"]
    yield _wide("Figures", _table(heads, [_metric(report, m) for m in figures.tables[ALL]]), about)
    short, suites = headline(figures), {name: t for name, t in figures.tables.items() if name != ALL}
    if len(suites) > 1:
        yield _wide("By suite", plots.heat("suite", suites, short))
    yield _wide(
        "Straw men", plots.straw(figures.straw, short), "What the same code gives to answers that know nothing."
    )


def _metric(report: Report, metric: str) -> str:
    figures, comparison = report.figures, report.comparison
    found, delta = figures.tables[ALL][metric], comparison.deltas.get(metric) if comparison else None
    straw = {name: means[metric] for name, means in figures.straw.items() if metric in means}
    cells = [f'<td class="num">{found.n}</td><td class="num">{found.mean:.3f}</td>']
    cells.append(f"<td>{plots.interval(found, delta.before if delta else None, straw, metric)}</td>")
    if delta:
        cells.append(f'<td class="num">{delta.now - delta.before:+.3f}</td><td class="num">{delta.p:.3f}</td>')
    elif comparison:
        cells.append("<td></td><td></td>")
    about = METRICS[metric].about if metric in METRICS else ""
    return f'<tr><th scope="row">{escape(metric)}</th>{"".join(cells)}<td class="about">{escape(about)}</td></tr>'


def _statuses(report: Report) -> Iterator[str]:
    figures = report.figures
    if figures.confusion:
        yield _wide("What was right, and what was said", plots.confusion(figures.confusion, STATUSES))
        yield _wide("How far each status can be trusted", plots.reliability(figures.reliability, STATUSES))
    if figures.sure:
        about = "Across: the share of the questions that is answered, the surest first. Up: the share of those that is wrong. Dashed: 2 %."
        yield _wide("Answering only when sure", plots.risk(stats.risk_coverage(figures.sure)), about)
        yield _wide("Confidence, and what was right", plots.calibration(stats.calibration(figures.sure)))


def _rest(report: Report) -> Iterator[str]:
    figures = report.figures
    if figures.seconds:
        yield _wide("Time per turn", plots.latency(figures.seconds, figures.latency))
    if figures.tags:
        yield _wide("By tag", plots.heat("tag", figures.tags, headline(figures)))


# ---- the cases


def _cases(report: Report) -> Iterator[str]:
    rows = report.figures.rows
    broken = {f.key for f in report.comparison.broken} if report.comparison else set()
    suites = "".join(f"<option>{escape(s.name)}</option>" for s in report.figures.run.suites)
    tags = "".join(f"<option>{escape(t)}</option>" for t in sorted({t for r in rows for t in r.tags}))
    kinds = [
        ("wrong", "not right"),
        *([("broken", "broken")] if broken else []),
        ("right", "right"),
        ("unscored", "not scored"),
        ("all", "all"),
    ]
    options = "".join(f'<option value="{value}">{text}</option>' for value, text in kinds)
    yield (
        '<h2 id="cases">Cases</h2><div class="filter" role="search"><label>Words<input id="words" type="search" autocomplete="off"></label>'
        f'<label>Which<select id="which">{options}</select></label>'
        f'<label>Suite<select id="suite"><option value="">all</option>{suites}</select></label>'
        f'<label>Tag<select id="tag"><option value="">all</option>{tags}</select></label>'
        '<span id="count" role="status" class="soft"></span></div>'
    )
    for row in rows:
        yield _case(row, detail(report.figures, row.key), row.key in broken)


def _case(row: Row, found: Detail, broken: bool) -> str:
    fate = judged(row)
    right = fate == "right"
    kinds = " ".join([fate, *(["broken"] if broken else [])])
    word, tone = ("broken", "bad") if broken else _MARKS[fate]
    mark = f'<span class="mark {tone}">{word}</span>'
    asked = escape(found.turns[-1][:_LONG])
    parts: list[tuple[str, Sequence[str]]] = [
        ("Asked", found.turns if len(found.turns) > 1 or len(found.turns[-1]) > _LONG else ()),
        ("Wrong", found.faults),
        ("Expected", [] if right else [f"{label}: {text}" for label, text in found.expected]),
        ("Said", [f"{label}: {text}" for label, text in found.said]),
        ("Understood", found.read),
        ("Rules", found.rules),
    ]
    blocks = "".join(_block(title, lines) for title, lines in parts)
    if found.quotes:
        quotes = "".join(
            f"<blockquote>{escape(q)}<br><span class='soft'>{escape(s)}</span></blockquote>"
            for s, q in found.quotes[:_QUOTES]
        )
        blocks += f"<div><h3>Cited ({len(found.quotes)})</h3>{quotes}</div>"
    scores = [] if right else [f"{name} {value:g}" for name, value in row.scores.items()]
    blocks += _block("Scores", scores)
    return (
        f'<details class="case" id="{escape(row.key)}" data-is="{kinds}" data-suite="{escape(row.suite)}" data-tags="{escape("|".join(row.tags))}">'
        f'<summary>{mark}{asked} <code>{escape(row.key)}</code></summary><div class="inside">{blocks}</div></details>'
    )


def _block(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<div><h3>{title}</h3><ul>{items}</ul></div>" if items else ""
