"""Turn a series into the arrays an LSTM reads; each transformation has its inverse."""

import numpy as np
from numpy.typing import ArrayLike

from lstm_guide import _check


def split_in_time(series: ArrayLike, n_test: int) -> tuple[np.ndarray, np.ndarray]:
    """Split a series by position: everything before the last n_test steps, and those steps.

    Args:
        series: values, oldest first, shape (time,) or (time, features), any unit.
        n_test: time steps to hold back, at least 1 and fewer than there are.

    Returns:
        train and test, float64, in the same unit; joined, they are the series again.

    Raises:
        TypeError: if series is not numeric, or n_test is not a whole number.
        ValueError: if series is empty, holds NaN or infinite values or has more than two axes, or if n_test leaves
            nothing to train on.

    Examples:
        >>> train, test = split_in_time([1, 2, 3, 4, 5], n_test=2)
        >>> train, test
        (array([1., 2., 3.]), array([4., 5.]))
    """
    values = _check.finite_array("series", series, (1, 2))
    n_test = _check.whole_number("n_test", n_test)
    if n_test >= len(values):
        raise ValueError(
            f"n_test must be smaller than the series. Received: n_test={n_test} for {len(values)} time steps; "
            "hold back fewer steps."
        )
    return values[:-n_test], values[-n_test:]


def frame_supervised(series: ArrayLike, n_in: int, n_out: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series into pairs of a past window and the steps that follow it.

    Pair i holds steps i to i + n_in - 1 and the n_out steps after them. Nothing is shuffled, scaled or filled,
    so a later split by position cannot leak the future.

    Args:
        series: equally spaced values, oldest first, shape (time,) or (time, features), any unit.
        n_in: past window in time steps, at least 1.
        n_out: forecast horizon in time steps, at least 1.

    Returns:
        x of shape (pairs, n_in, features) and y of shape (pairs, n_out, features), float32 copies, with
        pairs = time - n_in - n_out + 1.

    Raises:
        TypeError: if series is not numeric, or a window is not a whole number.
        ValueError: if a window is below 1, or series has more than two axes, holds NaN or infinite values, or is
            shorter than n_in + n_out.

    Examples:
        >>> x, y = frame_supervised([10, 20, 30, 40, 50], n_in=3)
        >>> x.shape, y.shape
        ((2, 3, 1), (2, 1, 1))
        >>> x[0, :, 0], y[0, 0]
        (array([10., 20., 30.], dtype=float32), array([40.], dtype=float32))

    Source:
        The same windows as keras.utils.timeseries_dataset_from_array (tested).
    """
    values = _check.finite_array("series", series, (1, 2))
    n_in = _check.whole_number("n_in", n_in)
    n_out = _check.whole_number("n_out", n_out)
    if len(values) < n_in + n_out:
        raise ValueError(
            f"series must hold at least n_in + n_out time steps. Received: {len(values)} steps for n_in={n_in} and "
            f"n_out={n_out}; shorten the windows or bring more data."
        )
    table = values.reshape(len(values), -1)
    windows = np.lib.stride_tricks.sliding_window_view(table, n_in + n_out, axis=0).swapaxes(1, 2)
    return windows[:, :n_in].astype("float32"), windows[:, n_in:].astype("float32")


def difference(series: ArrayLike, lag: int = 1) -> np.ndarray:
    """Subtract from each value the one lag steps before it.

    Args:
        series: values, oldest first, shape (time,) or (time, features), any unit.
        lag: distance in time steps, at least 1: 1 takes out a trend, 12 a yearly cycle in monthly data.

    Returns:
        Changes in the series' unit, float64, lag steps shorter; change i belongs to step i + lag.

    Raises:
        TypeError: if series is not numeric, or lag is not a whole number.
        ValueError: if lag is below 1, or series holds NaN or infinite values or is not longer than lag.

    Examples:
        >>> difference([3, 5, 9, 10])
        array([2., 4., 1.])
    """
    values = _check.finite_array("series", series, (1, 2))
    lag = _check.whole_number("lag", lag)
    if len(values) <= lag:
        raise ValueError(
            f"series must be longer than lag. Received: {len(values)} time steps for lag={lag}; use a smaller lag."
        )
    return values[lag:] - values[:-lag]


def undo_difference(changes: ArrayLike, start: ArrayLike) -> np.ndarray:
    """Rebuild a series from its changes and its first values: the inverse of difference.

    Args:
        changes: what difference returned, shape (time - lag,) or (time - lag, features).
        start: the first lag values of the series; their number sets the lag.

    Returns:
        The whole series, float64, start included, in the unit of start.

    Raises:
        TypeError: if an argument is not numeric.
        ValueError: if an argument is empty, holds NaN or infinite values, or the features differ.

    Examples:
        >>> undo_difference([2, 4, 1], start=[3])
        array([ 3.,  5.,  9., 10.])
    """
    steps = _check.finite_array("changes", changes, (1, 2))
    first = _check.finite_array("start", start, (1, 2))
    if steps.shape[1:] != first.shape[1:]:
        raise ValueError(
            f"start must have the features of changes. Received: start of shape {first.shape} for changes of shape "
            f"{steps.shape}; pass the first values of the same series."
        )
    lag = len(first)
    series = np.concatenate([first, steps])
    for step in range(lag, len(series)):
        series[step] += series[step - lag]
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
