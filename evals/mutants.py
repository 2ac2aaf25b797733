"""Mutation testing of the checker of texts: right sentences corrupted ten ways and rewritten ten ways.

The right sentences are those of the pack's rules and facts that the checker proves as they stand. A corrupted one is
killed when it is no longer proven; one that happens to be as true as before is named in ``equivalent.txt`` and not counted.

Usage: python evals/mutants.py [-v]
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from assistant.compose import spoken
from assistant.engine import Assistant
from assistant.evals.mutations import Mutations

EQUIVALENT = Path(__file__).parent / "equivalent.txt"


def right(helper: Assistant) -> list[str]:
    """Every sentence of the rules and facts, each once."""
    titles = [r.title for r in helper.pack.rules]
    quotes = [
        spoken(f.place.quote) for f in helper.pack.facts if "|" not in f.place.quote and "http" not in f.place.quote
    ]
    return list(dict.fromkeys([*titles, *quotes]))


def proven(helper: Assistant, text: str) -> bool:
    """Whether a text makes claims and every one is proven."""
    claims = helper.verify(text).claims
    return bool(claims) and all(c.standing == "proven" for c in claims)


def main(arguments: list[str]) -> int:
    """Print the rates; 1 when a corruption that is false passes too often or a rewrite is refused too often."""
    helper = Assistant.load()
    operators = Mutations(helper.pack)
    same = set(EQUIVALENT.read_text(encoding="utf-8").splitlines()) if EQUIVALENT.exists() else set()
    every = right(helper)
    sound = [s for s in every if proven(helper, s)]
    killed, made, refused, called, told = Counter[str](), Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for sentence in sound:
        for mutant in operators.corrupt(sentence):
            if mutant.sentence in same:
                continue
            made[mutant.operator] += 1
            if proven(helper, mutant.sentence):
                if "-v" in arguments:
                    print(f"survived\t{mutant.operator}\t{mutant.sentence}")
            else:
                killed[mutant.operator] += 1
        for mutant in operators.rewrite(sentence):
            told[mutant.operator] += 1
            standings = {c.standing for c in helper.verify(mutant.sentence).claims}
            refused[mutant.operator] += bool(standings & {"contradicted", "disputed"})
            called[mutant.operator] += standings != {"proven"}
            if "-v" in arguments and standings != {"proven"}:
                print(f"{'/'.join(sorted(standings)) or 'nothing'}\t{mutant.operator}\t{mutant.sentence}")
    kills, passed = killed.total() / made.total(), refused.total() / told.total()
    print(f"right sentences {len(sound)} of {len(every)} proven as they stand")
    print("killed " + " · ".join(f"{o} {killed[o]}/{made[o]}" for o in operators.corruptions))
    print("refused or not proven " + " · ".join(f"{o} {refused[o]}/{called[o]}/{told[o]}" for o in operators.rewrites))
    print(
        f"kill rate {kills:.4f} of {made.total()} · rewrites refused {passed:.4f}, no longer proven {called.total() / told.total():.4f} of {told.total()}"
    )
    return 0 if kills >= 0.97 and passed <= 0.02 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
