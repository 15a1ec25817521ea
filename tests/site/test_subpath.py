"""The site under a path, as a project page has it, and its page for addresses that do not exist."""

import re

import pytest
from playwright.sync_api import expect
from site_build import LESSON


@pytest.mark.parametrize("name", ["", LESSON])
def test_pages_work_under_a_path(name, visit, site):
    """visit() fails the test if anything is asked for from outside the path."""
    page = visit(name, base=site.guide)
    expect(page.locator("h1")).to_be_visible()
    page.locator(".md-logo").first.click()
    page.wait_for_url(site.guide + "**")
    expect(page.locator("h1")).to_be_visible()


def test_search_works_under_a_path(visit, site):
    page = visit("lessons/", base=site.guide)
    page.keyboard.press("/")
    page.keyboard.type("vanilla")
    below = re.compile("^" + re.escape(site.guide))
    expect(page.locator(".md-search-result__link").first).to_have_attribute("href", below)


def test_a_missing_page_leads_on(visit, site):
    page = visit("no/such/page/", base=site.guide, watch=False)
    expect(page.locator("h1")).to_have_text("This page is not here")
    links = page.locator("article a").evaluate_all("nodes => nodes.map((node) => node.href)")
    assert len(links) >= 3
    for link in links:
        assert link.startswith(site.guide)
        assert page.request.get(link).status == 200, link
    assert page.request.get(site.guide + "no/such/page/").status == 404


def test_a_missing_page_is_styled(visit, site):
    page = visit("no/such/page/", base=site.guide, watch=False)
    sheets = page.evaluate("[...document.styleSheets].filter((sheet) => sheet.cssRules.length).length")
    assert sheets >= 3, "the style sheets of the 404 page do not load from a deep address"
