"""Tuning that can be trusted: what a learning curve says, a test part for one use, and who is really ahead."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.multitest import multipletests

from lstm_guide import _check

SHAPES = (
    "overfit",
    "rate too high",
    "underfit, still falling",
    "validation easier than training",
    "gap",
    "underfit, flat",
    "good fit",
)


def diagnose(train: ArrayLike, validation: ArrayLike, good: float) -> str:
    """Name the shape of a learning curve, by rules in a fixed order.

    The rules are of thumb: they compare averages over fifths of the epochs, and the first that holds decides.

    1. overfit: the validation loss ends more than a tenth above its lowest fifth, and above one and a half times the
       training loss.
    2. rate too high: a loss is NaN or infinite; or in the second half the validation loss rises by more than a quarter
       from one epoch to the next.
    3. underfit, still falling: the validation loss fell by more than a tenth from the last fifth but one to the last.
    4. validation easier than training: it ends more than a fifth below the training loss.
    5. gap: it ends above one and a half times the training loss.
    6. underfit, flat: it ends above good, a loss that can be reached.
    7. good fit: none of these.

    Args:
        train: training loss of each epoch, shape (epochs,), at least 10, above 0.
        validation: validation loss of each epoch, shape (epochs,), above 0, in the unit of train.
        good: a loss that the validation part is known to allow, such as that of a good baseline, above 0. The curve
            cannot know it: flat and high looks like flat and low.

    Returns:
        One of tune.SHAPES.

    Raises:
        TypeError: if train or validation is not numeric, or good is not a number.
        ValueError: if the shapes differ, there are fewer than 10 epochs, or a loss or good is not above 0.

    Examples:
        >>> epochs = np.arange(1, 21)
        >>> diagnose(1 / epochs, 1 / epochs + 0.02 * epochs, good=0.2)
        'overfit'
    """
    good = _positive("good", good)
    losses = []
    for name, curve in (("train", train), ("validation", validation)):
        values = np.asarray(curve, dtype="float64") if _is_numeric(curve) else _check.finite_array(name, curve, (1,))
        if values.ndim != 1 or len(values) < 10:
            raise ValueError(
                f"{name} must hold the loss of 10 epochs or more. Received: an array of shape {values.shape}; train "
                "on, or log the loss more often."
            )
        losses.append(values)
    train, validation = losses
    _check.same_shape("train", train, "validation", validation)
    if not (np.isfinite(train).all() and np.isfinite(validation).all()):
        return "rate too high"
    for name, values in (("train", train), ("validation", validation)):
        if values.min() <= 0:
            raise ValueError(
                f"{name} must be above 0. Received: a loss of {values.min():g}; pass squared or absolute errors or "
                "cross-entropies."
            )

    fifths = [part.mean() for part in np.array_split(validation, 5)]
    end, end_of_training = fifths[-1], np.array_split(train, 5)[-1].mean()
    second_half = validation[len(validation) // 2 :]
    if end > 1.1 * min(fifths) and end > 1.5 * end_of_training:
        return "overfit"
    if (second_half[1:] > 1.25 * second_half[:-1]).any():
        return "rate too high"
    if end < 0.9 * fifths[-2]:
        return "underfit, still falling"
    if end < 0.8 * end_of_training:
        return "validation easier than training"
    if end > 1.5 * end_of_training:
        return "gap"
    return "underfit, flat" if end > good else "good fit"


class UseOnce:
    """Keep a test part shut until the one time that it is used.

    A score on the test part is honest once. After that you know it, and what you choose next is chosen on it. This
    keeps nobody from reading the data elsewhere; it makes a second look an error instead of a habit.

    Examples:
        >>> test = UseOnce([1.0, 2.0])
        >>> test.open()
        [1.0, 2.0]
        >>> test.open()
        Traceback (most recent call last):
        RuntimeError: the test part must be used once. Received: a second call; choose on the validation part instead.
    """

    def __init__(self, part: object) -> None:
        """Keep the part: arrays, a tuple of them, or anything else."""
        self._part = part
        self._opened = False

    def __repr__(self) -> str:
        """Say whether it was opened, and nothing of what is in it."""
        return f"UseOnce({'opened' if self._opened else 'shut'})"

    def open(self) -> object:
        """Return the part, the first time.

        Returns:
            What was given to UseOnce.

        Raises:
            RuntimeError: if it was opened before.
        """
        if self._opened:
            raise RuntimeError(
                "the test part must be used once. Received: a second call; choose on the validation part instead."
            )
        self._opened = True
        return self._part


def expected_best(scores: ArrayLike) -> np.ndarray:
    """Tell how good the best of 1, 2, ... trials of a random search is on average, from one search.

    Args:
        scores: validation score of each trial, the lower the better, shape (trials,), any unit.

    Returns:
        Expected lowest score after 1 to all trials, shape (trials,), in the unit of scores. It is an estimate from
        trials drawn again and again out of these, with replacement.

    Raises:
        TypeError: if scores is not numeric.
        ValueError: if scores is empty or holds NaN or infinite values.

    Examples:
        >>> expected_best([3.0, 1.0])
        array([2. , 1.5])

    Source:
        Dodge et al. (2019), Show your work, https://doi.org/10.18653/v1/D19-1224.
    """
    values = np.sort(_check.finite_array("scores", scores, (1,)))
    n = len(values)
    trials = np.arange(1, n + 1)[:, None]
    # the lowest of k draws is at least the i-th value if all k are: ((n - i) / n) ** k
    at_least = ((n - np.arange(n + 1)) / n) ** trials
    return (at_least[:, :-1] - at_least[:, 1:]) @ values


def pairwise(scores: pd.DataFrame) -> pd.DataFrame:
    """Compare all settings with each other over the same seeds, and correct for having looked at all pairs.

    For each pair: the mean difference over the seeds, its p-value by the paired t test, and that p-value after Holm's
    correction for all pairs. Whoever picks the lowest mean and then asks whether it is ahead has looked at all pairs.

    Args:
        scores: one row a seed, one column a setting, at least two of each, in one unit.

    Returns:
        One row a pair, index (setting, other), the lower mean first: "difference" (setting less other, in the unit of
        scores), "p_value" and "p_corrected".

    Raises:
        TypeError: if scores is no DataFrame or not numeric.
        ValueError: if there are fewer than two seeds or settings, a name is there twice, or a score is NaN or infinite.

    Examples:
        >>> table = pairwise(pd.DataFrame({"a": [1.0, 1.2, 0.9], "b": [2.0, 2.1, 2.2]}))
        >>> list(table.index), round(float(table.iloc[0]["difference"]), 3)
        ([('a', 'b')], -1.067)

    Source:
        Holm (1979), by statsmodels.stats.multitest.multipletests. That takes a tenth of a second a call.
    """
    _check.instance("scores", scores, pd.DataFrame, "a pandas DataFrame")
    values = _check.finite_array("scores", scores.reset_index(drop=True), (2,))
    if min(values.shape) < 2 or not scores.columns.is_unique:
        raise ValueError(
            f"scores must hold two seeds and two settings or more, each name once. Received: scores of shape "
            f"{values.shape} with columns {_check.brief(list(scores.columns))}; repeat each setting, on the same seeds."
        )
    order = np.argsort(values.mean(axis=0), kind="stable")
    pairs = list(combinations(order, 2))
    differences = np.stack([values[:, one] - values[:, other] for one, other in pairs], axis=1)
    alike = np.ptp(differences, axis=0) == 0  # no spread to test against: equal, or ahead for certain
    p_values = np.where(differences[0] == 0, 1.0, 0.0)
    p_values[~alike] = stats.ttest_1samp(differences[:, ~alike], 0).pvalue
    names = [(scores.columns[one], scores.columns[other]) for one, other in pairs]
    return pd.DataFrame(
        {
            "difference": differences.mean(axis=0),
            "p_value": p_values,
            "p_corrected": multipletests(p_values, method="holm")[1],
        },
        index=pd.MultiIndex.from_tuples(names, names=["setting", "other"]),
    )


def _is_numeric(curve: ArrayLike) -> bool:
    """Tell whether a curve is made of numbers, NaN and infinite ones among them."""
    try:
        return np.asarray(curve).dtype.kind in "iuf"
    except ValueError:
        return False


def _positive(name: str, value: object) -> float:
    number = _check.number(name, value)
    if number <= 0:
        raise ValueError(f"{name} must be above 0. Received: {name}={value}; pass the loss of a baseline, say.")
    return number
