"""The strict build passes, and refuses what would break a page; each refusal says what is wrong and where."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("mkdocs.yml", "docs", "tools", "src", "experiments", "CONTRIBUTING.md", "CHANGELOG.md")
LESSON = "docs/lessons/05-vanilla-lstm.md"
GUIDE = "docs/how-to/non-stationary-series.md"
GLOSSARY = "docs/reference/glossary.md"


def build(root: Path, site: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


def complaints(done: subprocess.CompletedProcess) -> str:
    """The build's warnings and errors, without the plugins' chatter."""
    return "\n".join(line for line in done.stderr.splitlines() if not line.startswith("INFO"))


def copy_some(target: Path) -> Path:
    """Copy what the site is built from, to be broken; with one lesson and one guide, so that a build is short.

    Links to what is left out are complained of, too.
    """
    for name in SOURCES:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target / name)
    for folder in ("lessons", "how-to", "experiments", "reference/api"):
        for path in (target / "docs" / folder).iterdir():
            if path.stem not in ("05-vanilla-lstm", "non-stationary-series", "index"):
                path.unlink()
    return target


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_some(tmp_path)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the build of such a copy says before anything is broken."""
    done = build(copy_some(tmp_path_factory.mktemp("unbroken")), tmp_path_factory.mktemp("site"))
    return done.stderr + done.stdout


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, complaints(done)
    assert (tmp_path / "index.html").is_file()
    assert (tmp_path / "sitemap.xml").is_file()
    assert not (tmp_path / "curriculum.yml").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (LESSON, "](#rq-4)", "](#no-such-anchor)", "no-such-anchor"),
        (LESSON, "](../experiments/05-vanilla-lstm.ipynb)", "](../experiments/05.ipynb)", "experiments/05.ipynb"),
        (LESSON, "results/05-vanilla-lstm/choice.md", "results/05-vanilla-lstm/no-such.md", "no-such.md"),
        (LESSON, 'value("lstm_low"', 'value("lstm_lowest"', "has no value 'lstm_lowest'"),
        (LESSON, "../assets/diagrams/vanilla-lstm.svg", "../assets/diagrams/gone.svg", "gone.svg"),
        (LESSON, "      right: true\n", "", "mark exactly one choice 'right: true'"),
        (LESSON, "lesson: 5\n", "lesson: 6\n", "front matter says lesson 6"),
        (GUIDE, "minutes_run:", "minutes:", "add minutes_run to the front matter"),
        (GLOSSARY, "forget gate |", "forget gate | input gate |", "'input gate' stands there twice"),
        ("docs/experiments/05-vanilla-lstm.ipynb", "## Recall", "## [Recall](../lessons/none.md)", "none.md"),
        ("docs/curriculum.yml", "slug: 05-vanilla-lstm", "slug: 05-plain-lstm", "- lessons/05-vanilla-lstm.md"),
    ],
)
def test_the_build_refuses(copy, unbroken, name, old, new, says):
    path = copy / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} has changed: give this test another place to break"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = build(copy, copy / "site")
    assert done.returncode != 0
    assert says in done.stderr + done.stdout
    assert says not in unbroken


@pytest.mark.slow
def test_the_build_needs_the_glossary(copy):
    (copy / GLOSSARY).unlink()
    done = build(copy, copy / "site")
    assert done.returncode != 0
    assert "there is no docs/reference/glossary.md" in done.stderr + done.stdout
