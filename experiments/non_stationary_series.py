# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A rising series, given to an LSTM in seven ways
#
# Carbon dioxide at Mauna Loa rises from year to year and swings with the seasons, so the months of the test part lie
# where the training part has never been. The same small LSTM reads the series as it is, detrended, differenced, and
# relative to each window. How much does that matter, and is it worth it?
#
# To run it: install the guide's package as its readme says, then `lstm-guide run non-stationary-series` in a terminal,
# or this notebook in Jupyter.

# %%
import warnings

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import adfuller, kpss

from lstm_guide import datasets, evaluate, models, plots, prepare, report

plots.use_style()
SEEDS = range(report.first_seed(), report.first_seed() + 10)
N_IN, N_TEST, N_OUT = 24, 120, 12
STEPS, BATCH = 400, 32

# %% [markdown]
# ## The series
#
# Monthly means of the weekly record, 1958 to 2001; the few months without a reading are interpolated, all of them
# long before the test part. The last 120 months are the test part.

# %%
weekly = datasets.co2()
monthly = weekly.resample("MS").mean()
assert monthly[-N_TEST - N_IN :].notna().all()
monthly = monthly.interpolate()
series = monthly.to_numpy()
n_train = len(series) - N_TEST
train, test = prepare.split_in_time(series, N_TEST)
years = monthly.index.year + (monthly.index.month - 1) / 12

above = test > train.max()
report.value("months_above", above.sum(), tolerance=0)
report.value("test_rise", test.max() - train.max(), tolerance=0.01)

figure, axes = plt.subplots(figsize=(4.7, 2.8))
axes.plot(years[:n_train], train, linewidth=1, label="training part")
axes.plot(years[n_train:], test, linewidth=1, label="test part")
axes.axhline(train.max(), color=plots.MUTED, linestyle="--", linewidth=1)
axes.text(years[0], train.max() + 1, "highest month in training", color=plots.MUTED)
axes.set_ylabel("parts per million")
figure.legend(loc="outside upper left", ncols=2)
report.figure(
    "series",
    figure,
    alt="Monthly carbon dioxide rises with a yearly swing; nearly all of the test part lies above the training part",
)

# %% [markdown]
# ## Is it stationary?
#
# Two tests with opposite null hypotheses, on the training part: ADF's is a unit root (a level that wanders, about a
# straight line if need be), KPSS' is a constant level. A small p-value speaks against the null. KPSS looks its p-values
# up in a table that ends at 0.01 and 0.1.

# %%
FORMS = {
    "levels": train,
    "differences": prepare.difference(train),
    "seasonal differences": prepare.difference(train, lag=12),
    "both": prepare.difference(prepare.difference(train, lag=12)),
}
with warnings.catch_warnings(action="ignore"):  # KPSS warns where its table ends
    checks = {
        name: {
            "spread": values.std(),
            "ADF p-value": adfuller(values, regression="ct")[1],
            "KPSS p-value": kpss(values, nlags="auto")[1],
        }
        for name, values in FORMS.items()
    }
    sloping = kpss(FORMS["seasonal differences"], regression="ct", nlags="auto")[1]
checks = pd.DataFrame(checks).T.rename_axis("training part as")
report.table("checks", checks, tolerance=0.05)
# The tests say what a look at the series says: levels wander, first differences do not
wanders, keeps = checks["ADF p-value"], checks["KPSS p-value"]
assert wanders["levels"] > 0.5 and keeps["levels"] < 0.05
assert wanders["differences"] < 0.05 < keeps["differences"]
# Seasonal differences do not wander, and do not keep their level; KPSS lets them pass if they may slope
assert max(wanders["seasonal differences"], keeps["seasonal differences"]) < 0.05
assert sloping > 0.05
# Each difference makes the spread smaller, though not the error, as is seen below
assert checks["spread"].is_monotonic_decreasing
# The differences still have the yearly cycle, which neither test looks for
by_year = prepare.difference(train)[: 33 * 12].reshape(33, 12)
share = by_year.mean(axis=0).var() / by_year.var()
report.value("season_share_of_differences", share, tolerance=0.01)
assert share > 0.8

# %% [markdown]
# ## Seven ways to give it to a network
#
# In each, the network reads 24 values and forecasts the next one. All are scaled with numbers from the training part.
#
# - **levels**: the series, standardised.
# - **minus a straight line**: the line is fitted on the training part and goes on through the test part.
# - **differences**, **seasonal differences**, **both**: against last month, against the same month last year, and
#   one after the other.
# - **minus the last value**: from each window and its target, the window's last value is taken off.
# - **and by its spread**: both are then divided by the window's standard deviation (with a floor, for flat windows).


# %%
def pairs(values, n_out=1):
    """Standardised windows and targets; how to undo the scale. The last N_TEST windows are the test part."""
    known = values[:-N_TEST]
    mean, scale = known.mean(), known.std()
    x, y = prepare.frame_supervised((values - mean) / scale, N_IN, n_out)
    return x, y[:, :, 0], lambda forecast: forecast * scale + mean


def relative_pairs(n_out=1, divide=False):
    """The same, each window and its target without the window's last value, perhaps by its spread."""
    x, y = prepare.frame_supervised(series, N_IN, n_out)
    x, level = prepare.subtract_last(x)
    scale = np.full(level.shape, x[:-N_TEST].std())
    if divide:
        scale = np.maximum(x.std(axis=1, keepdims=True), 1e-3 * scale)
    undo = scale[:, 0]
    return x / scale, ((y - level) / scale)[:, :, 0], lambda f: f * undo[-len(f) :]


time = np.arange(len(series))
line = np.polyval(np.polyfit(time[:n_train], train, 1), time)
last_month, last_year = series[n_train - 1 : -1], series[n_train - 12 : -12]
last_change = (
    last_month - series[n_train - 13 : -13]
)  # what last month gained in a year
changes, seasonal = prepare.difference(series), prepare.difference(series, lag=12)
WAYS = {  # windows, targets, undoing the scale; and what a forecast is added to
    "levels": (*pairs(series), 0),
    "minus a straight line": (*pairs(series - line), line[n_train:]),
    "differences": (*pairs(changes), last_month),
    "seasonal differences": (*pairs(seasonal), last_year),
    "both": (*pairs(prepare.difference(seasonal)), last_change + last_year),
    "minus the last value": (*relative_pairs(), last_month),
    "and by its spread": (*relative_pairs(divide=True), last_month),
}


def in_ppm(way, answer):
    """Turn answers for the test part into parts per million."""
    _, _, undo, base = WAYS[way]
    return undo(answer.astype("float64"))[:, 0] + base


for way, (
    _,
    y,
    *_,
) in WAYS.items():  # undoing the true answers gives the series again
    np.testing.assert_allclose(in_ppm(way, y[-N_TEST:]), test, atol=1e-3)

# %% [markdown]
# ## Methods that need no network
#
# Persistence (like last month), seasonal naive (like the same month last year), seasonal naive with drift (plus
# what last month gained on the same month of the year before), Holt-Winters and the seasonal ARIMA of orders (0,
# 1, 1) and (0, 1, 1). The last two are fitted on the training part and then only told the true values.

# %%
seasons = {"trend": "add", "seasonal": "add", "seasonal_periods": 12}
holt = ExponentialSmoothing(train, **seasons).fit().params
known = {
    "initialization_method": "known",
    "initial_level": holt["initial_level"],
    "initial_trend": holt["initial_trend"],
    "initial_seasonal": holt["initial_seasons"],
}
fixed = {
    f"smoothing_{part}": holt[f"smoothing_{part}"]
    for part in ("level", "trend", "seasonal")
}


def holt_winters(values):
    """Holt-Winters with the parameters of the training part, told these values."""
    told = ExponentialSmoothing(values, **seasons, **known)
    return told.fit(**fixed, optimized=False)


arima = SARIMAX(train, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12))
arima = arima.fit(disp=False).append(test)
baselines = {
    "persistence": last_month,
    "seasonal naive": last_year,
    "seasonal naive with drift": last_year + last_change,
    "Holt-Winters": holt_winters(series).fittedvalues[n_train:],
    "seasonal ARIMA": arima.predict(n_train, len(series) - 1),
}
rmse = {name: root_mean_squared_error(test, f) for name, f in baselines.items()}

# %% [markdown]
# ## The LSTM, and a linear model on the same inputs
#
# 16 units, 400 steps of 32 windows with Adam and a rate that falls from 0.01 to 0: chosen for all ways alike, on the
# ten years before the test part, in trials that are not shown.


# %%
def compiled(n_out, steps=STEPS):
    """Build and compile a network once; start_again makes it a new one."""
    network = models.vanilla_lstm(N_IN, 1, units=16, n_outputs=n_out)
    rate = keras.optimizers.schedules.CosineDecay(0.01, steps)
    network.compile(
        keras.optimizers.Adam(rate),
        loss="mse",
        jit_compile=True,
        steps_per_execution=25,
    )
    network.optimizer.build(network.trainable_variables)
    return network


def start_again(network, seed):
    """Give a network fresh weights and its optimizer a fresh state."""
    keras.utils.set_random_seed(seed)
    network.set_weights(keras.models.clone_model(network).get_weights())
    for variable in network.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))


def fit(network, x, y, seed, steps=STEPS):
    """Train a fresh network on shuffled windows."""
    start_again(network, seed)
    rng = np.random.default_rng(seed)
    epochs = -(-steps * BATCH // len(x))
    order = np.concatenate([rng.permutation(len(x)) for _ in range(epochs)])
    order = order[: steps * BATCH]
    network.fit(x[order], y[order], batch_size=BATCH, shuffle=False, verbose=0)


one_step = compiled(1)
report.value("parameters", one_step.count_params(), tolerance=0)
forecasts = {way: [] for way in WAYS}
weights = []  # of the networks on differences, for a later question


def run(seed):
    """Score the LSTM in each of the ways."""
    scores = {}
    for way, (x, y, *_) in WAYS.items():
        fit(one_step, x[:-N_TEST], y[:-N_TEST], seed)
        answer = one_step.predict_on_batch(x[-N_TEST:])
        forecasts[way].append(in_ppm(way, answer))
        scores[way] = root_mean_squared_error(test, forecasts[way][-1])
        if way == "differences":
            weights.append(one_step.get_weights())
    return scores


scores = evaluate.repeat(run, SEEDS, label="ways")


def linear(x, y, n_test=N_TEST):
    """Linear regression on the windows of the training part, its answers for the last n_test windows."""
    model = LinearRegression().fit(x[:-N_TEST, :, 0], y[:-N_TEST])
    return model.predict(x[-n_test:, :, 0])


linear_rmse = {
    way: root_mean_squared_error(test, in_ppm(way, linear(x, y)))
    for way, (x, y, *_) in WAYS.items()
}

# %%
intervals = {way: evaluate.mean_interval(scores[way]) for way in WAYS}
table = pd.DataFrame(
    {
        "LSTM": [intervals[way][0] for way in WAYS],
        "95 percent": [
            f"±\u00a0{high - m:.3f}" for m, _, high in intervals.values()
        ],
        "worst run": [scores[way].max() for way in WAYS],
        "linear": [linear_rmse[way] for way in WAYS],
    },
    index=pd.Index(WAYS, name="what the model reads"),
)
report.table("ways", table, tolerance=0.3)
report.table(
    "baselines",
    pd.DataFrame({"RMSE": rmse}).rename_axis("method").sort_values("RMSE"),
    tolerance=0.02,
)

good = ["differences", "minus the last value", "and by its spread"]
for name, way in zip(("differences", "window", "spread"), good, strict=True):
    mean, _, high = intervals[way]
    report.value(f"lstm_{name}", mean, tolerance=3 * (high - mean))
report.value("linear_levels", linear_rmse["levels"], tolerance=0.005)
report.value("linear_differences", linear_rmse["differences"], tolerance=0.005)
for name in ("persistence", "seasonal naive with drift", "seasonal ARIMA"):
    report.value(name.lower().replace(" ", "_"), rmse[name], tolerance=0.01)
times = intervals["levels"][0] / rmse["persistence"]
report.value("levels_times_persistence", times, tolerance=1)

# The claims. As it is: every run is worse than persistence
assert scores["levels"].min() > rmse["persistence"]
# A straight line leaves every run behind the seasonal naive with drift
assert scores["minus a straight line"].min() > rmse["seasonal naive with drift"]
# First differences and windows: every run is far below persistence, and on average below the naive with drift
assert scores[good].max(axis=None) < 0.4 * rmse["persistence"]
assert scores[good].mean().max() < rmse["seasonal naive with drift"]
# The good ones lie within a tenth of each other, on average
assert scores[good].mean().max() < 1.1 * scores[good].mean().min()
# First differences beat the seasonal ones, here
assert intervals["differences"][2] < intervals["seasonal differences"][1]
assert intervals["differences"][2] < intervals["both"][1]
# No way of giving it to the LSTM beats the linear model on the same inputs, nor the seasonal ARIMA
assert all(intervals[way][1] > linear_rmse[way] for way in WAYS)
assert scores.min(axis=None) > rmse["seasonal ARIMA"]
# The linear model does not mind levels
assert linear_rmse["levels"] < 1.1 * linear_rmse["differences"]

# %% [markdown]
# ## Why levels fail
#
# By how much is the network off where the true value lies this far above the highest month of the training part?

# %%
distance = test - train.max()
misses = {way: np.mean(forecasts[way], axis=0) - test for way in WAYS}
figure, axes = plt.subplots(figsize=(4.7, 3.4))
axes.axvline(0, color=plots.MUTED, linestyle="--", linewidth=1)
for way, colour in (("levels", 1), ("minus the last value", 0)):
    colour = plots.PALETTE[colour]
    axes.plot(distance, misses[way], "o", color=colour, markersize=4, label=way)
axes.set_xlabel("truth above the highest month in training (ppm)")
axes.set_ylabel("forecast minus truth (ppm)")
axes.legend(loc="lower left")
report.figure(
    "distance",
    figure,
    alt="Error of the forecast against the distance above the training maximum: on levels it grows with the distance "
    "to about -10 parts per million; relative to each window it stays at 0",
)
near, far = distance <= 0, distance > 10
off_levels = np.abs(misses["levels"])
off_far, off_window = (
    off_levels[far].mean(),
    np.abs(misses["minus the last value"])[far].mean(),
)
report.value("levels_off_below", off_levels[near].mean(), tolerance=0.3)
report.value("levels_off_far", off_far, tolerance=2)
report.value("window_off_far", off_window, tolerance=0.1)
highest = np.array([forecast.max() for forecast in forecasts["levels"]])
report.value("levels_highest", highest.max() - train.max(), tolerance=3)
assert off_far > 5 * off_levels[near].mean()
assert off_window < 0.1 * off_far
assert (highest < test.max() - 3).all()

last = slice(-60, None)
figure = plots.forecast(
    test[last],
    {
        way: forecasts[way][0][last]
        for way in ("levels", "minus a straight line", "differences")
    },
    "parts per million",
    index=years[n_train:][last],
)
figure.axes[0].get_legend().remove()
figure.set_figwidth(4.7)
figure.legend(loc="outside upper left", ncols=2)
report.figure(
    "forecasts",
    figure,
    alt="The last five years: from levels the forecasts swing and fall further and further below the truth; from "
    "differences they lie on it",
)

# %% [markdown]
# ## Twelve months ahead
#
# Now each forecast is for the next twelve months, none of which is told. Differences are added up: month twelve is the
# last known value plus twelve forecast changes. Seasonal differences need no sum up to twelve months. The networks give
# all twelve at once; "fed back" is the one-month network with its own forecasts put back in. On seasonal differences a
# network is also trained for 50 steps only.

# %%
twelve, brief = compiled(N_OUT), compiled(N_OUT, steps=50)
# The first month of each forecast
origins = np.arange(n_train, len(series) - N_OUT + 1)
ahead = origins[:, None] + np.arange(N_OUT)
truth, now = series[ahead], series[origins - 1][:, None]
a_year_ago = series[ahead - 12]
differenced, by_year = pairs(changes, N_OUT), pairs(seasonal, N_OUT)
windows = relative_pairs(N_OUT)


def direct(x, y, undo, seed, network=twelve, steps=STEPS):
    """Train on the training part and forecast twelve transformed values at each origin."""
    fit(network, x[:-N_TEST], y[:-N_TEST], seed, steps)
    return undo(network.predict_on_batch(x[-len(origins) :]))


def fed_back(place):
    """The one-month network on differences, its own forecasts as input."""
    one_step.set_weights(weights[place])
    x, _, undo, _ = WAYS["differences"]
    window, answers = x[-N_TEST:][: len(origins)], []
    for _ in range(N_OUT):
        answers.append(one_step.predict_on_batch(window))
        window = np.concatenate([window[:, 1:], answers[-1][:, :, None]], axis=1)
    return undo(np.hstack(answers))


def by_horizon(forecast, truth=truth):
    return np.sqrt(np.mean((forecast - truth) ** 2, axis=0))


changes_off, errors = [], {}
for place, seed in enumerate(SEEDS[:5]):
    steps = direct(*differenced, seed)
    changes_off.append(by_horizon(steps, np.diff(series)[ahead - 1]))
    for name, forecast in {
        "LSTM, differences": now + steps.cumsum(axis=1),
        "LSTM, fed back": now + fed_back(place).cumsum(axis=1),
        "LSTM, minus the last value": now + direct(*windows, seed),
        "LSTM, seasonal differences": a_year_ago + direct(*by_year, seed),
        "the same, 50 steps": a_year_ago + direct(*by_year, seed, brief, 50),
    }.items():
        errors.setdefault(name, []).append(by_horizon(forecast))


def line_through(x, y, undo):
    return undo(linear(x, y, len(origins)))


drift = a_year_ago + (series[origins - 1] - series[origins - 13])[:, None]
told_so_far = {
    "linear, differences": now + line_through(*differenced).cumsum(axis=1),
    "linear, seasonal differences": a_year_ago + line_through(*by_year),
    "seasonal ARIMA": [arima.predict(o, o + N_OUT - 1, dynamic=0) for o in origins],
    "Holt-Winters": [holt_winters(series[:o]).forecast(N_OUT) for o in origins],
    "seasonal naive with drift": drift,
}
networks = {name: np.mean(rows, axis=0) for name, rows in errors.items()}
others = {name: by_horizon(forecast) for name, forecast in told_so_far.items()}
months = range(1, N_OUT + 1)
by_month = pd.DataFrame(networks | others, index=months).T.rename_axis(
    "months ahead"
)
changes_off = np.mean(changes_off, axis=0)
report.table("horizon", by_month[[1, 3, 6, 12]], tolerance=0.3, floatfmt=".2f")
figure, axes = plt.subplots(figsize=(4.7, 4.2))
drawn = ["LSTM, differences", "LSTM, seasonal differences", *list(others)[1:3]]
for name in [*drawn, "seasonal naive with drift"]:
    axes.plot(
        months, by_month.loc[name], "--" if name in others else "-", label=name
    )
axes.plot(months, changes_off, color=plots.MUTED, label="one change alone")
axes.set_ylim(0)
axes.set_xticks(months)
axes.set_xlabel("months ahead")
axes.set_ylabel("RMSE (parts per million)")
figure.legend(loc="outside upper left", ncols=2, fontsize=9)
report.figure(
    "horizon",
    figure,
    alt="Error against months ahead: all methods rise from about 0.3 to between 0.8 and 1.2; that of a single month's "
    "change stays near 0.3",
)

added = by_month.loc["LSTM, differences"]
is_lstm = by_month.index.isin(networks)
lstms, others = by_month[is_lstm], by_month[~is_lstm]
naive = others.loc["seasonal naive with drift"]
report.value("one_change", changes_off.mean(), tolerance=0.05)
report.value("added_growth", added[12] / added[1], tolerance=0.6)
full, short = "LSTM, seasonal differences", "the same, 50 steps"
report.value("seasonal_twelve", lstms.loc[full, 12], tolerance=0.2)
report.value("brief_twelve", lstms.loc[short, 12], tolerance=0.1)
# A single change is forecast as well twelve months ahead as one; the sum of twelve is far worse than one
assert changes_off.max() < 1.15 * changes_off.min()
assert added[12] > 2 * added[1]
# Feeding forecasts back is neither better nor worse than all twelve at once
assert (by_month.loc["LSTM, fed back"] / added - 1).abs().max() < 0.1
# Seasonal differences need no sum, and the LSTM is worse on them
assert (by_month.loc["LSTM, seasonal differences"] > added)[[1, 12]].all()
# but that is training too long: after 50 steps it is far better at twelve
assert lstms.loc[short, 12] < 0.9 * lstms.loc[full, 12]
# and the network: of the linear models they are the better form at twelve
lines = [f"linear, {form}" for form in ("differences", "seasonal differences")]
assert others.loc[lines, 12].idxmin() == lines[1]
# No LSTM is the best at any horizon: up to six months ARIMA, at twelve the linear model on seasonal differences
assert (others.min() < lstms.min())[[1, 3, 6, 12]].all()
assert (by_month[[1, 3, 6]].idxmin() == "seasonal ARIMA").all()
assert by_month[12].idxmin() == lines[1]
assert (others.loc[lines[0]] < lstms.min())[[1, 3, 6]].all()
# At twelve months each of the four beats the seasonal naive with drift
assert lstms[3].min() > 0.9 * naive[3] and lstms[3].median() > naive[3]
assert lstms[12].max() < naive[12]
