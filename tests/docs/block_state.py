"""A clean state for each block: what one block changes, the next one does not see.

Each context manager here puts back one thing. Libraries are looked at only if they are loaded.
"""

import importlib
import logging
import os
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

DEFAULT_SEED = 1


@contextmanager
def clean_state(seed: int = DEFAULT_SEED) -> Iterator[None]:
    """Give a block an empty folder, its own copy of every setting, and the seed."""
    parts = [environment, interpreter, log_handlers, warning_filters, folder, modules]
    parts += [numpy_options, pandas_options, figures, keras_state]
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(part())
        stack.enter_context(seeds(seed))
        yield


@contextmanager
def folder() -> Iterator[None]:
    """Work in a new, empty folder, which Python also imports from, as it does for a script."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        os.chdir(name)
        sys.path.insert(0, str(Path.cwd()))
        try:
            yield
        finally:
            os.chdir(before)


@contextmanager
def environment() -> Iterator[None]:
    """Put back the environment; `python` in a shell block is the Python that runs the tests."""
    before = dict(os.environ)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before.get("PATH", os.defpath)])
    yield
    os.environ.clear()
    os.environ.update(before)


@contextmanager
def interpreter() -> Iterator[None]:
    names = ["argv", "path", "stdin", "stdout", "stderr", "displayhook", "excepthook"]
    before = {name: getattr(sys, name) for name in names}
    sys.argv, sys.path = ["block.py"], list(sys.path)
    limit = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(limit)
    for name, value in before.items():
        setattr(sys, name, value)


@contextmanager
def modules() -> Iterator[None]:
    """Forget the modules that a block wrote and imported: the next may write one of the same name."""
    before, here = set(sys.modules), str(Path.cwd())
    importlib.invalidate_caches()
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(here):
            del sys.modules[name]


@contextmanager
def log_handlers() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.disable(logging.NOTSET)


@contextmanager
def warning_filters() -> Iterator[None]:
    with warnings.catch_warnings():
        yield


@contextmanager
def numpy_options() -> Iterator[None]:
    np = sys.modules.get("numpy")
    before = np and (np.get_printoptions(), np.geterr())
    yield
    if before:
        np.set_printoptions(**before[0])
        np.seterr(**before[1])


@contextmanager
def pandas_options() -> Iterator[None]:
    yield
    if pandas := sys.modules.get("pandas"):
        with warnings.catch_warnings():
            # Resetting an option that pandas has deprecated warns.
            warnings.simplefilter("ignore")
            pandas.reset_option("all")


@contextmanager
def figures() -> Iterator[None]:
    matplotlib = sys.modules.get("matplotlib")
    before = matplotlib and matplotlib.rcParams.copy()
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
    if before:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dict.update(matplotlib.rcParams, before)


@contextmanager
def keras_state() -> Iterator[None]:
    """Names of layers, registered classes, float type and the other settings of Keras."""
    keras = sys.modules.get("keras")
    if keras is None:
        yield
        return
    config = keras.config
    settings = [
        (config.set_floatx, config.floatx()),
        (config.set_epsilon, config.epsilon()),
        (config.set_image_data_format, config.image_data_format()),
    ]
    registries = [keras.saving.get_custom_objects(), *registered_names()]
    copies = [dict(registry) for registry in registries]
    # Garbage is collected when Python sees fit: forcing it takes 0.2 seconds a block.
    keras.utils.clear_session(free_memory=False)
    yield
    keras.utils.clear_session(free_memory=False)
    for registry, copy in zip(registries, copies, strict=True):
        registry.clear()
        registry.update(copy)
    for setter, value in settings:
        setter(value)
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.run_functions_eagerly(False)


def registered_names() -> list[dict]:
    """Keras keeps a second table of registered classes, by name, and has no public way to it."""
    registration = sys.modules.get("keras.src.saving.object_registration")
    table = getattr(registration, "GLOBAL_CUSTOM_NAMES", None)
    return [] if table is None else [table]


@contextmanager
def seeds(seed: int) -> Iterator[None]:
    """Seed everything. With a seed other than the default, a block's own set_random_seed moves as well."""
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed)
    keras = sys.modules.get("keras")
    if keras is None:
        yield
        return
    original = keras.utils.set_random_seed
    original(seed)
    keras.utils.set_random_seed = lambda value: original(value + seed - DEFAULT_SEED)
    yield
    keras.utils.set_random_seed = original
