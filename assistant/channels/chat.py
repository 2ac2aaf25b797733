"""What all team chats share: what is asked, who answers it, when to stay silent, and the pieces of an answer.

A chat answers where it is spoken to and in threads that it is in. It corrects a wrong claim only in the places that
an operator named.
"""

from __future__ import annotations

import hashlib
import html
import logging
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol
from urllib.parse import quote, urlsplit

from assistant.channels.markup import BADGES
from assistant.errors import QuestionError
from assistant.types import Answer, Citation, Verification

log = logging.getLogger("assistant.chat")
Payload = Mapping[str, object]
_LONGEST_NAME = 128
_MARK = re.compile(r"\[(\d{1,4})\]")
_CELL = re.compile(r"(?<!\\)\|")
_ACTIVE = re.compile(r"[\\`*_{}\[\]#|~!]")
_ANSWER_ID = re.compile(r"ans_[0-9a-f]{24}")
_SAFE = ":/?#[]@!$&'*+,;=%-._~"


@dataclass(frozen=True, slots=True)
class Asked:
    """A message of a chat, as far as it concerns us."""

    question: str
    conversation: str
    """Name of the conversation that it belongs to; empty when it begins none and carries none on."""
    event: str
    """Name of the message itself, the same in every delivery."""
    addressed: bool
    """Whether it speaks to us; else it may belong to a thread that we are in."""
    place: str
    """The channel or room, as an operator would name it."""


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody thinks of an answer."""

    conversation: str
    answer_id: str
    """Empty when the chat does not say which answer of the conversation."""
    rating: Literal["up", "down"]
    comment: str = ""


class Desk(Protocol):
    """What a chat needs of the house. Any number of processes may share it."""

    async def ask(self, conversation: str, question: str) -> Answer:
        """The answer to the next question of a conversation, which is remembered. QuestionError as `Assistant.ask`."""

    async def last(self, conversation: str) -> Answer | None:
        """The last answer of a conversation; None when nothing was answered in it."""

    async def seen(self, event: str) -> bool:
        """Whether an event was met before, by any process; it counts as met from now on."""

    async def verify(self, text: str) -> Verification:
        """The claims of a text, judged. QuestionError as `Assistant.verify`."""

    async def rate(self, rating: Rating) -> None:
        """Keep what somebody thinks of an answer."""


async def reply(desk: Desk, asked: Asked, corrections: Collection[str] = ()) -> Answer | str | None:
    """What to post under a message: an answer, or a sentence that says why there is none. None: stay silent.

    `corrections` are the places where a wrong claim is corrected though nobody asked.
    """
    if asked.addressed:
        return None if await desk.seen(asked.event) else await _answer(desk, asked)
    if asked.conversation and (last := await desk.last(asked.conversation)):
        return None if await desk.seen(asked.event) else _worthwhile(await _answer(desk, asked), last)
    if asked.place not in corrections:
        return None
    found = correction(await desk.verify(asked.question))
    return None if found is None or await desk.seen(asked.event) else found


async def _answer(desk: Desk, asked: Asked) -> Answer | str:
    try:
        return await desk.ask(asked.conversation, asked.question)
    except QuestionError as error:
        return str(error)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("reference %s", reference)
        return f"I cannot answer just now; please ask again in a moment (reference {reference})."


def _worthwhile(reply: Answer | str, last: Answer) -> Answer | None:
    """A reply that nobody asked us for, where it adds something: talk among people would repeat the last answer."""
    if isinstance(reply, str) or reply.status == "out_of_scope" or reply.text == last.text:
        return None
    return reply


async def rate(desk: Desk, rating: Rating) -> None:
    """Keep a rating whose answer can be one of ours; others are dropped."""
    if not rating.answer_id or _ANSWER_ID.fullmatch(rating.answer_id):
        await desk.rate(rating)


# ---- corrections


_CORRECTED = 3
"""Claims of one message that are corrected."""


def correction(verified: Verification) -> Answer | None:
    """The wrong claims of a text set right, with the places that say so; None when there are none."""
    wrong = [c for c in verified.claims if c.standing == "contradicted" and c.citations][:_CORRECTED]
    lines: list[str] = []
    found: list[Citation] = []
    at = 0
    for claim in wrong:
        numbered = range(len(found) + 1, len(found) + len(claim.citations) + 1)
        lead = f"“{shortened(claim.sentence, 200)}”: the documents say otherwise. "
        said = f"{claim.correction} {''.join(f'[{n}]' for n in numbered)}"
        start, end = at + len(lead), at + len(lead) + len(claim.correction)
        found += [_moved(c, n, start, end) for c, n in zip(claim.citations, numbered, strict=True)]
        lines.append(lead + said)
        at += len(lines[-1]) + 1
    if not wrong:
        return None
    mark = hashlib.sha256(f"{verified.pack}\n{verified.text}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return Answer(
        f"ans_{mark}", verified.text, "not_supported", "\n".join(lines), citations=tuple(found),
        edition=verified.edition, pack=verified.pack, engine="verify",
    )  # fmt: skip


def _moved(citation: Citation, marker: int, start: int, end: int) -> Citation:
    return replace(citation, marker=marker, answer_start=start, answer_end=end)


# ---- payloads in


def string(payload: object, *path: str) -> str:
    """The string at a path of nested objects; empty when there is none."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, Mapping) else None
    return payload if isinstance(payload, str) else ""


def named(*parts: str) -> str:
    """One name for several parts, at most 128 characters: long and strange ones as their hash."""
    name = "/".join(parts)
    plain = len(name) <= _LONGEST_NAME and name.isascii() and name.isprintable()
    return name if plain else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def listed(setting: str) -> frozenset[str]:
    """The names in a setting, commas between."""
    return frozenset(filter(None, map(str.strip, setting.split(","))))


# ---- answers out


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer, free of markup but for the marks of its citations."""

    words: str
    item: bool = False
    """Whether it is an item of a list."""


def lines(answer: Answer) -> tuple[Line, ...]:
    """An answer's text line by line, empty ones kept between; the rows of a table as items that name its columns.

    Where a chat model reads the question otherwise, the last line says so.
    """
    found: list[Line] = []
    head: list[str] = []
    for line in map(str.strip, answer.text.splitlines()):
        if not line.startswith("|"):
            head = []
            found.append(Line(line.removeprefix("- "), line.startswith("- ")))
        elif not head:
            head = _cells(line)
        elif set(line) - set("|-: "):
            found.append(Line(_row(head, _cells(line)), item=True))
    return (*found, Line(""), Line(answer.otherwise)) if answer.otherwise else tuple(found)


def _cells(row: str) -> list[str]:
    return [c.strip() for c in _CELL.split(row.strip("|"))]


def _row(head: Sequence[str], cells: Sequence[str]) -> str:
    return f"{cells[0]}: " + "; ".join(f"{h}: {c}" for h, c in zip(head[1:], cells[1:], strict=False))


def pieces(line: str, citations: Sequence[Citation]) -> Iterator[str | Citation]:
    """The words of a line, and between them the citations whose marks stand there."""
    known = {str(c.marker): c for c in citations}
    at = 0
    for mark in _MARK.finditer(line):
        if mark[1] in known:
            yield line[at : mark.start()]
            yield known[mark[1]]
            at = mark.end()
    yield line[at:]


def body(answer: Answer, mark: Callable[[Citation], str]) -> str:
    """An answer's text as Markdown, each citation's mark written by `mark`."""
    return "\n".join(
        ("- " if line.item else "")
        + "".join(markdown(p) if isinstance(p, str) else mark(p) for p in pieces(line.words, answer.citations))
        for line in lines(answer)
    )


def plain(answer: Answer) -> str:
    """Status, text, what a chat model reads otherwise, what is asked back and sources, without markup."""
    asks = [f"{answer.ask.question} ({' / '.join(options(answer))})"] if answer.ask else []
    sources = [f"[{c.marker}] {c.title}: “{c.quote}” {c.url}".rstrip() for c in answer.citations]
    said = [heading(answer), answer.text, answer.otherwise, *asks, "\n".join(sources)]
    return "\n\n".join(filter(None, said))


def heading(answer: Answer) -> str:
    """Icon and words of an answer's status."""
    return " ".join(BADGES[answer.status])


def options(answer: Answer) -> tuple[str, ...]:
    """Words to choose from when a fact is missing; each is a complete next question."""
    return tuple(w for _, w in answer.ask.options) if answer.ask else ()


def href(url: str) -> str:
    """An address that may stand in a link of any markup; empty when it does not lead to a web page."""
    return quote(url, safe=_SAFE) if urlsplit(url).scheme in {"http", "https"} else ""


def shortened(value: str, most: int) -> str:
    """At most so many characters, the cut shown."""
    return value if len(value) <= most else value[: most - 2].rstrip() + " …"


def markdown(words: str) -> str:
    """Words as Markdown that shows them: no character of them acts as markup or calls a person."""
    return _ACTIVE.sub(r"\\\g<0>", html.escape(words, quote=False)).replace("@", "@\u200b")
