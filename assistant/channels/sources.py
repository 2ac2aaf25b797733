"""A page for each document: everything that can be cited, at its place, and the cited passage marked.

A citation links to ``/sources/{document}#c{start}-{end}``. The fragment stays in the browser, so a short script of
ours marks these characters; each piece of text carries its offset in the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from assistant.channels.problem import refused
from assistant.channels.request import Desk
from assistant.errors import UnknownName

if TYPE_CHECKING:
    from assistant.pack import Pack
    from assistant.types import Document, Section, Unit

router = APIRouter(prefix="/sources")
_MARKUP = re.compile(r"\*\*|__|`|!?\[([^\]]*)\]\([^)]*\)")
_CELL = re.compile(r"(?<!\\)\|")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #94a3b8; padding: .2rem .5rem; text-align: left; }
mark { background: #fde68a; color: #1f2937; scroll-margin: 6rem; }
.note { font-size: .9em; }
"""
_SCRIPT = """
"use strict";
function show() {
  for (const old of document.querySelectorAll("mark")) { old.replaceWith(...old.childNodes); }
  const wanted = /^#c(\\d+)-(\\d+)$/.exec(location.hash);
  if (!wanted) return;
  const start = Number(wanted[1]), end = Number(wanted[2]);
  for (const piece of document.querySelectorAll("[data-at]")) {
    piece.normalize();
    const text = piece.firstChild, letters = Array.from(text.data), at = Number(piece.dataset.at);
    const from = Math.max(start - at, 0), to = Math.min(end - at, letters.length);
    if (from >= to) continue;
    const units = (n) => letters.slice(0, n).join("").length;
    const range = document.createRange();
    range.setStart(text, units(from));
    range.setEnd(text, units(to));
    range.surroundContents(document.createElement("mark"));
  }
  const first = document.querySelector("mark");
  if (first) { first.tabIndex = -1; first.scrollIntoView({block: "center"}); first.focus({preventScroll: true}); }
}
addEventListener("hashchange", show);
addEventListener("DOMContentLoaded", show);
"""
_KEEP = {"cache-control": "public, max-age=3600"}


@router.get("/mark.js", include_in_schema=False)
async def script() -> Response:
    """Marks the characters that the fragment names."""
    return Response(_SCRIPT, media_type="text/javascript", headers=_KEEP)


@router.get("/page.css", include_in_schema=False)
async def style() -> Response:
    """How the pages look."""
    return Response(_STYLE, media_type="text/css", headers=_KEEP)


@router.get("/{document}", include_in_schema=False)
async def document(document: str, desk: Desk) -> HTMLResponse:
    """The page of a document; 404 when there is none."""
    pack = desk.helper.pack
    try:
        return HTMLResponse(page(pack, pack.document(document)))
    except UnknownName as error:
        raise refused(error, 404) from None


def page(pack: Pack, one: Document) -> str:
    """The HTML of a document's page. Everything in it is escaped; it loads nothing but its own style and script."""
    title = one.sections[0].title if one.sections else one.id
    body = "".join(_section(s, [u for u in one.units if u.section_id == s.id]) for s in one.sections)
    link = f'<a href="{escape(one.url)}" rel="noopener noreferrer">public page</a>' if _is_web(one.url) else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} – {escape(pack.title)}</title>"
        '<link rel="stylesheet" href="/sources/page.css"><script src="/sources/mark.js"></script></head><body><main>'
        f'<p class="note">{escape(pack.title)}, edition {escape(pack.edition_words)}, '
        f"pack <code>{pack.digest[:12]}</code> {link}</p>{body}</main></body></html>"
    )


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _section(one: Section, units: list[Unit]) -> str:
    level = min(len(one.heading_path), 6)
    name = escape(one.id.partition("#")[2])
    return f'<h{level} id="{name}">{escape(one.title)}</h{level}>{"".join(_blocks(units))}'


def _blocks(units: list[Unit]) -> Iterator[str]:
    """Paragraphs one by one, neighbouring items as a list, rows of one table as a table."""
    for (kind, header), group in groupby(units, key=lambda u: (u.kind, u.header)):
        if kind == "row":
            yield _table(header, list(group))
        elif kind == "item":
            yield f"<ul>{''.join(f'<li>{_text(u.text, u.start)}</li>' for u in group)}</ul>"
        else:
            yield from (f"<p>{_text(u.text, u.start)}</p>" for u in group)


def _table(header: str, rows: list[Unit]) -> str:
    head = "".join(f'<th scope="col">{_plain(cell)}</th>' for cell, _ in _cells(header, 0))
    lines = ("".join(f"<td>{_text(cell, at)}</td>" for cell, at in _cells(r.text, r.start)) for r in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<table tabindex="0"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cells(row: str, start: int) -> Iterator[tuple[str, int]]:
    at = 0
    for cell in _CELL.split(row):
        yield cell.strip(), start + at + len(cell) - len(cell.lstrip())
        at += len(cell) + 1


def _text(text: str, start: int) -> str:
    """Text with its offsets: the pieces between inline markup, each with its place in the document."""
    return "".join(f'<span data-at="{start + at}">{escape(piece)}</span>' for piece, at in _pieces(text) if piece)


def _plain(text: str) -> str:
    return escape("".join(piece for piece, _ in _pieces(text)))


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    for found in _MARKUP.finditer(text):
        yield text[at : found.start()], at
        if found[1]:
            yield found[1], found.start(1)
        at = found.end()
    yield text[at:], at
