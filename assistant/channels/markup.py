"""The pieces of HTML that all parts of the page are made of. Pure, and everything is escaped.

Inside the page every place is a link to a query (``?tab=explore&decision=…``), so each can be kept, sent and gone
back to; what a query shows depends on nothing else.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from assistant.pack import Pack
    from assistant.types import Facts, Unit

Span = tuple[int, int]
"""Start and end in a document."""
BADGES = {
    "supported": ("✔", "Supported"),
    "not_supported": ("✘", "Not supported"),
    "depends": ("?", "It depends"),
    "conflict": ("≠", "The documents disagree"),
    "not_stated": ("○", "Not stated"),
    "information": ("i", "From the documents"),
    "out_of_scope": ("–", "Out of scope"),
}
NOWHERE: Span = (0, 0)
_CELL = re.compile(r"(?<!\\)\|")
_MARKUP = re.compile(r"\*\*|__|`|!?\[([^\]]*)\]\([^)]*\)")
_MARK = re.compile(r"\[(\d{1,4})\]")


def escape(text: str) -> str:
    """Escaped for HTML, and for the templates that Gradio's HTML component knows."""
    return html.escape(text).replace("{", "&#123;").replace("$", "&#36;").replace("`", "&#96;")


def plain(text: str) -> str:
    """Document text as HTML, its inline markup left out."""
    return escape(_MARKUP.sub(lambda m: m[1] or "", text))


def short(text: str, most: int) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else text[:most].rstrip() + " …"


def href(*pairs: tuple[str, str]) -> str:
    """A place of this page, as the value of an attribute."""
    return escape("?" + urlencode(pairs))


def link(words: str, *pairs: tuple[str, str]) -> str:
    """A link to a place of this page; the words are HTML."""
    return f'<a href="{href(*pairs)}">{words}</a>'


def badge(status: str, *, live: bool = False) -> str:
    """Icon, word and colour class of a status; `live` announces it to screen readers when it appears."""
    icon, word = BADGES[status]
    role = ' role="status"' if live else ""
    return f'<span class="badge {status}"{role}><span aria-hidden="true">{icon}</span> {word}</span>'


def outcome(pack: Pack, decision: str, status: str) -> str:
    """What a rule says: a badge, or the value of a decision about a value."""
    if status in BADGES:
        return badge(status)
    return f"<b>{escape(pack.label(pack.decisions[decision].outcome, status))}</b>"


def facts_words(pack: Pack, facts: Facts) -> str:
    """Facts as HTML: "<b>Location</b> on-premises, <b>Operating system</b> Windows or Linux"."""
    return ", ".join(
        f"<b>{escape(pack.dimensions[name].label if name in pack.dimensions else name)}</b> "
        f"{escape(' or '.join(pack.label(name, v) for v in values))}"
        for name, values in facts.items()
    )


def chooser(name: str, label: str, choices: Iterable[tuple[str, str]], chosen: str, *, kind: str = "") -> str:
    """A labelled list of (value, words) to choose one of."""
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(words)}</option>'
        for value, words in choices
    )
    style = f' class="{kind}"' if kind else ""
    return f'<label{style}><span>{escape(label)}</span><select name="{escape(name)}">{options}</select></label>'


def hidden(**fields: str) -> str:
    """Fields that a form sends along."""
    return "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in fields.items())


# ---- answers and documents


def anchor(number: int, marker: int) -> str:
    """The id of a passage of the `number`-th answer."""
    return f"src-{number}-{marker}"


def prose(text: str, number: int) -> str:
    """An answer's text with its lists; marks of citations become links to the passages of the `number`-th answer."""
    done, items = "", ""
    for line in [*map(str.strip, text.splitlines()), ""]:
        if line.startswith("- "):
            items += f"<li>{_linked(line[2:], number)}</li>"
            continue
        if items:
            done, items = f"{done}<ul>{items}</ul>", ""
        if line:
            done += f"<p>{_linked(line, number)}</p>"
    return done


def _linked(text: str, number: int) -> str:
    return _MARK.sub(lambda m: f'<a href="#{anchor(number, int(m[1]))}">[{m[1]}]</a>', escape(text))


def blocks(units: Sequence[Unit], marked: Span = NOWHERE) -> str:
    """Units as paragraphs, lists and tables, the characters of `marked` in a <mark>."""
    return "".join(_block(group, marked) for group in _groups(units))


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


def _block(units: Sequence[Unit], marked: Span) -> str:
    if units[0].kind == "row":
        return _table(units, marked)
    texts = [_marked(u.text, u.start, marked) for u in units]
    if units[0].kind == "item":
        return f"<ul>{''.join(f'<li>{t}</li>' for t in texts)}</ul>"
    return "".join(f"<p>{t}</p>" for t in texts)


def _table(rows: Sequence[Unit], marked: Span) -> str:
    head = "".join(f'<th scope="col">{plain(text)}</th>' for text, _ in _cells(rows[0].header, 0))
    body = "".join(
        f"<tr>{''.join(f'<td>{_marked(text, start, marked)}</td>' for text, start in _cells(r.text, r.start))}</tr>"
        for r in rows
    )
    return table(f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>")


def table(inner: str, label: str = "Table") -> str:
    """A table that scrolls by itself, by keyboard too, when it is wider than the screen."""
    return f'<div class="table" role="region" aria-label="{escape(label)}" tabindex="0"><table>{inner}</table></div>'


def _cells(row: str, start: int) -> Iterator[tuple[str, int]]:
    """The cells of a table row, stripped, each with its place in the document."""
    at = 0
    for cell in _CELL.split(row):
        yield cell.strip(), start + at + len(cell) - len(cell.lstrip())
        at += len(cell) + 1


def _marked(text: str, start: int, marked: Span) -> str:
    """Text that stands at `start` of the document, with the part that is quoted in a <mark>."""
    a, b = (min(max(offset - start, 0), len(text)) for offset in marked)
    if a >= b:
        return plain(text)
    return f"{plain(text[:a])}<mark>{plain(text[a:b])}</mark>{plain(text[b:])}"
