"""Team chats in the house: opened by the environment, at the shared state, behind the gate."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from chats import Desk
from chats import served as on_loopback
from served import DEPENDS, Served, served, sqlite
from slack_sdk.signature import SignatureVerifier
from slackapi import BOT, SECRET, TEAM, TOKEN, Slack
from starlette.applications import Starlette
from test_webhook import SECRET as SHARED
from test_webhook import ask, post, signature

from assistant.channels import slack, team
from assistant.channels.chat import Rating
from assistant.channels.desk import ServiceDesk
from assistant.channels.generations import Generations
from assistant.channels.metrics import Metrics
from assistant.channels.service import Service
from assistant.channels.settings import Settings
from assistant.channels.state import State
from assistant.engine import Assistant
from assistant.errors import SettingError

ROOT = Path(__file__).resolve().parents[1]
ALL = {
    "SLACK_BOT_TOKEN": "t", "SLACK_SIGNING_SECRET": "s", "SLACK_APP_TOKEN": "a", "TEAMS_APP_ID": "i", "TEAMS_APP_SECRET": "s",
    "MATRIX_HOMESERVER": "http://127.0.0.1:9", "MATRIX_USER": "@u:h", "MATRIX_TOKEN": "t", "WEBHOOK_SECRET": SHARED, "WEBHOOK_TOKENS": "t",
}  # fmt: skip


# ---- which doors are open


@pytest.mark.parametrize(
    ("start", "paths", "loops"),
    [
        ("SLACK", ["/channels/slack/events"], 1), ("TEAMS", ["/channels/teams/messages"], 0), ("MATRIX", [], 1),
        ("WEBHOOK", ["/channels/webhook", "/channels/webhook/outgoing"], 0), ("NOTHING", [], 0),
        ("", ["/channels/slack/events", "/channels/teams/messages", "/channels/webhook", "/channels/webhook/outgoing"], 2),
    ],
)  # fmt: skip
def test_the_environment_opens_the_doors(helper: Assistant, start: str, paths: list[str], loops: int) -> None:
    names: list[str] = []

    def desk(name: str) -> Desk:
        names.append(name)
        return Desk(helper)

    found = team.opened({k: v for k, v in ALL.items() if k.startswith(start)}, desk)
    assert ([r.path for r in found.routes], len(found.loops)) == (paths, loops)
    assert names == [n for n in ("slack", "teams", "matrix", "webhook") if n.upper().startswith(start) or not start]


def test_half_a_chat_is_an_error(helper: Assistant) -> None:
    with pytest.raises(SettingError, match="TEAMS_APP_ID and TEAMS_APP_SECRET"):
        team.opened({"TEAMS_APP_ID": "i"}, lambda _: Desk(helper))


@pytest.mark.parametrize(
    ("variable", "kit", "extra"),
    [("SLACK_BOT_TOKEN", "slack_bolt", "slack"), ("TEAMS_APP_ID", "microsoft_teams", "teams"), ("MATRIX_USER", "nio", "matrix")],
)  # fmt: skip
def test_a_kit_that_is_not_installed_is_named_with_its_extra(variable: str, kit: str, extra: str) -> None:
    code = (
        f"import sys; sys.modules[{kit!r}] = None\n"
        "from assistant.channels import team\nfrom assistant.errors import MissingExtra\n"
        f"try: team.opened({{{variable!r}: 'x'}}, lambda _: None)\nexcept MissingExtra as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert kit in done.stdout
    assert done.stdout.endswith(f"is not installed: pip install 'azure-backup-assistant[{extra}]'\n")


def test_no_kit_is_imported_for_a_chat_that_is_not_set_up() -> None:
    code = "import sys; from assistant.channels import team; team.opened({}, lambda _: None); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert {"slack_bolt", "slack_sdk", "microsoft_teams", "nio", "starlette"} & set(done.stdout.split()) == set()


async def test_a_loop_that_fails_is_begun_again(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise OSError("gone")

    with caplog.at_level(logging.ERROR, "assistant.team"):
        task = asyncio.create_task(team.kept("Chat", fail))
        await asyncio.sleep(0.05)
        assert not task.done()
        task.cancel()
    assert [r.getMessage() for r in caplog.records] == ["Chat: the connection failed; it is opened again in 15.0 s"]


# ---- in the whole house


@pytest.fixture(scope="module")
def house(generations: Generations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house with a webhook."""
    settings = Settings(state=sqlite(tmp_path_factory.mktemp("team")), hosts=("help.example",))
    with served(generations, settings, {"WEBHOOK_SECRET": SHARED, "WEBHOOK_TOKENS": "t"}) as one:
        yield one


def test_a_signed_question_needs_no_key_and_links_to_our_pages(house: Served) -> None:
    got = post(f"{house.url}/channels/webhook", ask("Can MARS back up our on-prem Ubuntu VM?", thread_id="one"))
    assert got.status_code == 200
    assert got.json()["answer"]["citations"][0]["url"].startswith(f"{house.url}/sources/")


def test_conversations_and_events_live_in_the_shared_state(house: Served) -> None:
    url = f"{house.url}/channels/webhook"
    body, stamp = ask(DEPENDS, thread_id="two"), str(int(time.time()))
    headers = {"x-timestamp": stamp, "x-signature": signature(body, stamp)}
    assert [httpx.post(url, content=body, headers=headers).status_code for _ in range(2)] == [200, 409]
    assert house.state.turns("chat:webhook", "signed/c/two")[0] == (DEPENDS,)
    assert not house.state.first_time("webhook", f"signed/{headers['x-signature']}")


def test_errors_are_problems_like_everywhere(house: Served) -> None:
    got = httpx.post(f"{house.url}/channels/webhook", content=b"{}")
    assert (got.status_code, got.headers["content-type"], got.json()["error"]["message"]) == (
        401, "application/problem+json", "the signature is wrong, or older than five minutes by our clock",
    )  # fmt: skip
    assert httpx.get(f"{house.url}/channels/webhook").status_code == 405
    assert httpx.post(f"{house.url}/channels/slack/events").status_code == 404
    assert httpx.post(f"{house.url}/channels/webhook", content=b"x" * 70_000).status_code == 413


# ---- the desk at the service


def service(generations: Generations, url: str) -> Service:
    settings = Settings(state=url)
    return Service(generations, State(url), settings, Metrics())


async def test_two_processes_share_one_conversation(generations: Generations, state_url: str) -> None:
    one, two = (ServiceDesk(service(generations, state_url), "slack") for _ in range(2))
    assert await one.last("C1/1") is None
    first = await one.ask("C1/1", "Can DPM back up Linux servers on-premises?")
    assert (await two.ask("C1/1", "virtual")).status == "supported"
    last = await one.last("C1/1")
    assert (first.status, last and last.status) == ("depends", "supported")
    assert [await d.seen("C1/1.0") for d in (one, two, one)] == [False, True, True]
    assert await ServiceDesk(service(generations, state_url), "matrix").last("C1/1") is None


async def test_a_rating_is_kept_with_the_turns_that_led_to_its_answer(generations: Generations, state_url: str) -> None:
    at = service(generations, state_url)
    desk = ServiceDesk(at, "teams")
    first = await desk.ask("c", "Can DPM back up Linux servers on-premises?")
    await desk.ask("c", "virtual")
    await desk.rate(Rating("c", first.id, "down", "ask for the version"))
    await desk.rate(Rating("c", "", "up"))
    records = list(at.state.feedback())
    assert [(r["by"], r["turns"], r["rating"], r["correction"]) for r in records] == [
        ("chat:teams", [first.question], "down", "ask for the version"), ("chat:teams", [first.question, "virtual"], "up", None),
    ]  # fmt: skip
    assert [r["answer"] and r["answer"]["id"] for r in records] == [first.id, None]  # type: ignore[index]


def test_slack_through_two_processes_posts_once(generations: Generations, state_url: str) -> None:
    """The same event delivered to two processes at one state."""
    api = Slack()
    with on_loopback(api.app) as base:
        made = slack.Settings(TOKEN, SECRET, api=f"{base}/api/")
        apps = [
            Starlette(routes=slack.routes(ServiceDesk(service(generations, state_url), "slack"), made))
            for _ in range(2)
        ]
        event = {"type": "app_mention", "user": "U1", "text": f"<@{BOT}> {DEPENDS}", "ts": "1.0", "channel": "C1"}
        body = json.dumps(
            {
                "type": "event_callback",
                "team_id": TEAM,
                "event_id": "Ev1",
                "event": event,
                "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
            }
        )
        stamp = str(int(time.time()))
        signed = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        headers = {
            "content-type": "application/json",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": signed or "",
        }
        with on_loopback(apps[0]) as left, on_loopback(apps[1]) as right:
            for url in (left, right, left, right):
                assert httpx.post(f"{url}/channels/slack/events", content=body, headers=headers).status_code == 200
            time.sleep(1.5)
    assert len(api.posts) == 1
    assert api.refused == []
