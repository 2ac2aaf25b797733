"""Any program that can sign a request, and the outgoing webhooks of Mattermost and Rocket.Chat.

``POST /channels/webhook`` takes JSON signed with a shared secret: header ``x-timestamp`` holds Unix seconds,
``x-signature`` the hex HMAC-SHA256 of ``{timestamp}.{body}``. ``POST /channels/webhook/outgoing`` takes what Mattermost
and Rocket.Chat send, form or JSON, and knows them by their token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from assistant.channels import chat
from assistant.channels.chat import Asked, Desk, Payload, string
from assistant.errors import SettingError
from assistant.types import Answer, Citation

WINDOW = 300
"""Seconds that a signature holds, before and after our clock."""
_FIELDS = 100
_SECRET = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """Who may call; a way in without a secret is closed."""

    secret: str = field(default="", repr=False)
    """Shared with programs that sign; at least 32 characters."""
    tokens: frozenset[str] = field(default=frozenset(), repr=False)
    """Given out by Mattermost or Rocket.Chat, one for each outgoing webhook."""


def settings(environment: Mapping[str, str]) -> Settings | None:
    """Of ``WEBHOOK_SECRET`` and ``WEBHOOK_TOKENS`` (commas between); None when neither is set."""
    secret = environment.get("WEBHOOK_SECRET", "")
    tokens = chat.listed(environment.get("WEBHOOK_TOKENS", ""))
    if secret and len(secret) < _SECRET:
        raise SettingError(
            f"WEBHOOK_SECRET has {len(secret)} characters; give at least {_SECRET}: openssl rand -hex 32"
        )
    return Settings(secret, tokens) if secret or tokens else None


# ---- payloads


def genuine(secret: str, timestamp: str, signature: str, body: bytes, now: float) -> bool:
    """Whether a body was signed with the secret within five minutes of `now`."""
    if (
        not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12)
        or abs(now - int(timestamp)) > WINDOW
    ):
        return False
    expected = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))


def signed(payload: Payload, signature: str) -> Asked | None:
    """The question of a signed request; None when it holds no text. The same request again is the same event."""
    channel, thread = string(payload, "channel"), string(payload, "thread_id")
    question, user = string(payload, "text"), string(payload, "user")
    conversation = chat.named("signed", channel, thread or user)
    return Asked(question, conversation, chat.named("signed", signature), True, channel) if question.strip() else None


def outgoing(payload: Payload) -> Asked | None:
    """The question of an outgoing webhook without its trigger word; None for a bot's own words and empty ones."""
    words, trigger = string(payload, "text"), string(payload, "trigger_word")
    question = (words[len(trigger) :] if trigger and words.startswith(trigger) else words).strip(" ,:")
    message = string(payload, "post_id") or string(payload, "message_id")
    if not question or not message or payload.get("bot"):
        return None
    channel, user = string(payload, "channel_id"), string(payload, "user_id")
    conversation = chat.named("outgoing", channel, string(payload, "tmid") or user)
    return Asked(question, conversation, chat.named("outgoing", channel, message), True, channel)


def shown(reply: Answer | str) -> dict[str, object]:
    """What a signed request gets back: `text` to read, `markdown` to show, `answer` to work with."""
    if isinstance(reply, str):
        return {"text": reply, "markdown": chat.markdown(reply), "answer": None}
    return {"text": chat.plain(reply), "markdown": markdown(reply), "answer": reply.to_dict()}


def posted(reply: Answer | str) -> dict[str, object]:
    """What an outgoing webhook gets back: a message, under the one that asked where the chat can do that."""
    return {"text": str(shown(reply)["markdown"]), "response_type": "comment"}


def markdown(answer: Answer) -> str:
    """Status, text, what is asked back and sources as Markdown, in which only our own citations are links."""
    asks = (
        [f"**{chat.markdown(answer.ask.question)}** {' / '.join(map(chat.markdown, chat.options(answer)))}"]
        if answer.ask
        else []
    )
    sources = [f"- {_link(c)} {chat.markdown(c.title)}: “{chat.markdown(c.quote)}”" for c in answer.citations]
    return "\n\n".join(
        filter(None, [f"**{chat.heading(answer)}**", chat.body(answer, _link), *asks, "\n".join(sources)])
    )


def _link(citation: Citation) -> str:
    """The mark of a citation, leading to its place."""
    mark, address = f"\\[{citation.marker}\\]", chat.href(citation.url)
    return f"[{mark}]({address})" if address else mark


# ---- the loop


def routes(desk: Desk, settings: Settings) -> list[Route]:
    """The ways in that have a secret."""

    async def programs(request: Request) -> Response:
        body, signature = await request.body(), request.headers.get("x-signature", "")
        if not genuine(settings.secret, request.headers.get("x-timestamp", ""), signature, body, time.time()):
            raise HTTPException(401, "the signature is wrong, or older than five minutes by our clock")
        asked = signed(_object(body), signature)
        if asked is None:
            raise HTTPException(422, 'the field "text" holds no question')
        reply = await chat.reply(desk, asked)
        if reply is None:
            raise HTTPException(409, "this request was answered before; sign it anew to ask again")
        return JSONResponse(shown(reply))

    async def chats(request: Request) -> Response:
        payload = _fields(await request.body(), request.headers.get("content-type", ""))
        if not _known(string(payload, "token"), settings.tokens):
            raise HTTPException(401, "the token is not one of WEBHOOK_TOKENS")
        asked = outgoing(payload)
        reply = await chat.reply(desk, asked) if asked else None
        return JSONResponse({} if reply is None else posted(reply))

    found = [Route("/channels/webhook", programs, methods=["POST"])] if settings.secret else []
    return [*found, Route("/channels/webhook/outgoing", chats, methods=["POST"])] if settings.tokens else found


def _known(token: str, tokens: frozenset[str]) -> bool:
    given = token.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(given, t.encode()) for t in tokens)


def _object(body: bytes) -> Payload:
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return found


def _fields(body: bytes, media: str) -> Payload:
    if media.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return _object(body)
    try:
        return dict(parse_qsl(body.decode("utf-8"), max_num_fields=_FIELDS))
    except ValueError:
        raise HTTPException(400, "the body is not a form in UTF-8 of at most 100 fields") from None
