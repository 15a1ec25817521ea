"""Run by test_finalize.py: start a process, kill it at a random moment, look at what it left; again and again.

    python killed.py FOLDER

The processes are forks of this one, which has imported Keras and computed nothing: that saves seconds each. What they
do is small, so that many kills fit into a few seconds and many of them hit the writing.
"""

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import keras
import numpy as np

from lstm_guide import finalize, models

KILLS, EPOCHS = 12, 30
X = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")


def train(path):
    """Train, and write the weights. A loop instead of fit, which waits for half a second each epoch."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input(shape=(5,)), keras.layers.Dropout(0.3), keras.layers.Dense(1)])
    model.compile("adam", loss="mse", run_eagerly=True)  # eager: nothing to compile in each process
    callback = finalize.checkpoint(path, seed=1)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch in range(model._initial_epoch, EPOCHS):
        callback.on_epoch_begin(epoch)
        rows = np.random.permutation(len(X))[:8]  # which ones depends on the order
        model.train_on_batch(X[rows], X[rows].sum(axis=1))
        callback.on_epoch_end(epoch)
    np.savez(path.with_suffix(".weights.npz"), *[v.numpy() for v in [*model.weights, *model.optimizer.variables]])


def save(path):
    """Save two models in turn to the same file."""
    both = [models.vanilla_lstm(3, 1, units=units) for units in (2, 64)]
    while True:
        for model in both:
            finalize.save_atomically(model, path)


def started(work, path):
    """Run work in a process of its own, and return its id."""
    child = os.fork()
    if child:
        return child
    try:
        work(path)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def written(path):
    return path.stat().st_mtime_ns if path.exists() else None


def killed(work, path, at_random):
    """Start a process and kill it some time after it has written its first file; False if it was done before."""
    before = written(path)
    child, end = started(work, path), time.monotonic() + 60
    while written(path) == before and time.monotonic() < end:
        time.sleep(0.002)
    time.sleep(at_random)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert not (os.WIFEXITED(status) and os.WEXITSTATUS(status)), "the process failed by itself"
    return os.WIFSIGNALED(status)


def finished(child):
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def training(folder, rng):
    """However often it is killed, training ends with the weights of one that was not."""
    whole, path, kills, epochs = folder / "whole.npz", folder / "killed.npz", 0, [0]
    finished(started(train, whole))
    for _ in range(KILLS):
        kills += killed(train, path, rng.uniform(0, 0.2))
        with np.load(path) as file:
            epochs.append(int(file["epoch"]))
        if epochs[-1] == EPOCHS:
            break
    finished(started(train, path))
    assert epochs == sorted(epochs), epochs
    assert kills >= KILLS // 3, kills
    with np.load(whole.with_suffix(".weights.npz")) as one, np.load(path.with_suffix(".weights.npz")) as other:
        assert all(np.array_equal(one[name], other[name]) for name in one.files)
        assert len(one.files) > 6  # Adam's are among them
    print(f"killed {kills} times, with {epochs} epochs done, and the same in the end")


def saving(folder, rng):
    """Whenever it is killed, the file is whole; what is left besides goes with the next save once it is old."""
    path, left = folder / "a.keras", 0
    for number in range(KILLS):
        path.unlink(missing_ok=True) if number % 2 else None
        assert killed(save, path, rng.uniform(0, 0.4))
        finalize._check_content(path)  # without Keras, so that this process can be forked again
        left = len(list(folder.iterdir())) - 1
    finished(started(finalize.load, path))
    print(f"killed {KILLS} times, the file always whole, {left} temporary files left")


if __name__ == "__main__":
    rng = random.Random(time.time_ns())
    for test in (training, saving):
        folder = Path(sys.argv[1], test.__name__)
        folder.mkdir()
        test(folder, rng)
