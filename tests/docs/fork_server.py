"""Runs Python blocks, each in a process of its own: imports libraries once, then forks for each block.

The arguments are the libraries. Reads one job a line from standard input, as JSON, and answers each with the exit code
of the process that ran it. Nothing is computed in the server, so a fork finds TensorFlow imported but not started, and
no thread is lost in it. Where a fork is not safe, or with --no-fork, the server runs one job itself and ends with it.
"""

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import random
import sys
import traceback
import types
from pathlib import Path

DEFAULT_SEED = 1


def serve(libraries: list[str], may_fork: bool) -> None:
    for name in libraries:
        # A block that needs a library which is missing says so better than this could
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a fork's garbage collector leaves what is imported alone, so its memory stays shared
    print("ready", flush=True)
    for line in sys.stdin:
        if not (may_fork and count_threads() == 1):
            run(json.loads(line))
        child = os.fork()
        if child == 0:
            try:
                run(json.loads(line))
            finally:
                os._exit(1)  # no second server, whatever went wrong
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def count_threads() -> int:
    """Threads of this process, those of C libraries included; a fork keeps only one of them."""
    return len(list(Path("/proc/self/task").iterdir()))


def run(job: dict) -> None:
    """Run a block as `__main__` and leave the process.

    The job's folder gets stdout.txt, stderr.txt and, unless the process dies first, ended.txt: how the block failed, or
    nothing.
    """
    folder = Path(job["folder"])
    for number, (file, flags) in enumerate(
        [(os.devnull, os.O_RDONLY), (folder / "stdout.txt", None), (folder / "stderr.txt", None)]
    ):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT if flags is None else flags, 0o600), number)
    sys.stdout.reconfigure(line_buffering=True)  # so that what was printed is there after a crash, too
    faulthandler.enable()
    faulthandler.dump_traceback_later(job["seconds"], exit=True)
    os.chdir(folder / "work")
    sys.argv, sys.path = [""], ["", *sys.path]  # as at the prompt
    seed_all(job["seed"])
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        exec(compile(job["code"], job["page"], "exec", dont_inherit=True), vars(main))
        failure = ""
    except BaseException as error:  # SystemExit, pytest.skip and a block's own KeyboardInterrupt are failures, too
        failure = f"raised {type(error).__name__}\n\n{shorten(error, job['page'])}"
    sys.stdout.flush()
    sys.stderr.flush()
    (folder / "ended.txt").write_text(failure, encoding="utf-8")
    os._exit(0)


def seed_all(seed: int) -> None:
    """Seed what is loaded. With a seed other than the default, a block's own set_random_seed moves as well."""
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed)
    if keras := sys.modules.get("keras"):
        original = keras.utils.set_random_seed
        original(seed)
        keras.utils.set_random_seed = lambda value: original(value + seed - DEFAULT_SEED)


def shorten(error: BaseException, page: str) -> str:
    """The traceback from the page's first line on, with at most three frames of the libraries below it."""
    summary = traceback.TracebackException.from_exception(error, compact=True)
    frames = list(summary.stack)
    ours = [i for i, frame in enumerate(frames) if frame.filename == page]
    kept = frames[ours[0] : ours[-1] + 1] + frames[ours[-1] + 1 :][-3:] if ours else []
    summary.stack = traceback.StackSummary.from_list(kept)
    return "".join(summary.format(chain=False))


if __name__ == "__main__":
    wanted = sys.argv[1:]
    serve([name for name in wanted if name != "--no-fork"], sys.platform == "linux" and "--no-fork" not in wanted)
