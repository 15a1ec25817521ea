"""Light and dark: the system's choice, the reader's choice, and figures that follow."""

import re

import pytest
from playwright.sync_api import Page, expect
from site_build import LESSON, addresses

TOGGLE = "form[data-md-component=palette] label:visible"

# Contrast of each figure colour with the page, by WCAG's formula. A canvas turns any colour into bytes.
CONTRAST = """(names) => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  return names.map((name) => {
    const ink = luminance(getComputedStyle(document.body).getPropertyValue(name).trim());
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  });
}"""


def scheme(page: Page, name: str) -> None:
    """Wait until the page has this scheme."""
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", name)


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize(("system", "expected"), [("light", "default"), ("dark", "slate")])
def test_the_system_decides_first(system, expected, visit):
    scheme(visit(color_scheme=system), expected)


def test_the_reader_decides_and_it_holds(visit, site):
    page = visit(color_scheme="light")
    light = background(page)
    page.locator(TOGGLE).click()
    scheme(page, "default")
    page.locator(TOGGLE).click()
    scheme(page, "slate")
    page.wait_for_function("(light) => getComputedStyle(document.body).backgroundColor !== light", arg=light)
    page.reload()
    scheme(page, "slate")
    page.goto(site.url + LESSON)
    scheme(page, "slate")
    page.emulate_media(color_scheme="light")
    scheme(page, "slate")
    page.locator(TOGGLE).click()
    scheme(page, "default")


def test_the_choice_does_not_flash(visit, site):
    """The scheme is set before the content is parsed, not after the scripts have loaded."""
    page = visit(color_scheme="light")
    page.locator(TOGGLE).click()
    page.locator(TOGGLE).click()
    scheme(page, "slate")
    page.route("**/*.js", lambda route: route.abort())
    visit.watches.clear()
    page.goto(site.url + LESSON)
    scheme(page, "slate")


def test_the_toggle_works_from_the_keyboard(visit):
    """Tab reaches the toggle, Enter turns it on, and focus stays so that Enter turns it further."""
    page = visit(color_scheme="light")
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "__palette":
            break
    for media, expected in ((": light", "default"), (": dark", "slate"), ("", "default")):
        page.keyboard.press("Enter")
        expect(page.locator("body")).to_have_attribute("data-md-color-media", f"(prefers-color-scheme{media})")
        scheme(page, expected)


@pytest.mark.parametrize("name", ["", LESSON, LESSON.replace("lessons", "experiments")])
def test_figures_follow(name, visit):
    """Each figure has an ink that changes with the scheme."""
    page = visit(name, color_scheme="light")
    colours = """() => [...document.querySelectorAll("article .figure > svg")].map((svg) =>
      [...svg.querySelectorAll("path, text, rect, circle, line")].map((node) => getComputedStyle(node))
        .map((style) => `${style.fill} ${style.stroke}`).join())"""
    light = page.evaluate(colours)
    page.emulate_media(color_scheme="dark")
    scheme(page, "slate")
    dark = page.evaluate(colours)
    assert light, "no figure was found"
    same = [number for number, pair in enumerate(zip(light, dark, strict=True), 1) if pair[0] == pair[1]]
    assert not same, f"figures that look the same in light and dark: {same}"


@pytest.mark.parametrize("system", ["light", "dark"])
def test_figure_colours_can_be_seen(system, visit):
    """Text needs a contrast of 4.5 with the page, lines need 3 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    page = visit(color_scheme=system)
    needed = {"--fig-ink": 4.5, "--fig-muted": 4.5} | {f"--fig-{number}": 3 for number in range(1, 6)}
    measured = dict(zip(needed, page.evaluate(CONTRAST, list(needed)), strict=True))
    weak = {name: round(ratio, 2) for name, ratio in measured.items() if ratio < needed[name]}
    assert not weak, f"in {system}: {weak}"


@pytest.mark.parametrize("name", addresses())
def test_colours_of_figures_come_from_variables(name, site):
    """A literal colour in a figure would stay when the scheme changes."""
    markup = site.file(name).read_text(encoding="utf-8")
    figures = re.findall(r'<span class="figure">(.*?)</svg>', markup, re.S)
    literal = re.compile(r"(?:fill|stroke)\s*[:=]\s*\"?\s*(#[0-9a-fA-F]{3,8}|rgb)")
    assert figures or name != LESSON
    assert not [match for figure in figures for match in literal.findall(figure)]
