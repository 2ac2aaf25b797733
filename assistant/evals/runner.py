"""Suites and a target in, a run folder out: every conversation asked once, each kept as soon as it is answered.

A run folder holds ``env.json`` (what was run), ``run.jsonl`` (a line per conversation, in the order of answering) and
what is made of them. Killed at any moment, it goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, count
from pathlib import Path

from assistant.errors import SuiteError
from assistant.evals.reply import Reply
from assistant.evals.suite import Suite, load_suites
from assistant.evals.targets import Opening
from assistant.evals.workers import Done, Task, cores, work

_AGAIN = 10
"""Every tenth conversation is asked a second time, to see whether the same bytes come back."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in one conversation."""

    turns: tuple[str, ...]
    replies: tuple[Reply, ...]
    seconds: tuple[float, ...]
    raw: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """An answered run: its suites, what was said in each conversation, and what was said the second time."""

    folder: Path
    suites: tuple[Suite, ...]
    said: Mapping[str, Said]
    again: Mapping[str, Said]
    about: Mapping[str, object]


Progress = Callable[[int, int], None]
"""Told how many of how many conversations are done."""


def run(
    suites: Sequence[Suite], opening: Opening, folder: Path, *, processes: int = 0, progress: Progress = lambda _, __: None
) -> Run:  # fmt: skip
    """Ask everything that `folder` does not hold yet. TargetError when the target fails: what is done stays.

    SuiteError when the folder belongs to other suites or another target, or is being written by another process.
    """
    with _held(folder):
        about = _begun(folder, suites, opening)
        file = folder / "run.jsonl"
        _trim(file)
        known = {(d.key, d.repeat): d.turns for d, _ in _lines(file)}
        tasks = list(_tasks(suites))
        open_ = [t for t in tasks if known.get((t.key, t.repeat)) != t.turns]
        groups = _by_pack(open_, suites, opening)
        done = len(tasks) - len(open_)
        progress(done, len(tasks))
        try:
            with file.open("ab") as out:
                for one in (d for o, group in groups for d in work(group, o, processes)):
                    out.write(_line(one))
                    out.flush()
                    done += 1
                    progress(done, len(tasks))
        except OSError as error:
            raise SuiteError([f"{file}: {error.strerror}; free some space and resume with --into {folder}"]) from None
    return _answered(folder, suites, about)


def open_run(folder: Path) -> Run:
    """A finished run with its suites as they are now. SuiteError when they ask what the run has not answered."""
    try:
        about = json.loads((folder / "env.json").read_text(encoding="utf-8"))
        files = [Path(s["file"]) for s in about["suites"]]
        pack = Path(about["pack_folder"]) if about["pack_folder"] else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SuiteError(
            [f"{folder}: no run folder ({type(error).__name__}: {error}); name a folder under runs/"]
        ) from None
    return _answered(folder, load_suites(files, pack), about)


def _answered(folder: Path, suites: Sequence[Suite], about: Mapping[str, object]) -> Run:
    kept: dict[tuple[str, int], Said] = {}
    for task, said in _lines(folder / "run.jsonl"):
        kept[task.key, task.repeat] = said
    wanted = [t for t in _tasks(suites) if not t.repeat]
    missing = [t.key for t in wanted if (t.key, 0) not in kept or kept[t.key, 0].turns != t.turns]
    if missing:
        raise SuiteError(
            [
                f"{folder}: {len(missing)} conversations are not answered yet ({missing[0]} first); eval run --into {folder} asks them"
            ]
        )
    first = {t.key: kept[t.key, 0] for t in wanted}
    again = {key: said for (key, repeat), said in kept.items() if repeat and key in first}
    return Run(folder, tuple(suites), first, again, about)


def _tasks(suites: Sequence[Suite]) -> Iterator[Task]:
    """Everything once, in the order of the suites; then every tenth again."""
    tasks = [Task(c.key, c.kind, c.turns) for s in suites for c in s.conversations]
    yield from tasks
    yield from (Task(t.key, t.kind, t.turns, 1) for t in tasks[::_AGAIN])


def _by_pack(
    tasks: Sequence[Task], suites: Sequence[Suite], opening: Opening
) -> list[tuple[Opening, list[Task]]]:  # fmt: skip
    """Tasks by the pack that our own assistant answers them from."""
    pack = {c.key: s.corpus.pack.folder for s in suites for c in s.conversations}
    if opening.spec:
        return [(opening, list(tasks))]
    folders = dict.fromkeys(pack[t.key] for t in tasks)
    return [(replace(opening, pack=folder), [t for t in tasks if pack[t.key] == folder]) for folder in folders]


# ---- the folder


def new_folder(root: Path, suites: Sequence[Suite]) -> Path:
    """Make the folder of a run that starts now: time, suites, commit, and a number where that name is taken.

    SuiteError when it cannot be made.
    """
    names = "+".join(s.name for s in suites) if len(suites) < 3 else f"{len(suites)}-suites"
    parts = [datetime.now(UTC).strftime("%Y%m%dT%H%M%S"), names, _git()]
    name = "-".join(p for p in parts if p)
    taken = (root / f"{name}-{number}" for number in count(2))
    return next(folder for folder in chain([root / name], taken) if _made(folder))


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise SuiteError([f"{folder}: {error.strerror or error}; take another folder with --into"]) from None
    return True


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The folder, while no other process writes to it."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        raise SuiteError([f"{folder}: another process is running into it; wait, or take another folder"]) from None
    except OSError as error:
        raise SuiteError([f"{folder}: {error.strerror or error}; take another folder with --into"]) from None


def _begun(folder: Path, suites: Sequence[Suite], opening: Opening) -> dict[str, object]:
    """``env.json``: written when the run begins, compared when it goes on."""
    about = _about(suites, opening)
    file = folder / "env.json"
    if file.exists():
        before = json.loads(file.read_text(encoding="utf-8"))
        other = [
            name
            for name in ("format", "suites", "target", "embedding", "packs", "code")
            if before.get(name) != about[name]
        ]
        if other:
            raise SuiteError([f"{folder}: was begun with other {' and '.join(other)}; take a new folder"])
        return dict(before)
    write(file, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    return about


def _about(suites: Sequence[Suite], opening: Opening) -> dict[str, object]:
    packs = {str(s.corpus.pack.folder): f"{s.corpus.pack.name}@{s.corpus.pack.digest[:12]}" for s in suites}
    return {
        "format": FORMAT,
        "suites": [
            {"name": s.name, "version": s.version, "file": str(s.file.resolve()), "sha256": s.digest} for s in suites
        ],
        "target": opening.spec or "assistant",
        "embedding": opening.embedding,
        "packs": sorted(packs.values()),
        "pack_folder": "" if len(packs) > 1 else next(iter(packs)),
        "code": "" if opening.spec else _code(),
        "version": _version(),
        "git": _git(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": cores(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _code() -> str:
    """Digest of our own source: answers of two versions never share a run."""
    house = Path(__file__).resolve().parents[1]
    files = sorted(
        p for p in house.rglob("*") if p.suffix in {".py", ".txt"} and "evals" not in p.relative_to(house).parts
    )
    return sha256(b"\0".join(p.read_bytes() for p in files)).hexdigest()[:12]


def _version() -> str:
    try:
        return version("azure-backup-assistant")
    except PackageNotFoundError:
        return ""


def _git() -> str:
    here = Path(__file__).resolve().parent
    try:
        command = ["git", "rev-parse", "--short", "HEAD"]
        found = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise SuiteError([f"{file}: {error.strerror or error}; nothing was changed"]) from None


# ---- run.jsonl


def _line(done: Done) -> bytes:
    head = json.dumps({**asdict(done.task), "seconds": done.seconds}, ensure_ascii=False)
    return f'{head[:-1]}, "replies": [{", ".join(done.replies)}]}}\n'.encode("utf-8", "surrogatepass")


def _lines(file: Path) -> Iterator[tuple[Task, Said]]:
    if not file.exists():
        return
    with file.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            try:
                data = json.loads(raw)
                turns = tuple(data["turns"])
                replies = tuple(Reply.model_validate(r) for r in data["replies"])
                seen = tuple(json.dumps(r, sort_keys=True) for r in data["replies"])
                task = Task(data["key"], data["kind"], turns, data["repeat"])
            except (ValueError, KeyError, TypeError):
                raise SuiteError(
                    [f"{file}:{number}: not a line of a run; delete it and resume with --into {file.parent}"]
                ) from None
            yield task, Said(turns, replies, tuple(data["seconds"]), seen)


def _trim(file: Path) -> None:
    """Cut off a line that a kill left half written."""
    if not file.exists():
        return
    with file.open("rb+") as opened:
        whole = opened.read()
        opened.truncate(whole.rfind(b"\n") + 1)
