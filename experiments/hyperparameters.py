# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Hyperparameters, one at a time
#
# Eleven hyperparameters are moved one at a time, on two small problems, with five seeds for each value. All else,
# data and number of training examples included, stays as it is. At the end two of them are moved together.
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run hyperparameters` in a
# terminal, or this notebook in Jupyter.

# %%
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

from lstm_guide import datasets, evaluate, plots, problems, report

plots.use_style()
SEEDS = range(report.first_seed(), report.first_seed() + 5)

# %% [markdown]
# ## Two problems
#
# **Recall** has as many data as you like: 12 random symbols out of ten, one of them marked, and which one is asked
# at the end. So it shows how soon a network learns. It is stopped after 50 updates, while learning is under way.
#
# **Words** has few data: 600 words, each spelled forwards and backwards; which is it? 500 other words are the
# validation part. Each seed draws its own words, its own initial weights and its own order. The
# same seed means the same of all three for every value, so values are compared in pairs.


# %%
def recall_data(seed):
    """Symbols to learn from and to be asked about."""
    x, y = problems.marked_item(50 * 128, n_steps=12, n_symbols=10, seed=seed)
    unseen, answers = problems.marked_item(1_000, 12, 10, seed=10_000 + seed)
    return x, y[:, None].astype("int32"), unseen, answers


def words_data(seed):
    """Words, letter by letter; padded in front, so the last step is always a letter."""
    words = datasets.english_words(4, 10)
    np.random.default_rng(seed).shuffle(words)
    parts = []
    for part in (words[:600], words[-500:]):
        texts, backwards = problems.reversed_words(part, seed=seed)
        codes = [[ord(letter) - 96 for letter in text] for text in texts]
        parts += [keras.utils.pad_sequences(codes, maxlen=10), backwards]
    x, y, unseen, answers = parts
    return x, y[:, None].astype("int32"), unseen, answers


DATA = {
    problem: {seed: make(seed) for seed in SEEDS}
    for problem, make in [("recall", recall_data), ("words", words_data)]
}

# %% [markdown]
# ## The networks and their training
#
# One LSTM layer and a dense layer; in front, for the words, an embedding. `unroll=True` changes the time it takes and
# not what is computed.


# %%
def recall_network():
    """Read 12 symbols, name one of ten."""
    return keras.Sequential(
        [
            keras.Input(shape=(12, 11)),
            layers.LSTM(32, unroll=True, name="lstm"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def words_network(units=24, width=16, dropout=0.0):
    """Read ten letters, say whether they are backwards; how much L2 counts is said in each update."""
    squares = keras.regularizers.L2(1.0)
    lstm = layers.LSTM(
        units, unroll=True, dropout=dropout, kernel_regularizer=squares
    )
    return keras.Sequential(
        [
            keras.Input(shape=(10,), dtype="int32"),
            layers.Embedding(27, width),
            lstm,
            layers.Dense(1, activation="sigmoid"),
        ]
    )


# %% [markdown]
# An update that is compiled by itself takes a fraction of the time of `fit`: so many short trainings are affordable.


# %%
def trainer(network, loss):
    """Compile a network and return a function that trains it on rows in the order given, then answers."""
    optimizer = keras.optimizers.Adam()
    network.compile(optimizer, loss=loss)
    optimizer.build(network.trainable_variables)
    loss_of = keras.losses.get(loss)

    @tf.function  # traced anew for each batch size: with fixed shapes it takes less time
    def update(x, y, l2):
        with tf.GradientTape() as tape:
            losses = loss_of(y, network(x, training=True))
            total = tf.reduce_mean(losses) + l2 * sum(network.losses)
        gradients = tape.gradient(total, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)

    answer = tf.function(network)

    def train(x, y, order, unseen, l2=0.0):
        for batch in order:
            update(x[batch], y[batch], tf.constant(l2))
        return answer(unseen)

    return train


fresh = {}  # a network and a seed: initial weights


def start_again(network, seed, rate):
    """Take fresh weights, drawn layer by layer.

    Initializers and dropout take their seeds from Python's generator. keras.utils.set_random_seed would seed that, too,
    but it also empties TensorFlow's cache of compiled functions, which costs half a second a run.
    """
    if (network, seed) not in fresh:
        random.seed(seed)
        new = [
            type(layer).from_config(layer.get_config()) for layer in network.layers
        ]
        for layer, old in zip(new, network.layers, strict=True):
            layer.build(old.input.shape)
        fresh[network, seed] = [v.numpy() for layer in new for v in layer.variables]
    old = [v for layer in network.layers for v in layer.variables]
    for variable, value in zip(old, fresh[network, seed], strict=True):
        variable.assign(value)
    for variable in network.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    network.optimizer.learning_rate = rate


def shuffled(y, seed, updates, batch):
    """Rows in a new random order each epoch, cut into batches: shape (updates, batch)."""
    rng, epochs = np.random.default_rng(seed), -(-updates * batch // len(y))
    rows = np.concatenate([rng.permutation(len(y)) for _ in range(epochs)])
    return rows[: updates * batch].reshape(updates, batch)


def accuracy(answers, truth):
    """Share that is right."""
    answers = np.asarray(answers)
    named = answers.argmax(axis=1) if answers.shape[1] > 1 else answers[:, 0] > 0.5
    return float(np.mean(named == truth))


RATE = {"recall": 0.02, "words": 0.01}
LOSS = {
    "recall": "sparse_categorical_crossentropy",
    "words": "binary_crossentropy",
}
EXAMPLES, BATCH = (
    {"recall": 50 * 128, "words": 120 * 64},
    {"recall": 128, "words": 64},
)


def score(
    problem,
    network,
    train,
    rate=None,
    batch=None,
    change=None,
    order=shuffled,
    l2=0.0,
    parts=1,
):
    """Train with each seed; accuracy on unseen sequences, one row a seed, after each part of the updates."""
    batch, scores = batch or BATCH[problem], []
    for seed in SEEDS:
        start_again(network, seed, rate or RATE[problem])
        if change:
            change(network, seed)
        x, y, unseen, truth = DATA[problem][seed]
        rows = order(y, seed, EXAMPLES[problem] // batch, batch)
        answers = [
            train(x, y, part, unseen, l2) for part in np.array_split(rows, parts)
        ]
        scores.append([accuracy(answer, truth) for answer in answers])
    return np.array(scores)


# %% [markdown]
# First, does the loop do what Keras does? The same weights and the same batches, once with the loop, once with
# `train_on_batch`, where the regularizer counts in full:

# %%
network = words_network()
train = trainer(network, LOSS["words"])
x, y, unseen, truth = DATA["words"][SEEDS[0]]
rows = shuffled(y, SEEDS[0], updates=10, batch=64)
start_again(network, SEEDS[0], RATE["words"])
by_loop = np.asarray(train(x, y, rows, unseen, l2=1.0))
start_again(network, SEEDS[0], RATE["words"])
for batch in rows:
    network.train_on_batch(x[batch], y[batch])
assert np.allclose(by_loop, network(unseen), atol=1e-3)

# %% [markdown]
# ## Initialisation and behaviour
#
# Three initializers on the recall problem, and the order of the rows on the words.

# %%
recall = recall_network()
train_recall = trainer(recall, LOSS["recall"])


def start(place, draw):
    """Change one array of the LSTM's initial weights: kernel, recurrent kernel or bias."""

    def change(network, seed):
        lstm = network.get_layer("lstm")
        weights = lstm.get_weights()
        weights[place] = draw(weights[place], seed)
        lstm.set_weights(weights)

    return change


def drawn(initializer, **options):
    """Draw an array with one of Keras' initializers."""
    return lambda old, seed: np.asarray(
        initializer(seed=seed, **options)(old.shape)
    )


def forget_bias(number):
    """Set the second quarter of the bias, the forget gate's; the other biases stay at 0."""
    return lambda old, seed: np.where(np.arange(128) // 32 == 1, number, old)


keep = score("recall", recall, train_recall)
init = keras.initializers


def from_start(place, draw):
    """Score the recall network from other initial weights."""
    return score("recall", recall, train_recall, change=start(place, draw))


def sorted_rows(y, seed, updates, batch):
    """All forward words first, then all backward ones, in every epoch: no shuffling."""
    return np.resize(np.argsort(y[:, 0], kind="stable"), (updates, batch))


def fixed_rows(y, seed, updates, batch):
    """The same random order in every epoch."""
    return np.resize(np.arange(len(y)), (updates, batch))


base = score("words", network, train, parts=4)
KERNELS = ("normal\n0.01", "glorot\nuniform", "he\nnormal", "normal\n1")
BEHAVIOUR = {
    "kernel_initializer": {
        "normal\n0.01": from_start(0, drawn(init.RandomNormal, stddev=0.01)),
        "glorot\nuniform": keep,
        "he\nnormal": from_start(0, drawn(init.HeNormal)),
        "normal\n1": from_start(0, drawn(init.RandomNormal, stddev=1.0)),
    },
    "recurrent_initializer": {
        "glorot\nuniform": from_start(1, drawn(init.GlorotUniform)),
        "ortho-\ngonal": keep,
        "ortho-\ngonal × 3": from_start(1, drawn(init.Orthogonal, gain=3.0)),
    },
    "forget gate's bias": {
        "-2": from_start(2, forget_bias(-2)),
        "0": from_start(2, forget_bias(0)),
        "1": keep,
        "4": from_start(2, forget_bias(4)),
    },
    "shuffle (words)": {
        "sorted\nby class": score("words", network, train, order=sorted_rows),
        "one fixed\norder": score("words", network, train, order=fixed_rows),
        "each\nepoch": base,
    },
}

# %% [markdown]
# ## Architecture and structure
#
# On the words: the width of the state and that of the embedding.


# %%
def rebuilt(**options):
    """Score the words network with another layout."""
    network = words_network(**options)
    return score("words", network, trainer(network, LOSS["words"]))


ARCHITECTURE = {
    "units": {
        "4": rebuilt(units=4),
        "24": base,
        "48": rebuilt(units=48),
    },
    "embedding's width": {
        "2": rebuilt(width=2),
        "16": base,
    },
}

# %% [markdown]
# ## Learning
#
# Also on the words. The batch sizes see the same number of examples, so a larger batch makes fewer updates.

# %%
RATES, BATCHES = (0.001, 0.003, 0.01, 0.03, 0.1), (32, 64, 256)


def learned(rate, batch):
    """Score the words network with another rate or batch size."""
    if (rate, batch) == (RATE["words"], BATCH["words"]):
        return base
    return score("words", network, train, rate=rate, batch=batch)


pairs = {
    (rate, batch): learned(rate, batch)
    for batch in BATCHES
    for rate in RATES
    if batch == 64 or 0.001 < rate < 0.1 or (rate, batch) == (0.1, 256)
}
LEARNING = {
    "learning_rate": {f"{rate:g}": pairs[rate, 64] for rate in RATES},
    "batch_size": {str(batch): pairs[0.01, batch] for batch in BATCHES},
    "updates": {str(30 * n): base[:, :n] for n in (1, 2, 3, 4)},
    "dropout": {
        "0": base,
        "0.5": rebuilt(dropout=0.5),
    },
    "L2": {
        "0": base,
        "0.003": score("words", network, train, l2=3e-3),
    },
}


# %% [markdown]
# ## What they change
#
# For each value: the mean over the five seeds, and the change from the value that all other sweeps leave as it is,
# paired by seed, with the half of its 95 percent interval. Where that half is larger than the change, there may be
# no change.

# %%
KEPT = {
    "kernel_initializer": "glorot\nuniform",
    "recurrent_initializer": "ortho-\ngonal",
    "forget gate's bias": "1",
    "shuffle (words)": "each\nepoch",
    "units": "24",
    "embedding's width": "16",
    "learning_rate": "0.01",
    "batch_size": "64",
    "updates": "120",
    "dropout": "0",
    "L2": "0",
}


def percent(scores):
    """Accuracy after the last update in percent, one number a seed."""
    return 100 * scores[:, -1]


def listed(group):
    """List all values of a group's sweeps, the kept one with a change of 0."""
    rows = {}
    for name, sweep in group.items():
        kept = percent(sweep[KEPT[name]])
        for one, scores in sweep.items():
            change, low, high = evaluate.mean_interval(percent(scores) - kept)
            label = f"{name}: {one}".replace("-\n", "").replace("\n", " ")
            rows[label] = [percent(scores).mean(), change, (high - low) / 2]
    columns = ["right, %", "change", "±"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("value")


def panels(group, n_columns=2):
    """Draw a group's sweeps, one panel each: every run, the mean and its interval."""
    n_rows = -(-len(group) // n_columns)
    figure, grid = plt.subplots(
        n_rows,
        n_columns,
        figsize=(5.4, 2.3 * n_rows),
        squeeze=False,
        sharey=group is not BEHAVIOUR,  # two problems there, one here
    )
    for axes, (name, sweep) in zip(grid.flat, group.items(), strict=False):
        for place, (one, scores) in enumerate(sweep.items()):
            mean, low, high = evaluate.mean_interval(percent(scores))
            colour = plots.PALETTE[0] if one == KEPT[name] else plots.MUTED
            runs = percent(scores)
            axes.plot([place] * len(runs), runs, ".", color=colour, alpha=0.45)
            axes.plot([place + 0.2] * 2, [low, high], color=colour, alpha=0.5)
            axes.plot(place + 0.2, mean, "o", color=colour, markersize=5)
        axes.set_xticks(np.arange(len(sweep)) + 0.1, list(sweep))
        axes.tick_params(axis="x", labelcolor=plots.INK, labelsize=8)
        axes.set_xlim(-0.5, len(sweep) - 0.3)
        axes.grid(axis="x", visible=False)
        axes.set_title(name, fontsize=10)
    for axes in grid[:, 0]:
        axes.set_ylabel("right, %")
    for axes in list(grid.flat)[len(group) :]:
        axes.set_visible(False)
    return figure


def told(group):
    """Say in words what the panels show: the mean of each value."""
    sweeps = []
    for name, sweep in group.items():
        means = [
            f"{percent(scores).mean():.0f} at {one}"
            for one, scores in sweep.items()
        ]
        sweeps.append(
            f"{name}: " + ", ".join(means).replace("-\n", "").replace("\n", " ")
        )
    return "Accuracy in percent by value, a panel each. " + "; ".join(sweeps)


GROUPS = {
    "behaviour": BEHAVIOUR,
    "architecture": ARCHITECTURE,
    "learning": LEARNING,
}
for name, group in GROUPS.items():
    report.table(f"{name}_values", listed(group), tolerance=3, floatfmt=".1f")
    report.figure(name, panels(group), alt=told(group))

# %%
# Tolerances: recall is stopped on the steep part of its curve, so a run soon ends elsewhere on another processor
for problem, scores, tolerance in [("recall", keep, 5), ("words", base, 2)]:
    report.value(f"{problem}_mean", percent(scores).mean(), tolerance=tolerance)
    report.value(
        f"{problem}_spread", np.ptp(percent(scores)), tolerance=1.5 * tolerance
    )


def mean(group, name, one):
    """Mean accuracy of a value in percent."""
    return percent(group[name][one]).mean()


kernel = [mean(BEHAVIOUR, "kernel_initializer", one) for one in KERNELS]
report.value("kernel_small", kernel[0], tolerance=6)
report.value("kernel_he", kernel[2], tolerance=2)
assert kernel[0] < kernel[1] < kernel[2]
bias = {
    one: mean(BEHAVIOUR, "forget gate's bias", one) for one in ("-2", "0", "1", "4")
}
assert max(bias["-2"], bias["4"]) < min(bias["0"], bias["1"])
wide = mean(BEHAVIOUR, "recurrent_initializer", "ortho-\ngonal × 3")
assert wide < mean(BEHAVIOUR, "recurrent_initializer", "ortho-\ngonal")
sorted_ = mean(BEHAVIOUR, "shuffle (words)", "sorted\nby class")
report.value("sorted", sorted_, tolerance=5)
assert sorted_ < mean(BEHAVIOUR, "shuffle (words)", "each\nepoch") - 2
# Architecture: an embedding of two numbers a letter is too narrow
assert mean(ARCHITECTURE, "embedding's width", "2") < percent(base).mean()
# Learning: a rate ten times too low costs points, and so do 256 rows a batch at that rate, dropout and L2
for name, one in [
    ("learning_rate", "0.001"),
    ("batch_size", "256"),
    ("dropout", "0.5"),
    ("L2", "0.003"),
]:
    assert mean(LEARNING, name, one) < percent(base).mean(), (name, one)
report.value("rate_low", mean(LEARNING, "learning_rate", "0.001"), tolerance=2)
report.value("rate_high", mean(LEARNING, "learning_rate", "0.03"), tolerance=2)
# Over the values tried, the rate moves most
moves = {
    name: np.ptp([percent(scores).mean() for scores in sweep.values()])
    for name, sweep in LEARNING.items()
}
assert max(moves, key=moves.get) == "learning_rate", moves

# %% [markdown]
# ## Two at a time: rate and batch size
#
# The same number of examples for all.

# %%
figure, axes = plt.subplots(figsize=(4.8, 3.2))
for colour, batch in zip(plots.PALETTE, BATCHES, strict=False):
    tried = [rate for rate in RATES if (rate, batch) in pairs]
    line = [percent(pairs[rate, batch]).mean() for rate in tried]
    axes.plot(tried, line, "o-", color=colour)
    axes.annotate(
        f"{batch} rows",
        (tried[-1], line[-1]),
        xytext=(6, -3),
        textcoords="offset points",
        color=colour,
    )
axes.set_xlim(0.0008, 0.25)
axes.set_xscale("log")
axes.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
axes.minorticks_off()
axes.set_xlabel("learning rate")
axes.set_ylabel("right, %")
report.figure(
    "pair",
    figure,
    alt="Accuracy by learning rate from 0.001 to 0.1, one line each for 32, 64 and 256 rows a batch. At low rates "
    "large batches are behind small ones; at higher rates the lines come together",
)


def best(batch):
    """Accuracy by seed at the best of the rates that were tried with a batch size."""
    tried = [
        percent(scores) for (_, size), scores in pairs.items() if size == batch
    ]
    return max(tried, key=np.mean)


def ahead(rate):
    """How far batches of 32 are ahead of batches of 256 at a rate, in points."""
    return (percent(pairs[rate, 32]) - percent(pairs[rate, 256])).mean()


lead_best = (best(32) - best(256)).mean()
report.value("lead_low", ahead(0.003), tolerance=1.5)
report.value("lead_best", lead_best, tolerance=1.5)
# How far ahead the small batch looks depends on the rate
assert ahead(0.003) > max(ahead(0.03), lead_best)
