"""Run a block as a reader does: pasted into a file of its own, in an empty folder, in its own process."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

# One thread a block: two workers share two cores, and results do not depend on how work was split.
THREADS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]
FORKS = sys.platform == "linux"


@dataclass(frozen=True)
class Outcome:
    code: int
    stdout: str
    stderr: str


class BlockRunner:
    """Runs blocks through the fork server where the system can fork, one plain process each elsewhere."""

    def __init__(self, forks: bool = FORKS) -> None:
        self.forks = forks
        self.server: subprocess.Popen | None = None

    def run(self, *blocks: str) -> list[Outcome]:
        """Run blocks at the same time and wait for all of them."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folders = [Path(name) / str(i) for i in range(len(blocks))]
            for folder, block in zip(folders, blocks, strict=True):
                folder.mkdir()
                (folder / "block.py").write_text(block, encoding="utf-8")
            codes = self.ask(folders) if self.forks else [run_plain(folder) for folder in folders]
            return [read_outcome(code, folder) for code, folder in zip(codes, folders, strict=True)]

    def ask(self, folders: list[Path]) -> list[int]:
        server = self.server or self.start()
        server.stdin.write(json.dumps([str(folder) for folder in folders]) + "\n")
        server.stdin.flush()
        return json.loads(server.stdout.readline())

    def start(self) -> subprocess.Popen:
        """Start the server; its first line says that it is ready and safe to fork."""
        script = Path(__file__).with_name("fork_server.py")
        # -P keeps this folder from the blocks' import path.
        self.server = subprocess.Popen(
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=block_environment(),
            cwd=tempfile.gettempdir(),
        )
        threads = json.loads(self.server.stdout.readline())["threads"]
        if threads != 1:
            raise RuntimeError(f"the fork server has {threads} threads after its imports; a fork would lose some")
        return self.server

    def close(self) -> None:
        if self.server:
            # It holds nothing that is worth the seconds of an orderly end.
            self.server.kill()
            self.server.communicate()


def run_plain(folder: Path) -> int:
    with (folder / "stdout.txt").open("w") as out, (folder / "stderr.txt").open("w") as err:
        command = [sys.executable, "block.py"]
        return subprocess.run(command, cwd=folder, env=block_environment(), stdout=out, stderr=err).returncode


def block_environment() -> dict[str, str]:
    """A reader's environment: nothing of pytest, no extra import path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    own = {"MPLBACKEND": "Agg", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUTF8": "1"}
    return kept | own | dict.fromkeys(THREADS, "1")


def read_outcome(code: int, folder: Path) -> Outcome:
    return Outcome(code, *((folder / name).read_text(encoding="utf-8") for name in ("stdout.txt", "stderr.txt")))
