"""The experiments: where each one's files are, what it depends on, and whether its frozen result is still good."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import reach

ROOT = Path(__file__).resolve().parents[1]
KEY = "lstm_guide"


@dataclass(frozen=True)
class Experiment:
    """One experiment, by its source: experiments/05_vanilla_lstm.py, or non_stationary_series.py of a how-to guide."""

    source: Path
    root: Path = ROOT

    @property
    def slug(self) -> str:
        """The name on the site, such as 05-vanilla-lstm."""
        return self.source.stem.replace("_", "-")

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.root / "docs" / "experiments" / f"{self.slug}.ipynb"

    @property
    def results(self) -> Path:
        """The folder of what the freeze took out of the notebook."""
        return self.root / "docs" / "results" / self.slug

    def inputs(self) -> str:
        """Hash all that decides the result: the source, what it uses of the package, the pinned versions."""
        texts = reach.reached(self.source, self.root)
        digest = hashlib.sha256()
        for path, text in sorted(texts.items()):
            digest.update(f"{path.relative_to(self.root).as_posix()}\n{text}\n".encode())
        for pin in pins(list(texts), self.root):
            digest.update(f"{pin}\n".encode())
        return digest.hexdigest()

    def frozen(self) -> nbformat.NotebookNode | None:
        """Read the executed notebook, or None if there is none."""
        return nbformat.read(self.notebook, as_version=4) if self.notebook.exists() else None

    def is_stale(self) -> bool:
        """Tell whether the frozen notebook is missing, or was made from other inputs than those here now."""
        notebook = self.frozen()
        return notebook is None or notebook.metadata.get(KEY, {}).get("inputs") != self.inputs()


def find(root: Path = ROOT) -> list[Experiment]:
    """List the experiments: those of the lessons by number, then those of how-to guides by name."""
    return [Experiment(path, root) for path in sorted((root / "experiments").glob("*.py"))]


def pins(files: list[Path], root: Path = ROOT) -> list[str]:
    """List the lines of constraints.txt for the packages that the files compute with."""
    modules = {name.partition(".")[0] for path in files for name in reach.imports(path)}
    # Keras computes with TensorFlow, and all of it with NumPy, whether or not a file says so
    modules |= {"tensorflow", "numpy"} if "keras" in modules else set()
    wanted = {{"sklearn": "scikit-learn"}.get(name, name).lower() for name in modules}
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return sorted(line for line in lines if re.split(r"==", line)[0].lower() in wanted)
