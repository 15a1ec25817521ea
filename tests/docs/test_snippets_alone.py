"""Each block runs pasted as it is: a process of its own, another folder, and it prints what the page says."""

import codeop
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from isolation import FORKS, BlockRunner
from pages import DOCS, ROOT, all_pages, block_paths, load_page
from pytest_codeblocks.main import CodeBlock, extract_from_file


def blocks() -> Iterator[pytest.param]:
    """Every Python block that runs, glued parts as one, named like lessons/05-vanilla-lstm.md:123."""
    tested = [ROOT / path for path in block_paths()]
    for path in all_pages():
        if not any(path.is_relative_to(place) for place in tested):
            continue
        name = path.relative_to(DOCS if path.is_relative_to(DOCS) else ROOT).as_posix()
        for block in extract_from_file(path):
            if block.syntax == "python" and not block.marks:
                yield pytest.param(block, id=f"{name}:{block.lineno}")


@pytest.fixture(scope="session")
def runner() -> Iterator[BlockRunner]:
    runner = BlockRunner()
    yield runner
    runner.close()


@pytest.mark.slow
@pytest.mark.parametrize("block", list(blocks()))
def test_the_block_runs_alone(block: CodeBlock, runner: BlockRunner) -> None:
    (outcome,) = runner.run(block.code)
    assert outcome.code == 0, f"pasted into its own file this block fails:\n\n{block.code}\n{outcome.stderr}"
    if block.expected_output is None:
        return
    if block.expected_output_ignore_whitespace:
        assert re.sub(r"\s", "", outcome.stdout) == re.sub(r"\s", "", block.expected_output)
    else:
        assert outcome.stdout == block.expected_output


def test_blocks_can_be_pasted_into_a_prompt() -> None:
    # as the site shows them: the plugin drops the empty lines of indented blocks
    shown = [(path, block) for path in all_pages(DOCS) for block in load_page(path).blocks]
    for path, block in shown:
        stuck = where_a_prompt_stops(block.source) if block.language == "python" else None
        assert stuck is None, f"{path}:{block.line}: pasted at >>> {stuck!r} is an error; put an empty line above it"


def where_a_prompt_stops(code: str) -> str | None:
    """Feed the lines to Python's own reader of interactive input; give the first that it refuses."""
    typed = []
    for line in [*code.split("\n"), ""]:
        typed.append(line)
        try:
            whole = codeop.compile_command("\n".join(typed), "<prompt>", "single")
        except SyntaxError:
            return line
        typed = [] if whole else typed
    return None


def test_a_prompt_wants_an_empty_line_after_a_loop() -> None:
    assert where_a_prompt_stops("for i in range(2):\n    print(i)\nprint(3)\n") == "print(3)"
    assert where_a_prompt_stops("for i in range(2):\n    print(i)\n\nprint(3)\n") is None


TRAIN = """
import keras
import numpy as np
keras.utils.set_random_seed(1)
x = np.random.default_rng(1).normal(size=(64, 5, 1))
model = keras.Sequential([keras.Input(shape=(5, 1)), keras.layers.LSTM(8), keras.layers.Dense(1)])
model.compile(loss="mse", optimizer="adam")
print(round(model.fit(x, x.sum(axis=1), epochs=3, verbose=0).history["loss"][-1], 5))
"""
LEAVE = "import json, os\njson.dirt = name = 1\nopen('left.txt', 'w').close()\nos.environ['DIRT'] = '1'"
LOOK = """
import json, os, sys
from pathlib import Path
assert "name" not in globals() and not hasattr(json, "dirt") and "DIRT" not in os.environ
assert __name__ == "__main__" and Path(__file__).parent.resolve() == Path.cwd().resolve()
assert not Path("left.txt").exists()
print(sys.path[0] in ("", str(Path.cwd())))
"""


@pytest.mark.slow
def test_one_process_knows_nothing_of_another(runner):
    assert runner.run(LEAVE)[0].code == 0
    (seen,) = runner.run(LOOK)
    assert (seen.code, seen.stdout) == (0, "True\n"), seen.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "exit_code", "said"),
    [
        ("raise ValueError('as said')", 1, "ValueError: as said"),
        ("import sys\nsys.exit(3)", 3, ""),
        ("import os\nos.kill(os.getpid(), 9)", -9, ""),
        ("import pages", 1, "No module named 'pages'"),
        ("x = undefined_name", 1, "NameError"),
    ],
)
def test_a_block_that_cannot_stand_alone_is_seen(runner, code, exit_code, said):
    (outcome,) = runner.run(code)
    assert outcome.code == exit_code
    assert said in outcome.stderr
    assert runner.run("print(1)")[0].stdout == "1\n", "the next block must run all the same"


@pytest.mark.slow
@pytest.mark.skipif(not FORKS, reason="this system runs each block in a plain process, so there is no fork to test")
def test_training_after_a_fork_gives_what_a_plain_process_gives(runner):
    with ThreadPoolExecutor(1) as pool:
        plain = pool.submit(BlockRunner(forks=False).run, TRAIN)
        forked = [*runner.run(TRAIN, TRAIN), *runner.run(TRAIN), *runner.run(TRAIN, TRAIN)]
        (expected,) = plain.result()
    assert expected.code == 0, expected.stderr
    assert {(outcome.code, outcome.stdout) for outcome in forked} == {(0, expected.stdout)}
