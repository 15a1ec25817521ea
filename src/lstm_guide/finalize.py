"""Save a finished model so that a crash leaves no half file, load one without running code, and resume training."""

import hashlib
import json
import os
import re
import time
import uuid
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm_guide import _check

if TYPE_CHECKING:
    import keras

HDF5, PICKLE = b"\x89HDF\r\n\x1a\n", b"\x80"  # how such files begin
CONFIG, WEIGHTS = "config.json", "model.weights.h5"  # what is in every .keras file
LAMBDA = re.compile(r"deserialization of a .{0,10}lambda", re.IGNORECASE)  # Keras' refusal
OLD = 3600  # seconds after which a temporary file is taken for what a crash left


def save_atomically(model: "keras.Model", path: str | os.PathLike[str]) -> Path:
    """Save a model as a .keras file that is whole at every moment, and that can be loaded again.

    The model is written to a temporary file in the same folder, loaded from there in safe mode, compared with the
    original, and only then moved over the path in one step. A process that dies on the way leaves the old file as it
    was, or none, and never half a file under that name. What it leaves is a hidden temporary file, which a later call
    for the same path removes when it is an hour old.

    Args:
        model: a built Keras model, compiled or not. A class or function of your own in it must be registered with
            keras.saving.register_keras_serializable, and registered again wherever the file is loaded.
        path: where to, a name that ends in .keras, in a folder that exists. A file that is there is replaced.

    Returns:
        The path.

    Raises:
        TypeError: if model is no Keras model, or path is no path.
        ValueError: if model is not built, cannot be saved or cannot be loaded again without running code from the file
            (a Lambda layer, an unregistered class), or gives another output after loading; or if path does not end in
            .keras, is a folder or lies in none that exists.
        OSError: if the file cannot be written, for want of space, say.

    Examples:
        >>> import keras
        >>> model = keras.Sequential([keras.Input(shape=(3, 1)), keras.layers.LSTM(2)])
        >>> save_atomically(model, "model.keras").name
        'model.keras'

    Source:
        os.replace is atomic within one file system: https://docs.python.org/3/library/os.html#os.replace
    """
    import keras

    _check.instance("model", model, keras.Model, "a Keras model")
    target = _target(path, ".keras")
    if not model.built:
        raise ValueError(
            f"model must be built. Received: model={_check.brief(model)} without weights; start it with keras.Input "
            "or call it on a batch first."
        )
    _remove_leftovers(target, older_than=OLD)
    with _replaced(target) as temporary:
        fault = _fault(model, temporary)
        if fault:
            raise ValueError(
                "model must load again, the same, without code from the file. Received: "
                f"model={_check.brief(model)}, whose file {fault[0]}; {fault[1]}."
            )
    return target


def load(path: str | os.PathLike[str]) -> "keras.Model":
    """Load a .keras file in safe mode: code in the file is not run, and what is no whole file is refused by name.

    Safe mode is no sandbox. It refuses code that was serialised into the file; it does not guard against errors in the
    libraries that read it. Load only files whose origin you know, with a current Keras.

    Args:
        path: a .keras file. Classes and functions of your own that it uses must be registered before.

    Returns:
        The model, compiled if it was when it was saved.

    Raises:
        TypeError: if path is no path.
        FileNotFoundError: if there is no such file.
        ValueError: if path is a folder, a pickle, a legacy HDF5 file or no .keras file, is damaged or cut off, holds
            code such as a Lambda layer, or needs a class that is not registered here.

    Examples:
        >>> import keras
        >>> model = keras.Sequential([keras.Input(shape=(3, 1)), keras.layers.LSTM(2)])
        >>> load(save_atomically(model, "model.keras")).output_shape
        (None, 2)
    """
    source = _file(path)
    _check_content(source)
    try:
        return _load(source)
    except Exception as error:  # whatever a reader may raise on a strange file
        reason, advice = _why_not(error)
        raise ValueError(
            f"path must be that of a file that loads. Received: path={str(source)!r}, which {reason}; {advice}."
        ) from error


def version(path: str | os.PathLike[str]) -> str:
    """Name the content of a file: the first twelve digits of its SHA-256.

    Args:
        path: a file.

    Returns:
        Twelve hexadecimal digits, the same for the same bytes. A model that is saved again has another version, for
        the file holds the time, too.

    Raises:
        TypeError: if path is no path.
        FileNotFoundError: if there is no such file.
        ValueError: if path is a folder.

    Examples:
        >>> from pathlib import Path
        >>> length = Path("a.keras").write_text("the same bytes")
        >>> version("a.keras")
        '7d95d9eeb9c1'
    """
    source = _file(path)
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def checkpoint(path: str | os.PathLike[str], seed: int = 0) -> "keras.callbacks.Callback":
    """Make a callback for fit that lets training go on after it was killed, at any moment, with the same result.

    After each epoch the weights, the optimizer's state, the states of dropout's random generators and the number of
    the epoch go into one file, which is replaced in one step. When fit starts and the file is there, training goes on
    after the last epoch that was finished; run the same script again and it does the rest. To begin anew, delete the
    file.

    For the same result as without the interruption the order of the data must depend on the epoch alone. So the
    callback seeds Python's and NumPy's random generators, and Keras', at the beginning of each epoch, with a seed made
    of its own and the epoch's number; a keras.utils.PyDataset that draws its order in on_epoch_begin then has the same
    order again. It comes last in the list of callbacks. The counters of other callbacks, such as the patience of
    EarlyStopping, are not kept, nor is the state between batches of a stateful layer; reset that as an epoch begins.

    Args:
        path: the file, a name that ends in .npz, in a folder that exists. One process at a time may train with it.
        seed: of the order of the data, at least 0.

    Returns:
        A callback for the fit of one compiled and built model.

    Raises:
        TypeError: if path is no path, or seed is not a whole number.
        ValueError: if path does not end in .npz, is a folder or lies in none that exists, or seed is below 0. When fit
            starts: if the file is damaged, or belongs to another model or seed.

    Examples:
        >>> import keras
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input(shape=(3, 1)), keras.layers.LSTM(2), keras.layers.Dense(1)])
        >>> model.compile("adam", loss="mse")
        >>> x, y = np.zeros((4, 3, 1)), np.zeros((4, 1))
        >>> history = model.fit(x, y, epochs=2, callbacks=[checkpoint("training.npz")], verbose=0)
        >>> history = model.fit(x, y, epochs=3, callbacks=[checkpoint("training.npz")], verbose=0)
        >>> history.epoch
        [2]
    """
    import keras

    target = _target(path, ".npz")
    seed = _check.whole_number("seed", seed, minimum=0)

    class Checkpoint(keras.callbacks.Callback):
        """Restore what is there, seed each epoch, write after each."""

        def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
            _remove_leftovers(target, older_than=0)
            epoch = _restore(self.model, target, seed) if target.exists() else 0
            # fit reads this after on_train_begin; Keras' own BackupAndRestore sets it, too
            self.model._initial_epoch = epoch

        def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            keras.utils.set_random_seed(int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0]))

        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            state = {name: keras.ops.convert_to_numpy(value) for name, value in _state(self.model).items()}
            with _replaced(target) as temporary, temporary.open("wb") as file:
                np.savez(file, epoch=epoch + 1, seed=seed, **state)

    return Checkpoint()


@contextmanager
def _replaced(target: Path) -> Iterator[Path]:
    """Give a temporary path; what the block wrote there takes the target's place in one step, if nothing failed."""
    # In the same folder: Replacing is atomic within one file system only. Keras looks at the end of the name.
    temporary = target.with_name(f"{_prefix(target)}{uuid.uuid4().hex}{target.suffix}")
    try:
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())  # the content is on the disk before the name points to it
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _prefix(target: Path) -> str:
    return f".{target.name}.tmp-"


def _remove_leftovers(target: Path, older_than: float) -> None:
    """Remove temporary files of a target that a killed process left behind."""
    for path in target.parent.glob("*"):
        if path.name.startswith(_prefix(target)) and time.time() - path.stat().st_mtime >= older_than:
            path.unlink(missing_ok=True)


def _path(path: object) -> Path:
    _check.instance("path", path, str | os.PathLike, "a path, a text or a pathlib.Path")
    return Path(path)


def _file(path: object) -> Path:
    """Return the path if a file is there, or raise."""
    source = _path(path)
    received = f"Received: path={str(source)!r}"
    if source.is_dir():
        raise ValueError(f"path must be a file's. {received}, a folder; add the file's name.")
    if not source.exists():
        raise FileNotFoundError(
            f"path must be that of a file. {received}, where nothing is; look at it and at the folder you are in."
        )
    return source


def _target(path: object, suffix: str) -> Path:
    """Return the path if a file can be put there, or raise."""
    target = _path(path)
    received = f"Received: path={str(target)!r}"
    if target.suffix != suffix:
        raise ValueError(f"path must end in {suffix}. {received}; rename it.")
    if target.is_dir():
        raise ValueError(f"path must be a file's. {received}, a folder; add a file name.")
    if not target.parent.is_dir():
        raise ValueError(f"path must lie in a folder that exists. {received}; make the folder first.")
    return target


def _check_content(source: Path) -> None:
    """Raise unless the file is a whole .keras file, by looking at its bytes only."""
    received = f"Received: path={str(source)!r}"
    with source.open("rb") as file:
        head = file.read(8)
    if head == HDF5:
        raise ValueError(
            f"path must be a .keras file's. {received}, a legacy HDF5 file; load it where it was made with "
            "keras.models.load_model(path, compile=False) and save it as .keras."
        )
    if head.startswith(PICKLE):
        raise ValueError(
            f"path must be a .keras file's. {received}, a pickle, which can run any code while it is loaded; have the "
            "model saved as .keras."
        )
    if not zipfile.is_zipfile(source):
        raise ValueError(
            f"path must be a whole .keras file's. {received}, {source.stat().st_size} bytes that are damaged or cut "
            "off; copy or save it again."
        )
    _check_archive(source, received)
    if source.suffix != ".keras":
        raise ValueError(f"path must end in .keras. {received}; rename the file.")


def _check_archive(source: Path, received: str) -> None:
    with zipfile.ZipFile(source) as archive:
        missing = {CONFIG, WEIGHTS} - set(archive.namelist())
        if missing:
            raise ValueError(
                f"path must be a .keras file's. {received}, a zip file without {' and '.join(sorted(missing))}; save "
                "the model with save_atomically."
            )
        try:
            broken = archive.testzip()  # reads everything and compares its checksums
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
            broken = _first_line(error)
    if broken:
        raise ValueError(f"path must be a whole .keras file's. {received}, damaged: {broken}; copy or save it again.")


def _load(source: Path) -> "keras.Model":
    import keras

    _refuse_lambdas(source)
    with warnings.catch_warnings():
        # a compiled model that never trained has no state of its optimizer to load
        warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
        return keras.models.load_model(source, safe_mode=True)


def _refuse_lambdas(source: Path) -> None:
    """Raise as Keras does; Keras does not any more after keras.config.enable_unsafe_deserialization."""

    def holds_one(part: Any) -> bool:
        if isinstance(part, dict):
            return part.get("class_name") == "__lambda__" or any(map(holds_one, part.values()))
        return isinstance(part, list) and any(map(holds_one, part))

    with zipfile.ZipFile(source) as archive:
        if holds_one(json.loads(archive.read(CONFIG))):
            raise ValueError("Requested the deserialization of a lambda")


def _why_not(error: Exception) -> tuple[str, str]:
    """Say why Keras did not load a whole .keras file, and what to do."""
    text = str(error)
    if LAMBDA.search(text):
        return (
            "holds a lambda, code that loading would run",
            "use layers of Keras, or functions and classes that are registered with "
            "keras.saving.register_keras_serializable, and save again",
        )
    unknown = re.search(r"Could not locate (\w+ '[^']*')", text)
    if unknown:
        return (
            f"needs the {unknown[1]}, which is not registered",
            "register it with keras.saving.register_keras_serializable, before saving and before loading",
        )
    return f"Keras does not read ({_first_line(error)})", "mend what that names and save again"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    return text.rstrip(".;") if len(text) <= 200 else text[:197] + "..."


def _fault(model: "keras.Model", temporary: Path) -> tuple[str, str] | None:
    """Save a model, load it again, and say what is wrong with the copy and what to do; None if it is the same."""
    try:
        model.save(temporary)
        loaded = _load(temporary)
    except OSError:
        raise  # no space, no permission: not the model's fault
    except Exception as error:
        return _why_not(error)
    if _alike(model, loaded):
        return None
    return "loads as another model", "give each layer of your own a get_config with every argument of its __init__"


def _alike(model: "keras.Model", loaded: "keras.Model") -> bool:
    """True if both have the same weights and answer a made-up batch alike."""
    import keras

    arrays = [list(map(keras.ops.convert_to_numpy, one.weights)) for one in (model, loaded)]
    if len(arrays[0]) != len(arrays[1]) or not all(map(np.array_equal, *arrays)):
        return False
    if any(getattr(layer, "stateful", False) for layer in model._flatten_layers()):
        return True  # its answer depends on what it read before, which no file holds
    try:
        answer = _answer(model)
    except Exception:  # a batch can be made up for most models, not for all
        return True
    return all(
        np.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True)
        for one, other in zip(answer, _answer(loaded), strict=True)
    )


def _answer(model: "keras.Model") -> list[np.ndarray]:
    """What the model says of a batch of halves, or of zeros where it wants whole numbers; no state changes."""
    import keras

    size = next((tensor.shape[0] for tensor in model.inputs if tensor.shape[0]), 2)  # of the batch
    batch = []
    for tensor in model.inputs:
        shape = (size, *(length or 2 for length in tensor.shape[1:]))  # None is any length
        batch.append(keras.ops.full(shape, 0.5 if "float" in tensor.dtype else 0, dtype=tensor.dtype))
    outputs, _ = model.stateless_call(
        model.trainable_variables,
        model.non_trainable_variables,
        keras.tree.pack_sequence_as(model.input, batch) if len(batch) > 1 else batch[0],
        training=False,
    )
    return [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(outputs)]


def _state(model: "keras.Model") -> dict[str, "keras.Variable"]:
    """Everything that training changes, by name: variables, not weights, for dropout's generators are among them."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    metrics = {id(variable) for variable in model.metrics_variables}  # start at zero in every epoch
    kept = [variable for variable in model.variables if id(variable) not in metrics]
    state = {f"model_{number}": variable for number, variable in enumerate(kept)}
    return state | {f"optimizer_{number}": variable for number, variable in enumerate(model.optimizer.variables)}


def _restore(model: "keras.Model", source: Path, seed: int) -> int:
    """Put a checkpoint's state into the model, and return the number of epochs that were finished."""
    received = f"Received: path={str(source)!r}"
    try:
        with np.load(source, allow_pickle=False) as file:
            saved = dict(file)
        epoch, saved_seed = int(saved.pop("epoch")), int(saved.pop("seed"))
    except (ValueError, KeyError, EOFError, OSError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"path must be that of a checkpoint. {received}, at which NumPy says: {_first_line(error)}; delete the "
            "file to begin anew."
        ) from error
    if saved_seed != seed:
        raise ValueError(
            f"seed must be that of the checkpoint. Received: seed={seed}, where {source.name} has {saved_seed}; pass "
            "that seed, or another path."
        )
    state = _state(model)
    if {name: tuple(v.shape) for name, v in state.items()} != {name: v.shape for name, v in saved.items()}:
        raise ValueError(
            f"path must be that of a checkpoint of this model. {received}, with {len(saved)} arrays that do not fit "
            f"the {len(state)} of the model and its optimizer; build the same model, or pass another path."
        )
    for name, variable in state.items():
        variable.assign(saved[name])
    return epoch
