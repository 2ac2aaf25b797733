"""A conversation: its turns, its one-line form for links and history, and its copies. Pure but for asking.

The line is a query, ``?ask=…&ask=…&given=1~os:linux;tool:dpm``: what was asked, and of each what-if the turn
it goes back to and its facts. Answers are not in it: asked again they are the same, byte for byte, as long as the pack
is; a chat model's words are not kept.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextvars import copy_context
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from assistant.channels.markup import BADGES
from assistant.channels.render import Turn
from assistant.errors import AssistantError
from assistant.types import GONE, Answer

if TYPE_CHECKING:
    from assistant.engine import Assistant
    from assistant.pack import Pack
    from assistant.types import Facts

log = logging.getLogger("assistant.page")
Piece = TypeVar("Piece")
Turns = tuple[Turn, ...]
Query = Sequence[tuple[str, str]]
"""The name=value pairs of an address, in order."""
_LONGEST = 6000
"""Characters of a link: servers and mail programs cut longer ones."""
_READ = 100_000
"""Characters that are read of what a form sends: a pasted text of 20,000, with its escapes."""
_MOST = 30
"""Turns that a link may ask for."""


# ---- asking


def ask(helper: Assistant, question: str, before: Turns) -> Turn:
    """The next turn in the rules' own words, carrying on from the last answer; an error becomes a polite sentence, its trace goes to the log."""
    after = last(before)
    return _tried(Turn(question, None), lambda: helper.settle(question, after=after))


def worded(helper: Assistant, turn: Turn, before: Turns, count: Callable[[Answer], None]) -> Iterator[Turn]:
    """The turn as a chat model words it, each time with more of its proven text, at last whole; as it is without a model.

    Where the model reads each question too, told the facts of the turns `before`, the last one says what it read otherwise.
    Status, facts and places stand from the first one on. Whatever breaks on the way, the turn in the rules' words is the last.
    `count` hears once of the answer that stands: that of the last turn, or, when the turns are closed before it, the settled one
    with what the model had done by then; it is left alone at once.
    """
    if turn.answer and helper.drafter:
        text, whole, left = "", turn, Event()
        pieces = _in_one_context(helper.word(turn.answer, lambda: GONE if left.is_set() else "", last(before)))
        try:
            for piece in pieces:
                if isinstance(piece, str):
                    text += piece
                    yield replace(turn, answer=replace(turn.answer, text=text), growing=True)
                else:
                    whole = replace(turn, answer=piece)
        except GeneratorExit:
            left.set()
            count(_stopped(turn.answer, pieces))
            raise
        except Exception:
            log.exception("wording an answer failed; it stands in the rules' words")
        turn = whole
    if turn.answer:
        count(turn.answer)
    yield turn


def _stopped(settled: Answer, rest: Iterator[str | Answer]) -> Answer:
    """The settled answer with what a model had done that nobody listens to any more: `rest` ends at once."""
    told = [piece for piece in rest if isinstance(piece, Answer)][-1]
    return replace(settled, draft=told.draft and replace(told.draft, fault=GONE), second=told.second)


def _in_one_context(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces; a page takes each on another thread and in a context of its own, which what makes them must not see."""
    context = copy_context()
    try:
        while (piece := context.run(next, pieces, None)) is not None:
            yield piece
    finally:
        if isinstance(pieces, Generator):
            context.run(pieces.close)


def suppose(helper: Assistant, number: int, given: Sequence[Facts], before: Turns) -> Turn:
    """The `number`-th question asked again with other facts, as the next turn."""
    answer = before[number - 1].answer if 0 < number <= len(before) else None
    if answer is None:
        return Turn("What if?", None, "Sorry, this cannot be answered: there is no answer to change.")
    told = machines(answer)
    words = _difference(helper.pack, told, given) if len(told) == len(given) else ""
    turn = Turn(f"What if: {words}?" if words else "The same once more", None, of=number, given=tuple(given))
    return _tried(turn, lambda: helper.suppose(answer, *given))


def _tried(turn: Turn, work: Callable[[], Answer]) -> Turn:
    try:
        return replace(turn, answer=work())
    except AssistantError as error:
        return replace(turn, apology=f"Sorry, this cannot be answered: {error}.")
    except Exception:
        request = uuid4().hex[:12]
        log.exception("request %s", request)
        return replace(
            turn, apology=f"Sorry, something went wrong here. The log has the details under request {request}."
        )


def last(turns: Turns) -> Answer | None:
    """The newest answer."""
    return next((t.answer for t in reversed(turns) if t.answer), None)


def machines(answer: Answer) -> tuple[Facts, ...]:
    """The facts of each machine that a question tells of."""
    return tuple(s.facts for s in answer.reading.scenarios) if answer.reading else (answer.facts,)


def _difference(pack: Pack, before: Sequence[Facts], after: Sequence[Facts]) -> str:
    """What a what-if changes, in words: "Environment virtual, Operating system not said"."""
    found = []
    for old, new in zip(before, after, strict=True):
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                found.append(
                    f"{pack.dimensions[name].label} {pack.told(new, name)}" if name in pack.dimensions else name
                )
    return ", ".join(found)


# ---- as a link


def address(turns: Turns) -> str:
    """The conversation as a query; empty when nothing was asked or when it would be too long for a link."""
    pairs = _pairs(turns)
    query = "?" + urlencode(pairs)
    return query if pairs and len(query) <= _LONGEST and len(pairs) <= _MOST else ""


def _pairs(turns: Turns) -> Query:
    return [("given", f"{t.of}~{_coded(t.given)}") if t.of else ("ask", t.question) for t in turns]


def play(helper: Assistant, query: Query) -> Turns:
    """The conversation of a query, asked again; what cannot be read becomes a turn that says so. At most thirty turns."""
    return _played(helper, [pair for pair in query if pair[0] in {"ask", "given"}][:_MOST])


def _played(helper: Assistant, pairs: Query) -> Turns:
    turns: Turns = ()
    for name, value in pairs:
        if name == "ask":
            turns = (*turns, ask(helper, value, turns))
        else:
            number, _, facts = value.partition("~")
            turns = (*turns, suppose(helper, int(number) if number.isdecimal() else 0, _decoded(facts), turns))
    return turns


def renewed(helper: Assistant, turns: Turns) -> Turns:
    """The same turns, asked again when another generation of the pack answers now: no page mixes two."""
    now = f"{helper.pack.name}@{helper.pack.digest[:12]}"
    if all(t.answer is None or t.answer.pack == now for t in turns):
        return turns
    return _played(helper, _pairs(turns))


def read(query: str) -> Query:
    """The name=value pairs of an address; at most 200 of them are looked at."""
    return parse_qsl(query.removeprefix("?")[:_READ], keep_blank_values=True)[:200]


def _coded(given: Sequence[Facts]) -> str:
    return "/".join(";".join(f"{n}:{','.join(values)}" for n, values in facts.items()) for facts in given)


def _decoded(text: str) -> tuple[Facts, ...]:
    return tuple(
        {n: tuple(values.split(",")) for n, _, values in (item.partition(":") for item in machine.split(";") if item)}
        for machine in text.split("/")
    )


# ---- as text


def copied(answer: Answer, pack: Pack) -> str:
    """An answer with its sources, for a mail or a ticket: plain text."""
    sources = [f"[{c.marker}] {c.title} – “{c.quote}”\n    {c.url}" for c in answer.citations]
    told = f"{answer.question}\n\n" if answer.question else ""
    head = f"{told}{BADGES[answer.status][1].upper()}\n\n{answer.text}"
    return "\n".join([head, "", *sources, "", f"{pack.title} {pack.edition}, {answer.pack}, {answer.id}"])


def exported(turns: Turns, pack: Pack) -> str:
    """A conversation as Markdown, each answer with its status, its sources and its id."""
    parts = [f"# {pack.title}: a conversation", f"Edition {pack.edition_words}, pack `{pack.digest[:12]}`."]
    for turn in turns:
        parts.append("## " + _flat(turn.question))
        if turn.answer is None:
            parts.append(turn.apology)
            continue
        parts += [f"**{BADGES[turn.answer.status][1]}**", turn.answer.text]
        parts += [f"- [{c.marker}] {c.title}: “{_flat(c.quote)}” <{c.url}>" for c in turn.answer.citations]
        parts.append(f"`{turn.answer.id}`")
    return re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", "\n\n".join(parts)) + "\n"


def _flat(text: str) -> str:
    return " ".join(text.split())
