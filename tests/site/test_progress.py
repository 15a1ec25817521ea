"""Lesson done: marked by keyboard, remembered, shown on the course map, and forgotten on request."""

import pytest
from playwright.sync_api import Page, expect
from site_build import LESSON, lessons

SLUG = LESSON.split("/")[1]


def done_button(page: Page):
    return page.get_by_role("button", name="Mark lesson as done")


def mark_done(page: Page) -> None:
    done_button(page).focus()
    page.keyboard.press("Space")
    expect(done_button(page)).to_have_attribute("aria-pressed", "true")


def test_the_mark_is_toggled_by_keyboard_and_remembered(visit):
    page = visit(LESSON)
    expect(done_button(page)).to_have_attribute("aria-pressed", "false")
    mark_done(page)
    page.reload()
    expect(done_button(page)).to_have_attribute("aria-pressed", "true")
    done_button(page).focus()
    page.keyboard.press("Enter")
    expect(done_button(page)).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(done_button(page)).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("where", ["", "lessons/"])
def test_the_map_shows_it_and_resets_it(where, visit, site):
    page = visit(LESSON)
    mark_done(page)
    page.goto(site.url + where)
    progress = page.get_by_text(f"Lessons done: 1 of {len(lessons())} available")
    expect(progress).to_be_visible()
    assert page.locator("[data-map] progress").evaluate("node => [node.value, node.max]") == [1, len(lessons())]
    expect(page.locator(f"[data-lesson='{SLUG}'] .map__done")).to_have_text("done")

    reset = page.get_by_role("button", name="Reset progress")
    page.once("dialog", lambda dialog: dialog.dismiss())
    reset.click()
    expect(progress).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    reset.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Lessons done: 0 of {len(lessons())} available")).to_be_visible()
    expect(page.locator(".map__done")).to_have_count(0)
    page.goto(site.url + LESSON)
    expect(done_button(page)).to_have_attribute("aria-pressed", "false")


def test_the_map_leads_to_each_written_lesson(visit, site):
    page = visit()
    links = page.locator("[data-map] a.map__title").evaluate_all("nodes => nodes.map((node) => node.href)")
    assert links == [site.url + name for name in lessons()]


@pytest.mark.parametrize("stored", ["not JSON", "null", "[]", '{"done": null}'])
def test_damaged_storage_does_no_harm(stored, visit):
    page = visit(LESSON)
    page.evaluate("(text) => localStorage.setItem('lstm-guide', text)", stored)
    page.reload()
    mark_done(page)


def test_forbidden_storage_does_no_harm(visit):
    """A browser may forbid storage; then the page works, but forgets."""
    page = visit()
    page.add_init_script("""
      const refuse = () => { throw new DOMException("forbidden", "SecurityError"); };
      Object.assign(Storage.prototype, { setItem: refuse });
    """)
    page.goto(page.url + LESSON)
    page.locator("[data-quiz] label").first.click()
    expect(page.locator(".quiz__feedback").first).not_to_be_empty()
    done_button(page).click()
