"""How long one update of an LSTM takes: Keras on TensorFlow, without and with XLA, Keras on JAX, and torch.nn.LSTM.

    python benchmarks/speed.py [--threads 1] [--rounds 5] [--torch-python PATH]

Each has a process of its own, with the same number of threads. All get the same starting weights, the same batches of
64 and the same optimizer (Adam, rate 0.01), and take turns: a few updates each, round after round; the best round
counts. Before the times are believed, the losses of the first 20 updates are held against each other: they have to be
equal up to rounding, and to fall. What is not installed is left out; torch may be installed elsewhere, with NumPy, and
then --torch-python names that interpreter. PyTorch's second bias is held at zero, for Keras has only one, and its Adam
gets Keras' epsilon, which Keras adds before it corrects the bias of the second moment, and PyTorch after.
"""

import argparse
import importlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import IO

import numpy as np

SIZES = [(10, 32), (50, 32), (50, 128), (200, 32)]  # time steps, units
N_FEATURES, BATCH, N_CHECKED = 4, 64, 20
CONTESTANTS = ("TensorFlow", "TensorFlow, XLA", "JAX", "torch")


def batches(n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, and the scaled mean of its last ten steps: (batches, 64, time steps, features) and (batches, 64, 1)."""
    x = np.random.default_rng(0).normal(size=(N_CHECKED, BATCH, n_steps, N_FEATURES))
    y = x[:, :, -10:].mean(axis=(2, 3))[..., None] * 40**0.5
    return x.astype("float32"), y.astype("float32")


def start_weights(units: int) -> list[np.ndarray]:
    """Keras' starting values: W, U, b of the LSTM (gates in the order i, f, c, o) and of the dense layer."""
    rng = np.random.default_rng(1)

    def uniform(rows: int, columns: int) -> np.ndarray:
        limit = (6 / (rows + columns)) ** 0.5
        return rng.uniform(-limit, limit, size=(rows, columns))

    recurrent = np.linalg.qr(rng.normal(size=(4 * units, units)))[0].T
    bias = np.repeat([0.0, 1.0, 0.0, 0.0], units)
    weights = [uniform(N_FEATURES, 4 * units), recurrent, bias, uniform(units, 1), np.zeros(1)]
    return [weight.astype("float32") for weight in weights]


Step = Callable[[np.ndarray, np.ndarray], float]


def keras_step(n_steps: int, units: int, jit: bool) -> Step:
    """One update with Keras, on the backend that the environment names; it returns the loss."""
    import keras

    model = keras.Sequential(
        [keras.Input(shape=(n_steps, N_FEATURES)), keras.layers.LSTM(units), keras.layers.Dense(1)]
    )
    model.set_weights(start_weights(units))
    model.compile(keras.optimizers.Adam(0.01), loss="mse", jit_compile=jit or "auto")

    def step(x: np.ndarray, y: np.ndarray) -> float:
        model.reset_metrics()  # what train_on_batch returns is a mean since the last reset
        return float(model.train_on_batch(x, y))

    return step


def torch_step(units: int, threads: int) -> Step:
    """One update with torch.nn.LSTM; it returns the loss."""
    import torch

    torch.set_num_threads(threads)
    lstm, dense = torch.nn.LSTM(N_FEATURES, units, batch_first=True), torch.nn.Linear(units, 1)
    kernel, recurrent, bias, out, out_bias = (torch.tensor(weight) for weight in start_weights(units))
    values = [kernel.T, recurrent.T, bias, torch.zeros_like(bias), out.T, out_bias]
    with torch.no_grad():
        for parameter, value in zip([*lstm.parameters(), *dense.parameters()], values, strict=True):
            parameter.copy_(value)
    lstm.bias_hh_l0.requires_grad_(False)
    trained = [p for p in [*lstm.parameters(), *dense.parameters()] if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=0.01)
    updates = itertools.count(1)

    def step(x: np.ndarray, y: np.ndarray) -> float:
        states, _ = lstm(torch.from_numpy(x))
        loss = torch.nn.functional.mse_loss(dense(states[:, -1]), torch.from_numpy(y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["eps"] = 1e-7 / (1 - 0.999 ** next(updates)) ** 0.5  # as in Keras
        optimizer.step()
        return float(loss)

    return step


def contest(name: str, n_steps: int, units: int, threads: int) -> None:
    """Be one contestant: tell the losses and the first call's seconds, then time updates whenever asked."""
    x, y = batches(n_steps)
    importlib.import_module("torch" if name == "torch" else "keras")  # not counted
    begun = time.perf_counter()
    jit = name.endswith("XLA")
    step = torch_step(units, threads) if name == "torch" else keras_step(n_steps, units, jit)
    losses = [step(x[0], y[0])]
    first = time.perf_counter() - begun
    losses += [step(*batch) for batch in zip(x[1:], y[1:], strict=True)]
    print(json.dumps({"losses": losses, "first": first}), flush=True)
    for line in sys.stdin:
        begun = time.perf_counter()
        for number in range(int(line)):
            step(x[number % N_CHECKED], y[number % N_CHECKED])
        print(json.dumps(time.perf_counter() - begun), flush=True)


def started(name: str, n_steps: int, units: int, options: argparse.Namespace, errors: IO) -> subprocess.Popen:
    """Start a contestant's process; what it complains of goes to a file."""
    threads = str(options.threads)
    environment = {
        "KERAS_BACKEND": "jax" if name == "JAX" else "tensorflow",
        "OMP_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if name == "JAX" and options.threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    python = options.torch_python if name == "torch" else sys.executable
    return subprocess.Popen(
        [python, __file__, "--contest", name, str(n_steps), str(units), "--threads", threads],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )


def race(n_steps: int, units: int, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Let all that are installed take turns; return the seconds of an update and of the first one."""
    there = {}
    for name in CONTESTANTS:
        with tempfile.TemporaryFile("w+") as errors:
            process = started(name, n_steps, units, options, errors)
            line = process.stdout.readline()
            if line:
                there[name] = (process, json.loads(line))
            else:
                process.wait()
                errors.seek(0)
                why = (errors.read().splitlines() or ["it said nothing"])[-1]
                print(f"{name} is left out: {why}", file=sys.stderr)
    try:
        _check({name: told["losses"] for name, (_, told) in there.items()})
        best = dict.fromkeys(there, np.inf)
        for _ in range(options.rounds):
            for name, (process, _) in there.items():
                process.stdin.write(f"{N_CHECKED}\n")
                process.stdin.flush()
                best[name] = min(best[name], json.loads(process.stdout.readline()) / N_CHECKED)
    finally:
        for process, _ in there.values():
            process.stdin.close()
            process.wait()
    return {name: (best[name], told["first"]) for name, (_, told) in there.items()}


def _check(losses: dict[str, list[float]]) -> None:
    """Stop unless all lost alike: the same up to rounding, and less at the end than at the start."""
    reference = next(iter(losses.values()))
    for name, values in losses.items():
        if not np.allclose(values, reference, rtol=0.001):
            sys.exit(f"{name} does not compute the same: its losses are {values}, not {reference}")
        if np.mean(values[-5:]) >= np.mean(values[:5]):
            sys.exit(f"{name} does not learn: its losses are {values}")


def main() -> None:
    """Race at each size and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="of each process (default 1)")
    parser.add_argument("--rounds", type=int, default=5, help="of 20 updates each (default 5)")
    parser.add_argument("--torch-python", default=sys.executable, help="an interpreter that has torch")
    parser.add_argument("--contest", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contest:
        name, n_steps, units = options.contest
        contest(name, int(n_steps), int(units), options.threads)
        return
    print(f"| steps, units | {' | '.join(CONTESTANTS)} |")
    print("| --- |" + " --- |" * len(CONTESTANTS))
    for n_steps, units in SIZES:
        seconds = race(n_steps, units, options)
        cells = [
            f"{1000 * seconds[name][0]:.1f} ms ({seconds[name][1]:.1f} s)" if name in seconds else "-"
            for name in CONTESTANTS
        ]
        print(f"| {n_steps}, {units} | {' | '.join(cells)} |", flush=True)
    print("\nOne update of 64 sequences; in brackets the first one, with building and compiling.")


if __name__ == "__main__":
    main()
