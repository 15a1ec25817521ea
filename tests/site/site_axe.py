"""axe-core: which rules are asked, and its answer in lines."""

from collections.abc import Sequence
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
NARROW_RULES = ["scrollable-region-focusable", "target-size"]
MARK_COLOURS = (Path(__file__).parent / "colours.js").read_text(encoding="utf-8")
# Colours are measured at rest, and closed blocks hold content too. Only the API pages' source listings stay
# closed: they are code like any other, and half of the time
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
OPEN = "document.querySelectorAll('article details:not(.mkdocstrings-source)').forEach((node) => { node.open = true; })"


def still(page: Page) -> None:
    """Open what is closed and stop what moves, so that a measurement is of the page and not of a moment."""
    page.add_style_tag(content=STILL)
    page.evaluate(OPEN)


def weak_colours(page: Page) -> list[str]:
    """The colour rules, asked once for each way in which the page sets text: all of it takes three times as long."""
    page.evaluate(MARK_COLOURS)
    return violations(page, COLOUR_RULES, within="[data-colours]")


def violations(
    page: Page, rules: list[str] | None = None, within: str = "html", without: Sequence[str] = ()
) -> list[str]:
    """One line a violation: the rule, what is wrong, where."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    off = {rule: {"enabled": False} for rule in without}
    options = {"runOnly": only, "rules": off, "resultTypes": ["violations"]}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)  # half a megabyte, so once a page
    found = page.evaluate("async (asked) => (await axe.run(...asked)).violations", [within, options])
    return [f"{rule['id']}: {rule['help']}: {place(node)}" for rule in found for node in rule["nodes"]]


def place(node: dict) -> str:
    return f"{node['target']} {node['html'][:120]} ({' '.join(node['failureSummary'].split())[:200]})"
