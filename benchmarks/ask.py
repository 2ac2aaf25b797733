"""Warm latency of `Assistant.ask`, and of its parts, over the acceptance questions (or the rules' own examples)."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from measure import QUESTIONS, quantile, table

from assistant import Assistant

for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


def conversations(helper: Assistant) -> list[list[str]]:
    if QUESTIONS.exists():
        return [json.loads(line)["turns"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return [[ask] for rule in helper.pack.rules for ask in rule.fires[:1]]


def timed(call: Callable[..., object], *arguments: object) -> float:
    began = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path, default=os.environ.get("ASSISTANT_HOME"))
    options = parser.parse_args()
    helper = Assistant.load(home=Path(options.home) if options.home else None, say=print)
    asked = conversations(helper)
    helper.ask("How long are backups kept?")
    spent: dict[str, list[float]] = {
        "ask, rules and retrieval": [],
        "reading alone": [],
        "search alone": [],
        "check alone": [],
    }
    for _ in range(options.rounds):
        for turns in asked:
            answer = None
            for turn in turns:
                began = time.perf_counter()
                answer = helper.ask(turn, after=answer)
                spent["ask, rules and retrieval"].append((time.perf_counter() - began) * 1000)
                spent["reading alone"].append(timed(helper.reader.read, turn))
                spent["search alone"].append(timed(helper.search, turn, 8))
                reading = answer.reading
                if reading and reading.decision:
                    for scenario in reading.scenarios:
                        spent["check alone"].append(timed(helper.checker.check, reading.decision, scenario.facts))
    print(f"{len(asked)} conversations, {options.rounds} rounds, milliseconds\n")
    table(
        ("step", "calls", "p50", "p95", "most"),
        [(name, len(found), quantile(found, 0.5), quantile(found, 0.95), max(found)) for name, found in spent.items()],
    )


if __name__ == "__main__":
    main()
