# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Forward, backward and bidirectional on one problem
#
# A season of rain and snow, read step by step. At each step: has half of the season's rain fallen by now? Whoever
# reads forwards knows what has fallen, but not what will. Whoever reads backwards knows it the other way round.
#
# How well each of them can do is computed first, without any network. Then ten networks of each kind are trained, all
# of about the same size and with the same training. A second problem asks for a fixed amount instead of half.
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run 9` in a terminal, or
# this notebook in Jupyter.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import binom, gamma
from sklearn.linear_model import LogisticRegression

from lstm_guide import evaluate, models, plots, problems, report

plots.use_style()
SEEDS = range(report.first_seed(), report.first_seed() + 10)
N_STEPS, LIMIT = 10, 3.0  # three is half of what a season brings on average

# %% [markdown]
# ## The problem
#
# Precipitation at each step, 1 on average, and whether it is rain; snow does not count. The unseen seasons are the same
# for all.

# %%
SEEN_BY_NONE = 10_000 + SEEDS[0]
unseen, half_is_down = problems.rainy_season(4_000, N_STEPS, seed=SEEN_BY_NONE)
_, limit_is_down = problems.rainy_season(4_000, N_STEPS, LIMIT, seed=SEEN_BY_NONE)
pd.DataFrame(
    {
        "fallen": unseen[0, :, 0],
        "is rain": unseen[0, :, 1],
        "rain so far": np.cumsum(unseen[0].prod(axis=1)),
        "half is down": half_is_down[0, :, 0],
        f"{LIMIT:g} is down": limit_is_down[0, :, 0],
    },
    index=pd.RangeIndex(1, N_STEPS + 1, name="step"),
).round(2)

# %% [markdown]
# ## The best that each reader can do
#
# The rain of n steps that nobody has seen yet has a known distribution: how many of the steps bring rain is binomial,
# and the sum of k amounts follows a gamma distribution. So the chance that the label is 1 can be computed for any
# reader, and the best answer is the likelier one. A reader who looks ahead a few steps knows these as well.


# %%
def chance_below(amount, n):
    """Chance that n steps bring at most this much rain."""
    grid = np.linspace(0, 40, 4_001)
    wet = np.arange(1, n + 1)
    at_grid = binom.pmf(0, n, 0.6) + binom.pmf(wet, n, 0.6) @ gamma.cdf(
        grid, wet[:, None]
    )
    return np.where(amount < 0, 0, np.interp(amount, grid, at_grid))


many, _ = problems.rainy_season(40_000, N_STEPS, seed=20_000 + SEEDS[0])
rain = many.astype("float64").prod(axis=2)
down = np.cumsum(rain, axis=1)  # up to each step, this one included
STEPS = np.arange(N_STEPS)


def best(chance):
    """Share of right answers of one who always names the likelier label."""
    return np.maximum(chance, 1 - chance).mean()


def forward_ceiling(ahead=0):
    """At each step: the rain so far is known, and that of some steps ahead."""
    scores = []
    for t in STEPS:
        last = min(t + ahead, N_STEPS - 1)
        lead = 2 * down[:, t] - down[:, last]  # must exceed what is still unknown
        chance = chance_below(lead, N_STEPS - 1 - last)
        scores.append(best(np.where(lead > 0, chance, 0)))
    return np.array(scores)


def backward_ceiling():
    """At each step: its own rain and all that follows is known, what was before is not."""
    to_come = down[:, -1:] - down
    lack = to_come - rain
    return np.array([best(chance_below(lack[:, t], t)) for t in STEPS])


label_is_1 = (down > down[:, -1:] / 2).mean(axis=0)
ceilings = {
    "forward": forward_ceiling(),
    "backward": backward_ceiling(),
    "majority": np.maximum(label_is_1, 1 - label_is_1),
}
for name, scores in ceilings.items():
    report.value(f"ceiling_{name}", scores.mean(), tolerance=0.005)
    report.value(f"ceiling_{name}_middle", scores[4], tolerance=0.01)
# Whoever sees all steps can always be right: nothing is left to chance
assert np.allclose(forward_ceiling(ahead=N_STEPS), 1)
# At the last step a forward reader has seen all; a backward reader at the first
assert ceilings["forward"][-1] == 1
assert ceilings["backward"][0] == 1
# In the middle seeing one side makes three answers out of four right
assert abs(ceilings["forward"][4] - 0.75) < 0.01
{name: scores.round(3) for name, scores in ceilings.items()}

# %% [markdown]
# ## The networks
#
# One LSTM layer in one direction, or two of them, with the merge modes of Keras; and one dense layer, the same at each
# step. The widths are chosen so that all have about the same number of parameters. `unroll=True` writes the ten steps
# out one after the other instead of looping over them, which is faster for sequences as short as these.

# %%
BATCH, UPDATES, RATE = 256, 100, 0.06


def network(merge_mode=None):
    """One LSTM of 16 units, or two of 11 whose hidden states are merged."""
    lstm = keras.layers.LSTM(
        11 if merge_mode else 16, return_sequences=True, unroll=True
    )
    if merge_mode:
        lstm = keras.layers.Bidirectional(lstm, merge_mode=merge_mode)
    return keras.Sequential(
        [
            keras.Input(shape=(N_STEPS, 2)),
            lstm,
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


MERGES = ("sum", "mul", "ave", "concat")
networks = {"one way": network()} | {merge: network(merge) for merge in MERGES}
for model in networks.values():
    rate = keras.optimizers.schedules.CosineDecay(RATE, UPDATES)
    model.compile(
        keras.optimizers.Adam(rate, beta_2=0.98), loss="binary_crossentropy"
    )
sizes = {name: model.count_params() for name, model in networks.items()}
assert max(sizes.values()) < 1.02 * min(sizes.values())
report.value("parameters_one_way", sizes["one way"], tolerance=0)
report.value("parameters_concat", sizes["concat"], tolerance=0)
report.value("parameters_sum", sizes["sum"], tolerance=0)
report.value("updates", UPDATES, tolerance=0)
report.value("seasons", BATCH * UPDATES, tolerance=0)
sizes


# %% [markdown]
# A network that reads backwards is the one-way network, with sequence and labels turned round: what
# `go_backwards=True` does, but for the order of its answers. Every update is on seasons that have not been seen before.


# %%
def right_by_step(kind, seed, limit=None):
    """Train one network from new weights; share of right answers at each step."""
    turn = -1 if kind == "backward" else 1
    model = networks[kind if kind in MERGES else "one way"]
    models.start_again(model, seed)
    x, y = problems.rainy_season(BATCH * UPDATES, N_STEPS, limit, seed=seed)
    x, y = x[:, ::turn], y[:, ::turn]
    for first in range(0, len(x), BATCH):
        batch = slice(first, first + BATCH)
        model.train_on_batch(x[batch], y[batch])
    said = np.asarray(model(unseen[:, ::turn]))[:, ::turn] > 0.5
    truth = half_is_down if limit is None else limit_is_down
    return (said == truth).mean(axis=(0, 2))


KINDS = ("forward", "backward", *MERGES)
by_step = {
    kind: np.array([right_by_step(kind, seed) for seed in SEEDS]) for kind in KINDS
}

# %% [markdown]
# ## Two rivals without a recurrence
#
# A logistic regression for each step, on all steps of the season at once. It cannot multiply, and whether something is
# rain or snow acts as a factor. The second one is given the product.


# %%
def logistic(prepare):
    """Share of right answers at each step of ten logistic regressions."""
    x, y = problems.rainy_season(8_000, N_STEPS, seed=SEEDS[0])
    scores = []
    for t in STEPS[:-1]:
        model = LogisticRegression(max_iter=300).fit(prepare(x), y[:, t, 0])
        scores.append(model.score(prepare(unseen), half_is_down[:, t, 0]))
    # at the last step half of the rain is always down, if there was any
    return np.array([*scores, half_is_down[:, -1].mean()])


plain = logistic(lambda x: x.reshape(len(x), -1))
given_rain = logistic(lambda x: x.prod(axis=2))

# %% [markdown]
# ## The scores

# %%
scores = pd.DataFrame(
    {kind: runs.mean(axis=1) for kind, runs in by_step.items()}, index=SEEDS
)
means = {kind: evaluate.mean_interval(scores[kind]) for kind in KINDS}
rows = {
    kind: [means[kind][0], "{1:.3f} to {2:.3f}".format(*means[kind])]
    for kind in KINDS
}
rows = {
    name if name in ("forward", "backward") else f"both, {name}": row
    for name, row in rows.items()
}
rows |= {
    "majority of each step": [ceilings["majority"].mean(), ""],
    "logistic regression": [plain.mean(), ""],
    "the same, given the rain": [given_rain.mean(), ""],
    "ceiling, forward": [ceilings["forward"].mean(), ""],
    "ceiling, backward": [ceilings["backward"].mean(), ""],
}
table = pd.DataFrame(
    rows.values(),
    columns=["accuracy", "95 percent interval"],
    index=pd.Index(rows, name="method"),
)
report.table("scores", table, tolerance=0.02)
for kind in KINDS:
    report.value(f"accuracy_{kind}", means[kind][0], tolerance=0.02)
    report.value(f"worst_{kind}", scores[kind].min(), tolerance=0.04)
report.value("logistic", plain.mean(), tolerance=0.01)
report.value("logistic_given_rain", given_rain.mean(), tolerance=0.01)

bidirectional = scores[list(MERGES)]
spread = bidirectional.mean().max() - bidirectional.mean().min()
report.value("merge_spread", spread, tolerance=0.02)
report.value(
    "gain", bidirectional.mean().mean() - scores["forward"].mean(), tolerance=0.02
)
scores.round(3)

# %%
# The claims: every single run in both directions beats the best possible forward and backward readers
assert bidirectional.min(axis=None) > ceilings["forward"].mean()
assert bidirectional.min(axis=None) > ceilings["backward"].mean()
# The one-way networks come close to the best that is possible for them, so it is not training that they lack
assert (ceilings["forward"].mean() - scores["forward"] < 0.03).all()
assert (ceilings["backward"].mean() - scores["backward"] < 0.03).all()
# The choice of the direction matters more than that of the merge mode
gain_of_both = bidirectional.mean().min() - scores["forward"].mean()
assert spread < 0.5 * gain_of_both
# An honest rival: with the right feature a linear model does better than all of them
assert plain.mean() < bidirectional.mean().min()
assert given_rain.mean() > bidirectional.mean().max()

# %% [markdown]
# The merge modes against each other, on the same seeds and so the same training seasons: mean difference of accuracy to
# `concat`, the default, with its interval.

# %%
differences = {
    merge: evaluate.mean_interval(scores[merge] - scores["concat"])
    for merge in MERGES[:3]
}
table = pd.DataFrame(
    [
        [mean, f"{low:+.4f} to {high:+.4f}"]
        for mean, low, high in differences.values()
    ],
    columns=["minus concat", "95 percent interval"],
    index=pd.Index(differences, name="merge mode"),
)
report.table("merges", table, tolerance=3, floatfmt="+.4f")

# %% [markdown]
# ## Accuracy by time step
#
# The mean of ten runs at each step, and as dashed lines what the best possible readers reach.

# %%
LOOK = {
    "forward": plots.PALETTE[1],
    "backward": plots.PALETTE[2],
    "concat": plots.PALETTE[0],
}
figure, axes = plt.subplots(figsize=(5.4, 3.6))
axes.plot(STEPS + 1, ceilings["majority"], ":", color=plots.MUTED, linewidth=1.4)
for kind, colour in LOOK.items():
    if kind in ceilings:
        axes.plot(STEPS + 1, ceilings[kind], "--", color=colour, linewidth=1.2)
    middle, low, high = np.transpose(
        [evaluate.mean_interval(runs) for runs in by_step[kind].T]
    )
    axes.vlines(STEPS + 1, low, high, color=colour, linewidth=4, alpha=0.35)
    axes.plot(STEPS + 1, middle, "o", color=colour, markersize=4)
for words, place, colour in [
    ("both directions, concat", (5.5, 1.005), LOOK["concat"]),
    ("forward", (7.6, 0.8), LOOK["forward"]),
    ("backward", (1.05, 0.85), LOOK["backward"]),
    ("majority", (5.5, 0.52), plots.MUTED),
]:
    axes.text(
        *place, words, color=colour, ha="left" if "both" not in words else "center"
    )
axes.set_xticks(STEPS + 1)
axes.set_ylim(0.48, 1.04)
axes.set_xlabel("time step of the season")
axes.set_ylabel("share of right answers")
report.figure(
    "by_step",
    figure,
    alt="Accuracy at each of ten steps: forward and backward networks lie on the dashed lines of the best possible "
    "one-way readers, which fall to about three quarters in the middle, while the bidirectional network stays "
    "close to nine tenths or above at every step",
    tolerance=0.1,
)

mean_by_step = {kind: runs.mean(axis=0) for kind, runs in by_step.items()}
gain = mean_by_step["concat"] - mean_by_step["forward"]
report.value("gain_first", gain[0], tolerance=0.02)
report.value("gain_middle", gain[4], tolerance=0.04)
report.value("gain_last", gain[-1], tolerance=0.01)
report.value("concat_lowest", mean_by_step["concat"].min(), tolerance=0.03)
# The second direction helps most in the middle, and at the last step not at all
assert gain.argmax() in (3, 4, 5)
assert gain[4] > 0.12
assert abs(gain[-1]) < 0.01
assert (gain > -0.01).all()
assert mean_by_step["concat"].min() > 0.88

# %% [markdown]
# ## Where the second direction cannot help
#
# The same seasons, but the question is whether a fixed amount of rain is down. The past settles it.

# %%
fixed = {
    kind: np.array([right_by_step(kind, seed, LIMIT) for seed in SEEDS])
    for kind in ("forward", "concat")
}
fixed_scores = pd.DataFrame(
    {kind: runs.mean(axis=1) for kind, runs in fixed.items()}, index=SEEDS
)
difference = evaluate.mean_interval(
    fixed_scores["concat"] - fixed_scores["forward"]
)
for kind in fixed:
    report.value(f"fixed_{kind}", fixed_scores[kind].mean(), tolerance=0.02)
for name, number in zip(("mean", "low", "high"), difference, strict=True):
    report.value(f"fixed_difference_{name}", number, tolerance=0.015)
# No gain: on average, and at no step one worth the name
assert difference[0] < 0.006
assert (fixed["concat"].mean(axis=0) - fixed["forward"].mean(axis=0)).max() < 0.03
difference

# %%
figure, axes = plt.subplots(figsize=(5.4, 2.8))
for kind, colour, shift in [
    ("forward", LOOK["forward"], -0.08),
    ("concat", LOOK["concat"], 0.08),
]:
    middle, low, high = np.transpose(
        [evaluate.mean_interval(runs) for runs in fixed[kind].T]
    )
    axes.vlines(STEPS + 1 + shift, low, high, color=colour, linewidth=4, alpha=0.35)
    axes.plot(STEPS + 1 + shift, middle, "o-", color=colour, markersize=4)
axes.axhline(1, color=plots.MUTED, linestyle="--", linewidth=1.2)
axes.text(10.2, 1.004, "ceiling of both", color=plots.MUTED, ha="right")
axes.text(9.9, 0.945, "forward", color=LOOK["forward"], ha="right")
axes.text(9.9, 0.925, "both directions, concat", color=LOOK["concat"], ha="right")
axes.set_xticks(STEPS + 1)
axes.set_ylim(0.9, 1.015)
axes.set_xlabel("time step of the season")
axes.set_ylabel("share of right answers")
report.figure(
    "fixed_by_step",
    figure,
    alt="Accuracy at each of ten steps for the fixed amount: the forward network and the bidirectional one lie close "
    "together, both near the ceiling of 1, and the second direction adds nothing",
    tolerance=0.25,
)

# %% [markdown]
# ## What a look ahead would buy
#
# In use the season is not over. One can wait: answer for a step once some more steps are known. Again by computation,
# for the best possible reader: what each further step of waiting is worth.

# %%
waits = (0, 1, 2, 3, 5, 9)
look_ahead = np.array([forward_ceiling(ahead) for ahead in waits])
table = pd.DataFrame(
    {"all steps": look_ahead.mean(axis=1), "step 5": look_ahead[:, 4]},
    index=pd.Index(waits, name="steps ahead"),
)
report.table("look_ahead", table, tolerance=0.02)
for wait in (1, 3):
    report.value(
        f"ahead_{wait}", look_ahead[waits.index(wait)].mean(), tolerance=0.01
    )
# Every step of waiting buys something
assert (np.diff(table["all steps"]) > 0).all()
