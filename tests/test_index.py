"""Kills, flips, full disks and rivals: an index is either the one that was published, or there is none."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from assistant import embed, index
from assistant.engine import Assistant
from assistant.errors import BuildRunning, IndexFault, PackError
from assistant.pack import Pack, load
from assistant.retrieve import Retriever

ROOT = Path(__file__).resolve().parents[1]
TOPICS = (
    "Bread rises because yeast turns sugar into gas.",
    "A sourdough starter is fed with flour and water every day.",
    "Salt slows the yeast and strengthens the dough.",
    "Rye flour holds more water than wheat flour.",
    "The crust turns brown when sugars meet heat.",
    "Steam in the first minutes keeps the crust soft.",
    "A loaf is baked through at ninety-six degrees inside.",
    "Cold dough rises slowly and tastes better.",
)
QUERY = "why does dough rise"


def write_pack(folder: Path, note: str = "") -> Pack:
    """A documents-only pack on bread, small enough to be built in two seconds."""
    (folder / "docs").mkdir(parents=True)
    (folder / "pack.toml").write_text('name = "bread"\ntitle = "Bread"\nedition = "1"\n')
    (folder / "docs" / "bread.md").write_text("# Bread\n\n" + "\n\n".join((*TOPICS, *filter(None, [note]))) + "\n")
    return load(folder)


def places_found(opened: index.Index, pack: Pack) -> list[tuple[int, float]]:
    return [(hit.unit.start, hit.score) for hit in Retriever(pack, opened).search(QUERY)]


def bytes_of(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def flip(path: Path, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(bit // 8)
        found = file.read(1)[0]
        file.seek(bit // 8)
        file.write(bytes([found ^ (1 << bit % 8)]))


def command(pack: Pack, home: Path, *verb: str) -> list[str]:
    return [sys.executable, "-m", "assistant.cli", "--pack", str(pack.folder), "--home", str(home), *verb]


def python(code: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh process at the root of the repository."""
    cwd = variables.pop("cwd", str(ROOT))
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120, cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
    )  # fmt: skip


@pytest.fixture(scope="session")
def bread(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return write_pack(tmp_path_factory.mktemp("packs") / "bread")


@pytest.fixture(scope="session")
def built(bread: Pack, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the exported model of the session's home and the generation of `bread`; to be copied, not changed."""
    index.ensure(bread, home)
    mine = tmp_path_factory.mktemp("built") / "home"
    generation, network = index.places(bread, home)
    shutil.copytree(network, mine / "models" / network.name)
    (mine / "generations").mkdir()
    shutil.move(generation, mine / "generations")
    return mine


@pytest.fixture
def whole(built: Path, tmp_path: Path) -> Path:
    """A home of the test's own, with model and generation."""
    return Path(shutil.copytree(built, tmp_path / "home"))


@pytest.fixture
def bare(built: Path, tmp_path: Path) -> Path:
    """A home of the test's own, with the model only."""
    shutil.copytree(built / "models", tmp_path / "home" / "models")
    return tmp_path / "home"


@pytest.fixture
def small_disk(built: Path, tmp_path: Path) -> Iterator[Path]:
    """A home with the model on a file system of 32 MiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=32m", "none", mount], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("mounting is not permitted here")
    shutil.copytree(built / "models", mount / "home" / "models")
    yield mount / "home"
    subprocess.run(["umount", mount], check=True)


# ---- what a generation is


def test_an_opened_generation_answers(bread: Pack, whole: Path) -> None:
    found = places_found(index.open_index(bread, whole), bread)
    text = bread.documents[0].text
    assert {text[start:].split(".")[0] for start, _ in found[:2]} & {t.rstrip(".") for t in (TOPICS[0], TOPICS[7])}


def test_reading_leaves_every_byte_as_it_was(bread: Pack, whole: Path) -> None:
    before = bytes_of(whole)
    opened = index.open_index(bread, whole)
    for query in (QUERY, "salt", "", "crust brown heat"):
        Retriever(bread, opened).search(query)
    assert bytes_of(whole) == before


def test_a_generation_that_is_there_is_not_built_again(bread: Pack, whole: Path) -> None:
    said: list[str] = []
    index.ensure(bread, whole, say=said.append)
    assert said == []


def test_another_text_is_another_generation(bread: Pack, whole: Path, tmp_path: Path) -> None:
    other = write_pack(tmp_path / "other", "Oil makes the crumb tender.")
    assert index.places(bread, whole)[0] != index.places(other, whole)[0]
    with pytest.raises(IndexFault, match="not built yet"):
        index.open_index(other, whole)


@pytest.mark.parametrize("quote", ["# Bread", f"{TOPICS[1]}\\n\\n{TOPICS[2]}"])
def test_a_quote_that_no_one_unit_holds_is_a_fault_of_the_pack(tmp_path: Path, quote: str) -> None:
    pack = write_pack(tmp_path / "bread")
    (pack.folder / "facts.toml").write_text(
        f'[[fact]]\nid = "F1"\nsource = "bread#bread"\nquote = "{quote}"\nasks = ["What is this about?"]\n'
    )
    with pytest.raises(PackError, match="fact F1"):
        load(pack.folder)


# ---- damage


def test_every_one_of_200_flipped_bits_is_detected(bread: Pack, whole: Path) -> None:
    dice = random.Random(7)
    files = [
        (folder, p)
        for folder in index.places(bread, whole)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.stat().st_size
    ]
    missed = []
    for _ in range(200):
        folder, path = dice.choice(files)
        bit = dice.randrange(path.stat().st_size * 8)
        flip(path, bit)
        try:
            index.verify(folder)
            missed.append((path, bit))
        except IndexFault:
            pass
        flip(path, bit)
    assert missed == []
    index.open_index(bread, whole)


@pytest.mark.parametrize("harm", ["cut in half", "emptied", "deleted", "zeroed"])
def test_a_harmed_file_is_refused(bread: Pack, whole: Path, harm: str) -> None:
    for folder in index.places(bread, whole):
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size):
            kept = path.read_bytes()
            if harm == "zeroed" and not any(kept):
                continue
            if harm == "deleted":
                path.unlink()
            else:
                path.write_bytes(
                    {"cut in half": kept[: len(kept) // 2], "emptied": b"", "zeroed": bytes(len(kept))}[harm]
                )
            with pytest.raises(IndexFault):
                index.open_index(bread, whole)
            path.write_bytes(kept)
    index.open_index(bread, whole)


def test_a_file_that_does_not_belong_there_is_refused(bread: Pack, whole: Path) -> None:
    (index.places(bread, whole)[0] / "chroma" / "chroma.sqlite3-journal").write_bytes(b"planted")
    with pytest.raises(IndexFault, match=r"chroma\.sqlite3-journal does not belong there"):
        index.open_index(bread, whole)


@pytest.mark.parametrize("name", ["chroma/chroma.sqlite3", "lexical/meta.json", "manifest.json"])
def test_a_damaged_generation_is_made_again_aloud(bread: Pack, whole: Path, name: str) -> None:
    expected = places_found(index.open_index(bread, whole), bread)
    path = index.places(bread, whole)[0] / name
    flip(path, path.stat().st_size * 4)
    said: list[str] = []
    assert places_found(index.ensure(bread, whole, say=said.append), bread) == expected
    assert "damaged; making it from the corpus" in said[0]
    assert not list(whole.rglob(".tmp-*"))


@pytest.mark.slow
def test_a_damaged_model_is_exported_again_aloud(bread: Pack, whole: Path) -> None:
    network = index.places(bread, whole)[1]
    before = bytes_of(network)
    flip(network / "model.onnx", 80_000_000)
    said: list[str] = []
    index.ensure(bread, whole, say=said.append)
    assert "model.onnx is damaged" in said[0]
    assert bytes_of(network) == before


def test_an_explicit_build_mends_a_damaged_generation(bread: Pack, whole: Path) -> None:
    folder = index.places(bread, whole)[0]
    flip(folder / "chroma" / "chroma.sqlite3", 9999)
    assert index.build(bread, whole) == folder
    index.verify(folder)


def test_what_is_published_is_not_proved_and_built_again(bread: Pack, whole: Path) -> None:
    said: list[str] = []
    folder = index.build(bread, whole, say=said.append)
    assert said == [f"published {folder.name}"]


def test_an_older_format_is_left_alone_and_built_anew(bread: Pack, whole: Path) -> None:
    folder = index.places(bread, whole)[0]
    older = folder.rename(folder.with_name("bread-000000000000000000000000"))
    (older / "manifest.json").write_text("{}")
    index.ensure(bread, whole)
    assert older.exists()
    index.verify(folder)


# ---- kills


@pytest.mark.slow
def test_100_kills_leave_a_verified_generation_or_none(bread: Pack, bare: Path, built: Path) -> None:
    dice = random.Random(11)
    expected = places_found(index.open_index(bread, built), bread)
    target, network = index.places(bread, bare)
    index.build(bread, bare)  # and the model's export, which no kill meets below
    shutil.rmtree(target)
    began = time.monotonic()
    subprocess.run(command(bread, bare, "pack", "build"), capture_output=True, check=True)
    whole_time = time.monotonic() - began
    shutil.rmtree(target)
    outcomes = {"published": 0, "none": 0}
    for number in range(100):
        group = subprocess.Popen(
            command(bread, bare, "pack", "build"),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(dice.uniform(0, whole_time * 1.5))
        os.killpg(group.pid, signal.SIGKILL)
        group.wait()
        outcomes["published" if target.exists() else "none"] += 1
        if target.exists():
            assert places_found(index.open_index(bread, bare), bread) == expected
            shutil.rmtree(target)
        index.verify(network)
        if number % 10 == 9:
            assert places_found(index.ensure(bread, bare), bread) == expected
            assert not list(bare.rglob(".tmp-*"))
            shutil.rmtree(target)
    assert min(outcomes.values()) > 0, outcomes


@pytest.mark.slow
def test_kills_during_the_export_leave_no_half_model(bread: Pack, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for seconds in (2.0, 5.0, 8.0):
        group = subprocess.Popen(
            command(bread, home, "pack", "build"),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        os.killpg(group.pid, signal.SIGKILL)
        group.wait()
        for folder in index.places(bread, home):
            if folder.exists():
                index.verify(folder)
    index.ensure(bread, home)
    assert not list(home.rglob(".tmp-*"))


def test_the_builder_finishes_when_its_parent_is_killed(bread: Pack, bare: Path) -> None:
    parent = subprocess.Popen(command(bread, bare, "pack", "build"), stderr=subprocess.PIPE, text=True)
    assert parent.stderr is not None
    parent.stderr.readline()
    parent.kill()
    parent.wait()
    parent.stderr.close()
    with pytest.raises(BuildRunning):
        index.build(bread, bare)
    said: list[str] = []
    index.ensure(bread, bare, say=said.append)
    assert said[1] == "another process is building the index; waiting for it"
    # It may be published just before the next attempt to build, which then has nothing to do but to say so.
    assert said[2:] in ([], [f"published {index.places(bread, bare)[0].name}"])
    assert len(list((bare / "generations").iterdir())) == 1


def test_a_copy_left_by_a_killed_reader_is_swept_by_the_next(bread: Pack, whole: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = (
        "import os, sys, pathlib; from assistant import index; from assistant.pack import load\n"
        "opened = index.open_index(load(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
        "print(len(os.listdir(sys.argv[3])), flush=True)\n"
        "if sys.argv[4] == 'die': os.kill(os.getpid(), 9)\n"
    )
    counts = []
    for fate in ("die", "die", "live"):
        done = python(code, bread.folder, whole, scratch, fate, TMPDIR=str(scratch))
        counts.append(done.stdout.strip())
    assert counts == ["1", "1", "1"]
    assert list(scratch.iterdir()) == []


def test_a_forked_child_leaves_its_parents_copy(bread: Pack, whole: Path, tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib, weakref; from assistant import index; from assistant.pack import load\n"
        "opened = index.open_index(load(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
        "child = os.fork()\n"
        "if child == 0: weakref.finalize._exitfunc(); os._exit(0)\n"  # what an exit runs, without Chroma's threads
        "os.waitpid(child, 0); print(len(os.listdir(sys.argv[3])), len(opened.vectors('salt', 3)))\n"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = python(code, bread.folder, whole, scratch, TMPDIR=str(scratch))
    assert done.stdout == "1 3\n", done.stderr


# ---- rivals


def test_a_second_build_is_refused_with_75(bread: Pack, bare: Path) -> None:
    with FileLock(bare / "build.lock"):
        done = subprocess.run(
            command(bread, bare, "pack", "build"), capture_output=True, text=True, check=False, timeout=60
        )
        with pytest.raises(BuildRunning):
            index.build(bread, bare)
    assert (done.returncode, done.stdout) == (75, "")
    assert "already running" in done.stderr


def test_rivals_both_end_with_the_one_index(bread: Pack, bare: Path) -> None:
    search = command(bread, bare, "search", "--json", QUERY)
    rivals = [subprocess.Popen(search, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    found = [rival.communicate(timeout=120) for rival in rivals]
    assert [r.returncode for r in rivals] == [0, 0, 0], found
    assert len({out for out, _ in found}) == 1
    assert len(list((bare / "generations").iterdir())) == 1
    assert not any("words only" in err for _, err in found)


def test_a_generation_that_another_publishes_meanwhile_is_opened(bread: Pack, bare: Path, built: Path) -> None:
    target = index.places(bread, bare)[0]
    source = index.places(bread, built)[0]

    def publish() -> None:
        time.sleep(1.5)
        shutil.copytree(source, bare / "copy")
        target.parent.mkdir(exist_ok=True)
        (bare / "copy").rename(target)

    with FileLock(bare / "build.lock"):
        other = threading.Thread(target=publish)
        other.start()
        opened = index.ensure(bread, bare)
        other.join()
    assert places_found(opened, bread)


def test_the_three_newest_generations_of_a_name_are_kept(bread: Pack, whole: Path, tmp_path: Path) -> None:
    others = whole / "generations" / "bread-and-butter-000000000000000000000000"
    others.mkdir()
    first = index.places(bread, whole)[0]
    os.utime(first, (1, 1))
    made = [index.build(write_pack(tmp_path / str(n), f"Loaf number {n}."), whole) for n in range(3)]
    assert sorted((whole / "generations").iterdir()) == sorted([others, *made])


# ---- places that cannot be written


def test_a_file_in_place_of_the_home_leaves_words_and_says_so(bread: Pack, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    said: list[str] = []
    helper = Assistant.load(bread.folder, home=tmp_path / "home" / "below", say=said.append)
    assert [hit.unit.text for hit in helper.search("yeast sugar gas", 1)] == [TOPICS[0]]
    assert helper.retriever.degraded
    assert said[-1].startswith("searching words only: the index could not be built, nothing was changed")


def test_a_read_only_home_is_read(bread: Pack, small_disk: Path, built: Path) -> None:
    shutil.copytree(built / "generations", small_disk / "generations")
    subprocess.run(["mount", "-o", "remount,ro", small_disk.parent], check=True)
    assert places_found(index.ensure(bread, small_disk), bread)


def test_a_read_only_home_without_an_index_leaves_words(bread: Pack, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk.parent], check=True)
    with pytest.raises(IndexFault, match="Read-only file system"):
        index.ensure(bread, small_disk)


@pytest.mark.parametrize("left", [0, 16, 64, 256, 1024, 4096])
def test_a_full_disk_changes_nothing(bread: Pack, small_disk: Path, built: Path, tmp_path: Path, left: int) -> None:
    shutil.copytree(built / "generations", small_disk / "generations")
    before = bytes_of(small_disk)
    other = write_pack(tmp_path / "other", "Oil makes the crumb tender.")
    ballast = small_disk.parent / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - left * 1024))
    began = time.monotonic()
    with pytest.raises(IndexFault, match=r"disk full|No space left|full"):
        index.build(other, small_disk)
    assert time.monotonic() - began < 20
    assert {name: found for name, found in bytes_of(small_disk).items() if name != "build.lock"} == before
    assert places_found(index.open_index(bread, small_disk), bread)
    ballast.unlink()
    index.ensure(other, small_disk)


@pytest.mark.parametrize("limit", [1, 4, 40, 100, 400])
def test_a_file_that_may_not_grow_ends_the_build_cleanly(bread: Pack, bare: Path, limit: int) -> None:
    code = (
        "import pathlib, resource, sys; from assistant import index; from assistant.errors import IndexFault\n"
        "from assistant.pack import load\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]) * 1024,) * 2)\n"
        "try: index.build(load(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
        "except IndexFault as error: print(error)\n"
    )
    done = python(code, bread.folder, bare, limit)
    if "nothing was changed" not in done.stdout:
        index.verify(index.places(bread, bare)[0])
    else:
        assert list((bare / "generations").iterdir()) == []
    assert done.returncode == 0, done.stderr
    index.ensure(bread, bare)


def test_no_room_for_a_working_copy_leaves_words_and_says_so(bread: Pack, whole: Path, small_disk: Path) -> None:
    (small_disk.parent / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - 65536))
    code = (
        "import pathlib, sys; from assistant.engine import Assistant\n"
        "helper = Assistant.load(sys.argv[1], home=pathlib.Path(sys.argv[2]), say=print)\n"
        "print(len(helper.search('yeast')), helper.retriever.degraded)\n"
    )
    done = python(code, bread.folder, whole, TMPDIR=str(small_disk.parent))
    said, found = done.stdout.splitlines()
    assert said.startswith("searching words only: no working copy of the index could be made")
    assert found == "2 True"
    assert not list(small_disk.parent.glob("assistant-*"))


# ---- what a process loads, hears and calls


def test_a_search_loads_no_torch_and_asks_no_network(bread: Pack, whole: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    code = (
        "import pathlib, socket, sys\n"
        "def refuse(*a, **k): print('network', a[1:]); raise OSError('no network here')\n"
        "socket.getaddrinfo = socket.gethostbyname = refuse; socket.socket.connect = refuse\n"
        "from assistant.engine import Assistant\n"
        "print(len(Assistant.load(sys.argv[1], home=pathlib.Path(sys.argv[2]), say=print).search('salt')))\n"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])\n"
    )
    done = python(code, bread.folder, whole, TMPDIR=str(tmp_path / "scratch"))
    assert done.stdout == "5\n[]\n", done.stderr
    assert list((tmp_path / "scratch").iterdir()) == [], "onnxruntime's telemetry leaves a session file"


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_native_code_opens_no_internet_socket(bread: Pack, whole: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    search = ["strace", "-f", "-e", "trace=socket,connect", "-o", str(trace), *command(bread, whole, "search", QUERY)]
    done = subprocess.run(search, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode and "ptrace" in done.stderr:
        pytest.skip("tracing is not permitted here")
    assert done.returncode == 0, done.stderr
    assert [line for line in trace.read_text().splitlines() if "AF_INET" in line] == []


def test_a_planted_env_file_names_no_code(bread: Pack, whole: Path, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("print('planted code ran')\nclass X: ...\n")
    (tmp_path / ".env").write_text(
        "CHROMA_API_IMPL=planted.X\nCHROMA_PRODUCT_TELEMETRY_IMPL=planted.X\nPERSIST_DIRECTORY=/nowhere\n"
    )
    done = python(SEARCH, bread.folder, whole, cwd=str(tmp_path))
    assert done.stdout == "5 False\n", done.stderr


def test_an_env_file_that_chroma_cannot_read_leaves_words_and_says_so(bread: Pack, whole: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CHROMA_SERVER_NOFILE=many\n")
    done = python(SEARCH, bread.folder, whole, cwd=str(tmp_path))
    assert done.stdout.splitlines()[-1] == "1 True"
    assert "searching words only: Chroma cannot open the index" in done.stdout


SEARCH = """
import pathlib, sys
from assistant.engine import Assistant
helper = Assistant.load(sys.argv[1], home=pathlib.Path(sys.argv[2]), say=print)
print(len(helper.search("salt")), helper.retriever.degraded)
"""


def test_the_builder_imports_nothing_from_the_working_directory(bread: Pack, bare: Path, tmp_path: Path) -> None:
    for name in ("tantivy", "chromadb", "secrets"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted code ran')")
    code = (
        "import pathlib, sys; sys.path.remove(''); from assistant import index; from assistant.pack import load\n"
        "print(index.build(load(sys.argv[1]), pathlib.Path(sys.argv[2])).name)"
    )
    done = python(code, bread.folder, bare, cwd=str(tmp_path))
    assert done.stdout.strip() == index.places(bread, bare)[0].name, done.stderr


def test_two_processes_give_the_same_bytes(bread: Pack, whole: Path) -> None:
    search = command(bread, whole, "search", "--json", QUERY)
    found = [
        subprocess.run(
            search, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0] == found[1]
    assert json.loads(found[0])


def test_weights_that_are_not_the_pinned_ones_leave_words_and_say_so(bread: Pack, tmp_path: Path) -> None:
    package = tmp_path / "site" / embed.SHIPPED
    shutil.copytree(embed.source(), package / "model")
    (package / "__init__.py").touch()
    flip(package / "model" / "model.safetensors", 300_000_000)
    done = python(SEARCH, bread.folder, tmp_path / "home", PYTHONPATH=f"{package.parent}{os.pathsep}{ROOT}")
    assert done.stdout.splitlines()[-1] == "1 True"
    assert "model.safetensors: SHA-256 is" in done.stdout
    assert not list((tmp_path / "home" / "models").iterdir())
