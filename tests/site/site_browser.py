"""A browser that talks to nobody but the site, and a record of what each page asked for and complained of."""

import os
import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, Response, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
HELP = "no Chromium found: install it (Debian and Ubuntu: apt install chromium) to run the browser tests"


def executable() -> str:
    """The system's Chromium; without one the test is skipped, on a CI machine it fails."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(HELP)
    if found is None:
        pytest.skip(HELP)
    return found


class Chromium:
    """One browser a worker, started at the first test that needs it."""

    def __init__(self) -> None:
        self.playwright: Playwright | None = None
        self.browser: Browser | None = None
        self.context: BrowserContext | None = None

    def start(self) -> Browser:
        if self.browser is None:
            path = executable()
            self.playwright = sync_playwright().start()
            self.browser = self.playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        return self.browser

    def common(self) -> BrowserContext:
        """A context for tests that leave nothing behind: what one page loaded, the next takes from the cache."""
        if self.context is None:
            self.context = self.start().new_context()
        return self.context

    def stop(self) -> None:
        if self.playwright is not None:
            if self.browser is not None:
                self.browser.close()
            self.playwright.stop()
        self.playwright = self.browser = self.context = None


class Watch:
    """What went wrong on a page while it was open, one line each."""

    def __init__(self, page: Page, base: str) -> None:
        self.base = base
        self.problems: list[str] = []
        page.on("request", self.asked)
        page.on("requestfailed", self.failed)
        page.on("response", self.answered)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("console", lambda line: line.type == "error" and self.problems.append(f"console: {line.text}"))

    def asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(self.base):
            page = request.frame.url
            self.problems.append(f"{page} asked for {request.url}, which is not below {self.base}")

    def failed(self, request: Request) -> None:
        # Going to another page cancels what is still on its way; that is no defect.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"request failed: {request.url}: {request.failure}")

    def answered(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"status {response.status}: {response.url}")


class Visitor:
    """Opens pages, each in a context of its own, and at the end tells what they complained of."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser = browser
        self.base = base
        self.contexts: list[BrowserContext] = []
        self.watches: list[Watch] = []

    def __call__(self, name: str = "", *, base: str | None = None, watch: bool = True, **options: object) -> Page:
        """Open a page; `base` is the address that everything must stay below, `options` are the context's."""
        base = base or self.base
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        self.contexts.append(context)
        page = context.new_page()
        if watch:
            self.watches.append(Watch(page, base))
        page.goto(base + name)
        return page

    def problems(self) -> list[str]:
        return [problem for watch in self.watches for problem in watch.problems]

    def close(self) -> None:
        for context in self.contexts:
            context.close()
