"""Microsoft Teams: personal chats, mentions and threads; citation chips, a card with the proof and buttons, thumbs.

Tokens are judged by Microsoft's SDK. What comes before it here refuses what the SDK would stumble over, answer with
500, or fetch keys for at a stranger's wish.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
import jwt
from microsoft_teams.api.activities import ActivityTypeAdapter
from microsoft_teams.api.activities.invoke.message import MessageSubmitActionInvokeActivity
from microsoft_teams.api.activities.message import MessageActivity, MessageActivityInput
from microsoft_teams.api.auth.cloud_environment import PUBLIC, CloudEnvironment
from microsoft_teams.api.auth.credentials import TokenProvider
from microsoft_teams.api.models.entity import CitationAppearance
from microsoft_teams.apps import ActivityContext, App
from microsoft_teams.apps.http import HttpMethod, HttpRequest, HttpRouteHandler
from microsoft_teams.cards import Action, ActionSet, AdaptiveCard, CardElement, Fact, FactSet, SubmitAction, TextBlock
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from assistant.channels import chat
from assistant.channels.chat import Asked, Desk, Payload, Rating, string
from assistant.errors import SettingError
from assistant.types import Answer, Citation

log = logging.getLogger("assistant.teams")
T = TypeVar("T")
PATH = "/channels/teams/messages"
_NAME, _ABSTRACT = 80, 160
"""Characters of a citation chip's name and extract; the platform's limits, as the next ones."""
_ROW = 6
"""Buttons beside each other."""
_BUTTONS = 24
_FINDINGS = 12
_FEEDBACK = 2000
_SENT = 10_000
"""Answers whose thumbs can still be told apart."""
_PAUSES = (0.5, 2.0)
"""Seconds before a message that was surely not taken is sent again."""
_AT = re.compile(r"</?at[^>]*>")


@dataclass(frozen=True, slots=True)
class Settings:
    """One bot registration."""

    app_id: str
    secret: str = field(default="", repr=False)
    tenant: str = ""
    """The only tenant whose people are answered; empty for any that installed the app."""
    corrections: frozenset[str] = frozenset()
    """Ids of conversations (``19:…@thread.tacv2``) where wrong claims are corrected though nobody asked."""
    open: bool = False
    """Whether nobody has to prove who calls: for the Agents Playground on a machine of your own."""


def settings(environment: Mapping[str, str]) -> Settings | None:
    """Of ``TEAMS_APP_ID``, ``TEAMS_APP_SECRET``, ``TEAMS_TENANT_ID`` and ``TEAMS_CORRECTIONS``."""
    app_id, secret, tenant = (environment.get(f"TEAMS_{n}", "") for n in ("APP_ID", "APP_SECRET", "TENANT_ID"))
    if not (app_id or secret):
        return None
    if not app_id or not secret:
        raise SettingError("Teams: set both TEAMS_APP_ID and TEAMS_APP_SECRET, of the bot's registration")
    return Settings(app_id, secret, tenant, chat.listed(environment.get("TEAMS_CORRECTIONS", "")))


# ---- payloads in


def asked(activity: Payload) -> Asked | None:
    """The question in a message; None for what a bot wrote, and for words to somebody else."""
    bot, conversation, name = (string(activity, *p) for p in (("recipient", "id"), ("conversation", "id"), ("id",)))
    if (
        not conversation
        or not name
        or string(activity, "from", "role") == "bot"
        or string(activity, "from", "id") == bot
    ):
        return None
    mentions = _mentions(activity)
    kind, choice = string(activity, "conversation", "conversationType"), string(activity, "value", "choice")
    addressed = kind in {"", "personal"} or bool(choice) or any(string(m, "mentioned", "id") == bot for m in mentions)
    if mentions and not addressed:
        return None
    place, _, root = conversation.partition(";messageid=")
    begins = not addressed and root in {"", name}
    return Asked(
        choice or plain(activity, bot), "" if begins else chat.named(conversation), chat.named(conversation, name),
        addressed, place,
    )  # fmt: skip


def chosen(activity: Payload) -> str:
    """Who chose what with a click; empty for a message that was written."""
    choice = string(activity, "value", "choice")
    return f"{string(activity, 'from', 'name')}: {choice}" if choice else ""


def plain(activity: Payload, bot: str) -> str:
    """A message as people see it, without the mention of us."""
    words = string(activity, "text")
    for mention in _mentions(activity):
        if string(mention, "mentioned", "id") == bot:
            words = words.replace(string(mention, "text"), "")
    return html.unescape(_AT.sub("", words)).replace("\xa0", " ").strip(" ,:\n")


def _mentions(activity: Payload) -> list[object]:
    entities = activity.get("entities")
    return [e for e in entities if string(e, "type") == "mention"] if isinstance(entities, Sequence) else []


def tenant(activity: Payload) -> str:
    """The organisation that a message comes from."""
    return string(activity, "conversation", "tenantId") or string(activity, "channelData", "tenant", "id")


def rated(activity: Payload, answer_id: str) -> Rating:
    """What a thumb under one of our messages says, with the words that people may add."""
    value = ("value", "actionValue")
    up = string(activity, *value, "reaction") == "like"
    try:
        words = string(json.loads(string(activity, *value, "feedback") or "{}"), "feedbackText")
    except (ValueError, RecursionError):
        words = ""
    return Rating(
        chat.named(string(activity, "conversation", "id")), answer_id, "up" if up else "down", words[:_FEEDBACK]
    )


# ---- payloads out


def message(reply: Answer | str, chooser: str = "") -> MessageActivityInput:
    """Text with chips, thumbs, and a card where there is a proof or a question back. `chooser` is quoted above.

    Every line is a paragraph, items too: chips are made in paragraphs only.
    """
    if isinstance(reply, str):
        return MessageActivityInput(text=chat.markdown(reply))
    said = [chat.markdown(chooser)] if chooser else []
    lines = filter(None, chat.body(reply, _mark).split("\n"))
    made = MessageActivityInput(text="\n\n".join([*said, f"**{chat.heading(reply)}**", *lines])).add_feedback()
    for one in reply.citations:
        made.add_citation(one.marker, _chip(one))
    if reply.findings or reply.ask:
        made.add_card(card(reply))
    return made


def _mark(citation: Citation) -> str:
    return f"[{citation.marker}]"


def _chip(citation: Citation) -> CitationAppearance:
    name, extract = chat.shortened(citation.title, _NAME), chat.shortened(citation.quote, _ABSTRACT)
    return CitationAppearance(name=name, abstract=extract, url=chat.href(citation.url) or None)


def card(answer: Answer) -> AdaptiveCard:
    """The question that we ask back with a button for each of its answers, and the rules that decided."""
    facts = [
        Fact(title=f.rule_id, value=chat.markdown(f.message) + (f" [{f.citation}]" if f.citation else ""))
        for f in answer.findings[:_FINDINGS]
    ]
    proof: list[CardElement] = [TextBlock(text="Proof", weight="Bolder"), FactSet(facts=facts)] if facts else []
    return AdaptiveCard(version="1.5", fallback_text=chat.heading(answer), body=[*_choices(answer), *proof])


def _choices(answer: Answer) -> list[CardElement]:
    if not answer.ask:
        return []
    buttons: list[Action] = [_button(words) for words in chat.options(answer)[:_BUTTONS]]
    rows = [ActionSet(actions=buttons[n : n + _ROW]) for n in range(0, len(buttons), _ROW)]
    return [TextBlock(text=chat.markdown(answer.ask.question), wrap=True, weight="Bolder"), *rows]


def _button(words: str) -> SubmitAction:
    """A click comes to us as a message that holds the choice; nobody else sees it, so the reply says who chose what."""
    return SubmitAction(title=words, data={"choice": words})


# ---- the loop


class Sent:
    """Which answer each of our latest messages holds; the oldest is forgotten."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, str] = OrderedDict()

    def keep(self, message_id: str, answer_id: str) -> None:
        """Note what a message holds."""
        self._answers[message_id] = answer_id
        if len(self._answers) > _SENT:
            self._answers.popitem(last=False)

    def answer(self, message_id: str) -> str:
        """The answer's id; empty when this process did not send it."""
        return self._answers.get(message_id, "")


class _Door:
    """Keeps the SDK's handler, for a route of ours to call."""

    handle: HttpRouteHandler | None = None

    def register_route(self, _method: HttpMethod, _path: str, handler: HttpRouteHandler) -> None:
        """The SDK has one route."""
        self.handle = handler

    def serve_static(self, _path: str, _directory: str) -> None:
        """There are no pages."""

    async def start(self, _port: int) -> None:
        """Our own server runs already."""

    async def stop(self) -> None:
        """Our own server ends by itself."""


def routes(
    desk: Desk, settings: Settings, cloud: CloudEnvironment = PUBLIC, token: TokenProvider | None = None
) -> list[Route]:
    """Where Teams delivers. `token` is asked for our own tokens instead of Microsoft's login."""
    door = _Door()
    bot = App(
        client_id=settings.app_id, client_secret=settings.secret or None, tenant_id=settings.tenant or None, cloud=cloud,
        token=token, http_server_adapter=door, messaging_endpoint=PATH, state=False,
        dangerously_allow_unauthenticated_requests=settings.open,
    )  # fmt: skip
    _listen(bot, desk, settings)

    async def activities(request: Request) -> Response:
        activity = _activity(await request.body())
        if not (settings.open or _issuer(request.headers.get("authorization", "")) == cloud.token_issuer):
            raise HTTPException(401, "no token of the Bot Framework")
        if settings.tenant and tenant(activity) not in {"", settings.tenant}:
            raise HTTPException(403, "this bot answers another tenant")
        if door.handle is None:
            await bot.initialize()
        done = await _handler(door)(HttpRequest(body=dict(activity), headers=dict(request.headers)))
        body = done.get("body")
        return Response(status_code=done["status"]) if body is None else JSONResponse(body, done["status"])

    return [Route(PATH, activities, methods=["POST"])]


def _handler(door: _Door) -> HttpRouteHandler:
    if door.handle is None:
        raise RuntimeError("the SDK registered no route")
    return door.handle


def _listen(bot: App, desk: Desk, settings: Settings) -> None:
    sent = Sent()

    async def hear(context: ActivityContext[MessageActivity]) -> None:
        activity = _payload(context.activity)
        found = asked(activity)
        reply = await chat.reply(desk, found, settings.corrections) if found else None
        if reply is not None:
            posted = await persistent(lambda: context.send(message(reply, chosen(activity))))
            if isinstance(reply, Answer):
                sent.keep(posted.id, reply.id)

    async def rate(context: ActivityContext[MessageSubmitActionInvokeActivity]) -> None:
        activity = _payload(context.activity)
        await chat.rate(desk, rated(activity, sent.answer(string(activity, "replyToId"))))

    bot.on_message(hear)
    bot.on_message_submit_feedback(rate)


def _payload(activity: MessageActivity | MessageSubmitActionInvokeActivity) -> Payload:
    return activity.model_dump(mode="json", by_alias=True, exclude_none=True)


def _activity(body: bytes) -> Payload:
    """The body of a delivery; HTTPException 400 for what is none."""
    try:
        found = json.loads(body.decode("utf-8"))
        if isinstance(found, dict) and string(found, "serviceUrl"):
            told = {k: v for k, v in found.items() if v is not None}  # so the kit reads it
            ActivityTypeAdapter.validate_python(told)  # its complaint is a ValueError
            return found
    except (ValueError, RecursionError):
        pass
    raise HTTPException(
        400, "the body is no activity: a JSON object with type, id, from, recipient, conversation and serviceUrl"
    )


def _issuer(authorization: str) -> str:
    """Who says to have made a token. Decides nothing but which tokens are not even looked at."""
    try:
        return string(jwt.decode(authorization.removeprefix("Bearer "), options={"verify_signature": False}), "iss")
    except jwt.InvalidTokenError:
        return ""


async def persistent(send: Callable[[], Awaitable[T]]) -> T:
    """The result of `send`, tried three times; not again when the message may have arrived."""
    for pause in _PAUSES:
        try:
            return await send()
        except (httpx.ConnectError, httpx.HTTPStatusError) as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code not in {429, 503}:
                raise
            log.warning("not sent, tried again in %s s: %s", pause, type(error).__name__)
        await asyncio.sleep(pause)
    return await send()
