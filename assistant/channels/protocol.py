"""HTTP on the wire with a deadline: a connection whose request line and headers do not arrive in time is closed.

Uvicorn has a deadline for idle connections only; 300 of 300 sockets that sent a header every few seconds were still
held after 45 s.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def punctual(patience: float) -> type[HttpToolsProtocol]:
    """The protocol with this many seconds for the headers of each request."""

    class Punctual(HttpToolsProtocol):
        """One connection."""

        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent
            super().connection_made(transport)
            self._expect()

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
