"""The support matrix as a heat map: two dimensions of a decision, the rest pinned; a cell opens its proof. Pure HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from assistant.channels.evidence import proof
from assistant.channels.markup import BADGES, badge, chooser, escape, facts_words, hidden, href, prose, table
from assistant.matrix import Matrix, axes, facts_of, matrix

if TYPE_CHECKING:
    from assistant.engine import Assistant
    from assistant.pack import Pack
    from assistant.types import Facts, Verdict

_PIN = "at."
"""What the names of pinned dimensions begin with in a query."""
_OPEN = "any"


def explore(helper: Assistant, fields: Mapping[str, str]) -> str:
    """The view for a query: ``decision``, ``rows``, ``columns``, ``at.<dimension>`` and the ``cell`` to prove.

    Names that the pack does not have are passed over.
    """
    pack = helper.pack
    decision = fields.get("decision", "")
    decision = decision if decision in pack.decisions else pack.main
    if not decision:
        return f'<section aria-label="Explore"><h2>Explore</h2>{_NONE}</section>'
    rows, columns = _axes(helper, decision, fields)
    pinned = _pinned(helper, decision, fields, (rows, columns))
    shown = matrix(helper.checker, decision, rows, columns, pinned)
    chosen = _cell(shown, fields.get("cell", ""))
    here = _here(shown, pinned)
    return (
        f'<section aria-label="Explore"><h2>What the rules say of {escape(pack.decisions[decision].label)}</h2>'
        f"{_controls(helper, shown, pinned)}{_map(pack, shown, here, chosen)}{_legend(pack, shown)}"
        f"{_proof(helper, shown, pinned, chosen) if chosen else _HINT}</section>"
    )


_NONE = "<p>This pack decides nothing: there are no rules to lay out.</p>"
_HINT = '<p class="path">Choose a cell to see the rules and the passages that prove it.</p>'


def _domains(helper: Assistant, decision: str) -> list[str]:
    return list(helper.checker.space(decision).domains)


def _axes(helper: Assistant, decision: str, fields: Mapping[str, str]) -> tuple[str, str]:
    names, (rows, columns) = _domains(helper, decision), axes(helper.checker, decision)
    rows = fields.get("rows", rows) if fields.get("rows") in names else rows
    columns = fields.get("columns", columns) if fields.get("columns") in names else columns
    if rows == columns:
        columns = next((n for n in names if n != rows), "")
    return rows, columns


def _pinned(helper: Assistant, decision: str, fields: Mapping[str, str], used: tuple[str, str]) -> Facts:
    found = {}
    for name in _domains(helper, decision):
        value = fields.get(_PIN + name, "")
        if name not in used and value in helper.pack.dimensions[name].names:
            found[name] = (value,)
    return found


def _cell(shown: Matrix, text: str) -> tuple[str, str] | None:
    row, _, column = text.partition(",")
    return (row, column) if text and (row, column) in shown.cells else None


def _here(shown: Matrix, pinned: Facts) -> tuple[tuple[str, str], ...]:
    pins = tuple((_PIN + n, v[0]) for n, v in pinned.items())
    return (
        ("tab", "explore"),
        ("decision", shown.decision),
        ("rows", shown.rows),
        ("columns", shown.columns),
        *pins,
    )


def _controls(helper: Assistant, shown: Matrix, pinned: Facts) -> str:
    pack, names = helper.pack, _domains(helper, shown.decision)
    decisions = [(d.id, d.label) for d in pack.decisions.values()]
    labels = [(n, pack.dimensions[n].label) for n in names]
    parts = [chooser("decision", "Decision", decisions, shown.decision)]
    if shown.columns:
        parts += [
            chooser("rows", "Rows", labels, shown.rows),
            chooser("columns", "Columns", labels, shown.columns),
        ]
    for name in names:
        if name not in (shown.rows, shown.columns):
            values = [("", _OPEN), *((v.name, v.label) for v in pack.dimensions[name].values)]
            parts.append(chooser(_PIN + name, pack.dimensions[name].label, values, pinned.get(name, ("",))[0]))
    return f'<form data-go data-live class="controls" aria-label="What to lay out">{hidden(tab="explore")}{"".join(parts)}</form>'


def _map(pack: Pack, shown: Matrix, here: tuple[tuple[str, str], ...], chosen: tuple[str, str] | None) -> str:
    rows = list(dict.fromkeys(r for r, _ in shown.cells))
    columns = list(dict.fromkeys(c for _, c in shown.cells))
    corner = " / ".join(escape(pack.dimensions[a].label) for a in (shown.rows, shown.columns) if a)
    head = "".join(f'<th scope="col">{_label(pack, shown.columns, c)}</th>' for c in columns)
    body = "".join(
        f'<tr><th scope="row">{_label(pack, shown.rows, r)}</th>'
        + "".join(_td(pack, shown, (r, c), here, now=(r, c) == chosen) for c in columns)
        + "</tr>"
        for r in rows
    )
    inner = f"<thead><tr><td>{corner}</td>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="heat">{table(inner, "Verdicts")}</div>'


def _label(pack: Pack, axis: str, value: str) -> str:
    return escape(pack.label(axis, value)) if axis else "verdict"


def _td(pack: Pack, shown: Matrix, cell: tuple[str, str], here: tuple[tuple[str, str], ...], *, now: bool) -> str:
    verdict = shown.cells[cell]
    kind, icon, words = _look(pack, verdict)
    current = ' aria-current="true"' if now else ""
    target = href(*here, ("cell", ",".join(cell)))
    return f'<td class="{kind}"><a href="{target}"{current}><span aria-hidden="true">{icon}</span> {escape(words)}</a></td>'


def _look(pack: Pack, verdict: Verdict) -> tuple[str, str, str]:
    """Colour class, icon and word of a cell."""
    if verdict.impossible:
        return "impossible", "∅", "Cannot be"
    if verdict.status == "information":
        values = [v.name for v in pack.dimensions[pack.decisions[verdict.decision].outcome].values]
        place = values.index(verdict.outcome) if verdict.outcome in values else 0
        return f"value v{place % 6}", "●", pack.label(pack.decisions[verdict.decision].outcome, verdict.outcome)
    icon, word = BADGES[verdict.status]
    return verdict.status, icon, "They disagree" if verdict.status == "conflict" else word


def _legend(pack: Pack, shown: Matrix) -> str:
    count = Counter(_look(pack, verdict)[1:] for verdict in shown.cells.values())
    words = ", ".join(f"{n} {icon} {word.lower()}" for (icon, word), n in count.items())
    return f'<p class="path">{len(shown.cells)} cells: {escape(words)}.</p>'


def _proof(helper: Assistant, shown: Matrix, pinned: Facts, cell: tuple[str, str]) -> str:
    facts = facts_of(shown.rows, shown.columns, cell, pinned)
    answer = helper.decide(shown.decision, facts)
    return (
        f'<article class="opened"><h3 tabindex="-1" data-here>{badge(answer.status)} '
        f"{facts_words(helper.pack, facts) or 'always'}</h3>{prose(answer.text, 0)}{proof(helper.checker, answer, 0)}</article>"
    )
