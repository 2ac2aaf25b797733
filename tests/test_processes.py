"""Several processes on one state: one conversation goes on while one of them is killed and a new generation comes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from assistant.engine import Assistant, shipped

ROOT = Path(__file__).resolve().parents[1]
TURNS = [
    "Can MARS back up our on-prem Ubuntu VM?",
    "And if it runs Windows?",
    "And a physical one?",
    "What about DPM?",
    "And on Linux?",
    "And in Azure?",
]
SPY = Path(__file__).with_name("spy.py")


@dataclass
class Server:
    """A server process and where it answers."""

    url: str
    process: subprocess.Popen[str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(home: Path, state: str, pack: Path, log: Path, *, url: str = "") -> Iterator[Server]:
    """`assistant serve` as an operator starts it, watched for look-ups of other machines."""
    port = free_port()
    command = [sys.executable, str(SPY), "--home", str(home), "--pack", str(pack), "serve", "--port", str(port)]
    command += ["--state", state, *(["--url", url] if url else [])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    with log.open("a") as out, subprocess.Popen(command, stdout=out, stderr=out, text=True, env=environment) as process:
        one = Server(f"http://127.0.0.1:{port}", process)
        try:
            wait(one)
            yield one
        finally:
            process.terminate()
            process.wait(20)


def wait(server: Server) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{server.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert server.process.poll() is None, "the server ended"
        time.sleep(0.1)
    pytest.fail("the server did not become ready")


def ask(server: Server, question: str, conversation: str = "c") -> dict[str, object]:
    body = {"question": question, "conversation": conversation}
    reply = httpx.post(f"{server.url}/v1/ask", json=body, timeout=30)
    assert reply.status_code == 200, reply.text
    found: dict[str, object] = reply.json()
    return found


def expected(helper: Assistant, turns: list[str]) -> list[str]:
    """The ids of the answers that the engine alone gives to these turns."""
    answer, ids = None, []
    for turn in turns:
        answer = helper.ask(turn, after=answer)
        ids.append(answer.id)
    return ids


@pytest.mark.slow
def test_two_processes_serve_one_conversation_while_one_is_killed_and_a_generation_comes(
    state_url: str, home: Path, tmp_path: Path
) -> None:
    pack, log = tmp_path / "pack", tmp_path / "log"
    shutil.copytree(shipped(), pack)
    own = tmp_path / "home"
    shutil.copytree(home / "models", own / "models")
    build = [sys.executable, "-m", "assistant.cli", "--home", str(own), "--pack", str(pack), "pack", "build"]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    before = Assistant.load(pack, home=own)
    first = expected(before, TURNS)
    with ExitStack() as stack:
        one = stack.enter_context(serving(own, state_url, pack, log))
        two = stack.enter_context(serving(own, state_url, pack, log))
        assert [ask((one, two)[n % 2], TURNS[n])["id"] for n in range(4)] == first[:4]

        one.process.send_signal(signal.SIGKILL)
        one.process.wait(10)
        assert ask(two, TURNS[4])["id"] == first[4]
        again = stack.enter_context(serving(own, state_url, pack, log))
        assert ask(again, TURNS[5])["id"] == first[5]

        # a new generation is published while both answer
        packs: set[str] = set()
        mixed: list[str] = []
        ended = threading.Event()

        def keep_asking(server: Server, name: str) -> None:
            while not ended.is_set():
                answer = ask(server, TURNS[0], name)
                packs.add(str(answer["pack"]))
                if answer["edition"] != ("new" if answer["pack"] == now else "2019-11"):
                    mixed.append(str(answer["pack"]))

        head = pack / "pack.toml"
        head.write_text(head.read_text().replace('edition = "2019-11"', 'edition = "new"'))
        fresh = Assistant.load(pack, home=own)
        now = f"{fresh.pack.name}@{fresh.pack.digest[:12]}"
        askers = [threading.Thread(target=keep_asking, args=(s, f"k{n}")) for n, s in enumerate((two, again))]
        for asker in askers:
            asker.start()
        subprocess.run(build, check=True, capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        for _ in range(200):
            if all(httpx.get(f"{s.url}/readyz").json()["pack"] == now for s in (two, again)):
                break
            time.sleep(0.1)
        ended.set()
        for asker in askers:
            asker.join()
        assert (mixed, len(packs)) == ([], 2)

        # the conversation goes on under the new generation, its facts kept
        last = "And if it runs Windows?"
        for server in (two, again):
            answer = ask(server, last)
            assert (answer["pack"], answer["edition"]) == (now, "new")
        assert ask(two, last)["id"] == expected(fresh, [*TURNS, last, last, last])[-1]
    assert "SPY" not in log.read_text()


@pytest.mark.slow
def test_a_term_signal_ends_it_with_what_is_running_answered(home: Path, tmp_path: Path) -> None:
    with serving(home, f"sqlite:///{tmp_path / 'state.db'}", shipped(), tmp_path / "log") as server:
        answers: list[int] = []
        with httpx.Client(base_url=server.url, limits=httpx.Limits(max_connections=80), timeout=30) as client:

            def once(number: int) -> None:
                answers.append(client.post("/v1/ask", json={"question": f"{TURNS[0]} ({number})"}).status_code)

            askers = [threading.Thread(target=once, args=(n,)) for n in range(60)]
            for asker in askers:
                asker.start()
            while waiting(client) + len(answers) < 60:  # until all are let in
                time.sleep(0.002)
            server.process.terminate()
            for asker in askers:
                asker.join()
        assert server.process.wait(12) in (0, -signal.SIGTERM)
        assert answers == [200] * 60


def waiting(client: httpx.Client) -> int:
    """How many questions are in the line now."""
    figures = client.get("/metrics").text
    return int(float(re.search(r"^assistant_waiting (\S+)", figures, re.MULTILINE)[1]))  # type: ignore[index]  # it is there
