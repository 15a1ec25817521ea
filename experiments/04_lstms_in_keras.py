# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From data to prediction in five steps
#
# One problem, one small network, the whole life-cycle: define, compile, fit, evaluate, predict. Is what comes out
# better than a naive guess, than a linear model, than boosted trees? How far is it from the best that is possible? Then
# two things that every fit shows, a learning curve and a bill: where the seconds go.
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run 4` in a terminal, or
# this notebook in Jupyter.

# %%
import time
from functools import partial

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error

from lstm_guide import evaluate, plots, problems, report

plots.use_style()
SEEDS = range(report.first_seed(), report.first_seed() + 8)

# %% [markdown]
# ## The problem
#
# A rain barrel holds 100 litres and starts half full. Every day it may rain, and some water is wanted. What the
# barrel cannot hold is lost; what is not there cannot be taken. Given rain and water wanted on 14 days, how much is
# in the barrel on the last evening? The level is read with a dipstick, whose error has a standard deviation of 2
# litres. So the best error possible is known: whoever follows the barrel day by day is off by 2 litres, and nobody can
# do better.
#
# Each run has its own data: 3,200 barrels to learn from and 2,000 for the score; one has 500 more to watch.

# %%
N_STEPS, NOISE, CAPACITY = 14, 2.0, 100
SIZES = {"train": 3_200, "validation": 500, "test": 2_000}


def barrels(part, seed):
    """Return rain and water wanted, and the level on the last evening, in litres."""
    place = list(SIZES).index(part)
    x, levels = problems.rain_barrel(
        SIZES[part], N_STEPS, NOISE, seed=10_000 * place + seed
    )
    return x, levels[:, -1:]


def ledger(x):
    """Add up rain and use over all days, and only then heed floor and ceiling."""
    total = CAPACITY / 2 + x[:, :, 0].sum(axis=1) - x[:, :, 1].sum(axis=1)
    return np.clip(total, 0, CAPACITY)


def rule(x):
    """Follow the barrel day by day, which is what made the data."""
    level = np.full(len(x), CAPACITY / 2)
    for rain, wanted in x.swapaxes(0, 1).swapaxes(1, 2):
        level = np.maximum(np.minimum(level + rain, CAPACITY) - wanted, 0)
    return level


x, y = barrels("train", SEEDS[0])
print("input", x.shape, "target", y.shape)

# %% [markdown]
# ## The five steps


# %%
def define(kind):
    """Step 1: what the network is; the MLP, for comparison, has about as many weights."""
    layers = {
        "LSTM": [keras.layers.LSTM(24)],
        "MLP": [
            keras.layers.Flatten(),
            keras.layers.Dense(85, activation="relu"),
        ],
    }[kind]
    return keras.Sequential(
        [keras.Input(shape=(N_STEPS, 2)), *layers, keras.layers.Dense(1)]
    )


def life_cycle(kind, seed, x, y, watched=None, epochs=5, batch_size=32):
    """Steps 1 to 3; returns the model and what fit wrote down."""
    keras.utils.set_random_seed(seed)
    model = define(kind)
    # Step 2: what it is to reduce, and how
    steps = epochs * -(-len(x) // batch_size)
    rate = keras.optimizers.schedules.CosineDecay(0.03, steps)
    model.compile(keras.optimizers.Adam(rate), loss="mse", metrics=["mae"])
    # Step 3: reduce it; litres are divided by the capacity, on both sides
    history = model.fit(
        x / CAPACITY,
        y / CAPACITY,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=watched and tuple(part / CAPACITY for part in watched),
        verbose=0,
    )
    return model, history.history


def predict(model, x):
    """Step 5: from litres to litres."""
    return model.predict(x / CAPACITY, batch_size=1_000, verbose=0) * CAPACITY


histories, models = {}, {}


def run(seed):
    """Score the network and its rivals on barrels that none of them has seen."""
    x, y = barrels("train", seed)
    unseen, level = barrels("test", seed)
    # watching costs time and changes nothing, so one run is watched
    watched = barrels("validation", seed) if seed == SEEDS[0] else None
    models[seed], histories[seed] = life_cycle("LSTM", seed, x, y, watched)
    flat_model, _ = life_cycle("MLP", seed, x, y)
    flat, unseen_flat = x.reshape(len(x), -1), unseen.reshape(len(unseen), -1)
    line = LinearRegression().fit(flat, y)
    trees = HistGradientBoostingRegressor(random_state=0).fit(flat, y[:, 0])
    forecasts = {
        "LSTM": predict(models[seed], unseen),
        "MLP": predict(flat_model, unseen),
        "linear regression": line.predict(unseen_flat),
        "linear, kept to 0-100": line.predict(unseen_flat).clip(0, CAPACITY),
        "boosted trees": trees.predict(unseen_flat),
        "ledger": ledger(unseen),
        "mean level": np.full(len(level), y.mean()),
        "the rule itself": rule(unseen),
    }
    return {
        name: root_mean_squared_error(level, values)
        for name, values in forecasts.items()
    }


scores = evaluate.repeat(run, SEEDS, label="life-cycle")

# %% [markdown]
# Step 4, for the last of these models. `evaluate` gives the loss and the metrics in the unit of what it was given, here
# barrels. The loss is a mean square, so its root times the capacity is the error in litres: the same number that was
# computed above from the predictions.

# %%
seed = SEEDS[-1]
unseen, level = barrels("test", seed)
found = models[seed].evaluate(
    unseen / CAPACITY, level / CAPACITY, verbose=0, return_dict=True
)
error = np.sqrt(found["loss"]) * CAPACITY
print(f"RMSE {error:.2f} litres, mean absolute error {found['mae'] * CAPACITY:.2f}")
assert np.isclose(error, scores.loc[seed, "LSTM"], rtol=1e-3)

# %%
means = {name: evaluate.mean_interval(column) for name, column in scores.items()}
means = dict(sorted(means.items(), key=lambda row: row[1][0]))
table = pd.DataFrame(
    {
        "RMSE": [mean for mean, _, _ in means.values()],
        "95 percent interval": [
            f"{low:.2f} to {high:.2f}" for _, low, high in means.values()
        ],
        "best run": scores.min()[list(means)].to_numpy(),
        "worst run": scores.max()[list(means)].to_numpy(),
    },
    index=pd.Index(means, name="method"),
)
report.table("scores", table, tolerance=0.2, floatfmt=".2f")
figure = plots.intervals(means, "RMSE on unseen barrels (litres)", highlight="LSTM")
figure.set_size_inches(4.8, 4)
report.figure(
    "scores",
    figure,
    alt="Error of each method on unseen barrels: the rule itself at 2 litres, the LSTM near 5, the MLP near 7, boosted "
    "trees and linear regression between 12 and 15, the ledger near 18, the mean level above 30",
)
for name, number in zip(["rmse", "low", "high"], means["LSTM"], strict=True):
    report.value(f"lstm_{name}", number, tolerance=0.8)
report.value("lstm_worst", scores["LSTM"].max(), tolerance=2)
for name, method, tolerance in [
    ("rule", "the rule itself", 0.1),
    ("trees", "boosted trees", 0.5),
    ("mlp", "MLP", 1),
    ("linear", "linear regression", 0.5),
    ("mean", "mean level", 0.5),
]:
    report.value(f"{name}_rmse", means[method][0], tolerance)
report.value("lstm_parameters", define("LSTM").count_params(), tolerance=0)

# The claim: every run beats the naive guess by far, and every rival that has to learn
assert (scores["LSTM"] < 0.25 * scores["mean level"]).all()
assert (
    scores["LSTM"] < scores.drop(columns=["LSTM", "the rule itself"]).min(axis=1)
).all()
# After these 500 updates it is still behind the rule that made the data, which is as good as the dipstick
assert (scores["LSTM"] > 1.5 * scores["the rule itself"]).all()
assert (abs(scores["the rule itself"] - NOISE) < 0.15).all()

# %% [markdown]
# Five epochs are 500 updates. What does training longer bring, with the schedule stretched to match?

# %%
LONGER = 20  # epochs
x, y = barrels("train", SEEDS[0])
unseen, level = barrels("test", SEEDS[0])
longer = {}
for kind in ("LSTM", "MLP"):
    model, _ = life_cycle(kind, SEEDS[0], x, y, epochs=LONGER)
    longer[kind] = root_mean_squared_error(level, predict(model, unseen))
    print(
        f"{kind}: {scores.loc[SEEDS[0], kind]:.2f} becomes {longer[kind]:.2f} litres"
    )
report.value("lstm_longer", longer["LSTM"], tolerance=0.8)
report.value("mlp_longer", longer["MLP"], tolerance=1)
assert longer["LSTM"] < 0.9 * scores.loc[SEEDS[0], "LSTM"]
assert longer["LSTM"] < longer["MLP"] < scores.loc[SEEDS[0], "MLP"]

# %% [markdown]
# What does it do, seen from day to day? The same network with an answer every evening, and a barrel that it has not
# seen, one that runs empty and runs over. Beside it the sum of all rain and use so far, which knows no floor and no
# ceiling.

# %%
keras.utils.set_random_seed(SEEDS[0])
daily = keras.Sequential(
    [
        keras.Input(shape=(N_STEPS, 2)),
        keras.layers.LSTM(24, return_sequences=True),
        keras.layers.Dense(1),
    ]
)
rate = keras.optimizers.schedules.CosineDecay(0.03, decay_steps=1_000)
daily.compile(keras.optimizers.Adam(rate), "mse")
x, levels = problems.rain_barrel(SIZES["train"], N_STEPS, NOISE, seed=SEEDS[0])
daily.fit(x / CAPACITY, levels[:, :, None] / CAPACITY, epochs=10, verbose=0)

# the true levels, without the dipstick's error
x, levels = problems.rain_barrel(SIZES["test"], N_STEPS, seed=30_000 + SEEDS[0])
answers = predict(daily, x)[:, :, 0]
sums = CAPACITY / 2 + (x[:, :, 0] - x[:, :, 1]).cumsum(axis=1)
daily_error = root_mean_squared_error(levels, answers)
report.value("daily_rmse", daily_error, tolerance=1)
assert daily_error < 0.5 * root_mean_squared_error(levels, sums.clip(0, CAPACITY))

before = np.column_stack([np.full(len(x), CAPACITY / 2), levels[:, :-1]])
empty, full = levels == 0, before + x[:, :, 0] > CAPACITY
one = np.minimum(empty.sum(axis=1), full.sum(axis=1)).argmax()
days = np.arange(1, N_STEPS + 1)
figure, axes = plt.subplots(figsize=(4.8, 3.6))
for limit, name in ((0, "empty"), (CAPACITY, "full")):
    axes.axhline(limit, color=plots.INK, linewidth=1)
    axes.text(N_STEPS + 0.2, limit + 3, name, ha="right", color=plots.MUTED)
axes.plot(
    days, sums[one], "--", color=plots.PALETTE[1], label="sum of rain and use"
)
axes.plot(days, levels[one], "o", color=plots.INK, label="true level")
axes.plot(days, answers[one], color=plots.PALETTE[0], label="LSTM")
axes.set_xlabel("day")
axes.set_ylabel("litres in the evening")
axes.set_xticks(days[::2])
axes.legend(
    loc="upper left",
    bbox_to_anchor=(0, 1.16),
    ncols=3,
    borderpad=0,
    columnspacing=1,
)
report.figure(
    "one_barrel",
    figure,
    alt="Fourteen evenings of one barrel. The true level runs empty and nearly full, and the LSTM follows it; the sum "
    "of rain and use goes past the limits and stays off from then on",
    tolerance=1,
)

# %% [markdown]
# The linear regression sees all 28 numbers and gives each a weight. No weights make a barrel overflow: rain counts for
# nothing once the barrel is full, and whether it is depends on all that came before. The trees and the multilayer
# perceptron (MLP) can bend, but have to learn for each day anew what rain does. The LSTM uses the same weights on every
# day, and its state can play the part of the level.
#
# Who knows the rule should write the rule: it is three lines long and nothing beats it. The network is for processes
# of which there are examples but no rule.
#
# ## Learning curves
#
# What `fit` returns is a record of each epoch. Above, one of these runs: the two curves fall together. Below,
# the same network on 20 barrels and a dipstick that is off by 30 litres. It learns the errors by heart,
# and gets worse on other barrels while it gets better on its own. The lowest point of the validation curve is the
# one to keep.

# %%
FEW, ROUGH, LONG = 20, 30.0, 50


def learn_by_heart(seed):
    """Fit for far too long on far too little."""
    few, watched = (
        problems.rain_barrel(n, N_STEPS, ROUGH, seed=10_000 * place + seed)
        for place, n in ((3, FEW), (4, 500))
    )
    keras.utils.set_random_seed(seed)
    model = define("LSTM")
    model.compile(keras.optimizers.Adam(0.03), loss="mse")
    x, y, unseen, level = (
        part / CAPACITY
        for part in (few[0], few[1][:, -1:], watched[0], watched[1][:, -1:])
    )
    return model.fit(
        x,
        y,
        batch_size=5,
        epochs=LONG,
        validation_data=(unseen, level),
        validation_batch_size=500,
        verbose=0,
    ).history


def litres(mean_square):
    """Turn a loss into an error in litres."""
    return np.sqrt(mean_square) * CAPACITY


overfitted = learn_by_heart(SEEDS[0])
curves = {
    "3,200 barrels, a good dipstick": (histories[SEEDS[0]], NOISE, 40),
    "20 barrels, a rough dipstick": (overfitted, ROUGH, 60),
}
figure, panels = plt.subplots(2, figsize=(4.8, 5.6))
for axes, (title, curve) in zip(panels, curves.items(), strict=True):
    history, floor, top = curve
    epochs = 1 + np.arange(len(history["loss"]))
    axes.plot(epochs, litres(history["loss"]), label="training")
    axes.plot(epochs, litres(history["val_loss"]), label="validation")
    axes.axhline(floor, color=plots.MUTED, linestyle="--", linewidth=1.2)
    under = floor > 10  # where the validation curve runs just above the line
    place = {"y": floor - 1, "va": "top"} if under else {"y": floor + 1}
    axes.text(1, s="best possible", color=plots.MUTED, **place)
    axes.set_title(title)
    axes.set_ylim(0, top)
    axes.set_ylabel("RMSE (litres)")
    axes.legend(loc="upper right")
best = int(np.argmin(overfitted["val_loss"]))
panels[1].plot(best + 1, litres(overfitted["val_loss"][best]), "o", color=plots.INK)
panels[1].set_xlabel("epoch")
panels[0].set_xticks(range(1, 6))
report.figure(
    "learning_curves",
    figure,
    alt="Two learning curves. With 3,200 barrels training and validation error fall together towards the best "
    "possible. With 20 barrels and a rough dipstick the training error falls below the best possible while the "
    "validation error, after a lowest point marked with a dot, rises",
    tolerance=0.5,
)
lowest, last = (litres(overfitted["val_loss"][epoch]) for epoch in (best, LONG - 1))
report.value("overfit_best_epoch", best + 1, tolerance=50)
report.value("overfit_lowest", lowest, tolerance=5)
report.value("overfit_last", last, tolerance=8)
assert last > 1.03 * lowest
assert best + 1 < LONG
assert litres(overfitted["loss"][-1]) < ROUGH

# %% [markdown]
# ## Where the seconds go
#
# The shortest of a few repeats, on the machine that the page names; so read the ratios, and read them roughly. The
# first batch of every fit is not in the time per step: it holds the tracing, which has a column of its own.


# %%
def once(action):
    """Time an action."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def seconds(action, repeats=3):
    """Time an action after one run to warm up: the shortest of the repeats."""
    action()
    return min(once(action) for _ in range(repeats))


def compiled(jit_compile="auto"):
    """An LSTM for any length, ready to fit."""
    model = keras.Sequential(
        [
            keras.Input(shape=(None, 2)),
            keras.layers.LSTM(24),
            keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse", jit_compile=jit_compile)
    return model


x, y = (part / CAPACITY for part in barrels("train", SEEDS[0]))
rows = {}
for batch_size in (16, 64, 320):
    model = compiled()
    an_epoch = seconds(partial(model.fit, x, y, batch_size=batch_size, verbose=0))
    rows[batch_size] = (len(x) // batch_size, an_epoch)
table = pd.DataFrame(
    rows, index=["updates an epoch", "seconds an epoch"]
).T.rename_axis("batch size")
report.table("batch_size", table, tolerance=10, floatfmt=(".0f", ".0f", ".2f"))
batch_gain = rows[16][1] / rows[320][1]
report.value("batch_gain", batch_gain, tolerance=5 * batch_gain)
assert batch_gain > 1.3

# %%
rows, jit_gain = {}, {}
for n_steps in (14, 200):
    long, levels = problems.rain_barrel(64 * 15, n_steps, seed=SEEDS[0])
    long, target = long / CAPACITY, levels[:, -1:] / CAPACITY
    fits = [
        partial(compiled(jit).fit, batch_size=64, verbose=0)
        for jit in (False, True)
    ]
    first = [once(partial(fit, long[:64], target[:64])) for fit in fits]
    # in turns, so that what else the machine is doing slows both alike
    rounds = [
        [once(partial(fit, long, target)) / 15 * 1000 for fit in fits]
        for _ in range(6)
    ]
    shortest = np.min(rounds, axis=0).tolist()  # a list: arrays take True as a mask
    jit_gain[n_steps] = shortest[0] / shortest[1]
    for jit in (False, True):
        rows[f"{n_steps} steps, jit_compile={jit}"] = (first[jit], shortest[jit])
table = pd.DataFrame(
    rows, index=["first update (seconds)", "each further update (milliseconds)"]
).T.rename_axis("batches of 64")
report.table("jit", table, tolerance=10, floatfmt=("", ".1f", ".1f"))
for n_steps, gain in jit_gain.items():
    report.value(f"jit_gain_{n_steps}", gain, tolerance=5 * gain)
assert jit_gain[200] > 1
# With "auto", the default, Keras leaves the compiler off for a model with an LSTM
assert not compiled().jit_compile

# %%
model, window = compiled(), x[:1]
many = x[:2_000]
ways, number = "one window at a time", keras.ops.convert_to_numpy
per_window = {
    f"predict, {ways}": seconds(lambda: model.predict(window, verbose=0), 20),
    f"model(x), {ways}": seconds(lambda: number(model(window)), 20),
    f"predict_on_batch, {ways}": seconds(
        lambda: model.predict_on_batch(window), 50
    ),
}
for batch_size in (32, 1_000):
    call = partial(model.predict, many, batch_size=batch_size, verbose=0)
    name = f"predict, 2,000 windows in one call, batch_size={batch_size}"
    per_window[name] = seconds(call) / len(many)
one_call = per_window["predict, 2,000 windows in one call, batch_size=32"]
spent = pd.Series(per_window)
table = pd.DataFrame(
    {"milliseconds a window": 1000 * spent, "times one call": spent / one_call}
).rename_axis("way")
report.table("prediction_speed", table, tolerance=10, floatfmt=("", ".3f", ".1f"))
loop, batch = (
    per_window[f"{name}, one window at a time"]
    for name in ("predict", "predict_on_batch")
)
report.value("loop_ratio", loop / one_call, tolerance=5 * loop / one_call)
report.value("on_batch_ratio", loop / batch, tolerance=5 * loop / batch)
# Far below what was measured, so that it holds on any machine
assert loop > 5 * one_call
assert loop > 2 * batch
