"""What the benchmarks share: a Markdown table, quantiles, and fresh processes on one core."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = ROOT.parent / "shared" / "acceptance" / "questions.jsonl"
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "RAYON", "TOKIO_WORKER")}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(f'{x:.3g}' if isinstance(x, float) else str(x) for x in row)} |")
    print()


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def fresh(command: Sequence[str], **variables: str) -> tuple[float, str]:
    """Wall seconds and stdout of a new process on one core with one thread; it finds the time of its start in $BEGAN."""
    core = max(os.sched_getaffinity(0))
    began = time.time()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, **ONE_THREAD, "BEGAN": str(began), "HF_HUB_OFFLINE": "1", **variables},
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )  # fmt: skip
    wall = time.time() - began
    if done.returncode not in {0, 1, 3}:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return wall, done.stdout
