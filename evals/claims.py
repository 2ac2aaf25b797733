"""Score the claims of texts against their labelled standings; totals only for a set that is kept blind.

python evals/claims.py FILE.yaml            every miss, then the totals
python evals/claims.py --totals FILE.yaml   the totals alone
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import yaml

from assistant.engine import Assistant
from assistant.types import Claim

_WORST = ("contradicted", "disputed", "not_covered", "proven")


def judged(text: str, sentence: str, claims: tuple[Claim, ...]) -> str:
    """The standing of a labelled sentence: the worst of ours that lie in it, or in which it lies."""
    start = text.index(sentence)
    end = start + len(sentence)

    def shared(claim: Claim) -> float:
        both = min(end, claim.end) - max(start, claim.start)
        return both / max(1, min(end - start, claim.end - claim.start))

    standings = {c.standing for c in claims if shared(c) > 0.5}
    return next((s for s in _WORST if s in standings), "not_covered")


def main(arguments: list[str]) -> int:
    """Print misses and totals; 0 always."""
    totals = "--totals" in arguments
    helper = Assistant.load()
    counts: Counter[tuple[str, str]] = Counter()
    accepted = 0
    for path in (a for a in arguments if not a.startswith("-")):
        for case in yaml.safe_load(Path(path).read_text(encoding="utf-8"))["cases"]:
            found = helper.verify(case["text"]).claims
            for gold in case["expect"]["claims"]:
                fair = [gold["standing"]] if isinstance(gold["standing"], str) else gold["standing"]
                ours = judged(case["text"], gold["sentence"], found)
                counts[fair[0], "right" if ours in fair else ours] += 1
                accepted += ours in fair
                if ours not in fair and not totals:
                    print(f"{'/'.join(fair):24} {ours:13} {gold['sentence']!r}")
    _report(counts, accepted)
    return 0


def _report(counts: Counter[tuple[str, str]], accepted: int) -> None:
    def share(gold: str, outcome: str) -> str:
        of = sum(n for (g, _), n in counts.items() if g == gold)
        return f"{counts[gold, outcome]}/{of}"

    true = sum(n for (g, _), n in counts.items() if g != "contradicted")
    alarms = sum(
        n for (g, o), n in counts.items() if g in {"proven", "not_covered", "disputed"} and o == "contradicted"
    )
    opposite = counts["proven", "contradicted"] + counts["contradicted", "proven"]
    print(f"claims {sum(counts.values())}, right {accepted}")
    print(f"contradictions caught {share('contradicted', 'right')} · proven found {share('proven', 'right')}")
    print(f"disputed {share('disputed', 'right')} · not covered {share('not_covered', 'right')}")
    print(
        f"false alarms {alarms}/{true} · called the opposite {opposite} · proven that is not {sum(n for (g, o), n in counts.items() if g != 'proven' and o == 'proven')}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
