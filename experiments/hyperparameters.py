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
# Twelve hyperparameters are moved one at a time, on two small problems, with five seeds for each value. All else,
# data and number of training examples included, stays as it is. At the end two of them are moved together.
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run hyperparameters` in a
# terminal, or this notebook in Jupyter.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

from lstm_guide import datasets, evaluate, models, plots, problems, report

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
    unseen, answers = problems.marked_item(2_000, 12, 10, seed=10_000 + seed)
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


def words_network(units=24, width=16, both=False, dropout=0.0, l2=0.0):
    """Read ten letters, say whether they are backwards."""
    small = keras.regularizers.L2(l2) if l2 else None
    lstm = layers.LSTM(
        units, unroll=True, kernel_regularizer=small, recurrent_regularizer=small
    )
    return keras.Sequential(
        [
            keras.Input(shape=(10,), dtype="int32"),
            layers.Embedding(27, width),
            layers.Bidirectional(lstm) if both else lstm,
            layers.Dropout(dropout),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


# %% [markdown]
# A loop of our own, compiled whole, takes a fraction of the time of `fit`: so many short trainings are affordable.


# %%
def trainer(network, loss, rate):
    """Compile a network and return a function that trains it on rows in the order given, then answers."""
    optimizer = keras.optimizers.Adam(rate)
    network.compile(optimizer, loss=loss)
    optimizer.build(network.trainable_variables)
    loss_of = keras.losses.get(loss)
    x = tf.TensorSpec((None, *network.input_shape[1:]), network.inputs[0].dtype)
    y = tf.TensorSpec((None, 1), "int32")

    @tf.function(input_signature=[x, y, tf.TensorSpec((None, None), "int32"), x])
    def train(x, y, order, unseen):
        for batch in order:
            with tf.GradientTape() as tape:
                answers = network(tf.gather(x, batch), training=True)
                losses = loss_of(tf.gather(y, batch), answers)
                total = tf.reduce_mean(losses) + sum(network.losses)
            gradients = tape.gradient(total, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)
        return network(unseen)

    return train


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


def score(problem, network, train, rate=None, batch=None, change=None, order=None):
    """Train with each seed; accuracy on unseen sequences, one row a seed, after each quarter of the updates."""
    batch, scores = batch or BATCH[problem], []
    for seed in SEEDS:
        models.start_again(network, seed)
        network.optimizer.learning_rate = rate or RATE[problem]
        if change:
            change(network, seed)
        x, y, unseen, truth = DATA[problem][seed]
        rows = (order or shuffled)(y, seed, EXAMPLES[problem] // batch, batch)
        quarters = np.array_split(rows.astype("int32"), 4)
        scores.append(
            [accuracy(train(x, y, part, unseen), truth) for part in quarters]
        )
    return np.array(scores)


# %% [markdown]
# First, does the loop do what Keras does? The same weights and the same batches, once with the loop, once with
# `train_on_batch`:

# %%
network = words_network()
train = trainer(network, LOSS["words"], RATE["words"])
x, y, unseen, truth = DATA["words"][SEEDS[0]]
rows = shuffled(y, SEEDS[0], updates=10, batch=64).astype("int32")
models.start_again(network, SEEDS[0])
by_loop = np.asarray(train(x, y, rows, unseen))
models.start_again(network, SEEDS[0])
for batch in rows:
    network.train_on_batch(x[batch], y[batch])
assert np.allclose(by_loop, network(unseen), atol=1e-3)

# %% [markdown]
# ## Initialisation and behaviour
#
# Three initializers on the recall problem, and the order of the rows on the words.

# %%
recall = recall_network()
train_recall = trainer(recall, LOSS["recall"], RATE["recall"])


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


base = score("words", network, train)
KERNELS = ("normal\n0.01", "glorot\nuniform", "he\nnormal", "normal\n1")
BEHAVIOUR = {
    "kernel_initializer": {
        "normal\n0.01": from_start(0, drawn(init.RandomNormal, stddev=0.01)),
        "glorot\nuniform": keep,
        "he\nnormal": from_start(0, drawn(init.HeNormal)),
        "normal\n1": from_start(0, drawn(init.RandomNormal, stddev=1.0)),
    },
    "recurrent_initializer": {
        "zeros": from_start(1, lambda old, seed: np.zeros_like(old)),
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
# On the words: the width of the state, that of the embedding, and reading from both ends.


# %%
def rebuilt(**options):
    """Score the words network with another layout."""
    network = words_network(**options)
    return score("words", network, trainer(network, LOSS["words"], RATE["words"]))


ARCHITECTURE = {
    "units": {
        "4": rebuilt(units=4),
        "24": base,
        "72": rebuilt(units=72),
    },
    "embedding's width": {
        "2": rebuilt(width=2),
        "16": base,
    },
    "direction": {"forwards": base, "both": rebuilt(both=True)},
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
    if batch == 64 or 0.001 < rate < 0.1
}
LEARNING = {
    "learning_rate": {f"{rate:g}": pairs[rate, 64] for rate in RATES},
    "batch_size": {str(batch): pairs[0.01, batch] for batch in BATCHES},
    "updates": {str(30 * n): base[:, :n] for n in (1, 2, 3, 4)},
    "dropout": {
        "0": base,
        "0.5": rebuilt(dropout=0.5),
    },
    "L2": {"0": base, "0.003": rebuilt(l2=3e-3)},
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
    "direction": "forwards",
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


ALTS = {
    "behaviour": "Accuracy by value in four panels. Kernel initializer: the larger the first weights, the higher, from "
    "normal 0.01 up. Recurrent initializer: three about alike, orthogonal times 3 lower. Forget bias: highest at 0 and "
    "1, lower at -2 and 4. Shuffle: sorted by class lowest",
    "architecture": "Accuracy on the words by value in three panels: units, width of the embedding, direction. The "
    "dots of single runs spread over several points",
    "learning": "Accuracy on the words by value in five panels: learning rate rises from 0.001 to 0.01; batch size "
    "falls from 32 to 256 at equal examples; updates rise; dropout and L2",
}
GROUPS = {
    "behaviour": BEHAVIOUR,
    "architecture": ARCHITECTURE,
    "learning": LEARNING,
}
for name, group in GROUPS.items():
    report.table(f"{name}_values", listed(group), tolerance=4, floatfmt=".1f")
    report.figure(name, panels(group), alt=ALTS[name])

# %%
for problem, scores in [("recall", keep), ("words", base)]:
    report.value(f"{problem}_mean", percent(scores).mean(), tolerance=10)
    report.value(f"{problem}_spread", np.ptp(percent(scores)), tolerance=12)


def mean(group, name, one):
    """Mean accuracy of a value in percent."""
    return percent(group[name][one]).mean()


kernel = [mean(BEHAVIOUR, "kernel_initializer", one) for one in KERNELS]
report.value("kernel_small", kernel[0], tolerance=12)
report.value("kernel_he", kernel[2], tolerance=6)
assert kernel[0] < kernel[1] < kernel[2]
bias = {
    one: mean(BEHAVIOUR, "forget gate's bias", one) for one in ("-2", "0", "1", "4")
}
report.value("bias_low", bias["-2"], tolerance=12)
report.value("bias_high", bias["4"], tolerance=12)
assert max(bias["-2"], bias["4"]) < min(bias["0"], bias["1"])
wide = mean(BEHAVIOUR, "recurrent_initializer", "ortho-\ngonal × 3")
assert wide < mean(BEHAVIOUR, "recurrent_initializer", "ortho-\ngonal")
sorted_ = mean(BEHAVIOUR, "shuffle (words)", "sorted\nby class")
report.value("sorted", sorted_, tolerance=10)
assert sorted_ < mean(BEHAVIOUR, "shuffle (words)", "each\nepoch") - 2
# Learning: a rate ten times too low costs points; so do 256 rows a batch, at that rate
assert mean(LEARNING, "learning_rate", "0.001") < mean(
    LEARNING, "learning_rate", "0.01"
)
assert mean(LEARNING, "batch_size", "256") < mean(LEARNING, "batch_size", "32")
report.value("rate_low", mean(LEARNING, "learning_rate", "0.001"), tolerance=6)
report.value("rate_kept", mean(LEARNING, "learning_rate", "0.01"), tolerance=6)

# %% [markdown]
# ## Two at a time: rate and batch size
#
# The same number of examples for all.

# %%
figure, axes = plt.subplots(figsize=(4.8, 3.2))
for colour, batch in zip(plots.PALETTE, BATCHES, strict=False):
    tried = [rate for rate in RATES if (rate, batch) in pairs]
    line = [percent(pairs[rate, batch]).mean() for rate in tried]
    axes.plot(tried, line, "o-", color=colour, label=f"{batch} rows a batch")
axes.set_xscale("log")
axes.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
axes.minorticks_off()
axes.set_xlabel("learning rate")
axes.set_ylabel("right, %")
figure.legend(loc="outside upper left", ncols=2)
report.figure(
    "pair",
    figure,
    alt="Accuracy by learning rate, one line a batch size. At low rates large batches are far behind small ones; at "
    "0.03 the lines are closer together",
)


def lead(rate):
    """How far batches of 32 are ahead of batches of 256, in points."""
    return (percent(pairs[rate, 32]) - percent(pairs[rate, 256])).mean()


report.value("lead_low", lead(0.003), tolerance=6)
report.value("lead_high", lead(0.03), tolerance=6)
# The batch size that looks better depends on the rate
assert lead(0.003) > lead(0.03)
