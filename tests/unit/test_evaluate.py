"""evaluate: baselines look back only, intervals cover as they say, the test finds what is there."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstm_guide import evaluate

SERIES = arrays("float64", st.integers(15, 40), elements=st.floats(-1e6, 1e6))


@given(SERIES, st.integers(1, 5))
def test_walk_forward_of_persistence_is_a_shift(series, n_test):
    forecasts = evaluate.walk_forward(series, n_test, evaluate.persistence)
    np.testing.assert_array_equal(forecasts[:, 0], series[-n_test - 1 : -1])


@given(SERIES, st.integers(1, 5), st.integers(1, 3))
def test_walk_forward_never_shows_the_future(series, n_out, extra):
    n_test = n_out + extra
    seen = []
    evaluate.walk_forward(series, n_test, lambda history, n: seen.append(history) or np.zeros(n), n_out)
    start = len(series) - n_test
    assert [len(history) for history in seen] == list(range(start, len(series) - n_out + 1))
    for history in seen:
        np.testing.assert_array_equal(history, series[: len(history)])


@given(st.integers(1, 12), st.integers(1, 30))
def test_seasonal_naive_is_exact_on_a_periodic_series(season, n_out):
    cycle = np.random.default_rng(season).normal(size=season)
    series = np.tile(cycle, 10 + n_out)
    history, future = series[: season * 3], series[season * 3 : season * 3 + n_out]
    np.testing.assert_array_equal(evaluate.seasonal_naive(history, n_out, season), future)


@given(SERIES, st.integers(1, 5))
def test_seasonal_naive_with_a_season_of_one_is_persistence(series, n_out):
    np.testing.assert_array_equal(evaluate.seasonal_naive(series, n_out, season=1), evaluate.persistence(series, n_out))


SCORES = arrays("float64", st.integers(2, 20), elements=st.floats(-100, 100).map(lambda value: round(value, 3)))


@given(SCORES, st.floats(-100, 100), st.floats(0.1, 100))
def test_interval_moves_with_the_unit_of_the_scores(scores, shift, scale):
    mean, low, high = evaluate.mean_interval(scores)
    assert low <= mean <= high
    moved = evaluate.mean_interval(scores * scale + shift)
    np.testing.assert_allclose(moved, np.array([mean, low, high]) * scale + shift, rtol=1e-6, atol=1e-6)


@given(SCORES, st.permutations(range(20)))
def test_interval_does_not_know_the_order_of_the_runs(scores, order):
    shuffled = scores[[place for place in order if place < len(scores)]]
    np.testing.assert_allclose(evaluate.mean_interval(shuffled), evaluate.mean_interval(scores), atol=1e-9)


def test_interval_covers_at_the_stated_rate():
    rng = np.random.default_rng(0)
    intervals = [evaluate.mean_interval(rng.normal(5, 2, size=10), confidence=0.9) for _ in range(2000)]
    coverage = np.mean([low <= 5 <= high for _, low, high in intervals])
    assert 0.88 < coverage < 0.92


def test_diebold_mariano_rejects_at_its_level_when_forecasts_are_alike():
    rng = np.random.default_rng(1)
    p_values = [evaluate.diebold_mariano(*rng.normal(size=(2, 100)))[1] for _ in range(500)]
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.09


def test_diebold_mariano_favours_the_smaller_errors():
    errors, others = np.random.default_rng(2).normal(size=(2, 60)) * [[1], [2]]
    difference, p_value = evaluate.diebold_mariano(errors, others, n_out=3)
    assert difference < 0
    assert p_value < 0.05


@given(st.integers(0, 99), st.integers(1, 4), st.floats(0.01, 100))
def test_diebold_mariano_is_antisymmetric_and_knows_no_unit(seed, n_out, scale):
    errors, others = np.random.default_rng(seed).normal(size=(2, 30))
    difference, p_value = evaluate.diebold_mariano(errors, others, n_out)
    assert evaluate.diebold_mariano(others, errors, n_out) == pytest.approx((-difference, p_value))
    scaled = evaluate.diebold_mariano(errors * scale, others * scale, n_out)
    assert scaled == pytest.approx((difference * scale**2, p_value))


def test_repeat_keeps_seeds_and_scores():
    scores = evaluate.repeat(lambda seed: {"a": seed, "b": -seed}, seeds=[3, 5])
    pd.testing.assert_frame_equal(
        scores, pd.DataFrame({"a": [3, 5], "b": [-3, -5]}, index=pd.Index([3, 5], name="seed"))
    )


@given(st.integers(9, 200), st.integers(0, 99), st.floats(0.01, 100))
def test_the_conformal_margin_covers_its_share_of_its_own_errors_and_knows_no_sign(n, seed, scale):
    errors = np.random.default_rng(seed).normal(size=n)
    margin = evaluate.conformal_margin(errors, 0.9)
    assert np.mean(np.abs(errors) <= margin) >= 0.9
    assert np.sum(np.abs(errors) < margin) < 0.9 * (n + 1)  # and no more than it takes
    assert evaluate.conformal_margin(-errors * scale, 0.9) == pytest.approx(margin * scale)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_the_conformal_margin_covers_new_errors_at_the_stated_rate(coverage):
    draws = np.random.default_rng(3).standard_t(3, size=(4000, 21))
    covered = [abs(new) <= evaluate.conformal_margin(old, coverage) for *old, new in draws]
    # exactly ceil(21 * coverage) / 21 for errors that can be exchanged
    assert np.mean(covered) == pytest.approx(np.ceil(21 * coverage) / 21, abs=0.025)


def test_adaptive_margins_look_back_only_and_start_as_split_conformal():
    calibration, errors = np.random.default_rng(4).normal(size=(2, 60))
    margins = evaluate.adaptive_margins(calibration, errors, 0.8, rate=0.05)
    assert margins[0] == evaluate.conformal_margin(calibration, 0.8)
    changed = np.append(errors[:30], errors[30:] * 9)
    np.testing.assert_array_equal(evaluate.adaptive_margins(calibration, changed, 0.8, 0.05)[:31], margins[:31])


def test_adaptive_margins_cover_in_the_long_run_what_keeps_growing():
    rng = np.random.default_rng(5)
    calibration, errors = rng.normal(size=200), rng.normal(size=3000) * np.linspace(1, 20, 3000)
    fixed = evaluate.conformal_margin(calibration, 0.9)
    adapted = evaluate.adaptive_margins(calibration, errors, 0.9, rate=0.02)
    assert np.mean(np.abs(errors) <= fixed) < 0.3
    assert np.mean(np.abs(errors) <= adapted) == pytest.approx(0.9, abs=0.02)


def test_adaptive_margins_are_infinite_where_more_is_asked_than_there_is():
    margins = evaluate.adaptive_margins([1.0, -1.0, 1.0, -1.0], np.arange(10, 15), 0.5, rate=0.4)
    assert np.isinf(margins).any()
