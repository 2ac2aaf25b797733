"""Load on the served assistant beside LangChain's canonical pipeline behind FastAPI: same cores, same run, same questions.

Both serve with as many processes as cores are given, one thread of arithmetic each, on one port. The callers run on the
other cores, keep their connections, ask one question after another, and come back after `retry-after` when they are
told to. The peer is the pipeline of ``peers.py``: a retriever with k=4 over Chroma, no language model, no verdict.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
from measure import ONE_THREAD, QUESTIONS, ROOT, quantile, table
from peers import peer_python

PEER = """
import sys
from fastapi import FastAPI
from langchain_chroma import Chroma
from langchain_huggingface import HuggingFaceEmbeddings
from pydantic import BaseModel
import os
embeddings = HuggingFaceEmbeddings(model_name=os.environ["MODEL"])
retriever = Chroma(persist_directory=os.environ["STORE"], embedding_function=embeddings).as_retriever(search_kwargs={"k": 4})
app = FastAPI()
class Ask(BaseModel):
    question: str
@app.post("/v1/ask")
def ask(body: Ask):
    return [{"text": d.page_content, "metadata": d.metadata} for d in retriever.invoke(body.question)]
@app.get("/readyz")
def ready():
    return {}
"""
INGEST = """
import sys
from pathlib import Path
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
folder, store, model = sys.argv[1:]
documents = [Document(p.read_text(encoding="utf-8"), metadata={"source": str(p)}) for p in sorted(Path(folder).rglob("*.md"))]
chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
Chroma.from_documents(chunks, HuggingFaceEmbeddings(model_name=model), persist_directory=store)
"""


@dataclass
class Seen:
    """What the callers saw."""

    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of processor time of the server: its share stays the same when others load the machine."""
    answered: list[float] = field(default_factory=list)
    """Milliseconds of each answer."""
    refused: list[float] = field(default_factory=list)
    """Milliseconds of each 503."""
    other: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answered) / self.seconds

    @property
    def cost(self) -> float:
        """Milliseconds of processor time for each answer."""
        return 1000 * self.processor / max(1, len(self.answered))


HEAD = (
    "server",
    "connections",
    "answers/s",
    "processor ms",
    "p50 ms",
    "p99 ms",
    "refused %",
    "p99 of refusals ms",
    "errors",
)


def row(name: str, connections: int, rounds: list[Seen]) -> tuple[object, ...]:
    """Median over the rounds of each figure, and its least and greatest."""
    figures = [
        [seen.rate for seen in rounds],
        [seen.cost for seen in rounds],
        [quantile(seen.answered or [0.0], 0.5) for seen in rounds],
        [quantile(seen.answered or [0.0], 0.99) for seen in rounds],
        [100 * len(seen.refused) / max(1, len(seen.refused) + len(seen.answered)) for seen in rounds],
        [quantile(seen.refused or [0.0], 0.99) for seen in rounds],
    ]
    return name, connections, *(spread(f) for f in figures), sum(seen.other for seen in rounds)


def spread(values: list[float]) -> str:
    """The median, the least and the greatest."""
    return f"{median(values):.3g} ({min(values):.3g}–{max(values):.3g})"


async def load(port: int, path: str, bodies: list[str], connections: int, seconds: float) -> Seen:
    """Ask over this many connections for this long."""
    seen, began = Seen(), time.perf_counter()
    end = began + seconds
    await asyncio.gather(*(_caller(port, path, bodies, n, end, seen) for n in range(connections)))
    seen.seconds = time.perf_counter() - began
    return seen


async def _caller(port: int, path: str, bodies: list[str], number: int, end: float, seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = number * 7
    while time.perf_counter() < end:
        body = bodies[asked % len(bodies)].encode()
        asked += 1
        began = time.perf_counter()
        writer.write(
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        status = await _answer(reader)
        spent = (time.perf_counter() - began) * 1000
        if status == 503:
            seen.refused.append(spent)
            await asyncio.sleep(min(1.0, max(0.0, end - time.perf_counter())))
        elif status == 200:
            seen.answered.append(spent)
        else:
            seen.other += 1
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])


# ---- servers


@contextmanager
def serving(
    commands: list[list[str]], port: int, cores: list[int], log: Path = Path(os.devnull), **variables: str
) -> Iterator[list[psutil.Process]]:
    """These processes on these cores, once the port answers /readyz; what they print goes to `log`."""
    environment = {**os.environ, **ONE_THREAD, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), **variables}
    running = []
    with log.open("w") as file:
        for command in commands:
            running.append(psutil.Popen(command, env=environment, cwd=ROOT, stdout=file, stderr=file))
            running[-1].cpu_affinity(cores)
    try:
        _wait(port, len(commands))
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def _wait(port: int, processes: int) -> None:
    """Until thirty connections in a row are answered: with several processes on one port each must be ready."""
    good, ended = 0, time.monotonic() + 180
    while good < 30 * processes:
        if time.monotonic() > ended:
            sys.exit(f"nothing answers on port {port}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
                sock.sendall(f"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode())
                good = good + 1 if b" 200 " in sock.recv(64) else 0
        except OSError:
            good = 0
        if not good:
            time.sleep(0.5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory(processes: list[psutil.Process]) -> float:
    """Resident MB of the largest process."""
    return float(max(p.memory_info().rss for p in _all(processes))) / 2**20


def processor(processes: list[psutil.Process]) -> float:
    """Seconds of processor time so far."""
    times = [p.cpu_times() for p in _all(processes)]
    return float(sum(t.user + t.system for t in times))


def _all(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for one in processes for p in (one, *one.children(recursive=True))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--cores", type=int, default=2, help="cores and processes of each server")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path, default=Path.home() / ".cache" / "assistant")
    options = parser.parse_args()
    every = sorted(os.sched_getaffinity(0))
    cores, rest = every[-options.cores :], every[: -options.cores] or every
    os.sched_setaffinity(0, rest)
    from assistant import embed, index
    from assistant.engine import shipped
    from assistant.pack import load as pack_of

    index.ensure(pack_of(shipped()), options.home)
    questions = [json.dumps({"question": json.loads(line)["turns"][0]}) for line in QUESTIONS.read_text().splitlines()]
    facts = [
        json.dumps({"facts": {"os": o, "location": w, "tool": t}})
        for o in ("linux", "windows")
        for w in ("azure", "on_premises")
        for t in ("mars", "dpm", "mabs")
    ]
    work = Path(tempfile.mkdtemp(prefix="serve-"))
    port = free_port()
    ours = [
        sys.executable, "-m", "assistant.cli", "--home", str(options.home), "serve", "--port", str(port), "--share-port",
        "--state", f"sqlite:///{work / 'state.db'}",
    ]  # fmt: skip
    theirs, model, store = peer_python(), str(embed.source()), str(work / "chroma")
    subprocess.run([theirs, "-m", "pip", "install", "-q", "fastapi"], check=True, stdout=sys.stderr)
    subprocess.run([theirs, "-c", INGEST, str(shipped() / "docs"), store, model], check=True, stdout=sys.stderr)
    (work / "peer.py").write_text(PEER)
    other = free_port()
    peer = [
        theirs,
        "-m",
        "uvicorn",
        "peer:app",
        "--app-dir",
        str(work),
        "--port",
        str(other),
        "--workers",
        str(options.cores),
    ]
    rows: list[tuple[object, ...]] = []
    with (
        serving([ours] * options.cores, port, cores) as mine,
        serving([peer], other, cores, MODEL=model, STORE=store) as its,
    ):
        for warm in (port, other):
            asyncio.run(load(warm, "/v1/ask", questions, 10, 3))

        def measured(
            processes: list[psutil.Process], at: int, n: int, path: str = "/v1/ask", bodies: list[str] = questions
        ) -> Seen:
            before = processor(processes)
            seen = asyncio.run(load(at, path, bodies, n, options.seconds))
            seen.processor = processor(processes) - before
            return seen

        asked: dict[int, list[tuple[Seen, Seen]]] = {n: [] for n in (10, 50, 200)}
        checked: list[Seen] = []
        for _ in range(options.rounds):
            for n, pairs in asked.items():
                pairs.append((measured(mine, port, n), measured(its, other, n)))
            checked.append(measured(mine, port, 50, "/v1/check", facts))
            print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
        for n, pairs in asked.items():
            rows += [row("ours /v1/ask", n, [a for a, _ in pairs])]
            rows += [row("LangChain behind FastAPI", n, [b for _, b in pairs])]
            ratios = [a.rate / b.rate for a, b in pairs], [a.cost / b.cost for a, b in pairs]
            rows.append(("ours / LangChain", n, *(spread(r) for r in ratios), *("",) * 5))
        rows.append(row("ours /v1/check", 50, checked))
        print(f"resident MB of the largest process: ours {memory(mine):.0f}, LangChain {memory(its):.0f}\n")
    shutil.rmtree(work)
    table(HEAD, rows)


if __name__ == "__main__":
    main()
