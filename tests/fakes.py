"""A chat model's server on loopback that speaks OpenAI's protocol and says whatever a test wants it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Script = Callable[[dict[str, object]], Sequence[str]]
"""From the request's JSON to the pieces that are streamed."""


@dataclass
class Behaviour:
    """What the server does with a request."""

    script: Script = lambda _: ()
    status: int = 200
    pause: float = 0.0
    """Seconds before each piece."""
    breaks_after: int | None = None
    """Pieces after which the connection is cut."""
    raw: bytes | None = None
    """Sent instead of a stream."""
    requests: list[dict[str, object]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour: Behaviour

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        did = self.behaviour
        did.requests.append(body)
        if did.status != 200:
            return self._whole(did.status, b'{"error": {"message": "no", "type": "fault", "code": null}}')
        if did.raw is not None:
            return self._whole(200, did.raw)
        if not body.get("stream"):
            return self._spoken("".join(did.script(body)))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for number, piece in enumerate(did.script(body)):
                if did.breaks_after is not None and number >= did.breaks_after:
                    self.close_connection = True
                    self.connection.close()
                    return None
                time.sleep(did.pause)
                self._event(
                    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}]}
                )
            self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            self._event({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}})
            self.wfile.write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.close_connection = True
        return None

    def _spoken(self, text: str) -> None:
        """The whole answer at once, as to a request that does not stream."""
        time.sleep(self.behaviour.pause)
        said = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
        whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "fake", "choices": [said]}
        self._whole(200, json.dumps({**whole, "usage": usage}).encode())

    def _event(self, data: dict[str, object]) -> None:
        whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "fake", **data}
        self.wfile.write(f"data: {json.dumps(whole)}\n\n".encode())
        self.wfile.flush()

    def _whole(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def served(behaviour: Behaviour) -> Iterator[str]:
    """The base URL of a server that behaves so."""
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def sentences(*said: str) -> Script:
    """Says these sentences, in pieces of a few characters."""

    def script(_: dict[str, object]) -> list[str]:
        text = " ".join(said)
        return [text[n : n + 7] for n in range(0, len(text), 7)]

    return script
