"""Our statistics against those of scipy and statsmodels."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn.metrics import f1_score, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from assistant.evals import stats


@given(st.integers(1, 3000), st.data())
def test_wilson_is_that_of_statsmodels(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    low, high = proportion_confint(right, n, alpha=0.05, method="wilson")
    assert stats.wilson(right, n) == pytest.approx((max(0.0, low), min(1.0, high)), abs=1e-12)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_that_of_statsmodels(fixed: int, broken: int) -> None:
    theirs = their_mcnemar([[5, broken], [fixed, 5]], exact=True).pvalue if fixed + broken else 1.0
    assert stats.mcnemar(fixed, broken) == pytest.approx(theirs, abs=1e-12)


@settings(max_examples=25)  # theirs collects garbage on each call, with the whole suite's heap a second
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    names = {f"m{n}": p for n, p in enumerate(p_values)}
    theirs = multipletests(p_values, method="holm")[1]
    assert list(stats.holm(names).values()) == pytest.approx(list(theirs), abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_the_exact_permutation_test_is_that_of_scipy(seed: int) -> None:
    draw = random.Random(seed)
    values = [draw.choice([-1.0, -0.5, 0.25, 0.5, 1.0]) for _ in range(12)]
    theirs = scipy_stats.permutation_test((values,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert stats.permutation([*values, 0.0, 0.0]) == pytest.approx(theirs.pvalue, abs=1e-12)


def test_the_sampled_permutation_test_is_near_the_exact_one() -> None:
    values = [0.1 * n - 0.6 for n in range(18)]
    theirs = scipy_stats.permutation_test((values,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert stats.permutation(values) == pytest.approx(theirs.pvalue, abs=0.02)


def test_the_bootstrap_of_single_cases_is_near_that_of_scipy() -> None:
    draw = np.random.default_rng(1)
    values = draw.normal(0.7, 0.2, 200)
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20_000, rng=2
    ).confidence_interval
    assert stats.bootstrap([[v] for v in values]) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_clusters_that_agree_widen_the_interval() -> None:
    draw = random.Random(3)
    ones = [float(draw.random() < 0.7) for _ in range(60)]
    alone = stats.bootstrap([[v] for v in ones for _ in range(5)])
    together = stats.bootstrap([[v] * 5 for v in ones])
    assert (together.high - together.low) / (alone.high - alone.low) == pytest.approx(5**0.5, rel=0.15)


def test_the_same_data_give_the_same_numbers() -> None:
    clusters = [[0.0, 1.0], [1.0], [0.5]]
    assert stats.bootstrap(clusters) == stats.bootstrap(clusters)
    assert stats.permutation([0.1] * 20 + [-0.2]) == stats.permutation([0.1] * 20 + [-0.2])


def test_nothing_is_no_evidence() -> None:
    assert (stats.wilson(0, 0), stats.bootstrap([]), stats.mcnemar(0, 0), stats.permutation([0.0]), stats.holm({}), stats.macro_f1([])) == (
        (0.0, 1.0), (0.0, 0.0), 1.0, 1.0, {}, 0.0,
    )  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=40))
def test_macro_f1_is_that_of_scikit_learn_over_the_true_classes(pairs: list[tuple[str, str]]) -> None:
    true, said = zip(*pairs, strict=True)
    theirs = f1_score(true, said, average="macro", labels=sorted(set(true)), zero_division=0)
    assert stats.macro_f1(pairs) == pytest.approx(theirs, abs=1e-12)


_SURE = st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.55, 0.9, 1.0]), st.sampled_from([0.0, 1.0])), min_size=1)


@given(_SURE)
def test_augrc_is_the_mean_over_every_order_of_ties(sure: list[tuple[float, float]]) -> None:
    """By expectation: at each i, the losses of those surely among the i surest, and of the level that i cuts its share."""
    n = len(sure)
    expected = 0.0
    for i in range(1, n + 1):
        cut = sorted((c for c, _ in sure), reverse=True)[i - 1]
        above = [x for c, x in sure if c > cut]
        level = [x for c, x in sure if c == cut]
        expected += (sum(above) + sum(level) * (i - len(above)) / len(level)) / n / n
    assert stats.augrc(sure) == pytest.approx(expected, abs=1e-12)


@given(_SURE)
def test_augrc_is_tied_to_the_area_under_the_roc_of_scikit_learn(sure: list[tuple[float, float]]) -> None:
    """Traub et al., equation 6, and 1/n for the first answer: (1 - AUROC) acc (1 - acc) + (1 - acc)² / 2 + (1 - acc) / 2n."""
    wrong = [x for _, x in sure]
    n, error = len(sure), sum(wrong) / len(sure)
    auroc = roc_auc_score([1 - x for x in wrong], [c for c, _ in sure]) if 0 < error < 1 else 1.0
    assert stats.augrc(sure) == pytest.approx(
        (1 - auroc) * (1 - error) * error + error**2 / 2 + error / (2 * n), abs=1e-9
    )


def test_answers_of_one_confidence_are_given_together() -> None:
    sure = [(0.9, 0.0), (0.9, 0.0), (0.9, 1.0), (0.5, 0.0), (0.5, 0.0), (0.2, 1.0)]
    assert stats.risk_coverage(sure) == [(0.9, 0.5, 1 / 3), (0.5, 5 / 6, 1 / 5), (0.2, 1.0, 1 / 3)]
    assert [stats.coverage_at(sure, r) for r in (0.02, 0.2, 0.3, 0.4)] == [0.0, 5 / 6, 5 / 6, 1.0]


def test_calibration_is_told_by_tenths() -> None:
    sure = [(0.91, 0.0), (0.99, 0.0), (1.0, 1.0), (0.5, 1.0)]
    assert stats.calibration(sure) == [(1, 0.5, 0.0), (3, pytest.approx(2.9 / 3), pytest.approx(2 / 3))]
    assert stats.calibration_error(sure) == pytest.approx((0.5 + 0.9) / 4)
    assert (stats.augrc([]), stats.coverage_at([], 1.0), stats.calibration_error([])) == (0.0, 0.0, 0.0)
