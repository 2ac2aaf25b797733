"""The gate before every door: request ids, hosts and origins, keys, limits, deadlines, security headers, audit.

Pure ASGI around the whole application, so that nothing leaves without passing it, errors included.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Mount

from assistant.channels.auth import Caller, Keyring
from assistant.channels.limits import Limits
from assistant.channels.problem import Problem, fault, refused, response
from assistant.channels.settings import bare
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from assistant.channels.metrics import Metrics
    from assistant.channels.settings import Settings

log = logging.getLogger("assistant.http")
audit = logging.getLogger("assistant.audit")
_PROCESS, _NUMBERS = uuid4().hex[:14], count()
"""Request ids count up: randomness for each would let go of the interpreter's lock, and wait for it again."""
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SCOPES = (
    ("/v1/feedback", "feedback"), ("/v1/", "ask"), ("/mcp", "ask"), ("/metrics", "metrics"), ("/chat", "pages"),
    ("/sources", "pages"),
)  # fmt: skip
"""The scope that a path needs, by its beginning; other paths are open to all."""
_BODY = 64 * 1024
_LARGE = 1024 * 1024
_ROOMY = ("/v1/chat/completions", "/v1/responses", "/chat")
"""Where bodies may be large: chat programs send their whole history, and some forty tools with every message."""
_PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; frame-src 'none'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""For Gradio's page, which sets its own base: with it 22 of 22 payloads that fetched from outside fetched nothing.

It ends with who may show the page in a frame; origins that may call may do that too."""
_PLAIN = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_SECURITY = {
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin", "permissions-policy": "camera=(), geolocation=(), microphone=()",
}  # fmt: skip


@dataclass(slots=True)
class Visit:
    """One request on its way; doors read `caller` and may add to `note`."""

    id: str
    path: str
    method: str
    began: float
    caller: Caller | None = None
    headers: dict[str, str] = field(default_factory=dict)
    note: dict[str, str] = field(default_factory=dict)
    status: int = 0


class Guard:
    """Wraps an application; `visit` in the scope's state is the request it lets through."""

    def __init__(self, app: ASGIApp, settings: Settings, keyring: Keyring, limits: Limits, metrics: Metrics) -> None:
        self._app, self._settings, self._keyring, self._metrics = app, settings, keyring, metrics
        self._limits, self._names = limits, settings.names
        self._page = " ".join((_PAGE, *settings.origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._visit(scope, receive, send)

    async def _visit(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        visit = Visit(_id(headers), scope["path"], scope["method"], time.perf_counter())
        scope.setdefault("state", {})["visit"] = visit

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                _dress(MutableHeaders(scope=message), visit, self._page)
            await send(message)

        try:
            await self._check(headers, visit)
            await self._app(scope, _bounded(receive, self._settings.patience, _most(visit.path)), dressed)
        except Problem as problem:
            await response(problem, visit.path, visit.id)(scope, receive, dressed)
        except AssistantError as error:
            await response(refused(error), visit.path, visit.id)(scope, receive, dressed)
        except Exception:
            log.exception("request %s", visit.id)
            if not visit.status:
                await response(fault(), visit.path, visit.id)(scope, receive, dressed)
        finally:
            self._leave(scope, visit)

    async def _check(self, headers: Headers, visit: Visit) -> None:
        host = headers.get("host", "")
        if bare(host).lower() not in self._names:
            raise Problem(
                400, "unknown_host", "this host name is not served here; the operator can add it with --allow-host"
            )
        origin = headers.get("origin")
        if (
            origin
            and origin.partition("://")[2] != host
            and origin not in self._settings.origins
            and visit.method != "OPTIONS"
        ):
            raise Problem(
                403,
                "foreign_origin",
                "pages of other origins may not call; the operator can add one with --allow-origin",
            )
        scope = next((s for start, s in _SCOPES if visit.path.startswith(start)), "")
        if scope and visit.method != "OPTIONS":
            visit.caller = await self._keyring.caller(headers.get("authorization", ""), scope)
            if visit.caller.counted and scope in {"ask", "feedback"}:
                visit.headers |= await self._limits.take(visit.caller.id)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:18]) > _most(visit.path):
            raise _too_large(_most(visit.path))
        if visit.method == "POST" and visit.path.startswith("/v1/"):
            _must_be_json(headers.get("content-type", ""))

    def _leave(self, scope: Scope, visit: Visit) -> None:
        seconds = time.perf_counter() - visit.began
        route = _route(scope)
        self._metrics.requests.labels(route, _method(visit.method), visit.status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if audit.isEnabledFor(logging.INFO):
            line = {
                "request": visit.id, "caller": visit.caller.name if visit.caller else "", "method": visit.method,
                "path": visit.path[:200], "status": visit.status, "ms": round(seconds * 1000, 1), **visit.note,
            }  # fmt: skip
            audit.info("%s", json.dumps(line))


def _id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _SANE.fullmatch(given) else f"req_{_PROCESS}{next(_NUMBERS):010x}"


def _dress(headers: MutableHeaders, visit: Visit, page: str) -> None:
    headers["x-request-id"] = visit.id
    for name, value in (*_SECURITY.items(), *visit.headers.items()):
        headers.setdefault(name, value)
    headers["content-security-policy"] = page if visit.path.startswith("/chat") else _PLAIN
    if not visit.path.startswith(("/chat", "/sources")):
        headers.setdefault("cache-control", "no-store")


def _must_be_json(media: str) -> None:
    kind = media.partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(
            415, "unsupported_media_type", f"send the header 'Content-Type: application/json', not {kind[:60]!r}"
        )


def _route(scope: Scope) -> str:
    """The route's pattern, so that the number of different labels stays small."""
    route = scope.get("route")
    if isinstance(route, Mount):
        return route.path or "/"
    return str(getattr(route, "path", "other"))


def _method(method: str) -> str:
    return method if method in {"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"} else "other"


def _most(path: str) -> int:
    return _LARGE if path.startswith(_ROOMY) else _BODY


def _too_large(most: int) -> Problem:
    return Problem(413, "body_too_large", f"the body is larger than {most // 1024} KB", headers={"connection": "close"})


def _bounded(receive: Receive, patience: float, most: int) -> Receive:
    """`receive`, with a deadline and a size for the whole body; Problem 408 or 413 when it passes them."""
    deadline, size, complete = time.monotonic() + patience, 0, False

    async def bounded() -> Message:
        nonlocal size, complete
        if complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            raise Problem(408, "too_slow", "the body did not arrive in time", headers={"connection": "close"}) from None
        size += len(message.get("body", b""))
        if size > most:
            raise _too_large(most)
        complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return bounded
