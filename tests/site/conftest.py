"""What the browser tests share: the built site, a browser, and pages that may not complain."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

HERE = Path(__file__).resolve().parent
# The helpers lie beside the tests, and the start of `mkdocs serve` is measured by a benchmark.
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "benchmarks")]

from site_browser import Chromium, Visitor, Watch  # noqa: E402
from site_build import Site, build_once, serve  # noqa: E402

CHROMIUM = Chromium()
expect.set_options(timeout=15_000)  # other workers train networks meanwhile


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, built strictly once for all workers and served on a port of this worker's own."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, log = build_once(shared / "built-site")
    server = serve(folder)
    yield Site(folder, f"http://127.0.0.1:{server.server_port}/", log)
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(site: Site) -> Iterator[Visitor]:
    """visit("lessons/") opens a page. Errors, failed requests and requests to other hosts fail the test."""
    visitor = Visitor(CHROMIUM.start(), site.url)
    yield visitor
    problems = visitor.problems()
    visitor.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def look(site: Site) -> Iterator[Callable[[str], Page]]:
    """look("lessons/") opens a page as visit does, but in a context that all tests of this worker share."""
    page = CHROMIUM.common().new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    watch = Watch(page, site.url)

    def open_page(name: str) -> Page:
        page.goto(site.url + name)
        return page

    yield open_page
    page.close()
    assert not watch.problems, "\n".join(watch.problems)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the browser when this folder is left: its event loop would be in the way of other tests."""
    if nextitem is None or HERE not in nextitem.path.parents:
        CHROMIUM.stop()
