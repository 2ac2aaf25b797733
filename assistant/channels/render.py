"""Answers in, Markdown and HTML out: badge, text with links, evidence, proof. Pure, and everything is escaped.

`message` and `typed` are Markdown for a chat log, with every character that Markdown or HTML could act upon written
as an entity; the only links in them lead to our own citations. `evidence` and `scope` are HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.pack import Pack
    from assistant.types import Answer, Citation, Facts, Finding, Unit

_BADGES = {
    "supported": ("✔", "Supported"),
    "not_supported": ("✘", "Not supported"),
    "depends": ("?", "It depends"),
    "conflict": ("≠", "The documents disagree"),
    "not_stated": ("○", "Not stated"),
    "information": ("i", "From the documents"),
    "out_of_scope": ("–", "Out of scope"),
}
_SHOWN = 20
"""Answers whose evidence stays on the page: a long conversation must not grow it without end."""
_ECHO = 500
"""Characters of a question that are shown again."""
_ACTIVE = re.compile(r"[&<>*_`\[\]!#~\\$@|^={}+\"]|(?<=[a-zA-Z]):(?=//)|(?<=www)\.", re.IGNORECASE)
_MARK = re.compile(r"\[(\d{1,4})\]")
_RULER = re.compile(r"\|(?:-{3,}\|)+")
_START = re.compile(r"^(\s*\d{0,9})([-.)])")
_CELL = re.compile(r"(?<!\\)\|")
_MARKUP = re.compile(r"\*\*|__|`|!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation with its answer, or with the sentence that says why there is none."""

    question: str
    answer: Answer | None
    apology: str = ""


def badge(status: str, *, live: bool = False) -> str:
    """Icon, word and colour class of a status; `live` announces it to screen readers when it appears."""
    icon, word = _BADGES[status]
    role = ' role="status"' if live else ""
    return f'<span class="badge {status}"{role}><span aria-hidden="true">{icon}</span> {word}</span>'


# ---- the conversation: Markdown


def typed(question: str) -> str:
    """A question as it was typed, its beginning when it is long; no character of it acts as Markdown."""
    shown = question if len(question) <= _ECHO else question[:_ECHO].rstrip() + " …"
    return "\n".join(_literal(line.strip()) for line in shown.strip().splitlines())


def message(turn: Turn, number: int) -> str:
    """The reply of the `number`-th turn: badge, text with `[n]` links into the evidence, and what we ask back."""
    answer = turn.answer
    if answer is None:
        return _literal(turn.apology)
    parts = [badge(answer.status), _markdown(answer, number)]
    if answer.ask:
        parts.append(f"**{_literal(answer.ask.question)}**")
    return "\n\n".join(parts)


def chips(turn: Turn) -> tuple[str, ...]:
    """Words to choose from when a fact is missing; each is a complete next question."""
    ask = turn.answer.ask if turn.answer else None
    return tuple(words for _, words in ask.options) if ask else ()


def _literal(line: str) -> str:
    """One line without Markdown: list marks, headings and rulers lose their meaning, links stay words."""
    return _START.sub(lambda m: f"{m[1]}&#{ord(m[2])};", _escaped(line))


def _escaped(text: str) -> str:
    return _ACTIVE.sub(lambda m: f"&#{ord(m[0])};", text)


def _markdown(answer: Answer, number: int) -> str:
    """The text's own lists and tables stay, set apart by empty lines; marks of citations become links."""
    known = {c.marker for c in answer.citations}
    lines: list[str] = []
    before = ""
    for line in map(str.strip, answer.text.splitlines()):
        sort = _sort(line)
        if line and lines and lines[-1] and sort != before:
            lines.append("")
        lines.append(_line(line, sort, number, known))
        before = sort
    return "\n".join(lines)


def _sort(line: str) -> str:
    if line.startswith("|"):
        return "row"
    return "item" if re.match(r"- |\d{1,3}\. ", line) else "text"


def _line(line: str, sort: str, number: int, known: set[int]) -> str:
    if _RULER.fullmatch(line):
        return line
    if sort == "row":
        return "|".join(_linked(cell, number, known) for cell in line.split("|"))
    if sort == "item":
        mark, _, rest = line.partition(" ")
        return f"{mark} {_linked(rest, number, known)}"
    return _linked(line, number, known)


def _linked(text: str, number: int, known: set[int]) -> str:
    """Words escaped, and between them the marks of known citations as links."""
    first, *pieces = _MARK.split(text)
    done = _literal(first)
    for mark, words in zip(pieces[::2], pieces[1::2], strict=True):
        shown = f"&#91;{mark}&#93;"
        done += f"[{shown}](#{_anchor(number, int(mark))})" if int(mark) in known else shown
        done += _escaped(words)
    return done


def _anchor(number: int, marker: int) -> str:
    return f"src-{number}-{marker}"


# ---- the page's own parts: HTML


def scope(pack: Pack) -> str:
    """Title and the one line that says what the answers rest on."""
    return (
        f"<h1>{_h(pack.title)} assistant</h1>"
        f"<p>Answers only from {len(pack.sections)} sections of {_h(pack.title)}, "
        f"edition {_h(pack.edition_words)}, pack <code>{pack.digest[:12]}</code>.</p>"
    )


def evidence(pack: Pack, turns: Sequence[Turn]) -> str:
    """Proof and passages of every answer, the newest first and open, older ones folded."""
    answers = [(n, t.answer) for n, t in enumerate(turns, 1) if t.answer][-_SHOWN:]
    if answers:
        body = "".join(_answer(pack, a, n, newest=n == answers[-1][0]) for n, a in reversed(answers))
    else:
        body = "<p>The verdict, the rules that prove it and the exact passages they rest on will appear here.</p>"
    return f'<section aria-label="Evidence"><h2>Evidence</h2>{body}</section>'


def _answer(pack: Pack, answer: Answer, number: int, *, newest: bool) -> str:
    question = answer.question if len(answer.question) <= 120 else answer.question[:120].rstrip() + " …"
    parts = [
        f"<summary>{badge(answer.status, live=newest)} {_h(question)}</summary>",
        _understood(pack, answer),
        _proof(pack, answer.findings, number),
        *(_passage(pack, c, number) for c in answer.citations),
    ]
    return f'<details class="answer"{" open" if newest else ""}>{"".join(parts)}</details>'


def _understood(pack: Pack, answer: Answer) -> str:
    described = [(p.label, p.facts) for p in answer.parts] or [("", answer.facts)]
    lines = []
    for label, facts in described:
        lead = f"Understood ({_h(label)}): " if label else "Understood: "
        lines.append(f"<p>{lead}{facts_words(pack, facts) or 'no facts that decide anything'}.</p>")
    for name, value, why in answer.assumed:
        lines.append(f"<p>Assumed: {facts_words(pack, {name: (value,)})} ({_h(why)}).</p>")
    return "".join(lines)


def facts_words(pack: Pack, facts: Facts) -> str:
    """Facts as HTML: "<b>Location</b> on-premises, <b>Operating system</b> Windows or Linux"."""
    return ", ".join(
        f"<b>{_h(pack.dimensions[name].label if name in pack.dimensions else name)}</b> "
        f"{_h(' or '.join(pack.label(name, v) for v in values))}"
        for name, values in facts.items()
    )


# ---- the proof


def _proof(pack: Pack, findings: Sequence[Finding], number: int) -> str:
    """The deciding rules in order; those without a passage of their own below are folded."""
    if not findings:
        return ""
    cited = [f for f in findings if f.citation is not None]
    others = [f for f in findings if f.citation is None]
    folded = ""
    if others:
        words = "one more rule that spoke" if len(others) == 1 else f"{len(others)} more rules that spoke"
        folded = f"<details><summary>{words}</summary>{_rules(pack, others, number)}</details>"
    return f"<h3>Proof</h3>{_rules(pack, cited, number) if cited else ''}{folded}"


def _rules(pack: Pack, findings: Sequence[Finding], number: int) -> str:
    return f"<ol>{''.join(_finding(pack, f, number) for f in findings)}</ol>"


def _finding(pack: Pack, finding: Finding, number: int) -> str:
    """Facts → rule → status → [n], and what the rule says."""
    rule = pack.rule(finding.rule_id)
    steps = [
        facts_words(pack, rule.when) or "always",
        f"<code>{_h(finding.rule_id)}</code>",
        _outcome(pack, rule.decision, finding.status),
    ]
    if finding.citation is not None:
        steps.append(_jump(number, finding.citation))
    return f"<li>{' → '.join(steps)}<br>{_h(finding.message)}</li>"


def _outcome(pack: Pack, decision: str, status: str) -> str:
    if status in _BADGES:
        return badge(status)
    return f"<b>{_h(pack.label(pack.decisions[decision].outcome, status))}</b>"


def _jump(number: int, marker: int) -> str:
    return f'<a href="#{_anchor(number, marker)}">[{marker}]</a>'


# ---- the passages


def _passage(pack: Pack, citation: Citation, number: int) -> str:
    path = " › ".join(citation.heading_path)
    source = f"Edition {citation.edition}"
    link = f' · <a href="{_h(citation.url)}" target="_blank" rel="noopener noreferrer">open the public page of “{_h(citation.title)}”</a>'
    return (
        f'<article id="{_anchor(number, citation.marker)}" tabindex="-1">'
        f"<h3>[{citation.marker}] {_h(citation.title)}</h3>"
        f'<p class="path">{_h(path)}</p>{_context(pack, citation)}'
        f'<p class="path">{_h(source)}{link if citation.url.startswith(("https://", "http://")) else ""}</p></article>'
    )


def _context(pack: Pack, citation: Citation) -> str:
    """The quoted units, marked, with one unit before and one after from the same section."""
    units = [
        u
        for u in pack.document(pack.section(citation.section_id).document).units
        if u.section_id == citation.section_id
    ]
    touched = [n for n, u in enumerate(units) if u.start < citation.end and citation.start < u.end]
    if not touched:
        return f"<p><mark>{_plain(citation.quote)}</mark></p>"
    shown = units[max(0, touched[0] - 1) : touched[-1] + 2]
    return "".join(_block(group, citation) for group in _groups(shown))


def _groups(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    """Neighbours of one kind (and, of rows, of one table) together."""
    group: list[Unit] = []
    for unit in units:
        if group and (unit.kind, unit.header) != (group[0].kind, group[0].header):
            yield group
            group = []
        group.append(unit)
    if group:
        yield group


def _block(units: Sequence[Unit], citation: Citation) -> str:
    if units[0].kind == "row":
        return _table(units, citation)
    texts = [_marked(u.text, u.start, citation) for u in units]
    if units[0].kind == "item":
        return f"<ul>{''.join(f'<li>{t}</li>' for t in texts)}</ul>"
    return "".join(f"<p>{t}</p>" for t in texts)


def _table(rows: Sequence[Unit], citation: Citation) -> str:
    head = "".join(f'<th scope="col">{_plain(text)}</th>' for text, _ in _cells(rows[0].header, 0))
    body = "".join(
        f"<tr>{''.join(f'<td>{_marked(text, start, citation)}</td>' for text, start in _cells(r.text, r.start))}</tr>"
        for r in rows
    )
    return f'<div class="table" role="region" aria-label="Table" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(row: str, start: int) -> Iterator[tuple[str, int]]:
    """The cells of a table row, stripped, each with its place in the document."""
    at = 0
    for cell in _CELL.split(row):
        yield cell.strip(), start + at + len(cell) - len(cell.lstrip())
        at += len(cell) + 1


def _marked(text: str, start: int, citation: Citation) -> str:
    """Text that stands at `start` of the document, with the part that is quoted in a <mark>."""
    a, b = (min(max(offset - start, 0), len(text)) for offset in (citation.start, citation.end))
    if a >= b:
        return _plain(text)
    return f"{_plain(text[:a])}<mark>{_plain(text[a:b])}</mark>{_plain(text[b:])}"


def _plain(text: str) -> str:
    """Document text as HTML, its inline markup left out."""
    return _h(_MARKUP.sub(lambda m: m[1] or "", text))


def _h(text: str) -> str:
    """Escaped for HTML, and for the templates that Gradio's HTML component runs over its value."""
    return html.escape(text).replace("{", "&#123;").replace("$", "&#36;").replace("`", "&#96;")
