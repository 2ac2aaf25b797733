"""HTTP on the wire with bounds: a connection whose headers do not arrive in time, or do not end, is closed.

Uvicorn's fast parser bounds neither: it has a deadline for idle connections only; 300 of 300 sockets that sent a header every few seconds were still
held after 45 s.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEADERS = 64 * 1024
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def punctual(patience: float) -> type[HttpToolsProtocol]:
    """The protocol with this many seconds for the headers of each request."""

    class Punctual(HttpToolsProtocol):
        """One connection."""

        _deadline: asyncio.TimerHandle | None = None
        _size = 0
        """Bytes of headers that have come and not ended."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent
            super().connection_made(transport)
            self._expect()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._size = self._size + len(data) if self._deadline else 0
            if self._size > _HEADERS:
                self.transport.write(_TOO_LARGE)
                self.transport.close()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._expect()

        def on_headers_complete(self) -> None:
            self._relax()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._relax()
            super().connection_lost(exc)

        def _expect(self) -> None:
            if self._deadline is None:
                self._deadline = self.loop.call_later(patience, self.transport.close)

        def _relax(self) -> None:
            if self._deadline:
                self._deadline.cancel()
                self._deadline = None

    return Punctual
