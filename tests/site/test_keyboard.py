"""By keyboard: the skip link, and a focus that can be seen wherever Tab leads."""

import pytest
from playwright.sync_api import Page, expect
from site_axe import still
from site_build import LESSON

# Where the focus is, and whether the reader sees it: on the element or, for the hidden radio buttons of
# the colour toggle, on the label that stands for it.
FOCUS = """() => {
  const node = document.activeElement;
  if (node === document.body) return null;
  const label = [...node.parentElement.querySelectorAll("label")].find((label) => !label.hidden);
  const shown = node.name === "__palette" ? label : node;
  const style = getComputedStyle(shown);
  const box = shown.getBoundingClientRect();
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  let opacity = 1;
  for (let part = shown; part; part = part.parentElement) opacity *= getComputedStyle(part).opacity;
  return {
    name: `${node.tagName} ${node.className} ${(node.ariaLabel || node.textContent).trim().slice(0, 40)}`,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
    seen: inside && box.width * box.height > 0 && opacity > 0.5 && style.visibility === "visible",
  };
}"""


def test_the_skip_link_leads_to_the_content(visit):
    page = visit(LESSON)
    still(page)
    page.keyboard.press("Tab")
    skip = page.locator(".md-skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    page.wait_for_url("**#*")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('article').contains(document.activeElement)")


@pytest.mark.parametrize(("name", "width"), [("", 1280), ("", 390), (LESSON, 1280), (LESSON, 390)])
def test_focus_can_be_seen(name, width, visit):
    page = visit(name, viewport={"width": width, "height": 900})
    still(page)
    unseen = [f"stop {number}: {stop['name']}" for number, stop in enumerate(stops(page, 30), 1) if not visible(stop)]
    assert not unseen, "\n".join(unseen)


def stops(page: Page, presses: int) -> list[dict]:
    """What Tab leads to, one entry a press."""
    found = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop and not visible(stop):
            # Search opens, and the page scrolls, a moment after the focus came.
            page.wait_for_timeout(200)
            stop = page.evaluate(FOCUS)
        if stop is None:
            break
        found.append(stop)
    assert len(found) > 5
    return found


def visible(stop: dict) -> bool:
    return stop["outlined"] and stop["seen"]


def test_boxes_that_scroll_are_reached(visit):
    """On a phone a wide table or block scrolls; without a mouse that needs a focus."""
    page = visit(LESSON, viewport={"width": 390, "height": 844})
    boxes = page.locator("article pre > code[tabindex='0']")
    expect(boxes.first).to_be_attached()
    boxes.first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_the_drawer_opens_on_a_phone(visit):
    page = visit(LESSON, viewport={"width": 390, "height": 844})
    expect(page.locator(".md-sidebar--primary")).not_to_be_in_viewport()
    page.locator("label.md-header__button[for=__drawer]").click()
    expect(page.locator(".md-sidebar--primary")).to_be_in_viewport()


def test_the_drawer_opens_by_keyboard(visit):
    """A desktop at 400 percent zoom is as narrow as a phone, and has a keyboard."""
    page = visit(LESSON, viewport={"width": 390, "height": 844})
    opener = page.locator("label.md-header__button[for=__drawer]")
    opener.focus()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".md-sidebar--primary")).to_be_in_viewport()
