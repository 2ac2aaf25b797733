"""Keys, scopes, limits and hosts, over real HTTP."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import time
from base64 import b64encode
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import openai
import pytest
from served import REFUSED, served, sqlite

from assistant.channels.settings import Settings, bare
from assistant.cli import main

if TYPE_CHECKING:
    from served import Served

    from assistant.channels.generations import Generations


def get(house: Served, path: str, token: str = "", **headers: str) -> httpx.Response:
    if token:
        headers["authorization"] = f"Bearer {token}"
    return httpx.get(f"{house.url}{path}", headers=headers)


@pytest.mark.parametrize(
    ("settings", "local"),
    [
        (Settings(), True),
        (Settings(host="::1"), True),
        (Settings(host="127.0.0.7"), True),
        (Settings(host="0.0.0.0"), False),
        (Settings(host="192.168.1.2"), False),
        (Settings(url="https://help.example"), False),
        (Settings(hosts=("help.example",)), False),
        (Settings(hosts=("localhost",)), True),
    ],
)
def test_only_what_nobody_else_can_reach_needs_no_key(settings: Settings, local: bool) -> None:
    assert settings.local is local


@pytest.mark.parametrize(
    ("host", "name"),
    [("a:80", "a"), ("a", "a"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("::1", "::1"), ("a:b", "a:b"), ("", "")],
)
def test_a_host_without_its_port(host: str, name: str) -> None:
    assert bare(host) == name


def test_a_key_opens_the_doors_of_its_scopes_only(guarded: Served) -> None:
    doors = {
        "ask": "/v1/models",
        "metrics": "/metrics",
        "pages": "/sources/features",
        "feedback": "/v1/feedback",
    }
    for scope in doors:
        token = guarded.token(scope)
        opened = {s for s, path in doors.items() if get(guarded, path, token).status_code != 403}
        assert opened == {scope}


def test_a_revoked_key_closes_within_seconds(guarded: Served) -> None:
    key, token = guarded.state.add_key("x", ["ask"])
    assert get(guarded, "/v1/models", token).status_code == 200
    guarded.state.revoke_key(key.id)
    for _ in range(50):
        if get(guarded, "/v1/models", token).status_code == 401:
            return
        time.sleep(0.1)
    pytest.fail("still open after five seconds")


def test_an_expired_key_does_not_open(guarded: Served) -> None:
    assert get(guarded, "/v1/models", guarded.token("ask", days=1e-9)).status_code == 401


def test_a_page_asks_the_browser_for_a_key_and_takes_it_as_password(guarded: Served) -> None:
    asked = get(guarded, "/chat/")
    basic = b64encode(f"me:{guarded.token('pages')}".encode()).decode()
    opened = get(guarded, "/chat/", authorization=f"Basic {basic}")
    assert (asked.status_code, asked.headers["www-authenticate"][:5], opened.status_code) == (401, "Basic", 200)


def test_pages_can_be_public_while_the_rest_is_not(generations: Generations, tmp_path: Path) -> None:
    settings = Settings(state=sqlite(tmp_path), hosts=("help.example",), public_pages=True)
    with served(generations, settings) as house:
        assert [get(house, p).status_code for p in ("/chat/", "/sources/features", "/v1/models")] == [200, 200, 401]


def test_conversations_of_two_keys_do_not_meet(guarded: Served) -> None:
    for _ in range(2):
        headers = {"authorization": f"Bearer {guarded.token('ask')}"}
        body = {"question": REFUSED, "conversation": "same"}
        httpx.post(f"{guarded.url}/v1/ask", json=body, headers=headers)
        turns = guarded.state.turns(headers["authorization"].split("-")[1], "same")[0]
        assert turns == (REFUSED,)


def test_too_many_requests_are_told_when_to_come_back(generations: Generations, tmp_path: Path) -> None:
    settings = Settings(state=sqlite(tmp_path), hosts=("help.example",), rate=3)
    with served(generations, settings) as house:
        token, other = house.token("ask"), house.token("ask")
        replies = [get(house, "/v1/models", token) for _ in range(5)]
        assert [r.status_code for r in replies] == [200, 200, 200, 429, 429]
        assert [r.headers["x-ratelimit-remaining"] for r in replies] == ["2", "1", "0", "0", "0"]
        wait = int(replies[-1].headers["retry-after-ms"])
        assert 19_000 < wait <= 20_000  # a third of a minute brings one of three
        assert get(house, "/v1/models", other).status_code == 200
        with pytest.raises(openai.RateLimitError) as caught:
            openai.OpenAI(base_url=f"{house.url}/v1", api_key=token, max_retries=0).models.list()
        assert caught.value.code == "rate_limited"


def test_a_full_line_is_answered_with_503_at_once(generations: Generations, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with served(generations, replace(Settings(), state=sqlite(tmp_path), waiting=2)) as house:

        def ask(number: int) -> tuple[int, str]:
            reply = httpx.post(f"{house.url}/v1/ask", json={"question": f"{REFUSED} ({number})"}, timeout=30)
            return reply.status_code, reply.headers.get("retry-after", "")

        with ThreadPoolExecutor(24) as pool:
            found = set(pool.map(ask, range(120)))
        assert found == {(200, ""), (503, "1")}
        assert ask(0) == (200, "")


def test_pages_of_an_allowed_origin_may_call(generations: Generations, tmp_path: Path) -> None:
    settings = Settings(state=sqlite(tmp_path), origins=("https://app.example",))
    with served(generations, settings) as house:
        ask = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
        both = [
            httpx.options(f"{house.url}/v1/ask", headers={"origin": origin, **ask})
            for origin in ("https://app.example", "https://evil.example")
        ]
        assert [r.headers.get("access-control-allow-origin") for r in both] == ["https://app.example", None]
        assert get(house, "/v1/models", origin="https://app.example").status_code == 200


def test_no_origin_is_allowed_by_default(house: Served) -> None:
    reply = get(house, "/v1/models", origin="https://evil.example")
    assert (reply.status_code, "access-control-allow-origin" in reply.headers) == (403, False)


# ---- audit


def last_audit(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    """The audit line of the last answer; it is written after the answer is sent."""
    for _ in range(100):
        lines = [json.loads(r.message) for r in caplog.records if r.name == "assistant.audit"]
        found: list[dict[str, object]] = [one for one in lines if one["path"] == "/v1/ask"]
        if found:
            return found[-1]
        time.sleep(0.02)
    pytest.fail("no audit line")


def test_the_audit_log_says_who_asked_and_not_what(guarded: Served, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("assistant.audit").setLevel(logging.INFO)
    token = guarded.token("ask")
    httpx.post(f"{guarded.url}/v1/ask", json={"question": REFUSED}, headers={"authorization": f"Bearer {token}"})
    line = last_audit(caplog)
    assert (line["caller"], line["status"], line["verdict"]) == ("test", 200, "not_supported")
    assert "question" not in line
    assert token.rpartition("-")[2] not in caplog.text


def test_the_audit_log_holds_questions_where_the_operator_asked_for_them(
    generations: Generations, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("assistant.audit").setLevel(logging.INFO)
    with served(generations, Settings(state=sqlite(tmp_path), log_questions=True)) as house:
        httpx.post(f"{house.url}/v1/ask", json={"question": REFUSED})
        assert last_audit(caplog)["question"] == REFUSED


# ---- the command


def said(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    with redirect_stdout(out):
        code = main(arguments)
    return code, out.getvalue()


def test_keys_are_added_listed_and_revoked(tmp_path: Path) -> None:
    state = sqlite(tmp_path)
    code, token = said("keys", "add", "bot", "--scope", "ask", "--days", "30", "--state", state)
    assert (code, bool(re.fullmatch(r"ask-[0-9a-f]{12}-[\w-]{43}\n", token))) == (0, True)
    key = token.split("-")[1]
    listed = json.loads(said("keys", "list", "--json", "--state", state)[1])
    assert (listed["id"], listed["name"], listed["scopes"], listed["state"][:5]) == (key, "bot", "ask", "until")
    assert said("keys", "revoke", key, "--state", state)[0] == 0
    assert json.loads(said("keys", "list", "--json", "--state", state)[1])["state"] == "revoked"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("keys", "add"), "wants a name"),
        (("keys", "add", "x", "--scope", "fly"), "unknown scope 'fly'"),
        (("keys", "revoke", "x"), "unknown key 'x'"),
        (("serve", "--port", "0"), "should be from 1 to 65535"),
        (("serve", "--rate", "0"), "at least 1"),
        (("serve", "--url", "help.example"), "should start with https://"),
    ],
)
def test_mistakes_are_told_in_a_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--state", sqlite(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1


def test_without_its_libraries_the_command_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['sqlalchemy'] = None; from assistant.cli import main; sys.exit(main(['keys', 'list']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = "assistant: keys needs sqlalchemy; pip install 'azure-backup-assistant[serve]'\n"
    assert (done.returncode, done.stderr) == (2, said)
