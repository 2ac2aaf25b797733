"""How much one caller may ask: requests a minute for each key, over a moving window."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from assistant.channels.problem import Problem


class Limits:
    """Counts the requests that reach this process."""

    def __init__(self, rate: int) -> None:
        self._item = RateLimitItemPerMinute(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, caller: str) -> dict[str, str]:
        """Count one request; the headers that tell how many are left. Problem 429 when there is none."""
        allowed = self._limiter.hit(self._item, caller)
        stats = self._limiter.get_window_stats(self._item, caller)
        wait = max(0.0, stats.reset_time - time.time())
        headers = {
            "x-ratelimit-limit": str(self._item.amount),
            "x-ratelimit-remaining": str(stats.remaining),
            "x-ratelimit-reset": str(math.ceil(wait)),
        }
        if allowed:
            return headers
        headers |= {"retry-after": str(max(1, math.ceil(wait))), "retry-after-ms": str(math.ceil(wait * 1000))}
        raise Problem(429, "rate_limited", f"more than {self._item.amount} requests a minute", headers=headers)
