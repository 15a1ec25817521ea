"""Formulas are typeset with the site's own fonts, and without JavaScript their source can be read."""

import pytest
from playwright.sync_api import expect
from site_build import LESSON, addresses


def with_maths(site) -> list[str]:
    return [name for name in addresses() if 'class="arithmatex"' in site.file(name).read_text(encoding="utf-8")]


def test_formulas_are_typeset(visit):
    """test_pages.py looks for formulas left as they were; this looks at how they are set."""
    page = visit(LESSON)
    formulas = page.locator("article .arithmatex .katex")
    expect(formulas.first).to_be_visible()
    assert page.locator("article div.arithmatex .katex-display").count() > 0
    page.evaluate("document.fonts.ready.then(() => null)")
    assert page.evaluate("[...document.fonts].some((font) => font.family === 'KaTeX_Main' && font.status === 'loaded')")
    assert formulas.first.locator("annotation").text_content(), "the source is there for assistive technology"


def test_formulas_can_be_read_without_javascript(visit):
    page = visit(LESSON, java_script_enabled=False)
    first = page.locator("article div.arithmatex").first
    expect(first).to_be_visible()
    expect(first).to_contain_text(r"\sigma(W_f x_t + U_f h_{t-1} + b_f)")


@pytest.mark.parametrize("name", addresses())
def test_only_pages_with_formulas_load_what_sets_them(name, site):
    loads = "katex.min.js" in site.file(name).read_text(encoding="utf-8")
    assert loads == (name in with_maths(site))
