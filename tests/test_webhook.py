"""The webhook for any program, and those of Mattermost and Rocket.Chat: payloads, signatures, replay, forms."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest
from chats import ANSWER, PAGE, QUESTION, Desk, asking, served
from starlette.applications import Starlette

from assistant.channels import webhook
from assistant.channels.chat import Asked
from assistant.channels.webhook import Settings
from assistant.engine import Assistant
from assistant.errors import SettingError

SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "mattermost-token"


@pytest.fixture(scope="module")
def url(helper: Assistant) -> Iterator[str]:
    settings = Settings(SECRET, frozenset({TOKEN, "ä"}))
    with served(Starlette(routes=webhook.routes(Desk(helper), settings))) as base:
        yield f"{base}/channels/webhook"


def signature(body: bytes, stamp: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def post(url: str, body: bytes, *, age: float = 0, secret: str = SECRET) -> httpx.Response:
    stamp = str(int(time.time() - age))
    return httpx.post(url, content=body, headers={"x-timestamp": stamp, "x-signature": signature(body, stamp, secret)})


def ask(text: str, **more: str) -> bytes:
    return json.dumps({"text": text, "user": "u", "channel": "c", **more}).encode()


# ---- payloads


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"text": "Can it?", "channel": "c", "user": "u"}, Asked("Can it?", "signed/c/u", "signed/s", True, "c")),
        ({"text": "Can it?", "channel": "c", "thread_id": "t"}, Asked("Can it?", "signed/c/t", "signed/s", True, "c")),
        ({"text": "Can it?"}, Asked("Can it?", "signed//", "signed/s", True, "")),
        ({"text": "  "}, None), ({}, None), ({"text": 7}, None), ({"text": ["x"]}, None),
    ],
)  # fmt: skip
def test_signed_payloads(payload: dict[str, object], expected: Asked | None) -> None:
    assert webhook.signed(payload, "s") == expected


MATTERMOST = {
    "token": TOKEN, "team_id": "t", "team_domain": "d", "channel_id": "c", "channel_name": "town", "timestamp": "1",
    "user_id": "u", "user_name": "ann", "post_id": "p", "text": "backup: Can it?", "trigger_word": "backup:", "file_ids": "",
}  # fmt: skip
ROCKET = {
    "token": TOKEN, "bot": False, "channel_id": "c", "channel_name": None, "message_id": "m", "timestamp": "2026-11-22T10:00:00Z",
    "user_id": "u", "user_name": "ann", "text": "Can it?",
}  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (MATTERMOST, Asked("Can it?", "outgoing/c/u", "outgoing/c/p", True, "c")),
        (ROCKET, Asked("Can it?", "outgoing/c/u", "outgoing/c/m", True, "c")),
        ({**ROCKET, "tmid": "root"}, Asked("Can it?", "outgoing/c/root", "outgoing/c/m", True, "c")),
        ({**ROCKET, "bot": {"i": "x"}}, None), ({**MATTERMOST, "text": "backup:"}, None), ({**MATTERMOST, "post_id": ""}, None),
    ],
)  # fmt: skip
def test_outgoing_payloads(payload: dict[str, object], expected: Asked | None) -> None:
    assert webhook.outgoing(payload) == expected


def test_what_is_sent_back() -> None:
    assert webhook.shown(ANSWER) == {
        "text": "✘ Not supported\n\nNo: x < y & z. [1]\n\nState of the documents: 2019. [2]\n\n"
        f"[1] Tools & agents: “x < y & z” {PAGE}",
        "markdown": f"**✘ Not supported**\n\nNo: x &lt; y &amp; z. [\\[1\\]]({PAGE})\n\nState of the documents: 2019. \\[2\\]\n\n"
        f"- [\\[1\\]]({PAGE}) Tools &amp; agents: “x &lt; y &amp; z”",
        "answer": ANSWER.to_dict(),
    }


def test_what_is_asked_back_is_said() -> None:
    shown = webhook.shown(asking("virtual", "physical"))
    assert "\n\nVirtual or physical? (virtual / physical)\n\n" in str(shown["text"])
    assert "\n\n**Virtual or physical?** virtual / physical\n\n" in str(shown["markdown"])


# ---- signatures


def test_a_signed_question_is_answered_with_text_markdown_and_the_answer(url: str) -> None:
    got = post(url, ask("Can MARS back up our on-prem Ubuntu VM?", thread_id="one"))
    assert got.status_code == 200
    assert list(got.json()) == ["text", "markdown", "answer"]
    assert got.json()["answer"]["status"] == "not_supported"
    assert got.json()["text"].startswith("✘ Not supported\n\nNo: ")


def test_a_thread_carries_its_facts(url: str) -> None:
    post(url, ask(QUESTION, thread_id="two"))
    assert post(url, ask("virtual", thread_id="two")).json()["answer"]["status"] == "supported"


def test_the_same_request_again_is_not_answered_again(url: str) -> None:
    body, stamp = ask(QUESTION, thread_id="three"), str(int(time.time()))
    headers = {"x-timestamp": stamp, "x-signature": signature(body, stamp)}
    assert [httpx.post(url, content=body, headers=headers).status_code for _ in range(3)] == [200, 409, 409]


@pytest.mark.parametrize(
    ("stamp", "sign"),
    [
        ("", ""), ("now", ""), ("now", "x" * 64), ("now", "Ä"), ("abc", None), ("-1", None), ("1e9", None), ("9" * 400, None),
        ("١٢٣", None), ("NaN", None), ("now.5", None),
    ],
)  # fmt: skip
def test_forged_requests_are_refused(url: str, stamp: str, sign: str | None) -> None:
    body, stamp = ask("Can it?"), stamp.replace("now", str(int(time.time())))
    sent = signature(body, stamp) if sign is None else sign
    headers = [(b"x-timestamp", stamp.encode()), (b"x-signature", sent.encode())]
    assert httpx.post(url, content=body, headers=headers).status_code == 401


@pytest.mark.parametrize("age", [301 + 5, -301 - 60])
def test_a_stale_signature_is_refused(url: str, age: float) -> None:
    assert post(url, ask("Can it?"), age=age).status_code == 401


def test_another_secret_or_another_body_is_refused(url: str) -> None:
    assert post(url, ask("Can it?"), secret="other").status_code == 401
    stamp = str(int(time.time()))
    headers = {"x-timestamp": stamp, "x-signature": signature(ask("a"), stamp)}
    assert httpx.post(url, content=ask("b"), headers=headers).status_code == 401


@pytest.mark.parametrize("age", [299, -290])
def test_a_signature_holds_five_minutes_either_way(url: str, age: float) -> None:
    assert post(url, ask(f"Can MARS back up Linux? {age}"), age=age).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b'"x"', 400), (b"\xff", 400), (b"[" * 50_000, 400), (b"{}", 422),
        (b'{"text": 7}', 422), (b'{"text": "  "}', 422), (b'{"text": "\\ud800?", "thread_id": "\\ud800"}', 200),
        (b'{"text": "a\\u0000b", "channel": "\\u0000"}', 200), (json.dumps({"text": "x" * 9000}).encode(), 200),
    ],
)  # fmt: skip
def test_strange_bodies_get_a_clear_answer(url: str, body: bytes, status: int) -> None:
    got = post(url, body)
    assert got.status_code == status
    if status == 200:
        assert got.json()["answer"] is None or got.json()["answer"]["status"] == "out_of_scope"


# ---- Mattermost and Rocket.Chat


def test_a_form_of_mattermost_is_answered_in_its_thread(url: str) -> None:
    form = {**MATTERMOST, "text": "backup: Can MARS back up our on-prem Ubuntu VM?", "post_id": "form"}
    got = httpx.post(f"{url}/outgoing", data=form).json()
    assert got["response_type"] == "comment"
    assert got["text"].startswith("**✘ Not supported**\n\nNo: direct backup of files")


def test_json_of_rocket_chat_is_answered(url: str) -> None:
    got = httpx.post(f"{url}/outgoing", json={**ROCKET, "text": "Can MARS back up our on-prem Ubuntu VM?"}).json()
    assert got["text"].startswith("**✘ Not supported**")


def test_a_message_that_comes_again_is_answered_once(url: str) -> None:
    form = {**MATTERMOST, "text": QUESTION, "post_id": "again"}
    first, second = (httpx.post(f"{url}/outgoing", data=form).json() for _ in range(2))
    assert (first["text"][:18], second) == ("**? It depends**\n\n", {})


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + " ", TOKEN.upper(), "a" * 10_000])
def test_a_wrong_token_is_refused(url: str, token: str) -> None:
    assert httpx.post(f"{url}/outgoing", data={**MATTERMOST, "token": token}).status_code == 401


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (urlencode({f"f{n}": "x" for n in range(101)}).encode(), "application/x-www-form-urlencoded", 400),
        (b"\xff=\xff", "application/x-www-form-urlencoded", 400), (b"token=%ff", "application/x-www-form-urlencoded", 401),
        (b"{", "application/json", 400), (b"[]", "application/json", 400), (b'{"token": "\\ud800"}', "application/json", 401),
        (b"{}", "", 401), (b"{}", "text/plain", 401),
    ],
)  # fmt: skip
def test_strange_forms_get_a_clear_answer(url: str, body: bytes, media: str, status: int) -> None:
    got = httpx.post(f"{url}/outgoing", content=body, headers={"content-type": media} if media else {})
    assert got.status_code == status


# ---- settings


def test_settings_of_the_environment() -> None:
    assert webhook.settings({}) is None
    assert webhook.settings({"WEBHOOK_SECRET": SECRET}) == Settings(SECRET)
    assert webhook.settings({"WEBHOOK_TOKENS": "a, b,"}) == Settings("", frozenset({"a", "b"}))
    with pytest.raises(SettingError, match="WEBHOOK_SECRET has 5 characters; give at least 32"):
        webhook.settings({"WEBHOOK_SECRET": "short"})
    shown = repr(Settings(SECRET, frozenset({TOKEN})))
    assert SECRET not in shown
    assert TOKEN not in shown


def test_a_way_in_without_a_secret_is_closed(helper: Assistant) -> None:
    desk = Desk(helper)
    assert [r.path for r in webhook.routes(desk, Settings(SECRET))] == ["/channels/webhook"]
    assert [r.path for r in webhook.routes(desk, Settings("", frozenset({TOKEN})))] == ["/channels/webhook/outgoing"]
