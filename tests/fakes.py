"""A chat model's server on loopback that says whatever a test wants it to, in OpenAI's protocol, Anthropic's or Ollama's by the path asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from langchain_openai import ChatOpenAI
from pydantic import SecretStr

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
    refuses: bool = False
    """Refuse as the protocol does, after what the script says."""
    requests: list[dict[str, object]] = field(default_factory=list)


class _OpenAI:
    """Server-sent events of chat completions; Azure speaks the same."""

    media = "text/event-stream"

    def opening(self) -> list[dict[str, object]]:
        return []

    def piece(self, text: str) -> dict[str, object]:
        return self._chunk({"role": "assistant", "content": text}, None)

    def closing(self, *, refused: bool) -> list[dict[str, object]]:
        last = self._chunk({"refusal": "No."} if refused else {}, "stop")
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        return [last, {**last, "choices": [], "usage": usage}]

    def whole(self, text: str, body: Mapping[str, object]) -> dict[str, object]:
        said = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
        whole = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"]}
        return {**whole, "choices": [said], "usage": usage}

    def line(self, data: Mapping[str, object]) -> bytes:
        return f"data: {json.dumps(data)}\n\n".encode()

    @staticmethod
    def _chunk(delta: Mapping[str, object], reason: str | None) -> dict[str, object]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "fake", "choices": [choice]}


class _Anthropic(_OpenAI):
    """Server-sent events of the Messages API."""

    def opening(self) -> list[dict[str, object]]:
        message = self._message([], None, {"input_tokens": 100, "output_tokens": 1})
        block = {"type": "text", "text": ""}
        return [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
        ]

    def piece(self, text: str) -> dict[str, object]:
        return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}

    def closing(self, *, refused: bool) -> list[dict[str, object]]:
        delta = {"stop_reason": "refusal" if refused else "end_turn", "stop_sequence": None}
        return [
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": delta, "usage": {"input_tokens": 100, "output_tokens": 20}},
            {"type": "message_stop"},
        ]

    def whole(self, text: str, body: Mapping[str, object]) -> dict[str, object]:
        tools = body["tools"]
        assert isinstance(tools, list)
        use = {"type": "tool_use", "id": "t", "name": tools[0]["name"], "input": json.loads(text)}
        return self._message([use], "tool_use", {"input_tokens": 50, "output_tokens": 10})

    def line(self, data: Mapping[str, object]) -> bytes:
        return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()

    @staticmethod
    def _message(content: list[object], reason: str | None, usage: Mapping[str, int]) -> dict[str, object]:
        return {
            "id": "m", "type": "message", "role": "assistant", "model": "fake", "content": content,
            "stop_reason": reason, "stop_sequence": None, "usage": usage,
        }  # fmt: skip


class _Ollama(_OpenAI):
    """Lines of JSON."""

    media = "application/x-ndjson"

    def piece(self, text: str) -> dict[str, object]:
        said = {"role": "assistant", "content": text}
        return {"model": "fake", "created_at": "2026-01-01T00:00:00Z", "message": said, "done": False}

    def closing(self, *, refused: bool) -> list[dict[str, object]]:
        said = self.piece("I cannot help with that." if refused else "")
        return [{**said, "done": True, "done_reason": "stop", "prompt_eval_count": 100, "eval_count": 20}]

    def line(self, data: Mapping[str, object]) -> bytes:
        return json.dumps(data).encode() + b"\n"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour: Behaviour

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        did = self.behaviour
        did.requests.append(body)
        wire = _Anthropic() if self.path.endswith("/messages") else _Ollama() if self.path == "/api/chat" else _OpenAI()
        if did.status != 200:
            return self._whole(did.status, b'{"error": {"message": "no", "type": "fault", "code": null}}')
        if did.raw is not None:
            return self._whole(200, did.raw)
        if not body.get("stream"):
            time.sleep(did.pause)
            return self._whole(200, json.dumps(wire.whole("".join(did.script(body)), body)).encode())
        self.send_response(200)
        self.send_header("Content-Type", wire.media)
        self.send_header("Transfer-Encoding", "chunked")  # so that a connection that is cut is no end of the text
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self._stream(wire, did, body)
        self.close_connection = True
        return None

    def _stream(self, wire: _OpenAI, did: Behaviour, body: dict[str, object]) -> None:
        self._send(wire, wire.opening())
        for number, piece in enumerate(did.script(body)):
            if did.breaks_after is not None and number >= did.breaks_after:
                self.connection.close()
                return
            time.sleep(did.pause)
            self._send(wire, [wire.piece(piece)])
        self._send(wire, wire.closing(refused=did.refuses))
        if type(wire) is _OpenAI:
            self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _send(self, wire: _OpenAI, events: Sequence[Mapping[str, object]]) -> None:
        data = b"".join(wire.line(e) for e in events)
        if data:  # an empty chunk would end the text
            self._chunk(data)

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
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


def model(url: str) -> ChatOpenAI:
    """A client of such a server, as a user of OpenAI's would make it."""
    return ChatOpenAI(model="fake", base_url=url, api_key=SecretStr("x"), max_retries=0, timeout=5, stream_usage=True)


def sentences(*said: str) -> Script:
    """Says these sentences, in pieces of a few characters."""

    def script(_: dict[str, object]) -> list[str]:
        text = " ".join(said)
        return [text[n : n + 7] for n in range(0, len(text), 7)]

    return script
