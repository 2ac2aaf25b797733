"""What somebody thinks of an answer: one record wherever it was said, and the file of earlier versions on its way into the state."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.channels.state import StateError
from assistant.vocabulary import LONGEST

if TYPE_CHECKING:
    from assistant.channels.state import State
    from assistant.types import Answer

log = logging.getLogger("assistant.inbox")
RATINGS = ("up", "down")
PAGE = "page"
"""Who gave the feedback that comes from the chat page, which knows no names."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A rating, "up" or "down", and what was said with it."""

    rating: str
    reason: str = ""
    correction: str = ""


def record(turns: Sequence[str], answer: Answer | str, pack: str, opinion: Opinion) -> dict[str, object]:
    """What is kept of an opinion on the last of these turns.

    `answer` is the id alone where the turns lead to that answer no more; `pack` is what answered then.
    """
    return {
        "answer_id": answer if isinstance(answer, str) else answer.id,
        "turns": list(turns),
        "rating": opinion.rating if opinion.rating in RATINGS else "down",
        "reason": opinion.reason[:LONGEST] or None,
        "correction": opinion.correction[:LONGEST] or None,
        "answer": None if isinstance(answer, str) else answer.to_dict(),
        "versions": {"assistant": version("azure-backup-assistant"), "pack": pack},
    }


def move(home: Path, state: State) -> int:
    """Put what ``home/feedback/inbox.jsonl`` holds into the state, each line once, whenever it is stopped; how many came.

    The file stays, under a name ending in ``.moved``; lines that are no feedback stay in it alone. StateError when the
    state takes nothing or the folder cannot be changed.
    """
    folder = home / "feedback"
    if not any((folder / name).exists() for name in ("inbox.jsonl", "inbox.moving")):
        return 0
    from filelock import FileLock

    try:
        with FileLock(folder / "moving.lock", timeout=60, mode=0o600):
            return sum(_moved(folder, state) for _ in range(2))  # what a stopped move left, then what came since
    except OSError as error:
        raise StateError(f"{folder}: {error.strerror or error}; its feedback is moved at the next start") from None


def _moved(folder: Path, state: State) -> int:
    """One file, renamed first: whoever still writes to its old name begins another."""
    file, taken = folder / "inbox.jsonl", folder / "inbox.moving"
    if file.exists() and not taken.exists():
        file.rename(taken)
    if not taken.exists():
        return 0
    lines = taken.read_text(encoding="utf-8", errors="replace").split("\n")
    found = [one for line in lines if (one := _read(line))]
    come = state.adopt(PAGE, taken.stat().st_mtime, found)
    kept = next(p for n in range(1, 10_000) if not (p := folder / f"inbox-{n}.moved").exists())
    taken.rename(kept)
    odd = sum(bool(line.strip()) for line in lines) - len(found)
    log.warning("%s: %d lines of feedback are in the state now, %d could not be read", kept, len(found), odd)
    return come


def _read(line: str) -> dict[str, object] | None:
    """A line of the file in the form of `record`."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("turns"), list):
        return None
    answer = found.get("answer")
    return {"answer_id": answer.get("id") if isinstance(answer, dict) else None, **found}
