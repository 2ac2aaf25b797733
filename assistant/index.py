"""Sections in, a searchable generation out: immutable, verified, published by one rename.

The pack is the truth and the index can always be made again. A generation is built in a child process, under a lock,
in a temporary folder; every file's SHA-256 goes into its manifest; a rename publishes it. Readers verify the manifest
and let Chroma work on a copy of their own, for Chroma writes where it reads and follows whatever a folder says.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import embed
from assistant.errors import AssistantError, BuildRunning, IndexFault
from assistant.pack import Pack, load

if TYPE_CHECKING:
    import numpy as np
    import tantivy
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from numpy.typing import NDArray

    from assistant.types import Unit

log = logging.getLogger("assistant.index")
_FORMAT = "5"
_COLLECTION = "units"
_BUSY = 75
"""Exit code of a builder that finds another at work (EX_TEMPFAIL)."""
_FAILED = "failed: "
"""Begins the last line of a builder that gives up."""
_PATIENCE = 180.0
"""Seconds to wait for a build by another process."""
_SILENCE = 300.0
"""Seconds without progress after which a builder ends itself: on a full disk Chroma was seen to hang for ever."""
_EXACT = 400
"""HNSW ef_search and, with it, recall .95 at 100,000 units; the defaults fall to .71."""
_KEPT = 3
"""Generations of one pack name that are kept: other versions of the pack may still be in use beside this one."""
_CHILD = (
    "import sys; sys.path.append(sys.argv.pop(1)); from assistant.index import child; sys.exit(child(sys.argv[1:]))"
)
"""Run with -P, so that nothing in the working directory is imported."""


@dataclass(frozen=True, slots=True)
class Key:
    """Words by which a unit is found: its own under their heading, or a question that it answers."""

    unit: int
    text: str


def units_of(pack: Pack) -> tuple[Unit, ...]:
    """Every unit of the pack in document order; its place here is its number in the index."""
    return tuple(unit for document in pack.documents for unit in document.units)


def keys_of(pack: Pack) -> tuple[Key, ...]:
    """The keys of a pack, in a fixed order: one for each unit, one for each question that a fact or a rule answers."""
    units = units_of(pack)
    keys, within = [], dict[str, list[int]]()
    for number, unit in enumerate(units):
        title = pack.sections[unit.section_id].title
        keys.append(Key(number, f"{title}: {_readable(unit)}"))
        within.setdefault(unit.section_id, []).append(number)
    asked = [(fact.place, fact.asks) for fact in pack.facts] + [(rule.place, rule.fires) for rule in pack.rules]
    for place, questions in asked:
        holder = next(n for n in within[place.source] if place.end <= units[n].end)
        keys += [Key(holder, question) for question in questions]
    return tuple(keys)


def _readable(unit: Unit) -> str:
    if unit.kind != "row":
        return unit.text
    cells = zip(unit.header.split("|"), unit.text.split("|"), strict=False)
    return "; ".join(f"{name.strip()}: {cell.strip()}" for name, cell in cells if cell.strip())


class Index:
    """An open generation, read from a copy that belongs to this object. Any number of processes may open one."""

    def __init__(self, folder: Path, network: Path) -> None:
        self._encoder = embed.Encoder(network)
        own = _working_copy(folder)
        weakref.finalize(self, _discard, own, os.getpid())
        self._lexical = _open_lexical(own / folder.name / "lexical")
        try:
            self._collection = _client(own / folder.name / "chroma").get_collection(
                _COLLECTION, embedding_function=None
            )
        except Exception as error:  # noqa: BLE001  # chromadb's import and set-up raise much: its own, pydantic's, OSError
            raise IndexFault(f"Chroma cannot open the index: {_line(error)}") from None

    def lexical(self, query: str, limit: int) -> list[tuple[int, float]]:
        """(key number, BM25 score), best first."""
        return _search_lexical(self._lexical, query, limit)

    def vector(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a text, shape (dim,). ModelError when the model yields none."""
        return self._encoder.encode(text)

    def vectors(self, query: str, limit: int) -> list[tuple[int, float]]:
        """(key number, cosine), best first. IndexFault when Chroma cannot read its copy any more."""
        from chromadb.errors import ChromaError

        try:
            found = self._collection.query(
                query_embeddings=[self.vector(query).tolist()], n_results=limit, include=["distances"]
            )
        except ChromaError as error:
            raise IndexFault(f"Chroma cannot search the index: {_line(error)}") from None
        pairs = zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True)
        return [(int(name), round(1.0 - float(distance), 4)) for name, distance in pairs]


def _working_copy(folder: Path) -> Path:
    """A new temporary folder that holds a copy of `folder`; those of processes that were killed are removed."""
    prefix = f"assistant-{socket.gethostname()}-"
    own = None
    try:
        own = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-"))
        _sweep(own, prefix)
        shutil.copytree(folder, own / folder.name)
    except OSError as error:
        if own:
            shutil.rmtree(own, ignore_errors=True)
        raise IndexFault(f"no working copy of the index could be made: {_line(error)}") from None
    return own


def _sweep(own: Path, prefix: str) -> None:
    if os.name == "nt":  # no harmless way to ask whether a process lives
        return
    for path in own.parent.glob(f"{prefix}*"):
        pid = path.name.removeprefix(prefix).partition("-")[0]
        with suppress(OSError):  # gone already: its owner, or another sweep, was faster
            if path.lstat().st_uid == own.lstat().st_uid and pid.isdigit() and _ended(int(pid)):
                shutil.rmtree(path, ignore_errors=True)


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _discard(own: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child must not take its parent's copy along
        shutil.rmtree(own, ignore_errors=True)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def in_memory(pack: Pack) -> Callable[[str, int], list[tuple[int, float]]]:
    """A lexical search without any files, for when no generation can be had."""
    import tantivy

    index = tantivy.Index(_schema())
    _fill(index, pack)
    return lambda query, limit: _search_lexical(index, query, limit)


# ---- where things are


class _Unfit(IndexFault):
    """A folder that is missing or not as it was published; a build mends it."""


def places(pack: Pack, home: Path, model: str | None = None) -> tuple[Path, Path]:
    """The folders of the generation of this pack and model, and of the model's ONNX export."""
    weights = embed.key(embed.source(model))
    keys = hashlib.sha256("\0".join(f"{k.unit} {k.text}" for k in keys_of(pack)).encode("utf-8", "surrogatepass"))
    name = hashlib.sha256(f"{_FORMAT} {pack.digest} {keys.hexdigest()} {weights}".encode()).hexdigest()[:24]
    return home / "generations" / f"{pack.name}-{name}", home / "models" / weights


def verify(folder: Path) -> None:
    """IndexFault unless the folder holds exactly the files, and these the bytes, that were published."""
    if not folder.exists():
        raise _Unfit(f"{folder.name}: not built yet")
    try:
        first, _, body = (folder / "manifest.json").read_text(encoding="utf-8").partition("\n")
        if first != hashlib.sha256(body.encode()).hexdigest():
            raise _Unfit(f"{folder.name}: the manifest is damaged")
        listed: dict[str, str] = json.loads(body)
        for name, expected in listed.items():
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                    raise _Unfit(f"{folder.name}: {name} is damaged")
        strange = {p.relative_to(folder).as_posix() for p in _files(folder)} - {"manifest.json", *listed}
        if strange:
            raise _Unfit(f"{folder.name}: {min(strange)} does not belong there")
    except FileNotFoundError as error:
        raise _Unfit(f"{folder.name}: {Path(str(error.filename)).name} is missing") from None
    except (OSError, ValueError) as error:
        raise _Unfit(f"{folder.name}: cannot be read: {_line(error)}") from None


def open_index(pack: Pack, home: Path, model: str | None = None) -> Index:
    """The published generation of this pack, verified. IndexFault when there is none or it cannot be used."""
    generation, network = places(pack, home, model)
    verify(generation)
    verify(network)
    return Index(generation, network)


def ensure(pack: Pack, home: Path, model: str | None = None, say: Callable[[str], None] = log.info) -> Index:
    """The index of this pack; built first when there is none, made again from the corpus when it is damaged."""
    deadline, said = time.monotonic() + _PATIENCE, set[str]()

    def once(message: str) -> None:
        if message not in said:
            said.add(message)
            say(message)

    while True:
        try:
            return open_index(pack, home, model)
        except _Unfit as error:
            once(f"{error}; making it from the corpus")
        try:
            build(pack, home, model, say)
        except BuildRunning:
            if time.monotonic() > deadline:
                raise
            once("another process is building the index; waiting for it")
            time.sleep(1.0)
        else:
            return open_index(pack, home, model)


# ---- building


def build(pack: Pack, home: Path, model: str | None = None, say: Callable[[str], None] = log.info) -> Path:
    """Build and publish the generation of `pack` in a child process, if it is not there yet; returns its folder.

    BuildRunning when another process is building; IndexFault when the build failed (nothing is changed then). The
    child finishes its work even when this process is killed.
    """
    target, _ = places(pack, home, model)
    package = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-P", "-c", _CHILD, package, str(pack.folder), str(home), model or ""]
    environment = {**os.environ, **dict.fromkeys(("HF_HUB_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS"), "1")}
    last = "the start"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    ) as child:
        for line in child.stdout or ():
            last = line.rstrip()
            if not last.startswith(_FAILED):
                say(last)
    if child.returncode == _BUSY:
        raise BuildRunning("already running: another process is building the index")
    if child.returncode != 0:
        ended = f"{_FAILED}the builder ended with code {child.returncode} after {last!r}"
        reason = (last if last.startswith(_FAILED) else ended).removeprefix(_FAILED)
        raise IndexFault(f"the index could not be built, nothing was changed: {reason}")
    return target


def child(arguments: list[str]) -> int:
    """The child process: build under the lock, tell of progress on stdout; the last line is the reason of a failure."""
    import warnings

    from filelock import FileLock, Timeout

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    folder, home, model = arguments
    try:
        Path(home).mkdir(parents=True, exist_ok=True)
        with FileLock(Path(home) / "build.lock", timeout=0):
            _build(load(folder), Path(home), model or None)
    except Timeout:
        return _BUSY
    except AssistantError as error:
        _tell(f"{_FAILED}{_line(error)}")
        return 1
    except Exception as error:  # noqa: BLE001  # the parent shows one line; the type tells a bug from a full disk
        _tell(f"{_FAILED}{type(error).__name__}: {_line(error)}")
        return 1
    return 0


def _tell(line: str) -> None:
    """Progress for the parent, if it still lives; and a sign of life, without which the process ends itself."""
    import faulthandler

    faulthandler.dump_traceback_later(_SILENCE, exit=True)
    with suppress(BrokenPipeError):
        print(line, flush=True)


def _build(pack: Pack, home: Path, model: str | None) -> None:
    from assistant.proof import refuse_faults

    target, network = places(pack, home, model)
    for folder in (network, target):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear(folder)
    if not (network.exists() and target.exists()):
        _tell("proving the rules")
        refuse_faults(pack)
    if not network.exists():
        _tell("exporting the embedding model to ONNX, once (about 20 s)")
        _publish(network, lambda into: embed.export(embed.source(model), into))
    if not target.exists():
        _publish(target, lambda into: _fill_generation(pack, into, network))
        _prune(pack, target)
    _tell(f"published {target.name}")


def _clear(folder: Path) -> None:
    """Remove what killed builds left beside `folder`, and `folder` itself when it is damaged."""
    if folder.exists():
        try:
            verify(folder)
        except _Unfit:
            _remove(folder)
    for leftover in folder.parent.glob(".tmp-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Take a published folder away at once, then delete it: nobody meets it half deleted."""
    gone = folder.with_name(f".tmp-{folder.name}")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _prune(pack: Pack, target: Path) -> None:
    """Remove the oldest generations of this pack's name."""
    others = [p for p in target.parent.iterdir() if p.name.rpartition("-")[0] == pack.name and p != target]
    for old in sorted(others, key=lambda p: (p.stat().st_mtime_ns, p.name), reverse=True)[_KEPT - 1 :]:
        with suppress(OSError):
            _remove(old)


def _publish(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a temporary folder, list and fsync its files, and rename it into place."""
    work = Path(tempfile.mkdtemp(prefix=".tmp-", dir=target.parent))
    try:
        fill(work)
        listed = {p.relative_to(work).as_posix(): embed.checksum(p) for p in sorted(_files(work))}
        body = json.dumps(listed, indent=0, sort_keys=True)
        manifest = work / "manifest.json"
        manifest.write_text(f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}", encoding="utf-8")
        for path in [*work.rglob("*"), work]:
            path.chmod(0o755 if path.is_dir() else 0o644)
            _fsync(path)
        work.rename(target)
        _fsync(target.parent)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if not p.is_dir())


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill_generation(pack: Pack, into: Path, network: Path) -> None:
    import tantivy

    (into / "lexical").mkdir()
    _fill(tantivy.Index(_schema(), path=str(into / "lexical")), pack)
    for lock in (into / "lexical").glob(".tantivy-*.lock"):
        lock.unlink()
    keys, encoder = keys_of(pack), embed.Encoder(network)
    step, vectors = max(1, len(keys) // 10), []
    for number, key in enumerate(keys):
        vectors.append(encoder.encode(key.text))
        if number % step == 0 or number + 1 == len(keys):
            _tell(f"embedding {number + 1:,} of {len(keys):,}")
    _refuse_full_disk(into, sum(v.nbytes for v in vectors))
    graph: CreateHNSWConfiguration = {
        "space": "cosine", "ef_search": _EXACT, "ef_construction": _EXACT, "max_neighbors": 32,
        "batch_size": min(100, len(keys)), "sync_threshold": max(2, len(keys)),
    }  # fmt: skip
    client = _client(into / "chroma")
    collection = client.create_collection(_COLLECTION, embedding_function=None, configuration={"hnsw": graph})
    for start in range(0, len(keys), 2000):
        part = vectors[start : start + 2000]
        collection.upsert(ids=[str(start + n) for n in range(len(part))], embeddings=[v.tolist() for v in part])
        _tell(f"storing {start + len(part):,} of {len(keys):,}")
    if collection.count() != len(keys):
        raise IndexFault(f"self-check: {collection.count()} of {len(keys)} vectors were stored")
    for number in range(0, len(keys), max(1, len(keys) // 20)):
        nearest = collection.query(query_embeddings=[vectors[number].tolist()], n_results=1, include=["distances"])
        if not nearest["distances"] or nearest["distances"][0][0] > 1e-3:
            raise IndexFault(f"self-check: key {number} does not find itself")
    client.close()  # type: ignore[attr-defined]  # of the class, not of the interface


def _refuse_full_disk(folder: Path, size: int) -> None:
    """IndexFault when Chroma's files would not fit; it takes five times the vectors' size at most, and 8 MiB."""
    need, free = 5 * size + 8 * 2**20, shutil.disk_usage(folder).free
    if free < need:
        raise IndexFault(f"{folder.parent}: disk full: {free >> 20} MiB are free, {need >> 20} MiB are needed")


def _client(folder: Path) -> ClientAPI:
    """Chroma on a folder; what its environment variables and a stray ``.env`` say of code to load or call is not heard."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # of every pydantic settings class
        anonymized_telemetry=False,
        chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
        chroma_product_telemetry_impl="chromadb.telemetry.product.posthog.Posthog",
        chroma_otel_collection_endpoint="",
    )
    return chromadb.PersistentClient(str(folder), settings=settings)


def _schema() -> tantivy.Schema:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("words", stored=False, tokenizer_name="en_stem")
    builder.add_unsigned_field("key", stored=True)
    return builder.build()


def _fill(index: tantivy.Index, pack: Pack) -> None:
    import tantivy

    writer = index.writer(heap_size=50_000_000, num_threads=1)
    for number, key in enumerate(keys_of(pack)):
        document = tantivy.Document()
        document.add_text("words", key.text)
        document.add_unsigned("key", number)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()


def _open_lexical(folder: Path) -> tantivy.Index:
    import tantivy

    return tantivy.Index.open(str(folder))


def _search_lexical(index: tantivy.Index, query: str, limit: int) -> list[tuple[int, float]]:
    plain = " ".join("".join(c if c.isalnum() else " " for c in query.lower()).split()[:60])
    if not plain:
        return []
    parsed, _ = index.parse_query_lenient(plain, ["words"])
    searcher = index.searcher()
    found = [
        (int(searcher.doc(address)["key"][0]), round(float(score), 4))
        for score, address in searcher.search(parsed, limit).hits
    ]
    return sorted(found, key=lambda f: (-f[1], f[0]))
