# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Six ways to keep a fitted LSTM up to date
#
# A creek whose land is built over: from one month to the next the same rain makes another flow. Every month an LSTM may
# be updated with the month that has just ended, in six ways. What does each bring, what does it cost, and what is
# forgotten? A second creek, where nothing is built, shows what updating does where there is no drift.
#
# To run it: install the guide's package as its readme says, then `lstm-guide run 13` in a terminal, or this notebook in
# Jupyter.

# %%
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from river import drift
from sklearn.linear_model import Ridge

from lstm_guide import evaluate, models, plots, problems, report

plots.use_style()
SEEDS = range(report.first_seed(), report.first_seed() + 5)
N_IN, MONTH = 12, 720  # hours in a window, hours in a month

# %% [markdown]
# ## Two series
#
# A year of hourly readings to fit on, then the year that is forecast. Showers are heavier in one half of the year than
# in the other, so the inputs change all the time, in both series. In the series with drift the relation between
# rain and flow changes, too: when the fourth month of the second year begins, half of the ground is sealed at once, and
# from the seventh month on it grows month by month.

# %%
hours = np.arange(24 * MONTH)
month = hours // MONTH - 11  # 1 to 12 in the year that is forecast
season = 1 + 0.6 * np.sin(2 * np.pi * hours / (12 * MONTH))
built = np.where(month >= 4, 0.5, 0) + 0.05 * np.clip(month - 6, 0, 6)
SEALED = {"drift": built, "no drift": np.zeros(len(hours))}


def windows(rain, flow):
    """Cut windows of 12 hours, the present hour included, and the flow at their end."""
    x = np.lib.stride_tricks.sliding_window_view(rain[:, 0], N_IN)[:, :, None]
    return x / 2, flow[N_IN - 1 :]  # 2 mm: the mean rain in an hour of a shower


def series_of(kind, seed):
    """Windows and flow of one creek, two years of hours, the first 11 left out."""
    rain, flow = problems.creek(1, len(hours), SEALED[kind], season, seed=seed)
    return windows(rain[0], flow[0])


def regime(sealed, seed):
    """Fresh windows and flow of three months under one regime, never trained on."""
    wet = season[: 12 * MONTH : 4]  # the whole year's weather in a quarter of it
    rain, flow = problems.creek(1, len(wet), sealed, wet, seed=50_000 + seed)
    return windows(rain[0], flow[0])


def rmse(forecast, flow):
    """Root mean squared error in mm per hour."""
    return float(np.sqrt(np.mean((forecast - flow) ** 2)))


# %% [markdown]
# ## The network and its budgets
#
# One LSTM layer. A fit from fresh weights gets 60 updates, a warm start a quarter of them, at a third of the learning
# rate. The rate falls in three stairs in both.

# %%
BATCH, FRESH, WARM, RATE, WARM_RATE = 256, 60, 15, 0.03, 0.01
network = models.vanilla_lstm(N_IN, 1, units=12)
network.compile(keras.optimizers.Adam(RATE), loss="mse", jit_compile=True)
network.train_on_batch(
    np.zeros((BATCH, N_IN, 1), "float32"), np.zeros((BATCH, 1))
)  # compiles
report.value("parameters", network.count_params(), tolerance=0)
report.value("fresh_updates", FRESH, tolerance=0)
report.value("warm_updates", WARM, tolerance=0)


def train(x, y, updates, rate, seed):
    """Train the network on from the weights that it has."""
    rng = np.random.default_rng(seed)
    batches = rng.integers(len(x), size=(updates, BATCH))
    stairs = {0: 1.0, updates // 2: 0.3, updates * 4 // 5: 0.1}
    for number, rows in enumerate(batches):
        if number in stairs:
            network.optimizer.learning_rate = rate * stairs[number]
        network.train_on_batch(x[rows], y[rows])
    return network.get_weights()


fresh = {}
for seed in SEEDS:
    models.start_again(network, seed)
    fresh[seed] = network.get_weights()


def refit(x, y, seed, number=0):
    """Fit from the fresh weights of this run, with a fresh optimizer."""
    return warm_start(fresh[seed], x, y, seed, number, FRESH, RATE)


def warm_start(weights, x, y, seed, number=0, updates=WARM, rate=WARM_RATE):
    """Train on from given weights; the optimizer starts afresh."""
    network.set_weights(weights)
    for variable in network.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    return train(x, y, updates, rate, [seed, number])


def answer(weights, x):
    """Forecast with given weights."""
    network.set_weights(weights)
    return network.predict_on_batch(x)


# %% [markdown]
# ## A year of monthly updates
#
# At the end of each month the flow of that month is known, and only then is it used: forecast the month with what was
# fitted before it, then update. The refit on a window sees the last three months. The average is that of the first
# network and of the warm start on new data. The linear model reads the same 12 hours and is refitted on three months.

# %%
NEW, AVERAGE, LINEAR = (
    "warm start, new data",
    "old and new averaged",
    "linear, 3 months",
)
ALL, REFIT, REFIT_3 = "warm start, all data", "refit, all data", "refit, 3 months"
SCHEMES = ("no update", REFIT, REFIT_3, NEW, ALL, AVERAGE)
WINDOW = 3 * MONTH


def update(name, weights, x, y, seed, number):
    """Weights of one scheme after the last month of x and y has become known."""
    if name == REFIT:
        return refit(x, y, seed, number)
    if name == REFIT_3:
        return refit(x[-WINDOW:], y[-WINDOW:], seed, number)
    known = MONTH if name == NEW else len(x)
    return warm_start(weights, x[-known:], y[-known:], seed, number)


def year_of(kind, seed):
    """Forecast the year with every scheme; return forecasts, the last models, processor seconds and the truth."""
    x, y = series_of(kind, seed)
    start = end = 12 * MONTH - (N_IN - 1)  # pairs known when the year begins
    weights = dict.fromkeys(SCHEMES[:5], refit(x[:end], y[:end], seed))
    seconds = dict.fromkeys(SCHEMES, 0.0)
    linear = Ridge().fit(x[:end, :, 0], y[:end, 0])
    parts = {name: [] for name in (*SCHEMES, LINEAR)}
    for step in range(12):
        now = x[end : end + MONTH]
        for name in SCHEMES[:5]:
            parts[name].append(answer(weights[name], now)[:, 0])
        parts[AVERAGE].append((parts["no update"][-1] + parts[NEW][-1]) / 2)
        parts[LINEAR].append(linear.predict(now[:, :, 0]))
        end += MONTH  # the month is over, its flow is known
        for name in SCHEMES[1:5]:
            before = time.process_time()
            weights[name] = update(
                name, weights[name], x[:end], y[:end], seed, step + 1
            )
            seconds[name] += time.process_time() - before
        linear = Ridge().fit(x[end - WINDOW : end, :, 0], y[end - WINDOW : end, 0])
    seconds[AVERAGE] = seconds[NEW]
    forecasts = {name: np.concatenate(part) for name, part in parts.items()}
    forecasts["persistence"] = y[start - 1 : -1, 0]
    return forecasts, (weights, linear), seconds, y[start:, 0]


def scores_of(kind, seed):
    """Errors of a year as shares of persistence, on the old regime and a later one; processor seconds."""
    forecasts, (weights, linear), seconds, flow = year_of(kind, seed)
    bar = rmse(forecasts["persistence"], flow)
    scores = {}
    by_month = {}
    for name, values in forecasts.items():
        scores["year", name] = rmse(values, flow) / bar
        errors = (values - flow).reshape(12, MONTH)
        by_month[name] = np.sqrt((errors**2).mean(axis=1))
    for part, sealed in [("old", 0.0), ("later", 0.9 if kind == "drift" else 0.0)]:
        x, y = regime(sealed, seed)
        said = {name: answer(w, x)[:, 0] for name, w in weights.items()}
        said[AVERAGE] = (said["no update"] + said[NEW]) / 2
        said[LINEAR] = linear.predict(x[:, :, 0])
        for name, values in said.items():
            scores[part, name] = rmse(values, y[:, 0])
    scores |= {("seconds", name): spent for name, spent in seconds.items()}
    return scores, by_month, weights


# %%
runs = {kind: {seed: scores_of(kind, seed) for seed in SEEDS} for kind in SEALED}
scores = {
    kind: pd.DataFrame({seed: run[0] for seed, run in of.items()}).T
    for kind, of in runs.items()
}
change, calm = scores["drift"], scores["no drift"]


def interval(values):
    """Mean and half the width of its 95 percent interval, as text."""
    mean, low, _ = evaluate.mean_interval(values)
    return f"{mean:.3f} ± {mean - low:.3f}"


spent = (change["seconds"] + calm["seconds"]).sum()
spent = spent / spent[REFIT]
names = (*SCHEMES, LINEAR)
table = pd.DataFrame(
    {
        "error, drift": [interval(change["year", name]) for name in names],
        "error, no drift": [interval(calm["year", name]) for name in names],
        "old creek": [change["old", name].mean() for name in names],
        "time": [f"{spent[n]:.0%}" if n in spent else "" for n in names],
    },
    index=pd.Index(names, name="scheme"),
)
report.table("schemes", table, tolerance=0.35, floatfmt=".2f")
for name, key in [
    ("no update", "none"),
    (REFIT, "refit"),
    (REFIT_3, "window"),
    (NEW, "warm_new"),
    (ALL, "warm_all"),
    (AVERAGE, "average"),
    (LINEAR, "linear"),
]:
    report.value(f"{key}_drift", change["year", name].mean(), tolerance=0.06)
    report.value(f"{key}_calm", calm["year", name].mean(), tolerance=0.06)
    report.value(f"{key}_old", change["old", name].mean(), tolerance=0.1)
    report.value(f"{key}_later", change["later", name].mean(), tolerance=0.1)
    report.value(f"{key}_fresh_calm", calm["later", name].mean(), tolerance=0.1)
report.value("warm_time", spent[NEW], tolerance=0.2)

# Under drift the warm start on new data is ahead of no update, of refitting and of warm starting on all data
ahead = change["year"].drop(columns=NEW).sub(change["year", NEW], axis=0)
assert (ahead[["no update", REFIT, ALL]].mean() > 0).all()
# What it pays: on the creek as it was it errs half as much again as the model that was left alone
assert change["old", NEW].mean() > 1.5 * change["old", "no update"].mean()
# On a later creek, sealed more than any that was seen, it is ahead, too
assert change["later", NEW].mean() < change["later", "no update"].mean()
# Without drift a refit on three months is worse than no update
assert calm["year", REFIT_3].mean() > calm["year", "no update"].mean()
# Warm starts take less than 60 percent of the time
assert spent[NEW] < 0.6

# %%
figure, axes = plt.subplots(figsize=(5.2, 3.2))
for name, colour in [
    ("no update", plots.MUTED),
    (REFIT, plots.PALETTE[1]),
    (REFIT_3, plots.PALETTE[2]),
    (NEW, plots.PALETTE[0]),
    (LINEAR, plots.INK),
]:
    lines = np.mean([run[1][name] for run in runs["drift"].values()], axis=0)
    axes.plot(range(1, 13), lines, "o-", markersize=3, color=colour, label=name)
axes.axvline(3.5, color=plots.MUTED, linestyle="--", linewidth=1)
axes.set_xticks(range(1, 13))
axes.set_ylim(0)
axes.set_xlabel("month (dashed line: half of the ground is sealed)")
axes.set_ylabel("RMSE (mm per hour)")
axes.legend(ncols=2, loc="lower left", bbox_to_anchor=(0, 1.02), borderpad=0)
report.figure(
    "by_month",
    figure,
    alt="Error by month for five schemes on the creek with drift, mean of five runs: all are high in the month "
    "before the change, the season of heavy rain, and four stay high in the month of the change; afterwards the linear "
    "model and the warm start on new data fall fastest, no update and the refit on all data stay highest",
    tolerance=0.35,
)

# %% [markdown]
# ## A drift test on the errors
#
# The first network of the first run watches fresh creeks, eight for each of three cases. After half a year nothing
# happens, or showers get half as heavy again (the inputs change, the answer to them does not), or half of the ground is
# sealed (drift). The tests read one number a day, in units of the first two months: the mean absolute error, or its
# ratio to that of persistence on the same day, which shares the weather.

# %%
N_CREEKS, DAYS, CHANGE = 8, 360, 180
first = runs["no drift"][SEEDS[0]][2]["no update"]
late = np.arange(12 * MONTH) >= CHANGE * 24
CASES = {
    "nothing": (0.0, 1.0),
    "heavier rain": (0.0, np.where(late, 1.5, 1.0)),
    "drift": (np.where(late, 0.5, 0.0), 1.0),
}


def daily_errors(sealed, wet, seed):
    """Mean absolute error of each day, of the network and of persistence."""
    rain, flow = problems.creek(
        N_CREEKS, 12 * MONTH + N_IN - 1, sealed, wet, seed=seed
    )
    network_, naive = [], []
    for one, told in zip(rain, flow, strict=True):
        x, y = windows(one, told)
        said = np.concatenate([answer(first, part) for part in np.split(x, 12)])
        network_.append(abs(said - y))
        naive.append(abs(np.diff(told[N_IN - 2 :], axis=0)))
    return [
        np.reshape(e, (N_CREEKS, DAYS, 24)).mean(axis=2) for e in (network_, naive)
    ]


def standardise(values):
    """In units of the first 60 days of each creek."""
    known = values[:, :60]
    return (values - known.mean(axis=1, keepdims=True)) / known.std(
        axis=1, keepdims=True
    )


def alarms(make, values):
    """Days on which a drift test raises the alarm."""
    test, days = make(), []
    for day, value in enumerate(values):
        test.update(float(value))
        if test.drift_detected:
            days.append(day)
    return np.array(days)


def pad(values, extra):
    """Repeat the last hour, where a case is given hour by hour."""
    return np.append(values, [values[-1]] * extra) if np.ndim(values) else values


daily = {
    case: daily_errors(
        pad(sealed, N_IN - 1), pad(wet, N_IN - 1), 70_000 + 10 * SEEDS[0] + number
    )
    for number, (case, (sealed, wet)) in enumerate(CASES.items())
}
TESTS = {
    "ADWIN": lambda: drift.ADWIN(clock=1),
    "Page-Hinkley": lambda: drift.PageHinkley(mode="up", threshold=15, delta=0.5),
    "KSWIN": lambda: drift.KSWIN(alpha=0.0005, seed=0),
}
rows = {}
for reading in ("error", "ratio"):
    values = {
        case: standardise(own if reading == "error" else own / (0.1 + naive))
        for case, (own, naive) in daily.items()
    }
    for test, make in TESTS.items():
        found = {
            case: [alarms(make, creek) for creek in of]
            for case, of in values.items()
        }
        after = {
            case: [days[days >= CHANGE] - CHANGE for days in of]
            for case, of in found.items()
        }
        delays = [days[0] if len(days) else np.inf for days in after["drift"]]
        rows[f"{test}, {reading}"] = {
            "false alarms a year": np.mean(
                [len(days) for days in found["nothing"]]
            ),
            "alarm at heavier rain": np.mean(
                [len(d) > 0 for d in after["heavier rain"]]
            ),
            "drift found": np.mean(np.isfinite(delays)),
            "delay (days)": np.median(delays),
        }
watching = pd.DataFrame(rows).T.rename_axis("test, what it reads")
shown = watching.rename(
    columns={
        "false alarms a year": "false a year",
        "alarm at heavier rain": "at heavier rain",
        "drift found": "found",
        "delay (days)": "delay",
    }
)
shown["delay"] = [f"{d:.0f}" if np.isfinite(d) else "" for d in shown["delay"]]
report.table("drift_tests", shown, tolerance=2.0, floatfmt=".2f")

# %% [markdown]
# ## Every month, or on alarm
#
# The same warm start on the month that has just ended, but only if Page-Hinkley raised an alarm during it.

# %%


def on_alarm(kind, seed):
    """Error of the year as a share of persistence, and the number of updates."""
    x, y = series_of(kind, seed)
    end = 12 * MONTH - (N_IN - 1)
    weights = runs[kind][seed][2]["no update"]
    bar = abs(np.diff(y[:, 0], prepend=y[0]))

    def ratio(part, said):
        own = abs(said[:, 0] - y[part, 0]).reshape(-1, 24).mean(axis=1)
        return own / (0.1 + bar[part].reshape(-1, 24).mean(axis=1))

    parts = [
        slice(end + step * MONTH, end + (step + 1) * MONTH) for step in (-2, -1)
    ]
    known = np.concatenate([ratio(p, answer(weights, x[p])) for p in parts])
    test, fits, squares = TESTS["Page-Hinkley"](), 0, []
    for step in range(12):
        part = slice(end + step * MONTH, end + (step + 1) * MONTH)
        said = answer(weights, x[part])
        squares.append((said - y[part]) ** 2)
        alarm = False
        for value in (ratio(part, said) - known.mean()) / known.std():
            test.update(float(value))
            alarm = alarm or test.drift_detected
        if alarm:
            weights = warm_start(weights, x[part], y[part], seed, step + 1)
            test, fits = TESTS["Page-Hinkley"](), fits + 1
    share = np.sqrt(np.mean(squares) / np.mean(bar[end : end + 12 * MONTH] ** 2))
    return {"share": share, "updates": fits}


rows = {}
for kind, label in [("drift", "drift"), ("no drift", "no drift")]:
    alarmed = evaluate.repeat(lambda seed, kind=kind: on_alarm(kind, seed), SEEDS)
    rows["never", label] = (scores[kind]["year", "no update"].mean(), 0.0)
    rows["on alarm", label] = tuple(alarmed[["share", "updates"]].mean())
    rows["every month", label] = (scores[kind]["year", NEW].mean(), 12.0)
when = pd.DataFrame(
    {
        "error, drift": [
            rows[n, "drift"][0] for n in ("never", "on alarm", "every month")
        ],
        "updates": [
            rows[n, "drift"][1] for n in ("never", "on alarm", "every month")
        ],
        "error, no drift": [
            rows[n, "no drift"][0] for n in ("never", "on alarm", "every month")
        ],
        "updates ": [
            rows[n, "no drift"][1] for n in ("never", "on alarm", "every month")
        ],
    },
    index=pd.Index(["never", "on alarm", "every month"], name="updated"),
)
report.table("when", when, tolerance=2.0, floatfmt=("", ".3f", ".1f", ".3f", ".1f"))
