"""The native door's events with a real client, and a chat model behind them that takes its time: slow readers, pings,
connections that break, streams that go on."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import httpx2
import openai
import pytest
from fakes import Behaviour, sentences
from fakes import served as speaking
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from served import DEPENDS, REFUSED, Served, served, sqlite

from assistant.channels.generations import Generations
from assistant.channels.settings import Settings
from assistant.draft import Drafter
from assistant.types import Answer

PROVEN = "The MARS agent backs up Windows files, folders and system state to a Recovery Services vault."
Event = tuple[str, str, object]


@pytest.fixture(scope="module")
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture(scope="module")
def worded(home: Path, behaviour: Behaviour) -> Iterator[Generations]:
    """The shipped pack with a chat model on loopback."""
    with speaking(behaviour) as url:
        model = ChatOpenAI(model="fake", base_url=url, api_key=SecretStr("x"), max_retries=0, timeout=10)
        made = Generations(None, home, model=model)
        made.open()
        assert made.current.drafter
        made.current.drafter.within = 40.0  # many drafts at once share the machine with the tests
        yield made


@pytest.fixture(scope="module")
def slow(worded: Generations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house whose answers a model words; it says that it is alive every 0.2 s."""
    with served(worded, Settings(state=sqlite(tmp_path_factory.mktemp("slow")), ping=0.2)) as one:
        yield one


@contextmanager
def opened(house: Served, question: str = REFUSED, **headers: str) -> Iterator[httpx2.Response]:
    with (
        httpx2.Client(timeout=20) as client,
        client.stream(
            "POST",
            f"{house.url}/v1/ask",
            json={"question": question},
            headers={"accept": "text/event-stream", **headers},
        ) as reply,
    ):
        yield reply


def events(house: Served, question: str = REFUSED, most: int = 10_000, key: str = "") -> list[Event]:
    """The first events of a stream; the connection is closed after them."""
    found: list[Event] = []
    with opened(house, question, **({"idempotency-key": key} if key else {})) as reply:
        assert reply.status_code == 200, reply.read()
        for one in httpx2.EventSource(reply):
            found.append((one.event, one.id, one.json()))
            if len(found) == most:
                break
    return found


def until(house: Served, key: str, after: int) -> list[Event]:
    """The events after that number, as a client gets them that comes again while the first request is in progress."""
    for _ in range(100):
        with opened(house, **{"idempotency-key": key, "last-event-id": str(after)}) as reply:
            if reply.status_code == 409:
                assert reply.headers["retry-after"] == "1"
            else:
                return [(one.event, one.id, one.json()) for one in httpx2.EventSource(reply)]
        time.sleep(0.05)
    pytest.fail("the stream stayed in progress")


def text(found: Sequence[Event]) -> str:
    return "".join(str(data["text"]) for name, _, data in found if name == "answer.delta")  # type: ignore[index]


# ---- without a model


@pytest.mark.parametrize("after", range(0, 12, 3))
def test_a_stream_goes_on_where_it_broke(house: Served, after: int) -> None:
    begun = events(house, most=after + 1, key=f"broke-{after}")[:after]
    again = until(house, f"broke-{after}", after)
    assert begun + again == events(house)
    assert [number for _, number, _ in begun + again] == [str(n) for n in range(1, len(begun + again) + 1)]


def test_a_stream_goes_on_at_another_process_with_one_turn_kept(generations: Generations, state_url: str) -> None:
    with served(generations, Settings(state=state_url)) as one, served(generations, Settings(state=state_url)) as two:
        body = {"question": DEPENDS, "conversation": "c", "stream": True}
        headers = {"idempotency-key": "k"}
        whole = httpx.post(f"{one.url}/v1/ask", json=body, headers=headers).text
        rest = httpx.post(f"{two.url}/v1/ask", json=body, headers={**headers, "last-event-id": "4"})
        assert (rest.text, rest.headers["idempotent-replayed"]) == (
            whole[whole.index("event: ", whole.index("\nid: 4\n")) :],
            "true",
        )
        assert one.state.turns("local", "c")[0] == (DEPENDS,)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"last-event-id": "3"}, 422, "resume_needs_key"),
        ({"last-event-id": "x", "idempotency-key": "r"}, 422, "invalid_request"),
        ({"last-event-id": "-1", "idempotency-key": "r"}, 422, "invalid_request"),
        ({"last-event-id": "99", "idempotency-key": "r99"}, 200, ""),
    ],
)
def test_what_cannot_be_resumed_is_told(house: Served, headers: dict[str, str], status: int, code: str) -> None:
    reply = httpx.post(f"{house.url}/v1/ask", json={"question": REFUSED, "stream": True}, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"] if code else reply.text) == (status, code)


def test_a_key_is_for_json_or_for_a_stream(house: Served) -> None:
    headers = {"idempotency-key": "either"}
    assert events(house, key="either")[-1][0] == "answer.completed"
    reply = httpx.post(f"{house.url}/v1/ask", json={"question": REFUSED}, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "idempotency_key_reused")


def test_a_reader_that_takes_a_byte_at_a_time_gets_all_and_holds_nobody_up(house: Served) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    body = json.dumps({"question": REFUSED, "stream": True})
    head = f"POST /v1/ask HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    readers = []
    for _ in range(20):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        reader.connect((host, int(port)))
        reader.sendall((head + body).encode())
        assert reader.recv(1) == b"H"
        readers.append(reader)
    began = time.perf_counter()
    assert events(house)[-1][0] == "answer.completed"
    assert time.perf_counter() - began < 1
    for reader in readers:
        got = b""
        while some := reader.recv(700):
            got += some
        assert got.count(b"event: answer.completed") == 1
        reader.close()


# ---- with a model that takes its time


def test_steps_and_verdict_come_before_the_model_and_pings_while_it_thinks(slow: Served, behaviour: Behaviour) -> None:
    behaviour.script, behaviour.pause = sentences(f"{PROVEN} [1]", "MARS backs up Linux."), 0.15
    began, pings, lines = time.monotonic(), 0, list[str]()
    at = dict[str, float]()
    with opened(slow) as reply:
        for line in reply.iter_lines():
            lines.append(line)
            pings += line == ": ping"
            at.setdefault(line, time.monotonic() - began)
    behaviour.pause = 0.0
    found = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    first = found.index("answer.verdict")
    assert (found[:2], set(found[1:first])) == (["answer.created", "answer.status"], {"answer.status"})
    stages = [json.loads(line[6:])["stage"] for line in lines if line.startswith('data: {"stage"')]
    assert stages == ["checking", "drafting", "retrieving", "verifying"]
    assert at["event: answer.verdict"] < 0.5
    assert at["event: answer.completed"] > 1.5
    assert pings >= 2
    done = json.loads(lines[max(n for n, line in enumerate(lines) if line.startswith("data: "))][6:])
    assert (done["engine"], done["draft"]["kept"], done["draft"]["replaced"]) == ("rules+retrieval+model", 1, 1)
    assert PROVEN in done["text"]
    assert "MARS backs up Linux." not in "\n".join(lines)


def test_the_pieces_of_a_worded_stream_are_its_text(slow: Served, behaviour: Behaviour) -> None:
    behaviour.script = sentences("MARS backs up Linux.", f"{PROVEN} [1]")
    found = events(slow)
    assert text(found) == found[-1][2]["text"]  # type: ignore[index]


class Thinking(Sequence[str]):
    """Pieces of a model's text, counted as they are taken."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces, self.taken = pieces, 0

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, place: int) -> str:  # type: ignore[override]  # no slices are taken
        self.taken = max(self.taken, place + 1)
        return self.pieces[place]


def test_who_hangs_up_stops_the_model_and_comes_back_to_the_same_stream(slow: Served, behaviour: Behaviour) -> None:
    said = Thinking([f"{PROVEN} [1] ", *["Word "] * 200])
    behaviour.script, behaviour.pause = (lambda _: said), 0.05
    begun = events(slow, most=6, key="hangs-up")
    began = time.monotonic()
    again = until(slow, "hangs-up", 6)
    assert time.monotonic() - began < 2  # the model would have gone on for ten seconds
    taken = said.taken
    time.sleep(0.4)
    behaviour.pause = 0.0
    assert taken < 60
    assert said.taken - taken <= 2
    whole = begun + again
    assert whole == until(slow, "hangs-up", 0)
    assert [number for _, number, _ in whole] == [str(n) for n in range(1, len(whole) + 1)]
    done = whole[-1][2]
    assert isinstance(done, dict)
    assert (text(whole), done["draft"]["fault"]) == (done["text"], "nobody listens")


def test_a_request_for_json_stops_the_model_too(slow: Served, behaviour: Behaviour) -> None:
    said = Thinking(["Word "] * 200)
    behaviour.script, behaviour.pause = (lambda _: said), 0.05
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{slow.url}/v1/ask", json={"question": REFUSED}, timeout=1)
    time.sleep(0.3)
    taken = said.taken
    time.sleep(0.4)
    behaviour.pause = 0.0
    assert 0 < taken < 60
    assert said.taken - taken <= 2


def test_a_model_that_thinks_holds_up_neither_verdicts_nor_those_who_find_no_place_at_it(
    slow: Served, behaviour: Behaviour
) -> None:
    behaviour.script, behaviour.pause = sentences(PROVEN[:60]), 0.6
    faults: list[str] = []
    before = len(behaviour.requests)

    def ask(number: int) -> None:
        reply = httpx.post(f"{slow.url}/v1/ask", json={"question": f"{REFUSED} ({number})"}, timeout=40)
        faults.append(reply.json()["draft"]["fault"])

    with ThreadPoolExecutor(24) as pool:
        asking = [pool.submit(ask, n) for n in range(24)]
        for _ in range(400):  # until the model speaks to as many as it may
            if len(behaviour.requests) < before + 16:
                time.sleep(0.05)
        began = time.perf_counter()
        check = httpx.post(f"{slow.url}/v1/check", json={"facts": {"os": "linux"}})
        verdict = events(slow, most=3)[-1]
        spent = time.perf_counter() - began
        for one in asking:
            one.result()
    behaviour.pause = 0.0
    assert (check.status_code, verdict[0], spent < 3) == (200, "answer.verdict", True)  # the model takes five
    assert sorted(faults) == [""] * 16 + ["too many drafts at once"] * 8


# ---- the same by OpenAI's protocol


@pytest.mark.parametrize("door", ["chat", "responses"])
def test_openais_clients_read_while_the_model_speaks_and_stop_it(slow: Served, behaviour: Behaviour, door: str) -> None:
    client = openai.OpenAI(base_url=f"{slow.url}/v1", api_key="any")

    def texts() -> Iterator[str]:
        if door == "chat":
            with client.chat.completions.create(
                model="azure-backup", messages=[{"role": "user", "content": REFUSED}], stream=True
            ) as chat:
                yield from (c.choices[0].delta.content for c in chat if c.choices[0].delta.content)
        else:
            with client.responses.create(model="azure-backup", input=REFUSED, stream=True) as made:
                yield from (e.delta for e in made if e.type == "response.output_text.delta")

    said = Thinking([f"{PROVEN} [1] ", *["Word "] * 12])
    behaviour.script, behaviour.pause = (lambda _: said), 0.2
    began, first = time.monotonic(), 0.0
    whole = ""
    for piece in texts():
        first = first or time.monotonic() - began
        whole += piece
    took = time.monotonic() - began
    assert (2 * first < took, took > 2.4, PROVEN in whole) == (True, True, True)
    said = Thinking(["Word "] * 100)
    behaviour.script = lambda _: said
    reading = texts()
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # a generator
    time.sleep(0.5)
    taken = said.taken
    time.sleep(0.5)
    behaviour.pause = 0.0
    assert said.taken - taken <= 2


class Broken(Drafter):
    """Fails in the middle of an answer."""

    def draft(self, answer: Answer, *_: object) -> Iterator[str | Answer]:
        yield answer.text[:10]
        raise ZeroDivisionError


def test_a_fault_in_the_middle_is_the_last_event_and_the_key_is_given_back(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = Generations(None, home)
    made.open()
    helper = made.current
    helper.drafter = Broken(helper.pack, helper.verifier, ChatOpenAI(model="fake", api_key=SecretStr("x")))
    with served(made, Settings(state=sqlite(tmp_path))) as one:
        found = [events(one, key="fault") for _ in range(2)]
    assert found[0][:-1] == found[1][:-1]
    name, _, told = found[0][-1]
    assert isinstance(told, dict)
    assert (name, told["status"], told["error"]["code"], told["instance"]) == (
        "error",
        500,
        "internal_error",
        "/v1/ask",
    )
    assert "ZeroDivisionError" in caplog.text


def test_a_stream_ends_though_it_cannot_be_kept(worded: Generations, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.script, behaviour.pause = sentences(f"{PROVEN} [1]"), 0.05
    headers = {"idempotency-key": "k"}
    with served(worded, Settings(state=sqlite(tmp_path), ping=0.2)) as one, opened(one, **headers) as reply:
        found = list[str]()
        for event in httpx2.EventSource(reply):
            if not found:
                with sqlite3.connect(tmp_path / "state.db") as connection:
                    connection.execute("DROP TABLE idempotency")
            found.append(event.event)
    behaviour.pause = 0.0
    assert found[-1] == "answer.completed"


def test_many_who_hang_up_leave_nothing_behind(slow: Served, behaviour: Behaviour) -> None:
    behaviour.script, behaviour.pause = sentences("Word " * 200), 0.05
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: events(slow, f"{REFUSED} ({n})", most=3), range(60)))
    behaviour.pause = 0.0
    behaviour.script = sentences(f"{PROVEN} [1]")
    deadline = time.monotonic() + 5
    while any(t.name == "draft" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    done = events(slow)[-1][2]
    assert isinstance(done, dict)
    assert done["draft"]["fault"] == ""
