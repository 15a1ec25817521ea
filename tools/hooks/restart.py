"""Keep `mkdocs serve` fresh: start it again when a file under tools/ changed.

MkDocs loads hooks once a process and rebuilds with the loaded ones, so an edit to a hook would show
nothing. A new process, with the same arguments, reads all of them again; the browser reconnects.
"""

import os
import shutil
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1]


def snapshot() -> dict[str, float]:
    """Time of the last change of each Python file under tools/."""
    return {str(path): path.stat().st_mtime for path in TOOLS.rglob("*.py")}


STATE = {"serving": False, "files": snapshot()}


def on_startup(command: str, dirty: bool) -> None:
    """Remember whether this process serves; a plain build never restarts."""
    STATE["serving"] = command == "serve"


def on_config(config):
    """Restart before a rebuild that would run old hooks."""
    if STATE["serving"] and STATE["files"] != snapshot():
        print("INFO    -  tools/ changed: starting the server again", flush=True)
        shutil.rmtree(config.site_dir, ignore_errors=True)  # the temporary folder that mkdocs serve made
        os.execv(sys.executable, [sys.executable, "-m", "mkdocs", *sys.argv[1:]])
    return config
