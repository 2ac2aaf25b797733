"""Markdown in, sections and units out, each with its exact place in the text.

Blocks are found by markdown-it-py; its inline rules never run, so hostile nesting of brackets costs nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from assistant.types import Document, Section, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_NEWLINE = re.compile(r"\r\n?|\n")
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n.*?\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_LONG = 700
"""Characters above which a paragraph is split at sentence ends: about 500 ranked best on a real manual."""

_LONGEST_TITLE = 300
"""Characters of a heading that make its title: more is hostile, and links in it would be matched in quadratic time."""


def parse(text: str, *, document: str, file: str, url: str, edition: str, longest: float = _LONG) -> Document:
    """Split `text` at its headings; each paragraph, list item and table row becomes a unit of its section.

    Paragraphs of more than `longest` characters become one unit for each sentence.
    """
    source = _blank_front_matter(text)
    starts = _line_starts(source)
    tokens = _parser().parse(source)
    sections, owner = _sections(tokens, text, starts, document=document, url=url, edition=edition)
    units = tuple(unit for unit in _units(tokens, text, starts, owner, longest) if unit.text)
    return Document(document, file, url, text, tuple(sections), units)


def slug(title: str) -> str:
    """The id of a heading: ASCII letters and digits, joined by hyphens; 'section' when none is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "section"


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _blank_front_matter(text: str) -> str:
    found = _FRONT_MATTER.match(text)
    return re.sub(r"[^\r\n]", " ", found[0]) + text[found.end() :] if found else text


def _line_starts(text: str) -> list[int]:
    return [0, *(m.end() for m in _NEWLINE.finditer(text)), len(text)]


def _span(token: Token, starts: Sequence[int]) -> tuple[int, int]:
    first, last = token.map or (0, 0)
    return starts[min(first, len(starts) - 1)], starts[min(last, len(starts) - 1)]


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _plain(title: str) -> str:
    return re.sub(r"[*_`]|\[([^\]]*)\]\([^)]*\)", r"\1", title[:_LONGEST_TITLE]).strip()


def _sections(
    tokens: Sequence[Token], text: str, starts: Sequence[int], *, document: str, url: str, edition: str
) -> tuple[list[Section], dict[int, str]]:
    heads = [
        (i, int(t.tag[1]), _plain(tokens[i + 1].content), _span(t, starts)[0])
        for i, t in enumerate(tokens)
        if t.type == "heading_open" and t.level == 0 and _plain(tokens[i + 1].content)
    ]
    if not heads or text[: heads[0][3]].strip():
        heads.insert(0, (-1, 1, document, 0))
    path: list[tuple[int, str]] = []
    taken: dict[str, int] = {}
    sections, owner = [], {}
    for n, (index, depth, title, start) in enumerate(heads):
        path = [p for p in path if p[0] < depth] + [(depth, title)]
        sid = _free(f"{document}#{slug(title)}", taken)
        end = heads[n + 1][3] if n + 1 < len(heads) else len(text)
        sections.append(Section(sid, title, tuple(t for _, t in path), document, url, edition, start, end))
        owner[index] = sid
    return sections, owner


def _free(name: str, taken: dict[str, int]) -> str:
    """`name`, or with the first number that makes it new; `taken` holds the last number tried for each."""
    found = name
    while found in taken:
        taken[name] += 1
        found = f"{name}-{taken[name]}"
    taken[found] = 1
    return found


def _units(
    tokens: Sequence[Token], text: str, starts: Sequence[int], owner: dict[int, str], longest: float
) -> Iterator[Unit]:
    section = owner.get(-1, "")
    header = ""
    in_head = False
    for i, token in enumerate(tokens):
        section = owner.get(i, section)
        if token.type == "thead_open":
            in_head = True
        elif token.type == "thead_close":
            in_head = False
        elif token.type == "tr_open":
            unit = _row(token, text, starts, section, header)
            if in_head:
                header = unit.text
            else:
                yield unit
        elif token.type == "paragraph_open":
            start, end = _strip(text, *_span(token, starts))
            yield from _paragraph(text, start, end, section, longest, item=token.level > 0)
        elif token.type in {"fence", "code_block", "html_block"}:
            start, end = _strip(text, *_span(token, starts))
            yield Unit(section, text[start:end], start, end, "paragraph")


def _row(token: Token, text: str, starts: Sequence[int], section: str, header: str) -> Unit:
    start, end = _strip(text, *_span(token, starts))
    while start < end and text[start] in "> \t":
        start += 1
    if start < end and text[start] == "|":
        start += 1
    if end > start and text[end - 1] == "|":
        end -= 1
    start, end = _strip(text, start, end)
    return Unit(section, text[start:end], start, end, "row", header)


_MARKER = re.compile(r"(?:[ \t]|>)*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?|(?:[ \t]|>)+")


def _paragraph(text: str, start: int, end: int, section: str, longest: float, *, item: bool) -> Iterator[Unit]:
    while marker := _MARKER.match(text, start, end) if item else None:
        start = marker.end()
    start, end = _strip(text, start, end)
    pieces = [(start, end)]
    if end - start > longest:
        cuts = [start, *(m.end() for m in _SENTENCE_END.finditer(text, start, end)), end]
        pieces = [_strip(text, a, b) for a, b in pairwise(cuts)]
    for a, b in pieces:
        yield Unit(section, text[a:b], a, b, "item" if item else "paragraph")
