"""Measures of a ranking with binary relevance, as trec_eval defines them.

A ranking is a score per document, best first, ties by id, the greater first, as trec_eval breaks them. Relevant
documents are a set of ids; with none, every measure is 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import log2

Scores = Mapping[str, float]


def ordered(scores: Scores) -> list[str]:
    """Ids, best first."""
    return sorted(scores, key=lambda i: (scores[i], i), reverse=True)


def of_list(ids: Sequence[str]) -> Scores:
    """Scores that keep the order of a list; an id that comes again keeps its first place."""
    return {i: -float(n) for n, i in reversed(list(enumerate(ids)))}


def ndcg(scores: Scores, relevant: Collection[str], k: int) -> float:
    """Discounted gain of the first `k` over the best there could be: gain 1, discount log2(rank + 1)."""
    gain = sum(1 / log2(n + 2) for n, i in enumerate(ordered(scores)[:k]) if i in relevant)
    ideal = sum(1 / log2(n + 2) for n in range(min(k, len(relevant))))
    return gain / ideal if ideal else 0.0


def recall(scores: Scores, relevant: Collection[str], k: int) -> float:
    """Share of the relevant that stand among the first `k`."""
    return len(set(ordered(scores)[:k]) & set(relevant)) / len(relevant) if relevant else 0.0


def reciprocal_rank(scores: Scores, relevant: Collection[str], k: int) -> float:
    """1 / rank of the first relevant among the first `k`, else 0."""
    return next((1 / n for n, i in enumerate(ordered(scores)[:k], 1) if i in relevant), 0.0)


def success(scores: Scores, relevant: Collection[str], k: int) -> float:
    """1 when a relevant one stands among the first `k`, else 0."""
    return float(any(i in relevant for i in ordered(scores)[:k]))
