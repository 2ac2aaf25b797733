"""Slack: mentions, threads and direct messages, by the Events API or by Socket Mode; buttons for a missing fact.

Slack gets its acknowledgement before the question is worked on, so its retries are rare; a message that is delivered
again, by either way or as a second kind of event, is answered once.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextActionsBlock,
    ContextBlock,
    FeedbackButtonObject,
    FeedbackButtonsElement,
    MarkdownTextObject,
    SectionBlock,
)
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assistant.channels import chat
from assistant.channels.chat import Asked, Desk, Payload, Rating, string
from assistant.errors import SettingError
from assistant.types import Answer, Citation

_SECTION = 3000
"""Characters of a text in a block; the platform's limit, as the next ones."""
_BLOCKS = 50
_BUTTONS = 25
_LABEL = 75
_VALUE = 2000
_NOTICE = 3000
"""Characters of the text that notifications and screen readers get; 4,000 is the platform's advice."""
_ADDRESS = 1000
"""Characters of an address that is still made a link."""
_WORD = 100
"""Characters after which an unbroken word may be cut."""
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_ANGLED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_ATOM = re.compile(rf"\s{{1,{_WORD}}}|\S{{1,{_WORD}}}")
_TOLD = {"", "thread_broadcast", "file_share"}
"""Subtypes of messages that a person wrote; edits, joins and the like are not answered."""
_CHOICE = "choose"
_FEEDBACK = "rate"


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation in one workspace."""

    token: str = field(repr=False)
    """Of the bot, ``xoxb-…``."""
    secret: str = field(default="", repr=False)
    """Signs what the Events API delivers."""
    app_token: str = field(default="", repr=False)
    """Opens Socket Mode, ``xapp-…``."""
    corrections: frozenset[str] = frozenset()
    """Ids of channels where wrong claims are corrected though nobody asked."""
    api: str = "https://slack.com/api/"


def settings(environment: Mapping[str, str]) -> Settings | None:
    """Of ``SLACK_BOT_TOKEN`` with ``SLACK_SIGNING_SECRET`` or ``SLACK_APP_TOKEN``, and ``SLACK_CORRECTIONS``."""
    token, secret, app = (environment.get(f"SLACK_{n}", "") for n in ("BOT_TOKEN", "SIGNING_SECRET", "APP_TOKEN"))
    if not (token or secret or app):
        return None
    if not token or not (secret or app):
        raise SettingError(
            "Slack: set SLACK_BOT_TOKEN, and SLACK_SIGNING_SECRET (Events API) or SLACK_APP_TOKEN (Socket Mode)"
        )
    return Settings(token, secret, app, chat.listed(environment.get("SLACK_CORRECTIONS", "")))


# ---- payloads in


def asked(event: Payload, team: str, bot: str) -> Asked | None:
    """The question in a message; None for what a program, or we, wrote, for edits, and for words to somebody else."""
    words, channel, stamp = (string(event, n) for n in ("text", "channel", "ts"))
    if event.get("bot_id") or string(event, "user") in {"", bot} or string(event, "subtype") not in _TOLD:
        return None
    direct = string(event, "channel_type") == "im"
    called = set(_MENTION.findall(words))
    addressed = direct or bot in called or string(event, "type") == "app_mention"
    if not channel or not stamp or (called and not addressed):
        return None
    return Asked(
        plain(words, bot),
        chat.named(team, channel, thread(event)) if addressed or string(event, "thread_ts") else "",
        chat.named(team, channel, stamp), addressed, channel,
    )  # fmt: skip


def thread(event: Payload) -> str:
    """Where a reply belongs: the thread of the message, or the one it begins; none in a direct message."""
    begins = "" if string(event, "channel_type") == "im" else string(event, "ts")
    return string(event, "thread_ts") or begins


def chosen(body: Payload) -> Asked | None:
    """The question that the click on a choice asks, in the conversation of the message that offered it."""
    value, click = string(_action(body), "value"), string(_action(body), "action_ts")
    place = (string(body, "team", "id"), string(body, "channel", "id"))
    event = chat.named(*place, string(body, "message", "ts"), string(body, "user", "id"), click)
    return Asked(value, chat.named(*place, clicked(body)), event, True, place[1]) if value and click else None


def clicked(body: Payload) -> str:
    """The thread of the message that was clicked on."""
    return string(body, "message", "thread_ts")


def rated(body: Payload) -> Rating | None:
    """What a click on a thumb says."""
    rating, _, answer = string(_action(body), "value").partition(" ")
    conversation = chat.named(string(body, "team", "id"), string(body, "channel", "id"), clicked(body))
    return Rating(conversation, answer, "up" if rating == "up" else "down") if rating in {"up", "down"} else None


def _action(body: Payload) -> object:
    actions = body.get("actions")
    return actions[0] if isinstance(actions, Sequence) and actions else {}


def plain(words: str, bot: str) -> str:
    """A message as people see it, without the mention of us."""
    seen = _ANGLED.sub(lambda m: "" if m[1] == f"@{bot}" else m[2] or m[1].lstrip("@#!"), words)
    return html.unescape(seen).strip(" ,:\n")


# ---- payloads out


def message(reply: Answer | str, chooser: str = "") -> tuple[str, list[Block]]:
    """Text for notifications, and blocks: status and text, citations, choices, thumbs. `chooser` is quoted above."""
    if isinstance(reply, str):
        return _escaped(reply), [_section(part) for part in _packed(_words(reply))]
    head = _said(chooser) + _parts(reply)
    tail = [*_choices(reply), _thumbs(reply)]
    cited = [_cited(c) for c in reply.citations]
    blocks = [*[_section(part) for part in head], *cited][: _BLOCKS - len(tail)] + tail
    return next(_packed(chain([f"{chat.heading(reply)}: "], _words(reply.text)), _NOTICE)), blocks


def _parts(answer: Answer) -> list[str]:
    body = chain.from_iterable(_marked(line, answer) for line in chat.lines(answer))
    return list(_packed(chain([f"*{chat.heading(answer)}*\n"], body)))


def _said(chooser: str) -> list[str]:
    return [chooser] if chooser else []


def _marked(line: chat.Line, answer: Answer) -> Iterator[str]:
    """A line as pieces that may be parted."""
    if line.item:
        yield "• "
    for piece in chat.pieces(line.words, answer.citations):
        yield from _words(piece) if isinstance(piece, str) else [_link(piece, f"[{piece.marker}]")]
    yield "\n"


def _words(words: str) -> Iterator[str]:
    return (_escaped(a) for a in _ATOM.findall(words))


def _packed(atoms: Iterable[str], most: int = _SECTION) -> Iterator[str]:
    """Pieces joined to texts of at most so many characters; none is parted."""
    held = ""
    for atom in atoms:
        if held and len(held) + len(atom) > most:
            yield held
            held = ""
        held += atom
    if held.strip():
        yield held


def _link(citation: Citation, words: str) -> str:
    """A link; its words on one line and without the bar that would end the address."""
    address, label = chat.href(citation.url), _escaped(" ".join(words.replace("|", " ").split()))
    return f"<{address}|{label}>" if label and 0 < len(address) <= _ADDRESS else label


def _section(words: str) -> SectionBlock:
    return SectionBlock(text=_text(words))


def _text(words: str) -> MarkdownTextObject:
    """Formatted text in which nothing but what we wrote as a link becomes one."""
    return MarkdownTextObject(text=words, verbatim=True)


def _cited(citation: Citation) -> ContextBlock:
    lead = f"{_escaped(f'[{citation.marker}]')} {_link(citation, chat.shortened(citation.title, _LABEL))}: "
    quote = next(_packed(_words(citation.quote), _SECTION - len(lead) - len("“ …”")), "")
    cut = "" if len(html.unescape(quote)) == len(citation.quote) else " …"
    return ContextBlock(elements=[_text(f"{lead}“{quote}{cut}”")])


def _choices(answer: Answer) -> list[Block]:
    """The question that we ask back, each of its answers a button."""
    if not answer.ask:
        return []
    buttons = [
        ButtonElement(text=chat.shortened(w, _LABEL), value=w[:_VALUE], action_id=f"{_CHOICE}_{n}")
        for n, w in enumerate(chat.options(answer)[:_BUTTONS])
    ]
    return [_section(f"*{_escaped(answer.ask.question)}*"), ActionsBlock(elements=buttons)]


def _thumbs(answer: Answer) -> ContextActionsBlock:
    up = FeedbackButtonObject(text="Right", value=f"up {answer.id}")
    down = FeedbackButtonObject(text="Wrong", value=f"down {answer.id}")
    buttons = FeedbackButtonsElement(action_id=_FEEDBACK, positive_button=up, negative_button=down)
    return ContextActionsBlock(elements=[buttons])


def _escaped(words: str) -> str:
    """The three characters by which Slack tells its markup from words."""
    return html.escape(words, quote=False)


# ---- the loop


def app(desk: Desk, settings: Settings) -> AsyncApp:
    """What listens to messages and clicks. It acknowledges first, and is not told of a listener's fault but logs it."""
    client = AsyncWebClient(settings.token, base_url=settings.api)
    client.retry_handlers = [AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler(max_retry_count=3)]
    made = AsyncApp(client=client, signing_secret=settings.secret, request_verification_enabled=False)
    made.event("app_mention")(_hears(desk, settings))
    made.event("message")(_hears(desk, settings))
    made.action(re.compile(rf"^{_CHOICE}_\d+$"))(_chooses(desk))
    made.action(_FEEDBACK)(_rates(desk))
    return made


def _hears(desk: Desk, settings: Settings) -> Callable[..., Awaitable[None]]:
    async def hear(event: dict[str, object], context: AsyncBoltContext, client: AsyncWebClient) -> None:
        found = asked(event, context.team_id or "", context.bot_user_id or "")
        reply = await chat.reply(desk, found, settings.corrections) if found else None
        if reply is not None:
            await _post(client, string(event, "channel"), thread(event), message(reply))

    return hear


def _chooses(desk: Desk) -> Callable[..., Awaitable[None]]:
    async def choose(ack: AsyncAck, body: dict[str, object], client: AsyncWebClient) -> None:
        await ack()
        found = chosen(body)
        reply = await chat.reply(desk, found) if found else None
        if found and reply is not None:
            said = f"<@{string(body, 'user', 'id')}>: {_escaped(found.question)}"
            await _post(client, found.place, clicked(body), message(reply, said))

    return choose


def _rates(desk: Desk) -> Callable[..., Awaitable[None]]:
    async def rate(ack: AsyncAck, body: dict[str, object]) -> None:
        await ack()
        if rating := rated(body):
            await chat.rate(desk, rating)

    return rate


async def _post(client: AsyncWebClient, channel: str, thread: str, message: tuple[str, list[Block]]) -> None:
    words, blocks = message
    await client.chat_postMessage(
        channel=channel, thread_ts=thread or None, text=words, blocks=blocks, unfurl_links=False, unfurl_media=False
    )


def genuine(secret: str, timestamp: str, signature: str, body: bytes) -> bool:
    """Whether Slack signed a body within the last five minutes. What cannot even be read was not signed."""
    try:
        return SignatureVerifier(secret).is_valid(body.decode("utf-8"), timestamp, signature)
    except (ValueError, OverflowError, TypeError):  # a stamp that is no number or too large, letters beyond ASCII
        return False


def routes(desk: Desk, settings: Settings) -> list[Route]:
    """Where the Events API and clicks come in; none without a signing secret."""
    handler = AsyncSlackRequestHandler(app(desk, settings))

    async def events(request: Request) -> Response:
        stamp, signature = (request.headers.get(f"x-slack-{n}", "") for n in ("request-timestamp", "signature"))
        if not genuine(settings.secret, stamp, signature, await request.body()):
            raise HTTPException(401, "the signature is not Slack's, or older than five minutes by our clock")
        return await handler.handle(request)

    return [Route("/channels/slack/events", events, methods=["POST"])] if settings.secret else []


async def listen(desk: Desk, settings: Settings) -> None:
    """Socket Mode: an outgoing connection instead of an address that Slack can reach. Runs until cancelled."""
    handler = AsyncSocketModeHandler(app(desk, settings), settings.app_token)
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped, as the next
        await asyncio.Event().wait()
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
