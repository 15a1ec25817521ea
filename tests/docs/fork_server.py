"""Run scripts in processes of their own without importing Keras for each: import once, then fork.

Reads a JSON list of folders a line and answers with the exit codes; the scripts of one line run at once.
Each folder holds block.py; stdout.txt and stderr.txt appear beside it. Nothing is computed in this
process, so a child finds TensorFlow imported but not started, and no thread is lost in the fork.
"""

import contextlib
import importlib
import json
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path

LIBRARIES = ["numpy", "pandas", "scipy.stats", "sklearn", "matplotlib.pyplot", "keras"]
SECONDS = 120


def serve() -> None:
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    print(json.dumps({"threads": count_threads()}), flush=True)
    for line in sys.stdin:
        children = [start(Path(folder)) for folder in json.loads(line)]
        print(json.dumps([finish(child) for child in children]), flush=True)


def count_threads() -> int:
    """Threads of this process, those of C libraries included; a fork keeps only one of them."""
    return len(list(Path("/proc/self/task").iterdir()))


def start(folder: Path) -> int:
    child = os.fork()
    if child == 0:
        os._exit(run_script(folder))
    return child


def finish(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run_script(folder: Path) -> int:
    """In the child: run block.py as `python block.py` would."""
    signal.alarm(SECONDS)
    os.chdir(folder)
    for number, (name, flags) in enumerate([(os.devnull, os.O_RDONLY), ("stdout.txt", None), ("stderr.txt", None)]):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT if flags is None else flags, 0o600), number)
    sys.path.insert(0, str(folder))
    sys.argv = ["block.py"]
    code = 0
    try:
        runpy.run_path("block.py", run_name="__main__")
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve()
