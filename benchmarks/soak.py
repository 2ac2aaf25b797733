"""Ten minutes of a moderate load on one served process: memory, errors, times, and look-ups of other machines (none).

Questions alone, in conversations (which write to the state), by OpenAI's protocol, and facts, in turn, at a fixed rate.
The server runs under ``tests/spy.py``, which tells of every name that it looks up and every connection it makes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from measure import QUESTIONS, ROOT, quantile, table
from serve import free_port, memory, serving

_FACTS = {"facts": {"os": "linux", "location": "on_premises"}}


@dataclass
class Minute:
    """What was seen within one minute."""

    spent: list[float] = field(default_factory=list)
    """Milliseconds of each response."""
    refused: int = 0
    """Told 503, to come back."""
    failed: int = 0
    """Anything else that is no answer."""


def request(number: int, questions: list[str]) -> tuple[str, object]:
    """Path and body of a request."""
    question = questions[number // 4 % len(questions)]
    talk = {"question": question, "conversation": f"soak-{number // 12}"}
    chat = {"model": "azure-backup", "messages": [{"role": "user", "content": question}]}
    kinds = [
        ("/v1/ask", {"question": question}),
        ("/v1/ask", talk),
        ("/v1/chat/completions", chat),
        ("/v1/check", _FACTS),
    ]
    return kinds[number % 4]


async def minute(client: httpx.AsyncClient, first: int, rate: int, questions: list[str], seconds: float) -> Minute:
    """Send `rate` requests a second for this long, each at its time, whether or not others were answered."""
    seen, began = Minute(), time.perf_counter()

    async def one(number: int) -> None:
        path, body = request(first + number, questions)
        await asyncio.sleep(began + number / rate - time.perf_counter())
        sent = time.perf_counter()
        try:
            found = (await client.post(path, json=body)).status_code
        except httpx.HTTPError:
            found = 0
        seen.spent.append((time.perf_counter() - sent) * 1000)
        seen.refused += found == 503
        seen.failed += found not in {200, 503}

    await asyncio.gather(*(one(n) for n in range(round(rate * seconds))))
    return seen


async def soak(port: int, minutes: float, rate: int, processes: list[psutil.Process]) -> list[tuple[object, ...]]:
    """A row for the start and for each minute: its number, responses, refusals, failures, p50, p99, resident MB."""
    questions = [json.loads(line)["turns"][0] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    rows: list[tuple[object, ...]] = [("start", 0, 0, 0, "", "", memory(processes))]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        sent = 0
        while len(rows) <= minutes:
            seen = await minute(client, sent, rate, questions, 60)
            sent += len(seen.spent)
            figures = len(seen.spent), seen.refused, seen.failed, quantile(seen.spent, 0.5), quantile(seen.spent, 0.99)
            rows.append((len(rows), *figures, memory(processes)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rate", type=int, default=40, help="requests a second")
    parser.add_argument("--home", type=Path, default=Path.home() / ".cache" / "assistant")
    options = parser.parse_args()
    port, work = free_port(), Path(tempfile.mkdtemp(prefix="soak-"))
    command = [
        sys.executable, str(ROOT / "tests" / "spy.py"), "--home", str(options.home), "serve", "--port", str(port),
        "--state", f"sqlite:///{work / 'state.db'}",
    ]  # fmt: skip
    every = sorted(os.sched_getaffinity(0))
    log = work / "log"
    with serving([command], port, every[-2:], log=log) as processes:
        os.sched_setaffinity(0, every[:-2] or every)
        rows = asyncio.run(soak(port, options.minutes, options.rate, processes))
    table(("minute", "responses", "refused", "failed", "p50 ms", "p99 ms", "resident MB"), rows)
    start, warm, end = (float(str(rows[n][-1])) for n in (0, 1, -1))
    sent, refused, failed = (sum(int(str(r[n])) for r in rows) for n in (1, 2, 3))
    lookups = sum(line.startswith("SPY") for line in log.read_text(encoding="utf-8").splitlines())
    print(
        f"resident MB at the start {start:.0f}, after a minute {warm:.0f}, at the end {end:.0f} ({end / warm - 1:+.1%})"
    )
    print(f"responses {sent:,}, refused {refused}, failed {failed}, look-ups {lookups}")


if __name__ == "__main__":
    main()
