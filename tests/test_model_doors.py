"""A chat model that words answers and reads questions too, behind every door of one house: what people are shown of its
reading, and what an operator sees of its work. The model is a real server of OpenAI's protocol on loopback.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai
import pytest
from fakes import Behaviour, Script, model, sentences
from fakes import served as speaking
from mcp import Client, StdioServerParameters
from prometheus_client.parser import text_string_to_metric_families
from served import REFUSED, Served, served, sqlite
from test_second import OURS, reads

from assistant.channels.chat import body, lines, plain
from assistant.channels.generations import Generations
from assistant.channels.metrics import Metrics
from assistant.channels.render import Turn, message
from assistant.channels.settings import Settings
from assistant.draft import Price
from assistant.engine import Assistant
from assistant.types import GONE, Answer, Draft, Second

PROVEN = "The MARS agent backs up Windows files, folders and system state to a Recovery Services vault."
OTHER = {**OURS, "os": ["windows"], "tool": []}
SECRET = "0123456789abcdef0123456789abcdef"
OTHERWISE = (
    "fake, a model, reads the question otherwise: Operating system: Windows (ours: Linux); Tool: not said (ours: the MARS agent). "
    "If that is meant: Yes: "
)
"""Its beginning; what the rules say to the model's reading follows."""


def does(facts: dict[str, list[str]], *said: str) -> Script:
    """Reads these facts, and words answers with these sentences."""
    form, words = reads(facts), sentences(*said)
    return lambda body: form(body) if "response_format" in body else words(body)


@pytest.fixture(scope="module")
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture(scope="module")
def read_twice(home: Path, behaviour: Behaviour) -> Iterator[Generations]:
    """The shipped pack with such a model, at 2 and 10 a million tokens."""
    with speaking(behaviour) as url:
        made = Generations(None, home, model=model(url), price=Price(2.0, 10.0), read_twice=True)
        made.open()
        yield made


@pytest.fixture
def house(read_twice: Generations, behaviour: Behaviour, tmp_path: Path) -> Iterator[Served]:
    """A fresh house, whose model reads Windows where we read Linux, and says one thing that is proven and one that is not."""
    behaviour.script, behaviour.pause = does(OTHER, f"{PROVEN} [1]", "MARS backs up Linux."), 0.0
    behaviour.requests.clear()
    with served(read_twice, Settings(state=sqlite(tmp_path)), {"WEBHOOK_SECRET": SECRET}) as one:
        yield one


def ask(house: Served, question: str = REFUSED, conversation: str | None = None) -> dict[str, object]:
    sent = {"question": question, "conversation": conversation}
    answer = httpx.post(f"{house.url}/v1/ask", json=sent, timeout=20).json()
    assert isinstance(answer, dict)
    return answer


# ---- what people are shown


def test_an_answer_says_what_the_model_reads_otherwise_and_is_the_rules_own(house: Served, helper: Assistant) -> None:
    answer = ask(house)
    second = answer["second"]
    assert isinstance(second, dict)
    assert (second["differs"], second["status"]) == (["os", "tool"], "supported")
    assert second["says"].startswith(OTHERWISE)
    settled = helper.ask(REFUSED)
    assert (answer["id"], answer["status"]) == (settled.id, settled.status)
    assert answer["facts"] == OURS


def test_a_stream_ends_with_it_and_tells_the_step(house: Served) -> None:
    with httpx.stream("POST", f"{house.url}/v1/ask", json={"question": REFUSED, "stream": True}, timeout=20) as reply:
        data = [json.loads(line[6:]) for line in reply.iter_lines() if line.startswith("data: ")]
    assert "reading" in [one.get("stage") for one in data]
    assert data[-1]["second"]["says"].startswith(OTHERWISE)
    assert "".join(one["text"] for one in data if set(one) == {"text"}) == data[-1]["text"]


@pytest.mark.parametrize("name", ["azure-backup", "azure-backup-md"])
@pytest.mark.parametrize("stream", [False, True])
def test_openais_clients_show_it_behind_the_text(house: Served, name: str, stream: bool) -> None:
    client = openai.OpenAI(base_url=f"{house.url}/v1", api_key="any")
    asked = client.chat.completions.create(model=name, messages=[{"role": "user", "content": REFUSED}], stream=stream)
    if isinstance(asked, openai.Stream):
        text = "".join(c.choices[0].delta.content or "" for c in asked)
    else:
        text = asked.choices[0].message.content or ""
    before, _, after = text.partition(f"\n\n{OTHERWISE}")
    assert (PROVEN in before, before.count("State of the documents"), after != "") == (True, 1, True)
    assert ("\n\nSources:\n\n" in after) is (name == "azure-backup-md")


def test_responses_show_it_too(house: Served) -> None:
    client = openai.OpenAI(base_url=f"{house.url}/v1", api_key="any")
    assert f"\n\n{OTHERWISE}" in client.responses.create(model="azure-backup", input=REFUSED).output_text


async def test_agents_get_it_whole(house: Served) -> None:
    async with Client(f"{house.url}/mcp") as client:
        asked = (await client.call_tool("ask", {"question": REFUSED})).structured_content or {}
    assert (asked["status"], asked["second"]["status"], asked["second"]["differs"]) == (
        "not_supported",
        "supported",
        ["os", "tool"],
    )


def test_a_team_chat_shows_it(house: Served) -> None:
    sent, stamp = json.dumps({"text": REFUSED, "user": "u", "channel": "c"}).encode(), str(int(time.time()))
    sign = hmac.new(SECRET.encode(), f"{stamp}.".encode() + sent, hashlib.sha256).hexdigest()
    headers = {"x-timestamp": stamp, "x-signature": sign}
    got = httpx.post(f"{house.url}/channels/webhook", content=sent, headers=headers, timeout=20).json()
    assert (OTHERWISE in got["text"], "fake, a model, reads the question otherwise" in got["markdown"]) == (True, True)


READ = Answer(
    "ans_1", "Can it?", "not_supported", "No. [1]\n\n- x",
    second=Second("m_1", differs=("os",), status="supported", says="m_1, a model: <b>. If that is meant: Yes."),
)  # fmt: skip


def test_it_stands_last_in_the_text_of_a_chat_and_is_no_markup() -> None:
    assert [(line.words, line.item) for line in lines(READ)] == [
        ("No. [1]", False),
        ("", False),
        ("x", True),
        ("", False),
        ("m_1, a model: <b>. If that is meant: Yes.", False),
    ]
    assert plain(READ) == "✘ Not supported\n\nNo. [1]\n\n- x\n\nm_1, a model: <b>. If that is meant: Yes."
    assert body(READ, str).endswith("\n\nm\\_1, a model: &lt;b&gt;. If that is meant: Yes.")
    assert message(Turn("Can it?", READ), 1).endswith(
        "\n\n- x\n\n> m&#95;1, a model: &#60;b&#62;. If that is meant: Yes."
    )
    assert "a model" not in message(Turn("Can it?", READ, growing=True), 1)


def test_a_follow_up_is_read_with_what_was_told_before(house: Served, behaviour: Behaviour) -> None:
    ask(house, conversation="c")
    ask(house, "And if it runs Windows?", conversation="c")
    told = [json.loads(b["messages"][1]["content"]) for b in behaviour.requests if "response_format" in b]  # type: ignore[index]
    assert [one["told before"] for one in told] == [{}, OURS]


def test_what_the_documents_do_not_state_is_read_too(house: Served) -> None:
    answer = ask(house, "Can MARS back up our on-premises Ubuntu VM to Mars?")
    assert "second" in answer


# ---- what an operator sees


LABELS = ("task", "result", "direction", "channel", "status", "engine", "model")


def figures(page: bytes) -> dict[str, float]:
    """The figures of answers and of chat models by name and labels, but how long they took."""
    samples = [s for family in text_string_to_metric_families(page.decode()) for s in family.samples]
    return {
        " ".join([s.name, *(s.labels[n] for n in LABELS if n in s.labels)]): s.value
        for s in samples
        if s.name.startswith(("assistant_model_", "assistant_answers_")) and s.name.endswith(("_total", "_count"))
    }


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def shown(house: Served) -> dict[str, float]:
    return figures(httpx.get(f"{house.url}/metrics").content)


def test_metrics_hold_results_tokens_seconds_and_cost_of_both_tasks(house: Served, behaviour: Behaviour) -> None:
    ask(house)
    behaviour.script = does(OURS, f"{PROVEN} [1]")
    ask(house)
    by = "rules+retrieval+model fake"
    assert shown(house) == {
        "assistant_answers_total http not_supported rules+retrieval+model": 2,
        f"assistant_model_results_total draft mended {by}": 1,
        f"assistant_model_results_total draft kept {by}": 1,
        f"assistant_model_results_total second differs {by}": 1,
        f"assistant_model_results_total second same {by}": 1,
        f"assistant_model_tokens_total draft in {by}": 200,
        f"assistant_model_tokens_total draft out {by}": 40,
        f"assistant_model_tokens_total second in {by}": 100,
        f"assistant_model_tokens_total second out {by}": 20,
        f"assistant_model_seconds_count draft {by}": 2,
        f"assistant_model_seconds_count second {by}": 2,
        f"assistant_model_cost_total draft {by}": 0.0008,
        f"assistant_model_cost_total second {by}": 0.0004,
    }


def test_what_is_given_up_is_counted_at_the_engine_that_answered_with_its_tokens(
    house: Served, behaviour: Behaviour
) -> None:
    behaviour.script = lambda body: ["no form"] if "response_format" in body else ["MARS backs up Linux."]
    ask(house)
    by = "rules+retrieval fake"
    assert {k: v for k, v in shown(house).items() if "results" in k or "tokens" in k} == {
        f"assistant_model_results_total draft given_up {by}": 1,
        f"assistant_model_results_total second given_up {by}": 1,
        f"assistant_model_tokens_total draft in {by}": 200,
        f"assistant_model_tokens_total draft out {by}": 40,
        f"assistant_model_tokens_total second in {by}": 50,
        f"assistant_model_tokens_total second out {by}": 10,
    }


def test_who_hangs_up_is_no_answer_but_counts_as_stopped(house: Served, behaviour: Behaviour) -> None:
    behaviour.pause = 2.0
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{house.url}/v1/ask", json={"question": REFUSED}, timeout=1)
    by = "rules+retrieval fake"
    until(lambda: f"assistant_model_seconds_count second {by}" in shown(house))
    assert shown(house) == {
        f"assistant_model_results_total draft stopped {by}": 1,
        f"assistant_model_results_total second stopped {by}": 1,
        f"assistant_model_tokens_total draft in {by}": 0,
        f"assistant_model_tokens_total draft out {by}": 0,
        f"assistant_model_tokens_total second in {by}": 0,
        f"assistant_model_tokens_total second out {by}": 0,
        f"assistant_model_seconds_count draft {by}": 1,
        f"assistant_model_seconds_count second {by}": 1,
        f"assistant_model_cost_total draft {by}": 0,
    }


def test_a_stream_that_is_closed_counts_as_stopped_with_what_was_told_by_then(
    house: Served, behaviour: Behaviour
) -> None:
    """The first draft is refused whole, and the stream is closed while the model writes the second."""

    def script(body: dict[str, object]) -> Sequence[str]:
        if "response_format" in body:
            return reads(OURS)(body)
        again = "Write again" in str(body["messages"])
        behaviour.pause = 0.3 if again else 0.0
        return sentences("MARS backs up Linux.")(body)

    behaviour.script = script
    with httpx.stream("POST", f"{house.url}/v1/ask", json={"question": REFUSED, "stream": True}, timeout=20) as reply:
        lines = reply.iter_lines()  # kept: the stream would be closed with it
        assert "event: answer.delta" in lines
        until(lambda: len(behaviour.requests) == 3)
    until(lambda: any("answers" in k for k in shown(house)))
    by = "rules+retrieval fake"
    assert shown(house) == {
        "assistant_answers_total http not_supported rules+retrieval": 1,
        f"assistant_model_results_total draft stopped {by}": 1,
        f"assistant_model_results_total second same {by}": 1,
        f"assistant_model_tokens_total draft in {by}": 100,
        f"assistant_model_tokens_total draft out {by}": 20,
        f"assistant_model_tokens_total second in {by}": 50,
        f"assistant_model_tokens_total second out {by}": 10,
        f"assistant_model_seconds_count draft {by}": 1,
        f"assistant_model_seconds_count second {by}": 1,
        f"assistant_model_cost_total draft {by}": 0.0004,
        f"assistant_model_cost_total second {by}": 0.0002,
    }


@pytest.mark.parametrize(
    ("kept", "replaced", "fault", "result"),
    [(2, 0, "", "kept"), (2, 1, "", "mended"), (2, 0, "out of time", "mended"), (0, 3, "", "given_up"), (0, 0, "", "given_up"),
     (2, 0, GONE, "stopped"), (0, 1, GONE, "stopped")],
)  # fmt: skip
def test_a_draft_is_kept_mended_given_up_or_stopped(kept: int, replaced: int, fault: str, result: str) -> None:
    made = Metrics()
    made.spent(Answer("ans_1", "?", "supported", "Yes.", draft=Draft("m", kept, replaced, 1, 5, 3, 0.5, fault)))
    assert figures(made.page()) == {
        f"assistant_model_results_total draft {result} rules+retrieval m": 1,
        "assistant_model_tokens_total draft in rules+retrieval m": 5,
        "assistant_model_tokens_total draft out rules+retrieval m": 3,
        "assistant_model_seconds_count draft rules+retrieval m": 1,
    }


# ---- a house that asks no model, and one that is asked too much


def test_nothing_of_a_model_is_counted_or_loaded_where_none_is_asked_for(home: Path, helper: Assistant) -> None:
    made = Metrics()
    made.spent(helper.ask(REFUSED))
    assert figures(made.page()) == {}
    code = (
        "import sys; from pathlib import Path; from assistant.channels.generations import Generations;"
        "one = Generations(None, Path(sys.argv[1])).current; print(one.drafter, one.second, 'langchain' in sys.modules)"
    )
    run = [sys.executable, "-W", "ignore", "-c", code, str(home)]
    done = subprocess.run(
        run, cwd=ROOT, env={**os.environ, "PYTHONPATH": ROOT}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["None", "None", "False"]


def test_more_readings_than_are_let_in_at_once_are_given_up_at_once(
    read_twice: Generations, behaviour: Behaviour
) -> None:
    second = read_twice.current.second
    assert second is not None
    behaviour.script, behaviour.pause = reads(OURS), 1.0
    begun = [second.begin(REFUSED, {}, ["os"]) for _ in range(20)]
    began = time.monotonic()
    late = [one() for one in begun[16:]]
    assert ([one.fault for one in late], time.monotonic() - began < 0.5) == (["too many readings at once"] * 4, True)
    with ThreadPoolExecutor(16) as pool:
        assert [one.fault for one in pool.map(lambda one: one(), begun[:16])] == [""] * 16
    behaviour.pause = 0.0
    assert second.begin(REFUSED, {}, ["os"])().fault == ""


def test_a_reading_that_nobody_waits_for_is_not_asked_for(read_twice: Generations, behaviour: Behaviour) -> None:
    second = read_twice.current.second
    assert second is not None
    behaviour.requests.clear()
    assert second.begin(REFUSED, {}, ["os"], lambda: "nobody listens")() == Second("fake", fault="nobody listens")
    assert behaviour.requests == []


# ---- the command line

ROOT = str(Path(__file__).resolve().parents[1])
SWITCHES = ["--model", "openai:fake", "--read-twice", "--price", "2,10"]


def knowing(url: str) -> dict[str, str]:
    """An environment whose model is at that address."""
    return {**os.environ, "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": url, "PYTHONPATH": ROOT}


@contextmanager
def started(arguments: list[str], home: Path, folder: Path, url: str) -> Iterator[str]:
    """`assistant serve` in a process of its own; the address of its house."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "assistant.cli",
        "--home",
        str(home),
        "serve",
        "--port",
        str(port),
        "--state",
        sqlite(folder),
    ]
    with subprocess.Popen([*command, *arguments], cwd=ROOT, env=knowing(url), stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                        break
                except httpx.TransportError:
                    assert time.monotonic() < deadline
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_serve_takes_the_switches_of_ask(home: Path, helper: Assistant, tmp_path: Path) -> None:
    helper.search("anything")  # builds the index when there is none
    with (
        speaking(Behaviour(script=does(OTHER, f"{PROVEN} [1]"))) as url,
        started(SWITCHES, home, tmp_path, url) as house,
    ):
        answer = httpx.post(f"{house}/v1/ask", json={"question": REFUSED}, timeout=20).json()
    assert (answer["draft"]["cost"], answer["second"]["cost"]) == (0.0004, 0.0002)
    assert answer["second"]["says"].startswith(OTHERWISE)


async def test_mcp_over_stdin_and_stdout_takes_them_too(home: Path, helper: Assistant, tmp_path: Path) -> None:
    settled = helper.ask(REFUSED)
    command = ["-m", "assistant.cli", "--home", str(home), "mcp", "--state", sqlite(tmp_path), *SWITCHES]
    with speaking(Behaviour(script=does(OTHER, f"{PROVEN} [1]", "MARS backs up Linux."))) as url:
        process = StdioServerParameters(command=sys.executable, args=command, cwd=ROOT, env=knowing(url))
        async with Client(process) as client:
            asked = (await client.call_tool("ask", {"question": REFUSED})).structured_content or {}
    assert (asked["id"], asked["status"], PROVEN in asked["text"]) == (settled.id, "not_supported", True)
    assert {k: v for k, v in asked["draft"].items() if k != "seconds"} == {
        "model": "fake", "kept": 1, "replaced": 1, "calls": 1, "input_tokens": 100, "output_tokens": 20, "fault": "",
        "cost": 0.0004,
    }  # fmt: skip
    assert (asked["second"]["differs"], asked["second"]["cost"]) == (["os", "tool"], 0.0002)
    assert asked["second"]["says"].startswith(OTHERWISE)
