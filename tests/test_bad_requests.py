"""Bad requests and the status that each gets; after all of them the house answers others as before."""

from __future__ import annotations

import json
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest
from served import REFUSED

from assistant.vocabulary import LONGEST

if TYPE_CHECKING:
    from served import Served

ASK, CHECK, CHAT, RESPONSES, FEEDBACK = "/v1/ask", "/v1/check", "/v1/chat/completions", "/v1/responses", "/v1/feedback"
JSON = {"content-type": "application/json"}
KEPT = {"answer_id": "ans_" + "0" * 24, "turns": ["q"], "rating": "up"}


@dataclass(frozen=True)
class Bad:
    """A request that is not answered, and what is said instead."""

    name: str
    status: int
    code: str
    path: str = ASK
    body: bytes | str | object = field(default_factory=lambda: {"question": REFUSED})
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    key: bool = True


def said(content: object, **more: object) -> dict[str, object]:
    return {"model": "azure-backup", "messages": [{"role": "user", "content": content}], **more}


BAD = [
    # methods and places
    Bad("GET where POST is", 405, "method_not_allowed", method="GET", body=b""),
    Bad("DELETE", 405, "method_not_allowed", method="DELETE", body=b""),
    Bad("PUT", 405, "method_not_allowed", method="PUT"),
    Bad("a method that nobody knows", 400, "", method="BREW", body=b""),
    Bad("HEAD of a door that only answers GET", 405, "", path="/v1/sections", method="HEAD", body=b""),
    Bad("an unknown path", 404, "not_found", path="/v1/nothing"),
    Bad("a path up", 404, "not_found", path="/v1/../../etc/passwd", method="GET", body=b""),
    Bad("an encoded path up", 404, "unknown_name", path="/v1/sections/%2e%2e%2f%2e%2e%2fetc%2fpasswd", method="GET", body=b""),
    Bad("an encoded path up to a source", 404, "not_found", path="/sources/%2e%2e%2fpack.toml", method="GET", body=b""),
    Bad("an unknown document", 404, "unknown_name", path="/sources/nothing", method="GET", body=b""),
    Bad("an unknown section", 404, "unknown_name", path="/v1/sections/x%23y", method="GET", body=b""),
    Bad("an unknown model", 404, "model_not_found", path="/v1/models/gpt", method="GET", body=b""),
    # types
    Bad("text instead of JSON", 415, "unsupported_media_type", headers={"content-type": "text/plain"}, body=b'{"question":"q"}'),
    Bad("a form", 415, "unsupported_media_type", headers={"content-type": "application/x-www-form-urlencoded"}, body=b"question=q"),
    Bad("no content type", 415, "unsupported_media_type", headers={"content-type": ""}, body=b"{}"),
    Bad("XML", 415, "unsupported_media_type", headers={"content-type": "application/xml"}, body=b"<q/>"),
    # what is no JSON
    Bad("an empty body", 422, "invalid_request", body=b""),
    Bad("half an object", 400, "not_json", body=b'{"question": "a'),
    Bad("bytes of no text", 400, "bad_request", body=b'{"question": "\xff\xfe"}'),
    Bad("100,000 brackets", 400, "bad_request", body=b"[" * 30_000 + b"]" * 30_000),
    Bad("a number of 5,000 digits", 400, "bad_request", body=b'{"question": ' + b"1" * 5000 + b"}"),
    Bad("NaN", 422, "invalid_request", body=b'{"question": NaN}'),
    Bad("Infinity", 422, "invalid_request", body=b'{"question": Infinity}'),
    Bad("a list", 422, "invalid_request", body=b"[]"),
    Bad("null", 422, "invalid_request", body=b"null"),
    Bad("a lone surrogate", 422, "invalid_request", body=b'{"question": "\\ud800"}'),
    # what is no question
    Bad("no question", 422, "invalid_request", body={}),
    Bad("an empty question", 422, "invalid_request", body={"question": ""}),
    Bad("spaces", 422, "unreadable_question", body={"question": "   "}),
    Bad("invisible letters", 422, "unreadable_question", body={"question": "\u200b\u2060"}),
    Bad("a NUL", 422, "unreadable_question", body={"question": "a\x00b"}),
    Bad("an escape", 422, "unreadable_question", body={"question": "\x1b[31mred"}),
    Bad("too many letters", 422, "invalid_request", body={"question": "x" * (LONGEST + 1)}),
    Bad("a number", 422, "invalid_request", body={"question": 7}),
    Bad("a list of questions", 422, "invalid_request", body={"question": ["q"]}),
    Bad("an object with a constructor", 422, "invalid_request", body={"question": {"lc": 1, "type": "constructor", "id": ["x"]}}),
    Bad("an unknown field", 422, "invalid_request", body={"question": REFUSED, "top_k": 3}),
    Bad("1 for true", 422, "invalid_request", body={"question": REFUSED, "stream": 1}),
    Bad("a word for true", 422, "invalid_request", body={"question": REFUSED, "stream": "yes"}),
    Bad("a conversation with a slash", 422, "invalid_request", body={"question": REFUSED, "conversation": "../x"}),
    Bad("an empty conversation", 422, "invalid_request", body={"question": REFUSED, "conversation": ""}),
    Bad("a conversation of 129 letters", 422, "invalid_request", body={"question": REFUSED, "conversation": "x" * 129}),
    Bad("an idempotency key of 256 letters", 422, "invalid_request", headers={"idempotency-key": "k" * 256}),
    Bad("an idempotency key with a space", 422, "invalid_request", headers={"idempotency-key": "a b"}),
    # facts
    Bad("no facts", 422, "invalid_request", path=CHECK, body={}),
    Bad("an unknown dimension", 422, "unknown_name", path=CHECK, body={"facts": {"colour": "red"}}),
    Bad("an unknown value", 422, "unknown_name", path=CHECK, body={"facts": {"os": "solaris"}}),
    Bad("an unknown decision", 422, "unknown_name", path=CHECK, body={"facts": {"os": "linux"}, "decision": "fly"}),
    Bad("a fact that is a number", 422, "invalid_request", path=CHECK, body={"facts": {"os": 1}}),
    Bad("a fact without values", 422, "unknown_name", path=CHECK, body={"facts": {"os": []}}),
    Bad("a hundred facts", 422, "invalid_request", path=CHECK, body={"facts": {f"f{n}": "x" for n in range(100)}}),
    # pages of sections
    Bad("no sections", 422, "invalid_request", path="/v1/sections?limit=0", method="GET", body=b""),
    Bad("fewer than none", 422, "invalid_request", path="/v1/sections?limit=-1", method="GET", body=b""),
    Bad("more than there are numbers", 422, "invalid_request", path="/v1/sections?limit=1e18", method="GET", body=b""),
    Bad("a number too large", 422, "invalid_request", path=f"/v1/sections?limit={2**63}", method="GET", body=b""),
    Bad("an unknown cursor", 422, "unknown_name", path="/v1/sections?after=x", method="GET", body=b""),
    # feedback
    Bad("a rating that is none", 422, "invalid_request", path=FEEDBACK, body={**KEPT, "rating": "meh"}),
    Bad("a reason that is none", 422, "invalid_request", path=FEEDBACK, body={**KEPT, "reason": "no"}),
    Bad("an id that is none", 422, "invalid_request", path=FEEDBACK, body={**KEPT, "answer_id": "1"}),
    Bad("no turns", 422, "invalid_request", path=FEEDBACK, body={**KEPT, "turns": []}),
    Bad("33 turns", 422, "invalid_request", path=FEEDBACK, body={**KEPT, "turns": ["q"] * 33}),
    Bad("a correction that is a book", 422, "invalid_request", path=FEEDBACK, body={**KEPT, "correction": "x" * 10_001}),
    # OpenAI's protocol
    Bad("a model that is not here", 404, "model_not_found", path=CHAT, body={**said("q"), "model": "gpt"}),
    Bad("no model", 400, "invalid_request", path=CHAT, body={"messages": [{"role": "user", "content": "q"}]}),
    Bad("no messages", 400, "invalid_request", path=CHAT, body={"model": "azure-backup", "messages": []}),
    Bad("a message without a role", 400, "invalid_request", path=CHAT, body={"model": "azure-backup", "messages": [{"content": "q"}]}),
    Bad("content that is a number", 400, "invalid_request", path=CHAT, body=said(7)),
    Bad("a stream that is a word", 400, "invalid_request", path=CHAT, body=said("q", stream="yes")),
    Bad("a question too long", 400, "unreadable_question", path=CHAT, body=said("x" * (LONGEST + 1))),
    Bad("a control character", 400, "unreadable_question", path=CHAT, body=said("a\x07b")),
    Bad("input that is a number", 400, "invalid_request", path=RESPONSES, body={"model": "azure-backup", "input": 7}),
    Bad("a response nobody knows", 404, "previous_response_not_found", path=RESPONSES, body={"model": "azure-backup", "input": "q", "previous_response_id": "resp_x"}),
    Bad("half an object for chat", 400, "not_json", path=CHAT, body=b"{"),
    # sizes
    Bad("a body of 65 KB", 413, "body_too_large", body={"question": "x" * 66_000}),
    Bad("a body of 10 MB", 413, "body_too_large", body=b'{"question": "' + b"x" * 10_000_000 + b'"}'),
    Bad("a chat of 1.1 MB", 413, "body_too_large", path=CHAT, body=said("x" * 1_100_000)),
    # who calls
    Bad("no key", 401, "invalid_api_key", key=False),
    Bad("an empty key", 401, "invalid_api_key", key=False, headers={"authorization": "Bearer"}),
    Bad("a forged key", 401, "invalid_api_key", key=False, headers={"authorization": "Bearer ask-000000000000-forged"}),
    Bad("a key in letters from elsewhere", 401, "invalid_api_key", key=False, headers={"authorization": "Bearer ask-é-é"}),
    Bad("a key of 10,000 letters", 401, "invalid_api_key", key=False, headers={"authorization": "Bearer ask-" + "x" * 10_000}),
    Bad("another scheme", 401, "invalid_api_key", key=False, headers={"authorization": "Digest x"}),
    Bad("Basic that is none", 401, "invalid_api_key", key=False, headers={"authorization": "Basic !!"}),
    Bad("Basic with a wrong key", 401, "invalid_api_key", key=False, headers={"authorization": "Basic " + b64encode(b"a:b").decode()}),
    Bad("the key in the address", 401, "invalid_api_key", key=False, path=f"{ASK}?key=ask-1-2"),
    Bad("no key for the chat page", 401, "invalid_api_key", key=False, path="/chat/", method="GET", body=b""),
    Bad("no key for a source", 401, "invalid_api_key", key=False, path="/sources/features", method="GET", body=b""),
    Bad("no key for the metrics", 401, "invalid_api_key", key=False, path="/metrics", method="GET", body=b""),
    Bad("no key for agents", 401, "invalid_api_key", key=False, path="/mcp"),
    Bad("a key without the scope", 403, "wrong_scope", path="/metrics", method="GET", body=b""),
    # from where
    Bad("another host", 400, "unknown_host", headers={"host": "evil.example"}),
    Bad("a host that begins like ours", 400, "unknown_host", headers={"host": "127.0.0.1.evil.example"}),
    Bad("an empty host", 400, "unknown_host", headers={"host": ""}),
    Bad("another origin", 403, "foreign_origin", headers={"origin": "https://evil.example"}),
    Bad("an origin that is none", 403, "foreign_origin", headers={"origin": "http://["}),
    Bad("an origin that is null", 403, "foreign_origin", headers={"origin": "null"}),
    Bad("another origin at the door for agents", 403, "foreign_origin", path="/mcp", headers={"origin": "https://evil.example"}),
    # the door for agents
    Bad("text for agents", 400, "", path="/mcp", headers={"content-type": "text/plain", "accept": "application/json, text/event-stream"}, body=b"x"),
    Bad("no call for agents", 400, "", path="/mcp", headers={"accept": "application/json, text/event-stream"}, body=b"{"),
    Bad("a type that agents cannot send", 406, "", path="/mcp", headers={"accept": "text/html"}, body={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def token(guarded: Served) -> str:
    return guarded.token("ask", "feedback", "pages")


@pytest.mark.parametrize("bad", BAD, ids=[b.name for b in BAD])
def test_a_bad_request_gets_its_status(bad: Bad, guarded: Served, token: str) -> None:
    content = bad.body if isinstance(bad.body, bytes) else json.dumps(bad.body).encode()
    headers = {**JSON, **({"authorization": f"Bearer {token}"} if bad.key else {}), **bad.headers}
    raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
    reply = httpx.request(bad.method, f"{guarded.url}{bad.path}", content=content, headers=raw)
    assert reply.status_code == bad.status, reply.text[:300]
    if bad.code:
        body = reply.json()
        assert (reply.headers["content-type"], body["error"]["code"]) == ("application/problem+json", bad.code)
        assert (body["status"], body["request_id"]) == (bad.status, reply.headers["x-request-id"])
    assert len(reply.content) < 3000
    assert "Traceback" not in reply.text


def test_there_are_enough_of_them() -> None:
    assert len(BAD) >= 60
    assert len({b.name for b in BAD}) == len(BAD)


def test_afterwards_others_are_answered(guarded: Served, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    reply = httpx.post(f"{guarded.url}{ASK}", json={"question": REFUSED}, headers=headers)
    assert (reply.status_code, reply.json()["status"]) == (200, "not_supported")


# ---- below HTTP's libraries


def raw(house: Served, data: bytes, wait: float = 6.0) -> bytes:
    """What comes back for these bytes until the other side closes."""
    host, port = house.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as sock:
        sock.sendall(data)
        found = b""
        while piece := sock.recv(65536):
            found += piece
    return found


def head(house: Served, *lines: str) -> bytes:
    host = house.url.removeprefix("http://")
    return "\r\n".join(["POST /v1/ask HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()


def test_a_header_that_never_ends_closes_the_connection_in_time(guarded: Served) -> None:
    began = time.monotonic()
    assert raw(guarded, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ") == b""
    assert 1.0 < time.monotonic() - began < 4.0


def test_a_connection_that_says_nothing_is_closed_in_time(guarded: Served) -> None:
    assert raw(guarded, b"") == b""


def test_a_second_request_that_never_ends_is_closed_in_time(guarded: Served) -> None:
    host = guarded.url.removeprefix("http://")
    first = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"
    began = time.monotonic()
    assert raw(guarded, f"{first}GET /healthz HTTP/1.1\r\nHost: ".encode()).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began < 4.0


def test_a_body_that_never_ends_gets_408(guarded: Served, token: str) -> None:
    lines = ("Content-Type: application/json", f"Authorization: Bearer {token}", "Content-Length: 1000")
    assert raw(guarded, head(guarded, *lines) + b'{"question"').startswith(b"HTTP/1.1 408")


def test_headers_that_grow_and_grow_get_431(guarded: Served) -> None:
    assert raw(guarded, b"GET /healthz HTTP/1.1\r\nX-A: " + b"x" * 70_000).startswith(b"HTTP/1.1 431")


def test_two_lengths_get_400(guarded: Served) -> None:
    lines = ("Content-Length: 5", "Transfer-Encoding: chunked")
    assert raw(guarded, head(guarded, *lines) + b"0\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_what_is_not_http_gets_400(guarded: Served) -> None:
    assert raw(guarded, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").startswith(b"HTTP/1.1 400")


def test_a_line_break_in_a_header_does_not_come_back(guarded: Served) -> None:
    reply = raw(guarded, head(guarded, "X-Request-Id: a\r\n Set-Cookie: x=1", "Connection: close"))
    assert b"set-cookie" not in reply.lower()


def test_300_slow_callers_keep_nobody_waiting(guarded: Served, token: str) -> None:
    host, port = guarded.url.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(300)]
    for sock in slow:
        sock.sendall(b"POST /v1/ask HTTP/1.1\r\nHost: ")
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        got = pool.map(
            lambda _: (
                httpx.post(
                    f"{guarded.url}{ASK}", json={"question": REFUSED}, headers={"authorization": f"Bearer {token}"}
                ).status_code
            ),
            range(40),
        )
        assert set(got) == {200}
    spent = time.monotonic() - began
    for sock in slow:
        sock.settimeout(6)
        assert sock.recv(10) == b""
        sock.close()
    assert spent < 5


def test_a_body_in_pieces_that_grows_too_large_gets_413(guarded: Served, token: str) -> None:
    def grow() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(100):
            yield b"x" * 1000

    headers = {**JSON, "authorization": f"Bearer {token}"}
    reply = httpx.post(f"{guarded.url}{ASK}", content=grow(), headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "body_too_large")
