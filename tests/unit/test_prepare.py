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
WEEKS = pd.date_range("2001-01-06", periods=12, freq="W-SAT")
WEEKLY = pd.Series(np.arange(12.0) ** 2, WEEKS, name="co2")
TABLE = pd.DataFrame({"co2": np.arange(12.0) ** 2, "wind": np.arange(12.0)}, WEEKS)


@given(SERIES | TABLES, st.integers(1, 3))
def test_split_joins_to_the_series(series, n_test):
    train, test = prepare.split_in_time(series, n_test)
    assert len(test) == n_test
    np.testing.assert_array_equal(np.concatenate([train, test]), series)


@pytest.mark.parametrize("series", [WEEKLY, TABLE], ids=["series", "table"])
def test_pandas_in_gives_pandas_out(series):
    train, test = prepare.split_in_time(series, 3)
    assert pd.concat([train, test]).equals(series)
    changes = prepare.difference(series, 2)
    assert type(changes) is type(series) and changes.index.equals(series.index[2:])
    assert changes.equals(series.diff(2).iloc[2:])
    back = prepare.undo_difference(changes, series.iloc[:2])
    assert back.equals(series) and back.index.equals(series.index)
    assert isinstance(prepare.undo_difference(changes, series.iloc[:2].to_numpy()), np.ndarray)


def test_split_keeps_missing_values():
    series = WEEKLY.mask(WEEKLY == 4)
    train, _ = prepare.split_in_time(series, 3)
    assert train.isna().sum() == 1
    assert np.isnan(prepare.split_in_time(series.to_numpy(), 3)[0]).sum() == 1


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


@given(
    SERIES | TABLES,
    st.integers(1, 2),
    st.integers(1, 2),
    st.integers(0, 2),
    st.integers(1, 3),
)
def test_gap_and_stride_move_the_windows(series, n_in, n_out, gap, stride):
    if len(series) < n_in + gap + n_out:
        return
    x, y = prepare.frame_supervised(series, n_in, n_out, gap=gap, stride=stride)
    table = series.reshape(len(series), -1).astype("float32")
    assert len(x) == len(y) == (len(series) - n_in - gap - n_out) // stride + 1
    for i in range(len(x)):
        start = i * stride
        np.testing.assert_array_equal(x[i], table[start : start + n_in])
        end = start + n_in + gap
        np.testing.assert_array_equal(y[i], table[end : end + n_out])


@pytest.mark.parametrize("targets", ["wind", ["wind"], ("wind", "co2"), ["co2", "wind"], None])
def test_targets_choose_columns(targets):
    x, y = prepare.frame_supervised(TABLE, 3, targets=targets)
    names = ["co2", "wind"] if targets is None else [targets] if isinstance(targets, str) else list(targets)
    assert x.shape == (9, 3, 2)
    np.testing.assert_array_equal(y[:, 0], TABLE[names].iloc[3:])
    places = [list(TABLE).index(name) for name in names]
    np.testing.assert_array_equal(y, prepare.frame_supervised(TABLE.to_numpy(), 3, targets=places)[1])


FRAMINGS = [(3, 1, 0, 1, None), (2, 1, 2, 3, "b"), (1, 3, 2, 5, ["b"]), (4, 2, 1, 2, ["b", "a"])]


@pytest.mark.parametrize(("n_in", "n_out", "gap", "stride", "targets"), FRAMINGS)
def test_frame_agrees_with_keras(n_in, n_out, gap, stride, targets):
    import keras

    cut = keras.utils.timeseries_dataset_from_array
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(23, 2)).astype("float32"), columns=["a", "b"])
    x, y = prepare.frame_supervised(table, n_in, n_out, gap=gap, stride=stride, targets=targets)
    asked = table if targets is None else table[np.atleast_1d(targets)]
    options = {"sequence_stride": stride, "batch_size": 100}
    windows = cut(table[: -gap - n_out], None, sequence_length=n_in, **options)
    horizons = cut(asked[n_in + gap :], None, sequence_length=n_out, **options)
    np.testing.assert_array_equal(x, next(iter(windows)))
    np.testing.assert_array_equal(y, next(iter(horizons)))
    if n_out == 1:  # as the lessons write it
        pairs = cut(table[: -gap - 1], asked[n_in + gap :], sequence_length=n_in, **options)
        for ours, theirs in zip((x, y[:, 0]), next(iter(pairs)), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("n_in", "n_out", "gap", "stride", "targets"), FRAMINGS)
def test_frame_agrees_with_pandas_shift(n_in, n_out, gap, stride, targets):
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(23, 2)).astype("float32"), columns=["a", "b"])
    x, y = prepare.frame_supervised(table, n_in, n_out, gap=gap, stride=stride, targets=targets)
    asked = table if targets is None else table[np.atleast_1d(targets)]
    past = [table.shift(lag) for lag in range(n_in - 1, -1, -1)]
    ahead = [asked.shift(-step) for step in range(gap + 1, gap + n_out + 1)]
    rows = pd.concat(past + ahead, axis=1).dropna().iloc[::stride]
    np.testing.assert_array_equal(np.c_[x.reshape(len(x), -1), y.reshape(len(y), -1)], rows)


@given(st.integers(1, 3), st.integers(1, 6), st.integers(0, 5), st.integers(1, 7), st.integers(1, 4))
def test_a_split_of_pairs_is_safe_without_those_before_the_border(n_in, n_out, gap, stride, n_test):
    x, y = prepare.frame_supervised(np.arange(80), n_in, n_out, gap=gap, stride=stride)
    border = len(x) - n_test
    first_forecast_at = x[border, -1, 0]
    fewest = (gap + n_out - 1) // stride
    assert y[: border - fewest].max() <= first_forecast_at
    assert fewest == 0 or y[: border - fewest + 1].max() > first_forecast_at  # one pair less would leak


@pytest.mark.parametrize("series", [WEEKLY, TABLE], ids=["series", "table"])
@pytest.mark.parametrize(("n_in", "n_out", "gap", "stride"), [(3, 1, 0, 1), (2, 2, 1, 2)])
def test_lag_table_has_the_pairs_of_frame_supervised(series, n_in, n_out, gap, stride):
    x, y = prepare.frame_supervised(series, n_in, n_out, gap=gap, stride=stride)
    lags, ahead = prepare.lag_table(series, n_in, n_out, gap=gap, stride=stride)
    np.testing.assert_array_equal(lags, x.reshape(len(x), -1))
    np.testing.assert_array_equal(ahead, y.reshape(len(y), -1))
    assert lags.index.equals(ahead.index) and lags.index[0] == WEEKS[n_in - 1]
    for step in (-1, 0):  # each column is a shift of the series, at the time of its row
        name = "co2(t-1)" if step else "co2(t)"
        column = series["co2"] if series.ndim == 2 else series
        assert lags[name].equals(column.shift(-step)[lags.index].rename(name))


def test_lag_table_names_its_columns():
    lags, ahead = prepare.lag_table(TABLE, 2, 2, gap=3, targets="wind")
    assert list(lags) == ["co2(t-1)", "wind(t-1)", "co2(t)", "wind(t)"]
    assert list(ahead) == ["wind(t+4)", "wind(t+5)"]
    assert list(prepare.lag_table(pd.Series([1, 2]), 1)[0]) == ["value(t)"]


@given(SERIES | TABLES, st.integers(1, 2), st.integers(1, 2))
def test_undo_stateful_batches_inverts(series, batch_size, n_steps):
    chunks = prepare.stateful_batches(series, batch_size, n_steps)
    left = len(series) % (batch_size * n_steps)
    table = series.reshape(len(series), -1).astype("float32")
    np.testing.assert_array_equal(prepare.undo_stateful_batches(chunks), table[left:])


def test_each_row_goes_on_in_the_next_chunk():
    chunks = prepare.stateful_batches(np.arange(26.0), batch_size=3, n_steps=4)
    assert chunks.shape == (2, 3, 4, 1) and chunks.dtype == "float32"
    assert chunks[0, 0, 0, 0] == 2  # the oldest two fill no chunk
    np.testing.assert_array_equal(chunks[1, :, 0, 0], chunks[0, :, -1, 0] + 1)


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("2001-01", periods=8, freq="M"),
        pd.date_range("2001-01-01", periods=8, freq="MS"),
        pd.DatetimeIndex(pd.date_range("2001-01-01", periods=8, freq="MS").to_numpy()),
        pd.DatetimeIndex(pd.date_range("2001-01-01", periods=8, freq="B").to_numpy()),
        pd.date_range("2001-03-23", periods=8, freq="D", tz="Europe/Berlin"),
        pd.timedelta_range("0s", periods=8, freq="10s"),
        pd.RangeIndex(1990, 1998),
        pd.Index(np.arange(8) * 0.1),
    ],
    ids=lambda index: f"{type(index).__name__}-{index[0]}",
)
def test_equal_steps_pass(index):
    series = pd.Series(np.arange(8.0), index)
    assert len(prepare.frame_supervised(series, 2)[0]) == 6
    assert prepare.difference(series).index.equals(index[1:])


GAPS = {
    "dates": (WEEKLY.drop(WEEKS[4]), "2001-02-10 right after 2001-01-27, unlike 2001-01-13 after 2001-01-06"),
    "periods": (pd.Series([1.0, 2, 3], pd.PeriodIndex(["2001-01", "2001-02", "2001-04"], freq="M")), "2001-04 right"),
    "numbers": (pd.Series([1.0, 2, 3, 4], [1, 2, 4, 5]), "4 right after 2, unlike 2 after 1"),
}
USES = {
    "frame_supervised": lambda series: prepare.frame_supervised(series, 1),
    "lag_table": lambda series: prepare.lag_table(series, 1),
    "difference": prepare.difference,
    "stateful_batches": lambda series: prepare.stateful_batches(series, 1, 1),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(("series", "words"), GAPS.values(), ids=GAPS)
def test_a_gap_in_time_is_named(series, words, use):
    with pytest.raises(ValueError, match=f"series must be equally spaced in time.*{words}.*asfreq"):
        use(series)
    assert len(prepare.split_in_time(series, 1)[1]) == 1  # a split needs order only


@pytest.mark.parametrize("use", [*USES.values(), lambda series: prepare.split_in_time(series, 1)])
def test_times_out_of_order_or_double_are_named(use):
    with pytest.raises(ValueError, match=r"oldest first. Received: 2001-03-17 after 2001-03-24; use sort_index"):
        use(WEEKLY.iloc[::-1])
    with pytest.raises(ValueError, match=r"Received: 2001-01-13 more than once \(duplicates in all: 1\)"):
        use(WEEKLY.iloc[[0, 1, 1, 2, 3]])


TEXT = [f"2025-03-{day:02}" for day in range(1, 13)]


@pytest.mark.parametrize("use", [*USES.values(), lambda series: prepare.split_in_time(series, 1)])
@pytest.mark.parametrize(
    ("index", "words"),
    [
        (pd.Index(TEXT), r"type (str|object), from '2025-03-01' on; convert it with pd.to_datetime"),
        (pd.Index(TEXT, dtype="category"), "type category, from '2025-03-01' on"),
        (pd.Index(WEEKS.date), r"type object, from datetime.date\(2001, 1, 6\) on"),
        (pd.Index(WEEKS, dtype="object"), r"type object, from Timestamp\('2001-01-06"),
    ],
    ids=["text", "category", "dates", "objects"],
)
def test_an_index_that_cannot_be_checked_is_refused(use, index, words):
    with pytest.raises(TypeError, match=f"series must be indexed by times, periods or numbers.*{words}"):
        use(WEEKLY.set_axis(index))


@pytest.mark.parametrize("use", [*USES.values(), lambda series: prepare.split_in_time(series, 1)])
def test_several_series_in_one_index_are_refused(use):
    index = pd.MultiIndex.from_arrays([["a"] * 6 + ["b"] * 6, [*range(6)] * 2])
    with pytest.raises(ValueError, match=r"one series.*index of 2 levels, from \('a', .*groupby"):
        use(WEEKLY.set_axis(index))


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
        (lambda: prepare.frame_supervised([1, 2, 3], 1, gap=-1), ValueError, "gap must be at least 0.*gap=-1"),
        (lambda: prepare.frame_supervised([1, 2, 3], 1, gap=2), ValueError, "3 steps for n_in=1, gap=2 and n_out=1"),
        (lambda: prepare.frame_supervised([1, 2, 3], 1, stride=0), ValueError, "stride=0"),
        (lambda: prepare.frame_supervised([1, 2, 3], 1, targets=1), ValueError, "from 0 to 0. Received: 1 for 1 feat"),
        (lambda: prepare.frame_supervised([1, 2, 3], 1, targets="a"), TypeError, "targets='a'"),
        (lambda: prepare.frame_supervised([1, 2, 3], 1, targets=[]), ValueError, "name at least one column"),
        (lambda: prepare.frame_supervised(TABLE, 1, targets="rain"), ValueError, r"'rain', not there.*'co2', 'wind'"),
        (
            lambda: prepare.frame_supervised(TABLE.set_axis(["a", "a"], axis=1), 1, targets="a"),
            ValueError,
            "'a', more than once",
        ),
        (lambda: prepare.frame_supervised(pd.Series(["a", "b"]), 1), TypeError, "series must be numeric"),
        (lambda: prepare.frame_supervised(pd.Series(WEEKS), 1), TypeError, "type datetime64.*put them in the index"),
        (
            lambda: prepare.frame_supervised(TABLE.assign(day=WEEKS), 1),
            TypeError,
            "type datetime64.*put them in the index",
        ),
        (lambda: prepare.frame_supervised(pd.Series([1, None], dtype="Int64"), 1), ValueError, "1 NaN or infinite"),
        (lambda: prepare.difference(WEEKLY.set_axis([pd.NaT, *WEEKS[1:]])), ValueError, "missing times"),
        (lambda: prepare.lag_table([1, 2, 3], 1), TypeError, "pandas Series or DataFrame. Received: list"),
        (lambda: prepare.lag_table(TABLE.set_axis(["a", "a"], axis=1), 1), ValueError, "names that differ"),
        (lambda: prepare.stateful_batches([1, 2, 3], 2, 2), ValueError, "3 steps for batch_size=2 and n_steps=2"),
        (lambda: prepare.stateful_batches([1, 2, 3], 0, 2), ValueError, "batch_size=0"),
        (lambda: prepare.stateful_batches([1, 2, 3], 1, 1.0), TypeError, "n_steps=1.0"),
        (lambda: prepare.undo_stateful_batches([[1]]), ValueError, r"batches must have 4 axes.*\(1, 1\)"),
        (lambda: prepare.split_in_time([1, 2], 2), ValueError, "n_test=2 for 2 time steps"),
        (lambda: prepare.split_in_time([1, float("inf"), 2], 1), ValueError, "1 .*infinite"),
        (lambda: prepare.split_in_time(["a", "b"], 1), TypeError, "series must be numeric"),
        (
            lambda: prepare.undo_difference(prepare.difference(WEEKLY).iloc[2:], WEEKLY[:1]),
            ValueError,
            "start, continued by changes, must be equally spaced",
        ),
        (lambda: prepare.difference([1, 2], lag=2), ValueError, "longer than lag"),
        (lambda: prepare.undo_difference([[1, 2]], [1]), ValueError, r"start of shape \(1,\)"),
        (lambda: prepare.subtract_last([[1, 2]]), ValueError, r"x must have 3 axes.*\(1, 2\)"),
        (lambda: prepare.add_level([[[1]]], [[[1, 2]]]), ValueError, r"expected \(1, 1, 1\)"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
