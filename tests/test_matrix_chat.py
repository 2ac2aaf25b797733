"""Matrix: events in, contents out. A real homeserver answers in tests/nightly/test_synapse.py (`make nightly-matrix`)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from chats import ANSWER, CITATION, PAGE, QUESTION, Desk, asking, served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistant.channels import matrix
from assistant.channels.chat import Asked
from assistant.channels.matrix import ANSWER as MEMBER
from assistant.channels.matrix import MatrixError, Settings
from assistant.engine import Assistant
from assistant.errors import SettingError

BOT, ROOM = "@helper:home", "!room:home"
NAMES = (BOT, "Backup helper")
THREAD = {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": True, "m.in_reply_to": {"event_id": "$x"}}


def event(body: str, sender: object = "@ann:home", **content: object) -> dict[str, object]:
    return {
        "type": "m.room.message",
        "event_id": "$e",
        "sender": sender,
        "content": {"msgtype": "m.text", "body": body, **content},
    }


def calling(*users: str) -> dict[str, object]:
    return {"m.mentions": {"user_ids": list(users)}}


# ---- events in


@pytest.mark.parametrize(
    ("payload", "direct", "expected"),
    [
        (event(f"{BOT}: Can it?", **calling(BOT)), False, Asked("Can it?", f"{ROOM}/$e", f"{ROOM}/$e", True, ROOM)),
        (event("Backup helper: Can it?", **calling(BOT)), False, Asked("Can it?", f"{ROOM}/$e", f"{ROOM}/$e", True, ROOM)),
        (event(f"hi {BOT}, Can it?"), False, Asked("hi , Can it?", f"{ROOM}/$e", f"{ROOM}/$e", True, ROOM)),
        (event("> <@ann:home> before\n> more\n\nCan it?", **calling(BOT)), False, Asked("Can it?", f"{ROOM}/$e", f"{ROOM}/$e", True, ROOM)),
        (event("Can it?", **calling()), False, Asked("Can it?", "", f"{ROOM}/$e", False, ROOM)),
        (event("Can it?", **{"m.relates_to": THREAD}), False, Asked("Can it?", f"{ROOM}/$root", f"{ROOM}/$e", False, ROOM)),
        (event("Can it?", **{"m.relates_to": THREAD}, **calling(BOT)), False, Asked("Can it?", f"{ROOM}/$root", f"{ROOM}/$e", True, ROOM)),
        (event("Can it?"), True, Asked("Can it?", f"{ROOM}/", f"{ROOM}/$e", True, ROOM)),
        (event("Can it?", **{"m.relates_to": THREAD}), True, Asked("Can it?", f"{ROOM}/$root", f"{ROOM}/$e", True, ROOM)),
        (event("Can it?", sender=BOT), True, None), (event("* Can it?", **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}), True, None),
        (event("Bob: look", **calling("@bob:home")), False, None), ({"event_id": "$e"}, False, Asked("", "", f"{ROOM}/$e", False, ROOM)), ({}, False, None),
        (event("x", **{"m.mentions": 7, "m.relates_to": "x"}), False, Asked("x", "", f"{ROOM}/$e", False, ROOM)),
    ],
)  # fmt: skip
def test_events(payload: dict[str, object], direct: bool, expected: Asked | None) -> None:
    assert matrix.asked(payload, ROOM, NAMES, direct=direct) == expected


@pytest.mark.parametrize(
    ("key", "rating"), [("👍", "up"), ("👍️", "up"), ("👎", "down"), ("👎🏽", "down"), ("❤️", None), ("", None)]
)
def test_thumbs(key: str, rating: str | None) -> None:
    ours = {"event_id": "$a", "content": {MEMBER: {"id": ANSWER.id}, "m.relates_to": THREAD}}
    found = matrix.rated(ours, key, ROOM)
    assert (found and found.rating) == rating
    assert found is None or found.conversation == f"{ROOM}/$root"
    assert matrix.rated({"event_id": "$a", "content": {}}, key, ROOM) is None


# ---- contents out


def test_an_answer_is_words_html_and_its_place_in_the_thread() -> None:
    assert matrix.content(ANSWER, event("Can it?"), direct=False) == {
        "msgtype": "m.notice",
        "body": "✘ Not supported\n\nNo: x < y & z. [1]\n\nState of the documents: 2019. [2]\n\n" f"[1] Tools & agents: “x < y & z” {PAGE}",
        "format": "org.matrix.custom.html",
        "formatted_body": f'<p><strong>✘ Not supported</strong></p><p>No: x &lt; y &amp; z. <a href="{PAGE}">[1]</a></p>'
        f'<p>State of the documents: 2019. [2]</p><ul><li><a href="{PAGE}">[1]</a> Tools &amp; agents<blockquote>x &lt; y &amp; z</blockquote></li></ul>',
        "m.mentions": {},
        MEMBER: {"id": ANSWER.id, "status": "not_supported"},
        "m.relates_to": {"rel_type": "m.thread", "event_id": "$e", "is_falling_back": True, "m.in_reply_to": {"event_id": "$e"}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "direct", "root"),
    [(event("x"), True, None), (event("x", **{"m.relates_to": THREAD}), True, "$root"), (event("x", **{"m.relates_to": THREAD}), False, "$root")],
)  # fmt: skip
def test_a_reply_stays_in_its_thread(question: dict[str, object], direct: bool, root: str | None) -> None:
    relation = matrix.content("Say more.", question, direct=direct)["m.relates_to"]
    assert isinstance(relation, dict)
    assert (relation.get("event_id"), relation["m.in_reply_to"]) == (root, {"event_id": "$e"})


def test_what_is_asked_back_and_lists_are_html() -> None:
    answer = replace(asking("virtual", "<b>"), text="It depends.\n- one [1]\n- two\nEnd")
    assert matrix.page(answer).partition("<ul><li><a")[0] == (
        "<p><strong>? It depends</strong></p><p>It depends.</p>"
        f'<ul><li>one <a href="{PAGE}">[1]</a></li><li>two</li></ul><p>End</p>'
        "<p><strong>Virtual or physical? virtual / &lt;b&gt;</strong></p>"
    )


def test_words_of_a_hostile_document_stay_words() -> None:
    bad = replace(CITATION, title="<img src=x onerror=y>", quote="</blockquote><script>@room", url='javascript:"x')
    made = matrix.content(replace(ANSWER, text="<script>x</script> [1]", citations=(bad,)), event("x"), direct=False)
    shown = str(made["formatted_body"])
    assert set(re.findall(r"</?([a-z0-9]+)", shown)) == {"p", "strong", "ul", "li", "blockquote"}
    assert "javascript" not in shown
    assert made["m.mentions"] == {}


def test_real_answers_use_tags_that_matrix_allows_only(helper: Assistant) -> None:
    for question in (QUESTION, "What is the difference between MARS and MABS?", "Who won the cup?"):
        shown = matrix.page(helper.ask(question))
        assert set(re.findall(r"<([a-z0-9]+)", shown)) <= {"p", "strong", "ul", "li", "a", "blockquote"}
        assert all(
            shown.count(f"<{t}") == shown.count(f"</{t}>") for t in ("p", "strong", "ul", "li", "a", "blockquote")
        )


# ---- the loop


async def test_an_account_that_the_homeserver_does_not_know_is_told_so(helper: Assistant) -> None:
    async def unknown(_: Request) -> JSONResponse:
        return JSONResponse({"errcode": "M_UNKNOWN_TOKEN", "error": "Unknown token"}, 401)

    app = Starlette(routes=[Route("/{rest:path}", unknown, methods=["GET", "POST", "PUT"])])
    with served(app) as home, pytest.raises(MatrixError, match="does not know the MATRIX_TOKEN"):
        await asyncio.wait_for(matrix.listen(Desk(helper), Settings(home, BOT, "t")), 10)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"MATRIX_HOMESERVER": "h", "MATRIX_USER": "@u:h", "MATRIX_TOKEN": "t", "MATRIX_CORRECTIONS": "!a:h"}, Settings("h", "@u:h", "t", frozenset({"!a:h"}))),
    ],
)  # fmt: skip
def test_settings_of_the_environment(environment: dict[str, str], expected: Settings | None) -> None:
    assert matrix.settings(environment) == expected


@pytest.mark.parametrize("name", ["MATRIX_HOMESERVER", "MATRIX_USER", "MATRIX_TOKEN"])
def test_a_part_of_the_settings_is_an_error(name: str) -> None:
    with pytest.raises(SettingError, match="set all of MATRIX_HOMESERVER"):
        matrix.settings({name: "x"})
