# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One, two and three layers at several time scales
#
# Does a stack of LSTM layers beat one layer that has as many parameters and as much training? The problem has three
# time scales, and a rule that ties them together. Then a long forecast of damped waves, with an LSTM and without.
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run 6` in a terminal, or
# this notebook in Jupyter.

# %%
import itertools

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from lstm_guide import evaluate, models, plots, problems, report

plots.use_style()
SEEDS = range(report.first_seed(), report.first_seed() + 10)
FEW = SEEDS[:3]
N_STEPS, EVERY, FOUR = 16, (2, 4, 8), (2, 4, 8, 16)
BATCH, UPDATES, PART = 32, 200, 20

# %% [markdown]
# ## The problem
#
# Three settings decide which way a conveyor belt runs: a lever, a gear and the wiring of the motor. Each is forward
# or reverse, and each that is reversed turns the direction round. A report says what a setting is from now on. The
# lever is reported every 2 steps on average, the gear every 4, the wiring every 8. At every step: does the belt run
# forward?
#
# No one or two of the settings tell anything: whoever lacks one is right half the time. The networks have a fourth
# input, for a setting that the harder version below has, reported every 16 steps. Here it stays empty.

# %%
SETTINGS = ("lever", "gear", "wiring")


def belts(n, seed, every=EVERY):
    """Sequences with a column for each of four settings, the last empty if there are three, and the direction."""
    x, y = problems.belt(n, N_STEPS, every, seed=seed)
    return np.pad(x, ((0, 0), (0, 0), (0, 4 - len(every)))), y


x, y = belts(1, seed=6)
figure, rows = plt.subplots(4, figsize=(5.2, 3.4), sharex=True)
reports = np.where(x[0, :, :3] == 0, np.nan, x[0, :, :3])
held = pd.DataFrame(reports).ffill().to_numpy()
steps = np.arange(1, N_STEPS + 1)
for axes, name, reported, state in zip(
    rows, SETTINGS, reports.T, held.T, strict=False
):
    axes.step(steps, state, where="post", color=plots.MUTED)
    axes.plot(steps, reported, "o", color=plots.INK, markersize=5)
    axes.set_ylabel(name, rotation=0, ha="right", va="center", labelpad=8)
rows[3].step(steps, 2 * y[0, :, 0] - 1, where="post", color=plots.PALETTE[0])
rows[3].set_ylabel("belt", rotation=0, ha="right", va="center", labelpad=8)
for axes in rows:
    axes.set_yticks([-1, 1], ["reverse", "forward"])
    axes.set_ylim(-1.6, 1.6)
rows[3].set_xlabel("time step (dots: reports, all that a network is told)")
report.figure(
    "belt",
    figure,
    alt="One sequence of 16 steps: dots are reports of the lever, often, of the gear, less often, and of the wiring, "
    "rarely; below them the belt, which turns round whenever one of the three changes",
)

# %% [markdown]
# ## The networks
#
# One, two and three LSTM layers, with widths that give all the same number of parameters. A fourth has one LSTM layer
# and a dense layer of 26 units on top, with a ReLU, at every step: depth without a second memory.

# %%
WIDTHS = {"1 layer": (20,), "2 layers": (12, 12), "3 layers": (10, 9, 9)}
DENSE = "1 layer + dense"
KINDS = [*WIDTHS, DENSE]
RATES = dict.fromkeys(WIDTHS, 0.04) | {DENSE: 0.02}


def network(kind):
    """Build one of the networks, compiled."""
    if kind == DENSE:
        model = keras.Sequential(
            [
                keras.Input(shape=(N_STEPS, 4)),
                keras.layers.LSTM(17, return_sequences=True),
                keras.layers.Dense(26, activation="relu"),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
    else:
        model = models.stacked_lstm(
            N_STEPS, 4, WIDTHS[kind], activation="sigmoid", every_step=True
        )
    model.compile(
        keras.optimizers.Adam(RATES[kind], clipnorm=1.0),
        loss="binary_crossentropy",
        metrics=["binary_accuracy"],
        jit_compile=True,
        steps_per_execution=PART,
    )
    return model


networks = {kind: network(kind) for kind in KINDS}
parameters = {kind: model.count_params() for kind, model in networks.items()}
print(parameters)
# An equal budget: within 3 percent
assert max(parameters.values()) < 1.03 * min(parameters.values())

# %% [markdown]
# Every run reads 200 batches of 32 sequences, each sequence once, at a constant rate. So every batch is unseen when it
# comes, and the accuracy on it, before its update, is an honest score. Twenty batches together make one point of a
# learning curve. As the rate never changes, the curve up to any point is the result of stopping there: the comparison
# is fair at every budget. The rate is the better of 0.02 and 0.04 for each network, in trials that are not shown: 0.02
# for the network with the dense layer, 0.04 for the others. What 0.08 does to one layer and to two is measured below.


# %%
def train(kind, seed, problem=belts, go_on=False, rate=None):
    """Train one network, anew or further; return its accuracy on each 20 batches."""
    model, running = networks[kind], []
    if not go_on:
        models.start_again(model, seed)
    model.optimizer.learning_rate = rate or RATES[kind]
    x, y = problem(BATCH * UPDATES, seed + 30_000 * go_on)

    def watch(batch, logs):
        running.append(logs["binary_accuracy"])

    watching = keras.callbacks.LambdaCallback(on_train_batch_end=watch)
    model.fit(
        x, y, batch_size=BATCH, shuffle=False, verbose=0, callbacks=[watching]
    )
    # Keras reports the mean since the start; take it apart
    return np.diff(np.arange(1, len(running) + 1) * running, prepend=0)


# %% [markdown]
# ## Equal parameters, equal training
#
# The score at the end: the share of right answers at the last step of 1,000 other sequences. Ten runs of each stack;
# three of the network with the dense layer; and three of the runs with three layers go on for as many updates again.

# %%
curves, weights, longer = {}, {}, {}


def score(kind, seed, problem=belts):
    """Share of right answers at the last step of unseen sequences."""
    x, y = problem(1_000, 10_000 + seed)
    return float(np.mean((networks[kind](x)[:, -1] > 0.5) == (y[:, -1] > 0.5)))


def run(seed):
    """Train and score the networks on the sequences of this seed."""
    scores = {}
    for kind in KINDS if seed in FEW else WIDTHS:
        curves[kind, seed] = train(kind, seed)
        weights[kind, seed] = networks[kind].get_weights()
        scores[kind] = score(kind, seed)
    if seed in FEW:
        # of the networks, the one with three layers is the one to go on with
        longer[seed] = train("3 layers", seed, go_on=True)
    return scores


scores = evaluate.repeat(run, SEEDS, label="belt")
scores.round(3)

# %%
curve = {
    kind: np.array([curves[kind, seed] for seed in SEEDS if (kind, seed) in curves])
    for kind in KINDS
}


def updates_to(share, parts):
    """Updates until a run first reaches this accuracy; one part more than there are if it never does."""
    reached = parts >= share
    first = np.where(reached.any(axis=1), reached.argmax(axis=1), parts.shape[1])
    return PART * (1 + first)


learned = {kind: updates_to(0.95, parts) for kind, parts in curve.items()}
means = {kind: evaluate.mean_interval(scores[kind].dropna()) for kind in KINDS}
table = pd.DataFrame(
    {
        "accuracy": [mean for mean, _, _ in means.values()],
        "95 percent interval": [
            f"{low:.3f} to {min(high, 1):.3f}" for _, low, high in means.values()
        ],
        "worst run": [scores[kind].min() for kind in KINDS],
    },
    index=pd.Index(KINDS, name="network"),
)
report.table("depths", table, tolerance=0.5)
costs = pd.DataFrame(
    {
        "parameters": [parameters[kind] for kind in KINDS],
        "updates": [learned[kind].mean() for kind in KINDS],
    },
    index=pd.Index(KINDS, name="network"),
)
report.table("costs", costs, tolerance=0.5, floatfmt=("", ",.0f", ".0f"))
print({kind: updates.tolist() for kind, updates in learned.items()})

# %%
twice = np.array([parts[-3:].mean() for parts in longer.values()])
one, two, three = (scores[kind] for kind in WIDTHS)
late = evaluate.mean_interval(learned["3 layers"] - learned["1 layer"])
_, lows, highs = zip(*means.values(), strict=True)
report.value("one_mean", one.mean(), tolerance=0.02)
report.value("two_mean", two.mean(), tolerance=0.05)
report.value("two_worst", two.min(), tolerance=0.4)
report.value("three_mean", three.mean(), tolerance=0.2)
report.value("three_worst", three.min(), tolerance=0.3)
report.value(
    "three_unlearned", int((learned["3 layers"] > UPDATES).sum()), tolerance=4
)
report.value("three_late", late[0], tolerance=40)
report.value("three_late_low", late[1], tolerance=40)
report.value("three_late_high", late[2], tolerance=40)
report.value("longer_mean", twice.mean(), tolerance=0.1)
for kind, name in zip(KINDS, ("one", "two", "three", "dense"), strict=True):
    report.value(f"{name}_learned", learned[kind].mean(), tolerance=40)
spread = max(parameters.values()) / min(parameters.values()) - 1
report.value("parameter_spread", spread, tolerance=0)

# One and two layers: the runs cannot tell them apart
assert min(one.median(), two.median()) > 0.97 and one.min() > 0.9
assert max(lows[:2]) < min(highs[:2]) and two.mean() < one.mean() + 0.03
# Three layers are behind at this budget, since they learn later: some runs still guess at the end
assert three.mean() < min(one.mean(), two.mean()) - 0.03
assert three.min() < 0.6
assert (
    late[1] > 0 and learned["3 layers"].mean() > learned["2 layers"].mean() + PART
)
# ... and with twice the training they learn it
assert twice.min() > 0.95
# A dense layer on top of one LSTM layer learns soonest, and keeps it
assert scores[DENSE].min() > 0.93
soonest = min(learned[kind].mean() for kind in WIDTHS)
assert learned[DENSE].mean() < soonest - PART

# %% [markdown]
# Is it the rate? Three runs of one and of two layers with 0.08.

# %%
fast = {
    kind: np.array([train(kind, seed, rate=0.08) for seed in FEW])
    for kind in ("1 layer", "2 layers")
}
for kind, name in (("1 layer", "one"), ("2 layers", "two")):
    sooner = updates_to(0.95, fast[kind]).mean()
    report.value(f"{name}_fast", sooner, tolerance=40)
    # The rate does not change the order: both learn it, and the dense layer learns it sooner
    assert fast[kind][:, -1].min() > 0.95
    assert sooner > learned[DENSE].mean()

# %%
figure, axes = plt.subplots(figsize=(5.2, 3.6))
at = PART * np.arange(1, UPDATES // PART + 1)
colours = (plots.PALETTE[0], plots.PALETTE[1], plots.PALETTE[2], plots.INK)
for kind, colour in zip(KINDS, colours, strict=True):
    low, high = np.array([evaluate.mean_interval(c)[1:] for c in curve[kind].T]).T
    axes.plot(at, curve[kind].mean(axis=0), color=colour, label=kind)
    axes.fill_between(
        at, low, np.minimum(high, 1), color=colour, alpha=0.18, linewidth=0
    )
axes.set_xlabel("updates of 32 sequences")
axes.set_ylabel("accuracy on unseen batches")
axes.set_ylim(0.48, 1.02)
axes.legend(loc="upper left", bbox_to_anchor=(0, 1.2), ncols=2, borderpad=0)
report.figure(
    "learning",
    figure,
    alt="Accuracy against updates, mean of the runs with 95 percent intervals: the layer with a dense layer on top "
    "learns first, then one layer and two layers close together, three layers much later and with a wide interval",
)

# %% [markdown]
# ## Who knows what?
#
# A logistic regression is asked to read the settings and the direction off the hidden state of a layer, at the last
# step. If it can, the layer says that thing plainly enough for the next layer to use it.


# %%
def read_off(kind, seed):
    """How well each LSTM layer's hidden state tells the settings and the direction, linearly."""
    model = networks[kind]
    model.set_weights(weights[kind, seed])
    layers = [
        layer for layer in model.layers if isinstance(layer, keras.layers.LSTM)
    ]
    inner = keras.Model(model.inputs[0], [layer.output for layer in layers])
    x, y = belts(1_000, 20_000 + seed)
    facts = dict(zip(SETTINGS, last_reports(x).T > 0, strict=True))
    facts["direction"] = y[:, -1, 0] > 0.5
    said, rows = inner(x), {}
    for number, states in enumerate(said if len(layers) > 1 else [said], start=1):
        last = np.asarray(states)[:, -1]
        for name, fact in facts.items():
            probe = LogisticRegression(max_iter=500).fit(last[:500], fact[:500])
            rows[number, name] = probe.score(last[500:], fact[500:])
    return rows


def last_reports(x):
    """The last report of each of the three settings."""
    when = np.where(x[:, :, :3] != 0, np.arange(N_STEPS)[:, None], 0).max(axis=1)
    return np.take_along_axis(x[:, :, :3], when[:, None], axis=1)[:, 0]


stack = pd.DataFrame({seed: read_off("2 layers", seed) for seed in SEEDS[:3]}).T
single = pd.DataFrame({seed: read_off(DENSE, seed) for seed in SEEDS[:3]}).T
known = pd.DataFrame(
    {
        "first of 2 layers": stack.mean()[1],
        "second of 2 layers": stack.mean()[2],
        "the layer under dense": single.mean()[1],
    }
).T[[*SETTINGS, "direction"]]
report.table(
    "read_off", known.rename_axis("hidden state of"), tolerance=0.3, floatfmt=".2f"
)
report.value("first_direction", stack.mean()[1, "direction"], tolerance=0.15)
report.value("second_direction", stack.mean()[2, "direction"], tolerance=0.03)
# The first layer keeps the settings, the second knows what they come to
for layer in (stack.mean()[1], single.mean()[1]):
    assert layer[list(SETTINGS)].min() > 0.9
    assert layer["direction"] < 0.85
assert stack.mean()[2, "direction"] > 0.95

# %% [markdown]
# ## A fourth time scale
#
# The same budget, with a fourth setting that is reported every 16 steps. Two runs each; the three layers, which do
# not always get through with three settings, are left out.


# %%
def four(n, seed):
    """The belt with four settings."""
    return belts(n, seed, FOUR)


harder = evaluate.repeat(
    lambda seed: {
        kind: train(kind, seed, four)[-3:].mean()
        for kind in KINDS
        if kind != "3 layers"
    },
    SEEDS[:2],
    label="four scales",
)
report.table(
    "four_scales",
    harder.agg(["mean", "min", "max"]).T.rename_axis("network"),
    tolerance=0.5,
)
report.value("four_dense", harder[DENSE].mean(), tolerance=0.15)
# LSTM layers alone do not get off the ground in this budget, the dense layer does
alone = harder[["1 layer", "2 layers"]].max(axis=None)
assert alone < 0.7
assert harder[DENSE].min() > alone + 0.1

# %% [markdown]
# ## Where depth wins
#
# In the belt's direction nothing has to be remembered but the settings. Two questions for which that is not so:
#
# - **Load**: the load moves one place at each step, the way the belt runs. Is it ahead of where it began? The
#   directions of all steps have to be added up, so a dense layer on top comes too late for them.
# - **Look**: which way did the belt run when someone last looked? The fourth input says when: every 5 steps on average,
#   and at the first.
#
# Two settings; and the load with three. The same 200 updates; five runs for the load with two settings, two for the
# others.


# %%
def load(n, seed, every=(2, 4)):
    """Is the load ahead of where it began?"""
    x, y = belts(n, seed, every)
    place = np.cumsum(2 * y - 1, axis=1)
    return x, (place > 0).astype("float32")


def load_three(n, seed):
    """The same with three settings."""
    return load(n, seed, EVERY)


def look(n, seed):
    """Which way did the belt run when someone last looked?"""
    x, y = belts(n, seed, (2, 4))
    looked = np.random.default_rng(50_000 + seed).random((n, N_STEPS)) < 1 / 5
    looked[:, 0] = True
    x[:, :, 3] = looked
    last = np.maximum.accumulate(np.where(looked, np.arange(N_STEPS), 0), axis=1)
    return x, np.take_along_axis(y, last[:, :, None], axis=1)


SHALLOW = ["1 layer", DENSE]
DEEP = "2 layers"


def compare(problem, seeds):
    """Score one layer, one with a dense layer, and two layers."""

    def run(seed):
        scores = {}
        for kind in (*SHALLOW, DEEP):
            train(kind, seed, problem)
            scores[kind] = score(kind, seed, problem)
        return scores

    return evaluate.repeat(run, seeds, label=problem.__name__)


loads = compare(load, SEEDS[:5])
loads_three, looks = compare(load_three, SEEDS[:2]), compare(look, SEEDS[:2])
memories = pd.DataFrame(
    {
        "load": loads.mean(),
        "worst run": loads.min(),
        "three settings": loads_three.mean(),
        "look": looks.mean(),
    }
)
report.table(
    "memories", memories.rename_axis("network"), tolerance=0.2, floatfmt=".3f"
)
lead = evaluate.mean_interval(loads[DEEP] - loads[SHALLOW].max(axis=1))
report.value("load_two", loads[DEEP].mean(), tolerance=0.02)
report.value("load_lead", lead[0], tolerance=0.03)
report.value("load_lead_low", lead[1], tolerance=0.03)
report.value("load_lead_high", lead[2], tolerance=0.03)
# The load: two layers beat the better of the other two in each run
assert (loads[DEEP] > loads[SHALLOW].max(axis=1)).all()
assert lead[1] > 0 and loads[DEEP].min() > 0.98
# ... and another rate does not help these
for kind, seed in itertools.product(SHALLOW, SEEDS[:2]):
    train(kind, seed, load, rate=2 * RATES[kind])
    assert score(kind, seed, load) < loads[DEEP].min()
# With a third setting none of the three gets far within this budget
assert loads_three.mean().max() < 0.85 and loads_three[DEEP].mean() < 0.8
# The last look: all three learn it, and there is little between them
assert looks.min(axis=None) > 0.9
assert looks[DEEP].mean() < looks[SHALLOW].mean().max() + 0.04

# %% [markdown]
# ## Methods without memory
#
# They see all 16 steps at once, laid flat, or only the last report of each setting. All answer for the last step.

# %%
x, y = belts(BATCH * UPDATES, SEEDS[0])
unseen, answers = belts(2_000, 10_000 + SEEDS[0])


def flat(x):
    """All 16 steps in one row."""
    return x.reshape(len(x), -1)


methods = {
    "logistic regression": (LogisticRegression(max_iter=500), flat),
    "boosted trees": (HistGradientBoostingClassifier(max_iter=50), flat),
    "logistic, last reports": (LogisticRegression(), last_reports),
    "trees, last reports": (
        HistGradientBoostingClassifier(max_iter=50),
        last_reports,
    ),
}
rivals = {"guessing": 0.5}
for name, (model, view) in methods.items():
    model.fit(view(x), y[:, -1, 0])
    rivals[name] = model.score(view(unseen), answers[:, -1, 0])
even = last_reports(unseen).prod(axis=1) > 0
rivals["the rule, known"] = np.mean(even == answers[:, -1, 0])
report.table(
    "rivals",
    pd.DataFrame({"accuracy": rivals}).rename_axis("method"),
    tolerance=0.3,
)
assert max(rivals["logistic regression"], rivals["boosted trees"]) < 0.6
assert rivals["logistic, last reports"] < 0.8
assert rivals["trees, last reports"] > 0.99

# %% [markdown]
# ## A long horizon: damped waves
#
# Something swings and comes to rest. 40 noisy readings are given, the next 100 values are wanted. Each wave has its own
# height, period, phase and halving time. Three ways:
#
# - **LSTM**: it reads the 40 steps, a dense layer with 100 outputs says the 100 values;
# - **AR(2)**: two weights on the last two values, fitted to the 40 readings of the one wave by least squares, and
#   applied 100 times. Without noise this is exactly the rule;
# - **fitted wave**: the damped sine that lies closest to the 40 readings, looked for on a grid of periods and halving
#   times. This method knows the form of the answer.

# %%
READ, AHEAD, NOISE, N_WAVES = 40, 100, 0.05, 64 * 240
at_once = models.stacked_lstm(READ, 1, (32,), n_outputs=AHEAD)
at_once.compile(
    keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(0.02, N_WAVES // 64), clipnorm=1.0
    ),
    loss="mse",
    jit_compile=True,
    steps_per_execution=20,
)


def two_weights(x):
    """Fit AR(2) to each wave and apply it 100 times."""
    answers = []
    for wave in x[:, :, 0].astype("float64"):
        pairs = np.stack([wave[1:-1], wave[:-2]], axis=1)
        a, b = np.linalg.lstsq(pairs, wave[2:], rcond=None)[0]
        values = list(wave[-2:])
        for _ in range(AHEAD):
            values.append(a * values[-1] + b * values[-2])
        answers.append(values[2:])
    return np.array(answers)


def fitted_wave(x):
    """Take the period and the halving time whose damped sine and cosine come closest to the readings."""
    waves, t = x[:, :, 0].astype("float64"), np.arange(READ + AHEAD)
    best, answers = np.full(len(x), np.inf), np.zeros((len(x), AHEAD))
    for period in np.geomspace(10, 25, 240):
        for halving in np.geomspace(20, 80, 7):
            angle = 2 * np.pi * t / period
            basis = 0.5 ** (t / halving) * np.stack([np.sin(angle), np.cos(angle)])
            heights = waves @ np.linalg.pinv(basis[:, :READ])
            missed = ((waves - heights @ basis[:, :READ]) ** 2).sum(axis=1)
            closer = missed < best
            best[closer] = missed[closer]
            answers[closer] = (heights @ basis[:, READ:])[closer]
    return answers


# %%
def waves(problem, n, seed):
    """The 40 readings, the 100 readings after them, and the true values of these."""
    readings, true = problem(n, READ + AHEAD, NOISE, seed)
    return readings[:, :READ], readings[:, READ:, 0], true[:, READ:, 0]


def forecast_waves(problem, seed):
    """Train the network; return the readings of 400 other waves, what came, and the forecast of each method."""
    x, y, _ = waves(problem, N_WAVES, seed)
    unseen, _, true = waves(problem, 400, 10_000 + seed)
    models.start_again(at_once, seed)
    at_once.fit(x, y, batch_size=64, shuffle=False, verbose=0)
    answers = {
        "LSTM": np.asarray(at_once(unseen)),
        "AR(2)": two_weights(unseen),
        "fitted wave": fitted_wave(unseen),
        "always 0": 0 * true,
    }
    return unseen, true, answers


forecasts = {
    problem.__name__: forecast_waves(problem, SEEDS[0])
    for problem in (problems.damped_sine, problems.pendulum)
}
errors = pd.DataFrame(
    {
        problem.replace("_", " "): {
            name: float(np.sqrt(np.mean((values - true) ** 2)))
            for name, values in answers.items()
        }
        for problem, (_, true, answers) in forecasts.items()
    }
)
errors = errors.sort_values("damped sine").rename_axis("method")
damped, swings = errors["damped sine"], errors["pendulum"]
report.table("waves", errors, tolerance=0.25)
report.value("damped_once", damped["LSTM"], tolerance=0.03)
report.value("damped_ar", damped["AR(2)"], tolerance=0.03)
report.value("damped_fit", damped["fitted wave"], tolerance=0.03)
report.value("damped_zero", damped["always 0"], tolerance=0.005)
gain = 1 - swings["LSTM"] / swings["always 0"]
report.value("swings_gain", gain, tolerance=0.15)

# Without noise, two weights are the rule
true = problems.damped_sine(50, READ + AHEAD, seed=SEEDS[0])[1]
assert np.abs(two_weights(true[:, :READ]) - true[:, READ:, 0]).max() < 0.01
# With noise: the method that knows the form wins by far, and the LSTM beats the two weights
assert damped["fitted wave"] < 0.35 * damped["LSTM"]
assert damped["LSTM"] < 0.95 * min(damped["AR(2)"], damped["always 0"])
# On pendulums it is the other way round: the linear methods are no better than 0, or worse
rest = swings[["AR(2)", "fitted wave", "always 0"]]
assert swings["LSTM"] < 0.8 * rest.min()
assert swings["fitted wave"] > swings["always 0"]
assert swings["AR(2)"] > 0.9 * swings["always 0"]

# %%
figure, rows = plt.subplots(2, figsize=(5.4, 4.6), sharex=True)
shown = {
    "fitted wave": plots.PALETTE[1],
    "LSTM": plots.PALETTE[0],
}
ahead = np.arange(READ, READ + AHEAD)
for axes, problem in zip(rows, ("damped_sine", "pendulum"), strict=True):
    unseen, true, answers = forecasts[problem]
    axes.plot(
        unseen[1, :, 0], ".", color=plots.MUTED, markersize=4, label="readings"
    )
    axes.plot(ahead, true[1], color=plots.INK, linewidth=1.2, label="what came")
    for name, colour in shown.items():
        axes.plot(ahead, answers[name][1], color=colour, linewidth=1.4, label=name)
    axes.set_ylabel(problem.replace("_", " "))
rows[1].set_xlabel("time step")
rows[0].legend(loc="upper center", bbox_to_anchor=(0.5, 1.38), ncols=2)
report.figure(
    "waves",
    figure,
    alt="Two forecasts over 100 steps after 40 noisy readings. Damped sine: the fitted wave lies on the true curve, "
    "the LSTM follows it for some periods. Pendulum: the fitted wave runs out of step, the LSTM stays closer",
)
