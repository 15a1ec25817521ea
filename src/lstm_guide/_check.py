"""Checks on arguments; every message names the argument, what was received and what to do."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def whole_number(name: str, value: object, minimum: int = 1) -> int:
    """Return value as an int, or raise if it is no whole number of at least minimum."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number. Received: {name}={brief(value)}; pass an int.")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}. Received: {name}={value}; pass {minimum} or more.")
    return int(value)


def seed(value: object) -> int | None:
    """Return a seed, or raise if it is neither None nor a whole number of at least 0."""
    return None if value is None else whole_number("seed", value, minimum=0)


def number(name: str, value: object, minimum: float = -np.inf) -> float:
    """Return value as a float, or raise if it is no finite real number of at least minimum."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number. Received: {name}={brief(value)}; pass an int or a float.")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite. Received: {name}={value}; find out where that came from first.")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum:g}. Received: {name}={value}; pass {minimum:g} or more.")
    return float(value)


def instance(name: str, value: object, kinds: type | tuple[type, ...], what: str) -> None:
    """Raise unless value is of one of the kinds; what names them in the message."""
    if not isinstance(value, kinds):
        raise TypeError(f"{name} must be {what}. Received: {name}={brief(value)}; pass {what}.")


def function(name: str, value: object, takes: str) -> None:
    """Raise unless value can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function. Received: {name}={brief(value)}; pass one that takes {takes}.")


def finite_array(name: str, value: ArrayLike, ndims: Sequence[int], missing: bool = False) -> np.ndarray:
    """Return value as a float64 array, or raise if it is not numeric, has other axes, is empty or is not finite.

    With missing, NaN may stand for values that are not known. The times in the index of a pandas object must rise.
    """
    if isinstance(value, pd.Series | pd.DataFrame):
        _rising_times(name, value.index)
        value = plain(value)
    if np.ma.is_masked(value):
        count = int(np.ma.count_masked(value))
        raise ValueError(f"{name} must not be masked. Received: {count} masked values in {name}; fill them first.")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{name} must have rows of equal length. Received: {name}={brief(value)}; cut or pad the rows first."
        ) from error
    array = _real(name, array)
    if array.size == 0:
        raise ValueError(f"{name} must not be empty. Received: {name} of shape {array.shape}; pass at least one value.")
    if array.ndim not in ndims:
        axes = " or ".join(str(n) for n in ndims) + (" axis" if max(ndims) == 1 else " axes")
        raise ValueError(f"{name} must have {axes}. Received: {name} of shape {array.shape}; reshape it first.")
    wrong = np.isinf(array) if missing else ~np.isfinite(array)
    if wrong.any():
        kind = "infinite" if missing else "NaN or infinite"
        raise ValueError(
            f"{name} must be finite. Received: {int(wrong.sum())} {kind} values in {name} of shape {array.shape}; "
            "drop, impute or mask them first."
        )
    return array


def plain(value: pd.Series | pd.DataFrame) -> np.ndarray:
    """Return the values of a pandas object without its index, NaN where one is missing."""
    return value.replace({pd.NA: np.nan}).to_numpy()


def same_shape(name: str, array: np.ndarray, other_name: str, other: np.ndarray) -> None:
    """Raise unless both arrays have one shape."""
    if array.shape != other.shape:
        raise ValueError(
            f"{name} and {other_name} must have the same shape. Received: {name} of shape {array.shape} and "
            f"{other_name} of shape {other.shape}; check that neither broadcasts against the other."
        )


def brief(value: Any) -> str:
    """Show a value in one line of a message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _real(name: str, array: np.ndarray) -> np.ndarray:
    """Return float64, or raise: texts, booleans, dates and complex numbers would be converted without a word."""
    # An object array may hold numbers all the same, such as those of a table with columns of several types
    numeric = array.dtype.kind in "iuf"
    if array.dtype.kind == "O" and array.ndim:
        numeric = all(
            isinstance(v, int | float | np.integer | np.floating) and not isinstance(v, bool) for v in array.flat
        )
    if not numeric:
        raise TypeError(
            f"{name} must be numeric. Received: {name}={brief(array.tolist())}, of type {array.dtype}; encode it or "
            "convert it to numbers first."
        )
    return array.astype("float64")


def _rising_times(name: str, index: pd.Index) -> None:
    timed = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex | pd.TimedeltaIndex)
    if timed and not (index.is_monotonic_increasing and index.is_unique):
        step = int(np.flatnonzero(~(index[1:] > index[:-1]))[0])
        raise ValueError(
            f"{name} must be in order of time, each time once. Received: {index[step + 1]} after {index[step]}; sort "
            "it with sort_index, and drop or average what is there twice."
        )
