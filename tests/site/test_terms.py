"""Glossary terms: the definition shows on hover and on focus, goes on Escape, and the link leads to the entry."""

import pytest
from playwright.sync_api import Page, expect
from site_axe import still, violations
from site_build import LESSON

TERM = "article a.term"
# The left and the right edge of each term's box
EDGES = """(terms) => [...document.querySelectorAll(terms)].map((term) => {
  term.focus();
  const { left, right } = document.querySelector(".term-box").getBoundingClientRect();
  return [left, right];
})"""


def box(page: Page):
    return page.get_by_role("tooltip")


def definition(page: Page) -> str:
    return page.locator(TERM).first.get_attribute("data-definition")


def test_it_shows_on_focus_and_goes_on_escape(visit):
    page = visit(LESSON)
    term = page.locator(TERM).first
    expect(box(page)).to_have_count(0)
    term.focus()
    expect(box(page)).to_have_text(definition(page))
    expect(term).to_have_accessible_description(definition(page))
    page.keyboard.press("Escape")
    expect(box(page)).to_have_count(0)
    expect(term).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(box(page)).to_have_text(definition(page))


def test_it_shows_on_hover_and_can_be_hovered_itself(visit):
    page = visit(LESSON)
    page.locator(TERM).first.hover()
    expect(box(page)).to_have_text(definition(page))
    box(page).hover()
    page.wait_for_timeout(400)
    expect(box(page)).to_be_visible()
    page.mouse.move(0, 0)
    expect(box(page)).to_have_count(0)


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_box_is_accessible_and_stays_in_the_window(system, visit):
    page = visit(LESSON, color_scheme=system)
    still(page)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        edges = page.evaluate(EDGES, TERM)
        assert edges
        assert all(0 <= left < right <= width for left, right in edges)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not violations(page, within=".term-box")


def test_the_link_leads_to_the_entry(visit, site):
    page = visit(LESSON, base=site.guide)
    term = page.locator(TERM).first
    text = term.get_attribute("href").partition("#")[2]
    term.click()
    page.wait_for_url("**/reference/glossary/#*")
    expect(page.locator(f"dt#{text}")).to_be_in_viewport()


def test_without_javascript_the_title_has_the_definition(visit):
    page = visit(LESSON, java_script_enabled=False)
    assert page.locator(TERM).first.get_attribute("title")


def test_each_term_is_marked_once_a_page(visit):
    page = visit(LESSON)
    targets = page.locator(TERM).evaluate_all("nodes => nodes.map((node) => node.hash)")
    assert targets
    assert len(targets) == len(set(targets))
