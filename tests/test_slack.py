"""Slack: payloads in, payloads out, and real slack-bolt against a strict Web API and a socket on loopback."""

from __future__ import annotations

import asyncio
import html
import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import httpx
import pytest
from aiohttp import WSMsgType, web
from chats import ANSWER, CITATION, PAGE, QUESTION, WRONG, Desk, asking, served, until
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier
from slackapi import APP_TOKEN, BOT, SECRET, TEAM, TOKEN, Slack, bare, faults
from starlette.applications import Starlette

from assistant.channels import chat, slack
from assistant.channels.chat import Asked, Rating
from assistant.channels.slack import Settings
from assistant.engine import Assistant
from assistant.errors import SettingError
from assistant.types import Answer

# ---- payloads in

MENTION = {"type": "app_mention", "user": "U1", "text": f"<@{BOT}> Can it?", "ts": "1.0", "channel": "C1"}
HEARD = {
    "type": "message",
    "user": "U1",
    "text": "Can it?",
    "ts": "2.0",
    "thread_ts": "1.0",
    "channel": "C1",
    "channel_type": "channel",
}
DIRECT = {"type": "message", "user": "U1", "text": "Can it?", "ts": "3.0", "channel": "D1", "channel_type": "im"}


def in_thread(event: str, *, addressed: bool = True) -> Asked:
    return Asked("Can it?", "T1/C1/1.0", f"T1/C1/{event}", addressed, "C1")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (MENTION, in_thread("1.0")),
        ({**MENTION, "type": "message", "channel_type": "channel"}, in_thread("1.0")),
        ({**MENTION, "ts": "4.0", "thread_ts": "1.0"}, in_thread("4.0")),
        ({**MENTION, "text": f"<@{BOT}|helper>: Can it?"}, in_thread("1.0")),
        (HEARD, in_thread("2.0", addressed=False)),
        ({**HEARD, "subtype": "thread_broadcast"}, in_thread("2.0", addressed=False)),
        ({k: v for k, v in HEARD.items() if k != "thread_ts"}, Asked("Can it?", "", "T1/C1/2.0", False, "C1")),
        (DIRECT, Asked("Can it?", "T1/D1/", "T1/D1/3.0", True, "D1")),
        ({**DIRECT, "thread_ts": "1.0"}, Asked("Can it?", "T1/D1/1.0", "T1/D1/3.0", True, "D1")),
        ({**MENTION, "bot_id": "B2"}, None), ({**MENTION, "user": BOT}, None), ({**MENTION, "user": None}, None),
        ({**HEARD, "text": "<@U2> can you look?"}, None), ({**HEARD, "subtype": "message_changed"}, None),
        ({**HEARD, "subtype": "channel_join"}, None), ({**HEARD, "subtype": "bot_message"}, None), ({**MENTION, "ts": 7}, None), ({}, None),
    ],
)  # fmt: skip
def test_messages(event: dict[str, object], expected: Asked | None) -> None:
    assert slack.asked(event, TEAM, BOT) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (f"<@{BOT}> a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("see <https://x.example/a|the page> and <https://x.example>", "see the page and https://x.example"),
        ("<!here> in <#C2|general>, <@U2|ann>", "here in general, ann"),
        ("<!subteam^S1|@ops> &lt;!channel&gt;", "@ops <!channel>"),
    ],
)
def test_words_are_read_as_people_see_them(words: str, expected: str) -> None:
    assert slack.plain(words, BOT) == expected


CLICK = {
    "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U2"}, "channel": {"id": "C1"}, "api_app_id": "A1",
    "message": {"ts": "5.0", "thread_ts": "1.0"}, "actions": [{"action_id": "choose_0", "block_id": "b", "value": "virtual", "action_ts": "6.0"}],
}  # fmt: skip


def thumb(value: str) -> dict[str, object]:
    return {
        **CLICK,
        "actions": [
            {"action_id": "rate", "type": "feedback_buttons", "block_id": "b", "value": value, "action_ts": "7.0"}
        ],
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (CLICK, Asked("virtual", "T1/C1/1.0", "T1/C1/5.0/U2/6.0", True, "C1")),
        ({**CLICK, "channel": {"id": "D1"}, "message": {"ts": "5.0"}}, Asked("virtual", "T1/D1/", "T1/D1/5.0/U2/6.0", True, "D1")),
        ({**CLICK, "actions": []}, None), ({**CLICK, "actions": "x"}, None), ({}, None),
    ],
)  # fmt: skip
def test_clicks_on_a_choice(body: dict[str, object], expected: Asked | None) -> None:
    assert slack.chosen(body) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"up {ANSWER.id}", Rating("T1/C1/1.0", ANSWER.id, "up")), (f"down {ANSWER.id}", Rating("T1/C1/1.0", ANSWER.id, "down")),
        ("sideways", None), ("", None),
    ],
)  # fmt: skip
def test_clicks_on_a_thumb(value: str, expected: Rating | None) -> None:
    assert slack.rated(thumb(value)) == expected


# ---- payloads out


def shown(reply: Answer | str, chooser: str = "") -> tuple[str, list[dict[str, object]]]:
    words, blocks = slack.message(reply, chooser)
    return words, [b.to_dict() for b in blocks]


def mrkdwn(words: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": words, "verbatim": True}


def test_an_answer_shows_status_text_citations_and_thumbs() -> None:
    assert shown(ANSWER) == (
        "✘ Not supported: No: x &lt; y &amp; z. [1]\n\nState of the documents: 2019. [2]",
        [
            {"type": "section", "text": mrkdwn(
                f"*✘ Not supported*\nNo: x &lt; y &amp; z. <{PAGE}|[1]>\n\nState of the documents: 2019. [2]\n"
            )},
            {"type": "context", "elements": [mrkdwn(f"[1] <{PAGE}|Tools &amp; agents>: “x &lt; y &amp; z”")]},
            {"type": "context_actions", "elements": [{
                "type": "feedback_buttons", "action_id": "rate",
                "positive_button": {"text": {"type": "plain_text", "text": "Right", "emoji": True}, "value": f"up {ANSWER.id}"},
                "negative_button": {"text": {"type": "plain_text", "text": "Wrong", "emoji": True}, "value": f"down {ANSWER.id}"},
            }]},
        ],
    )  # fmt: skip


def test_what_is_missing_is_asked_with_buttons_and_the_click_is_shown() -> None:
    _, blocks = shown(asking("virtual", "physical"), "<@U2>: virtual")
    assert blocks[0] == {"type": "section", "text": mrkdwn("<@U2>: virtual")}
    assert blocks[3:5] == [
        {"type": "section", "text": mrkdwn("*Virtual or physical?*")},
        {"type": "actions", "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": w, "emoji": True}, "value": w, "action_id": f"choose_{n}"}
            for n, w in enumerate(["virtual", "physical"])
        ]},
    ]  # fmt: skip


def test_an_apology_is_words_alone() -> None:
    assert shown("Say <more> & ask.") == (
        "Say &lt;more&gt; &amp; ask.", [{"type": "section", "text": mrkdwn("Say &lt;more&gt; &amp; ask.")}],
    )  # fmt: skip


HOSTILE = "<!channel> <https://evil.example|click> <@U1> & *bold* https://evil.example"


def test_words_of_a_hostile_document_stay_words() -> None:
    bad = replace(CITATION, title=HOSTILE, quote=HOSTILE, url="javascript:alert(1)//>|")
    message, blocks = shown(replace(asking(HOSTILE), text=f"{HOSTILE} [1]", citations=(bad,)))
    text = json.dumps(blocks, ensure_ascii=False)
    assert faults({"text": message, "blocks": blocks}) == []
    assert "<" not in text.replace(HOSTILE, "")
    assert "javascript" not in text


letters = st.text(st.sampled_from("aä&<>|[]1 \n*`"), max_size=400)


@given(
    letters,
    st.lists(letters, max_size=60),
    st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=30, unique=True),
)
@hypothesis_settings(max_examples=60)
def test_no_answer_breaks_a_limit_and_no_word_is_lost(text: str, quotes: list[str], words: list[str]) -> None:
    cited = tuple(
        replace(CITATION, marker=n, quote=q or "-", title=q or "-", url=PAGE + "x" * n * 20)
        for n, q in enumerate(quotes, 1)
    )
    answer = replace(asking(*words), text=text or "-", citations=cited)
    message, blocks = shown(answer)
    assert faults({"text": message, "blocks": blocks}) == []
    sections = [b["text"]["text"] for b in itertools.takewhile(lambda b: b["type"] == "section", blocks)]  # type: ignore[index]
    said = html.unescape("".join(map(bare, sections[: None if cited else -1])))
    wanted = f"*{chat.heading(answer)}*" + "".join(
        ("•" if line.item else "") + line.words for line in chat.lines(answer)
    )
    assert "".join(said.split()) == "".join(wanted.split())


@pytest.mark.parametrize("word", ["x ", "&", "<> ", "[1]"])
def test_a_long_text_is_parted_at_the_limit(word: str) -> None:
    message, blocks = shown(replace(ANSWER, text=word * 5000))
    assert faults({"text": message, "blocks": blocks}) == []
    assert sum(b["type"] == "section" for b in blocks) > 3


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "Can MARS back up our on-prem Ubuntu VM?",
        "What is the difference between MARS and MABS?",
        "Who won the cup?",
    ],
)
def test_real_answers_fit(helper: Assistant, question: str) -> None:
    answer = helper.ask(question)
    message, blocks = shown(answer)
    assert faults({"text": message, "blocks": blocks}) == []
    assert sum(b["type"] == "context" for b in blocks) == len(answer.citations)


# ---- real slack-bolt, Events API


@dataclass
class Room:
    """A workspace: what was posted, our desk, and where events are delivered."""

    api: Slack
    desk: Desk
    url: str

    def deliver(
        self,
        payload: Mapping[str, object],
        *,
        form: bool = False,
        secret: str = SECRET,
        age: float = 0,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> httpx.Response:
        body = f"payload={quote(json.dumps(payload))}" if form else json.dumps(payload)
        stamp = str(int(time.time() - age))
        signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
        assert signature
        media = "application/x-www-form-urlencoded" if form else "application/json"
        return self.send(
            body.encode(),
            {"content-type": media, "x-slack-request-timestamp": stamp, "x-slack-signature": signature, **headers},
        )

    def send(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        return httpx.post(self.url, content=body, headers=[(k.encode(), v.encode()) for k, v in headers.items()])

    def texts(self) -> list[str]:
        return [str(p["text"]) for p in self.api.posts]


@pytest.fixture
def room(helper: Assistant) -> Iterator[Room]:
    api, desk = Slack(), Desk(helper)
    with served(api.app) as base:
        settings = Settings(TOKEN, SECRET, api=f"{base}/api/", corrections=frozenset({"C9"}))
        with served(Starlette(routes=slack.routes(desk, settings))) as url:
            yield Room(api, desk, f"{url}/channels/slack/events")
    assert api.refused == []


def event(name: str, **inner: object) -> dict[str, object]:
    return {
        "type": "event_callback", "team_id": TEAM, "api_app_id": "A1", "event_id": name, "event_time": 1, "token": "x",
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
        "event": {"type": "app_mention", "user": "U1", "text": f"<@{BOT}> {QUESTION}", "ts": "1.0", "channel": "C1", **inner},
    }  # fmt: skip


def test_slack_is_told_that_the_address_is_ours(room: Room) -> None:
    got = room.deliver({"type": "url_verification", "challenge": "abc", "token": "x"})
    assert (got.status_code, "abc" in got.text) == (200, True)


def test_a_mention_is_acknowledged_before_it_is_worked_on_and_answered_in_its_thread(room: Room) -> None:
    go = threading.Event()
    room.desk.wait = lambda: go.wait(10)
    room.deliver({"type": "url_verification", "challenge": "warm", "token": "x"})
    begin = time.perf_counter()
    assert room.deliver(event("Ev1")).status_code == 200
    assert time.perf_counter() - begin < 1.0  # Slack gives three seconds; the answer has not even begun
    assert room.api.posts == []
    go.set()
    until(lambda: room.api.posts)
    post = room.api.posts[0]
    assert (post["channel"], post["thread_ts"], post["unfurl_links"], post["unfurl_media"]) == (
        "C1",
        "1.0",
        False,
        False,
    )
    assert str(post["text"]).startswith("? It depends: It depends on environment")


def test_three_deliveries_and_the_second_kind_of_event_give_one_post(room: Room) -> None:
    room.deliver(event("Ev1"))
    for n in ("1", "2"):
        assert (
            room.deliver(
                event("Ev1"), headers={"x-slack-retry-num": n, "x-slack-retry-reason": "http_timeout"}
            ).status_code
            == 200
        )
    room.deliver(event("Ev2", type="message", channel_type="channel"))
    until(lambda: room.api.posts)
    room.deliver(event("Ev3", ts="9.0"))
    until(lambda: len(room.api.posts) == 2)
    assert [p["thread_ts"] for p in room.api.posts] == ["1.0", "9.0"]


def test_a_click_on_a_choice_is_answered_in_the_thread(room: Room) -> None:
    room.deliver(event("Ev1"))
    until(lambda: room.api.posts)
    (actions,) = [b for b in room.api.posts[0]["blocks"] if b["type"] == "actions"]  # type: ignore[attr-defined]
    click = {**CLICK, "actions": [{**actions["elements"][0], "block_id": "b", "action_ts": "6.0"}]}
    for _ in range(2):
        assert room.deliver(click, form=True).status_code == 200
    until(lambda: len(room.api.posts) == 2)
    post = room.api.posts[1]
    assert post["thread_ts"] == "1.0"
    assert str(post["text"]).startswith("✔ Supported: Yes: DPM and MABS")
    assert post["blocks"][0]["text"]["text"] == "<@U2>: virtual"  # type: ignore[index]


def test_a_thread_of_ours_goes_on_without_a_mention_and_other_talk_does_not(room: Room) -> None:
    room.deliver(event("Ev0", type="message", channel_type="channel", text="Can it?", ts="0.5"))
    room.deliver(event("Ev1"))
    until(lambda: room.api.posts)
    room.deliver(
        event("Ev2", type="message", channel_type="channel", text="And if it is physical?", ts="2.0", thread_ts="1.0")
    )
    until(lambda: len(room.api.posts) == 2)
    assert room.texts()[1].startswith("✘ Not supported: No: physical Linux machines")


def test_a_direct_message_needs_no_mention_and_no_thread(room: Room) -> None:
    room.deliver(event("Ev1", type="message", channel="D1", channel_type="im", text=QUESTION))
    until(lambda: room.api.posts)
    room.deliver(event("Ev2", type="message", channel="D1", channel_type="im", text="virtual", ts="2.0"))
    until(lambda: len(room.api.posts) == 2)
    assert [p.get("thread_ts") for p in room.api.posts] == [None, None]
    assert room.texts()[1].startswith("✔ Supported")


def test_thumbs_are_kept(room: Room) -> None:
    assert room.deliver(thumb(f"down {ANSWER.id}"), form=True).status_code == 200
    until(lambda: room.desk.ratings)
    assert room.desk.ratings == [Rating("T1/C1/1.0", ANSWER.id, "down")]


def test_wrong_claims_are_corrected_in_the_channels_that_the_operator_named(room: Room) -> None:
    for channel in ("C1", "C9"):
        room.deliver(event(f"Ev{channel}", type="message", channel=channel, channel_type="channel", text=WRONG))
    until(lambda: room.api.posts)
    assert [(p["channel"], p["thread_ts"]) for p in room.api.posts] == [("C9", "1.0")]
    assert "the documents say otherwise. MARS is" in room.texts()[0]


def test_slack_being_busy_is_waited_out_and_nothing_is_posted_twice(room: Room) -> None:
    room.api.fail = [429, 429]
    room.deliver(event("Ev1"))
    until(lambda: room.api.posts)
    time.sleep(0.2)
    assert len(room.api.posts) == 1


def test_a_post_that_fails_is_not_tried_again_when_it_may_have_arrived(room: Room) -> None:
    room.api.fail = [500]
    room.deliver(event("Ev1"))
    until(lambda: not room.api.fail)
    room.deliver(event("Ev2", ts="2.0"))
    until(lambda: room.api.posts)
    assert [p["thread_ts"] for p in room.api.posts] == ["2.0"]


BODY = json.dumps(event("Ev1")).encode()


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"x-slack-request-timestamp": "now"}, {"x-slack-request-timestamp": "now", "x-slack-signature": "v0=00"},
        {"x-slack-request-timestamp": "now", "x-slack-signature": "ä"}, {"x-slack-request-timestamp": "abc", "x-slack-signature": "v0=00"},
        {"x-slack-request-timestamp": "9" * 400, "x-slack-signature": "v0=00"}, {"x-slack-request-timestamp": "nan", "x-slack-signature": "v0=00"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", [BODY, b"\xff\xfe", b"", b"ssl_check=1&token=x"])
def test_what_slack_did_not_sign_is_refused(room: Room, headers: dict[str, str], body: bytes) -> None:
    now = str(int(time.time()))
    assert room.send(body, {k: v.replace("now", now) for k, v in headers.items()}).status_code == 401
    assert room.desk.events == set()


@pytest.mark.parametrize("age", [301 + 5, -301 - 60, 600, 10**9])
def test_a_stale_signature_is_refused(room: Room, age: float) -> None:
    assert room.deliver(event("Ev1"), age=age).status_code == 401


def test_another_secret_is_refused(room: Room) -> None:
    assert room.deliver(event("Ev1"), secret="other").status_code == 401


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "event_callback"},
        {"type": "event_callback", "event": {"type": "app_mention"}},
        {"type": "view_submission"},
    ],
)
def test_signed_payloads_that_are_strange_break_nothing(room: Room, payload: dict[str, object]) -> None:
    assert room.deliver(payload).status_code < 500
    assert room.deliver(event("Ev1")).status_code == 200
    until(lambda: room.api.posts)


# ---- Socket Mode


async def test_socket_mode_acknowledges_at_once_and_answers_once(helper: Assistant) -> None:
    api, desk, go = Slack(), Desk(helper), threading.Event()
    desk.wait = lambda: go.wait(10)
    envelopes: list[dict[str, object]] = []
    opened = asyncio.Event()

    async def link(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        await line.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
        for name in ("env-1", "env-2"):
            await line.send_json(
                {"envelope_id": name, "type": "events_api", "accepts_response_payload": False, "payload": event("Ev1")}
            )
        async for message in line:
            if message.type == WSMsgType.TEXT and message.data.startswith("{"):
                envelopes.append(json.loads(message.data))
                if len(envelopes) == 2:
                    opened.set()
        return line

    app = web.Application()
    app.router.add_get("/link", link)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.socket = f"ws://127.0.0.1:{runner.addresses[0][1]}/link"
    with served(api.app) as base:
        listening = asyncio.create_task(slack.listen(desk, Settings(TOKEN, app_token=APP_TOKEN, api=f"{base}/api/")))
        await asyncio.wait_for(opened.wait(), 5)
        assert [e["envelope_id"] for e in envelopes] == ["env-1", "env-2"]
        assert api.posts == []
        go.set()
        await asyncio.to_thread(until, lambda: api.posts)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
    await runner.cleanup()
    assert [p["thread_ts"] for p in api.posts] == ["1.0"]
    assert api.refused == []


# ---- settings


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"SLACK_BOT_TOKEN": "t", "SLACK_SIGNING_SECRET": "s"}, Settings("t", "s")),
        ({"SLACK_BOT_TOKEN": "t", "SLACK_APP_TOKEN": "a", "SLACK_CORRECTIONS": "C1, C2"}, Settings("t", "", "a", frozenset({"C1", "C2"}))),
    ],
)  # fmt: skip
def test_settings_of_the_environment(environment: dict[str, str], expected: Settings | None) -> None:
    assert slack.settings(environment) == expected


@pytest.mark.parametrize(
    "environment", [{"SLACK_BOT_TOKEN": "t"}, {"SLACK_SIGNING_SECRET": "s"}, {"SLACK_APP_TOKEN": "a"}]
)
def test_half_a_setting_is_an_error(environment: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="SLACK_BOT_TOKEN"):
        slack.settings(environment)


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(Settings("hush", "hush", "hush"))


def test_without_a_signing_secret_no_address_is_open(helper: Assistant) -> None:
    assert slack.routes(Desk(helper), Settings(TOKEN, app_token=APP_TOKEN)) == []


def test_the_manifest_in_the_docs_asks_for_what_is_listened_to() -> None:
    text = (Path(__file__).parents[1] / "docs/slack.md").read_text(encoding="utf-8")
    manifest = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == [
        "app_mention",
        "message.channels",
        "message.groups",
        "message.im",
    ]
    paths = {
        manifest["settings"][n]["request_url"].removeprefix("https://help.example")
        for n in ("event_subscriptions", "interactivity")
    }
    assert paths == {r.path for r in slack.routes(Desk.__new__(Desk), Settings(TOKEN, SECRET))}
