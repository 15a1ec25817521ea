"""Search finds words inside code and leads to them."""

from playwright.sync_api import Page, expect
from site_axe import still, violations


def search(page: Page, words: str) -> None:
    page.keyboard.press("/")
    expect(page.locator(".md-search__input")).to_be_focused()
    page.keyboard.type(words)


def test_search_finds_code_and_leads_to_lesson_5(visit):
    page = visit()
    search(page, "return_sequences")
    result = page.locator("a.md-search-result__link[href*='lessons/05-vanilla-lstm/?h=return_sequences#']").first
    expect(result).to_be_visible()
    result.click()
    page.wait_for_url("**/lessons/**")
    expect(page.locator("article mark").first).to_have_text("return_sequences")


def test_search_works_from_the_keyboard(visit):
    page = visit("reference/api/")
    search(page, "return_sequences")
    # The results of the whole word: those of its beginning are replaced, and the focus in them goes
    expect(page.locator("a.md-search-result__link[href*='h=return_sequences#']").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("a.md-search-result__link:focus")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/lessons/**")


def test_search_finds_nothing_in_nonsense(visit):
    page = visit()
    search(page, "qqxzzy")
    expect(page.locator(".md-search-result__meta")).to_contain_text("No matching documents")


def test_search_results_are_accessible(visit):
    page = visit()
    still(page)
    search(page, "return_sequences")
    expect(page.locator("a.md-search-result__link").first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not violations(page, within=".md-search")
