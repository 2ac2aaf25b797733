"""Ours beside the canonical LangChain pipeline: same texts, same weights, one core, one thread, fresh processes, interleaved.

The peer is written as its documentation has it: RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings,
Chroma, a retriever with k=4, and no language model. Ours answers with rules, fusion, citations and composing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from measure import QUESTIONS, ROOT, fresh, quantile, table

PEER = Path("/tmp/peer-venv")
DATA = ROOT.parent / "shared" / "data" / "azure-powershell-2026"
WANTED = ("langchain-chroma", "langchain-huggingface", "langchain-text-splitters", "sentence-transformers")
SAME = ("chromadb", "langchain-core", "numpy", "sentence-transformers", "tokenizers", "torch", "transformers")
"""Installed for the peer in the versions that we run, so that only the pipelines differ."""
SEARCHED = "How long are backups kept?"
"""Asked first: many of the others are decided by rules, and ours would open no index for them."""
BUSY = 1.2
"""Wall over processor time above which a sample was disturbed and does not count."""

COMMON = """
import json, os, resource, sys, time
folder, home, model = sys.argv[1:4]
questions = json.loads(sys.argv[4]) if sys.argv[4:] else []

def report(answer):
    answer(questions[0])
    start, cpu = time.time() - float(os.environ["BEGAN"]), time.process_time()
    spent = []
    for question in questions[1:]:
        began = time.perf_counter()
        answer(question)
        spent.append((time.perf_counter() - began) * 1000)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"start": start, "cpu": cpu, "warm": spent, "rss": rss}))

def ingested(units, seconds, characters):
    print(json.dumps({"units": units, "seconds": seconds, "characters": characters}))
"""

OURS = (
    COMMON
    + """
from pathlib import Path
if questions:
    from assistant import Assistant
    report(Assistant.load(folder, home=Path(home)).ask)
else:
    from assistant import index
    from assistant.pack import load
    pack = load(folder)
    target, _ = index.places(pack, Path(home))
    began = time.perf_counter()
    index.build(pack, Path(home))
    ingested(len(index.keys_of(pack)), time.perf_counter() - began, sum(len(d.text) for d in pack.documents))
"""
)

THEIRS = (
    COMMON
    + """
from pathlib import Path
from langchain_chroma import Chroma
from langchain_huggingface import HuggingFaceEmbeddings

embeddings = HuggingFaceEmbeddings(model_name=model)
if questions:
    retriever = Chroma(persist_directory=home, embedding_function=embeddings).as_retriever(search_kwargs={"k": 4})
    report(retriever.invoke)
else:
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    paths = sorted(Path(folder).rglob("*.md"))
    documents = [Document(p.read_text(encoding="utf-8"), metadata={"source": str(p)}) for p in paths]
    began = time.perf_counter()
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
    Chroma.from_documents(chunks, embeddings, persist_directory=home)
    ingested(len(chunks), time.perf_counter() - began, sum(len(d.page_content) for d in documents))
"""
)


@dataclass(frozen=True)
class Ingest:
    units: int
    seconds: float
    characters: int


@dataclass(frozen=True)
class Asked:
    start: float
    """Seconds from the start of the process to its first answer."""
    cpu: float
    warm: list[float]
    """Milliseconds of each further answer."""
    rss: float
    """Greatest resident memory in MB."""


def peer_python() -> str:
    """The interpreter of the peer's environment, which is made when it is missing."""
    python = PEER / "bin" / "python"
    if not list(PEER.glob("lib/*/site-packages/langchain_huggingface")):
        print(f"installing {', '.join(WANTED)} into {PEER}", file=sys.stderr)
        venv.create(PEER, with_pip=True)
        constraints = PEER / "constraints.txt"
        constraints.write_text("\n".join(f"{name}=={version(name)}" for name in SAME))
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "-c", constraints, *WANTED], check=True, stdout=sys.stderr
        )
    return str(python)


def combined_pack(into: Path, shipped: Path) -> Path:
    """The shipped pack with the reference manual's pages as further documents."""
    folder = Path(shutil.copytree(shipped, into / "pack"))
    with (folder / "pack.toml").open("a") as head:
        for path in sorted(DATA.rglob("*.md")):
            shutil.copyfile(path, folder / "docs" / path.name)
            head.write(f'\n[[document]]\nid = "ps-{path.stem.lower()}"\nfile = "docs/{path.name}"\n')
    return folder


def printed(command: list[str]) -> dict[str, Any]:
    return dict(json.loads(fresh(command)[1].splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ingest-rounds", type=int, default=1)
    parser.add_argument(
        "--home", type=Path, help="a home whose exported model is used (else it is exported, not timed)"
    )
    options = parser.parse_args()

    from assistant import embed, index
    from assistant.engine import shipped
    from assistant.pack import load

    theirs = peer_python()
    work = Path(tempfile.mkdtemp(prefix="peers-"))
    pack, model = combined_pack(work, shipped()), str(embed.source())
    questions = json.dumps(
        [SEARCHED, *(json.loads(line)["turns"][0] for line in QUESTIONS.read_text(encoding="utf-8").splitlines())]
    )
    index.ensure(load(shipped()), options.home or work / "home")
    network = index.places(load(shipped()), options.home or work / "home")[1]
    runs = {
        "LangChain": ([theirs, "-c", THEIRS, str(pack / "docs")], work / "chroma"),
        "ours": ([sys.executable, "-c", OURS, str(pack)], work / "ours"),
    }
    ingest: dict[str, list[Ingest]] = {name: [] for name in runs}
    asked: dict[str, list[Asked]] = {name: [] for name in runs}
    for _ in range(options.ingest_rounds):
        for name, (command, home) in runs.items():
            shutil.rmtree(home, ignore_errors=True)
            if name == "ours":
                shutil.copytree(network, home / "models" / network.name)
            ingest[name].append(Ingest(**printed([*command, str(home), model])))
            print(name, ingest[name][-1], file=sys.stderr)
    for number in range(options.rounds + 1):
        for name, (command, home) in runs.items():
            found = Asked(**printed([*command, str(home), model, questions]))
            if number:  # the first round warms the disk's cache
                asked[name].append(found)
    shutil.rmtree(work)
    show(ingest, asked)


def show(ingest: dict[str, list[Ingest]], asked: dict[str, list[Asked]]) -> None:
    figures: dict[str, list[float]] = {}
    for name, samples in asked.items():
        calm = [s for s in samples if s.start / s.cpu < BUSY] or samples
        warm = [x for s in calm for x in s.warm]
        figures[name] = [
            median(s.start for s in calm),
            min(s.start for s in calm),
            quantile(warm, 0.5),
            quantile(warm, 0.95),
            median(s.rss for s in calm),
            median(i.units / i.seconds for i in ingest[name]),
            median(i.characters / i.seconds / 1000 for i in ingest[name]),
        ]
        print(f"{name}: {ingest[name][0].units} units, {len(calm)} of {len(samples)} rounds undisturbed")
    head = (
        "",
        "start to first answer s",
        "least",
        "warm p50 ms",
        "p95 ms",
        "peak RSS MB",
        "ingest units/s",
        "ingest kchar/s",
    )
    ratio = [f"{theirs / ours:.2f}" for theirs, ours in zip(figures["LangChain"], figures["ours"], strict=True)]
    print()
    table(head, [*((name, *found) for name, found in figures.items()), ("LangChain / ours", *ratio)])


if __name__ == "__main__":
    main()
