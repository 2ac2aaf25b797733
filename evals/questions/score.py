"""Score the assistant on the annotated questions: status, flat wrong verdicts, words, places, and what its confidence is worth."""

import argparse
import collections
import json
import re
import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from assistant import Answer, Assistant
from assistant.evals.stats import augrc, calibration_error, coverage_at

HERE = Path(__file__).resolve().parent
OPPOSITE = {"supported": "not_supported", "not_supported": "supported"}


class Case(TypedDict):
    """One line of a set."""

    id: str
    turns: list[str]
    facts: list[dict[str, object]]
    status: str
    accept: list[str]
    must_mention: list[str]
    must_not_say: list[str]
    must_cite: list[list[str]]
    choice: list[str] | None


def marks(case: Case, answer: Answer) -> dict[str, bool]:
    """What is right in an answer; `flat` is wrong: a yes where only no would do among the two, or the reverse."""
    titles = {_plain(t) for c in answer.citations for t in (c.title, *c.heading_path)}
    found = {
        "status": answer.status in case["accept"],
        "mention": all(re.search(p, answer.text, re.IGNORECASE) for p in case["must_mention"]),
        "clean": not any(re.search(p, answer.text, re.IGNORECASE) for p in case["must_not_say"]),
        "cite": all(titles & {_plain(t) for t in group} for group in case["must_cite"]),
        "choice": not case.get("choice") or _letters(answer.choice) == _letters(case["choice"] or ()),
    }
    flat = answer.status not in case["accept"] and OPPOSITE.get(answer.status) in case["accept"]
    return {**found, "all": all(found.values()), "flat": flat}


def _letters(labels: Iterable[object]) -> list[str]:
    return sorted(str(one).lower() for one in labels)


def _plain(title: str) -> str:
    return title.partition("(")[0].strip().lower()


def main() -> None:
    """Print a row of figures for each set, and the ids that failed with --failures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=["train", "dev"])
    parser.add_argument("--failures", action="store_true")
    options = parser.parse_args()
    helper = Assistant.load(say=print)
    print(
        "| set | n | status | 95 % | mention | clean | cite | choice | all | flat | coverage at 2 % risk | AUGRC | ECE | p95 ms |\n"
        + "|---" * 14
        + "|"
    )
    for name in options.sets:
        counts: collections.Counter[str] = collections.Counter()
        times: list[float] = []
        sure: list[tuple[float, float]] = []
        cases: list[Case] = [
            json.loads(x) for f in sorted((HERE / name).glob("*.jsonl")) for x in f.open(encoding="utf-8")
        ]
        for case in cases:
            answer = None
            for turn in case["turns"]:
                start = time.perf_counter()
                answer = helper.ask(turn, after=answer)
                times.append(time.perf_counter() - start)
            if answer is not None:
                right = marks(case, answer)
                counts.update(k for k, v in right.items() if v)
                sure.append((answer.confidence or 0.0, 1.0 - right["status"]))
                if options.failures and not right["all"]:
                    print(
                        f"{case['id']}: {[k for k, v in right.items() if not v and k != 'flat']} said {answer.status}, accepted {case['accept']}"
                    )
        chosen = sum(bool(c.get("choice")) for c in cases)
        counts["choice"] -= len(cases) - chosen
        of = {"choice": max(chosen, 1)}
        shares = [f"{counts[k] / of.get(k, len(cases)):.3f}" for k in ("mention", "clean", "cite", "choice", "all")]
        low, high = wilson(counts["status"], len(cases))
        trust = f"{coverage_at(sure, 0.02):.3f} | {augrc(sure):.4f} | {calibration_error(sure):.3f}"
        p95 = statistics.quantiles(times, n=20)[-1] * 1000
        print(
            f"| {name} | {len(cases)} | {counts['status'] / len(cases):.3f} | {low:.3f}–{high:.3f} | {' | '.join(shares)} | {counts['flat']} | {trust} | {p95:.1f} |"
        )


def wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score."""
    share = right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * ((share * (1 - share) + z * z / (4 * n)) / n) ** 0.5 / (1 + z * z / n)
    return middle - half, middle + half


if __name__ == "__main__":
    main()
