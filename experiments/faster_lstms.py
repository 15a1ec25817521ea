# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What makes an LSTM train and predict faster, and by how much
#
# One small LSTM, and every switch that is said to make it faster, measured in one run: XLA, unrolling, precision, the
# backend, threads, batch size, the way the data come in, and padding. What is reported are ratios, for seconds belong
# to a machine.
#
# To run it yourself, install the guide's package as its readme says, with the extra `[jax]`. Then run
# `lstm-guide run faster-lstms` in a terminal, or this notebook in Jupyter.
#
# TensorFlow gets one thread here, set before it is imported. So the seconds that count are those in which the processor
# worked for this process: other programs on the machine hardly change them.

# %%
import os

ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
os.environ.update(ONE_THREAD)

import subprocess
import sys
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

from lstm_guide import plots, report

plots.use_style()
SEED = report.first_seed()
N_FEATURES, UNITS, BATCH = 4, 32, 64


def sequences(rows, n_steps, seed=SEED):
    """Noise, and the mean of its last ten steps, scaled to a spread of about 1."""
    x = np.random.default_rng(seed).normal(size=(rows, n_steps, N_FEATURES))
    y = x[:, -10:].mean(axis=(1, 2))[:, None] * 40**0.5
    return x.astype("float32"), y.astype("float32")


def network(n_steps, unroll=False, **switches):
    """One LSTM layer and one answer; the switches go to compile."""
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential(
        [
            keras.Input(shape=(n_steps, N_FEATURES)),
            layers.LSTM(UNITS, unroll=unroll),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), loss="mse", **switches)
    return model


def clock(action):
    """Seconds that an action took: of the processor, and on the wall."""
    processor, wall = time.process_time(), time.perf_counter()
    action()
    return time.process_time() - processor, time.perf_counter() - wall


def race(actions, rounds=5, times=6):
    """Time actions in turn, round after round; return the first call's seconds and the best seconds a call."""
    first = {name: clock(action)[0] for name, action in actions.items()}
    for action in actions.values():
        action()  # a second call may trace once more
    best = dict.fromkeys(actions, np.inf)
    for _ in range(rounds):
        for name, action in actions.items():
            taken, _ = clock(lambda action=action: [action() for _ in range(times)])
            best[name] = min(best[name], taken / times)
    return pd.Series(first), pd.Series(best)


def updates(models, n_steps):
    """For each model, a function that makes one update with a batch of 64."""
    x, y = sequences(BATCH, n_steps)
    return {
        name: lambda model=model: model.train_on_batch(x, y)
        for name, model in models.items()
    }


# %% [markdown]
# ## XLA, unrolling and precision
#
# One update of 64 sequences. The first call also traces the model and compiles it; what it takes more than the plain
# model's is the price. Divided by what each later update saves, it is the number of updates after which a switch has
# paid.


# %%
def with_precision(policy, n_steps):
    """The plain network in another precision."""
    keras.mixed_precision.set_dtype_policy(policy)
    model = network(n_steps)
    keras.mixed_precision.set_dtype_policy("float32")
    return model


LONG, SHORT = 50, 10
models = {
    "plain": network(LONG),
    "jit_compile": network(LONG, jit_compile=True),
    "unroll": network(LONG, unroll=True),
    "mixed_bfloat16": with_precision("mixed_bfloat16", LONG),
}
first, best = race(updates(models, LONG))
short = {"plain": network(SHORT), "jit_compile": network(SHORT, jit_compile=True)}
first_short, best_short = race(updates(short, SHORT), times=20)


def break_even(first, best, name):
    """Updates after which what the first call cost more is won back; none if nothing is."""
    saved = best["plain"] - best[name]
    return (first[name] - first["plain"]) / saved if saved > 0 else np.nan


table = pd.DataFrame(
    {
        "gain": best["plain"] / best,
        "first call, s": first,
        "pays after": [break_even(first, best, name) for name in best.index],
    }
).rename_axis("50 steps")
table.loc["plain", "pays after"] = np.nan
short_gain = best_short["plain"] / best_short["jit_compile"]
for name in ("jit_compile", "unroll", "mixed_bfloat16"):
    gain = best["plain"] / best[name]
    report.value(f"{name}_gain", gain, tolerance=0.8 * gain)
report.value("jit_compile_gain_short", short_gain, tolerance=0.8 * short_gain)
price = first["jit_compile"] - first["plain"]
report.value("jit_price", price, tolerance=2 * price)
pays = break_even(first, best, "jit_compile")
report.value(
    "jit_pays_after", min(np.nan_to_num(pays, nan=1e5), 1e5), tolerance=1e5
)
in_updates = price / best["plain"]
report.value("jit_price_in_updates", in_updates, tolerance=3 * in_updates)
# XLA makes an update no slower, at a price of many updates
assert best["plain"] > 0.9 * best["jit_compile"]
assert price > 20 * best["plain"]
# Unrolling has its price, too, and gains no more than a factor of two
assert first["unroll"] > 1.3 * first["plain"]
assert best["plain"] < 2 * best["unroll"]
# Half precision gains nothing on this kind of processor
assert best["mixed_bfloat16"] > 0.4 * best["plain"]  # a CPU made for it may gain
table.round(2)

# %% [markdown]
# ## Another backend, another thread
#
# The same model in processes of their own: once Keras on JAX with one thread, once Keras on TensorFlow with two. They
# take turns with the model above. Threads are judged by the wall's clock, the backend by the processor's.

# %%
WORKER = """
import sys, time
import keras
import numpy as np

rows, n_steps, n_features, units = (int(number) for number in sys.argv[1:])
keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.Input(shape=(n_steps, n_features)),
    keras.layers.LSTM(units),
    keras.layers.Dense(1),
])
model.compile(keras.optimizers.Adam(0.01), loss="mse")
x = np.random.default_rng(0).normal(size=(rows, n_steps, n_features))
x = x.astype("float32")
y = x.mean(axis=(1, 2))[:, None]
for line in sys.stdin:
    start = time.process_time(), time.perf_counter()
    for _ in range(int(line)):
        model.train_on_batch(x, y)
    print(time.process_time() - start[0], time.perf_counter() - start[1], flush=True)
"""


def worker(rows, **environment):
    """Start a process that makes updates when it is told how many."""
    sizes = [str(size) for size in (rows, LONG, N_FEATURES, UNITS)]
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, *sizes],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def ask(process, times):
    """Let a process make some updates; return its seconds, of the processor and on the wall."""
    process.stdin.write(f"{times}\n")
    process.stdin.flush()
    return np.array([float(text) for text in process.stdout.readline().split()])


JAX = {
    "KERAS_BACKEND": "jax",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
TWO = {"TF_NUM_INTRAOP_THREADS": "2", "TF_NUM_INTEROP_THREADS": "2"}
rivals = {"JAX": worker(BATCH, **JAX), "two threads": worker(BATCH, **TWO)}
rivals_first = {name: ask(rival, 1)[0] for name, rival in rivals.items()}
taken = {"plain": [], "JAX": [], "two threads": []}
action = updates(models, LONG)["plain"]
for rival in rivals.values():
    ask(rival, 2)
for _ in range(5):
    taken["plain"].append(clock(lambda: [action() for _ in range(10)]))
    for name, rival in rivals.items():
        taken[name].append(ask(rival, 10))
for rival in rivals.values():
    rival.stdin.close()
    rival.wait()
rival_best = {name: np.min(values, axis=0) for name, values in taken.items()}
jax_gain = rival_best["plain"][0] / rival_best["JAX"][0]
threads_gain = rival_best["plain"][1] / rival_best["two threads"][1]
threads_work = rival_best["two threads"][0] / rival_best["plain"][0]
report.value("jax_gain", jax_gain, tolerance=0.8 * jax_gain)
report.value("threads_gain", threads_gain, tolerance=0.8 * threads_gain)
report.value("threads_work", threads_work, tolerance=0.8 * threads_work)
print(pd.DataFrame(rival_best, index=["processor, s", "wall, s"]).round(3))
print({name: round(seconds, 1) for name, seconds in rivals_first.items()})
# A second thread does not double the speed of so small a layer
assert threads_gain < 1.9
assert jax_gain > 1

# %% [markdown]
# ## Batch size
#
# The same model on 20 steps, with batches of four sizes.

# %%
sizes = (16, 64, 256, 1024)
batches = {rows: sequences(rows, 20) for rows in sizes}
model = network(20)
_, by_size = race(
    {
        rows: lambda batch=batch: model.train_on_batch(*batch)
        for rows, batch in batches.items()
    }
)
throughput = pd.Series({rows: rows / by_size[rows] for rows in sizes})


batch_table = pd.DataFrame(
    {
        "time an update": by_size / by_size[16],
        "sequences a second": throughput / throughput[16],
    }
).rename_axis("batch")
report.table("batch_size", batch_table, tolerance=2, floatfmt=(".0f", ".1f", ".1f"))
gain = throughput[1024] / throughput[16]
report.value("batch_gain", gain, tolerance=0.8 * gain)
# Larger batches do more sequences a second, by a lot, and less than in proportion at the end
assert gain > 3
assert throughput[1024] < 3 * throughput[256]

# %% [markdown]
# ## How the data come in
#
# A small model of ten steps, 40 updates an epoch, one epoch a call.

# %%
N_BATCHES = 40
x, y = sequences(N_BATCHES * BATCH, SHORT)


class Batches(keras.utils.PyDataset):
    """The same batches, made in Python."""

    def __len__(self):
        return N_BATCHES

    def __getitem__(self, index):
        part = slice(index * BATCH, (index + 1) * BATCH)
        return x[part], y[part]


pipeline = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(BATCH)
pipeline = pipeline.prefetch(2)
options = tf.data.Options()
options.autotune.enabled = False
untuned, model = pipeline.with_options(options), short["plain"]
batches = Batches()
ways = {
    "fit, NumPy arrays": lambda: model.fit(x, y, batch_size=BATCH, verbose=0),
    "fit, PyDataset": lambda: model.fit(batches, shuffle=False, verbose=0),
    "fit, tf.data": lambda: model.fit(pipeline, shuffle=False, verbose=0),
    "train_on_batch": lambda: [
        model.train_on_batch(*batches[index]) for index in range(N_BATCHES)
    ],
}
_, by_way = race(ways, rounds=4, times=1)
way_table = pd.DataFrame({"time an update": by_way / by_way["train_on_batch"]})
way_table = way_table.rename_axis("data")
report.table("pipelines", way_table, tolerance=2, floatfmt=("", ".2f"))

compiled = {
    1: short["jit_compile"],
    20: network(SHORT, jit_compile=True, steps_per_execution=20),
}
_, by_steps = race(
    {
        steps: lambda model=model: model.fit(untuned, shuffle=False, verbose=0)
        for steps, model in compiled.items()
    },
    rounds=4,
    times=1,
)
steps_gain = by_steps[1] / by_steps[20]
report.value("steps_gain", steps_gain, tolerance=0.8 * steps_gain)
# In this little model Keras' own work on each batch counts: a bare loop is the cheapest
assert by_way["train_on_batch"] < by_way["fit, PyDataset"]
assert by_way["train_on_batch"] < 1.5 * by_way.min()
assert steps_gain > 1

# %% [markdown]
# ## Padding
#
# Sequences of 5 to 100 steps, most of them short, padded with zeros that the LSTM is told to skip. Once all are padded
# to 100; once they are sorted by length, and each batch is padded to the next multiple of 20.

# %%
rng = np.random.default_rng(SEED)
lengths = np.clip(5 + rng.exponential(25, size=16 * BATCH), 5, 100).astype(int)
padded = np.zeros((len(lengths), 100, N_FEATURES), "float32")
for row, length in enumerate(lengths):
    padded[row, :length] = rng.normal(size=(length, N_FEATURES))
target = padded.sum(axis=(1, 2))[:, None] / 10

keras.utils.set_random_seed(SEED)
masked = keras.Sequential(
    [
        keras.Input(shape=(None, N_FEATURES)),
        layers.Masking(),
        layers.LSTM(UNITS),
        layers.Dense(1),
    ]
)
masked.compile(keras.optimizers.Adam(0.01), loss="mse")


def parts(order, cut):
    """Batches of 64 in this order; with cut, without the steps that only padding fills."""
    made = []
    for rows in order.reshape(-1, BATCH):
        longest = 20 * -(-lengths[rows].max() // 20) if cut else 100
        made.append((padded[rows, :longest], target[rows]))
    return made


whole = parts(np.arange(len(lengths)), cut=False)
sorted_ = parts(np.argsort(lengths, kind="stable"), cut=True)
_, by_padding = race(
    {
        "whole": lambda: [masked.train_on_batch(*batch) for batch in whole],
        "sorted": lambda: [masked.train_on_batch(*batch) for batch in sorted_],
    },
    rounds=3,
    times=1,
)
bucket_gain = by_padding["whole"] / by_padding["sorted"]
fewer = 100 * len(whole) / sum(batch.shape[1] for batch, _ in sorted_)
report.value("bucket_gain", bucket_gain, tolerance=0.8 * bucket_gain)
report.value("bucket_fewer_steps", fewer, tolerance=1)
short_batch = sorted_[0][0]
rows = np.argsort(lengths, kind="stable")[:BATCH]
same = np.allclose(masked(short_batch), masked(padded[rows]), atol=1e-5)
assert same  # the answers are the same
assert bucket_gain > 1.3

# %% [markdown]
# ## Predicting
#
# 4,096 windows of ten steps in one call of predict, with its default batches of 32 and with batches of 1,024.

# %%
windows, _ = sequences(4_096, SHORT)
model = short["plain"]
_, by_call = race(
    {
        rows: lambda rows=rows: model.predict(windows, batch_size=rows, verbose=0)
        for rows in (32, 1_024)
    },
    rounds=3,
    times=1,
)
predict_gain = by_call[32] / by_call[1_024]
report.value("predict_gain", predict_gain, tolerance=0.8 * predict_gain)
assert predict_gain > 1.3

# %% [markdown]
# ## All in one picture

# %%
gains = {
    "batches of 1,024, not 16": gain,
    "predict in batches of 1,024": predict_gain,
    "sort by length": bucket_gain,
    "Keras on JAX": jax_gain,
    "jit_compile, 50 steps": best["plain"] / best["jit_compile"],
    "jit_compile, 10 steps": short_gain,
    "steps_per_execution, 10 steps": steps_gain,
    "unroll, 50 steps": best["plain"] / best["unroll"],
    "two threads": threads_gain,
    "mixed_bfloat16": best["plain"] / best["mixed_bfloat16"],
}
figure, axes = plt.subplots(figsize=(4.8, 3.9))
for place, factor in enumerate(gains.values()):
    axes.plot([1, factor], [place, place], color=plots.PALETTE[0], linewidth=3)
    axes.plot(factor, place, "o", color=plots.PALETTE[0], markersize=6)
    axes.text(max(factor, 1) * 1.12, place, f"{factor:.1f}", va="center")
axes.axvline(1, color=plots.MUTED, linestyle="--", linewidth=1)
axes.set_xscale("log")
axes.set_xlim(0.5, 30)
axes.set_xticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
axes.minorticks_off()
axes.set_yticks(range(len(gains)), gains)
axes.tick_params(axis="y", labelcolor=plots.INK)
axes.grid(axis="y", visible=False)
axes.invert_yaxis()
axes.set_xlabel("times as fast")
report.figure(
    "gains",
    figure,
    alt="How many times as fast each change made the same work, on a logarithmic axis: batch size and predicting in "
    "large batches gain most, then sorting by length, JAX and XLA; unrolling, two threads, half precision are near 1",
    tolerance=0.5,
)
switch_table = pd.DataFrame({"times as fast": gains}).rename_axis("change")
report.table("gains", switch_table, tolerance=2, floatfmt=("", ".1f"))
