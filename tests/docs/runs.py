"""Run pytest-codeblocks on small pages in a process of its own and read what became of each block."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent


def write_pages(folder: Path, pages: dict[str, str]) -> Path:
    """Write pages, name to text, and a pytest.ini that keeps the project's own settings out."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def run_blocks(folder: Path, *options: str, alone: bool = True) -> tuple[list[dict], subprocess.CompletedProcess]:
    """Run every block below a folder; without `alone` in one process, as pytest-codeblocks does it by itself."""
    report = folder / "report.json"
    command = [*pytest_command(alone), "--block-report", str(report), *options, "."]
    done = subprocess.run(command, cwd=folder, env=plain_environment(), capture_output=True, text=True)
    blocks = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else []
    return blocks, done


def pytest_command(alone: bool = True) -> list[str]:
    plugins = ["-p", "block_report", *(["-p", "block_hooks"] if alone else [])]
    return [sys.executable, "-m", "pytest", "--codeblocks", "-q", "-p", "no:cacheprovider", *plugins]


def plain_environment() -> dict[str, str]:
    """The environment without what pytest and its workers put there, and with our plugins in reach."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return kept | {"PYTHONPATH": str(HERE)}
