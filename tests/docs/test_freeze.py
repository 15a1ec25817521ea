"""The freeze: what is frozen is fresh and whole, and a run that fails replaces nothing."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import compare  # noqa: E402
import freeze  # noqa: E402
import readme  # noqa: E402

import experiments  # noqa: E402

EXPERIMENTS = experiments.find()
TINY = """# %% [markdown]
# # A tiny experiment
# %%
from lstm_guide import prepare, report
report.value("answer", 42, tolerance=1)
"""


@pytest.fixture
def project(tmp_path):
    """A copy of what the freeze works on, with one tiny experiment."""
    for name in ("tools", "src", "constraints.txt", "README.md"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "07_tiny.py").write_text(TINY)
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# A project\n")
    return tmp_path


def run(project, *arguments, **options):
    command = [sys.executable, str(project / "tools" / "freeze.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)


def experiment(project):
    return experiments.find(project)[0]


@pytest.mark.parametrize("found", EXPERIMENTS, ids=lambda found: found.slug)
def test_frozen_notebook_is_fresh(found):
    assert not found.is_stale(), f"{found.slug} was frozen from other inputs than those here: run make freeze"


@pytest.mark.parametrize("found", EXPERIMENTS, ids=lambda found: found.slug)
def test_results_are_those_of_the_notebook(found):
    files = freeze.named_files(found.frozen())
    kept = {path.name: path.read_text(encoding="utf-8") for path in found.results.iterdir()}
    assert kept == files, f"{found.results} was edited by hand: run make freeze ONLY={found.slug}"


@pytest.mark.parametrize("found", EXPERIMENTS, ids=lambda found: found.slug)
def test_results_can_be_compared_with_those_of_another_run(found):
    outputs = freeze.named_outputs(found.frozen())
    assert outputs
    assert compare.moved(outputs, outputs) == []


@pytest.mark.parametrize("found", EXPERIMENTS, ids=lambda found: found.slug)
def test_notebook_says_how_it_was_made(found):
    notebook = found.frozen()
    made = notebook.metadata["lstm_guide"]
    assert made["seconds"] > 0
    assert {"keras", "tensorflow", "numpy", "python"} <= set(made["versions"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", made["date"])
    assert made["machine"]
    assert not any(output.output_type == "error" for cell in notebook.cells for output in cell.get("outputs", []))


def test_nothing_is_frozen_that_has_no_source():
    slugs = {found.slug for found in EXPERIMENTS}
    assert {path.stem for path in (ROOT / "docs" / "experiments").glob("*.ipynb")} == slugs
    assert {path.name for path in (ROOT / "docs" / "results").iterdir() if path.is_dir()} == slugs


def test_readme_shows_the_frozen_results():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.filled(text) == text, "README.md differs from docs/results: run make freeze"


def test_changed_inputs_make_it_stale_and_a_freeze_mends_it(project):
    assert run(project).returncode == 0
    found = experiment(project)
    assert not found.is_stale()
    frozen = found.notebook.stat().st_mtime_ns
    assert "Frozen: nothing; up to date: 1." in run(project).stdout
    assert found.notebook.stat().st_mtime_ns == frozen

    for name, old in (("experiments/07_tiny.py", "42"), ("src/lstm_guide/_check.py", "np.isfinite(value)")):
        path = project / name
        text = path.read_text()
        path.write_text(text.replace(old, f"({old})"))
        assert found.is_stale(), name
        path.write_text(text)
        assert not found.is_stale()

    pins = project / "constraints.txt"
    pins.write_text(re.sub(r"(?m)^numpy==.*$", "numpy==0.1", pins.read_text()))
    assert found.is_stale()
    check = run(project, "--check")
    assert check.returncode == 1
    assert "Stale: 07-tiny; mend it with: make freeze" in check.stdout


def test_a_raise_names_the_cell_and_replaces_nothing(project):
    assert run(project).returncode == 0
    found = experiment(project)
    before = found.notebook.read_bytes(), (found.results / "values.json").read_bytes()
    found.source.write_text(TINY.replace("42", "43") + "# %%\nassert 1 == 2, 'sums fail'\n")
    stopped = run(project)
    assert stopped.returncode == 1
    assert "07_tiny.py: cell 2 of 2 raised AssertionError" in stopped.stderr
    assert "sums fail" in stopped.stderr
    assert before == (found.notebook.read_bytes(), (found.results / "values.json").read_bytes())
    assert not list(project.glob("docs/**/*.new"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_an_interrupt_replaces_nothing(project):
    assert run(project).returncode == 0
    found = experiment(project)
    before = found.notebook.read_bytes()
    started = project / "started"
    found.source.write_text(TINY + f"# %%\nopen({str(started)!r}, 'w').close()\nimport time\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [sys.executable, str(project / "tools" / "freeze.py")], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not started.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "the frozen results are as they were" in errors
    assert found.notebook.read_bytes() == before


def test_reproduce_tells_what_moved(project):
    found = experiment(project)
    assert "nothing is frozen yet" in run(project, "--reproduce").stdout
    assert run(project).returncode == 0
    found.source.write_text(TINY.replace("42", "42.5"))
    within = run(project, "--reproduce")
    assert within.returncode == 0
    assert "answer: 42 became 42.5, moved 0.5, within 1" in within.stdout
    found.source.write_text(TINY.replace("42", "50"))
    beyond = run(project, "--reproduce")
    assert beyond.returncode == 1
    assert beyond.stdout.splitlines()[-2] == "07-tiny: answer: 42 became 50, moved 8, BEYOND 1"


def test_reproduce_runs_the_others_where_a_claim_fails(project):
    (project / "experiments" / "ruff.toml").touch()
    other = project / "experiments" / "08_other.py"
    other.write_text(TINY)
    assert run(project).returncode == 0
    other.write_text(TINY + "# %%\nassert 1 == 2, 'sums fail'\n")
    failed = run(project, "--reproduce")
    assert failed.returncode == 1
    assert "08-other stopped:" in failed.stdout
    assert "sums fail" in failed.stdout
    assert "Reproduced 1 of 2 experiments: 0 results beyond their tolerance." in failed.stdout


def test_an_experiment_of_a_how_to_guide_is_frozen_by_its_name(project):
    (project / "experiments" / "ruff.toml").touch()
    (project / "experiments" / "a_series.py").write_text(TINY)
    assert [found.slug for found in experiments.find(project)] == ["07-tiny", "a-series"]
    assert run(project, "a-series").stdout == "Frozen: a-series.\n"
    assert (project / "docs/experiments/a-series.ipynb").is_file()
    assert (project / "docs/results/a-series/values.json").is_file()
    assert "Stale: 07-tiny;" in run(project, "--check").stdout


def test_unknown_experiment_is_named(project):
    stopped = run(project, "99")
    assert stopped.returncode == 1
    assert "no experiment is called 99; there are 07-tiny" in stopped.stderr


def test_readme_blocks_are_filled(tmp_path):
    (tmp_path / "docs" / "results" / "07-tiny").mkdir(parents=True)
    (tmp_path / "docs" / "results" / "07-tiny" / "scores.md").write_text("| a |\n")
    text = "x\n<!-- begin docs/results/07-tiny/scores.md -->\nold\n<!-- end -->\ny"
    assert readme.filled(text, tmp_path) == text.replace("old", "\n| a |\n")


def outputs(**change):
    """Named outputs of a run, one of each kind, with a change to one of them."""
    results = [
        {"kind": "value", "name": "v", "value": 1.0, "tolerance": 0.1},
        {"kind": "table", "name": "t", "numbers": [[1.0, 2.0]], "tolerance": 0.1},
        {"kind": "table", "name": "z", "numbers": [[1.0], [0.0]], "tolerance": 0.1},
        {"kind": "figure", "name": "f", "tolerance": 0.1, "lines": [{"span": [0, 1, 0, 10], "x": [0, 1], "y": [0, 9]}]},
    ]
    return [(result | change.get(result["name"], {}), {}) for result in results]


@pytest.mark.parametrize(
    ("change", "name", "beyond"),
    [
        ({"v": {"value": 1.05}}, "v", False),
        ({"v": {"value": 1.2}}, "v", True),
        ({"v": {"value": float("nan")}}, "v", True),
        ({"t": {"numbers": [[1.0, 2.1]]}}, "t", False),
        ({"t": {"numbers": [[1.0, 2.5]]}}, "t", True),
        ({"z": {"numbers": [[1.0], [0.005]]}}, "z", False),
        ({"z": {"numbers": [[1.0], [0.02]]}}, "z", True),
        ({"t": {"numbers": [[1.0]]}}, "t", True),
        ({"f": {"lines": [{"span": [0, 1, 0, 10], "x": [0, 1], "y": [1, 9]}]}}, "f", False),
        ({"f": {"lines": [{"span": [0, 1, 0, 10], "x": [0, 1], "y": [8, 9]}]}}, "f", True),
        ({"f": {"lines": []}}, "f", True),
    ],
)
def test_moves_are_found(change, name, beyond):
    (move,) = compare.moved(outputs(), outputs(**change))
    assert (move.name, move.beyond) == (name, beyond)


def test_equal_runs_do_not_move_and_a_lost_result_does():
    assert compare.moved(outputs(), outputs()) == []
    (move,) = compare.moved(outputs(), outputs()[:-1])
    assert move.beyond
    assert "only in the frozen run" in str(move)


def test_frozen_notebook_is_valid():
    for found in EXPERIMENTS:
        nbformat.validate(found.frozen())
