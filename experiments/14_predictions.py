# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A final model, saved, loaded elsewhere, and its intervals
#
# The electricity demand of the next hour, from the last twelve hours. How is the last model fitted once all choices are
# made? Does the file say the same in another process? What does each way of saving keep, and which exports work? And do
# the prediction intervals cover what they promise?
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run 14` in a terminal, or
# this notebook in Jupyter.

# %%
import json
import logging
import pickle
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import NormalDist

import keras
import matplotlib.pyplot as plt
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import tensorflow as tf
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error

from lstm_guide import datasets, evaluate, finalize, models, plots, report

plots.use_style()
SEEDS = range(report.first_seed(), report.first_seed() + 3)
FOLDER = Path(tempfile.mkdtemp())

# %% [markdown]
# ## The data
#
# Hourly demand in Victoria, Australia, 150 days from January to May 2012. An hour has three values: the demand in
# megawatt hours, the hour of the day, and the day of the week, as they are. A window has the last twelve hours.
#
# There are two origins. At each, four weeks are held back; the three weeks before them decide when to stop.

# %%
series = datasets.electricity()
raw = np.stack(
    [series.to_numpy(), series.index.hour, series.index.day_of_week], axis=1
).astype("float32")
N_IN, DAY = 12, 24
HELD, VALIDATION = 28 * DAY, 21 * DAY
ORIGINS = (94 * DAY, 122 * DAY)  # hours that are known when the forecasts begin

x = np.lib.stride_tricks.sliding_window_view(raw, N_IN, axis=0)[:-1]
x = np.ascontiguousarray(x.swapaxes(1, 2))  # (windows, 12, 3)
y = raw[N_IN:, 0]


def parts(origin):
    """Windows whose target lies in the training, validation and held-back part."""
    known = origin - N_IN
    train = slice(0, known - VALIDATION)
    return train, slice(train.stop, known), slice(known, known + HELD)


# %% [markdown]
# ## The model
#
# The core works on scaled demand. The final model is the core with a layer before it that scales and one after it that
# scales back; both are part of the file.


# %%
def build_core(lstm=None, batch=None, n_steps=N_IN):
    """LSTM on scaled demand and the calendar, (steps, 3), to the scaled demand of the next hour."""
    inputs = keras.Input(batch_shape=(batch, n_steps, 3))
    hour = keras.layers.Embedding(24, 4)(inputs[:, :, 1])
    weekday = keras.layers.Embedding(7, 2)(inputs[:, :, 2])
    steps = keras.layers.Concatenate()([inputs[:, :, :1], hour, weekday])
    states = (lstm or keras.layers.LSTM(16))(steps)
    return keras.Model(inputs, keras.layers.Dense(1)(states), name="core")


def wrap(core, mean, scale):
    """Raw values in, megawatt hours out."""
    inputs = keras.Input(batch_shape=core.input_shape, name="raw")
    demand = keras.layers.Rescaling(1 / scale, -mean / scale)(inputs[:, :, :1])
    scaled = keras.layers.Concatenate()([demand, inputs[:, :, 1:]])
    answer = keras.layers.Rescaling(scale, mean)(core(scaled))
    return keras.Model(inputs, answer, name="final")


def scaling(known):
    """Mean and spread of the demand in the first hours."""
    return float(raw[:known, 0].mean()), float(raw[:known, 0].std())


def scaled_pairs(numbers):
    mean, scale = numbers
    windows = x.copy()
    windows[:, :, 0] = (windows[:, :, 0] - mean) / scale
    return windows, ((y - mean) / scale)[:, None]


core = build_core()
core.compile(keras.optimizers.Adam(0.03), loss="mse", jit_compile=True)
BATCH, EPOCHS, PATIENCE = 128, 60, 3


def shuffled(n, rng):
    """Places of the samples of each update of an epoch."""
    return rng.permutation(n)[: n // BATCH * BATCH].reshape(-1, BATCH)


def train(windows, targets, updates):
    for batch in updates:
        core.train_on_batch(windows[batch], targets[batch])


def loss(windows, targets, answers=core.predict_on_batch):
    return float(np.mean((answers(windows) - targets) ** 2))


# %% [markdown]
# ## The final fit
#
# Early stopping names an epoch: the one with the lowest validation loss. The validation weeks are the newest data
# there are, and the model that it leaves has not learned from them. So what then? Four ways:
#
# - **stopped**: keep the model as it is;
# - **same updates**: begin again on all data, with as many updates as it had had by then;
# - **same epochs**: begin again on all data, with as many epochs, hence more updates;
# - **go on**: train the stopped model further, on all data, until its loss on the validation weeks is down to the
#   training loss at the time of the stop, five epochs at most.

# %%
WAYS = ["stopped", "go on", "same updates", "same epochs"]


def stop_early(windows, targets, train_part, validation, rng):
    """Train until the validation loss has not fallen for some epochs; leave the best weights."""
    best, best_epoch, epoch, weights = np.inf, 0, 0, None
    while epoch < EPOCHS and epoch - best_epoch < PATIENCE:
        train(windows, targets, shuffled(train_part.stop, rng))
        epoch += 1
        if (now := loss(windows[validation], targets[validation])) < best:
            best, best_epoch, weights = now, epoch, core.get_weights()
    core.set_weights(weights)
    return best_epoch, epoch


def final_fits(origin, seed):
    """Fit in all four ways; return forecasts of the held-back part and what early stopping chose."""
    train_part, validation, held = parts(origin)
    numbers = scaling(origin - VALIDATION)
    windows, targets = scaled_pairs(numbers)

    def forecast(part):
        # Called, not predict_on_batch, which would be compiled for each number of windows
        return core(windows[part]).numpy()[:, 0] * numbers[1] + numbers[0]

    rng = np.random.default_rng(seed)
    models.start_again(core, seed)
    epochs, ran = stop_early(windows, targets, train_part, validation, rng)
    run = {"epochs": epochs, "ran": ran, "stopped": forecast(held)}
    run["calibration"] = forecast(validation) - y[validation]
    mark = loss(windows[train_part], targets[train_part], answers=core)
    for _ in range(5):
        train(windows, targets, shuffled(validation.stop, rng))
        if reached := loss(windows[validation], targets[validation]) <= mark:
            break
    run |= {"reached": reached, "go on": forecast(held)}

    numbers = scaling(origin)
    windows, targets = scaled_pairs(numbers)
    models.start_again(core, seed)
    rng = np.random.default_rng(seed)
    order = np.concatenate([shuffled(validation.stop, rng) for _ in range(epochs)])
    same = epochs * (
        train_part.stop // BATCH
    )  # updates, on the way to as many epochs
    train(windows, targets, order[:same])
    run["same updates"] = forecast(held)
    train(windows, targets, order[same:])
    run |= {"same epochs": forecast(held), "numbers": numbers}
    run["trained on"] = forecast(validation) - y[validation]
    run["weights"] = core.get_weights()
    return run


runs = {
    (origin, seed): final_fits(origin, seed) for origin in ORIGINS for seed in SEEDS
}


# %%
PARTS = ["first four weeks", "second four weeks"]
truth = {origin: y[parts(origin)[2]] for origin in ORIGINS}


def score(origin, forecast):
    return root_mean_squared_error(truth[origin], forecast)


fits = pd.DataFrame(
    {key: [score(key[0], run[way]) for way in WAYS] for key, run in runs.items()},
    WAYS,
).T
ensembles = {
    origin: np.mean([runs[origin, seed]["same epochs"] for seed in SEEDS], axis=0)
    for origin in ORIGINS
}
ensemble = pd.Series(
    {origin: score(origin, one) for origin, one in ensembles.items()}
)
table = fits.groupby(level=0).mean().T.set_axis(PARTS, axis=1)
table["worst run"] = fits.max()
table.loc["same epochs, mean of three seeds"] = [*ensemble, ensemble.max()]
report.table(
    "final_fits", table.rename_axis("final model"), tolerance=0.25, floatfmt=".0f"
)
epochs = [run["epochs"] for run in runs.values()]
report.value("epochs_fewest", min(epochs), tolerance=12)
report.value("epochs_most", max(epochs), tolerance=15)
report.value("reached", sum(run["reached"] for run in runs.values()), tolerance=4)
report.value("n_fits", len(runs), tolerance=0)
mean_fit = fits.mean()
report.value(
    "refit_gain", 1 - mean_fit["same epochs"] / mean_fit["stopped"], tolerance=0.1
)
report.value(
    "ensemble_gain", 1 - ensemble.mean() / mean_fit["same epochs"], tolerance=0.06
)
ran = [run["ran"] for run in runs.values()]
assert max(ran) < 0.8 * EPOCHS  # every fit was stopped early
# Whatever learns from the last weeks is better than what does not
assert (mean_fit.drop("stopped") < mean_fit["stopped"]).all()
assert (
    mean_fit[["same updates", "same epochs"]] < 0.95 * mean_fit["stopped"]
).all()
apart = abs(mean_fit["same updates"] - mean_fit["same epochs"])
assert (
    apart < (mean_fit["stopped"] - mean_fit[["same updates", "same epochs"]]).min()
)
assert sum(run["reached"] for run in runs.values()) <= len(runs) / 2

# %% [markdown]
# ### Beside methods that need no network


# %%
def linear(origin, n_lags):
    """Ridge regression on the last values, the hour, the weekday, and the hour at weekends."""
    windows = np.lib.stride_tricks.sliding_window_view(raw[:, 0], n_lags)[:-1]
    hours, weekdays = (
        raw[n_lags - 1 : -1, column].astype(int) for column in (1, 2)
    )
    hours, weekend = np.eye(24)[hours], (weekdays >= 5)[:, None]
    columns = np.hstack(
        [windows / 1000, hours, np.eye(7)[weekdays], hours * weekend]
    )
    known = origin - n_lags
    fitted = Ridge(1.0).fit(columns[:known], raw[n_lags:origin, 0])
    return fitted.predict(columns[known : known + HELD])


def naive(origin, back):
    return raw[origin - back : origin - back + HELD, 0]


RIVALS = {
    "linear, 24 hours": lambda origin: linear(origin, 24),
    "linear, 12 hours": lambda origin: linear(origin, 12),
    "persistence": lambda origin: naive(origin, 1),
    "seasonal naive, a week": lambda origin: naive(origin, 168),
    "LSTM, mean of three seeds": ensembles.get,
}
table = pd.DataFrame(
    {
        name: [score(at, rival(at)) for at in ORIGINS]
        for name, rival in RIVALS.items()
    },
    PARTS,
).T
table.loc["LSTM, 12 hours"] = fits["same epochs"].groupby(level=0).mean().to_list()
table = table.loc[table.mean(axis=1).sort_values().index].rename_axis("method")
report.table("forecast_scores", table, tolerance=0.2, floatfmt=".0f")
mean_of = table.mean(axis=1) / table.mean(axis=1)["LSTM, 12 hours"]
report.value("share_of_persistence", 1 / mean_of["persistence"], tolerance=0.1)
assert mean_of["persistence"] > 1.7
assert (table.loc["LSTM, 12 hours"] < table.loc["linear, 12 hours"]).all()
# Level with a linear model that reads 24 hours: ahead in the first part, behind in the second
assert abs(mean_of["linear, 24 hours"] - 1) < 0.15
lstms, linear_24 = (
    table.loc[["LSTM, 12 hours", "LSTM, mean of three seeds"]],
    table.loc["linear, 24 hours"],
)
assert (lstms[PARTS[0]] < linear_24[PARTS[0]]).all()
assert (lstms[PARTS[1]] > linear_24[PARTS[1]]).all()

# %% [markdown]
# ## Saved here, loaded elsewhere
#
# The final model of the second origin goes into one file. A new process, which knows nothing but Keras, loads it, reads
# the raw values of the held-back weeks, and writes its answers down.

# %%
origin, seed = ORIGINS[1], SEEDS[0]
held = parts(origin)[2]
finished = keras.models.clone_model(core)
finished.set_weights(runs[origin, seed]["weights"])
final = wrap(finished, *runs[origin, seed]["numbers"])
finalize.save_atomically(final, FOLDER / "final.keras")
np.save(FOLDER / "raw.npy", x[held])
here = final.predict(x[held], verbose=0)
# The wrapped model says what the core said on scaled values
assert np.allclose(here[:, 0], runs[origin, seed]["same epochs"], rtol=1e-5)

# %% [markdown]
# For each way of saving there are three small models: a plain LSTM that has been trained for three updates; one with a
# layer of our own; and one with a lambda.


# %%
@keras.saving.register_keras_serializable("guide")
class Halve(keras.layers.Layer):
    """A layer that the other process does not know."""

    def call(self, inputs):
        return inputs / 2


KINDS = {
    "plain": keras.layers.Identity,
    "own layer": Halve,
    "lambda": lambda: keras.layers.Lambda(lambda t: t / 2),
}
SAVE = {  # .h5 comes last, for a reason that is shown below
    "`.keras`": lambda m, to: m.save(f"{to}.keras"),
    "`.weights.h5`": lambda m, to: m.save_weights(f"{to}.weights.h5"),
    "`.weights.json`, shards": lambda m, to: m.save_weights(
        f"{to}.weights.json", max_shard_size=0.1
    ),
    "`to_json`": lambda m, to: Path(f"{to}.json").write_text(m.to_json()),
    "`get_config`": lambda m, to: Path(f"{to}.config").write_text(
        json.dumps(m.get_config())
    ),
    "`pickle`": lambda m, to: Path(f"{to}.pickle").write_bytes(pickle.dumps(m)),
    "SavedModel": lambda m, to: m.export(f"{to}_saved", verbose=False),
    "ONNX": lambda m, to: m.export(f"{to}.onnx", format="onnx", verbose=False),
    "`.h5`": lambda m, to: m.save(f"{to}.h5"),
}
warnings.simplefilter("ignore")  # Keras and the converters say much
for name in ("absl", "tensorflow", "tf2onnx"):
    logging.getLogger(name).setLevel(logging.ERROR)
waves = np.sin(np.arange(60).reshape(10, 6, 1)).astype("float32")
np.save(FOLDER / "waves.npy", waves)
for kind, first in KINDS.items():
    keras.utils.set_random_seed(SEEDS[0])
    layers = [first(), keras.layers.LSTM(4), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((6, 1)), *layers])
    model.compile(keras.optimizers.Adam(0.01), loss="mse", run_eagerly=True)
    for _ in range(3):
        model.train_on_batch(waves, waves[:, -1])
    np.save(FOLDER / f"{kind}.npy", model(waves))
    for save in SAVE.values():
        save(model, FOLDER / kind)
    # Saving as .h5 takes the optimizer out of the model's own settings. What is saved later lacks it.
    model.save(FOLDER / f"{kind}_after_h5.keras")

# %%
ELSEWHERE = """
import json, pickle, sys
from pathlib import Path
import keras, numpy as np, onnxruntime, tensorflow as tf

folder = Path(sys.argv[1])
final = keras.models.load_model(folder / "final.keras")
np.save(folder / "elsewhere.npy", final.predict(np.load(folder / "raw.npy"), verbose=0))
waves = np.load(folder / "waves.npy")

def built():  # weights alone need the code that builds the model
    layers = [keras.layers.Identity(), keras.layers.LSTM(4), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((6, 1)), *layers])
    model.compile(keras.optimizers.Adam(0.01), loss="mse")
    return model

def with_weights(file, built_first=False):
    model = built()
    if built_first:
        model.optimizer.build(model.trainable_variables)
    model.load_weights(file)
    return model

def run_saved(file):
    loaded = tf.saved_model.load(file)  # the variables live as long as this does
    return lambda x: loaded.serve(x)

def run_onnx(file):
    session = onnxruntime.InferenceSession(file)
    return lambda x: session.run(None, {session.get_inputs()[0].name: x})[0]

LOAD = {
    "`.keras`": lambda to: keras.models.load_model(f"{to}.keras"),
    "`.weights.h5`": lambda to: with_weights(f"{to}.weights.h5"),
    "optimizer built": lambda to: with_weights(f"{to}.weights.h5", True),
    "`.weights.json`, shards": lambda to: with_weights(f"{to}.weights.json"),
    "`to_json`": lambda to: keras.models.model_from_json(Path(f"{to}.json").read_text()),
    "`get_config`": lambda to: keras.Sequential.from_config(json.loads(Path(f"{to}.config").read_text())),
    "`pickle`": lambda to: pickle.loads(Path(f"{to}.pickle").read_bytes()),
    "`.h5`": lambda to: keras.models.load_model(f"{to}.h5"),
    "`.h5`, `compile=False`": lambda to: keras.models.load_model(f"{to}.h5", compile=False),
    "SavedModel": lambda to: run_saved(f"{to}_saved"),
    "ONNX": lambda to: run_onnx(f"{to}.onnx"),
    "after .h5": lambda to: keras.models.load_model(f"{to}_after_h5.keras"),
}
found = []
for kind in ("plain", "own layer", "lambda"):
    for way, load in LOAD.items():
        row = {"way": way, "kind": kind, "error": ""}
        try:
            model = load(folder / kind)
            if getattr(model, "compiled", False):
                row["optimizer"] = type(model.optimizer).__name__
                row["iterations"] = int(model.optimizer.iterations)
            answer = np.asarray(model(waves))
            row["same"] = bool(np.allclose(answer, np.load(folder / f"{kind}.npy"), atol=1e-6))
        except Exception as error:
            row["error"] = type(error).__name__ + ": " + str(error).splitlines()[0]
        found.append(row)
(folder / "found.json").write_text(json.dumps(found))
"""
(FOLDER / "elsewhere.py").write_text(ELSEWHERE)
subprocess.run(
    [sys.executable, FOLDER / "elsewhere.py", FOLDER],
    check=True,
    capture_output=True,
)
there = np.load(FOLDER / "elsewhere.npy")
report.value("difference_elsewhere", np.abs(there - here).max(), tolerance=0.05)
# The claims: raw in, the same megawatt hours out, to one part in 100,000
assert np.allclose(there, here, rtol=1e-5, atol=0)
assert score(origin, there[:, 0]) < 0.7 * score(origin, naive(origin, 1))

# %% [markdown]
# ### What each way keeps

# %%
found = pd.DataFrame(json.loads((FOLDER / "found.json").read_text()))
found = found.set_index(["kind", "way"])
plain, own, lambdas = (found.loc[kind] for kind in KINDS)
BY_HAND = [
    "`.weights.h5`",
    "`.weights.json`, shards",
]  # built by the other's own code
EXPORTS = ["SavedModel", "ONNX"]
ways = plain.index.drop(["optimizer built", "after .h5"])


def keeps(way):
    row = plain.loc[way]
    if row["error"]:
        return ["does not load", "", ""]
    architecture = "no" if way in BY_HAND else "yes"
    state = {3: "yes", 0: "settings only"}.get(row["iterations"], "no")
    state = (
        "no" if way in BY_HAND else state
    )  # what is compiled there is the code's
    return [architecture, "yes" if row["same"] else "no", state]


def needs(way):
    if way in BY_HAND:
        return ["yes", "not in the file"]
    error = lambdas.loc[way, "error"]
    ran = "as operations" if way in EXPORTS else "runs"
    refused = "refused" if "lambda" in error else "does not load"
    return ["yes" if own.loc[way, "error"] else "no", refused if error else ran]


kept = pd.DataFrame(
    {way: keeps(way) for way in ways}, ["architecture", "weights", "optimizer"]
).T
needed = pd.DataFrame(
    {way: needs(way) for way in ways.drop("`.h5`")},
    ["needs your classes", "a lambda in it"],
).T
report.table("what_is_kept", kept.rename_axis("saved as"), tolerance=0)
report.table("what_it_needs", needed.rename_axis("saved as"), tolerance=0)
assert list(kept.loc["`.keras`"]) == ["yes", "yes", "yes"]
assert list(kept.loc["`to_json`"]) == ["yes", "no", "settings only"]
assert list(kept.loc["`get_config`"]) == ["yes", "no", "no"]
assert list(kept.loc["`.h5`"]) == ["does not load", "", ""]
assert (kept.loc[EXPORTS, "optimizer"] == "no").all()
assert list(plain.loc[["`.weights.h5`", "optimizer built"], "iterations"]) == [0, 3]
assert list(plain.loc["after .h5", ["optimizer", "iterations"]]) == ["RMSprop", 0]
assert list(needed.index[needed["needs your classes"] == "no"]) == EXPORTS
assert list(needed.index[needed["a lambda in it"] == "runs"]) == ["`pickle`"]
assert needed.loc["`.keras`", "a lambda in it"] == "refused"
print("`.h5`:", plain.loc["`.h5`", "error"])

# %% [markdown]
# ## Exports
#
# Small models again, four steps of three features. Each is exported, loaded by the other library, and asked twice for
# the same windows; a stateful model has moved on by the second time, and must have done so there, too.


# %%
def network(layer, before=None):
    keras.utils.set_random_seed(SEEDS[0])
    shape = (1, 1, 3) if getattr(layer, "stateful", False) else (None, 4, 3)
    layers = [before, layer, keras.layers.Dense(1)]
    model = keras.Sequential(
        [keras.Input(batch_shape=shape), *filter(None, layers)]
    )
    model(np.zeros((1, *shape[1:]), "float32"))  # an export to ONNX asks for that
    if shape[0]:
        layer.reset_state()
    return model


def read_onnx(file):
    session = onnxruntime.InferenceSession(file)
    name = session.get_inputs()[0].name
    return lambda windows: session.run(None, {name: windows})[0]


def read_lite(file):
    reader = tf.lite.Interpreter(file)
    reader.allocate_tensors()

    def answer(windows):
        reader.set_tensor(reader.get_input_details()[0]["index"], windows)
        reader.invoke()
        return reader.get_tensor(reader.get_output_details()[0]["index"]).copy()

    return answer


def read_saved(folder):
    loaded = tf.saved_model.load(folder)
    return lambda windows: loaded.serve(windows).numpy()


FORMATS = {  # Keras' name, how the file's name ends, and what reads it
    "ONNX": ("onnx", ".onnx", read_onnx),
    "LiteRT": ("litert", ".tflite", read_lite),
    "SavedModel": ("tf_saved_model", "_saved", read_saved),
}
messages = {}


def attempt(name, model):
    """Export, read, compare twice; say how far it went. Names say the format and the signature."""
    form, end, reader_of = FORMATS[name.partition(",")[0]]
    file = str(FOLDER / f"export_{len(list(FOLDER.iterdir()))}{end}")
    steps, fixed = model.input_shape[1], "batch given" in name
    one = [keras.InputSpec(shape=(1, steps, 3), dtype="float32")]
    windows = (
        np.random.default_rng(SEEDS[0]).normal(size=(1, steps, 3)).astype("float32")
    )
    stage = "export fails"
    try:
        options = {"input_signature": one} if fixed else {}
        model.export(file, format=form, verbose=False, **options)
        stage = "exports, does not run"
        reader = reader_of(file)
        same = [
            np.allclose(reader(windows), model(windows), atol=1e-5)
            for _ in range(2)
        ]
    except Exception as error:
        messages[name] = " ".join(str(error).split())
        return stage
    if all(same):
        return "same numbers"
    return "forgets its state" if same[0] else "other numbers"


LSTM = keras.layers.LSTM
normal = keras.layers.Normalization(mean=[0.0] * 3, variance=[4.0] * 3)
TRIED = {
    "ONNX": (LSTM(8),),
    "ONNX, bidirectional": (keras.layers.Bidirectional(LSTM(8)),),
    "ONNX, `Normalization`": (LSTM(8), normal),
    "ONNX, stateful": (LSTM(8, stateful=True),),
    "ONNX, stateful, batch given": (LSTM(8, stateful=True),),
    "LiteRT": (LSTM(8),),
    "LiteRT, batch given": (LSTM(8),),
    "LiteRT, `unroll=True`": (LSTM(8, unroll=True),),
    "LiteRT, stateful, batch given": (LSTM(8, stateful=True),),
    "SavedModel": (LSTM(8),),
    "SavedModel, stateful, batch given": (LSTM(8, stateful=True),),
}
outcome = {name: attempt(name, network(*layers)) for name, layers in TRIED.items()}
exports = pd.DataFrame({"outcome": outcome}).rename_axis("export")
report.table("exports", exports, tolerance=0)
assert list(messages) == ["ONNX, `Normalization`", "ONNX, stateful", "LiteRT"]
assert outcome["ONNX, stateful, batch given"] == "forgets its state"
assert outcome["ONNX, stateful"] == "export fails"
assert list(outcome.values()).count("same numbers") == 7
assert (
    "(1, 8)" in messages["ONNX, stateful"]
    and "(None, 8)" in messages["ONNX, stateful"]
)
assert "missing from input feed" in messages["ONNX, `Normalization`"]
assert "FlexTensorListReserve" in messages["LiteRT"]

# %% [markdown]
# The final model, with its scaling inside, as ONNX:

# %%
final.export(str(FOLDER / "final.onnx"), format="onnx", verbose=False)
answers = read_onnx(str(FOLDER / "final.onnx"))(x[held])
gap = float(np.abs(answers / here - 1).max())
report.value("onnx_gap", gap, tolerance=1e-5)
assert gap < 1e-5
operators = [node.op_type for node in onnx.load(FOLDER / "final.onnx").graph.node]
assert "LSTM" in operators and "Loop" not in operators

# %% [markdown]
# ## One step at a time
#
# A twin of the core with a batch of one, one step, and a state that it keeps. Fed with twelve hours one after the other
# it must say what the window model says of the twelve.

# %%
carrier = keras.layers.LSTM(16, stateful=True)
twin = build_core(carrier, batch=1, n_steps=1)
twin.set_weights(finished.get_weights())
stepwise = wrap(twin, *runs[origin, seed]["numbers"])
for number in (0, 100, 400):
    carrier.reset_state()
    for hour in x[held][number]:
        answer = stepwise.predict_on_batch(hour[None, None])
    assert np.allclose(answer[0], here[number], rtol=1e-5)

# %%
window = x[held][:1]


def seconds(action, times=5):
    action()
    spent = []
    for _ in range(times):
        start = time.process_time()
        action()
        spent.append(time.process_time() - start)
    return min(spent)


cost = pd.Series(
    {
        "`predict`, one window a call": seconds(
            lambda: final.predict(window, verbose=0)
        ),
        "`model(x)`, one window a call": seconds(lambda: final(window)),
        "`predict_on_batch`, one window a call": seconds(
            lambda: final.predict_on_batch(window)
        ),
        "stateful twin, one step a call": seconds(
            lambda: stepwise.predict_on_batch(window[:, -1:])
        ),
        "`predict`, all windows in one call": seconds(
            lambda: final.predict(x[held], batch_size=HELD, verbose=0), times=3
        )
        / HELD,
    },
    name="times the last row",
)
speed = (cost / cost.iloc[-1]).to_frame().rename_axis("way")
report.table("speed", speed, tolerance=3, floatfmt=".0f")
# Both predict and model(x) are far behind predict_on_batch, and that behind one call for all
assert (cost.iloc[:2] > 3 * cost.iloc[2]).all()
assert cost.iloc[2] > 3 * cost.iloc[-1]

# %% [markdown]
# ## Prediction intervals
#
# Every interval is a forecast, give or take a margin, and is asked to cover 80 or 90 percent. Where does the margin
# come from? Eight answers, each for the model that was fitted again on all data (same epochs), except for the first:
#
# - **split conformal, stopped model**: the errors of the stopped model on the validation weeks, from which it has not
#   learned;
# - **split conformal, final model**: the same margin around the forecasts of the final model;
# - **latest errors**: the same to begin with, but each true value that arrives pushes the oldest error out;
# - **adaptive**: the same, and each miss raises the coverage that is asked for (adaptive conformal inference);
# - **adaptive, 0.05**: the same, but a miss counts 0.05 instead of 0.02;
# - **adaptive, 0.05, capped**: the same, but where that margin is infinite, the largest error so far takes its place;
# - **errors on its own training data**: the final model's errors on the validation weeks, which it has learned from;
# - **spread of the seeds**: mean and spread of three final models, as if their forecasts scattered like the truth.
#
# Besides, one margin for each six hours of the day.

# %%
QUARTERS = [
    "night",
    "morning",
    "afternoon",
    "evening",
]  # six hours each, from midnight


def quarter(part):
    """Which quarter of the day the hour that is forecast is in."""
    return (x[part, -1, 1].astype(int) + 1) % 24 // 6


def margins(origin, seed, level):
    """Pairs of a margin and the errors it is to hold, for each of the ways."""
    run, (_, validation, held) = runs[origin, seed], parts(origin)
    past, error = run["calibration"], run["same epochs"] - truth[origin]
    split = evaluate.conformal_margin(past, level)
    none, slow, fast = (
        evaluate.adaptive_margins(past, error, level, rate)
        for rate in (0, 0.02, 0.05)
    )
    largest = np.maximum.accumulate(np.abs([np.abs(past).max(), *error[:-1]]))
    own = evaluate.conformal_margin(run["trained on"], level)
    each = [
        evaluate.conformal_margin(past[quarter(validation) == q], level)
        for q in range(4)
    ]
    seeds = np.array([runs[origin, one]["same epochs"] for one in SEEDS])
    z = NormalDist().inv_cdf((1 + level) / 2)
    return {
        "split conformal, stopped model": (split, run["stopped"] - truth[origin]),
        "split conformal, final model": (split, error),
        "latest errors": (none, error),
        "adaptive": (slow, error),
        "adaptive, 0.05": (fast, error),
        "adaptive, 0.05, capped": (np.minimum(fast, largest), error),
        "errors on its own training data": (own, error),
        "spread of the seeds": (
            z * seeds.std(axis=0, ddof=1),
            ensembles[origin] - truth[origin],
        ),
        "a margin each": (np.array(each)[quarter(held)], error),
    }


hours = pd.concat(
    pd.DataFrame(
        {
            "margin from": name,
            "level": level,
            "run": f"{origin} {seed}",
            "quarter": quarter(parts(origin)[2]),
            "inside": np.abs(error) <= margin,
            "width": 2 * margin,
        }
    )
    for origin, seed in runs
    for level in (0.8, 0.9)
    for name, (margin, error) in margins(origin, seed, level).items()
)
by_name = hours.groupby(["margin from", "level"], sort=False)
coverage = by_name["inside"].mean().unstack()
width = hours[hours["level"] == 0.9].groupby("margin from")["width"].median()
summary = coverage.set_axis(["80 asked", "90 asked"], axis=1).assign(width=width)
report.table(
    "intervals",
    summary.drop("a margin each"),
    tolerance=0.25,
    floatfmt=("", ".1%", ".1%", ".0f"),
)
infinite = by_name["width"].agg(lambda widths: np.isinf(widths).mean()).unstack()
report.value("infinite_slow", infinite.loc["adaptive", 0.9], tolerance=0.03)
report.value("infinite_fast", infinite.loc["adaptive, 0.05", 0.9], tolerance=0.05)

stopped, final_model, latest, adaptive, fast, capped, own, spread, _ = (
    coverage.to_numpy()
)
REPORTED = {"stopped": stopped, "final": final_model, "adaptive": adaptive}
REPORTED |= {"fast": fast, "capped": capped, "latest": latest, "own": own}
REPORTED |= {"spread": spread}
for name, shares in REPORTED.items():
    report.value(f"{name}_90", shares[1], tolerance=0.1)
for name in ("final", "adaptive"):
    report.value(f"{name}_80", REPORTED[name][0], tolerance=0.1)
# Too seldom without an update, close to what was asked with one, and wider
assert (abs(adaptive - [0.8, 0.9]) < 0.03).all()
assert stopped[1] < final_model[1] < latest[1] < adaptive[1]
assert final_model[1] < 0.88
assert spread[1] < own[1] < final_model[1] - 0.03
assert spread[1] < 0.6
assert width["adaptive"] > 1.1 * width["split conformal, final model"]
for (
    at,
    _,
), run in runs.items():  # the stopped model's errors had been smaller before
    assert np.std(run["calibration"]) < np.std(run["stopped"] - truth[at])
# The faster it adapts, the more margins are infinite; to cap them costs little
slow_share, fast_share = infinite.loc[["adaptive", "adaptive, 0.05"], 0.9]
assert slow_share < 0.02
assert slow_share < fast_share < 0.15
assert (infinite.loc["adaptive, 0.05, capped"] == 0).all()
assert (fast - capped < 0.03).all() and (abs(capped - [0.8, 0.9]) < 0.04).all()

# %% [markdown]
# ### Hour by hour
#
# One margin for all hours covers the quiet night better than the busy day. Does a margin for each part of the day help,
# from a quarter of the errors, or an adaptive one?

# %%
COLUMNS = {"split conformal, final model": "one margin"}
by_part = hours[hours["level"] == 0.9].pivot_table(
    index="quarter", columns="margin from", values="inside"
)
by_part = by_part.rename(columns=COLUMNS)[
    ["one margin", "a margin each", "adaptive"]
]
by_part = by_part.set_axis(QUARTERS).rename_axis("part of the day")
report.table("by_part_of_day", by_part, tolerance=0.25, floatfmt=".1%")
report.value("part_lowest", by_part["one margin"].min(), tolerance=0.08)
report.value("part_highest", by_part["one margin"].max(), tolerance=0.08)
uneven = by_part.max() - by_part.min()
assert uneven["one margin"] > 0.05 and uneven["adaptive"] > 0.05
# A margin each makes the parts more alike, and leaves them too low
assert uneven["a margin each"] < uneven["one margin"]
assert by_part["a margin each"].mean() < 0.88
assert by_part["one margin"].idxmax() == "night"

# %% [markdown]
# ### The last week of the held-back part

# %%
run, week = runs[origin, seed], slice(-7 * DAY, None)
margin = evaluate.conformal_margin(run["calibration"], 0.9)
days = np.arange(7 * DAY) / DAY
forecast, actual = run["same epochs"][week], truth[origin][week]
inside = np.abs(forecast - actual) <= margin
figure, axes = plt.subplots(figsize=(5.6, 3.2))
band = {"color": plots.PALETTE[0], "alpha": 0.25, "linewidth": 0}
axes.fill_between(days, forecast - margin, forecast + margin, **band)
axes.plot(days, forecast, color=plots.PALETTE[0], linewidth=1)
axes.plot(days[inside], actual[inside], ".", color=plots.INK, markersize=3)
axes.plot(days[~inside], actual[~inside], "x", color=plots.PALETTE[1], markersize=5)
axes.set_xlabel("days, from a Wednesday to a Tuesday in May 2012")
axes.set_ylabel("demand (MWh)")
report.figure(
    "week",
    figure,
    alt="The last week of the held-back part: demand rises and falls once a day between about 7,000 and 13,000 "
    "megawatt hours, a band of constant width around the forecasts holds most of the true values, and of those "
    "outside, which are crosses, the fewest are at night",
)
assert series.index[origin + HELD - 7 * DAY].day_name() == "Wednesday"
missed = np.bincount(quarter(held)[week][~inside], minlength=4)
assert missed[0] == missed.min()
