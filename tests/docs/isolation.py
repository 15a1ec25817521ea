"""Run a block as a reader does: pasted into a new interpreter or shell, in an empty folder, in its own process."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SERVER = Path(__file__).with_name("fork_server.py")
# Imported once for all blocks; all that the pages often use, so that no block's own time includes it
LIBRARIES = ["numpy", "pandas", "scipy.stats", "sklearn.linear_model", "sklearn.preprocessing", "statsmodels.api"]
LIBRARIES += ["matplotlib.pyplot", "keras", "rich.live"]
NEEDS_LIBRARIES = re.compile(r"\b(numpy|pandas|scipy|sklearn|statsmodels|matplotlib|keras|lstm_guide)\b")
# One thread a block: two workers share two cores, and results do not depend on how work was split
THREADS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]
POSIX = os.name == "posix"


@dataclass(frozen=True)
class Outcome:
    """What a block printed, and how it failed: with what it said last, or nothing if it did not fail."""

    stdout: str
    failure: str


class BlockRunner:
    """Runs blocks one after the other; keeps a fork server that has the libraries loaded."""

    def __init__(self, *options: str) -> None:
        self.options = options
        self.server: subprocess.Popen | None = None
        self.has_libraries = False

    def warm(self, code: str) -> None:
        """Have a server ready that has what this code needs."""
        needs = bool(NEEDS_LIBRARIES.search(code))
        if self.server and (self.has_libraries or not needs):
            return
        self.close()
        # -P keeps this folder from the blocks' import path
        self.server = subprocess.Popen(
            [sys.executable, "-P", str(SERVER), *self.options, *(LIBRARIES if needs else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=block_environment(),
            cwd=tempfile.gettempdir(),
            start_new_session=True,  # Ctrl-C reaches pytest only, which then closes this
        )
        self.has_libraries = needs
        self.server.stdout.readline()

    def run(self, code: str, page: str = "block.py", seed: int = 1, seconds: float = 120) -> Outcome:
        """Run Python; page is the file that tracebacks name."""
        self.warm(code)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folder = Path(name)
            (folder / "work").mkdir()
            exit_code = self.ask({"code": code, "page": page, "folder": name, "seed": seed, "seconds": seconds})
            out, err = (read(folder / file) for file in ("stdout.txt", "stderr.txt"))
            ended = folder / "ended.txt"
            return Outcome(out, read(ended) if ended.is_file() else how_it_died(exit_code, seconds, err))

    def ask(self, job: dict) -> int:
        """Give the server a job and wait for the exit code of the process that ran it."""
        self.server.stdin.write(json.dumps(job) + "\n")
        self.server.stdin.flush()
        answer = self.server.stdout.readline()
        if answer:
            return int(answer)
        # Without a fork it ran the block itself
        code = self.server.wait()
        self.close()
        return code

    def close(self) -> None:
        """End the server and all that blocks have started."""
        if self.server:
            stop(self.server)
            self.server.communicate()
        self.server = None


def run_shell(code: str, shell: str = "sh", seconds: float = 120) -> Outcome:
    """Run a shell block, in which `python` is the Python that runs the tests."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    place = {"env": block_environment(), "start_new_session": True}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        subprocess.Popen([shell, "-c", code], cwd=folder, **streams, **place) as process,
    ):
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return Outcome("", f"took longer than {seconds:g} s and was stopped:\n\n{code}")
        finally:
            stop(process)
    failure = f"ended with exit code {process.returncode}:\n\n{code}\n{out}{err}" if process.returncode else ""
    return Outcome(out, failure)


def stop(process: subprocess.Popen) -> None:
    """Kill a process that leads a session, and its children."""
    if POSIX:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        process.kill()


def block_environment() -> dict[str, str]:
    """A reader's environment: nothing of pytest, no extra import path, no window for plt.show()."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    own = {"MPLBACKEND": "Agg", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUTF8": "1", "PATH": path}
    return kept | own | dict.fromkeys(THREADS, "1")


def how_it_died(code: int, seconds: float, stderr: str) -> str:
    """Say why a process left no word of its end; Python's fault handler wrote where it was to stderr."""
    if "Timeout (" in stderr:
        how = f"took longer than {seconds:g} s and was stopped"
    elif code < 0:
        how = f"was killed by {signal.Signals(-code).name}"
    else:
        how = f"left with exit code {code} before its end"
    return "\n".join([how, "", *stderr.splitlines()[-30:]])


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
