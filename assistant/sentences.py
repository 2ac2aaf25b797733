"""Any text in, its sentences out, each with its exact place: paragraphs, list items, headings and the cells of tables.

Nothing of the text is passed over: what stands in no paragraph, item or row comes out as a sentence of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.markdown import parse
from assistant.types import Unit

_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?:\s*\[\d+\])*(?=\s)\s+")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|incl|resp|mr|ms|mrs|dr|st|al|[A-Z])|\b\d)\.$", re.IGNORECASE
)
_MARKS = re.compile(
    r"!?\[(?=[^\]]*\]\()|(?<=\])\([^)\s]*(?:\s+\"[^\"]*\")?\)|(?<=\w)\](?=\()|\[\d{1,3}\]|<!--|-->|</?(?:b|i|em|strong|u|code|br|p|sub|sup)\s*/?>|[*_`~]{1,3}|^\s*(?:#{1,6}|>+|[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?|\|"
)
_RULED = re.compile(r"[\s|:\-=*_#>+~`]*")
_WORDY = re.compile(r"\w")
_YES = re.compile(
    r"(?:yes|✓|✔\ufe0f?|✅|☑\ufe0f?|true|supported|full|y|ok|works|possible|available|included)\W*", re.IGNORECASE
)
_NO = re.compile(
    r"(?:no|✗|✘|✖\ufe0f?|❌|×|x|false|not supported|unsupported|n|none|not possible|not available|never)\W*",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"\W*(?:(?:is |are )?support(?:ed)?|status|verdict|possible|allowed|works|available|result|works\?|outcome|answer|)\W*",
    re.IGNORECASE,
)


_NARROWEST = 40
"""Columns below which nobody wraps a text."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence at ``text[start:end]``."""

    start: int
    end: int
    reads: str
    """What to read: the sentence, every mark of Markdown blanked, character by character; for a table, cell and headings in words."""
    lead: str = ""
    """The heading and the line with a colon under which it stands."""
    aligned: bool = True
    """Whether the characters of `reads` stand where those of the sentence do."""


def sentences(text: str) -> list[Sentence]:
    """The sentences of a Markdown or plain text, in order; empty for a text without letters or digits."""
    document = parse(text, document="text", file="", url="", edition="")
    units = sorted(document.units, key=lambda u: u.start)
    titles = [(s.start, s.title) for s in document.sections if s.title != "text"]
    found: list[Sentence] = []
    place, colon = 0, ""
    for unit in units:
        found += _between(text, place, unit.start)
        title = next((t for start, t in reversed(titles) if start <= unit.start), "")
        lead = f"{title} {colon}".strip() if unit.kind == "item" else title
        found += _row(unit, lead) if unit.kind == "row" else _prose(text, unit.start, unit.end, lead)
        if unit.kind == "paragraph" or unit.text.rstrip(" *_").endswith(":"):
            colon = blanked(unit.text) if unit.text.rstrip(" *_").endswith(":") else ""
        place = max(place, unit.end)
    return found + _between(text, place, len(text))


def blanked(sentence: str) -> str:
    """The sentence with every mark of Markdown, link target and citation mark replaced by spaces."""
    return _MARKS.sub(lambda m: " " * len(m[0]), sentence)


def _between(text: str, start: int, end: int) -> list[Sentence]:
    """Lines that belong to no unit: headings, header rows, link definitions."""
    found = []
    for match in re.finditer(r"[^\n]+", text[start:end]):
        line = match[0]
        if _WORDY.search(line) and not _RULED.fullmatch(line):
            found += list(_prose(text, start + match.start(), start + match.end(), ""))
    return found


def _prose(text: str, start: int, end: int, lead: str) -> Iterator[Sentence]:
    cuts = [start]
    ends = [m.end() for m in _END.finditer(text, start, end)]
    for place in sorted({*ends, *_lines(text, start, end)}):
        if place not in ends or not _ABBREVIATED.search(text[cuts[-1] : place].rstrip()):
            cuts.append(place)
    for a, b in pairwise([*cuts, end]):
        piece = text[a:b]
        a, b = a + len(piece) - len(piece.lstrip()), a + len(piece.rstrip())
        if a < b and _WORDY.search(text[a:b]):
            yield Sentence(a, b, blanked(text[a:b]), blanked(lead))


def _lines(text: str, start: int, end: int) -> list[int]:
    """Where the lines of notes begin: most of them ended though the next word had found room, so nothing wrapped them."""
    lines = [m for m in re.finditer(r"[^\n]+", text[start:end]) if m[0].strip()]
    width = max([_NARROWEST, *(len(m[0]) for m in lines)])
    room = sum(len(a[0]) + 1 + len(b[0].split()[0]) <= width for a, b in pairwise(lines))
    return [start + m.start() for m in lines[1:]] if 2 * room >= len(lines) - 1 > 0 and room else []


def _row(unit: Unit, lead: str) -> Iterator[Sentence]:
    """One sentence for the whole row, or one for each cell where a column says yes or no of the first cell."""
    cells = list(_cells(unit))
    heads = [blanked(h).strip() for h in unit.header.split("|")]
    heads += [""] * (len(cells) - len(heads))
    said = [_polarity(c) for _, _, c in cells]
    apart = any(said[n] is not None and not _VERDICT.fullmatch(heads[n]) for n in range(1, len(cells)))
    if not apart:
        words = [
            f"{c} {h}" if c.strip().isdigit() else _worded(c, p)
            for (_, _, c), p, h in zip(cells, said, heads, strict=False)
        ]
        two = [heads[-1]] if len(cells) == 2 and said[-1] is None else []
        yield Sentence(unit.start, unit.end, " ".join([words[0], *two, *words[1:]]), lead, aligned=False)
        return
    for n in range(1, len(cells)):
        start, end, cell = cells[n]
        if _WORDY.search(cell) or said[n] is not None:
            reads = f"{cells[0][2]} {heads[n]} {_worded(cell, said[n])}"
            yield Sentence(start, end, reads, lead, aligned=False)


def _cells(unit: Unit) -> Iterator[tuple[int, int, str]]:
    for match in re.finditer(r"(?:\\\||[^|])+", unit.text):
        piece = match[0]
        start = unit.start + match.start() + len(piece) - len(piece.lstrip())
        yield start, start + len(piece.strip()), blanked(piece.strip()).strip()


def _polarity(cell: str) -> bool | None:
    return True if _YES.fullmatch(cell) else False if _NO.fullmatch(cell) else None


def _worded(cell: str, polarity: bool | None) -> str:
    return cell if polarity is None else "is supported" if polarity else "is not supported"


def joined(pieces: Sequence[str]) -> str:
    """Sentences one after another, a space between them."""
    return " ".join(p for p in pieces if p)
