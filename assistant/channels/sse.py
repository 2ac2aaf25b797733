"""Server-sent events: the frames, and the response that carries them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from starlette.responses import StreamingResponse

MEDIA = "text/event-stream"
_HEADERS = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}
_PIECE = re.compile(r".+?(?:[.!?]\s+|\n+|$)", re.DOTALL)


def event(data: Mapping[str, object], name: str = "", number: int | None = None) -> bytes:
    """One event."""
    head = (f"event: {name}\n" if name else "") + (f"id: {number}\n" if number is not None else "")
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def pieces(text: str) -> Iterator[str]:
    """A text sentence by sentence; joined they are the text."""
    return (m[0] for m in _PIECE.finditer(text))


async def _each(events: Iterable[bytes]) -> AsyncIterator[bytes]:
    for one in events:
        yield one


def stream(events: Iterable[bytes]) -> StreamingResponse:
    """A response that sends these events as they come; no proxy on the way may keep or change them."""
    return StreamingResponse(_each(events), media_type=MEDIA, headers=_HEADERS)
