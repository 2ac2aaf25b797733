"""Our measures of a ranking against ir-measures, which calls trec_eval."""

from __future__ import annotations

import random

import ir_measures
import pytest
from ir_measures import RR, R, Success, nDCG

from assistant.evals import ranking


def theirs(scores: dict[str, float], relevant: set[str]) -> list[float]:
    qrels = [ir_measures.Qrel("q", i, 1) for i in sorted(relevant)]
    run = [ir_measures.ScoredDoc("q", i, s) for i, s in scores.items()]
    measures = [nDCG @ 10, R @ 5, R @ 10, RR, Success @ 1, Success @ 5]
    found = ir_measures.pytrec_eval.calc_aggregate(measures, qrels, run)
    # trec_eval's reciprocal rank has no cut-off, and the providers that have one break ties in another way
    return [found[m] if m != RR or found[m] >= 0.1 else 0.0 for m in measures]


def ours(scores: dict[str, float], relevant: set[str]) -> list[float]:
    return [
        ranking.ndcg(scores, relevant, 10), ranking.recall(scores, relevant, 5), ranking.recall(scores, relevant, 10),
        ranking.reciprocal_rank(scores, relevant, 10), ranking.success(scores, relevant, 1), ranking.success(scores, relevant, 5),
    ]  # fmt: skip


@pytest.mark.parametrize("levels", [1000, 4, 1], ids=["hardly a tie", "many ties", "all tied"])
def test_every_measure_is_that_of_ir_measures(levels: int) -> None:
    draw = random.Random(levels)
    for _ in range(200):
        ids = [f"d{n:02d}" for n in range(draw.randint(1, 30))]
        scores = {i: float(draw.randint(1, levels)) for i in draw.sample(ids, draw.randint(1, len(ids)))}
        relevant = set(draw.sample(ids, draw.randint(1, len(ids))))
        assert ours(scores, relevant) == pytest.approx(theirs(scores, relevant), abs=1e-9)


def test_a_list_keeps_its_order_and_the_first_place_of_what_comes_twice() -> None:
    assert ranking.ordered(ranking.of_list(["c", "a", "c", "b", "a"])) == ["c", "a", "b"]


def test_with_nothing_relevant_every_measure_is_0() -> None:
    assert ours({"a": 1.0}, set()) == [0.0] * 6
