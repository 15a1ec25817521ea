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


def test_interval_covers_at_the_stated_rate():
    rng = np.random.default_rng(0)
    intervals = [evaluate.mean_interval(rng.normal(5, 2, size=10), confidence=0.9) for _ in range(2000)]
    coverage = np.mean([low <= 5 <= high for _, low, high in intervals])
    assert 0.88 < coverage < 0.92


def test_diebold_mariano_rejects_at_its_level_when_forecasts_are_alike():
    rng = np.random.default_rng(1)
    p_values = [evaluate.diebold_mariano(*rng.normal(size=(2, 100)))[1] for _ in range(500)]
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.09


def test_diebold_mariano_is_antisymmetric():
    errors, others = np.random.default_rng(2).normal(size=(2, 60)) * [[1], [2]]
    difference, p_value = evaluate.diebold_mariano(errors, others, n_out=3)
    assert difference < 0
    assert p_value < 0.05
    assert evaluate.diebold_mariano(others, errors, n_out=3) == pytest.approx((-difference, p_value))


def test_repeat_keeps_seeds_and_scores():
    scores = evaluate.repeat(lambda seed: {"a": seed, "b": -seed}, seeds=[3, 5])
    pd.testing.assert_frame_equal(
        scores, pd.DataFrame({"a": [3, 5], "b": [-3, -5]}, index=pd.Index([3, 5], name="seed"))
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: evaluate.persistence([]), ValueError, "history must not be empty"),
        (lambda: evaluate.persistence([1.0], 0), ValueError, "n_out=0"),
        (lambda: evaluate.seasonal_naive([1, 2], season=3), ValueError, "2 time steps for season=3"),
        (lambda: evaluate.walk_forward([1, 2], 2, evaluate.persistence), ValueError, "n_test=2"),
        (lambda: evaluate.walk_forward([1, 2, 3], 1, lambda h, n: [1, 2]), ValueError, r"forecast .* shape \(2,\)"),
        (lambda: evaluate.walk_forward([1, 2, 3], 1, evaluate.persistence, 2), ValueError, "n_test must be at least 2"),
        (lambda: evaluate.repeat(lambda seed: {}, []), ValueError, "seeds must hold"),
        (lambda: evaluate.mean_interval([1.0]), ValueError, "at least 2 runs"),
        (lambda: evaluate.mean_interval([1.0, 2.0], confidence=95), ValueError, "confidence=95"),
        (lambda: evaluate.diebold_mariano([1, 2], [1, 2, 3]), ValueError, "same shape"),
        (lambda: evaluate.diebold_mariano([1.0], [2.0]), ValueError, "at least 2 forecasts"),
        (lambda: evaluate.diebold_mariano([1, 2], [1, 2]), ValueError, "no variance"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
