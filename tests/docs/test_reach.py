"""What makes an experiment stale: each definition that it uses, by whichever way, and nothing else."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import reach

FILES = {
    "__init__.py": '__version__ = "1"\n',
    "base.py": '''"""Base."""
import math
LIMIT = 3
LIMIT += 1
def check(value):
    """Say no to what is too large."""
    return value < LIMIT
def unused():
    return 1
''',
    "middle.py": '''from lstm_guide import base
from lstm_guide.base import check as ok
TABLE = {"a": lambda: base.unused()}
def helper():
    return 2
def direct(value):
    return ok(value) and helper()
class Box:
    """A box."""
    def open(self):
        return base.check(1)
def lookup(name):
    return TABLE[name]
def named(name):
    return getattr(base, name)
setting = print("runs on import")
''',
}
SCRIPT = "from lstm_guide import middle\nmiddle.direct(1)\n"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "src" / "lstm_guide"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return tmp_path


def texts(project, script):
    source = project / "script.py"
    source.write_text(script)
    return {path.name: text for path, text in reach.reached(source, project).items()}


def test_only_what_is_used_counts_and_docstrings_do_not(project):
    found = texts(project, SCRIPT)
    assert found["base.py"].splitlines() == ["LIMIT = 3", "LIMIT += 1", "def check(value):", "    return value < LIMIT"]
    assert "helper" in found["middle.py"]
    assert "from lstm_guide.base import check as ok" in found["middle.py"]
    assert "TABLE" not in found["middle.py"]
    assert "Box" not in found["middle.py"]
    assert "__init__.py" not in found


@pytest.mark.parametrize(
    ("script", "file", "part"),
    [
        ("from lstm_guide.middle import lookup\nlookup('a')", "base.py", "def unused"),
        ("from lstm_guide import middle as m\nm.Box().open()", "base.py", "LIMIT += 1"),
        ("from lstm_guide import middle\nmiddle.named('unused')", "base.py", "def unused"),
        ("from lstm_guide import middle\nuse = middle\nuse.lookup('a')", "middle.py", "TABLE"),
        ("import lstm_guide.middle\nlstm_guide.middle.lookup('a')", "middle.py", "TABLE"),
        ("def f():\n    from lstm_guide import base\n    return base.unused()", "base.py", "def unused"),
        ("import lstm_guide\nlstm_guide.__version__", "__init__.py", "__version__"),
    ],
)
def test_every_way_of_using_a_definition_is_seen(project, script, file, part):
    assert part in texts(project, script)[file]


def test_what_runs_on_import_always_counts(project):
    (project / "src" / "lstm_guide" / "base.py").write_text(FILES["base.py"] + "check(2)\n")
    assert texts(project, SCRIPT)["base.py"].endswith("check(2)")


def test_an_import_counts_where_its_name_is_used(project):
    path = project / "src" / "lstm_guide" / "base.py"
    path.write_text(FILES["base.py"].replace("return value < LIMIT", "return math.sqrt(value) < LIMIT"))
    assert "import math" in texts(project, SCRIPT)["base.py"]
    assert "import math" not in texts(project, "from lstm_guide.base import unused\nunused()")["base.py"]


def test_imports_are_listed_in_full(project):
    path = project / "script.py"
    path.write_text("import numpy as np\nfrom scipy import stats\ndef f():\n    import keras.ops\n")
    assert reach.imports(path) == {"numpy", "scipy", "scipy.stats", "keras.ops"}
