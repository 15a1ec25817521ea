"""`mkdocs serve`: the first answer comes soon, and an edit shows in the open browser by itself."""

import time

import pytest
from playwright.sync_api import expect
from serve import PAGE, append, copy_sources, served

# The goals are 10 s and 3 s; benchmarks/serve.py measures them. With another test process beside it, the first answer
# was seen to take 32 s, for all pages and notebooks are built before it
START_LIMIT = 60
# Two seconds alone; a slow machine on which two test processes share the cores was seen to take 24
EDIT_LIMIT = 60


@pytest.mark.slow
def test_an_edit_shows_in_the_browser(tmp_path, visit, record_property):
    copy_sources(tmp_path)
    with served(tmp_path, REPO_URL="https://code.test/lstm-guide") as server:
        page = visit(f"{PAGE}/", base=server.url)
        expect(page.locator("h1")).to_be_visible()
        edit_link = page.locator("a[rel=edit]")
        expect(edit_link).to_have_attribute("href", f"https://code.test/lstm-guide/edit/main/docs/{PAGE}.md")

        append(tmp_path / "docs" / f"{PAGE}.md", "A sentence that was not there before.")
        start = time.perf_counter()
        expect(page.get_by_text("A sentence that was not there before.")).to_be_visible(timeout=60_000)
        edited = time.perf_counter() - start
        # The page's own request for news is cut off by the reload that it asked for.
        visit.watches.clear()
    record_property("seconds to start", round(server.seconds, 1))
    record_property("seconds to show an edit", round(edited, 1))
    print(f"first answer after {server.seconds:.1f} s, edit shown after {edited:.1f} s")
    assert server.seconds < START_LIMIT
    assert edited < EDIT_LIMIT
