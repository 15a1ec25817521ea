"""cli: what is there is listed, run and copied; what is not gets a message and a non-zero exit."""

import sys

import pytest

from lstm_guide import cli

SCRIPT = """# %% [markdown]
# # A tiny experiment
# %%
import os
print("seed", os.environ["LSTM_GUIDE_SEED"])
"""


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder with a lesson's experiment and a how-to guide's in place of the real ones."""
    path = tmp_path / "07_tiny.py"
    path.write_text(SCRIPT)
    other = tmp_path / "some_series.py"
    other.write_text(SCRIPT.replace("tiny", "named"))
    monkeypatch.setattr(cli, "experiments", lambda: {"07-tiny": path, "some-series": other})
    monkeypatch.setenv("LSTM_GUIDE_SEED", "0")
    monkeypatch.setenv("LSTM_GUIDE_OUT", str(tmp_path))
    return path


def test_list_names_what_to_type_and_the_title(scripts, capsys):
    assert cli.main(["list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "name         experiment",
        "7            A tiny experiment",
        "some-series  A named experiment",
    ]


@pytest.mark.parametrize("name", ["7", "07", "07-tiny", "07_tiny.py"])
def test_run_runs_with_the_seed(scripts, capsys, name):
    assert cli.main(["run", name, "--seed", "30"]) == 0
    output = capsys.readouterr()
    assert output.out == "seed 30\n"
    assert "A tiny experiment" in output.err
    assert "every claim held" in output.err


@pytest.mark.parametrize("name", ["some-series", "some_series", "some_series.py"])
def test_a_how_to_guides_experiment_runs_by_its_name(scripts, capsys, name):
    assert cli.main(["run", name]) == 0
    assert "A named experiment" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["1", "99", "five", "-1", "5.0", "tiny", "", "²"])
def test_an_unknown_name_is_said_with_those_there_are(scripts, capsys, name):
    assert cli.main(["run", "--", name]) == 1
    assert f"no experiment is called '{name}'; there are 7, some-series" in capsys.readouterr().err


@pytest.mark.parametrize("claim", ["assert 1 > 2", "assert 1 > 2, '1 > 2'"])
def test_a_claim_that_fails_is_said(scripts, capsys, claim):
    scripts.write_text(SCRIPT + claim)
    assert cli.main(["run", "7"]) == 1
    assert "did not hold" in capsys.readouterr().err


def test_missing_package_says_how_to_install_it(scripts, capsys, monkeypatch):
    scripts.write_text("import jupytext")
    monkeypatch.setitem(sys.modules, "jupytext", None)
    assert cli.main(["run", "7"]) == 1
    assert "its extra [docs], or: pip install jupytext" in capsys.readouterr().err
    scripts.write_text("import no_such_package.deep")
    assert cli.main(["run", "7"]) == 1
    assert "pip install no-such-package" in capsys.readouterr().err


def test_interrupt_is_no_traceback(scripts, capsys):
    scripts.write_text("raise KeyboardInterrupt")
    assert cli.main(["run", "7"]) == 130
    assert "stopped" in capsys.readouterr().err


def test_new_copies_and_never_overwrites(scripts, tmp_path, capsys):
    target = tmp_path / "my_forecast.py"
    assert cli.main(["new", "7", str(target)]) == 0
    assert target.read_text() == SCRIPT
    target.write_text("mine")
    assert cli.main(["new", "7", str(target)]) == 1
    assert target.read_text() == "mine"
    assert "exists and is left as it is" in capsys.readouterr().err


def test_new_says_when_it_cannot_write(scripts, tmp_path, capsys):
    assert cli.main(["new", "7", str(tmp_path / "nowhere" / "x.py")]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_usage_error_exits_with_2():
    with pytest.raises(SystemExit) as stop:
        cli.main(["walk"])
    assert stop.value.code == 2


def test_the_real_experiments_are_found():
    found = cli.experiments()
    assert all(path.is_file() for path in found.values())
    assert "05-vanilla-lstm" in found
    numbered = [name for name in found if name[0].isdigit()]
    assert list(found) == [*sorted(numbered), *sorted(found.keys() - numbered)]
