"""The built site: made once for all workers, served on a port of its own, and its pages' addresses."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# No such host exists. A page that asked its own public address for a file would fail, as it should.
SITE_URL = "https://lstm-guide.test/guide/"
BUILD_SECONDS = 300
# Tests that look at one lesson look at the model for all others
LESSON = "lessons/05-vanilla-lstm/"


def addresses() -> list[str]:
    """The address of every page, taken from the sources because tests are named before the site is built."""
    pages = [path.relative_to(DOCS) for kind in ("*.md", "*.ipynb") for path in DOCS.rglob(kind)]
    pages = [page for page in pages if page.parts[0] != "results"]
    return sorted(address(page) for page in pages)


def address(page: Path) -> str:
    """lessons/index.md is at lessons/, about/changelog.md at about/changelog/."""
    folder = page.parent if page.stem == "index" else page.with_suffix("")
    return "" if folder == Path() else f"{folder.as_posix()}/"


def lessons() -> list[str]:
    return [name for name in addresses() if name.startswith("lessons/") and name != "lessons/"]


def how_tos() -> list[str]:
    return [name for name in addresses() if name.startswith("how-to/") and name != "how-to/"]


def notebooks() -> list[str]:
    return [name for name in addresses() if name.startswith("experiments/")]


def source(name: str) -> Path:
    """The file that the page of a lesson, a how-to guide or a notebook was made from."""
    path = DOCS / name.rstrip("/")
    return path.with_suffix(".ipynb" if name in notebooks() else ".md")


@dataclass(frozen=True)
class Site:
    """A built site and where it is served."""

    folder: Path
    url: str
    log: str = ""

    @property
    def guide(self) -> str:
        """The same site under a path, as a project page has it."""
        return f"{self.url}guide/"

    def file(self, name: str) -> Path:
        """The HTML file behind an address."""
        return self.folder / name / "index.html" if name.endswith("/") or not name else self.folder / name


def build_once(shared: Path) -> tuple[Path, str]:
    """Build the site in a folder that all workers see; the first to come builds, the others wait."""
    folder, report = shared / "site", shared / "build.json"
    try:
        (shared / "building").mkdir(parents=True)
    except FileExistsError:
        wait_for(report)
    else:
        write_whole(report, json.dumps(build(folder)))
    result = json.loads(report.read_text(encoding="utf-8"))
    if result["code"]:
        raise RuntimeError(f"mkdocs build --strict failed:\n{result['log']}")
    return folder, result["log"]


def build(folder: Path) -> dict:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = clean_environment() | {"SITE_URL": SITE_URL}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    return {"code": done.returncode, "log": done.stdout + done.stderr}


def clean_environment() -> dict[str, str]:
    """The environment without what would change the site, nor Material's notice about its future."""
    kept = {name: value for name, value in os.environ.items() if name not in ("SITE_URL", "REPO_URL")}
    return kept | {"NO_MKDOCS_2_WARNING": "1"}


def write_whole(path: Path, text: str) -> None:
    """Write so that a reader sees all of the file or none."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def wait_for(path: Path) -> None:
    end = time.monotonic() + BUILD_SECONDS
    while not path.exists():
        if time.monotonic() > end:
            raise RuntimeError(f"no other worker had built the site after {BUILD_SECONDS} s")
        time.sleep(0.2)


class Handler(SimpleHTTPRequestHandler):
    """Serves the folder at / and at /guide/, with the site's 404 page for what is not there."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/guide"))

    def send_error(self, code: int, *details: str | None) -> None:
        if code != 404:
            super().send_error(code, *details)
            return
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests record what the browser asked for."""


def serve(folder: Path) -> ThreadingHTTPServer:
    """Serve the folder on a free port, until shutdown()."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
