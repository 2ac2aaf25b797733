"""Any text in, its sentences out, each with its exact place: paragraphs, list items, headings and the cells of tables.

Nothing of the text is passed over: what stands in no paragraph, item or row comes out as a sentence of its own. Only the
marks of Markdown, the numbers of lists and the boxes of checklists are no sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, zip_longest
from math import inf

from assistant.lexicon import words
from assistant.markdown import parse
from assistant.types import Unit

_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?:\s*\[\d+\])*(?=\s)\s+")
_NUMBER = r"\(?\d{1,3}[.)]"
_STEP = re.compile(rf"(?<=[:;,.!?])[ \t]+(?={_NUMBER}\s+[A-Z*_`])|\n(?=[ \t>]*{_NUMBER}\s+\S)")
"""Where a sentence ends because the next item of a list written in one line, or in lines of its own, begins."""
_MARK = r"(?::| [–→=])"
"""What parts a name and what is noted of it, in notes without verbs: "LRS – 3 copies"."""
_NOTE = re.compile(rf"{_MARK}\s")
_NAME = r"[A-Z][\w-]*(?: [A-Z][\w-]*)*(?: ?/ ?[\w-]+(?: [\w-]+)?)*"
_BULLET = re.compile(r"[ \t]+(?=[•◦▪‣]\s)")
_DASHED = re.compile(rf"[ \t]+(?=[-*]\s+[^.;:→=\n]{{2,60}}{_MARK}\s)")
_NOTED = re.compile(
    rf"(?<=[a-z0-9)])[ \t]+(?={_NAME}{_MARK} ){_NAME}|(?<=,)[ \t]+(?=\(?\d\) [\w-]+(?: [\w-]+)? [–=:])|(?<=,)[ \t]+(?=[^,.;:=→\n]{{2,60}} [=→] )"
)
"""Where the next of several notes begins that stand in one line."""
_ABBREVIATED = re.compile(
    rf"(?:(?<!['’])\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|incl|resp|mr|ms|mrs|dr|st|al|[A-Z])\.|\b\d\.|^\s*{_NUMBER})$",
    re.IGNORECASE,
)
_NEAR = 40
"""Characters before the end of a sentence in which an abbreviation can stand."""
_OPENS = re.compile(rf"\s*(?:(?:#{{1,6}}|>|[-*+•◦▪‣]|[☐☑☒]|[a-h][.)]|<\w+>|{_NUMBER})\s+|>)*(?:\[[ xX]\]\s+)?")
"""Marks before the first word of a sentence; they are no part of it."""
_MARKS = re.compile(
    r"!?\[(?=[^\]]*\]\()|(?<=\])\([^)\s]*(?:\s+\"[^\"]*\")?\)|(?<=\w)\](?=\()|\[\d{1,3}\]|<!--|-->|</?(?:b|i|em|strong|u|code|br|p|sub|sup)\s*/?>|[*_`~]{1,3}|^\s*(?:#{1,6}|>+|[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?|(?<=\n)[ \t]*>+|\|"
)
_RULED = re.compile(r"(?:[\s|:\-=*_#>+~`]|(?<!\S)\(?\d{1,9}[.)](?!\S)|(?<!\S)\[[ xX]\](?!\S))*")
"""A line that only draws: rules of tables, marks and numbers of lists."""
_ENTRY = re.compile(r"[ \t>]*[^\s:.!?|][^:.!?|\n]{0,60}:[*_]{0,2}[ \t]+\S[^\n]*")
"""A line that defines: "Default redundancy: LRS"."""
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*(\S*)[^\n]*\n")
_PROSE = frozenset({"", "md", "markdown", "text", "txt", "plain"})
"""What a fenced block may call itself and be read as text all the same."""
_WORDY = re.compile(r"\w")
_YES = r"(?:yes|✓|✔\ufe0f?|✅|☑\ufe0f?|true|supported|full|y|ok|works|possible|available|included)"
_NO = r"(?:no|✗|✘|✖\ufe0f?|❌|×|x|false|not supported|unsupported|n|none|not possible|not available|never)"
_SAYS = re.compile(rf"(?:(?P<yes>{_YES})|(?P<no>{_NO}))(?!\w)[*_]*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_MORE = re.compile(r"\s*(?:[,;:(–—-].*)?\W*", re.DOTALL)
"""What may follow the yes or no of a cell: nothing, or a remark set off from it."""
_COUNT = re.compile(r"\W*(?:step|no|nr|number|item|)\W*", re.IGNORECASE)
"""The head of a column that only counts."""
_AUXILIARY = words("auxiliary")
_VERDICT = re.compile(
    r"\W*(?:(?:is |are )?support(?:ed)?|status|verdict|possible|allowed|works|available|result|works\?|outcome|answer|)\W*",
    re.IGNORECASE,
)


_GOES_ON = words("auxiliary") | words("unfinished")
"""Words after which a line is not over."""
_NARROWEST = 40
"""Columns below which nobody wraps a text."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence at ``text[start:end]``."""

    start: int
    end: int
    reads: str
    """What to read: the sentence, every mark of Markdown blanked, character by character; for a table, cell and headings in words."""
    lead: tuple[str, ...] = ()
    """Under what it stands, outermost first: headings, the line with a colon, the items around it."""
    aligned: bool = True
    """Whether the characters of `reads` stand where those of the sentence do."""
    context: bool = False
    """Whether others stand under it: a heading, the head of a column, a line with a colon."""
    code: bool = False
    """Whether it is a block of code, which states nothing in words."""
    unticked: bool = False
    """Whether it stands beside an empty box: done or not, yes or no."""
    crossed: bool = False
    """Of a cell that speaks of the head of its column alone: it leans on no other."""
    cells: int = 0
    """Of a whole row of a table: how many cells it has."""


def sentences(text: str) -> list[Sentence]:
    """The sentences of a Markdown or plain text, in order; empty for a text without letters or digits."""
    found = list(_sentences(text, fenced=True))
    return [*found[:1], *(_answering(one, before) for before, one in pairwise(found))]


def blanked(sentence: str) -> str:
    """The sentence with every mark of Markdown, link target and citation mark replaced by spaces."""
    return _MARKS.sub(lambda m: " " * len(m[0]), sentence)


def _sentences(text: str, *, fenced: bool) -> Iterator[Sentence]:
    document = parse(text, document="text", file="", url="", edition="", longest=inf)
    units = sorted(document.units, key=lambda u: u.start)
    titles = {s.id: tuple(_plain(t) for t in s.heading_path if t != "text") for s in document.sections}
    read = {u.header for u in units if u.kind == "row" and _Row(u).polar}
    outline, place = _Outline(), 0
    for unit, after in zip_longest(units, units[1:]):
        yield from _between(text, place, unit.start, unit.header, read=unit.header in read)
        place = max(place, unit.end)
        lead = (*titles[unit.section_id], *outline.over(text, unit))
        if unit.kind == "row":
            yield from _row(text, _Row(unit), lead)
        elif fence := _FENCE.match(unit.text):
            yield from _fence(text, unit, fence, lead, fenced=fenced)
        else:
            above = outline.above(text, unit, after)
            unticked = unit.kind == "item" and text[: unit.start].rstrip().endswith("[ ]")
            for one in _prose(text, unit.start, unit.end, lead):
                yield replace(one, context=above or one.context, unticked=unticked)
    yield from _between(text, place, len(text))


@dataclass
class _Outline:
    """The lines under which the next unit stands: how deep each begins, and its words."""

    lines: list[tuple[int, str]] = field(default_factory=list)

    def over(self, text: str, unit: Unit) -> tuple[str, ...]:
        """What a unit stands under; the unit itself is noted for those after it."""
        depth = _depth(text, unit)
        listed = unit.kind != "paragraph"
        while self.lines and (not listed or self.lines[-1][0] >= depth):
            self.lines.pop()
        found = tuple(line for _, line in self.lines if line)
        if unit.kind != "row":
            self.lines.append((depth if listed else -1, _heading(unit) if listed or _colon(unit) else ""))
        return found if listed else ()

    @staticmethod
    def above(text: str, unit: Unit, after: Unit | None) -> bool:
        """Whether the unit after stands under this one, or this one announces what follows."""
        return _colon(unit) or bool(
            after and unit.kind == after.kind == "item" and _heading(unit) and _depth(text, after) > _depth(text, unit)
        )


def _depth(text: str, unit: Unit) -> int:
    """Characters before the mark of a list item, or before any other line."""
    line = text[text.rfind("\n", 0, unit.start) + 1 : unit.start]
    return len(line) - len(line.lstrip(" \t>"))


def _colon(unit: Unit) -> bool:
    return unit.text.rstrip(" *_").endswith(":")


def _heading(unit: Unit) -> str:
    """The words of an item as those under it see them; none when it is a sentence that is over."""
    line = _plain(unit.text)
    return "" if not line or line[-1] in ".!?;," else line.rstrip(":") + ":"


def _plain(text: str) -> str:
    return " ".join(blanked(text).split())


def _between(text: str, start: int, end: int, header: str = "", *, read: bool = False) -> Iterator[Sentence]:
    """Lines that belong to no unit: headings, link definitions, the cells of a header row unless they are `read` with others."""
    for match in re.finditer(r"[^\n]+", text[start:end]):
        line, at = match[0], start + match.start()
        heads = bool(header) and header in line
        pieces = _split(line) if heads else [(0, line)]
        for first, piece in [] if _RULED.fullmatch(line) or (heads and read) else pieces:
            prose = _prose(text, at + first, at + first + len(piece), ())
            yield from (replace(s, context=True) for s in prose)


def _fence(text: str, unit: Unit, fence: re.Match[str], lead: tuple[str, ...], *, fenced: bool) -> Iterator[Sentence]:
    """A fenced block: its text where it is text, else one sentence that is code."""
    if not fenced or fence[2].lower() not in _PROSE:
        yield Sentence(unit.start, unit.end, blanked(unit.text), lead, code=True)
        return
    start = unit.start + fence.end()
    end = unit.end - (len(fence[1]) if unit.text.endswith(fence[1]) else 0)
    for one in _sentences(text[start : max(start, end)], fenced=False):
        yield replace(one, start=start + one.start, end=start + one.end, lead=(*lead, *one.lead))


def _prose(text: str, start: int, end: int, lead: tuple[str, ...]) -> Iterator[Sentence]:
    cuts = [start]
    ends = {m.end() for m in _END.finditer(text, start, end)}
    steps = {m.end() for m in _STEP.finditer(text, start, end)} | {
        *_entries(text, start, end),
        *_lines(text, start, end),
        *_notes(text, start, end),
    }
    for at in sorted(ends | steps):
        if at in steps or not _ABBREVIATED.search(text[max(cuts[-1], at - _NEAR) : at].rstrip()):
            cuts.append(at)
    for a, b in pairwise([*cuts, end]):
        opens = _OPENS.match(text, a, b)
        first = opens.end() if opens else a
        last = first + len(text[first:b].rstrip())
        if first < last and _WORDY.search(text[first:last]):
            yield Sentence(first, last, blanked(text[first:last]), lead, context=text[first:last].endswith(":"))


def _lines(text: str, start: int, end: int) -> list[int]:
    """Where the lines of notes begin: most of them ended though the next word had found room, so nothing wrapped them."""
    lines = [m for m in re.finditer(r"[^\n]+", text[start:end]) if m[0].strip()]
    width = max([_NARROWEST, *(len(m[0]) for m in lines)])
    room = sum(len(a[0]) + 1 + len(b[0].split()[0]) <= width for a, b in pairwise(lines))
    notes = 2 * room >= len(lines) - 1 > 0 and room
    return [start + b.start() for a, b in pairwise(lines) if notes and a[0].split()[-1].lower() not in _GOES_ON]


def _notes(text: str, start: int, end: int) -> Iterator[int]:
    """Where notes that stand one after another in a line begin: behind a bullet, or before a name and its mark."""
    yield from (m.end() for m in _BULLET.finditer(text, start, end))
    first = _NOTE.search(text, start, end)
    if not first:
        return
    if text[:start].rstrip()[-1:] in {"-", "*"}:
        yield from (m.end() for m in _DASHED.finditer(text, first.end(), end))
        return
    for one in _NOTED.finditer(text, first.end(), end):
        before = text[first.end() : one.start()].split()
        named = bool(one[0].strip())
        if before and before[-1].lower() not in _GOES_ON and not (named and before[-1][0].isupper()):
            yield one.start() + len(one[0]) - len(one[0].lstrip())


def _entries(text: str, start: int, end: int) -> Iterator[int]:
    """Where a line begins that defines something, after another such line or one that announces it."""
    before, at = False, start
    for line in text[start:end].splitlines(keepends=True):
        entry = bool(_ENTRY.fullmatch(line.rstrip()))
        if entry and before:
            yield at
        before = entry or line.rstrip(" *_\r\n").endswith(":")
        at += len(line)


class _Row:
    """The cells of a row, each with its place, the heads of their columns, and what they say of yes and no."""

    def __init__(self, unit: Unit) -> None:
        self.cells = list(_cells(unit))
        self.end = unit.end
        heads = [_plain(h) for _, h in _split(unit.header)]
        self.heads = [*heads, *[""] * (len(self.cells) - len(heads))]
        if len(self.cells) > 1 and self.cells[0][2].isdigit() and _COUNT.fullmatch(self.heads[0]):
            self.cells, self.heads = self.cells[1:], self.heads[1:]
        self.said = [_polarity(c) for _, _, c in self.cells]
        self.asked = _stated(self.cells[0][2])
        self.polar = any(
            s and (self.asked or not _VERDICT.fullmatch(h))
            for s, h in list(zip(self.said, self.heads, strict=False))[1:]
        )
        """Whether a column says yes or no of the first cell."""
        self.crossed = not (self.heads[0] or self.polar) and len(self.cells) > 2 and all(self.heads[1:])
        """Whether every cell speaks of the head of its column alone."""
        self.worded = any(_worded(c) for _, _, c in self.cells[1:])
        """Whether whole sentences stand in it."""


def _row(text: str, row: _Row, lead: tuple[str, ...]) -> Iterator[Sentence]:
    """One sentence for the whole row, or those of each cell where they say yes or no of the first cell, or more."""
    if row.crossed:
        for (start, end, cell), head in list(zip(row.cells, row.heads, strict=False))[1:]:
            alone = Sentence(start, end, f"{head} {row.cells[0][2]} : {cell}", lead, aligned=False)
            found = _prose(text, start, end, (*lead, head)) if _worded(cell) else [alone]
            yield from (replace(s, crossed=True) for s in found)
        return
    if not (row.polar or row.worded):
        yield _whole(row, lead)
        return
    if not row.polar:
        yield from (replace(s, context=True) for s in _prose(text, *row.cells[0][:2], lead))
    for (start, end, cell), head, said in list(zip(row.cells, row.heads, row.said, strict=False))[1:]:
        of = row.asked or f"{row.cells[0][2]} {head}"
        if said:
            rest = _SAYS.match(cell)
            yield Sentence(start, end, f"{of} : {said} {rest['rest'] if rest else ''}", lead, aligned=False)
        elif _worded(cell):
            yield from _prose(text, start, end, (*lead, of))
        elif _WORDY.search(cell):
            yield Sentence(start, end, f"{of} {cell}", lead, aligned=False)


def _whole(row: _Row, lead: tuple[str, ...]) -> Sentence:
    reads = [
        f"{c} {h}" if c.isdigit() else f"is {'' if said == 'yes' else 'not '}supported" if said else c
        for (_, _, c), said, h in zip(row.cells, row.said, row.heads, strict=False)
    ]
    two = [row.heads[-1]] if len(row.cells) == 2 and not row.said[-1] else []
    start = row.cells[0][0]
    return Sentence(start, row.end, " ".join([reads[0], *two, *reads[1:]]), lead, aligned=False, cells=len(row.cells))


def _cells(unit: Unit) -> Iterator[tuple[int, int, str]]:
    for at, piece in _split(unit.text):
        start = unit.start + at + len(piece) - len(piece.lstrip())
        yield start, start + len(piece.strip()), blanked(piece.strip()).strip()


def _split(row: str) -> list[tuple[int, str]]:
    """The cells of a row, empty ones too, and where each begins."""
    cuts = [-1, *(m.start() for m in re.finditer(r"(?<!\\)\|", row)), len(row)]
    return [(a + 1, row[a + 1 : b]) for a, b in pairwise(cuts)]


def _worded(cell: str) -> bool:
    """Whether a cell is a statement of its own: it ends as one, notes something of a thing, or spells a name out."""
    return cell.endswith((".", "!", "?")) or ": " in cell or " stands for " in cell or " is short for " in cell


def _polarity(cell: str) -> str:
    """What a cell says: "yes", "no", or nothing of the kind."""
    says = _SAYS.fullmatch(cell)
    if not says or not _MORE.fullmatch(says["rest"]):
        return ""
    return "yes" if says["yes"] else "no"


def _answering(one: Sentence, before: Sentence) -> Sentence:
    """A bare yes or no, read with the question it answers."""
    answer = re.sub(r"^\s*(?:a|answer)\s*:", "", one.reads, flags=re.IGNORECASE).strip(" .!")
    said = _polarity(answer)
    asked = _stated(before.reads) if said and not re.search(r"\W\w", answer) else ""
    return replace(one, reads=f"{asked} : {said}", aligned=False) if asked else one


def _stated(question: str) -> str:
    """A question that can be answered by yes or no, as a statement without its verb; nothing for any other."""
    opening, _, rest = re.sub(r"^\s*(?:q|question)\s*:", "", question, flags=re.IGNORECASE).strip().partition(" ")
    return rest.rstrip("? ") if rest.endswith("?") and opening.lower() in _AUXILIARY else ""


def joined(pieces: Sequence[str]) -> str:
    """Sentences one after another, a space between them."""
    return " ".join(p for p in pieces if p)
