"""Publish what readers take away: each experiment's script beside its page, and all of the code as one archive.

They are files of the site, so that a link to them is checked and downloads them.
"""

import io
import zipfile
from pathlib import Path

from mkdocs.structure.files import File

ARCHIVE = "lstm-guide.zip"
# What `pip install .` and a reader need beside scripts, notebooks and package
TOP = ["README.md", "LICENSE", "LICENSE-docs", "pyproject.toml", "constraints.txt", "docs/curriculum.yml"]
PARTS = ["experiments/*.py", "docs/experiments/*.ipynb", "src/lstm_guide/*"]
WHEN = (2020, 1, 1, 0, 0, 0)  # the same files make the same archive


def on_files(files, config):
    """Add experiments/*.py and the archive to the site's files."""
    root = Path(config.config_file_path).parent
    for script in sorted((root / "experiments").glob("*.py")):
        uri = f"experiments/{script.name}"
        files.append(File.generated(config, uri, abs_src_path=str(script)))
    files.append(File.generated(config, ARCHIVE, content=archive(root)))
    return files


def archive(root: Path) -> bytes:
    """All scripts and notebooks, with the package that they use, below one folder."""
    paths = [root / name for name in TOP if (root / name).is_file()]
    paths += [path for part in PARTS for path in sorted(root.glob(part)) if path.is_file()]
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in paths:
            name = path.relative_to(root).as_posix().replace("docs/experiments/", "notebooks/")
            packed.writestr(zipfile.ZipInfo(f"lstm-guide/{name}", WHEN), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return memory.getvalue()
