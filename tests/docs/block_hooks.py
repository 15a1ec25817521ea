"""pytest plugin: run each code block in a clean state, as `__main__`, and say readably why one failed."""

import ast
import builtins
import difflib
import importlib
import os
import re
import signal
import subprocess
import sys
import threading
import traceback
import types
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import pytest_codeblocks.plugin
from block_state import DEFAULT_SEED, clean_state
from pytest_codeblocks.plugin import TestBlock

STATE = pytest.StashKey[ExitStack]()
LIBRARIES = ["numpy", "pandas", "matplotlib.pyplot", "keras"]
NEEDS_LIBRARIES = re.compile(r"\b(numpy|pandas|matplotlib|keras|lstm_guide|sklearn|statsmodels)\b")


class BlockError(Exception):
    """A block failed; the message is all that is shown."""


class Interrupt:
    """Tells Ctrl-C from a block that raises KeyboardInterrupt itself."""

    pressed = False

    def __call__(self, signum: int, frame: types.FrameType | None) -> None:
        self.pressed = True
        signal.default_int_handler(signum, frame)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("code blocks").addoption(
        "--block-seed", type=int, default=DEFAULT_SEED, metavar="N", help="seed that each code block starts from"
    )


def pytest_configure(config: pytest.Config) -> None:
    # A block may call plt.show(): no window must open, and none must wait to be closed.
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if not isinstance(item, TestBlock):
        return
    if item.obj.syntax == "python" and NEEDS_LIBRARIES.search(item.obj.code):
        # Here, so that no block's own time or state includes the import.
        for name in LIBRARIES:
            with_suppressed_import(name)
    stack = item.stash[STATE] = ExitStack()
    stack.enter_context(clean_state(item.config.getoption("--block-seed")))


def with_suppressed_import(name: str) -> None:
    """Import a library if it is there; a block that needs it says so better than this could."""
    try:
        importlib.import_module(name)
    except ImportError:
        return


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    if STATE in item.stash:
        item.stash[STATE].close()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    if not isinstance(item, TestBlock):
        return (yield)
    with watch_interrupts() as interrupt, as_main(item):
        try:
            return (yield)
        except BaseException as error:
            # SystemExit, pytest.skip and a block's own KeyboardInterrupt are failures like any other.
            if interrupt.pressed:
                raise
            raise BlockError(explain(item, error)) from None


@contextmanager
def watch_interrupts() -> Iterator[Interrupt]:
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def as_main(item: TestBlock) -> Iterator[None]:
    """Let the plugin run the block as `__main__`, with the page's own line numbers in tracebacks.

    The plugin's namespace has no `__name__`, so classes would claim to come from `builtins`: Keras
    could not save them and pickle could not load them.
    """
    main = types.ModuleType("__main__")

    def run(code: str, _namespace: dict) -> None:
        tree = ast.parse(code)
        numbers = page_lines(item)
        for node in ast.walk(tree):
            if hasattr(node, "lineno"):
                node.lineno, node.end_lineno = numbers[node.lineno - 1], numbers[node.end_lineno - 1]
        builtins.exec(compile(tree, str(item.path), "exec", dont_inherit=True), vars(main))

    before = sys.modules["__main__"]
    sys.modules["__main__"] = main
    pytest_codeblocks.plugin.exec = run
    try:
        yield
    finally:
        del pytest_codeblocks.plugin.exec
        sys.modules["__main__"] = before


def page_lines(item: TestBlock) -> list[int]:
    """For each line of the block its line on the page; the parts of a glued block lie apart."""
    page = [line.strip() for line in item.path.read_text(encoding="utf-8").splitlines()]
    numbers, position = [], item.obj.lineno
    for line in item.obj.code.splitlines():
        while position < len(page) and page[position] != line.strip():
            position += 1
        position += 1
        numbers.append(position)
    return numbers


def explain(item: TestBlock, error: BaseException) -> str:
    """Where the block failed and why, without the machinery around it."""
    block = item.obj
    where = f"{item.path.name}, the {block.syntax} block at line {block.lineno}"
    if isinstance(error, subprocess.CalledProcessError):
        output = (error.stdout or b"").decode() + (error.stderr or b"").decode()
        return f"{where} ended with exit code {error.returncode}:\n\n{block.code}\n{output}"
    cause = error.__context__ if type(error) is RuntimeError and error.__context__ else error
    if cause is error and "but got\n```\n" in str(error):
        printed = str(error).rpartition("but got\n```\n")[2].removesuffix("```")
        return f"{where} printed something else than the page says:\n\n{diff(block.expected_output, printed)}"
    if isinstance(cause, SyntaxError) and cause.filename == "<unknown>":
        return f"{where} is not valid Python: {cause.msg}, at page line {page_lines(item)[cause.lineno - 1]}"
    return f"{where} raised {type(cause).__name__}\n\n{block_traceback(cause, item.path)}"


def diff(expected: str, printed: str) -> str:
    lines = difflib.unified_diff(expected.splitlines(), printed.splitlines(), "page", "printed", lineterm="", n=9)
    return "\n".join(lines) or f"only line ends differ: {expected!r} and {printed!r}"


def block_traceback(error: BaseException, page: Path) -> str:
    """The traceback from the page's first line on, with at most three frames of the libraries below it."""
    summary = traceback.TracebackException.from_exception(error, compact=True)
    frames = list(summary.stack)
    ours = [i for i, frame in enumerate(frames) if frame.filename == str(page)]
    kept = frames[ours[0] : ours[-1] + 1] + frames[ours[-1] + 1 :][-3:] if ours else frames[-3:]
    summary.stack = traceback.StackSummary.from_list(kept)
    return "".join(summary.format(chain=False))
