# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From a raw numeric series to LSTM-ready arrays and back
#
# A series with a trend, a season and missing weeks is turned into windows and back. Then each choice on the way is
# measured by what it does to a forecast: scaling, differencing, filling, and three leaks of the future.
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run 3` in a terminal, or
# this notebook in Jupyter.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error as rmse
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from lstm_guide import datasets, evaluate, plots, prepare, report

plots.use_style()
SEEDS = range(report.first_seed(), report.first_seed() + 5)


def measured(tolerance, **numbers):
    """Report several numbers for the page."""
    for name, number in numbers.items():
        report.value(name, number, tolerance)


# %% [markdown]
# ## The series
#
# Carbon dioxide in the air at Mauna Loa, one value a week from 1958 to 2001, in parts per million (ppm). The last ten
# years, 520 weeks, are the test part. All missing weeks lie in the training part.

# %%
raw = datasets.co2()
N_TEST = 520
train, test = prepare.split_in_time(raw, N_TEST)
n_train = len(train)
missing = raw.isna()
measured(0, weeks=len(raw), weeks_missing=missing.sum())
measured(0.001, test_above_train=(test > train.max()).mean())
assert missing[:n_train].sum() == missing.sum() == 59

# Only gaps inside the training part are filled here, from both sides
filled = raw.interpolate()

figure, axes = plt.subplots(figsize=(5.6, 2.8))
axes.plot(train, color=plots.INK, linewidth=0.9, label="training part")
axes.plot(test, color=plots.PALETTE[0], linewidth=0.9, label="test part")
marks = pd.Series(309.0, raw.index[missing])
axes.plot(marks, "|", color=plots.PALETTE[1], markersize=9, label="missing week")
axes.set_ylabel("carbon dioxide (ppm)")
axes.legend(loc="upper left", bbox_to_anchor=(0, 1.2), ncols=3, borderpad=0)
report.figure(
    "series",
    figure,
    alt="Weekly carbon dioxide, 1958 to 2001: a yearly cycle on a rise from 315 to 370 ppm; most holes are early",
)

# %% [markdown]
# ## There and back
#
# The whole road: fill the gaps and remember where they were, take the logarithm, take off the value of a year ago,
# scale, cut into windows. Then all of it backwards, in the opposite order.

# %%
SEASON = 52
logs = np.log(filled)
changes = prepare.difference(logs, SEASON)
scaler = StandardScaler().fit(changes[: n_train - SEASON].to_frame())
scaled = pd.Series(scaler.transform(changes.to_frame())[:, 0], changes.index)
x, y = prepare.frame_supervised(scaled, n_in=SEASON)


def undo(values):
    """Go back from scaled changes, (time,), to ppm."""
    unscaled = scaler.inverse_transform(values.reshape(-1, 1))[:, 0]
    whole = prepare.undo_difference(
        pd.Series(unscaled, changes.index), logs[:SEASON]
    )
    return np.exp(whole).mask(missing)


back = undo(scaled.to_numpy())
# The windows overlap: the first one, then the target of each
from_windows = undo(np.concatenate([x[0, :, 0], y[:, 0, 0]]).astype("float64"))

# The claim: back to the original, missing weeks and time stamps included. The
# windows hold float32, seven digits, and yearly changes add up over 42 years
assert back.index.equals(raw.index) and (back.isna() == missing).all()
assert np.abs(back - raw).max() < 1e-9
assert np.abs(from_windows - raw).max() < 1e-4

# %% [markdown]
# ## Windows that can be read by eye
#
# The same framing, on a series short enough to check by hand: 10, 20, 30 up to 80.


# %%
def pairs(**options):
    """Cut 10, 20 ... 80 into pairs."""
    x, y = prepare.frame_supervised(np.arange(10, 90, 10), n_in=3, **options)
    assert x.shape == (len(x), 3, 1) and y.shape == (len(x), y.shape[1], 1)
    return [f"{w} -> {t}" for w, t in zip(x[:, :, 0], y[:, :, 0], strict=True)]


assert pairs() == [
    "[10. 20. 30.] -> [40.]",
    "[20. 30. 40.] -> [50.]",
    "[30. 40. 50.] -> [60.]",
    "[40. 50. 60.] -> [70.]",
    "[50. 60. 70.] -> [80.]",
]
assert pairs(n_out=2, gap=1) == [
    "[10. 20. 30.] -> [50. 60.]",
    "[20. 30. 40.] -> [60. 70.]",
    "[30. 40. 50.] -> [70. 80.]",
]

# %% [markdown]
# ## What the preparation does to a forecast
#
# The task: the value a quarter, 13 weeks, ahead. A window spans a year, every fourth week of it, since neighbours say
# nearly the same. The network has 16 units. To save time it trains on every third window.

# %%
N_IN, AHEAD, EVERY = 53, 13, 4
EPOCHS, BATCH = 14, 64
values, future = prepare.frame_supervised(filled, N_IN, gap=AHEAD - 1)
values, future = values[:, ::EVERY], future[:, 0]
now = values[:, -1]
steps = np.diff(values, axis=1)  # changes over four weeks
origins = np.arange(N_IN - 1, len(raw) - AHEAD)  # the last step of each window
in_train = origins + AHEAD < n_train  # its target, too, lies in the training part
in_test = origins >= n_train - 1  # forecast when the training part is over
thinned = in_train & (origins % 3 == 0)
actual = future[in_test, 0]
UPDATES = EPOCHS * -(-thinned.sum() // BATCH)
networks = {}


def fit_and_forecast(x, y, fit_on, asked, seed, masked=False):
    """Fit from fresh weights and forecast; to save time each network is compiled once."""
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input(x.shape[1:]),
        keras.layers.LSTM(16),
        keras.layers.Dense(1),
    ]
    if masked:  # leave out steps that are -99
        layers.insert(1, keras.layers.Masking(-99.0))
    fresh = keras.Sequential(layers)
    kind = (x.shape[1:], masked)
    if kind not in networks:
        rate = keras.optimizers.schedules.CosineDecay(0.01, UPDATES)
        # An epoch in one call: saves time, changes no result
        fresh.compile(
            keras.optimizers.Adam(rate), loss="mse", steps_per_execution=16
        )
        fresh.optimizer.build(fresh.trainable_variables)
        networks[kind] = fresh, [v.numpy() for v in fresh.optimizer.variables]
    model, at_start = networks[kind]
    model.set_weights(fresh.get_weights())
    for variable, start in zip(model.optimizer.variables, at_start, strict=True):
        variable.assign(start)
    model.fit(x[fit_on], y[fit_on], batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return model.predict_on_batch(x)[asked]


# %% [markdown]
# It reads values, or changes over four weeks; it is asked for the value a quarter ahead, or the change from now, to
# which the value of now is added. Input and target have a scaler each. `FunctionTransformer` changes nothing.

# %%
# windows, targets, what is added to a forecast; the rows to fit the two scalers on
as_values = values, future, 0 * now, filled, filled
as_changes = steps, future - now, now, filled.diff(EVERY), filled.diff(AHEAD)
mixed = values, future - now, now, filled, filled.diff(AHEAD)
WAYS = {
    "raw in, raw out": (as_values, FunctionTransformer, FunctionTransformer),
    "scaled in, raw out": (as_values, StandardScaler, FunctionTransformer),
    "raw in, scaled out": (as_values, FunctionTransformer, StandardScaler),
    "values, standardised": (as_values, StandardScaler, StandardScaler),
    "values, 0 to 1": (as_values, MinMaxScaler, MinMaxScaler),
    "values in, change out": (mixed, StandardScaler, StandardScaler),
    "changes": (as_changes, StandardScaler, StandardScaler),
}


def forecast(way, seed, known=n_train, fit_on=thinned, asked=in_test):
    """Forecast in ppm; the scalers are fitted on the first weeks, as many as are known."""
    (x, y, added, *rows), *kinds = WAYS[way]
    x_scaler, y_scaler = (
        kind().fit(np.c_[row[:known]])
        for kind, row in zip(kinds, rows, strict=True)
    )
    x = x_scaler.transform(x.reshape(-1, 1)).reshape(x.shape)
    y = y_scaler.transform(y)
    guess = fit_and_forecast(x, y, fit_on, asked, seed)
    return (y_scaler.inverse_transform(guess) + added[asked])[:, 0]


LEAKS = ["values, 0 to 1", "values, standardised", "changes"]


def run(seed):
    """Error on the test part, with scalers that saw the past only, and all weeks."""
    result = {way: rmse(actual, forecast(way, seed)) for way in LEAKS}
    leaky = {way: forecast(way, seed, known=len(raw)) for way in LEAKS}
    return result | {way + "*": rmse(actual, leaky[way]) for way in LEAKS}


scores = evaluate.repeat(run, SEEDS, label="preparations")
twice = [way for way in WAYS if way not in LEAKS]  # two runs each are enough
guesses = {(way, k): forecast(way, k) for way in twice for k in SEEDS[:2]}
for (way, seed), guess in guesses.items():
    scores.loc[seed, way] = rmse(actual, guess)

# %% [markdown]
# ### Methods without a network
#
# Persistence: as now. Seasonal naive: as a year before. Last year's change: now, and what the same quarter added a year
# ago. And a linear regression on the same 13 changes.

# %%
ends = origins[in_test] + AHEAD  # the steps that are forecast
a_year_before = filled.to_numpy()[ends - SEASON]
last_change = a_year_before - filled.to_numpy()[ends - SEASON - AHEAD]
naive = {
    "persistence": rmse(actual, now[in_test, 0]),
    "seasonal naive": rmse(actual, a_year_before),
    "last year's change": rmse(actual, now[in_test, 0] + last_change),
}
x = steps[:, :, 0]
model = LinearRegression().fit(x[in_train], (future - now)[in_train])
linear = rmse(actual, (model.predict(x[in_test]) + now[in_test])[:, 0])

rows = {"LSTM, " + way: evaluate.mean_interval(scores[way]) for way in LEAKS}
fixed = {"LSTM, " + way: scores[way].mean() for way in twice} | naive
fixed["linear regression, changes"] = linear
rows |= {name: (score,) * 3 for name, score in fixed.items()}
rows = dict(sorted(rows.items(), key=lambda row: row[1][0]))
table = pd.DataFrame(rows, ["RMSE (ppm)", "low", "high"]).T.rename_axis("method")
low, high = table.pop("low"), table.pop("high")
table["95 percent interval"] = [
    f"{a:.2f} to {b:.2f}" if a < b else "" for a, b in zip(low, high, strict=True)
]
report.table("preparations", table, tolerance=0.25, floatfmt=".2f")
figure = plots.intervals(
    {name: row for name, row in rows.items() if row[0] < 20},
    "RMSE a quarter ahead (ppm), lower is better",
    highlight="LSTM, changes",
)
report.figure(
    "preparations",
    figure,
    alt="Linear regression and LSTM on changes are below 1 ppm, then naive methods; LSTMs that read values are worst",
)

mean, lstm, on_values = scores.mean(), scores["changes"], scores[LEAKS[:2]]
spread = max(guesses["raw in, scaled out", seed].std() for seed in SEEDS[:2])
measured(0, forecasts=in_test.sum())
measured(0.005, linear_rmse=linear)
names = ["raw", "raw_out", "raw_in", "standard", "minmax", "mixed", "changes"]
for name, way in zip(names, WAYS, strict=True):
    report.value(f"{name}_rmse", mean[way], tolerance=0.25 * mean[way])

# A raw target is out of reach in this training. A raw input drives the gates to
# their ends: every window gets the same forecast. Scaled, no run on values beats
# seasonal naive, and their mean not even persistence; asked for the change, still
# none beats persistence. Every run on changes beats every naive method, and their
# mean is no better than the regression
assert scores[["raw in, raw out", "scaled in, raw out"]].min().min() > 300
assert spread < 0.01 and mean["raw in, scaled out"] > 5 * naive["persistence"]
assert on_values.min().min() > max(naive["seasonal naive"], 2 * lstm.max())
assert on_values.mean().min() > naive["persistence"]
assert scores["values in, change out"].min() > naive["persistence"]
assert lstm.max() < min(naive.values()) and linear < lstm.mean()

# %% [markdown]
# ## Leak 1: the scaler has seen the test part
#
# The same runs, paired by seed: the same first weights and batches. Only the scalers differ.

# %%
honest = scores[LEAKS]
leaky = scores[[way + "*" for way in LEAKS]].set_axis(LEAKS, axis=1)
ratio, percent = leaky / honest - 1, "{:+.1%}".format
table = pd.DataFrame(
    {
        "past only": honest.mean(),
        "all data": leaky.mean(),
        "mean change": ratio.mean().map(percent),
        "least": ratio.min().map(percent),
        "most": ratio.max().map(percent),
    }
).rename_axis("read and forecast")
report.table("scaler_leak", table, tolerance=0.25, floatfmt=".2f")
minmax, standard, differenced = (ratio[way] for way in LEAKS)
measured(0.15, leak_minmax=-minmax.mean(), leak_standard=standard.mean())
measured(0.3, leak_standard_low=standard.min(), leak_standard_high=standard.max())
measured(0.01, leak_changes=differenced.abs().max())

# Scaled to 0 to 1, the leak flatters every run; on changes it does nothing
assert (minmax < 0).all()
assert differenced.abs().max() < 0.02

# Why: the smallest value lies in the training part, so the leaking scaler is the
# honest one with a smaller range. It tells the network nothing but that number
everything = filled.to_frame()
leaking = MinMaxScaler().fit(everything).transform(everything)
top = leaking[:n_train].max()
narrow = MinMaxScaler(feature_range=(0, top)).fit(train.to_frame())
assert np.allclose(narrow.transform(everything), leaking)
measured(0.001, leak_top=top)

# %% [markdown]
# ## Leak 2: windows split at random
#
# One fifth of the training windows is held back, at random or from the end, to promise the error. The test part says
# what it is, for the network that was trained on all.


# %%
def promise(way, at_random, seed):
    """Error on held-back windows of the training part."""
    order = np.flatnonzero(in_train)
    if at_random:
        order = np.random.default_rng(seed).permutation(order)
    held = order[-(len(order) // 5) :]
    # In time: the targets of the last 12 lie beyond the first forecast held back
    fit_on = order[: -len(held) - (AHEAD - 1)][::3]
    guess = forecast(way, seed, fit_on=fit_on, asked=held)
    return rmse(future[held, 0], guess)


table = []
for way in LEAKS[1:]:
    found = evaluate.repeat(
        lambda seed, way=way: {
            "promised by a random split": promise(way, True, seed),
            "promised by a split in time": promise(way, False, seed),
            "what came": scores.loc[seed, way],
        },
        SEEDS[:3],
        label="splits",
    )
    at_random, in_time = (found.iloc[:, k] / found["what came"] for k in (0, 1))
    table.append(found.mean().rename(way))
    kind = way.split(",")[0]
    measured(0.15, **{"random_split_" + kind: at_random.mean()})
    measured(0.3, **{"time_split_" + kind: in_time.mean()})

    # In each run a random split promises less than what came; on average a split
    # in time is nearer
    assert (at_random < 1).all()
    assert (in_time - 1).abs().mean() < (at_random - 1).abs().mean()
table = pd.DataFrame(table).rename_axis("read and forecast")
report.table("split_leak", table, tolerance=0.3, floatfmt=".2f")

# %% [markdown]
# ## Missing weeks, and leak 3: filling with the future
#
# We take out 30 percent of all weeks, in outages of one to eight, and know what was there. Each way forecasts the same
# test weeks; pairs whose target is missing are not learned. Windows are relative to the last week known.
#
# - **drop**: the 53 last known values, however old, as if they were 53 weeks in a row;
# - **forward fill**: the last known value stays;
# - **line, past only**: between known values of the window; at its end the last one stays;
# - **line, peeking**: over the whole series, as `series.interpolate()` does, with the help of values that come later;
# - **indicator**: forward fill, and one more feature that says which values were there;
# - **mask**: a `Masking` layer leaves out missing steps (LSTM only).

# %%


def cope(seed, share=0.3):
    """Draw outages; return windows by way of coping, the last values, pairs to learn from."""
    rng = np.random.default_rng(seed)
    gone = np.zeros(len(raw), dtype=bool)
    while gone.mean() < share:
        start = rng.integers(1, len(raw) - 8)
        gone[start : start + rng.integers(1, 9)] = True
    known = filled.mask(gone)
    last = known.ffill().to_numpy()[origins]

    def windows(series):
        return prepare.frame_supervised(series, N_IN, gap=AHEAD - 1)[0]

    seen, line = windows((~gone).astype(float)), windows(known.interpolate())
    late = np.cumsum(seen[:, ::-1], axis=1)[:, ::-1] == 0  # nothing known after it
    rows = np.lib.stride_tricks.sliding_window_view(filled[~gone], N_IN)
    row = np.cumsum(~gone)[origins] - N_IN  # of the window that ends at the origin
    ways = {
        "drop": rows[np.maximum(row, 0)][:, :, None],
        "forward fill": windows(known.ffill()),
        "line, past only": np.where(late, last[:, None, None], line),
        "line, peeking": line,
    }
    ways = {name: (x - last[:, None, None])[:, ::EVERY] for name, x in ways.items()}
    ways["indicator"] = np.append(ways["forward fill"], seen[:, ::EVERY], axis=2)
    return ways, last, in_train & (row >= 0) & ~gone[origins + AHEAD]


def by_regression(seed):
    """Error of a linear regression for each way of coping."""
    ways, last, fit_on = cope(seed)
    ways = {name: (x, last) for name, x in ways.items()}
    ways["nothing missing"] = values - now[:, None], now[:, 0]
    result = {}
    for name, (x, added) in ways.items():
        x = x.reshape(len(x), -1)
        model = LinearRegression().fit(x[fit_on], (future[:, 0] - added)[fit_on])
        result[name] = rmse(actual, model.predict(x[in_test]) + added[in_test])
    return result


def by_network(seed):
    """Error of the LSTM for four ways of coping, scaled by what is known in training."""
    ways, last, learnable = cope(seed)
    fit_on = np.flatnonzero(learnable)[::2]  # some are missing
    unit = [ways["forward fill"][fit_on].std(), 1]  # the indicator stays as it is
    y = (future[:, 0] - last)[:, None]
    y_unit = y[fit_on].std()
    names = ["forward fill", "line, past only", "indicator"]
    ways = {name: ways[name] / unit[: ways[name].shape[2]] for name in names}
    seen = ways["indicator"][:, :, 1:] == 1
    ways["mask"] = np.where(seen, ways["forward fill"], -99.0)
    result = {}
    for name, x in ways.items():
        masked = name == "mask"
        guess = fit_and_forecast(x, y / y_unit, fit_on, in_test, seed, masked)
        result[name] = rmse(actual, guess[:, 0] * y_unit + last[in_test])
    return result


line = evaluate.repeat(
    by_regression, range(SEEDS[0], SEEDS[0] + 10), label="outages, linear"
)
lstm = evaluate.repeat(by_network, SEEDS[:3], label="outages, LSTM")
table = pd.DataFrame(
    {"linear regression, 10 draws": line.mean(), "LSTM, 3 draws": lstm.mean()}
).sort_values("linear regression, 10 draws")
table = table.rename_axis("missing weeks").map("{:.2f}".format).replace("nan", "")
report.table("missing", table, tolerance=0.25, floatfmt=".2f")
peek = 1 - line["line, peeking"] / line["line, past only"]
measured(0.02, peek=peek.mean(), peek_low=peek.min(), peek_high=peek.max())
measured(0.05, drop_ratio=(line["drop"] / line["forward fill"]).mean())
measured(0.4, mask_ratio=(lstm["mask"] / lstm["forward fill"]).mean())

# In each draw: dropping is worst, a line through the past beats forward fill, and
# peeking looks better than any honest way. An indicator, which a regression can only
# add, brings nothing on average. Three draws tell only one thing of the LSTM: the mask
# is worst
best = line.drop(columns=["line, peeking", "nothing missing"]).min(axis=1)
assert (line["drop"] > 1.3 * line["forward fill"]).all()
assert (line["line, past only"] < line["forward fill"]).all()
assert (line["line, peeking"] < best).all()
assert (lstm["mask"] > lstm["forward fill"]).all()
assert lstm.mean().idxmax() == "mask"
mean = line.mean()
assert mean["forward fill"] < mean["indicator"] < 1.1 * mean["forward fill"]
