"""tune: the rules see what they name, the seal opens once, the best of many is corrected for being the best."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lstm_guide import tune

EPOCHS = np.arange(1, 21)
FALLING = 0.2 + np.exp(-EPOCHS / 2)  # flat from epoch 10 on
RISING = np.concatenate([FALLING[:10], FALLING[9] + 0.02 * np.arange(1, 11)])
CURVES = [
    (FALLING, FALLING * 1.05, "good fit"),
    (FALLING + 1, FALLING + 1, "underfit, flat"),
    (2 - EPOCHS / 12, 2 - EPOCHS / 12, "underfit, still falling"),
    (FALLING, RISING, "overfit"),
    (FALLING, 2 * FALLING, "gap"),
    (2 * FALLING, FALLING, "validation easier than training"),
    (FALLING, FALLING * np.where(EPOCHS % 2, 1, 1.6), "rate too high"),
    (np.where(EPOCHS > 15, np.nan, FALLING), FALLING, "rate too high"),
    (FALLING, np.where(EPOCHS > 15, np.inf, FALLING), "rate too high"),
]


@pytest.mark.parametrize(("train", "validation", "name"), CURVES)
def test_each_shape_is_named(train, validation, name):
    found = tune.diagnose(train, validation, good=0.3)
    assert found in tune.SHAPES
    assert found == name


def test_a_flat_curve_alone_does_not_tell_good_from_poor():
    assert tune.diagnose(FALLING, FALLING, good=0.3) == "good fit"
    assert tune.diagnose(FALLING, FALLING, good=0.1) == "underfit, flat"


@given(st.sampled_from(CURVES[:7]), st.floats(1e-3, 1e3))
def test_the_unit_of_the_loss_does_not_matter(case, unit):
    train, validation, _ = case
    scaled = tune.diagnose(train * unit, validation * unit, good=0.3 * unit)
    assert scaled == tune.diagnose(train, validation, good=0.3)


def test_the_test_part_opens_once():
    test = tune.UseOnce("the test part")
    assert repr(test) == "UseOnce(shut)"
    assert test.open() == "the test part"
    assert repr(test) == "UseOnce(opened)"
    with pytest.raises(RuntimeError, match="must be used once"):
        test.open()


@given(arrays("float64", st.integers(1, 4), elements=st.floats(-100, 100)))
def test_expected_best_is_the_mean_over_all_draws(scores):
    found = tune.expected_best(scores)
    for k in range(1, len(scores) + 1):
        every = [min(draw) for draw in product(scores, repeat=k)]
        assert found[k - 1] == pytest.approx(np.mean(every), abs=1e-9)


def test_pairwise_is_the_paired_t_test():
    rng = np.random.default_rng(1)
    scores = pd.DataFrame(rng.normal([0, 0.2, 3], size=(8, 3)), columns=["a", "b", "c"])
    table = tune.pairwise(scores)
    assert len(table) == 3
    for (one, other), row in table.iterrows():
        assert scores[one].mean() <= scores[other].mean()
        assert row["difference"] == pytest.approx(scores[one].mean() - scores[other].mean())
        assert row["p_value"] == pytest.approx(stats.ttest_rel(scores[one], scores[other]).pvalue)
    smallest = table["p_value"].idxmin()
    assert table.loc[smallest, "p_corrected"] == pytest.approx(3 * table.loc[smallest, "p_value"])
    assert table["p_corrected"].between(table["p_value"], 1).all()


def test_the_best_of_equals_is_rarely_called_better():
    rng = np.random.default_rng(1)
    called, naive = 0, 0
    for _ in range(40):
        table = tune.pairwise(pd.DataFrame(rng.normal(size=(10, 5))))
        called += (table["p_corrected"] < 0.05).any()
        naive += (table["p_value"] < 0.05).any()
    assert called <= 5  # two in forty are expected
    assert naive >= 8


def test_settings_that_differ_by_the_same_everywhere_are_told_apart():
    table = tune.pairwise(pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, 3], "c": [2.0, 3, 4]}))
    assert table.loc[("a", "b"), "p_value"] == 1
    assert table.loc[("a", "c"), "p_value"] == 0
