"""Matrix: mentions, threads and rooms for two, in unencrypted rooms; citations as HTML, reactions as feedback.

The bot joins where people of its own server invite it. After a restart it answers what was asked of it in the last ten
minutes, once.
"""

from __future__ import annotations

import html
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nio import (
    AsyncClient,
    AsyncClientConfig,
    Event,
    InviteMemberEvent,
    MatrixRoom,
    ProfileGetDisplayNameResponse,
    ReactionEvent,
    RoomGetEventResponse,
    RoomMessageText,
    RoomSendError,
    SyncError,
    WhoamiResponse,
)

from assistant.channels import chat
from assistant.channels.chat import Asked, Desk, Payload, Rating, string
from assistant.errors import AssistantError, SettingError
from assistant.types import Answer, Citation

log = logging.getLogger("assistant.matrix")
Hear = Callable[[MatrixRoom, Event], Awaitable[None]]
ANSWER = "io.github.assistant.answer"
"""The member of a message's content that holds the answer's id and status."""
_LATE = 600.0
"""Seconds after which a question is no longer answered."""
_POLL = 30_000
"""Milliseconds that the homeserver may hold a request until something happens."""
_PATIENCE = AsyncClientConfig(max_limit_exceeded=3, max_timeouts=3)
_THUMBS = {"👍": "up", "👎": "down"}
_FALLBACK = re.compile(r"\A(?:> .*\n)+\n?")


class MatrixError(AssistantError):
    """The homeserver refused something without which there is no going on."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One account on one homeserver."""

    server: str
    """Address of the homeserver."""
    user: str
    """``@name:server``."""
    token: str = field(repr=False)
    """Access token of the account."""
    corrections: frozenset[str] = frozenset()
    """Ids of rooms where wrong claims are corrected though nobody asked."""


def settings(environment: Mapping[str, str]) -> Settings | None:
    """Of ``MATRIX_HOMESERVER``, ``MATRIX_USER``, ``MATRIX_TOKEN`` and ``MATRIX_CORRECTIONS``."""
    server, user, token = (environment.get(f"MATRIX_{n}", "") for n in ("HOMESERVER", "USER", "TOKEN"))
    if not (server or user or token):
        return None
    if not (server and user and token):
        raise SettingError("Matrix: set all of MATRIX_HOMESERVER, MATRIX_USER (@name:server) and MATRIX_TOKEN")
    return Settings(server, user, token, chat.listed(environment.get("MATRIX_CORRECTIONS", "")))


# ---- payloads in


def asked(event: Payload, room: str, names: Sequence[str], *, direct: bool) -> Asked | None:
    """The question in a message event; None for our own words, edits, and words to somebody else.

    `names` are our user id and, where people see another, our display name; `direct` says that nobody else is here.
    """
    content, name = event.get("content"), string(event, "event_id")
    relation = string(content, "m.relates_to", "rel_type")
    if not name or string(event, "sender") == names[0] or relation == "m.replace":
        return None
    words, called = _FALLBACK.sub("", string(content, "body")), _mentioned(content)
    addressed = direct or (names[0] in called if called is not None else names[0] in words)
    if called and not addressed:
        return None
    root = thread(event) or ("" if direct else name)
    conversation = chat.named(room, root) if addressed or thread(event) else ""
    return Asked(plain(words, names), conversation, chat.named(room, name), addressed, room)


def thread(event: Payload) -> str:
    """The event that the message's thread hangs under; empty when it stands in the room itself."""
    relation = ("content", "m.relates_to")
    return string(event, *relation, "event_id") if string(event, *relation, "rel_type") == "m.thread" else ""


def _mentioned(content: object) -> list[object] | None:
    """Whom the writer's program says to have mentioned; None when it says nothing, as old ones do."""
    mentions = content.get("m.mentions") if isinstance(content, Mapping) else None
    users = mentions.get("user_ids", []) if isinstance(mentions, Mapping) else None
    return users if isinstance(users, list) else None


def plain(words: str, names: Sequence[str]) -> str:
    """A message without the name by which it calls us."""
    for name in names:
        words = re.sub(rf"^@?{re.escape(name)}\s*[:,]?\s*|{re.escape(names[0])}", "", words.strip())
    return words.strip(" ,:\n")


# ---- payloads out


def content(reply: Answer | str, question: Payload, *, direct: bool) -> dict[str, object]:
    """What to send for a question: words, HTML, and its place in the thread. It calls nobody."""
    words, shown = (reply, _p(html.escape(reply))) if isinstance(reply, str) else (chat.plain(reply), page(reply))
    made: dict[str, object] = {
        "msgtype": "m.notice", "body": words, "format": "org.matrix.custom.html", "formatted_body": shown,
        "m.mentions": {},
    }  # fmt: skip
    if isinstance(reply, Answer):
        made[ANSWER] = {"id": reply.id, "status": reply.status}
    name = string(question, "event_id")
    root = thread(question) or ("" if direct else name)
    answered: dict[str, object] = {"m.in_reply_to": {"event_id": name}}
    if root:
        answered |= {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}
    return {**made, "m.relates_to": answered}


def page(answer: Answer) -> str:
    """Status, text, what is asked back and sources in the tags that Matrix allows."""
    asks = f"{html.escape(answer.ask.question)} {html.escape(' / '.join(chat.options(answer)))}" if answer.ask else ""
    head = _p(f"<strong>{html.escape(chat.heading(answer))}</strong>")
    return head + _body(answer) + (_p(f"<strong>{asks}</strong>") if asks else "") + _sources(answer)


def _body(answer: Answer) -> str:
    """Lines as paragraphs, neighbouring items as one list."""
    made = ""
    for line in chat.lines(answer):
        shown = "".join(
            html.escape(p) if isinstance(p, str) else _link(p) for p in chat.pieces(line.words, answer.citations)
        )
        made += f"<ul><li>{shown}</li></ul>" if line.item else _p(shown) if shown else ""
    return made.replace("</ul><ul>", "")


def _sources(answer: Answer) -> str:
    items = [
        f"<li>{_link(c)} {html.escape(c.title)}<blockquote>{html.escape(c.quote)}</blockquote></li>"
        for c in answer.citations
    ]
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _link(citation: Citation) -> str:
    address, mark = chat.href(citation.url), f"[{citation.marker}]"
    return f'<a href="{html.escape(address)}">{mark}</a>' if address else mark


def _p(words: str) -> str:
    return f"<p>{words}</p>"


def rated(event: Payload, key: str, room: str) -> Rating | None:
    """What a thumb under one of our messages says; None under other messages and for other signs."""
    answer = string(event, "content", ANSWER, "id")
    rating = _THUMBS.get(key[:1])
    conversation = chat.named(room, thread(event)) if thread(event) else chat.named(room, "")
    return Rating(conversation, answer, "up" if rating == "up" else "down") if answer and rating else None


# ---- the loop


class Bot:
    """Listens with one account."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self._desk, self._settings, self._names = desk, settings, [settings.user]
        self._client = AsyncClient(settings.server, settings.user, config=_PATIENCE)
        self._client.access_token, self._client.user_id = settings.token, settings.user

    async def listen(self) -> None:
        """Answer until cancelled. MatrixError when the homeserver does not let the account in."""
        try:
            if not isinstance(await self._client.whoami(), WhoamiResponse):
                raise MatrixError(f"{self._settings.server} does not know the MATRIX_TOKEN; log in again for a new one")
            shown = await self._client.get_displayname()
            if isinstance(shown, ProfileGetDisplayNameResponse) and shown.displayname:
                self._names.append(shown.displayname)
            self._client.add_event_callback(self._invited, InviteMemberEvent)
            self._client.add_event_callback(self._safely(self._heard), RoomMessageText)
            self._client.add_event_callback(self._safely(self._reacted), ReactionEvent)
            self._client.add_response_callback(_refused, SyncError)
            await self._client.sync_forever(timeout=_POLL, full_state=True)
        finally:
            await self._client.close()

    def _safely(self, hear: Hear) -> Hear:
        """The same, so that one message that cannot be answered does not end the listening."""

        async def safe(room: MatrixRoom, event: Event) -> None:
            try:
                await hear(room, event)
            except Exception:
                log.exception("event %s", event.event_id)

        return safe

    async def _invited(self, room: MatrixRoom, event: InviteMemberEvent) -> None:
        home = self._settings.user.partition(":")[2]
        if (event.membership, event.state_key) == ("invite", self._settings.user) and event.sender.endswith(f":{home}"):
            await self._client.join(room.room_id)

    async def _heard(self, room: MatrixRoom, event: Event) -> None:
        direct = room.member_count == 2
        found = asked(event.source, room.room_id, self._names, direct=direct)
        if found is None or time.time() - event.server_timestamp / 1000 > _LATE:
            return
        reply = await chat.reply(self._desk, found, self._settings.corrections)
        if reply is not None:
            made = content(reply, event.source, direct=direct)
            sent = await self._client.room_send(room.room_id, "m.room.message", made, tx_id=f"re-{event.event_id}")
            if isinstance(sent, RoomSendError):
                raise MatrixError(f"the reply was refused: {sent.message}")

    async def _reacted(self, room: MatrixRoom, event: Event) -> None:
        if not isinstance(event, ReactionEvent) or event.key[:1] not in _THUMBS:
            return
        about = await self._client.room_get_event(room.room_id, event.reacts_to)
        if isinstance(about, RoomGetEventResponse) and about.event.sender == self._settings.user:
            rating = rated(about.event.source, event.key, room.room_id)
            if rating and not await self._desk.seen(chat.named(room.room_id, event.event_id)):
                await chat.rate(self._desk, rating)


async def _refused(error: SyncError) -> None:
    raise MatrixError(f"the homeserver does not let us listen: {error.message}")


async def listen(desk: Desk, settings: Settings) -> None:
    """Answer until cancelled. MatrixError when the homeserver does not let the account in."""
    await Bot(desk, settings).listen()
