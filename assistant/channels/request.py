"""What a door takes from a request: the service, the caller, and whether anybody still waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from assistant.channels.auth import LOCAL, Caller
from assistant.channels.guard import Visit
from assistant.channels.problem import Problem
from assistant.channels.service import Service

T = TypeVar("T")


def visit(request: Request) -> Visit:
    """The request as the guard let it in."""
    found: Visit = request.state.visit
    return found


async def caller(request: Request) -> Caller:
    """Who sends the request."""
    return visit(request).caller or LOCAL


async def service(request: Request) -> Service:
    """The service of this process."""
    found: Service = request.app.state.service
    return found


# They are coroutines because the framework sends plain functions through a thread, which cost a third of the throughput.
Desk = Annotated[Service, Depends(service)]
Who = Annotated[Caller, Depends(caller)]


async def attended(request: Request, work: Awaitable[T]) -> T:
    """The result of `work`, which is given up when the caller hangs up before."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Problem(408, "gone", "the caller hung up")
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
