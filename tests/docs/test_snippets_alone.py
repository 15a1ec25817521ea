"""Each block runs alone: it sees nothing of another, its failure can be read, and the next one runs all the same."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from fork_server import DEFAULT_SEED
from isolation import BlockRunner
from runs import plain_environment, pytest_command, run_blocks, write_pages

# What one block leaves behind, and a block that fails if it sees that.
TRACES = {
    "name": ("x = 1", "assert 'x' not in globals()"),
    "module": ("import json\njson.trace = 1", "import json\nassert not hasattr(json, 'trace')"),
    "environment": ("import os\nos.environ['TRACE'] = '1'", "import os\nassert 'TRACE' not in os.environ"),
    "file": ("open('trace.txt', 'w').close()", "import os\nassert os.listdir() == []"),
    "folder": (
        "import os, sys\nsys.start = os.getcwd()",
        "import os, sys\nassert os.getcwd() != getattr(sys, 'start', '')",
    ),
    "plugins": ("import sys", "import sys\nassert 'pytest' not in sys.modules and 'pages' not in sys.modules"),
}


def fence(code: str, shell: str = "python") -> str:
    return f"```{shell}\n{code}\n```\n"


def test_no_block_sees_what_another_did(tmp_path):
    pages = {f"{kind}.md": fence(trace) + "\n" + fence(look) for kind, (trace, look) in TRACES.items()}
    blocks, done = run_blocks(write_pages(tmp_path / "alone", pages))
    assert len(blocks) == 2 * len(TRACES), done.stdout
    assert {block["outcome"] for block in blocks} == {"passed"}, done.stdout
    # In one process every look but that for a name finds the trace, so none of them looks at the wrong place
    blocks, done = run_blocks(write_pages(tmp_path / "together", pages), alone=False)
    assert [block["page"] for block in blocks if block["line"] > 1 and block["outcome"] == "passed"] == ["name.md"]


# A block, and what its failure must say.
FAILURES = {
    "crash.md": ("x = 1\nimport ctypes\nctypes.string_at(0)", ["killed by SIGSEGV", "line 4"]),
    "exit.md": ("import sys\nsys.exit()", ["exit.md", "line 1", "SystemExit"]),
    "exit-code.md": ("raise SystemExit(0)", ["SystemExit"]),
    "exit-at-once.md": ("import os\nos._exit(0)", ["exit code 0 before its end"]),
    "hang.md": ("import time\n\ntime.sleep(60)", ["longer than 1 s", "line 4"]),
    "import.md": ("import pages", ["No module named 'pages'"]),
    "interrupt.md": ("raise KeyboardInterrupt", ["KeyboardInterrupt"]),
    "kill.md": ("import os\nprint('said')\nos.kill(os.getpid(), 9)", ["killed by SIGKILL"]),
    "skip.md": ("import pytest\npytest.skip('no')", ["Skipped"]),
    "stop.md": ("import pytest\npytest.exit('no')", ["Exit"]),
    "syntax.md": ("x = 1\nimport = 2", ["SyntaxError", "line 3"]),
    "value.md": ("x = 1\n\n\nraise ValueError('as said')", ["line 5", "raise ValueError", "as said"]),
}
NAMED = fence("print(__name__)") + "<!--pytest-codeblocks:expected-output-->\n```text\n__main__\n```\n"


def test_a_block_that_leaves_early_fails_and_the_rest_still_runs(tmp_path):
    pages = {name: fence(code) for name, (code, _) in FAILURES.items()}
    pages |= {"shell.md": fence("sleep 60", "sh"), "zz.md": NAMED}
    blocks, done = run_blocks(write_pages(tmp_path, pages), "--block-seconds", "1")
    outcomes = {block["page"]: block for block in blocks}
    assert outcomes.pop("zz.md")["outcome"] == "passed", done.stdout
    assert "longer than 1 s" in outcomes.pop("shell.md")["message"]
    assert set(outcomes) == set(FAILURES), done.stdout
    for name, (_, words) in FAILURES.items():
        assert outcomes[name]["outcome"] == "failed"
        assert all(word in outcomes[name]["message"] for word in [name, *words]), outcomes[name]["message"]


def test_a_glued_block_names_the_page_line_and_the_output_is_shown_as_a_diff(tmp_path):
    glued = "```python\nx = 1\n```\n\ntext\n\n<!--pytest-codeblocks:cont-->\n```python\ny = 2\nx / 0\n```\n"
    wrong = "```python\nprint('a')\nprint('b')\n```\n<!--pytest-codeblocks:expected-output-->\n```text\na\nc\n```\n"
    shell = "```sh\necho said && exit 3\n```\n"
    blocks, _ = run_blocks(write_pages(tmp_path, {"glued.md": glued, "shell.md": shell, "wrong.md": wrong}))
    messages = {block["page"]: block["message"] for block in blocks}
    assert "line 10" in messages["glued.md"] and "x / 0" in messages["glued.md"]
    assert "fork_server" not in messages["glued.md"]
    assert "-c\n+b" in messages["wrong.md"]
    assert "exit code 3" in messages["shell.md"] and "said" in messages["shell.md"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["one process", "xdist"])
def test_ctrl_c_stops_the_run_and_all_that_blocks_have_started(tmp_path, workers):
    pids = tmp_path / "pids.txt"
    code = f"""\
        import os, subprocess, time
        child = subprocess.Popen(["sleep", "60"])
        print(os.getpid(), child.pid, file=open({str(pids)!r}, "w"), flush=True)
        time.sleep(60)"""
    folder = write_pages(tmp_path, {"a.md": "```python\n" + code.replace("        ", "") + "\n```\n"})
    command = [*pytest_command(), *workers, "."]
    # A shell that runs the tests in the background makes its children ignore Ctrl-C
    heed = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    run = subprocess.Popen(
        command,
        cwd=folder,
        env=plain_environment(),
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed,
    )
    until(lambda: pids.is_file() and pids.read_text().strip())
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to every process of the command
    run.communicate(timeout=60)
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    for pid in pids.read_text().split():
        until(lambda pid=pid: not is_running(int(pid)))


def until(condition) -> None:
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("options", [[], ["--block-seed", "7"]])
def test_the_seed_is_the_same_for_every_block_and_can_be_changed(tmp_path, options):
    code = f"import random\nprint(random.random(), file=open({str(tmp_path / 'drawn.txt')!r}, 'a'))"
    run_blocks(write_pages(tmp_path, {"a.md": fence(code) * 2}), *options)
    drawn = (tmp_path / "drawn.txt").read_text().split()
    assert len(drawn) == 2 and len(set(drawn)) == 1
    assert (drawn[0] == "0.13436424411240122") == (not options)


DRAW = "import keras\nkeras.utils.set_random_seed({own})\nprint(float(keras.random.normal(())))"
TRAIN = """
import keras
import numpy as np
keras.utils.set_random_seed(1)
x = np.random.default_rng(1).normal(size=(64, 5, 1))
model = keras.Sequential([keras.Input(shape=(5, 1)), keras.layers.LSTM(8), keras.layers.Dense(1)])
model.compile(loss="mse", optimizer="adam")
print(round(model.fit(x, x.sum(axis=1), epochs=3, verbose=0).history["loss"][-1], 5))
"""


@pytest.fixture(scope="module")
def runner():
    runner = BlockRunner()
    yield runner
    runner.close()


@pytest.mark.slow
def test_another_seed_moves_the_seed_that_a_block_sets_itself(runner):
    def drawn(seed: int, own: int) -> str:
        return runner.run(DRAW.format(own=own), seed=seed).stdout

    assert drawn(DEFAULT_SEED, 5) == drawn(DEFAULT_SEED + 1, 4) != drawn(DEFAULT_SEED + 1, 5)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="no fork to compare with: each block runs in a plain process here")
def test_training_after_a_fork_gives_what_a_plain_process_gives(runner):
    plain = BlockRunner("--no-fork")
    with ThreadPoolExecutor(1) as pool:
        expected = pool.submit(plain.run, TRAIN)
        forked = [runner.run(TRAIN) for _ in range(2)]
    assert {expected.result(), *forked} == {expected.result()}
    assert expected.result().failure == "" and float(forked[0].stdout) > 0
    plain.close()


def test_without_a_fork_each_block_has_a_process_of_its_own():
    plain = BlockRunner("--no-fork")
    assert plain.run("print(__name__)\nx = 1 / 0", "page.md").failure.startswith("raised ZeroDivisionError")
    assert "exit code 3" in plain.run("import os\nos._exit(3)").failure
    assert plain.run("print(__name__, 'x' in globals())").stdout == "__main__ False\n"
    plain.close()
