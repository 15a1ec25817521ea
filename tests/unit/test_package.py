"""The package as installed: light to import, and whole in a wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command, **options):
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True, **options).stdout


def test_import_brings_no_keras_and_no_tensorflow():
    loaded = run(
        "-c", "import lstm_guide, sys; print([m for m in ('keras', 'tensorflow', 'numpy') if m in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_no_stage_but_models_imports_keras():
    stages = "problems, datasets, prepare, models, evaluate, finalize, service, plots, report, cli"
    loaded = run("-c", f"from lstm_guide import {stages}; import sys; print('keras' in sys.modules)")
    assert loaded.strip() == "False"


@pytest.mark.slow
def test_wheel_works_elsewhere(tmp_path):
    run("-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    elsewhere = tmp_path / "elsewhere"
    zipfile.ZipFile(wheel).extractall(elsewhere)
    code = (
        "import lstm_guide, pathlib; from lstm_guide import cli, datasets; "
        "print(pathlib.Path(lstm_guide.__file__).parent.parent, len(datasets.elnino()), "
        "cli.experiments()['05-vanilla-lstm'])"
    )
    # -S and -P would hide the dependencies; PYTHONPATH comes before the editable install
    out = run("-c", code, cwd=tmp_path, env={"PYTHONPATH": str(elsewhere), "PATH": ""}).split()
    assert out == [str(elsewhere), "732", str(elsewhere / "lstm_guide" / "experiments" / "05_vanilla_lstm.py")]
