# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Two processes: a search shared, and one training shared
#
# Several processes are what several machines come down to: they share no memory, and meet in a folder or over the
# network. Here two of them run on one machine with two cores. First they share a search; then they train one model
# together, and are compared with a single process.
#
# To run it yourself, install the guide's package as its readme says, with the extras `[tune]` and `[jax]`. Then run
# `lstm-guide run more-than-one-machine` in a terminal, or this notebook in Jupyter.

# %%
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pandas as pd

from lstm_guide import report

SEED = report.first_seed()
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def start(script, *arguments, **environment):
    """Start a script in a process of its own, TensorFlow with one thread; it can be written to and read from."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *[str(argument) for argument in arguments]],
        env=os.environ | ONE_THREAD | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


# %% [markdown]
# ## A search by two processes
#
# Each process builds the same small LSTM, then waits. Told the name of a study and a number, it runs that many trials,
# and notes what it did. The study is in a journal, a file that both append to.

# %%
SEARCH = """
import json, sys
import keras
import numpy as np
import optuna
from lstm_guide.models import start_again

optuna.logging.set_verbosity(optuna.logging.WARNING)
seed = int(sys.argv[1])
x = np.random.default_rng(seed).normal(size=(640, 20, 4)).astype("float32")
y = x[:, -10:].mean(axis=(1, 2))[:, None] * 40**0.5
model = keras.Sequential([
    keras.Input(shape=(20, 4)), keras.layers.LSTM(32), keras.layers.Dense(1)
])
model.compile("adam", loss="mse")
done = []

def objective(trial):
    start_again(model, seed)
    model.optimizer.learning_rate = trial.suggest_float("rate", 1e-4, 0.1, log=True)
    for first in range(0, 640, 32):
        model.train_on_batch(x[first : first + 32], y[first : first + 32])
    loss = float(model.evaluate(x[:512], y[:512], batch_size=512, verbose=0))
    done.append([trial.number, loss])
    return loss

objective(optuna.trial.FixedTrial({"rate": 0.01}))
print("ready", flush=True)
for line in sys.stdin:
    name, trials = line.split()
    done.clear()
    backend = optuna.storages.journal.JournalFileBackend("search.log")
    study = optuna.load_study(
        study_name=name, storage=optuna.storages.JournalStorage(backend)
    )
    study.optimize(objective, n_trials=int(trials))
    print(json.dumps(done), flush=True)
"""

N_TRIALS = 8
optuna.logging.set_verbosity(optuna.logging.WARNING)
backend = optuna.storages.journal.JournalFileBackend("search.log")
storage = optuna.storages.JournalStorage(backend)
workers = [start(SEARCH, SEED) for _ in range(2)]
ready = [worker.stdout.readline() for worker in workers]
assert ready == ["ready\n"] * 2


def search(name, workers):
    """Share the trials among the workers; return the seconds on the wall and what each worker did."""
    optuna.create_study(study_name=name, storage=storage)
    begun = time.perf_counter()
    for worker in workers:
        worker.stdin.write(f"{name} {N_TRIALS // len(workers)}\n")
        worker.stdin.flush()
    done = [json.loads(worker.stdout.readline()) for worker in workers]
    return time.perf_counter() - begun, done


seconds = {1: [], 2: []}
for turn in range(2):
    for n_workers in seconds:
        name = f"{n_workers}-{turn}"
        taken, done = search(name, workers[:n_workers])
        seconds[n_workers].append(taken)
        trials = optuna.load_study(study_name=name, storage=storage).trials
        # Nothing is lost and nothing done twice: all numbers are there once, with the value that was found
        noted = sorted(tuple(trial) for part in done for trial in part)
        assert [number for number, _ in noted] == list(range(N_TRIALS))
        assert [trial.number for trial in trials] == list(range(N_TRIALS))
        assert all(trial.state.name == "COMPLETE" for trial in trials)
        assert np.allclose([trial.value for trial in trials], [v for _, v in noted])
        assert len({trial.params["rate"] for trial in trials}) == N_TRIALS
for worker in workers:
    worker.stdin.close()
    worker.wait()
search_gain = sum(seconds[1]) / sum(seconds[2])
report.value("search_gain", search_gain, tolerance=1.2)
report.value("n_trials", N_TRIALS, tolerance=0)
print({n: np.round(taken, 2) for n, taken in seconds.items()})
# Both worked at the same time, half of the trials each
assert [len(part) for part in done] == [N_TRIALS // 2] * 2
mine, theirs = ([trials[number] for number, _ in part] for part in done)
assert mine[0].datetime_start < theirs[-1].datetime_complete
assert theirs[0].datetime_start < mine[-1].datetime_complete
assert search_gain < 3

# %% [markdown]
# ## One training by two processes
#
# Keras on JAX. The first way is Keras' own: `DataParallel`, and the usual `train_on_batch`. The second way is written
# out: each process computes the gradients of its share of the batch, all exchange them once, and each makes the same
# update. The global batch is the same with one process and with two.

# %%
TRAIN = """
import json, os, random, sys, time
os.environ["KERAS_BACKEND"] = "jax"
address, n_processes, rank, seed = sys.argv[1], *map(int, sys.argv[2:5])
ways, cores = json.loads(sys.argv[5]), json.loads(sys.argv[6])
if cores and hasattr(os, "sched_setaffinity"):  # Linux only
    os.sched_setaffinity(0, cores)  # before JAX starts its threads
import keras
import numpy as np

if n_processes > 1:
    keras.distribution.initialize(address, n_processes, rank)  # before all else
import jax
from jax.sharding import NamedSharding, PartitionSpec

parallel = keras.distribution.DataParallel(
    devices=keras.distribution.list_devices(), auto_shard_dataset=False
)
keras.distribution.set_distribution(parallel)
mesh = parallel.device_mesh.backend_mesh
axis = mesh.axis_names[0]

def batches(rows, n):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        x = rng.normal(size=(rows, 50, 4)).astype("float32")
        y = x[:, -10:].mean(axis=(1, 2))[:, None] * 40**0.5
        share = slice(rank * rows // n_processes, (rank + 1) * rows // n_processes)
        yield x[share], y[share].astype("float32")

def keras_way(model):
    model.compile(keras.optimizers.Adam(0.01), loss="mse")
    return model.train_on_batch

def own_way(model):
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(model.trainable_variables)
    fixed = [v.value for v in model.non_trainable_variables]
    here, everywhere = PartitionSpec(axis), PartitionSpec()

    def loss(weights, x, y):
        predicted, _ = model.stateless_call(weights, fixed, x, training=True)
        return ((predicted - y) ** 2).mean()

    def gradients(weights, x, y):  # in each process, on its share
        found = jax.value_and_grad(loss)(weights, x, y)
        return jax.lax.pmean(found, axis)  # the one exchange

    shared = jax.shard_map(
        gradients, mesh=mesh, in_specs=(everywhere, here, here),
        out_specs=everywhere, check_vma=False,
    )

    @jax.jit
    def update(weights, state, x, y):
        value, slopes = shared(weights, x, y)
        return value, *optimizer.stateless_apply(state, slopes, weights)

    rows, copies = NamedSharding(mesh, here), NamedSharding(mesh, everywhere)
    # Placed as the update returns them, or it would be compiled a second time
    weights = [jax.device_put(v.value, copies) for v in model.trainable_variables]
    state = [jax.device_put(v.value, copies) for v in optimizer.variables]

    def step(x, y):
        nonlocal weights, state
        x, y = (jax.make_array_from_process_local_data(rows, part) for part in (x, y))
        value, weights, state = update(weights, state, x, y)
        for variable, weight in zip(model.trainable_variables, weights):
            variable.assign(weight)
        return value

    return step

result = {}
for name, way, n_rows, n in ways:
    # Layers draw their seeds from here; keras.utils.set_random_seed would load TensorFlow
    random.seed(seed)
    model = keras.Sequential([
        keras.Input(shape=(50, 4)), keras.layers.LSTM(32), keras.layers.Dense(1)
    ])
    step, losses, seconds = globals()[way](model), [], []
    for x, y in batches(n_rows, n):
        begun = time.perf_counter()
        losses.append(float(step(x, y)))
        seconds.append(time.perf_counter() - begun)
    weights = np.concatenate([np.ravel(w) for w in model.get_weights()])
    result[name] = {
        "losses": losses, "update": float(np.median(seconds[2:])),
        "weights": weights.tolist(),
    }
# Not printed: a full pipe would make this process wait, and the others wait for it
with open(f"trained-{rank}.json", "w") as file:
    json.dump(result, file)
"""

# Name, way, sequences in the global batch, updates
WAYS = [
    ("DataParallel, 64", "keras_way", 64, 30),
    ("one exchange, 64", "own_way", 64, 30),
    ("one exchange, 1,024", "own_way", 1024, 12),
]


def train(n_processes, ways=WAYS, cores=(), **first):
    """Train in this many processes, the first with this environment; return what each of them measured."""
    with socket.socket() as free:  # a port that nobody uses
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    what = json.dumps(ways), json.dumps(list(cores))
    team = [
        start(
            TRAIN,
            address,
            n_processes,
            rank,
            SEED,
            *what,
            **({} if rank else first),
        )
        for rank in range(n_processes)
    ]
    try:
        for process in team:
            code = process.wait(timeout=240)
            assert code == 0, f"a process ended with exit code {code}"
    finally:
        for process in team:
            process.kill()
    names = [f"trained-{rank}.json" for rank in range(n_processes)]
    return [json.loads(Path(name).read_text()) for name in names]


# Where a core cannot be chosen (not on Linux), the first column is like the second
a_core = (
    sorted(os.sched_getaffinity(0))[:1] if hasattr(os, "sched_getaffinity") else []
)
(alone,), (both_cores,) = train(1, cores=a_core), train(1)
# Added to what is set already: both processes must compile for the same processor
flags = os.environ.get("XLA_FLAGS", "")
flags += " --xla_dump_to=dump --xla_dump_hlo_as_text --xla_dump_hlo_module_re=.*train_step.*"
pair = train(2, XLA_FLAGS=flags)
apart = {}
for way in alone:
    one, two = alone[way], pair[0][way]
    apart[way] = np.abs(np.subtract(one["weights"], two["weights"])).max()
    # The same losses and weights as one process, up to rounding; both processes hold the same weights
    assert np.allclose(one["losses"], two["losses"], rtol=1e-3)
    assert apart[way] < 1e-3
    assert pair[0][way]["weights"] == pair[1][way]["weights"]
    assert np.mean(one["losses"][-3:]) < np.mean(one["losses"][:3])
report.value("weights_apart", max(apart.values()), tolerance=1e-3)
print(apart)

# %% [markdown]
# ## What it costs
#
# Milliseconds an update, for the same global batch.

# %%


def milliseconds(results):
    """Of an update, the mean of the processes."""
    return {
        way: 1000 * np.mean([result[way]["update"] for result in results])
        for way in alone
    }


cost = pd.DataFrame(
    {
        "one process, one core": milliseconds([alone]),
        "one, both cores": milliseconds([both_cores]),
        "two processes": milliseconds(pair),
    }
).rename_axis("way, batch")
report.table("parallel", cost, tolerance=20, floatfmt=("", ".0f", ".0f", ".0f"))
gains = cost["one process, one core"] / cost["two processes"]
for way, short in zip(gains.index, ["keras", "own", "own_large"], strict=True):
    report.value(f"{short}_gain", gains[way], tolerance=2)
slower = 1 / gains["DataParallel, 64"]
report.value("keras_slower", slower, tolerance=20 * slower)
saved = (
    cost["two processes"]["DataParallel, 64"]
    / cost["two processes"]["one exchange, 64"]
)
report.value("one_exchange_gain", saved, tolerance=20 * saved)
# At this size DataParallel over two processes is slower than one process; one exchange an update is cheaper
assert gains["DataParallel, 64"] < 0.7
assert saved > 1.5
# At batches of 64, one exchange an update is still slower than one process on one core
assert gains["one exchange, 64"] < 1
# The larger the batch, the less the exchange weighs
assert gains["one exchange, 1,024"] > gains["one exchange, 64"]

# %% [markdown]
# ## Why: where the exchange stands
#
# What XLA made of Keras' training step: an exchange (all-reduce) in the body of a loop is repeated at each time step.

# %%
pattern = "*train_step*cpu_after_optimizations.txt"
program = sorted(Path("dump").glob(pattern))[-1].read_text()
bodies = set(re.findall(r"body=%?([\w.\-]+)", program))
inside = outside = 0
for line in program.splitlines():
    if line.endswith("{") and not line.startswith(" "):
        computation = line.split()[0].lstrip("%")
    if " all-reduce(" in line:
        inside += computation in bodies
        outside += computation not in bodies
print(f"{inside} in the body of a loop, {outside} outside")
report.value("exchanges_in_loop", inside, tolerance=2)
report.value("exchanges_outside", outside, tolerance=4)
assert inside >= 1
