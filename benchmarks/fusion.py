"""Which weight fuses best: every question of the pack's facts is held out in turn and its section looked for.

"one held out" takes the question itself out of the index, "fact held out" all questions that lead to the same
unit. Word frequencies are those of the whole index.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from measure import table

from assistant import embed, index, retrieve
from assistant.engine import shipped
from assistant.pack import load

RRF = 60
"""Cormack, Clarke, Büttcher 2009."""
WEIGHTS = tuple(n / 10 for n in range(11))
Leg = dict[int, float]


def per_unit(leg: Leg, keys: tuple[index.Key, ...]) -> Leg:
    best: Leg = {}
    for key, score in leg.items():
        best[keys[key].unit] = max(best.get(keys[key].unit, 0.0), score)
    return best


def ranks(leg: Leg) -> Leg:
    ordered = sorted(leg, key=lambda u: (-leg[u], u))
    return {unit: 1 / (RRF + place) for place, unit in enumerate(ordered, 1)}


def reciprocal_ranks(
    scores: Leg, section_of: Mapping[int, str], section: str, unit: int, parent: float
) -> tuple[float, float]:
    """Of the right section among sections, and of the right unit among units."""
    parents: dict[str, float] = {}
    for number, score in scores.items():
        parents[section_of[number]] = max(parents.get(section_of[number], 0.0), score)
    total = {n: score + parent * parents[section_of[n]] for n, score in scores.items()}
    units = sorted(total, key=lambda n: (-total[n], n))
    sections = list(dict.fromkeys(section_of[n] for n in units))
    return (
        1 / (sections.index(section) + 1) if section in sections else 0.0,
        1 / (units.index(unit) + 1) if unit in units else 0.0,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=shipped())
    parser.add_argument(
        "--home", type=Path, default=os.environ.get("ASSISTANT_HOME") or Path.home() / ".cache" / "assistant"
    )
    parser.add_argument("--parent", type=float, default=0.3, help="share of its section's best score that a unit gets")
    options = parser.parse_args()
    pack, home = load(options.pack), Path(options.home)
    opened = index.ensure(pack, home, say=print)
    keys, units = index.keys_of(pack), index.units_of(pack)
    encoder = embed.Encoder(index.places(pack, home)[1])
    matrix = np.stack([encoder.encode(k.text) for k in keys])
    section_of = {n: u.section_id for n, u in enumerate(units)}
    asks = range(len(units), len(keys))
    found: dict[str, list[tuple[float, ...]]] = {}
    for held in asks:
        same_unit = {n for n in asks if keys[n].unit == keys[held].unit}
        row = []
        for out in ({n for n in asks if keys[n].text == keys[held].text}, same_unit):
            depth = retrieve._DEPTH + len(out)
            words = [p for p in opened.lexical(keys[held].text, depth) if p[0] not in out][: retrieve._DEPTH]
            cosines = matrix @ matrix[held]
            near = [(int(n), float(cosines[n])) for n in np.argsort(-cosines, kind="stable") if int(n) not in out][
                : retrieve._DEPTH
            ]
            lexical, dense = per_unit(retrieve._scaled(words), keys), per_unit(retrieve._scaled(near), keys)
            fused = {f"{w:.1f}": (w, lexical, dense) for w in WEIGHTS}
            fused["reciprocal ranks"] = (0.5, ranks(lexical), ranks(dense))
            for name, (weight, left, right) in fused.items():
                scores = {u: (1 - weight) * left.get(u, 0.0) + weight * right.get(u, 0.0) for u in {*left, *right}}
                row.append(
                    (
                        name,
                        reciprocal_ranks(
                            scores, section_of, section_of[keys[held].unit], keys[held].unit, options.parent
                        ),
                    )
                )
        for name in dict.fromkeys(n for n, _ in row):
            found.setdefault(name, []).append(tuple(x for n, pair in row if n == name for x in pair))
    print(f"{len(asks)} questions of {len(pack.facts)} facts, {len(units)} units, parent share {options.parent}\n")
    head = (
        "dense weight",
        "MRR section, one held out",
        "MRR unit",
        "MRR section, fact held out",
        "MRR unit",
        "section first, fact held out",
    )
    table(
        head,
        [
            (name, *(f"{v:.3f}" for v in np.mean(f, axis=0)), f"{np.mean([x[2] == 1 for x in f]):.3f}")
            for name, f in found.items()
        ],
    )


if __name__ == "__main__":
    main()
