"""All doors in one process: the application is put together here, and run."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from assistant.channels import gradio, http, mcp, metrics, openai, problem, sources, team
from assistant.channels.auth import Keyring
from assistant.channels.desk import ServiceDesk
from assistant.channels.guard import Guard
from assistant.channels.inbox import PAGE
from assistant.channels.limits import Limits
from assistant.channels.metrics import Metrics
from assistant.channels.problem import Problem
from assistant.channels.protocol import punctual
from assistant.channels.request import Desk, visit
from assistant.channels.schema import describe, problems
from assistant.channels.service import Service
from assistant.channels.state import Conflict, State
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from assistant.channels.generations import Generations
    from assistant.channels.settings import Settings
    from assistant.types import Answer

log = logging.getLogger("assistant.serve")
_OPENAI = ("/v1/chat/completions", "/v1/responses")
_DRAIN = 10
_BACKLOG = 2048
_NO_CHATS: Mapping[str, str] = MappingProxyType({})


def application(generations: Generations, settings: Settings, environment: Mapping[str, str] = _NO_CHATS) -> ASGIApp:
    """The whole house as one ASGI application, with the team chats that the environment configures.

    StateError when the state cannot be opened, SettingError and MissingExtra as `team.opened`.
    """
    state, figures = State(settings.state), Metrics()
    service = Service(generations, state, settings, figures)
    agents = mcp.server(service)
    chats = team.opened(environment, partial(ServiceDesk, service))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with agents.session_manager.run():
            loops: tuple[team.Loop, ...] = (partial(_beside, service), *chats.loops)
            beside = [asyncio.create_task(loop()) for loop in loops]
            yield
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        service.close()

    pack = generations.current.pack
    app = FastAPI(
        title=f"{pack.title} assistant", version=version("azure-backup-assistant"), lifespan=lifespan, docs_url=None,
        redoc_url=None, description=f"Answers about {pack.about}: proven by rules, cited to the sentence.",
    )  # fmt: skip
    app.state.service = service
    for door in (http.router, openai.router, sources.router):
        app.include_router(door)
    _operations(app)
    app.router.routes.extend((*mcp.routes(agents, service), *chats.routes))
    gradio.mount(app, lambda: generations.current, partial(state.add_feedback, PAGE), partial(_count, figures))
    _errors(app)
    describe(app, settings.base)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.origins, allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "idempotency-key"],
        )  # fmt: skip
    return Guard(app, settings, Keyring(state, settings), Limits(settings.rate, state), figures)


def _count(figures: Metrics, answer: Answer) -> None:
    """Count an answer of the page, and what a chat model did for it."""
    figures.answered(PAGE, answer)
    figures.spent(answer)


async def _beside(service: Service) -> None:
    """Open the index, then follow what is published."""
    try:
        await service.open()
    except AssistantError as error:
        log.error("%s", error)  # noqa: TRY400  # the message says it all
    await service.follow()


def _operations(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/chat/", 307)

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        return Response(status_code=204)

    @app.get("/healthz", operation_id="alive", tags=["operations"], responses=problems())
    async def alive() -> JSONResponse:
        """The process runs."""
        return JSONResponse({"status": "ok"})

    @app.get(
        "/readyz", operation_id="ready", tags=["operations"], responses={**problems(), 503: {"description": "Not yet."}}
    )
    async def ready(desk: Desk) -> JSONResponse:
        """Questions are answered: index and rules are open, the state can be read. 503 until then."""
        parts = {"index": desk.generations.ready, "state": await asyncio.to_thread(desk.state.alive)}
        words = {"status": "ready" if all(parts.values()) else "not ready", "pack": desk.pack_now, **parts}
        return JSONResponse({**words, "degraded": desk.helper.degraded}, 200 if all(parts.values()) else 503)

    @app.get("/metrics", operation_id="metrics", tags=["operations"], include_in_schema=False)
    async def figures(desk: Desk) -> Response:
        return Response(desk.metrics.page(), media_type=metrics.MEDIA)


def _errors(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def shapeless(request: Request, error: RequestValidationError) -> Response:
        return _told(request, _shape(request, error))

    @app.exception_handler(HTTPException)
    async def known(request: Request, error: HTTPException) -> Response:
        return _told(request, problem.of(error))

    @app.exception_handler(AssistantError)
    async def refused(request: Request, error: AssistantError) -> Response:
        if isinstance(error, Conflict):
            return _told(request, Problem(409, "conflict", str(error), headers={"retry-after": "1"}))
        return _told(request, problem.refused(error, _unfit(request)))


def _told(request: Request, one: Problem) -> Response:
    return problem.response(one, request.url.path, visit(request).id)


def _unfit(request: Request) -> int:
    """The status of a request that can be read but not answered; clients of OpenAI's protocol expect 400."""
    return 400 if request.url.path in _OPENAI else 422


def _shape(request: Request, error: RequestValidationError) -> Problem:
    """Where a body or a parameter is not as it should be, without repeating what was sent."""
    found = [
        {
            "pointer": "/" + "/".join(str(p)[:80] for p in e["loc"]),
            "detail": str(e["msg"])[:200],
            "code": str(e["type"]),
        }
        for e in error.errors()[:20]
    ]
    if any(f["code"] == "json_invalid" for f in found):
        return Problem(400, "not_json", "the body is not JSON", errors=found)
    first = found[0]
    name = first["pointer"].rpartition("/")[2]
    return Problem(
        _unfit(request), "invalid_request", f"{first['pointer']}: {first['detail']}", param=name, errors=found
    )


def run(app: ASGIApp, settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until interrupted; running requests get ten seconds to end. OSError when the port is taken."""
    with listening(settings) as sock:
        say(f"serving on {settings.base}/ (Ctrl+C ends it)")
        server(app, settings).run(sockets=[sock])


def listening(settings: Settings) -> socket.socket:
    """The socket that connections come in by."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server(
        (settings.host, settings.port), family=family, backlog=_BACKLOG, reuse_port=settings.share_port
    )


def server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    """The server that speaks HTTP on such a socket."""
    config = uvicorn.Config(
        app, http=punctual(settings.patience), ws="none", log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=_DRAIN,
    )  # fmt: skip
    return uvicorn.Server(config)
