"""Slack's Web API and Socket Mode on loopback, strict: methods, token, arguments and the limits of blocks are checked."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN, APP_TOKEN, SECRET = "xoxb-test", "xapp-test", "8f742231b10e8888abcd99yyyzzz85a5"
BOT, TEAM = "UBOT", "T1"
NEEDED = {"auth.test": set(), "chat.postMessage": {"channel", "text"}, "apps.connections.open": set()}
MOST = {"blocks": 50, "section": 3000, "context": 10, "actions": 25, "label": 75, "value": 2000, "text": 40_000}
LINK = re.compile(r"<(?:https?://[^|<>\s]+\|([^<>|]+)|@U[A-Z0-9]+)>")
"""The only markup that we write."""
MARKUP = re.compile(r"[<>]|&(?!amp;|lt;|gt;)")


def bare(text: str) -> str:
    """A text with its links as words."""
    return LINK.sub(lambda m: m[1] or "", text)


def faults(message: Mapping[str, object]) -> list[str]:
    """What Slack would refuse in a message, or take for markup that is not ours."""
    blocks = message.get("blocks", [])
    assert isinstance(blocks, list)
    found = ["too many blocks"] if len(blocks) > MOST["blocks"] else []
    texts = [str(message["text"])] if message.get("text") else ["no text"]
    for block in blocks:
        found += _kind(block)
    texts += [
        t["text"] for b in blocks for t in [b.get("text"), *b.get("elements", [])] if t and t.get("type") == "mrkdwn"
    ]
    found += [f"markup: {t[m.start() : m.start() + 40]!r}" for t in map(bare, texts) for m in [MARKUP.search(t)] if m]
    return found + [f"long text: {len(t)}" for t in texts[1:] if not 0 < len(t) <= MOST["section"]]


def _kind(block: Mapping[str, object]) -> list[str]:
    elements = block.get("elements", [])
    assert isinstance(elements, list)
    if block["type"] == "section":
        return (
            [] if isinstance(block["text"], dict) and block["text"].get("verbatim") else ["a section that makes links"]
        )
    if block["type"] == "context":
        return [] if 0 < len(elements) <= MOST["context"] else ["context elements"]
    if block["type"] == "actions":
        names = {e["action_id"] for e in elements}
        bad = [
            e
            for e in elements
            if not 0 < len(e["text"]["text"]) <= MOST["label"] or not 0 < len(e["value"]) <= MOST["value"]
        ]
        return ["actions"] if bad or len(names) != len(elements) or not 0 < len(elements) <= MOST["actions"] else []
    if block["type"] == "context_actions":
        return [] if [e["type"] for e in elements] == ["feedback_buttons"] else ["context actions"]
    return [f"unknown block {block['type']}"]


@dataclass
class Slack:
    """What was called, and what may go wrong: `fail` holds the statuses of the next posts."""

    calls: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    refused: list[object] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)
    socket: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def posts(self) -> list[dict[str, object]]:
        """The messages that were taken."""
        with self.lock:
            return [c for name, c in self.calls if name == "chat.postMessage"]

    async def call(self, request: Request) -> Response:
        """One method of the Web API."""
        name, body = request.path_params["method"], await request.body()
        given = (
            json.loads(body) if "json" in request.headers.get("content-type", "") else dict(parse_qsl(body.decode()))
        )
        given = {k: json.loads(v) if k == "blocks" and isinstance(v, str) else v for k, v in given.items()}
        if name == "chat.postMessage" and self.fail:
            return Response(status_code=self.fail.pop(0), headers={"retry-after": "0"})
        error = self.error(name, request.headers.get("authorization", ""), given)
        with self.lock:
            (self.refused if error else self.calls).append((name, error or given))  # type: ignore[arg-type]  # two lists
        if error:
            return JSONResponse({"ok": False, "error": error})
        return JSONResponse(
            {"ok": True, "ts": "1.9", "channel": "C1", "url": self.socket or "https://t.slack.com/", "team": "t", "user": "b",
             "team_id": TEAM, "user_id": BOT, "bot_id": "B1"}
        )  # fmt: skip

    def error(self, name: str, authorization: str, given: dict[str, object]) -> str:
        """What Slack would say is wrong."""
        wanted = APP_TOKEN if name == "apps.connections.open" else TOKEN
        if name not in NEEDED:
            return "unknown_method"
        if authorization != f"Bearer {wanted}":
            return "invalid_auth"
        if NEEDED[name] - set(given):
            return "missing_argument"
        found = faults(given) if name == "chat.postMessage" else []
        return f"invalid_blocks: {found}" if found else ""

    @property
    def app(self) -> Starlette:
        """The Web API under ``/api/``."""
        return Starlette(routes=[Route("/api/{method}", self.call, methods=["GET", "POST"])])
