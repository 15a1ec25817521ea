"""axe-core: which rules are asked, and its answer in lines."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
NARROW_RULES = ["scrollable-region-focusable", "target-size"]
# Colours are measured at rest, and closed blocks hold content too. Only the API pages' source listings stay
# closed: they are code like any other, and half of the time
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
OPEN = "document.querySelectorAll('article details:not(.mkdocstrings-source)').forEach((node) => { node.open = true; })"


def still(page: Page) -> None:
    """Open what is closed and stop what moves, so that a measurement is of the page and not of a moment."""
    page.add_style_tag(content=STILL)
    page.evaluate(OPEN)


def violations(page: Page, rules: list[str] | None = None, within: str = "html") -> list[str]:
    """One line a violation: the rule, what is wrong, where."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    options = {"runOnly": only, "resultTypes": ["violations"]}
    found = Axe().run(page, context=within, options=options).response["violations"]
    return [f"{rule['id']}: {rule['help']}: {place(node)}" for rule in found for node in rule["nodes"]]


def place(node: dict) -> str:
    return f"{node['target']} {node['html'][:120]} ({' '.join(node['failureSummary'].split())[:200]})"
