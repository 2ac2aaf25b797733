"""What readers say of answers, a line of JSON each, for the evaluation suites to learn from."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.types import Answer

MOST_BYTES = 64 * 2**20
"""The size from which an inbox takes nothing more: nobody reads it, or somebody floods it."""
_MOST_WORDS = 2000
RATINGS = ("up", "down")


class InboxFull(AssistantError):
    """Feedback that could not be kept."""


def keep(home: Path, turns: Sequence[str], answer: Answer, rating: str, reason: str = "", correction: str = "") -> None:
    """Append one line to ``home/feedback/inbox.jsonl``; InboxFull when it cannot be written whole.

    `turns` are the questions up to this answer; `rating` is "up" or "down".
    """
    line = json.dumps(
        {
            "turns": list(turns),
            "answer": {
                "id": answer.id,
                "status": answer.status,
                "text": answer.text,
                "citations": [{"section_id": c.section_id, "quote": c.quote} for c in answer.citations],
            },
            "rating": rating if rating in RATINGS else "down",
            "reason": reason[:_MOST_WORDS],
            "correction": correction[:_MOST_WORDS],
            "versions": {"pack": answer.pack, "edition": answer.edition, "engine": answer.engine},
        },
        ensure_ascii=False,
    )
    _append(home / "feedback" / "inbox.jsonl", line.encode("utf-8", "replace") + b"\n")


def _append(file: Path, line: bytes) -> None:
    """One write at the end of the file, so that lines of several processes never mix; a torn line is ended."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            before = os.fstat(handle).st_size
            if before + len(line) > MOST_BYTES:
                raise InboxFull(f"{file}: holds {before:,} bytes already; read and empty it")
            if os.write(handle, line) < len(line):
                os.write(handle, b"\n")
                raise InboxFull(f"{file}: no room left on the disk")
        finally:
            os.close(handle)
    except OSError as error:
        raise InboxFull(f"{file}: {error.strerror or error}") from None
