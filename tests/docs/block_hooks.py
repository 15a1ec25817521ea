"""pytest plugin: run each code block that pytest-codeblocks collects alone, and say readably why one failed."""

import difflib
import functools
import re

import pytest
from fork_server import DEFAULT_SEED
from isolation import BlockRunner, run_shell
from pytest_codeblocks.plugin import TestBlock

RUNNER = pytest.StashKey[BlockRunner]()


class BlockError(Exception):
    """A block failed; the message is all that is shown."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("code blocks")
    group.addoption(
        "--block-seed", type=int, default=DEFAULT_SEED, metavar="N", help="seed that each code block starts from"
    )
    group.addoption(
        "--block-seconds", type=float, default=120, metavar="N", help="stop a code block after so many seconds"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUNNER] = BlockRunner()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[RUNNER].close()


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, TestBlock):
        item.runtest = functools.partial(run_alone, item)


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Load the libraries before the clock of the first block runs."""
    if isinstance(item, TestBlock) and item.obj.syntax == "python":
        item.config.stash[RUNNER].warm(item.obj.code)


def run_alone(item: TestBlock) -> None:
    block, options = item.obj, item.config.option
    if block.syntax == "python":
        runner = item.config.stash[RUNNER]
        done = runner.run(code_at_page_lines(item), str(item.path), options.block_seed, options.block_seconds)
    else:
        done = run_shell(block.code, block.syntax, options.block_seconds)
    where = f"{item.path.name}, the {block.syntax} block at line {block.lineno}"
    if done.failure:
        raise BlockError(f"{where} {done.failure}")
    if not as_expected(item, done.stdout):
        changes = diff(block.expected_output, done.stdout)
        raise BlockError(f"{where} printed something else than the page says:\n\n{changes}")


def as_expected(item: TestBlock, printed: str) -> bool:
    expected = item.obj.expected_output
    if expected is not None and item.obj.expected_output_ignore_whitespace:
        return re.sub(r"\s", "", printed) == re.sub(r"\s", "", expected)
    return expected is None or printed == expected


def code_at_page_lines(item: TestBlock) -> str:
    """The block's code with each line where it stands on the page; the parts of a glued block lie apart there."""
    page = [line.strip() for line in item.path.read_text(encoding="utf-8").splitlines()]
    placed, position = [], item.obj.lineno
    for line in item.obj.code.splitlines():
        while position < len(page) and page[position] != line.strip():
            position += 1
        placed += [""] * (position - len(placed)) + [line]
        position += 1
    return "\n".join(placed) + "\n"


def diff(expected: str, printed: str) -> str:
    lines = difflib.unified_diff(expected.splitlines(), printed.splitlines(), "page", "printed", lineterm="", n=9)
    return "\n".join(lines) or f"only line ends differ: {expected!r} and {printed!r}"
