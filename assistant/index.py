"""Sections in, a searchable generation out: immutable, verified, published by one rename.

The pack is the truth and the index can always be made again. A generation is built in a child process, under a lock,
in a temporary folder; every file's SHA-256 goes into its manifest; a rename publishes it. Readers verify the manifest
and let Chroma work on a copy of their own, for Chroma writes where it reads and follows whatever a folder says.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import embed
from assistant.errors import BuildRunning, IndexError_
from assistant.pack import Pack, load
from assistant.types import Unit

if TYPE_CHECKING:
    import tantivy

log = logging.getLogger("assistant.index")
_FORMAT = "3"
_COLLECTION = "units"
_BUSY = 75
"""Exit code of a builder that finds another at work (EX_TEMPFAIL)."""
_PATIENCE = 180.0
"""Seconds to wait for a build by another process."""
_EXACT = 400
"""HNSW ef_search and, with it, recall .95 at 100,000 units; the defaults fall to .71."""


@dataclass(frozen=True, slots=True)
class Key:
    """Words by which a unit is found: its own under their heading, or a question that it answers."""

    unit: int
    text: str


def units_of(pack: Pack) -> tuple[Unit, ...]:
    """Every unit of the pack in document order; its place here is its number in the index."""
    return tuple(unit for document in pack.documents for unit in document.units)


def keys_of(pack: Pack) -> tuple[Key, ...]:
    """The keys of a pack, in a fixed order: one for each unit, one for each question that a fact answers."""
    units = units_of(pack)
    keys = []
    for number, unit in enumerate(units):
        title = pack.sections[unit.section_id].title
        keys.append(Key(number, f"{title}: {_readable(unit)}"))
    place = {(u.section_id, u.start): n for n, u in enumerate(units)}
    for fact in pack.facts:
        holders = [n for (section, _), n in place.items() if section == fact.place.source]
        number = next(n for n in holders if units[n].start <= fact.place.start and fact.place.end <= units[n].end)
        keys += [Key(number, ask) for ask in fact.asks]
    return tuple(keys)


def _readable(unit: Unit) -> str:
    if unit.kind != "row":
        return unit.text
    cells = zip(unit.header.split("|"), unit.text.split("|"), strict=False)
    return "; ".join(f"{name.strip()}: {cell.strip()}" for name, cell in cells if cell.strip())


class Index:
    """An open generation. Any number of processes may read one."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self._model = model
        self._lexical = _open_lexical(folder / "lexical")
        self._encoder: embed.Encoder | None = None
        self._collection: object = None

    def lexical(self, query: str, limit: int) -> list[tuple[int, float]]:
        """(key number, BM25 score), best first."""
        return _search_lexical(self._lexical, query, limit)

    def vectors(self, query: str, limit: int) -> list[tuple[int, float]]:
        """(key number, cosine), best first. IndexError_ when there is no room for Chroma's working copy."""
        if self._encoder is None:
            self._encoder = embed.Encoder(self._model)
        vector = self._encoder.encode(query)
        collection = self._open_vectors()
        found = collection.query(  # type: ignore[attr-defined]  # chromadb is imported only here
            query_embeddings=[vector], n_results=limit, include=["distances"]
        )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [(int(name), round(1.0 - float(distance), 4)) for name, distance in pairs]

    def _open_vectors(self) -> object:
        if self._collection is None:
            try:
                own = tempfile.mkdtemp(prefix="assistant-")
                atexit.register(shutil.rmtree, own, ignore_errors=True)
                copy = Path(own) / "chroma"
                shutil.copytree(self.folder / "chroma", copy)
            except OSError as error:
                raise IndexError_(f"no room for a working copy of the index: {error.strerror}") from None
            self._collection = _client(copy).get_collection(_COLLECTION, embedding_function=None)
        return self._collection


def in_memory(pack: Pack) -> Callable[[str, int], list[tuple[int, float]]]:
    """A lexical search without any files, for when no generation can be had."""
    import tantivy

    index = tantivy.Index(_schema())
    _fill(index, pack)
    return lambda query, limit: _search_lexical(index, query, limit)


# ---- where things are


def generation(pack: Pack, home: Path, model: Path) -> Path:
    """The folder under which the index of this pack and this model is published."""
    name = hashlib.sha256(f"{_FORMAT} {pack.digest} {embed.key(model)}".encode()).hexdigest()[:24]
    return home / "generations" / f"{pack.name}-{name}"


def exported(home: Path, model: Path) -> Path:
    """The folder of a model's ONNX export."""
    return home / "models" / embed.key(model)


def verify(folder: Path) -> None:
    """IndexError_ unless every file of the folder is there and has the bytes that were published."""
    try:
        first, _, body = (folder / "manifest.json").read_text(encoding="utf-8").partition("\n")
        if first != hashlib.sha256(body.encode()).hexdigest():
            raise IndexError_(f"{folder}: the manifest is damaged")
        listed: dict[str, str] = json.loads(body)
        for name, expected in listed.items():
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                    raise IndexError_(f"{folder}: {name} is damaged")
    except FileNotFoundError as error:
        raise IndexError_(f"{folder}: {Path(str(error.filename)).name} is missing") from None
    except (OSError, ValueError) as error:
        raise IndexError_(f"{folder}: cannot be read: {error}") from None


def open_index(pack: Pack, home: Path, model: str | None = None) -> Index:
    """The published generation of this pack, verified. IndexError_ when there is none or it is damaged."""
    weights = embed.source(model)
    folder, network = generation(pack, home, weights), exported(home, weights)
    verify(folder)
    verify(network)
    return Index(folder, network)


def ensure(pack: Pack, home: Path, model: str | None = None, say: Callable[[str], None] = log.info) -> Index:
    """The index of this pack; built first when there is none, made again from the corpus when it is damaged."""
    weights = embed.source(model)
    for folder in (generation(pack, home, weights), exported(home, weights)):
        if folder.exists():
            try:
                verify(folder)
            except IndexError_ as error:
                say(f"{error}; making it again from the corpus")
                _set_aside(folder)
    if not (generation(pack, home, weights).exists() and exported(home, weights).exists()):
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                build(pack, home, model, say)
                break
            except BuildRunning:
                if time.monotonic() > deadline:
                    raise
                say("another process is building the index; waiting for it")
                time.sleep(1.0)
    return open_index(pack, home, model)


def _set_aside(folder: Path) -> None:
    try:
        folder.rename(folder.with_name(f".damaged-{folder.name}-{time.time_ns()}"))
    except OSError as error:
        raise IndexError_(f"{folder}: damaged, and cannot be moved away: {error.strerror}") from None


# ---- building


def build(pack: Pack, home: Path, model: str | None = None, say: Callable[[str], None] = log.info) -> Path:
    """Build and publish the generation of `pack` in a child process, if it is not there yet; returns its folder.

    BuildRunning when another process is building; IndexError_ when the build failed (nothing is changed then).
    """
    command = [sys.executable, "-m", "assistant.index", str(pack.folder), str(home), model or ""]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False", "TOKENIZERS_PARALLELISM": "false"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None  # noqa: S101  # opened as a pipe above
        for line in child.stdout:
            say(line.rstrip())
        trouble = child.stderr.read() if child.stderr else ""
    if child.returncode == _BUSY:
        raise BuildRunning("already running: another process is building the index")
    if child.returncode != 0:
        reason = trouble.strip().splitlines()[-1:] or [f"the builder ended with code {child.returncode}"]
        raise IndexError_(f"the index could not be built, nothing was changed: {reason[0]}")
    return generation(pack, home, embed.source(model))


def _main(arguments: list[str]) -> int:
    """The child process: build under the lock; progress on stdout, the reason of a failure on stderr."""
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
    except Exception as error:  # noqa: BLE001  # the parent shows one line; the type tells a bug from a full disk
        print(f"{type(error).__name__}: {error}".replace("\n", " "), file=sys.stderr)
        return 1
    return 0


def _build(pack: Pack, home: Path, model: str | None) -> None:
    from assistant.proof import refuse_faults

    weights = embed.source(model)
    target, network = generation(pack, home, weights), exported(home, weights)
    for parent in (target.parent, network.parent):
        parent.mkdir(parents=True, exist_ok=True)
        for leftover in parent.glob(".tmp-*"):
            shutil.rmtree(leftover, ignore_errors=True)
    print("proving the rules", flush=True)
    refuse_faults(pack)
    if not network.exists():
        print("exporting the embedding model to ONNX, once (about 20 s)", flush=True)
        _publish(network, lambda into: embed.export(weights, into))
    if not target.exists():
        _publish(target, lambda into: _fill_generation(pack, into, network))
    print(f"published {target.name}", flush=True)


def _publish(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a temporary folder, list and fsync its files, and rename it into place."""
    work = Path(tempfile.mkdtemp(prefix=".tmp-", dir=target.parent))
    try:
        fill(work)
        listed = {p.relative_to(work).as_posix(): embed.checksum(p) for p in sorted(_files(work))}
        body = json.dumps(listed, indent=0, sort_keys=True)
        manifest = work / "manifest.json"
        manifest.write_text(f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}", encoding="utf-8")
        for path in [*_files(work), *(p for p in work.rglob("*") if p.is_dir()), work]:
            _fsync(path)
        work.chmod(0o755)
        work.rename(target)
        _fsync(target.parent)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file() and p.name != ".tantivy-writer.lock")


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
    (into / "lexical" / ".tantivy-meta.lock").unlink(missing_ok=True)
    keys, encoder = keys_of(pack), embed.Encoder(network)
    settings = {"space": "cosine", "ef_search": _EXACT, "ef_construction": _EXACT, "max_neighbors": 32}
    client = _client(into / "chroma")
    collection = client.create_collection(  # type: ignore[attr-defined]
        _COLLECTION,
        embedding_function=None,
        configuration={"hnsw": {**settings, "sync_threshold": max(1000, len(keys) + 1)}},
    )
    step = max(1, len(keys) // 10)
    vectors = []
    for number, key in enumerate(keys):
        vectors.append(encoder.encode(key.text))
        if number % step == 0 or number + 1 == len(keys):
            print(f"embedding {number + 1:,} of {len(keys):,}", flush=True)
    for start in range(0, len(keys), 2000):
        part = vectors[start : start + 2000]
        collection.upsert(ids=[str(start + n) for n in range(len(part))], embeddings=part)
    if collection.count() != len(keys):
        raise IndexError_(f"self-check: {collection.count()} of {len(keys)} vectors were stored")
    for number in range(0, len(keys), max(1, len(keys) // 20)):
        nearest = collection.query(query_embeddings=[vectors[number]], n_results=1, include=["distances"])
        if nearest["distances"][0][0] > 1e-3:
            raise IndexError_(f"self-check: key {number} does not find itself")
    client.close()  # type: ignore[attr-defined]


def _client(folder: Path) -> object:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


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
    found = [(int(searcher.doc(address)["key"][0]), round(float(score), 4)) for score, address in searcher.search(parsed, limit).hits]
    return sorted(found, key=lambda f: (-f[1], f[0]))


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
