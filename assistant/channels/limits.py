"""How much one caller may ask: a bucket of requests for each key, which every process on the state draws from.

A bucket is one number, the time at which it will be full again. It only grows, so what a process saw last is enough to
refuse: a caller over the limit costs the state nothing. It is drawn from by replacing the number that was seen.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from assistant.channels.problem import Problem
from assistant.channels.state import StateError

if TYPE_CHECKING:
    from assistant.channels.state import State

log = logging.getLogger("assistant.limits")
_MINUTE = 60.0


class Limits:
    """`rate` requests a minute for each caller, at once or spread, over all processes on a state."""

    def __init__(self, rate: int, state: State) -> None:
        self._rate, self._each, self._state = rate, _MINUTE / rate, state
        self._seen: dict[str, float] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="limit")
        self._alone = False

    async def take(self, caller: str) -> dict[str, str]:
        """Count one request; the headers that tell how many are left. Problem 429 when there is none.

        Where the state cannot be written, requests are counted in this process alone, and the log says so.
        """
        now = time.time()
        drawn = self._drawn(self._seen.get(caller, 0.0), now)
        if drawn is not None:
            loop = asyncio.get_running_loop()
            drawn = await loop.run_in_executor(self._thread, self._draw, caller, now)
        full = max(0.0, (drawn or self._seen[caller]) - now)
        headers = {
            "x-ratelimit-limit": str(self._rate),
            "x-ratelimit-remaining": str(int((_MINUTE - full) / self._each + 1e-6)),
            "x-ratelimit-reset": str(math.ceil(full)),
        }
        if drawn is not None:
            return headers
        wait = full + self._each - _MINUTE
        headers |= {"retry-after": str(max(1, math.ceil(wait))), "retry-after-ms": str(math.ceil(wait * 1000))}
        raise Problem(429, "rate_limited", f"more than {self._rate} requests a minute", headers=headers)

    def _drawn(self, full: float, now: float) -> float | None:
        """When a bucket that is full at `full` will be so with one request less; None when it has none."""
        if full > now + 2 * _MINUTE:  # the clock was set back
            full = now
        later = max(full, now) + self._each
        return later if later <= now + _MINUTE + 1e-6 else None

    def _draw(self, caller: str, now: float) -> float | None:
        try:
            return self._replaced(caller, now)
        except StateError as error:
            if not self._alone:
                log.warning("requests are counted in this process alone: %s", error)
            self._alone = True
            drawn = self._drawn(self._seen.get(caller, 0.0), now)
            self._seen[caller] = drawn or self._seen[caller]
            return drawn

    def _replaced(self, caller: str, now: float) -> float | None:
        """One request from the shared bucket; whoever drew in between is seen and it is tried again."""
        before = self._seen.get(caller)
        while (drawn := self._drawn(before or 0.0, now)) is not None:
            if self._state.fill(caller, before, drawn):
                self._seen[caller], self._alone = drawn, False
                return drawn
            before = self._state.full_at(caller)
        self._seen[caller] = before or 0.0
        return None
