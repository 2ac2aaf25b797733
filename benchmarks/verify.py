"""Sentences per second of `Assistant.verify`, and the latency of a text of ten sentences, on one core."""

from __future__ import annotations

import os
import time
from pathlib import Path

from measure import quantile

from assistant import Assistant

CLAIMS = Path(__file__).resolve().parent.parent / "evals" / "claims" / "registers.txt"
TEN = 10


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    helper = Assistant.load()
    said = [
        line.split(" ", 1)[1] for line in CLAIMS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    helper.verify(said[0])
    began = time.perf_counter()
    for sentence in said:
        helper.verify(sentence)
    each = len(said) / (time.perf_counter() - began)
    spent = []
    for start in range(len(said) - TEN):
        text = " ".join(said[start : start + TEN])
        began = time.perf_counter()
        helper.verify(text)
        spent.append((time.perf_counter() - began) * 1000)
    print(
        f"{each:.0f} sentences/s · ten sentences: p50 {quantile(spent, 0.5):.1f} ms, p95 {quantile(spent, 0.95):.1f} ms"
    )


if __name__ == "__main__":
    main()
