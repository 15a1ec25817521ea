"""Turn a series into the arrays an LSTM reads; each transformation has its inverse."""

import warnings
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lstm_guide import _check

Labelled = np.ndarray | pd.Series | pd.DataFrame


def split_in_time(series: ArrayLike, n_test: int) -> tuple[Labelled, Labelled]:
    """Split a series by position: everything before the last n_test steps, and those steps.

    Missing values stay where they are, so that they can be filled afterwards from the past alone.

    Args:
        series: values, oldest first, shape (time,) or (time, features), any unit; NaN stands for a missing value.
        n_test: time steps to hold back, at least 1 and fewer than there are.

    Returns:
        train and test, in the same unit; joined, they are the series again. Parts of a pandas object are pandas
        objects with their index; parts of anything else are float64 arrays.

    Raises:
        TypeError: if series is not numeric, n_test is not a whole number, or the index is text or objects.
        ValueError: if series is empty, holds infinite values or has more than two axes, if its time stamps are not in
            order or double, or if n_test leaves nothing to train on.

    Examples:
        >>> train, test = split_in_time([1, 2, 3, 4, 5], n_test=2)
        >>> train, test
        (array([1., 2., 3.]), array([4., 5.]))
    """
    values = _array("series", series, missing=True)
    _check_times("series", series, equal_steps=False)
    n_test = _check.whole_number("n_test", n_test)
    if n_test >= len(values):
        raise ValueError(
            f"n_test must be smaller than the series. Received: n_test={n_test} for {len(values)} time steps; "
            "hold back fewer steps."
        )
    if isinstance(series, pd.Series | pd.DataFrame):
        return series.iloc[:-n_test], series.iloc[-n_test:]
    return values[:-n_test], values[-n_test:]


def frame_supervised(
    series: ArrayLike,
    n_in: int,
    n_out: int = 1,
    *,
    gap: int = 0,
    targets: Hashable | Sequence[Hashable] | None = None,
    stride: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series into pairs of a past window and the steps that follow it.

    Pair i starts at step s = i * stride. It holds the window, steps s to s + n_in - 1, leaves out the gap, and holds
    the n_out steps after that. Nothing is shuffled, scaled or filled.

    Neighbouring pairs overlap. If you split the pairs instead of the series, leave out the last
    (gap + n_out - 1) // stride pairs before the border: their targets lie after the moment of the first forecast behind
    the border, so a model that learned them would know its future. Without them a split by position is safe.

    Args:
        series: equally spaced values, oldest first, shape (time,) or (time, features), any unit. The index of a pandas
            object, of times, periods or numbers, is checked for order, duplicates and gaps.
        n_in: past window in time steps, at least 1.
        n_out: forecast horizon in time steps, at least 1.
        gap: time steps between window and horizon, at least 0: with gap=0 the horizon follows at once.
        targets: the features to forecast, one or several: column names of a DataFrame, column numbers of an array;
            None takes all. The window always holds all features.
        stride: time steps from the start of one pair to the start of the next, at least 1.

    Returns:
        x of shape (pairs, n_in, features) and y of shape (pairs, n_out, targets), float32 copies, with
        pairs = (time - n_in - gap - n_out) // stride + 1.

    Raises:
        TypeError: if series is not numeric, a length or a column number is not whole, or the index is text or objects.
        ValueError: if a length is below its minimum; if series has more than two axes, holds NaN or infinite values,
            is shorter than n_in + gap + n_out, has an index of several levels, or time stamps that are not in order,
            double or not equally spaced; or if a target is not a column of it.

    Examples:
        >>> x, y = frame_supervised([10, 20, 30, 40, 50], n_in=3)
        >>> x.shape, y.shape
        ((2, 3, 1), (2, 1, 1))
        >>> x[0, :, 0], y[0, 0]
        (array([10., 20., 30.], dtype=float32), array([40.], dtype=float32))
        >>> x, y = frame_supervised([10, 20, 30, 40, 50], n_in=2, n_out=2, gap=1)
        >>> x[0, :, 0], y[0, :, 0]
        (array([10., 20.], dtype=float32), array([40., 50.], dtype=float32))

    Source:
        The same windows as keras.utils.timeseries_dataset_from_array (tested).
    """
    table, columns, n_in, ahead, stride = _check_frame(series, n_in, n_out, gap, targets, stride)
    span = n_in + ahead[-1]
    windows = np.lib.stride_tricks.sliding_window_view(table, span, axis=0)[::stride].swapaxes(1, 2)
    return windows[:, :n_in].astype("float32"), windows[:, n_in + gap :, columns].astype("float32")


def lag_table(
    series: pd.Series | pd.DataFrame,
    n_in: int,
    n_out: int = 1,
    *,
    gap: int = 0,
    targets: Hashable | Sequence[Hashable] | None = None,
    stride: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut a series into the same pairs as frame_supervised, as two tables with named lags, for models that read tables.

    In the names, t is the last step of the window: the moment at which the forecast is made.

    Args:
        series: equally spaced values, oldest first, with an index, any unit.
        n_in: past window in time steps, at least 1.
        n_out: forecast horizon in time steps, at least 1.
        gap: time steps between window and horizon, at least 0.
        targets: names of the columns to forecast, one or several; None takes all.
        stride: time steps from the start of one pair to the start of the next, at least 1.

    Returns:
        x with n_in * features columns, "name(t-1)", "name(t)" and so on, oldest step first; and y with
        n_out * targets columns, "name(t+1)" and so on; float64, in the unit of series. Both have one row a pair, whose
        index is that of step t. A Series without a name is called "value".

    Raises:
        TypeError: if series is not a pandas object or not numeric, a length is not a whole number, or the index is
            text or objects.
        ValueError: as frame_supervised; also if a column's name is there twice.

    Examples:
        >>> x, y = lag_table(pd.Series([10, 20, 30, 40], name="co2"), n_in=2)
        >>> x
           co2(t-1)  co2(t)
        1      10.0    20.0
        2      20.0    30.0
        >>> y
           co2(t+1)
        1      30.0
        2      40.0

    Source:
        The same rows as pandas' shift (tested).
    """
    if not isinstance(series, pd.Series | pd.DataFrame):
        raise TypeError(
            f"series must be a pandas Series or DataFrame. Received: {type(series).__name__}; wrap it in one, or use "
            "frame_supervised."
        )
    names = _column_names(series)
    if len(set(names)) < len(names):
        raise ValueError(f"series must have column names that differ. Received: {names}; rename the columns.")
    table, columns, n_in, ahead, stride = _check_frame(series, n_in, n_out, gap, targets, stride)
    origins = np.arange(n_in - 1, len(table) - ahead[-1], stride)

    def lags(steps: Sequence[int], features: Sequence[int]) -> pd.DataFrame:
        heads = [f"{names[f]}({_step_name(step)})" for step in steps for f in features]
        values = np.stack([table[origins + step][:, features] for step in steps], axis=1)
        return pd.DataFrame(values.reshape(len(origins), -1), series.index[origins], heads)

    return lags(range(1 - n_in, 1), range(table.shape[1])), lags(ahead, columns)


def stateful_batches(series: ArrayLike, batch_size: int, n_steps: int) -> np.ndarray:
    """Lay out one long series for stateful training: every row of a batch goes on in the same row of the next batch.

    The series is cut into batch_size streams of equal length, which lie one after the other in time, and each stream
    into chunks of n_steps. So row b of chunk k + 1 begins where row b of chunk k ended, which is what a layer with
    stateful=True takes for granted. The streams train side by side. Shuffle nothing, and reset the state after the
    last chunk.

    Args:
        series: equally spaced values, oldest first, shape (time,) or (time, features), any unit; the index of a pandas
            object is checked for order, duplicates and gaps.
        batch_size: streams, which is rows of each batch, at least 1.
        n_steps: steps of each chunk, at least 1: how far gradients go back.

    Returns:
        Array of shape (chunks, batch_size, n_steps, features), float32. The oldest time % (batch_size * n_steps) steps
        do not fill a chunk and are left out, so give input and target of the same length.

    Raises:
        TypeError: if series is not numeric, a size is not a whole number, or the index is text or objects.
        ValueError: if a size is below 1; if series has more than two axes, holds NaN or infinite values, has fewer than
            batch_size * n_steps time steps, or time stamps that are not in order, double or not equally spaced.

    Examples:
        >>> chunks = stateful_batches(range(1, 13), batch_size=2, n_steps=3)
        >>> chunks.shape
        (2, 2, 3, 1)
        >>> chunks[0, :, :, 0]
        array([[1., 2., 3.],
               [7., 8., 9.]], dtype=float32)
        >>> chunks[1, :, :, 0]
        array([[ 4.,  5.,  6.],
               [10., 11., 12.]], dtype=float32)
    """
    table = _table("series", series)
    batch_size = _check.whole_number("batch_size", batch_size)
    n_steps = _check.whole_number("n_steps", n_steps)
    chunks = len(table) // (batch_size * n_steps)
    if chunks == 0:
        raise ValueError(
            f"series must hold at least batch_size * n_steps time steps. Received: {len(table)} steps for "
            f"batch_size={batch_size} and n_steps={n_steps}; use fewer rows or shorter chunks."
        )
    kept = table[len(table) - chunks * batch_size * n_steps :]
    streams = kept.reshape(batch_size, chunks, n_steps, table.shape[1])
    return streams.swapaxes(0, 1).astype("float32")


def undo_stateful_batches(batches: ArrayLike) -> np.ndarray:
    """Put the rows of stateful batches back into one series: the inverse of stateful_batches.

    Args:
        batches: what stateful_batches returned, or a model's answers to it, shape (chunks, batch, steps, features).

    Returns:
        The series, float32, shape (chunks * batch * steps, features), oldest first.

    Raises:
        TypeError: if batches is not numeric.
        ValueError: if batches has not four axes, is empty, or holds NaN or infinite values.

    Examples:
        >>> chunks = stateful_batches([1, 2, 3, 4], batch_size=2, n_steps=1)
        >>> undo_stateful_batches(chunks)[:, 0]
        array([1., 2., 3., 4.], dtype=float32)
    """
    values = _check.finite_array("batches", batches, (4,))
    return values.swapaxes(0, 1).reshape(-1, values.shape[3]).astype("float32")


def difference(series: ArrayLike, lag: int = 1) -> Labelled:
    """Subtract from each value the one lag steps before it.

    Args:
        series: equally spaced values, oldest first, shape (time,) or (time, features), any unit; the index of a pandas
            object is checked for order, duplicates and gaps.
        lag: distance in time steps, at least 1: 1 takes out a trend, 12 a yearly cycle in monthly data.

    Returns:
        Changes in the series' unit, float64, lag steps shorter; change i belongs to step i + lag. For a pandas object
        a pandas object, indexed by the steps that the changes belong to.

    Raises:
        TypeError: if series is not numeric, lag is not a whole number, or the index is text or objects.
        ValueError: if lag is below 1; or if series holds NaN or infinite values, is not longer than lag, or has time
            stamps that are not in order, double or not equally spaced.

    Examples:
        >>> difference([3, 5, 9, 10])
        array([2., 4., 1.])
    """
    values = _array("series", series)
    _check_times("series", series)
    lag = _check.whole_number("lag", lag)
    if len(values) <= lag:
        raise ValueError(
            f"series must be longer than lag. Received: {len(values)} time steps for lag={lag}; use a smaller lag."
        )
    changes = values[lag:] - values[:-lag]
    if isinstance(series, pd.Series | pd.DataFrame):
        return _like(series, changes, series.index[lag:])
    return changes


def undo_difference(changes: ArrayLike, start: ArrayLike) -> Labelled:
    """Rebuild a series from its changes and its first values: the inverse of difference.

    Args:
        changes: what difference returned, shape (time - lag,) or (time - lag, features).
        start: the first lag values of the series; their number sets the lag.

    Returns:
        The whole series, float64, start included, in the unit of start. If both are pandas objects, one with the
        index of both, joined; otherwise an array.

    Raises:
        TypeError: if an argument is not numeric.
        ValueError: if an argument is empty, holds NaN or infinite values, if the features differ, or if the changes'
            time stamps do not follow those of start at equal steps.

    Examples:
        >>> undo_difference([2, 4, 1], start=[3])
        array([ 3.,  5.,  9., 10.])
    """
    steps = _array("changes", changes)
    first = _array("start", start)
    if steps.shape[1:] != first.shape[1:]:
        raise ValueError(
            f"start must have the features of changes. Received: start of shape {first.shape} for changes of shape "
            f"{steps.shape}; pass the first values of the same series."
        )
    lag = len(first)
    series = np.concatenate([first, steps])
    for step in range(lag, len(series)):
        series[step] += series[step - lag]
    if isinstance(changes, pd.Series | pd.DataFrame) and isinstance(start, pd.Series | pd.DataFrame):
        whole = _like(start, series, start.index.append(changes.index))
        _check_times("start, continued by changes,", whole)
        return whole
    return series


def subtract_last(x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Take each window's last value off the whole window, so that only its shape is left.

    The model then sees changes and never the level, and a level it was not trained on is nothing new to it.

    Args:
        x: windows of shape (samples, time, features), any unit.

    Returns:
        The shifted windows, float32, same shape, whose last step is 0; and level of shape (samples, 1, features),
        float64, to subtract from targets and to give to add_level.

    Raises:
        TypeError: if x is not numeric.
        ValueError: if x has not three axes, is empty or holds NaN or infinite values.

    Examples:
        >>> windows, level = subtract_last([[[10], [20], [30]]])
        >>> windows[0, :, 0], level[0, 0]
        (array([-20., -10.,   0.], dtype=float32), array([30.]))
    """
    windows = _check.finite_array("x", x, (3,))
    level = windows[:, -1:, :]
    return (windows - level).astype("float32"), level.copy()


def add_level(y: ArrayLike, level: ArrayLike) -> np.ndarray:
    """Put the level back on forecasts of changes: the inverse of subtract_last.

    Args:
        y: forecasts relative to the level, shape (samples, horizon, features).
        level: what subtract_last returned, shape (samples, 1, features).

    Returns:
        Forecasts in the original unit, float64, shape of y.

    Raises:
        TypeError: if an argument is not numeric.
        ValueError: if the shapes do not fit, or a value is NaN or infinite.

    Examples:
        >>> add_level([[[10.0]]], level=[[[30.0]]])
        array([[[40.]]])
    """
    changes = _check.finite_array("y", y, (3,))
    base = _check.finite_array("level", level, (3,))
    if base.shape != (changes.shape[0], 1, changes.shape[2]):
        raise ValueError(
            f"level must have one value per sample and feature. Received: level of shape {base.shape} for y of shape "
            f"{changes.shape}; expected {(changes.shape[0], 1, changes.shape[2])}."
        )
    return changes + base


def _check_frame(
    series: ArrayLike, n_in: int, n_out: int, gap: int, targets: Hashable | Sequence[Hashable] | None, stride: int
) -> tuple[np.ndarray, list[int], int, range, int]:
    """Check what both forms of framing take; return the values, target columns, n_in, steps ahead and stride."""
    table = _table("series", series)
    n_in = _check.whole_number("n_in", n_in)
    n_out = _check.whole_number("n_out", n_out)
    gap = _check.whole_number("gap", gap, minimum=0)
    stride = _check.whole_number("stride", stride)
    columns = _target_columns(series, targets, table.shape[1])
    if len(table) < n_in + gap + n_out:
        space = f", gap={gap}" if gap else ""
        raise ValueError(
            f"series must hold at least n_in + gap + n_out time steps. Received: {len(table)} steps for n_in={n_in}"
            f"{space} and n_out={n_out}; shorten the windows or bring more data."
        )
    return table, columns, n_in, range(gap + 1, gap + n_out + 1), stride


def _table(name: str, series: ArrayLike) -> np.ndarray:
    """Return an equally spaced series as finite values of shape (time, features)."""
    values = _array(name, series)
    _check_times(name, series)
    return values.reshape(len(values), -1)


def _array(name: str, series: ArrayLike, missing: bool = False) -> np.ndarray:
    """Return the values of a series, float64, with one or two axes; NaN passes only where values may be missing."""
    for dtype in series.dtypes if isinstance(series, pd.DataFrame) else [getattr(series, "dtype", None)]:
        if getattr(dtype, "kind", "") in ("M", "m"):
            raise TypeError(f"{name} must be numeric. Received: values of type {dtype}; put them in the index.")
    values = _check.plain(series) if isinstance(series, pd.Series | pd.DataFrame) else series
    return _check.finite_array(name, values, (1, 2), missing)


def _check_times(name: str, series: ArrayLike, equal_steps: bool = True) -> None:
    """Raise unless the index of a pandas object holds times, periods or numbers that count the steps."""
    if not isinstance(series, pd.Series | pd.DataFrame):
        return
    index = series.index
    if isinstance(index, pd.MultiIndex):
        raise ValueError(
            f"{name} must be one series, indexed by time alone. Received: an index of {index.nlevels} levels, from "
            f"{index[0]} on; take the series one by one, with groupby, and concatenate their pairs."
        )
    counted = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex | pd.TimedeltaIndex)
    if not counted and not pd.api.types.is_numeric_dtype(index.dtype):
        raise TypeError(
            f"{name} must be indexed by times, periods or numbers. Received: an index of type {index.dtype}, from "
            f"{_check.brief(index[0])} on; convert it with pd.to_datetime, or pass the values without the index if "
            "only order counts."
        )
    if index.hasnans:
        raise ValueError(f"{name} must have a time for each step. Received: an index with missing times; drop them.")
    if not index.is_monotonic_increasing:
        later = int(np.flatnonzero(index[1:] < index[:-1])[0])
        raise ValueError(
            f"{name} must be in order of time, oldest first. Received: {_when(index, later + 1)} after "
            f"{_when(index, later)}; use sort_index first."
        )
    if not index.is_unique:
        twice = np.flatnonzero(index.duplicated())
        raise ValueError(
            f"{name} must have each time once. Received: {_when(index, int(twice[0]))} more than once (duplicates in "
            f"all: {len(twice)}); drop or average them."
        )
    if equal_steps and not _equally_spaced(index):
        widths = np.diff(index.asi8 if counted else index.to_numpy(dtype="float64"))
        usual = np.sort(widths)[(len(widths) - 1) // 2]
        wide = widths > 1.5 * usual  # months differ in days, so a difference alone may mean nothing
        odd = int(np.flatnonzero(wide if wide.any() else widths != usual)[0])
        like = int(np.flatnonzero(widths == usual)[0])
        raise ValueError(
            f"{name} must be equally spaced in time. Received: {_when(index, odd + 1)} right after "
            f"{_when(index, odd)}, unlike {_when(index, like + 1)} after {_when(index, like)}; make missing steps "
            "visible with asfreq or reindex and fill them, or pass the values without the index if only order counts."
        )


def _when(index: pd.Index, place: int) -> str:
    return str(index[place]).removesuffix(" 00:00:00")


def _equally_spaced(index: pd.Index) -> bool:
    """True if the steps are all alike, in nanoseconds, in numbers or in the calendar (months differ in days)."""
    if len(index) < 3:
        return True
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex | pd.TimedeltaIndex):
        widths = np.diff(index.asi8)
        if (widths == widths[0]).all():
            return True
        # A period index always has a frequency, gaps or not
        return isinstance(index, pd.DatetimeIndex) and (index.freq is not None or _has_frequency(index))
    return bool(np.allclose(np.diff(index.to_numpy(dtype="float64")), index[1] - index[0], rtol=1e-6, atol=0))


def _has_frequency(index: pd.DatetimeIndex) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns that a later version will answer in another type
        return pd.infer_freq(index) is not None


def _column_names(series: pd.Series | pd.DataFrame) -> list[Hashable]:
    if isinstance(series, pd.DataFrame):
        return list(series.columns)
    return ["value" if series.name is None else series.name]


def _step_name(step: int) -> str:
    return f"t{step:+d}" if step else "t"


def _target_columns(series: ArrayLike, targets: Hashable | Sequence[Hashable] | None, n_features: int) -> list[int]:
    """Return the positions of the target columns."""
    if targets is None:
        return list(range(n_features))
    wanted = list(targets) if isinstance(targets, list | tuple | np.ndarray | pd.Index) else [targets]
    if not wanted:
        raise ValueError("targets must name at least one column. Received: none; leave it out to take all.")
    if isinstance(series, pd.Series | pd.DataFrame):
        names = _column_names(series)
        for target in wanted:
            if names.count(target) != 1:
                found = "more than once" if target in names else "not there"
                raise ValueError(
                    f"targets must be columns of series. Received: {target!r}, {found}; the columns are {names}."
                )
        return [names.index(target) for target in wanted]
    columns = [_check.whole_number("targets", target, minimum=0) for target in wanted]
    if max(columns) >= n_features:
        raise ValueError(
            f"targets must be column numbers from 0 to {n_features - 1}. Received: {max(columns)} for {n_features} "
            "features; count from 0."
        )
    return columns


def _like(series: pd.Series | pd.DataFrame, values: np.ndarray, index: pd.Index) -> pd.Series | pd.DataFrame:
    """Put values into an object of the same kind, with this index."""
    if isinstance(series, pd.DataFrame):
        return pd.DataFrame(values, index, series.columns)
    return pd.Series(values, index, name=series.name)
