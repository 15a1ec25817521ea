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
# where the training part has never been. The same small LSTM, trained in the same way, reads the series as it is,
# detrended, differenced, and relative to each window. How much does that matter, and is it worth it?
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run non-stationary-series`
# in a terminal, or this notebook in Jupyter.

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
report.value("months", len(series), tolerance=0)
report.value("months_above", above.sum(), tolerance=0)
report.value("train_max", train.max(), tolerance=0.01)
report.value("test_rise", test.max() - train.max(), tolerance=0.01)

figure, axes = plt.subplots(figsize=(7.2, 2.8))
axes.plot(
    years[:n_train], train, color=plots.INK, linewidth=1, label="training part"
)
axes.plot(
    years[n_train:],
    test,
    color=plots.PALETTE[0],
    linewidth=1,
    label="test part",
)
axes.axhline(train.max(), color=plots.MUTED, linestyle="--", linewidth=1)
axes.annotate(
    "highest month in training",
    (years[0], train.max()),
    xytext=(0, 5),
    textcoords="offset points",
    color=plots.MUTED,
)
axes.set_ylabel("parts per million")
figure.legend(loc="outside upper left", ncols=2)
report.figure(
    "series",
    figure,
    alt="Monthly carbon dioxide from 1958 to 2001: a rise from 315 to 371 parts per million with a yearly swing; "
    "nearly all of the test part lies above the highest month of the training part",
)

# %% [markdown]
# ## Is it stationary?
#
# Two tests with opposite null hypotheses, on the training part: ADF's is a unit root (a level that wanders),
# KPSS' is a constant level. A small p-value speaks against the null. KPSS looks its p-values up in a table that
# ends at 0.01 and 0.1.

# %%
FORMS = {
    "levels": train,
    "differences": prepare.difference(train),
    "seasonal differences": prepare.difference(train, lag=12),
    "both": prepare.difference(prepare.difference(train, lag=12)),
}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # KPSS warns where its table ends
    checks = pd.DataFrame(
        {
            name: {
                "ADF p-value": adfuller(values)[1],
                "KPSS p-value": kpss(values, nlags="auto")[1],
            }
            for name, values in FORMS.items()
        }
    ).T.rename_axis("training part as")
report.table("checks", checks, tolerance=0.05)
# The tests say what a look at the series says: levels wander, first differences do not
assert checks.loc["levels", "ADF p-value"] > 0.9
assert checks.loc["levels", "KPSS p-value"] < 0.05
assert checks.loc["differences", "ADF p-value"] < 0.05
assert checks.loc["differences", "KPSS p-value"] > 0.05
# and disagree where the rise itself gets steeper
assert checks.loc["seasonal differences"].max() < 0.05
# The differences still have the yearly cycle, which neither test looks for
by_year = prepare.difference(train)[: 33 * 12].reshape(33, 12)
share = by_year.mean(axis=0).var() / by_year.var()
report.value("season_share_of_differences", share, tolerance=0.01)
assert share > 0.8

# %% [markdown]
# ## Seven ways to give it to a network
#
# In each, the network reads 24 values and forecasts the next one. Each way returns the pairs, scaled with numbers
# from the training part, and a function that turns forecasts for the test part back into parts per million.
#
# - **levels**: the series, standardised.
# - **minus a straight line**: the line is fitted on the training part and goes on through the test part.
# - **differences**, **seasonal differences**, **both**: against last month, against the same month last year, and
#   one after the other.
# - **minus the last value**: from each window and its target, the window's last value is taken off.
# - **minus the last value, by its spread**: and both are then divided by the window's standard deviation.


# %%
def whole_series(values, undo):
    """Standardise a transformed series and cut it into windows; the last ones are the test part."""
    known = values[: len(values) - N_TEST]
    mean, scale = known.mean(), known.std()
    x, y = prepare.frame_supervised((values - mean) / scale, N_IN)
    return x, y[:, 0], lambda forecast: undo(forecast * scale + mean)


def window_by_window(divide):
    """Take the last value off each window, and perhaps divide by its spread."""
    x, y = prepare.frame_supervised(series, N_IN)
    x, level = prepare.subtract_last(x)
    scale = np.full(level.shape, x[:-N_TEST].std())
    if divide:
        scale = x.std(axis=1, keepdims=True)

    def undo(forecast):
        change = forecast[:, None, None] * scale[-N_TEST:]
        return prepare.add_level(change, level[-N_TEST:])[:, 0, 0]

    return x / scale, ((y - level) / scale)[:, 0], undo


time = np.arange(len(series))
line = np.polyval(np.polyfit(time[:n_train], train, 1), time)
last_month, last_year = series[n_train - 1 : -1], series[n_train - 12 : -12]
last_change = (
    last_month - series[n_train - 13 : -13]
)  # what last month gained in a year
seasonal = prepare.difference(series, lag=12)
WAYS = {
    "levels": whole_series(series, lambda f: f),
    "minus a straight line": whole_series(
        series - line, lambda f: f + line[n_train:]
    ),
    "differences": whole_series(
        prepare.difference(series), lambda f: f + last_month
    ),
    "seasonal differences": whole_series(seasonal, lambda f: f + last_year),
    "both": whole_series(
        prepare.difference(seasonal), lambda f: f + last_change + last_year
    ),
    "minus the last value": window_by_window(divide=False),
    "minus the last value, by its spread": window_by_window(divide=True),
}
for _, y, undo in WAYS.values():  # undoing the true answers gives the series again
    np.testing.assert_allclose(
        undo(y[-N_TEST:, 0].astype("float64")), test, atol=1e-3
    )

# %% [markdown]
# ## Methods that need no network
#
# Persistence (like last month), seasonal naive (like the same month last year), seasonal naive with drift (plus
# what last month gained on the same month of the year before), Holt-Winters and the seasonal ARIMA of orders (0,
# 1, 1) and (0, 1, 1). The last two are fitted on the training part and then only told the true values.

# %%
seasons = {"trend": "add", "seasonal": "add", "seasonal_periods": 12}
holt = ExponentialSmoothing(train, **seasons).fit().params
told = ExponentialSmoothing(
    series,
    **seasons,
    initialization_method="known",
    initial_level=holt["initial_level"],
    initial_trend=holt["initial_trend"],
    initial_seasonal=holt["initial_seasons"],
).fit(
    smoothing_level=holt["smoothing_level"],
    smoothing_trend=holt["smoothing_trend"],
    smoothing_seasonal=holt["smoothing_seasonal"],
    optimized=False,
)
arima = SARIMAX(train, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(
    disp=False
)
baselines = {
    "persistence": last_month,
    "seasonal naive": last_year,
    "seasonal naive with drift": last_year + last_change,
    "Holt-Winters": told.fittedvalues[n_train:],
    "seasonal ARIMA": arima.append(test).predict(n_train, len(series) - 1),
}
rmse = {name: root_mean_squared_error(test, f) for name, f in baselines.items()}
{name: round(error, 3) for name, error in rmse.items()}

# %% [markdown]
# ## The LSTM, and a linear model on the same inputs
#
# 16 units, 400 steps of 32 windows with Adam and a rate that falls from 0.01 to 0. These settings were chosen for
# all seven ways alike, on the ten years before the test part, in trials that are not shown.


# %%
def compiled(n_out):
    """Build and compile a network once; start_again makes it a new one."""
    network = models.vanilla_lstm(N_IN, 1, units=16, n_outputs=n_out)
    rate = keras.optimizers.schedules.CosineDecay(0.01, STEPS)
    network.compile(
        keras.optimizers.Adam(rate),
        loss="mse",
        jit_compile=True,
        steps_per_execution=25,
    )
    network.optimizer.build(network.trainable_variables)
    return network


def start_again(network, seed):
    """Give a network fresh weights and its optimizer a fresh state: cheaper than to build and compile it anew."""
    keras.utils.set_random_seed(seed)
    network.set_weights(keras.models.clone_model(network).get_weights())
    for variable in network.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))


def fit(network, x, y, seed):
    """Train a fresh network for 400 steps on shuffled windows."""
    start_again(network, seed)
    rng = np.random.default_rng(seed)
    epochs = -(-STEPS * BATCH // len(x))
    order = np.concatenate([rng.permutation(len(x)) for _ in range(epochs)])
    order = order[: STEPS * BATCH]
    network.fit(x[order], y[order], batch_size=BATCH, shuffle=False, verbose=0)


one_step = compiled(1)
report.value("parameters", one_step.count_params(), tolerance=0)
forecasts = {way: [] for way in WAYS}
weights = []  # of the networks on differences, for a later question


def run(seed):
    """Score the LSTM in each of the ways."""
    scores = {}
    for way, (x, y, undo) in WAYS.items():
        fit(one_step, x[:-N_TEST], y[:-N_TEST], seed)
        answer = one_step.predict_on_batch(x[-N_TEST:])[:, 0]
        forecasts[way].append(undo(answer.astype("float64")))
        scores[way] = root_mean_squared_error(test, forecasts[way][-1])
        if way == "differences":
            weights.append(one_step.get_weights())
    return scores


scores = evaluate.repeat(run, SEEDS, label="ways")
linear = {}
for way, (x, y, undo) in WAYS.items():
    model = LinearRegression().fit(x[:-N_TEST, :, 0], y[:-N_TEST, 0])
    linear[way] = undo(model.predict(x[-N_TEST:, :, 0]))
linear_rmse = {way: root_mean_squared_error(test, f) for way, f in linear.items()}
scores.describe().T.round(3)

# %%
intervals = {way: evaluate.mean_interval(scores[way]) for way in WAYS}
table = pd.DataFrame(
    {
        "LSTM": [intervals[way][0] for way in WAYS],
        "95 percent interval": [
            f"{low:.3f} to {high:.3f}" for _, low, high in intervals.values()
        ],
        "worst run": [scores[way].max() for way in WAYS],
        "linear": [linear_rmse[way] for way in WAYS],
    },
    index=pd.Index(WAYS, name="what the model reads"),
)
report.table("ways", table, tolerance=0.2)
report.table(
    "baselines",
    pd.DataFrame({"RMSE": rmse}).rename_axis("method").sort_values("RMSE"),
    tolerance=0.02,
)
rows = {f"LSTM: {way}": intervals[way] for way in WAYS if way != "levels"}
rows |= {name: (error,) * 3 for name, error in rmse.items() if error < 1}
rows |= {"linear: differences": (linear_rmse["differences"],) * 3}
rows = dict(sorted(rows.items(), key=lambda row: row[1][0]))
figure = plots.intervals(rows, "RMSE on the test part (parts per million)")
report.figure(
    "ways",
    figure,
    alt="Error of each way and method, best first: seasonal ARIMA near 0.28, then linear regression, Holt-Winters "
    "and the LSTM on differences or windows between 0.31 and 0.35, seasonal differences and both near 0.37, a "
    "straight line near 0.7; levels are off the chart",
)

for name, way in {
    "levels": "levels",
    "line": "minus a straight line",
    "differences": "differences",
    "seasonal": "seasonal differences",
    "both": "both",
    "window": "minus the last value",
    "spread": "minus the last value, by its spread",
}.items():
    report.value(
        f"lstm_{name}", intervals[way][0], tolerance=0.15 * intervals[way][0]
    )
    report.value(f"linear_{name}", linear_rmse[way], tolerance=0.005)
for name, error in rmse.items():
    report.value(
        name.lower().replace(" ", "_").replace("-", "_"), error, tolerance=0.01
    )
report.value(
    "levels_times_persistence",
    intervals["levels"][0] / rmse["persistence"],
    tolerance=1,
)

# The claims. As it is: every run is worse than persistence
assert scores["levels"].min() > rmse["persistence"]
# A straight line helps, and leaves every run behind the seasonal naive with drift
assert scores["minus a straight line"].max() < rmse["persistence"]
assert scores["minus a straight line"].min() > rmse["seasonal naive with drift"]
# First differences and windows: every run is far below persistence, and on average below the naive with drift
good = [
    "differences",
    "minus the last value",
    "minus the last value, by its spread",
]
assert scores[good].max(axis=None) < 0.4 * rmse["persistence"]
assert scores[good].mean().max() < rmse["seasonal naive with drift"]
assert 0.2 < intervals["differences"][0] / rmse["persistence"] < 0.3
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
figure, axes = plt.subplots(figsize=(7.2, 3.4))
axes.axvline(0, color=plots.MUTED, linestyle="--", linewidth=1)
for way, colour in (("levels", 1), ("minus the last value", 0)):
    axes.plot(
        distance,
        misses[way],
        "o",
        color=plots.PALETTE[colour],
        markersize=4,
        label=f"LSTM, {way}",
    )
axes.set_xlabel(
    "true value above the highest month in training (parts per million)"
)
axes.set_ylabel("forecast minus truth")
axes.legend(loc="lower left")
report.figure(
    "distance",
    figure,
    alt="Error of the forecast against the distance above the training maximum: on levels it grows from about 0 at "
    "the maximum to about -10 parts per million at 14 above it; relative to each window it stays at 0",
)
near, far = distance <= 0, distance > 10
off = {
    (way, name): float(np.abs(misses[way][part]).mean())
    for way in ("levels", "minus the last value")
    for name, part in (("below", near), ("far", far))
}
report.value("levels_off_below", off["levels", "below"], tolerance=0.3)
report.value("levels_off_far", off["levels", "far"], tolerance=2)
report.value("window_off_far", off["minus the last value", "far"], tolerance=0.1)
highest = np.array([forecast.max() for forecast in forecasts["levels"]])
report.value("levels_highest", highest.max() - train.max(), tolerance=3)
assert off["levels", "far"] > 5 * off["levels", "below"]
assert off["minus the last value", "far"] < 0.1 * off["levels", "far"]
assert (highest < test.max() - 3).all()

last = slice(-60, None)
figure = plots.forecast(
    test[last],
    {
        "levels": forecasts["levels"][0][last],
        "minus a straight line": forecasts["minus a straight line"][0][last],
        "differences": forecasts["differences"][0][last],
    },
    "parts per million",
    index=years[n_train:][last],
)
figure.axes[0].get_legend().remove()
figure.legend(loc="outside upper left", ncols=4)
report.figure(
    "forecasts",
    figure,
    alt="The last five years: on levels the forecasts stay flat far below the rising truth; those from differences "
    "lie on it; those from the series minus a straight line are close to it",
)

# %% [markdown]
# ## Twelve months ahead
#
# Now each forecast is for the next twelve months, none of which is told. Differences have to be added up: the
# forecast of month twelve is the last known value plus twelve forecast changes. Seasonal differences need no sum
# up to twelve months, for the same month of last year is known. Three networks give all twelve at once; the
# fourth is the one-month network on differences with its own forecasts put back in.

# %%
twelve = compiled(N_OUT)
origins = np.arange(
    n_train, len(series) - N_OUT + 1
)  # first month of each forecast
ahead = origins[:, None] + np.arange(N_OUT)
truth, now = series[ahead], series[origins - 1][:, None]


def twelve_steps(values):
    """Scaled pairs of 24 values in and 12 out, of the training part and at the origins."""
    offset = len(series) - len(values)
    known = values[: n_train - offset]
    mean, scale = known.mean(), known.std()
    x, y = prepare.frame_supervised((values - mean) / scale, N_IN, N_OUT)
    n_known = len(known) - N_IN - N_OUT + 1
    return x[:n_known], y[:n_known, :, 0], x[-len(origins) :], mean, scale


def direct(values, seed):
    """Train on the training part and forecast twelve transformed values at each origin."""
    x, y, unseen, mean, scale = twelve_steps(values)
    fit(twelve, x, y, seed)
    return twelve.predict_on_batch(unseen) * scale + mean


def relative(seed):
    """The same with each window's last value taken off window and target."""
    x, y = prepare.frame_supervised(series, N_IN, N_OUT)
    x, level = prepare.subtract_last(x)
    scale, n_known = (
        x[: n_train - N_IN - N_OUT + 1].std(),
        n_train - N_IN - N_OUT + 1,
    )
    x, y = x / scale, ((y - level) / scale)[:, :, 0]
    fit(twelve, x[:n_known], y[:n_known], seed)
    unseen = x[-len(origins) :]
    return twelve.predict_on_batch(unseen) * scale


def fed_back(place):
    """The one-month network on differences, its own forecasts as input."""
    one_step.set_weights(weights[place])
    changes = prepare.difference(series)
    mean, scale = changes[: n_train - 1].mean(), changes[: n_train - 1].std()
    x, _ = prepare.frame_supervised((changes - mean) / scale, N_IN)
    window, answers = x[origins - 1 - N_IN], []
    for _ in range(N_OUT):
        answer = one_step.predict_on_batch(window)
        answers.append(answer[:, 0])
        window = np.concatenate([window[:, 1:], answer[:, :, None]], axis=1)
    return np.stack(answers, axis=1) * scale + mean


changes_off, errors = [], {}
for place, seed in enumerate(SEEDS[:5]):
    changes = direct(prepare.difference(series), seed)
    true_changes = np.diff(series)[ahead - 1]
    changes_off.append(np.sqrt(np.mean((changes - true_changes) ** 2, axis=0)))
    for name, forecast in {
        "differences, added up": now + changes.cumsum(axis=1),
        "differences, fed back": now + fed_back(place).cumsum(axis=1),
        "minus the last value": now + relative(seed),
        "seasonal differences": series[ahead - 12] + direct(seasonal, seed),
    }.items():
        error = np.sqrt(np.mean((forecast - truth) ** 2, axis=0))
        errors.setdefault(name, []).append(error)
drift = series[ahead - 12] + (series[origins - 1] - series[origins - 13])[:, None]
by_month = pd.DataFrame(
    {name: np.mean(rows, axis=0) for name, rows in errors.items()}
    | {"seasonal naive with drift": np.sqrt(np.mean((drift - truth) ** 2, axis=0))},
    index=pd.Index(range(1, N_OUT + 1), name="months ahead"),
)
changes_off = np.mean(changes_off, axis=0)
report.table("horizon", by_month.loc[[1, 3, 6, 12]], tolerance=0.2)
figure, axes = plt.subplots(figsize=(7.2, 3.6))
for way in errors:
    axes.plot(by_month.index, by_month[way], label=f"LSTM, {way}")
axes.plot(
    by_month.index,
    by_month.iloc[:, -1],
    color=plots.INK,
    linestyle="--",
    label=by_month.columns[-1],
)
axes.plot(
    by_month.index,
    changes_off,
    color=plots.MUTED,
    linestyle=":",
    label="one change alone",
)
axes.set_ylim(0)
axes.set_xticks(by_month.index)
axes.set_xlabel("months ahead")
axes.set_ylabel("RMSE (parts per million)")
figure.legend(loc="outside upper left", ncols=2)
report.figure(
    "horizon",
    figure,
    alt="Error against months ahead: all ways rise from between 0.3 and 0.4 to between 0.8 and 1.2 at twelve, "
    "while the error of a single month's change stays near 0.3",
)

added = by_month["differences, added up"]
report.value("one_change", changes_off.mean(), tolerance=0.05)
report.value("added_twelve", added[12], tolerance=0.15)
report.value("added_growth", added[12] / added[1], tolerance=0.6)
report.value(
    "seasonal_twelve", by_month.loc[12, "seasonal differences"], tolerance=0.2
)
report.value(
    "drift_twelve", by_month.loc[12, "seasonal naive with drift"], tolerance=0.01
)
# A single change is forecast as well twelve months ahead as one; the sum of twelve is far worse than one
assert changes_off.max() < 1.15 * changes_off.min()
assert added[12] > 2 * added[1]
# Feeding forecasts back is neither better nor worse than all twelve at once
assert (by_month["differences, fed back"] / added - 1).abs().max() < 0.1
# No sum, and still no better: the seasonal differences are behind, at one month and at twelve
assert (by_month["seasonal differences"] > added).loc[[1, 12]].all()
# At twelve months each of them is ahead of the seasonal naive with drift
assert (
    by_month.loc[12].drop("seasonal naive with drift").max()
    < by_month.loc[12, "seasonal naive with drift"]
)
by_month.round(3)
