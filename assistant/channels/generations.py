"""The assistant of the newest published generation: every process follows it by itself, between two questions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from assistant.channels.traced import Traced
from assistant.engine import Assistant, Opening, shipped
from assistant.errors import AssistantError
from assistant.index import places

log = logging.getLogger("assistant.generations")
_WITHIN = 8.0
"""Seconds for a chat model's words and its reading; who waits longer has gone. Then the answer stands without them."""
_Mark = tuple[tuple[str, int, int], ...]


class Generations:
    """Holds the assistant that answers now. PackError when the pack is not well formed at the start."""

    def __init__(
        self, pack: Path | None, home: Path, say: Callable[[str], None] = log.info, **opening: Unpack[Opening]
    ) -> None:
        self._pack, self.home, self._say, self._opening = pack or shipped(), home, say, opening
        self._seen = self._mark()
        self.current = self._load()
        self.ready = False

    def _load(self) -> Assistant:
        made = Traced.load(self._pack, home=self.home, say=self._say, **self._opening)
        if made.drafter:
            made.drafter.within = _WITHIN
        if made.second:
            made.second.within = _WITHIN
        return made

    def open(self) -> None:
        """Open the index, or build it; from then on questions are answered."""
        self.current.search(self.current.pack.title)
        self.ready = True

    def follow(self) -> bool:
        """Whether another generation was published since the last call; it is opened, then it answers.

        A pack that was edited and not built is not followed, nor one that is not well formed.
        """
        mark = self._mark()
        if mark == self._seen:
            return False
        self._seen = mark
        try:
            fresh = self._load()
        except AssistantError as error:
            log.warning("the pack is not followed: %s", error)
            return False
        if fresh.pack.digest == self.current.pack.digest or not self._published(fresh):
            return False
        fresh.search(fresh.pack.title)
        self.current = fresh
        log.warning("now answering from %s@%s", fresh.pack.name, fresh.pack.digest[:12])
        return True

    def _published(self, helper: Assistant) -> bool:
        return places(helper.pack, self.home, self._opening.get("embedding"))[0].exists()

    def _mark(self) -> _Mark:
        """Changes whenever the pack's files or the published generations do."""
        paths = [self.home / "generations", *sorted(self._pack.rglob("*"))]
        return tuple(_stat(path) for path in paths)


def _stat(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (str(path), 0, 0)
    return (str(path), found.st_mtime_ns, found.st_size)
