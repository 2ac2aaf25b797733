"""The native door, called over real HTTP on loopback."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import jsonschema
import pytest
from served import DEPENDS, REFUSED, served, sqlite

from assistant.channels.http import AskBody, fingerprint
from assistant.channels.settings import Settings
from assistant.channels.sse import pieces
from assistant.engine import Assistant

if TYPE_CHECKING:
    from served import Served

    from assistant.channels.generations import Generations

SCHEMA = json.loads((Path(__file__).parents[1] / "assistant" / "answer.schema.json").read_text(encoding="utf-8"))


def post(house: Served, path: str, body: object, **headers: str) -> httpx.Response:
    return httpx.post(f"{house.url}{path}", json=body, headers=headers)


def frames(text: str) -> list[tuple[str, int, dict[str, object]]]:
    """(event, id, data) of each event of a stream."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((fields["event"], int(fields["id"]), json.loads(fields["data"])))
    return found


# ---- ask


def test_an_answer_is_the_engines_answer_with_links_to_our_pages(house: Served, helper: Assistant) -> None:
    expected = json.loads(json.dumps(helper.ask(REFUSED).to_dict()))
    for one in expected["citations"]:
        document = one["section_id"].split("#")[0]
        one["url"] = f"{house.url}/sources/{document}#c{one['start']}-{one['end']}"
    answer = post(house, "/v1/ask", {"question": REFUSED})
    assert (answer.status_code, answer.json()) == (200, expected)
    jsonschema.validate(answer.json(), SCHEMA)


def test_a_conversation_carries_its_facts(house: Served, helper: Assistant) -> None:
    post(house, "/v1/ask", {"question": REFUSED, "conversation": "carries"})
    second = post(house, "/v1/ask", {"question": "And if it runs Windows?", "conversation": "carries"}).json()
    expected = helper.ask("And if it runs Windows?", after=helper.ask(REFUSED))
    assert (second["id"], second["facts"]["os"]) == (expected.id, ["windows"])


def test_a_question_without_a_conversation_stands_alone(house: Served, helper: Assistant) -> None:
    post(house, "/v1/ask", {"question": REFUSED})
    alone = post(house, "/v1/ask", {"question": "And if it runs Windows?"}).json()
    assert alone["id"] == helper.ask("And if it runs Windows?").id


def test_a_stream_tells_the_verdict_before_the_text_and_ends_with_the_whole(house: Served) -> None:
    whole = post(house, "/v1/ask", {"question": REFUSED}).json()
    reply = post(house, "/v1/ask", {"question": REFUSED, "stream": True})
    told = frames(reply.text)
    names = [name for name, _, _ in told]
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert names[:3] == ["answer.created", "answer.status", "answer.verdict"]
    assert told[1][2] == {"stage": "checking"}
    assert [number for _, number, _ in told] == list(range(1, len(told) + 1))
    assert "".join(str(d["text"]) for n, _, d in told if n == "answer.delta") == whole["text"]
    assert [d for n, _, d in told if n == "answer.citation"] == whole["citations"]
    assert [d for n, _, d in told if n == "answer.finding"] == whole["findings"]
    assert told[-1][::2] == ("answer.completed", whole)


def test_the_accept_header_asks_for_a_stream_too(house: Served) -> None:
    reply = post(house, "/v1/ask", {"question": REFUSED}, accept="text/event-stream")
    assert reply.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("text", ["", "One. Two! Three?", "1. a\n2. b\n\nc", "no end", "e.g. this.\n", "\n\n", " a\n"])
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_an_idempotency_key_gives_the_same_response_and_one_turn(house: Served) -> None:
    body = {"question": DEPENDS, "conversation": "once"}
    first = post(house, "/v1/ask", body, **{"idempotency-key": "k1"})
    again = post(house, "/v1/ask", body, **{"idempotency-key": "k1"})
    assert (first.text, "idempotent-replayed" in first.headers) == (again.text, False)
    assert again.headers["idempotent-replayed"] == "true"
    assert house.state.turns("local", "once")[0] == (DEPENDS,)


def test_an_idempotency_key_is_not_for_another_request(house: Served) -> None:
    post(house, "/v1/ask", {"question": REFUSED}, **{"idempotency-key": "k2"})
    other = post(house, "/v1/ask", {"question": DEPENDS}, **{"idempotency-key": "k2"})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")


def test_an_idempotency_key_in_progress_is_a_conflict(house: Served) -> None:
    assert house.state.reserve("local", "k3", fingerprint(AskBody(question=REFUSED))).ours
    reply = post(house, "/v1/ask", {"question": REFUSED}, **{"idempotency-key": "k3"})
    assert (reply.status_code, reply.json()["error"]["code"], reply.headers["retry-after"]) == (409, "conflict", "1")


def test_a_request_that_failed_gives_its_idempotency_key_back(house: Served) -> None:
    bad = [post(house, "/v1/ask", {"question": "\u200b"}, **{"idempotency-key": "k4"}).status_code for _ in range(2)]
    assert bad == [422, 422]


# ---- check


def test_a_check_is_the_engines_verdict(house: Served, helper: Assistant) -> None:
    reply = post(house, "/v1/check", {"facts": {"location": "on_premises", "os": "linux", "tool": "mars"}})
    verdict = helper.check(location="on_premises", os="linux", tool="mars")
    found = reply.json()
    assert (reply.status_code, found["status"], tuple(found["rules"])) == (200, verdict.status, verdict.rules)
    assert found["changes"] == [{"os": ["windows"]}]


def test_several_values_mean_one_of_these(house: Served, helper: Assistant) -> None:
    found = post(house, "/v1/check", {"facts": {"os": ["linux", "windows"], "tool": "mars"}}).json()
    assert found["status"] == helper.check(os="linux,windows", tool="mars").status


def test_an_unknown_dimension_is_answered_with_the_nearest(house: Served) -> None:
    found = post(house, "/v1/check", {"facts": {"oss": "linux"}})
    assert (found.status_code, found.json()["detail"]) == (422, "unknown dimension 'oss'; did you mean 'os'?")


# ---- verify


def test_a_text_is_verified_as_the_engine_does_it_with_links_to_our_pages(house: Served, helper: Assistant) -> None:
    text = "MARS backs up Linux servers on-premises. GRS is the default."
    reply = post(house, "/v1/verify", {"text": text})
    found, expected = reply.json(), helper.verify(text)
    assert reply.status_code == 200
    assert [(c["sentence"], c["start"], c["end"], c["standing"]) for c in found["claims"]] == [
        (c.sentence, c.start, c.end, c.standing) for c in expected.claims
    ]
    assert (found["corrected"], found["summary"]["contradicted"]) == (expected.corrected, 1)
    assert all(x["url"].startswith(f"{house.url}/sources/") for c in found["claims"] for x in c["citations"])
    assert [post(house, "/v1/verify", bad).status_code for bad in ({"text": ""}, {"texts": "x"}, {})] == [422] * 3


# ---- sections


def test_the_pages_of_sections_are_all_sections_once(house: Served, helper: Assistant) -> None:
    found, cursor = [], None
    while True:
        query = {"limit": 7} | ({"after": cursor} if cursor else {})
        page = httpx.get(f"{house.url}/v1/sections", params=query).json()
        found += [s["id"] for s in page["data"]]
        assert page["has_more"] == (page["next_cursor"] is not None)
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == list(helper.pack.sections)


def test_a_section_holds_its_units_letter_by_letter(house: Served, helper: Assistant) -> None:
    section = httpx.get(f"{house.url}/v1/sections/features%23support-matrix").json()
    text = helper.pack.document("features").text
    assert section["units"] != []
    assert [text[u["start"] : u["end"]] for u in section["units"]] == [u["text"] for u in section["units"]]


def test_an_unknown_section_is_not_found(house: Served) -> None:
    reply = httpx.get(f"{house.url}/v1/sections/features%23matrix")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_name")


# ---- feedback


def test_feedback_is_kept_with_turns_answer_and_versions(house: Served) -> None:
    answer = post(house, "/v1/ask", {"question": REFUSED}).json()
    body = {
        "answer_id": answer["id"],
        "turns": [REFUSED],
        "rating": "down",
        "reason": "wrong verdict",
        "correction": "It can.",
    }
    reply = post(house, "/v1/feedback", body)
    assert (reply.status_code, reply.json()) == (201, {"object": "feedback", "matched": True})
    kept = list(house.state.feedback())[-1]
    assert {k: kept[k] for k in body} == body
    assert (kept["by"], kept["answer"], kept["versions"]["pack"]) == ("local", answer, answer["pack"])  # type: ignore[index]


def test_feedback_on_an_answer_that_is_gone_is_kept_too(house: Served) -> None:
    body = {"answer_id": "ans_" + "0" * 24, "turns": [REFUSED], "rating": "up"}
    assert post(house, "/v1/feedback", body).json()["matched"] is False
    assert list(house.state.feedback())[-1]["answer"] is None


# ---- operations


def test_ready_and_alive(house: Served, helper: Assistant) -> None:
    pack = f"{helper.pack.name}@{helper.pack.digest[:12]}"
    ready = {"status": "ready", "pack": pack, "index": True, "state": True, "degraded": False}
    assert [httpx.get(f"{house.url}{p}").json() for p in ("/healthz", "/readyz")] == [{"status": "ok"}, ready]


def test_metrics_count_answers_and_hold_no_question(house: Served) -> None:
    post(house, "/v1/ask", {"question": REFUSED})
    text = httpx.get(f"{house.url}/metrics").text
    assert 'assistant_answers_total{channel="http",engine="rules+retrieval",status="not_supported"}' in text
    assert "Ubuntu" not in text


def test_a_request_id_is_kept_when_it_is_sane_and_made_when_not(house: Served) -> None:
    sane = httpx.get(f"{house.url}/healthz", headers={"x-request-id": "abc-1"}).headers["x-request-id"]
    odd = httpx.get(f"{house.url}/healthz", headers={"x-request-id": "a b" * 40}).headers["x-request-id"]
    assert (sane, odd[:4], len(odd)) == ("abc-1", "req_", 28)


def test_the_root_leads_to_the_chat(house: Served) -> None:
    reply = httpx.get(f"{house.url}/")
    assert (reply.status_code, reply.headers["location"]) == (307, "/chat/")


def test_every_answer_has_security_headers(house: Served) -> None:
    for path in ("/healthz", "/chat/", "/sources/features", "/nothing"):
        headers = httpx.get(f"{house.url}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]


def test_the_shared_schemas_stand_in_the_openapi_document(house: Served) -> None:
    document = httpx.get(f"{house.url}/openapi.json").json()
    assert {"Answer", "Answer_status", "Problem"} <= set(document["components"]["schemas"])
    assert "/v1/ask" in document["paths"]
    assert "mars" not in json.dumps(document).lower()


def test_a_state_that_fails_is_told_without_its_address_and_plain_questions_go_on(
    generations: Generations, tmp_path: Path
) -> None:
    with served(generations, Settings(state=sqlite(tmp_path))) as house:
        with sqlite3.connect(tmp_path / "state.db") as connection:
            connection.execute("DROP TABLE conversation")
        kept = post(house, "/v1/ask", {"question": REFUSED, "conversation": "c"})
        assert (kept.status_code, kept.json()["error"]["code"]) == (503, "unavailable")
        assert str(tmp_path) not in kept.text
        assert post(house, "/v1/ask", {"question": REFUSED}).status_code == 200


def test_a_caller_who_hangs_up_is_not_answered(house: Served) -> None:
    def answered() -> float:
        text = httpx.get(f"{house.url}/metrics").text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("assistant_answers_total{"))

    before = answered()
    host, port = house.url.removeprefix("http://").split(":")
    body = json.dumps({"question": f"{REFUSED} " * 100})  # long, so that none is answered before its caller is gone
    head = f"POST /v1/ask HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    callers = [socket.create_connection((host, int(port))) for _ in range(60)]
    for caller in callers:
        caller.sendall((head + body).encode())
    for caller in callers:
        caller.close()
    deadline = time.monotonic() + 10
    while re.search(r"^assistant_waiting 0", httpx.get(f"{house.url}/metrics").text, re.MULTILINE) is None:
        assert time.monotonic() < deadline
    assert answered() - before < 60


# ---- the documentation


@pytest.mark.parametrize(
    ("language", "command"), [("python", [sys.executable, "-c"]), ("js", ["node", "--input-type=module", "-e"])]
)
def test_the_examples_of_the_documentation_run(house: Served, language: str, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    text = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
    (example,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    example = example.replace("http://127.0.0.1:7860", house.url)
    done = subprocess.run([*command, example], capture_output=True, text=True, check=True)
    assert "not_supported" in done.stdout
    assert f"{house.url}/sources/features#c" in done.stdout
