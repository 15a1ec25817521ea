"""How long `mkdocs serve` takes: from its start to the first answer, and from an edit to the new page.

    python benchmarks/serve.py [rounds]

It works on a copy of the site's sources. The goals are 10 seconds and 3 seconds.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("docs", "experiments", "src", "tools")
PAGE = "lessons/05-vanilla-lstm"
LIMIT = 60.0  # seconds until a wait is given up


@dataclass(frozen=True)
class Server:
    """A running `mkdocs serve`, the sources it watches, and how long its first answer took."""

    url: str
    sources: Path
    seconds: float


def copy_sources(target: Path) -> None:
    """Copy what the site is made from: the folders, and the files at the root that pages include."""
    unwanted = shutil.ignore_patterns("__pycache__", ".*")
    for folder in SOURCES:
        shutil.copytree(ROOT / folder, target / folder, ignore=unwanted)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy(path, target)


@contextmanager
def served(sources: Path, **environment: str) -> Iterator[Server]:
    """Serve a copy of the sources, as `make serve` does, until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "mkdocs", "serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}"]
    log = sources / "serve.log"
    # SITE_URL would move the site to another path, REPO_URL would add edit links.
    inherited = {name: value for name, value in os.environ.items() if name not in ("SITE_URL", "REPO_URL")}
    start = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=sources, env=inherited | environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_until(lambda: fetch(url) != "", process, log)
        yield Server(url, sources, time.perf_counter() - start)
    finally:
        process.terminate()
        process.wait()


def seconds_to_show_edit(server: Server, mark: str) -> float:
    """Edit a page and wait until the new text is served."""
    append(server.sources / "docs" / f"{PAGE}.md", mark)
    start = time.perf_counter()
    wait_until(lambda: mark in fetch(f"{server.url}{PAGE}/"))
    return time.perf_counter() - start


def append(page: Path, text: str) -> None:
    """Add a paragraph to a page."""
    page.write_text(f"{page.read_text(encoding='utf-8')}\n\n{text}\n", encoding="utf-8")


def fetch(url: str) -> str:
    """The page's text, empty while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=LIMIT) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return ""


def wait_until(ready: Callable[[], bool], process: subprocess.Popen | None = None, log: Path | None = None) -> None:
    """Ask again and again until it is so; stop at the limit, or when the server has ended."""
    end = time.perf_counter() + LIMIT
    while not ready():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"mkdocs serve ended: {log.read_text(encoding='utf-8') if log else ''}")
        if time.perf_counter() > end:
            raise TimeoutError(f"nothing after {LIMIT:.0f} s")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    """Print one line a round and the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    starts, edits = [], []
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            copy_sources(Path(folder))
            with served(Path(folder)) as server:
                starts.append(server.seconds)
                edits.append(seconds_to_show_edit(server, f"edit-{number}"))
        print(f"round {number}: first answer {starts[-1]:.1f} s, edit shown {edits[-1]:.1f} s", flush=True)
    print(f"median: first answer {median(starts):.1f} s (goal 10), edit shown {median(edits):.1f} s (goal 3)")


if __name__ == "__main__":
    main()
