"""Baselines, walk-forward validation, repeated runs, intervals of means and of forecasts, and a test of accuracy."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from tqdm import tqdm

from lstm_guide import _check

Forecaster = Callable[[np.ndarray, int], ArrayLike]


def persistence(history: ArrayLike, n_out: int = 1) -> np.ndarray:
    """Forecast that the last value stays.

    Args:
        history: values up to now, oldest first, shape (time,), any unit.
        n_out: time steps to forecast, at least 1.

    Returns:
        Forecasts of shape (n_out,), in the unit of history.

    Raises:
        TypeError: if history is not numeric, or n_out is not a whole number.
        ValueError: if history is empty or holds NaN or infinite values, or n_out is below 1.

    Examples:
        >>> persistence([3, 1, 2], n_out=2)
        array([2., 2.])
    """
    values = _check.finite_array("history", history, (1,))
    return np.repeat(values[-1], _check.whole_number("n_out", n_out))


def seasonal_naive(history: ArrayLike, n_out: int = 1, season: int = 12) -> np.ndarray:
    """Forecast the value of one season ago.

    Args:
        history: values up to now, oldest first, shape (time,), any unit, at least one season long.
        n_out: time steps to forecast, at least 1; past one season, the last season repeats.
        season: length of the season in time steps, at least 1: 12 for monthly data with a yearly cycle.

    Returns:
        Forecasts of shape (n_out,), in the unit of history.

    Raises:
        TypeError: if history is not numeric, or a number is not whole.
        ValueError: if history is shorter than a season or holds NaN or infinite values, or a number is below 1.

    Examples:
        >>> seasonal_naive([1, 2, 3, 4, 5], n_out=4, season=3)
        array([3., 4., 5., 3.])
    """
    values = _check.finite_array("history", history, (1,))
    n_out = _check.whole_number("n_out", n_out)
    season = _check.whole_number("season", season)
    if len(values) < season:
        raise ValueError(
            f"history must hold at least one season. Received: {len(values)} time steps for season={season}; "
            "bring a longer history or a shorter season."
        )
    return np.resize(values[-season:], n_out)


def walk_forward(series: ArrayLike, n_test: int, forecast: Forecaster, n_out: int = 1) -> np.ndarray:
    """Forecast from every origin in the last n_test steps, the history growing by one step each time.

    Origin i knows all steps before test step i, and nothing later. It forecasts test steps i to i + n_out - 1.

    Args:
        series: values, oldest first, shape (time,), any unit.
        n_test: length of the test part in time steps, at least n_out.
        forecast: called with history, shape (time so far,), and n_out; returns n_out values.
        n_out: forecast horizon in time steps, at least 1.

    Returns:
        Forecasts of shape (n_test - n_out + 1, n_out), float64, in the unit of series.

    Raises:
        TypeError: if series is not numeric, a number is not whole, or forecast is no function or returns no numbers.
        ValueError: if series is not longer than n_test, is not in order of time, or holds NaN or infinite values; if
            n_test is below n_out; or if forecast returns another number of values, or NaN or infinite ones.

    Examples:
        >>> walk_forward([1, 2, 3, 4, 5], n_test=3, forecast=persistence)
        array([[2.],
               [3.],
               [4.]])
    """
    values = _check.finite_array("series", series, (1,))
    n_out = _check.whole_number("n_out", n_out)
    n_test = _check.whole_number("n_test", n_test, minimum=n_out)
    if len(values) <= n_test:
        raise ValueError(
            f"series must be longer than n_test. Received: {len(values)} time steps for n_test={n_test}; "
            "hold back fewer steps."
        )
    _check.function("forecast", forecast, "a history and a horizon")
    rows = []
    for origin in range(len(values) - n_test, len(values) - n_out + 1):
        row = _check.finite_array("forecast's answer", forecast(values[:origin], n_out), (0, 1, 2, 3))
        if row.shape != (n_out,):
            raise ValueError(
                f"forecast must return {n_out} values. Received: an array of shape {row.shape}; flatten it or check "
                "the horizon."
            )
        rows.append(row)
    return np.array(rows)


def repeat(run: Callable[[int], Mapping[str, float]], seeds: Iterable[int], label: str = "runs") -> pd.DataFrame:
    """Call run(seed) for each seed and collect the scores.

    Args:
        run: takes a seed, which it has to set itself; returns named scores.
        seeds: the seeds, at least one, whole numbers of at least 0, each once.
        label: what the progress bar on the terminal is called.

    Returns:
        One row per seed (the index, named "seed") and one column per score.

    Raises:
        TypeError: if run is no function or returns no mapping, if a seed is not a whole number, or if label is no text.
        ValueError: if there are no seeds, one is below 0, or one is there twice: that would be one run counted twice.

    Examples:
        >>> repeat(lambda seed: {"score": seed / 2}, seeds=[0, 1])
              score
        seed
        0       0.0
        1       0.5
    """
    _check.function("run", run, "a seed")
    _check.instance("seeds", seeds, Iterable, "several seeds, such as range(10)")
    _check.instance("label", label, str, "a text")
    seeds = [_check.whole_number("seeds", seed, minimum=0) for seed in seeds]
    if not seeds:
        raise ValueError("seeds must hold at least one seed. Received: none; pass range(10), say.")
    if len(set(seeds)) < len(seeds):
        raise ValueError(
            f"seeds must hold each seed once. Received: seeds={_check.brief(seeds)}; leave out the double."
        )
    rows = []
    # disable=None: no bar where there is no terminal, such as in a notebook that is being executed
    for seed in tqdm(seeds, desc=label, unit="run", disable=None, leave=False):
        scores = run(seed)
        _check.instance("run's answer", scores, Mapping, "a mapping from names to scores, such as a dict")
        rows.append(dict(scores))
    return pd.DataFrame(rows, index=pd.Index(seeds, name="seed"))


def mean_interval(scores: ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """Estimate the mean of repeated runs and a confidence interval for it, from Student's t distribution.

    The interval is for the mean over seeds on this data and split; it says nothing about other data.

    Args:
        scores: one score per run, shape (runs,), at least 2, any unit.
        confidence: probability that such intervals cover the true mean, between 0 and 1.

    Returns:
        The mean, the lower and the upper end, in the unit of scores.

    Raises:
        TypeError: if scores is not numeric, or confidence is not a number.
        ValueError: if there are fewer than two scores, one is NaN or infinite, or confidence is not within 0 and 1.

    Examples:
        >>> mean, low, high = mean_interval([1.0, 2.0, 3.0])
        >>> round(mean, 3), round(low, 3), round(high, 3)
        (2.0, -0.484, 4.484)
    """
    values = _check.finite_array("scores", scores, (1,))
    if len(values) < 2:
        raise ValueError("scores must hold at least 2 runs. Received: 1; repeat the run with other seeds.")
    if not 0 < _check.number("confidence", confidence) < 1:
        raise ValueError(f"confidence must lie between 0 and 1. Received: confidence={confidence}; use 0.95, say.")
    mean = float(values.mean())
    half = float(stats.sem(values) * stats.t.ppf((1 + confidence) / 2, len(values) - 1))
    return mean, mean - half, mean + half


def diebold_mariano(errors: ArrayLike, other_errors: ArrayLike, n_out: int = 1) -> tuple[float, float]:
    """Test whether two forecasts of the same series differ in squared error.

    Args:
        errors: forecast minus actual, one per origin, shape (time,), any unit.
        other_errors: the same of the other forecast, for the same origins.
        n_out: forecast horizon in time steps, at least 1; errors that overlap by n_out - 1 steps are correlated, and
            the variance allows for it.

    Returns:
        The mean difference of the squared errors, below 0 where the first forecast is better; and the two-sided
        p-value that it is 0.

    Raises:
        TypeError: if an argument is not numeric, or n_out is not a whole number.
        ValueError: if the shapes differ, there are not more than n_out errors, a value is NaN or
            infinite, or the squared errors differ by the same everywhere.

    Examples:
        >>> difference, p_value = diebold_mariano([0.1, -0.2, 0.1, 0.2], [1.0, -1.1, 0.9, 1.2])
        >>> difference < 0, p_value < 0.05
        (True, True)

    Source:
        Diebold and Mariano (1995), Comparing predictive accuracy, https://doi.org/10.1080/07350015.1995.10524599,
        as a regression on a constant with Newey and West's variance (statsmodels).
    """
    from statsmodels.api import OLS

    first = _check.finite_array("errors", errors, (1,))
    second = _check.finite_array("other_errors", other_errors, (1,))
    _check.same_shape("errors", first, "other_errors", second)
    n_out = _check.whole_number("n_out", n_out)
    if len(first) <= n_out:
        raise ValueError(
            f"errors must hold more forecasts than n_out. Received: {len(first)} forecasts for n_out={n_out}; test on "
            "more origins."
        )
    loss = first**2 - second**2
    if np.ptp(loss) == 0:
        raise ValueError(
            "errors and other_errors must differ by more here and less there, or there is no variance to test against. "
            f"Received: squared errors that differ by {loss[0]:g} everywhere; compare two forecasts that are not alike."
        )
    fit = OLS(loss, np.ones(len(loss))).fit(cov_type="HAC", cov_kwds={"maxlags": n_out - 1}, use_t=True)
    return float(fit.params[0]), float(fit.pvalues[0])


def conformal_margin(errors: ArrayLike, coverage: float = 0.9) -> float:
    """Say how far around a forecast the truth should lie, from the errors on data that the model has not learned from.

    Split conformal prediction: the margin is the k-th smallest absolute error, with k = ceil((n + 1) * coverage) for n
    errors. If the next error is as likely as any of these to be the largest, the second largest and so on, then
    forecast - margin to forecast + margin covers the truth with that probability or a little more. The errors of a
    series need not be so: measure the coverage.

    Args:
        errors: forecast minus actual on calibration data, shape (forecasts,), any unit.
        coverage: share of the truths that the interval should hold, between 0 and 1.

    Returns:
        The margin, half the width of the interval, in the unit of errors.

    Raises:
        TypeError: if errors is not numeric, or coverage is not a number.
        ValueError: if errors is empty, holds NaN or infinite values or is too short for the coverage (90 percent need
            nine errors), or coverage is not within 0 and 1.

    Examples:
        >>> conformal_margin([1, -2, 3, -4, 5, -6, 7, -8, 9], coverage=0.8)
        8.0

    Source:
        Shafer and Vovk (2008), A tutorial on conformal prediction, https://jmlr.org/beta/papers/v9/shafer08a.html.
    """
    values = np.sort(np.abs(_check.finite_array("errors", errors, (1,))))
    place = _rank(len(values), _share("coverage", coverage))
    if place > len(values):
        needed = next(n for n in range(len(values), 10**6) if _rank(n, coverage) <= n)
        raise ValueError(
            f"errors must hold at least {needed} values for coverage={coverage}. Received: {len(values)}; calibrate on "
            "more, or ask for less coverage."
        )
    return float(values[place - 1])


def adaptive_margins(
    calibration_errors: ArrayLike, errors: ArrayLike, coverage: float = 0.9, rate: float = 0.01
) -> np.ndarray:
    """Give each forecast a margin that has learned from the misses before it, for a series that drifts.

    Adaptive conformal inference: after a miss the next margin asks for more coverage, after a hit for a little less, so
    that in the long run the stated share is covered whatever the errors do. Each margin is taken from the latest
    errors, as many as there were to calibrate on, and uses no error of its own step or later.

    Args:
        calibration_errors: forecast minus actual before the first of errors, shape (forecasts,), any unit.
        errors: forecast minus actual, oldest first, in the unit of calibration_errors, shape (time,).
        coverage: share of the truths that the intervals should hold, between 0 and 1.
        rate: how much a miss changes the coverage that is asked for, at least 0; 0 takes the latest errors, no more.

    Returns:
        Margins of shape (time,), in the unit of errors. Infinite where more coverage is asked for than so few errors
        can give, and 0 where none is.

    Raises:
        TypeError: if errors are not numeric, or coverage or rate is not a number.
        ValueError: if errors are empty or hold NaN or infinite values, coverage is not within 0 and 1, or rate is below
            0.

    Examples:
        >>> calm, wild = [1.0, -2.0] * 50, [9.0, -9.0] * 50
        >>> margins = adaptive_margins(calm, wild, coverage=0.8)
        >>> float(margins[0]), float(margins[-1])
        (2.0, 9.0)

    Source:
        Gibbs and Candès (2021), Adaptive conformal inference under distribution shift,
        https://arxiv.org/abs/2106.00170.
    """
    latest = list(np.abs(_check.finite_array("calibration_errors", calibration_errors, (1,))))
    new = np.abs(_check.finite_array("errors", errors, (1,)))
    missed = 1 - _share("coverage", coverage)
    rate = _check.number("rate", rate, minimum=0)
    asked, margins = missed, np.empty(len(new))
    for step, error in enumerate(new):
        place = _rank(len(latest), 1 - asked)
        if place < 1:
            margins[step] = 0.0
        else:
            margins[step] = np.inf if place > len(latest) else np.partition(latest, place - 1)[place - 1]
        asked += rate * (missed - (error > margins[step]))
        latest = [*latest[1:], error]
    return margins


def _rank(n: int, coverage: float) -> int:
    """Place, from 1, of the margin among n sorted absolute errors; beyond n if they are too few."""
    # Rounded first: 0.9 * 10 is 9 to the reader and may be 9.000000000000002 to the machine
    return int(np.ceil(round((n + 1) * coverage, 9)))


def _share(name: str, value: object) -> float:
    share = _check.number(name, value)
    if not 0 < share < 1:
        raise ValueError(f"{name} must lie between 0 and 1. Received: {name}={share:g}; pass 0.9, say.")
    return share
