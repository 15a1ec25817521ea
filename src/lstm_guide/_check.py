"""Checks on arguments; every message names the argument, what was received and what to do."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def whole_number(name: str, value: object, minimum: int = 1) -> int:
    """Return value as an int, or raise if it is no whole number of at least minimum."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number. Received: {name}={value!r}; pass an int.")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}. Received: {name}={value}.")
    return int(value)


def finite_array(name: str, value: ArrayLike, ndims: Sequence[int]) -> np.ndarray:
    """Return value as a float64 array, or raise if it is not numeric, has other axes, is empty or is not finite."""
    try:
        array = np.asarray(value, dtype="float64")
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name} must be numeric. Received: {_brief(value)}; encode or convert it to numbers first."
        ) from error
    if array.ndim not in ndims:
        axes = " or ".join(str(n) for n in ndims)
        raise ValueError(f"{name} must have {axes} axes. Received: {name} of shape {array.shape}; reshape it first.")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty. Received: {name} of shape {array.shape}; pass at least one value.")
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be finite. Received: {int((~np.isfinite(array)).sum())} NaN or infinite values in {name} "
            f"of shape {array.shape}; drop, impute or mask them first."
        )
    return array


def same_shape(name: str, array: np.ndarray, other_name: str, other: np.ndarray) -> None:
    """Raise unless both arrays have one shape."""
    if array.shape != other.shape:
        raise ValueError(
            f"{name} and {other_name} must have the same shape. Received: {name} of shape {array.shape} and "
            f"{other_name} of shape {other.shape}; check that neither broadcasts against the other."
        )


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
