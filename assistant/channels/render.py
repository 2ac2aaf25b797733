"""Turns in, the Markdown of a chat log out: badge, text with links, what we ask back. Pure, and everything is escaped.

Every character that Markdown or HTML could act upon is written as an entity; the only links lead to our own
citations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.channels.markup import anchor, badge, escape, short

if TYPE_CHECKING:
    from assistant.pack import Pack
    from assistant.types import Answer, Facts

_ECHO = 500
"""Characters of a question that are shown again."""
_ACTIVE = re.compile(r"[&<>*_`\[\]!#~\\$@|^={}+\"]|(?<=[a-zA-Z]):(?=//)|(?<=www)\.", re.IGNORECASE)
_MARK = re.compile(r"\[(\d{1,4})\]")
_RULER = re.compile(r"\|(?:-{3,}\|)+")
_GROWING = "_A model is at work; a sentence of it is shown when it is proven …_"
_START = re.compile(r"^(\s*\d{0,9})([-.)])")
LOST = "lost"


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation with its answer, or with the sentence that says why there is none."""

    question: str
    answer: Answer | None
    apology: str = ""
    of: int = 0
    """Of a what-if: the number of the turn whose question is asked again."""
    given: tuple[Facts, ...] = ()
    """Of a what-if: the facts it is asked with, for each machine."""
    rated: str = ""
    """What was said of the answer: up or down; LOST when it could not be kept."""
    growing: bool = False
    """Whether more of the answer's text is to come; its status stands."""


def typed(question: str) -> str:
    """A question as it was typed, its beginning when it is long; no character of it acts as Markdown."""
    return "\n".join(_literal(line.strip()) for line in short(question, _ECHO).strip().splitlines())


def message(turn: Turn, number: int) -> str:
    """The reply of the `number`-th turn: badge, text with `[n]` links into the evidence, what a model reads otherwise, what we ask back."""
    answer = turn.answer
    if answer is None:
        return _literal(turn.apology)
    parts = [badge(answer.status), _markdown(answer, number)]
    if turn.growing:
        parts.append(_GROWING)
        return "\n\n".join(parts)
    if answer.otherwise:
        parts.append(f"> {_literal(answer.otherwise)}")
    if answer.ask:
        parts.append(f"**{_literal(answer.ask.question)}**")
    return "\n\n".join(parts)


def chips(turn: Turn) -> tuple[str, ...]:
    """Words to choose from when a fact is missing; each is a complete next question."""
    ask = turn.answer.ask if turn.answer and not turn.growing else None
    return tuple(words for _, words in ask.options) if ask else ()


def _literal(line: str) -> str:
    """One line without Markdown: list marks, headings and rulers lose their meaning, links stay words."""
    return _START.sub(lambda m: f"{m[1]}&#{ord(m[2])};", _escaped(line))


def _escaped(text: str) -> str:
    return _ACTIVE.sub(lambda m: f"&#{ord(m[0])};", text)


def _markdown(answer: Answer, number: int) -> str:
    """The text's own lists and tables stay, lines of words become paragraphs; marks of citations become links."""
    known = {c.marker for c in answer.citations}
    lines: list[str] = []
    before = ""
    for line in map(str.strip, answer.text.splitlines()):
        sort = _sort(line)
        if line and lines and lines[-1] and (sort == "text" or sort != before):
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
        done += f"[{shown}](#{anchor(number, int(mark))})" if int(mark) in known else shown
        done += _escaped(words)
    return done


def scope(pack: Pack) -> str:
    """Title and the one line that says what the answers rest on: HTML."""
    return (
        f"<h1>{escape(pack.title)} assistant</h1>"
        f"<p>Answers only from {len(pack.sections)} sections of {escape(pack.title)}, "
        f"edition {escape(pack.edition_words)}, pack <code>{pack.digest[:12]}</code>.</p>"
    )
