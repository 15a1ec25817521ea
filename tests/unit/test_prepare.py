"""prepare: framing agrees with Keras and pandas, and every transformation inverts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstm_guide import prepare

FINITE = st.floats(-1e6, 1e6, allow_nan=False)
SERIES = arrays("float64", st.integers(4, 40), elements=FINITE)
TABLES = arrays("float64", st.tuples(st.integers(4, 20), st.integers(1, 3)), elements=FINITE)


@given(SERIES | TABLES, st.integers(1, 3))
def test_split_joins_to_the_series(series, n_test):
    train, test = prepare.split_in_time(series, n_test)
    assert len(test) == n_test
    np.testing.assert_array_equal(np.concatenate([train, test]), series)


@given(SERIES | TABLES, st.integers(1, 3))
def test_undo_difference_inverts_difference(series, lag):
    changes = prepare.difference(series, lag)
    np.testing.assert_allclose(prepare.undo_difference(changes, series[:lag]), series, rtol=1e-9, atol=1e-6)


def test_difference_is_pandas_diff():
    series = pd.Series([3.0, 5.0, 9.0, 10.0, 2.0])
    np.testing.assert_array_equal(prepare.difference(series, 2), series.diff(2).dropna())


@given(arrays("float64", st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 3)), elements=FINITE))
def test_add_level_inverts_subtract_last(x):
    windows, level = prepare.subtract_last(x)
    assert (windows[:, -1] == 0).all()
    # float32 keeps seven digits of the largest difference
    np.testing.assert_allclose(prepare.add_level(windows, level), x, atol=np.ptp(x) * 1e-6 + 1e-30)


@given(SERIES | TABLES, st.integers(1, 3))
def test_a_constant_shift_changes_no_window(series, n_in):
    x, _ = prepare.frame_supervised(series.round(), n_in)
    shifted, _ = prepare.frame_supervised(series.round() + 128, n_in)
    # whole numbers, so that adding 128 loses no digit in float32
    np.testing.assert_array_equal(prepare.subtract_last(x)[0], prepare.subtract_last(shifted)[0])


@given(SERIES | TABLES, st.integers(1, 2), st.integers(1, 2))
def test_frame_holds_the_steps_it_says(series, n_in, n_out):
    x, y = prepare.frame_supervised(series, n_in, n_out)
    table = series.reshape(len(series), -1).astype("float32")
    assert len(x) == len(y) == len(series) - n_in - n_out + 1
    for i in range(len(x)):
        np.testing.assert_array_equal(x[i], table[i : i + n_in])
        np.testing.assert_array_equal(y[i], table[i + n_in : i + n_in + n_out])


def test_frame_agrees_with_keras():
    import keras

    series = np.arange(10, dtype="float32") ** 2
    x, y = prepare.frame_supervised(series, n_in=3)
    batches = keras.utils.timeseries_dataset_from_array(
        series[:-1], targets=series[3:], sequence_length=3, batch_size=100
    )
    keras_x, keras_y = next(iter(batches))
    np.testing.assert_array_equal(x[:, :, 0], keras_x)
    np.testing.assert_array_equal(y[:, 0, 0], keras_y)


def test_frame_agrees_with_pandas_shift():
    series = pd.Series(np.random.default_rng(0).normal(size=12))
    x, y = prepare.frame_supervised(series, n_in=2)
    frame = pd.DataFrame({"t-2": series.shift(2), "t-1": series.shift(1), "t": series}).dropna()
    np.testing.assert_allclose(np.c_[x[:, :, 0], y[:, 0]], frame, rtol=1e-6)


def test_frames_are_copies():
    series = np.arange(6.0)
    x, _ = prepare.frame_supervised(series, 2)
    x[:] = -1
    assert series[0] == 0


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: prepare.frame_supervised([1, 2], 2), ValueError, "series .*Received: 2 steps for n_in=2"),
        (lambda: prepare.frame_supervised([1, 2, 3], 0), ValueError, "n_in must be at least 1. Received: n_in=0"),
        (lambda: prepare.frame_supervised([1, 2, 3], 1, n_out=-1), ValueError, "n_out=-1"),
        (lambda: prepare.frame_supervised([1, 2, 3], 1.5), TypeError, "n_in must be a whole number.*1.5"),
        (lambda: prepare.frame_supervised([1, 2, 3], True), TypeError, "n_in=True"),
        (lambda: prepare.frame_supervised([1, float("nan"), 3], 1), ValueError, "1 NaN or infinite"),
        (lambda: prepare.frame_supervised(np.zeros((2, 2, 2)), 1), ValueError, r"1 or 2 axes.*\(2, 2, 2\)"),
        (lambda: prepare.frame_supervised(["a", "b"], 1), TypeError, "series must be numeric"),
        (lambda: prepare.frame_supervised([], 1), ValueError, "series must not be empty"),
        (lambda: prepare.split_in_time([1, 2], 2), ValueError, "n_test=2 for 2 time steps"),
        (lambda: prepare.difference([1, 2], lag=2), ValueError, "longer than lag"),
        (lambda: prepare.undo_difference([[1, 2]], [1]), ValueError, r"start of shape \(1,\)"),
        (lambda: prepare.subtract_last([[1, 2]]), ValueError, r"x must have 3 axes.*\(1, 2\)"),
        (lambda: prepare.add_level([[[1]]], [[[1, 2]]]), ValueError, r"expected \(1, 1, 1\)"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
