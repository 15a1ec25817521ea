"""Print the built site's whole course to site/lstm-guide.pdf, with the system's Chromium.

make pdf
"""

import shutil
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SITE = Path(__file__).resolve().parents[1] / "site"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MARGIN = {"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
FOOTER = '<div style="width:100%;text-align:center;font-size:8px"><span class="pageNumber"></span></div>'


def print_course(browser: Browser, address: str, path: Path) -> None:
    """Write the page at this address as a PDF with bookmarks, once its formulas are typeset."""
    page = browser.new_page()
    page.goto(address, wait_until="networkidle")
    page.wait_for_function(
        "document.fonts.status === 'loaded' && !document.querySelector('.arithmatex:not(:has(.katex))')"
    )
    page.pdf(
        path=path,
        format="A4",
        margin=MARGIN,
        outline=True,
        tagged=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )
    page.close()


def main() -> None:
    """Serve the site to the browser, which reads no scripts from files, and print."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        sys.exit("No Chromium found: install it (Debian and Ubuntu: apt install chromium).")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        print_course(browser, f"http://127.0.0.1:{server.server_port}/course/", SITE / "lstm-guide.pdf")
    server.shutdown()
    print(f"Printed the course to {SITE.name}/lstm-guide.pdf")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    main()
