"""Server-sent events: the frames, and the response that carries them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from starlette.responses import StreamingResponse

MEDIA = "text/event-stream"
PING = b": ping\n\n"
"""A comment, which every client passes over; it keeps the connection open through proxies that close silent ones."""
_HEADERS = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}
_PIECE = re.compile(r".+?(?:[.!?]\s+|\n+|$)", re.DOTALL)


def event(data: Mapping[str, object], name: str = "", number: int | None = None) -> bytes:
    """One event."""
    head = (f"event: {name}\n" if name else "") + (f"id: {number}\n" if number is not None else "")
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def pieces(text: str) -> Iterator[str]:
    """A text sentence by sentence; joined they are the text."""
    return (m[0] for m in _PIECE.finditer(text))


class Tale:
    """The events of one stream while they come, numbered from 1, and whether somebody still listens."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.left = False
        self._ended = False
        self._news = asyncio.Event()

    def add(self, name: str, data: Mapping[str, object]) -> None:
        """The next event, under its number."""
        self.put(event(data, name, len(self.frames) + 1))

    def put(self, frame: bytes) -> None:
        """The next event as it is sent."""
        self.frames.append(frame)
        self._news.set()

    def end(self) -> None:
        """There are no more."""
        self._ended = True
        self._news.set()

    async def read(self, after: int, ping: float) -> AsyncIterator[bytes]:
        """The events after that number as they come, those that are there at once; a comment after each `ping` s of silence."""
        try:
            while True:
                if new := self.frames[after:]:
                    after += len(new)
                    yield b"".join(new)
                elif self._ended:
                    return
                else:
                    self._news.clear()
                    try:
                        await asyncio.wait_for(self._news.wait(), ping)
                    except TimeoutError:
                        yield PING
        finally:
            self.left = True


def rest(whole: str, after: int) -> bytes:
    """The events after that number of a stream that is complete."""
    return b"".join(f"{one}\n\n".encode() for one in whole.split("\n\n")[after:-1])


async def each(events: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Events that are there already, one by one."""
    for one in events:
        yield one


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """A response that sends these events as they come; no proxy on the way may keep or change them."""
    return StreamingResponse(events, media_type=MEDIA, headers=_HEADERS)
