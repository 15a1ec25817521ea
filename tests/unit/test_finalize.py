"""finalize: a crash leaves a whole file, what is loaded runs no code, and a killed training ends as if never killed."""

import io
import os
import pickle
import subprocess
import sys
import time
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_guide import finalize, models

HALVES = np.full((2, 3, 1), 0.5, "float32")


class Nameless(keras.layers.Layer):
    """A class of one's own that is not registered."""

    def call(self, x):
        return x


@keras.saving.register_keras_serializable("tests")
class Scaled(keras.layers.Layer):
    """Registered, and whole."""

    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


@keras.saving.register_keras_serializable("tests")
class Forgetful(keras.layers.Layer):
    """Registered, but its file does not tell the factor."""

    factor = 1.0

    def call(self, x):
        return x * self.factor


@keras.saving.register_keras_serializable("tests")
class Unwritable(keras.layers.Layer):
    """Registered, but cannot be written."""

    def call(self, x):
        return x

    def get_config(self):
        raise NotImplementedError("no config")


def around(layer):
    return keras.Sequential([keras.Input(shape=(3, 1)), layer])


def forgetful():
    layer = Forgetful()
    layer.factor = 3.0
    return around(layer)


def with_loss(loss):
    model = models.vanilla_lstm(3, 1, units=2)
    model.compile("adam", loss=loss)
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return finalize.save_atomically(models.vanilla_lstm(3, 1, units=2), tmp_path_factory.mktemp("model") / "a.keras")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


# --- saving


MODELS = {
    "vanilla": lambda: models.vanilla_lstm(None, 2, units=2),
    "compiled": lambda: with_loss("mse"),
    "bidirectional": lambda: models.bidirectional_lstm(3, 1, units=2, every_step=True),
    "attention": lambda: models.attention_lstm(3, 1, 2, units=2),
    "codes": lambda: models.generative_lstm(5, units=2),
    "state": lambda: models.generative_lstm(5, units=2, streams=3),
    "registered": lambda: around(Scaled(3.0)),
    "two inputs": lambda: keras.Model(
        two := [keras.Input((2,), batch_size=3), keras.Input((2,), dtype="int32")], keras.ops.add(two[0], two[1])
    ),
    "text": lambda: keras.Model(
        text := keras.Input((1,), dtype="string"), keras.layers.TextVectorization(vocabulary=["a"])(text)
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_is_saved_loads_the_same(name, tmp_path):
    model = MODELS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # none about an optimizer that has not trained yet
        path = finalize.save_atomically(model, tmp_path / "a.keras")
        again = finalize.load(path)
    assert again.to_json() == model.to_json()
    assert all(map(np.array_equal, model.get_weights(), again.get_weights()))
    assert again.compiled == model.compiled
    assert files(tmp_path) == ["a.keras"]


def test_the_state_between_batches_is_left_as_it_is(tmp_path):
    model = models.generative_lstm(5, units=2, streams=3)
    model(np.ones((3, 1)))
    before = [variable.numpy() for variable in model.variables]
    finalize.save_atomically(model, tmp_path / "a.keras")
    assert all(np.array_equal(old, new.numpy()) for old, new in zip(before, model.variables, strict=True))


def test_the_optimizer_goes_on_where_it_was(tmp_path):
    model = with_loss("mse")
    model.train_on_batch(HALVES, np.ones(2))
    again = finalize.load(finalize.save_atomically(model, str(tmp_path / "a.keras")))
    assert again.optimizer.iterations == model.optimizer.iterations == 1
    for one in (model, again):
        one.train_on_batch(HALVES, np.ones(2))
    assert all(map(np.array_equal, model.get_weights(), again.get_weights()))


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("moment", ["replace", "write", "sync"])
def test_a_failure_leaves_the_old_file_or_none(there, moment, tmp_path, monkeypatch):
    path = tmp_path / "a.keras"
    before = finalize.save_atomically(models.vanilla_lstm(3, 1, units=2), path).read_bytes() if there else None

    def half(model, target, *args, **options):
        Path(target).write_bytes(b"PK\x03\x04 half a file")
        raise OSError(28, "No space left on device")

    def fail(*args):
        raise OSError(5, "Input/output error")

    target = {"replace": (Path, "replace", fail), "write": (keras.Model, "save", half), "sync": (os, "fsync", fail)}
    monkeypatch.setattr(*target[moment])
    with pytest.raises(OSError, match=r"No space|Input/output"):
        finalize.save_atomically(models.vanilla_lstm(3, 1, units=4), path)
    assert files(tmp_path) == (["a.keras"] if there else [])
    assert not there or path.read_bytes() == before


def test_what_a_killed_process_left_goes_when_it_is_old(tmp_path):
    old, young, other = (tmp_path / name for name in (".a.keras.tmp-1.keras", ".a.keras.tmp-2.keras", ".b.keras.tmp-1"))
    for path in (old, young, other):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - 4000,) * 2 if path != young else None)
    finalize.save_atomically(models.vanilla_lstm(3, 1, units=2), tmp_path / "a.keras")
    assert files(tmp_path) == sorted(["a.keras", young.name, other.name])


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: around(keras.layers.Lambda(lambda x: x * 2)), "holds a lambda"),
        (lambda: with_loss(lambda y, answer: keras.ops.mean(y - answer)), "holds a lambda"),
        (lambda: around(Nameless()), "needs the class 'Nameless'"),
        (forgetful, "loads as another model"),
        (lambda: around(Unwritable()), "no config"),
    ],
)
@pytest.mark.filterwarnings("ignore:The object being serialized includes a .lambda")
def test_what_would_not_load_is_not_saved(make, fault, tmp_path):
    path = finalize.save_atomically(models.vanilla_lstm(3, 1, units=2), tmp_path / "a.keras")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=fault):
        finalize.save_atomically(make(), path)
    assert path.read_bytes() == before
    assert files(tmp_path) == ["a.keras"]


def test_other_weights_are_another_model():
    keras.utils.set_random_seed(1)
    assert not finalize._alike(around(keras.layers.LSTM(2)), around(keras.layers.LSTM(2)))
    assert not finalize._alike(around(keras.layers.LSTM(2)), around(keras.layers.Dense(2)))


def test_a_folder_is_no_target(tmp_path):
    (tmp_path / "a.keras").mkdir()
    with pytest.raises(ValueError, match=r"path must be a file's\. Received"):
        finalize.save_atomically(models.vanilla_lstm(3, 1, units=2), tmp_path / "a.keras")


# --- loading


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.keras', where nothing is; look"):
        finalize.load(tmp_path / "none.keras")


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_pickle_is_refused_and_not_run(tmp_path):
    path, mark = tmp_path / "a.keras", tmp_path / "run"
    path.write_bytes(pickle.dumps(Payload(mark)))
    with pytest.raises(ValueError, match=r"a pickle, which can run any code"):
        finalize.load(path)
    assert not mark.exists()
    pickle.loads(path.read_bytes())
    assert mark.exists()  # so the payload works


@pytest.mark.filterwarnings("ignore:The object being serialized includes a .lambda")
@pytest.mark.parametrize("allowed_elsewhere", [False, True])
def test_a_lambda_is_refused_and_not_run(tmp_path, allowed_elsewhere):
    path, mark = tmp_path / "a.keras", tmp_path / "run"
    layer = keras.layers.Lambda(lambda x, where=str(mark): (open(where, "w").close(), x)[1])  # noqa: PTH123
    around(layer).save(path)
    mark.unlink()
    if allowed_elsewhere:
        keras.config.enable_unsafe_deserialization()
    try:
        with pytest.raises(ValueError, match="which holds a lambda"):
            finalize.load(path)
    finally:
        # the only way back that Keras has
        keras.src.backend.common.global_state.set_global_attribute("safe_mode_saving", None)
    assert not mark.exists()


def test_a_class_that_is_not_known_is_named(tmp_path):
    around(Nameless()).save(tmp_path / "a.keras")
    with pytest.raises(ValueError, match="which needs the class 'Nameless', which is not registered; register it"):
        finalize.load(tmp_path / "a.keras")


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
@pytest.mark.parametrize("name", ["a.h5", "a.keras"])
def test_a_legacy_file_is_named_whatever_it_is_called(name, tmp_path):
    models.vanilla_lstm(3, 1, units=2).save(tmp_path / "old.h5")
    (tmp_path / "old.h5").rename(tmp_path / name)
    with pytest.raises(ValueError, match="a legacy HDF5 file; load it where it was made"):
        finalize.load(tmp_path / name)


def test_another_zip_file_and_another_name_are_refused(saved, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ValueError, match=r"a zip file without model\.weights\.h5; save"):
        finalize.load(tmp_path / "a.keras")
    (tmp_path / "a.zip").write_bytes(saved.read_bytes())
    with pytest.raises(ValueError, match=r"path must end in \.keras"):
        finalize.load(tmp_path / "a.zip")


def test_an_encrypted_archive_is_refused(saved, tmp_path):
    content = bytearray(saved.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the first entry of the directory
    (tmp_path / "a.keras").write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged: .*encrypted"):
        finalize.load(tmp_path / "a.keras")


@pytest.mark.parametrize("config", ["{}", "nonsense", '{"class_name": "Sequential", "config": 3}'])
def test_a_config_that_says_nothing_is_refused(config, saved, tmp_path):
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(tmp_path / "a.keras", "w") as new:
        for name in old.namelist():
            new.writestr(name, config if name == "config.json" else old.read(name))
    with pytest.raises(ValueError, match="which Keras does not read"):
        finalize.load(tmp_path / "a.keras")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_off_is_refused(share, saved, tmp_path):
    content = saved.read_bytes()
    (tmp_path / "a.keras").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="damaged or cut off; copy or save it again"):
        finalize.load(tmp_path / "a.keras")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(share, change, saved, tmp_path):
    content = bytearray(saved.read_bytes())
    content[int(share * len(content))] ^= change
    (tmp_path / "a.keras").write_bytes(content)
    try:
        again = finalize.load(tmp_path / "a.keras")
    except ValueError as error:
        assert ". Received: path=" in str(error)
    else:
        assert all(map(np.array_equal, again.get_weights(), finalize.load(saved).get_weights()))


def test_the_version_is_that_of_the_content(saved, tmp_path):
    copy = tmp_path / "copy.keras"
    copy.write_bytes(saved.read_bytes())
    assert finalize.version(copy) == finalize.version(saved)
    copy.write_bytes(saved.read_bytes() + b"!")
    assert finalize.version(copy) != finalize.version(saved)


# --- resuming


X = np.random.default_rng(0).normal(size=(48, 5, 1)).astype("float32")


class Batches(keras.utils.PyDataset):
    """Batches of 16 in a new order in each epoch."""

    order = np.arange(len(X))

    def on_epoch_begin(self):
        self.order = np.random.permutation(len(X))

    def __len__(self):
        return 3

    def __getitem__(self, index):
        rows = self.order[16 * index : 16 * index + 16]
        return X[rows], X[rows].sum(axis=1)


def trained(path, *epochs):
    """Weights and optimizer state after fits up to these epochs, each of a new model as in a new process."""
    for last in epochs:
        keras.utils.set_random_seed(7)
        model = keras.Sequential([models.vanilla_lstm(5, 1, units=3), keras.layers.Dropout(0.3)])
        model.compile("adam", loss="mse", metrics=["mae"], run_eagerly=True)
        history = model.fit(Batches(), epochs=last, verbose=0, callbacks=[finalize.checkpoint(path, seed=1)])
    return [variable.numpy() for variable in [*model.weights, *model.optimizer.variables]], history.epoch


def begin(path, model, seed=1):
    """What fit does first, with a checkpoint."""
    callback = finalize.checkpoint(path, seed=seed)
    callback.set_model(model)
    callback.on_train_begin()
    return callback


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("whole") / "t.npz", 3)[0]


def test_training_in_parts_ends_as_in_one(uninterrupted, tmp_path):
    parts, epochs = trained(tmp_path / "t.npz", 1, 3)
    assert all(map(np.array_equal, parts, uninterrupted))
    assert epochs == [1, 2]
    assert files(tmp_path) == ["t.npz"]
    again, epochs = trained(tmp_path / "t.npz", 3)  # nothing is left to do
    assert all(map(np.array_equal, again, uninterrupted))
    assert epochs == []


def test_the_order_is_that_of_seed_and_epoch(tmp_path):
    orders = []
    for seed, epoch in [(1, 0), (1, 1), (2, 0), (1, 0)]:
        finalize.checkpoint(tmp_path / "t.npz", seed=seed).on_epoch_begin(epoch)
        orders.append(tuple(np.random.permutation(20)))
    assert len(set(orders)) == 3
    assert orders[0] == orders[3]


def test_a_failure_while_writing_leaves_the_last_epoch(uninterrupted, tmp_path, monkeypatch):
    path, replace, calls = tmp_path / "t.npz", Path.replace, []

    def fail_once(self, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_once)
    with pytest.raises(OSError, match="No space"):
        trained(path, 3)
    with np.load(path) as file:
        assert file["epoch"] == 1
    assert files(tmp_path) == ["t.npz"]
    parts, epochs = trained(path, 3)
    assert epochs == [1, 2]
    assert all(map(np.array_equal, parts, uninterrupted))


def test_what_a_killed_training_left_goes_at_once(tmp_path):
    (tmp_path / ".t.npz.tmp-1.npz").write_bytes(b"half")
    begin(tmp_path / "t.npz", with_loss("mse"))
    assert files(tmp_path) == []


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path, model, other = tmp_path / "t.npz", with_loss("mse"), models.vanilla_lstm(3, 1, units=5)
    begin(path, model).on_epoch_end(0)
    with pytest.raises(ValueError, match=r"seed must be that of the checkpoint\. Received: seed=0, where t.npz has 1;"):
        begin(path, model, seed=0)
    other.compile("adam", loss="mse")
    with pytest.raises(ValueError, match=r"path must be that of a checkpoint of this model\. Received: path"):
        begin(path, other)
    content, hostile = path.read_bytes(), io.BytesIO()
    np.save(hostile, np.array([Payload(tmp_path / "run")], dtype=object), allow_pickle=True)
    for bad in (b"", b"nonsense", content[: len(content) // 2], hostile.getvalue(), pickle.dumps({})):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"at which NumPy says: .+; delete the file to begin anew"):
            begin(path, model)
    assert not (tmp_path / "run").exists()


KILLED = Path(__file__).with_name("killed.py")


@pytest.mark.slow
def test_killed_again_and_again(tmp_path):
    if not hasattr(os, "fork"):
        pytest.skip("the processes that are killed are forked")
    run = subprocess.run([sys.executable, KILLED, tmp_path], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr[-3000:]
    print(run.stdout)
