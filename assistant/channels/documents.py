"""The corpus to read and to search, the rules that cite a section beside it. Pure HTML but for the search."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from assistant.channels.evidence import place
from assistant.channels.markup import NOWHERE, Span, blocks, escape, facts_words, hidden, link, outcome, short

if TYPE_CHECKING:
    from assistant.engine import Assistant
    from assistant.pack import Pack
    from assistant.types import Document, Section

_MOST_HITS = 12
_AT = re.compile(r"(\d{1,9})-(\d{1,9})")


def documents(helper: Assistant, fields: Mapping[str, str]) -> str:
    """The view for a query: ``q`` searches, ``section`` opens one, ``at`` marks the characters start-end in it."""
    pack, wanted = helper.pack, fields.get("section", "")
    words = fields.get("q", "").strip()
    opened = pack.sections.get(wanted) or (None if words else _first(pack))
    found = _AT.fullmatch(fields.get("at", ""))
    span = (int(found[1]), int(found[2])) if found else NOWHERE
    body = _document(pack, opened, span) if opened else ""
    hits = _hits(helper, words) if words else ""
    return (
        f'<section aria-label="Documents"><h2>What the answers rest on</h2>{_search(words)}{hits}'
        f'<div class="reader">{_contents(pack, opened)}<div class="pages">{body}</div></div></section>'
    )


def _first(pack: Pack) -> Section:
    """The beginning of the document that most rules cite."""
    cited = [pack.section(r.place.source).document for r in pack.rules]
    return max(pack.documents, key=lambda d: cited.count(d.id)).sections[0]


def _search(words: str) -> str:
    return (
        f'<form data-go class="controls" role="search">{hidden(tab="documents")}'
        f'<label><span>Search the documents</span><input type="search" name="q" value="{escape(words)}" maxlength="300"></label>'
        "<button>Search</button></form>"
    )


def _hits(helper: Assistant, words: str) -> str:
    hits = helper.search(words, _MOST_HITS)
    if not hits:
        return '<p role="status">Nothing found.</p>'
    items = "".join(
        f"<li>{link(escape(h.section.title), *place(h.section.id, h.unit.start, h.unit.end))}{blocks([h.unit])}</li>"
        for h in hits
    )
    noun = "place" if len(hits) == 1 else "places"
    return f'<h3 tabindex="-1" data-here role="status">{len(hits)} {noun} for “{escape(short(words, 80))}”</h3><ol class="hits">{items}</ol>'


def _contents(pack: Pack, opened: Section | None) -> str:
    items = "".join(_entry(d, opened) for d in pack.documents)
    return f'<nav aria-label="Documents"><details open><summary>Contents</summary><ul>{items}</ul></details></nav>'


def _entry(document: Document, opened: Section | None) -> str:
    if not document.sections:
        return ""
    here = opened is not None and opened.document == document.id
    under = "".join(f"<li>{_to(s)}</li>" for s in document.sections[1:]) if here else ""
    return f"<li>{_to(document.sections[0], current=here)}{f'<ul>{under}</ul>' if under else ''}</li>"


def _to(section: Section, *, current: bool = False) -> str:
    shown = escape(section.title)
    return link(f"<b>{shown}</b>" if current else shown, *place(section.id, *NOWHERE))


def _document(pack: Pack, opened: Section, span: Span) -> str:
    document = pack.document(opened.document)
    body = "".join(_section(pack, document, s, span, here=s.id == opened.id) for s in document.sections)
    public = (
        f'<p class="path"><a href="{escape(document.url)}" target="_blank" rel="noopener noreferrer">public page</a> · '
        f"edition {escape(pack.edition_words)}</p>"
        if document.url.startswith(("https://", "http://"))
        else ""
    )
    return public + body


def _section(pack: Pack, document: Document, section: Section, span: Span, *, here: bool) -> str:
    units = [u for u in document.units if u.section_id == section.id]
    level = min(len(section.heading_path) + 2, 6)
    focus = ' tabindex="-1" data-here' if here else ""
    text = f"<h{level}{focus}>{escape(section.title)}</h{level}>{blocks(units, span)}"
    return f'<div class="leaf"><div>{text}</div>{_cited_by(pack, section)}</div>'


def _cited_by(pack: Pack, section: Section) -> str:
    """The rules that quote a section, each with its conditions."""
    rules = [r for r in pack.rules if r.place.source == section.id]
    items = "".join(
        f"<li>{link(f'<code>{escape(r.id)}</code>', *place(section.id, r.place.start, r.place.end))} "
        f"{outcome(pack, r.decision, r.then)} {escape(r.title)}"
        f'<p class="path">{facts_words(pack, r.when) or "always"}</p></li>'
        for r in rules
    )
    if not items:
        return ""
    words = "1 rule cites this" if len(rules) == 1 else f"{len(rules)} rules cite this"
    return f'<aside aria-label="Rules that cite {escape(section.title)}"><details><summary>{words}</summary><ul>{items}</ul></details></aside>'
