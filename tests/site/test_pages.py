"""Every page: nothing broken, nothing fetched from elsewhere, complete head, fits a phone, accessible."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from site_axe import COLOUR_RULES, NARROW_RULES, still, violations, weak_colours
from site_build import LESSON, SITE_URL, addresses, notebooks

HERE = Path(__file__).parent
TRANSFER_LIMIT = 1_500_000
SEARCH_LIMIT = 1_500_000
NOTEBOOK_LIMIT = 60  # KB
# Longer than they should be, until their experiments are cut and frozen again
LONG_NOTEBOOKS = {
    "02-how-lstms-are-trained": 63,
    "06-stacked-lstm": 67,
    "07-cnn-lstm": 73,
    "10-attention": 69,
    "11-generative-lstm": 94,
    "12-tuning": 84,
    "13-updating": 80,
    "14-predictions": 90,
    "written-dates": 71,
}

FACTS, OVERFLOW = ((HERE / name).read_text(encoding="utf-8") for name in ("facts.js", "overflow.js"))


NAMES = [*addresses(), "404.html"]


def kind(name: str) -> str:
    """The folder that a page is in: pages of one folder are made alike."""
    return name.rstrip("/").rpartition("/")[0]


# The colours of each piece of text are asked about on the first page of each kind, and on each that is its own kind
WHOLE = {name for name in NAMES if not kind(name)} | set({kind(name): name for name in reversed(NAMES)}.values())


@pytest.mark.parametrize("name", NAMES)
def test_page(name, look, record_property):
    """One visit a page, because loading and measuring is what costs time; every defect is listed."""
    page = look(name)
    still(page)
    facts = page.evaluate(FACTS)
    record_property("bytes", facts["bytes"])
    print(f"{name or 'home'}: {facts['bytes'] / 1024:.0f} KB with all that it loads")
    problems = [*head(facts, name), *body(facts), *accessible(page, whole=name in WHOLE), *fits(page)]
    assert not problems, "\n".join(problems)


def head(facts: dict, name: str) -> Iterator[str]:
    metas = facts["metas"]
    description = metas.get("description", "")
    if not 50 <= len(description) <= 200:
        yield f"the description has {len(description)} characters, not 50 to 200: {description!r}"
    for key in ("og:title", "og:description", "og:url", "og:image", "og:type", "viewport"):
        if not metas.get(key):
            yield f"there is no meta {key}"
    if name != "404.html" and metas.get("og:url") != SITE_URL + name:
        yield f"og:url is {metas.get('og:url')}, not {SITE_URL + name}"
    if facts["lang"] != "en" or not facts["title"]:
        yield "the page has no language or no title"


def body(facts: dict) -> Iterator[str]:
    if facts["h1"] != 1:
        yield f"the page shows {facts['h1']} h1 headings, not one"
    for key, meaning in (("noAlt", "images without alt text"), ("broken", "images that do not load")):
        if facts[key]:
            yield f"{meaning}: {facts[key]}"
    if facts["unnamed"]:
        yield f"{facts['unnamed']} drawings without a name"
    if facts["untypeset"]:
        yield f"formulas that were not typeset: {facts['untypeset']}"
    raw = re.findall(r"\\[(\[].{0,40}|\$\$.{0,40}|\\begin\{.{0,40}", facts["prose"])
    if raw:
        yield f"raw TeX in the text: {raw}"
    if facts["bytes"] > TRANSFER_LIMIT:
        yield f"the page loads {facts['bytes']} bytes, more than {TRANSFER_LIMIT}"


def accessible(page: Page, whole: bool) -> Iterator[str]:
    """Every rule; those of colour in light and dark, for all text or for one piece of each colour."""
    yield from violations(page, without=COLOUR_RULES)
    for scheme, name in (("light", "default"), ("dark", "slate")):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_selector(f"body[data-md-color-scheme={name}]")
        found = violations(page, COLOUR_RULES) if whole else weak_colours(page)
        yield from (f"{scheme}: {line}" for line in found)


def fits(page: Page) -> Iterator[str]:
    """On a phone and at 320 pixels, WCAG's reflow width, only boxes of their own scroll sideways."""
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        # The scripts answer a resize in the next frame.
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        yield from (f"at {width} pixels: {line}" for line in page.evaluate(OVERFLOW)[:5])
    yield from (f"at 320 pixels: {line}" for line in violations(page, NARROW_RULES))


@pytest.mark.parametrize("name", notebooks())
def test_a_notebook_page_is_light(name, site):
    markup = site.file(name).read_text(encoding="utf-8")
    weight = len(re.sub(r"<svg\b.*?</svg>", "", markup, flags=re.S).encode())
    limit = LONG_NOTEBOOKS.get(name.split("/")[1], NOTEBOOK_LIMIT) * 1024
    assert weight <= limit, f"{weight} bytes without drawings, more than {limit}"


def test_the_search_index_is_light(site):
    weight = (site.folder / "search" / "search_index.json").stat().st_size
    assert weight <= SEARCH_LIMIT, f"{weight} bytes, more than {SEARCH_LIMIT}"


def test_the_sitemap_names_every_page(site):
    listed = re.findall(r"<loc>(.*?)</loc>", (site.folder / "sitemap.xml").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(SITE_URL + name for name in [*addresses(), "course/"])


def test_the_build_had_nothing_to_report(site):
    assert "WARNING" not in site.log, site.log


def test_a_page_does_complain(visit):
    """The watch itself: a request to another host, a missing file and a script error are all seen."""
    page = visit()
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.test/a.png'}))")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'missing.png'}))")
    page.evaluate("setTimeout(() => { throw new Error('on purpose') })")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(200)
    seen = "\n".join(visit.problems())
    visit.watches.clear()
    for expected in ("https://elsewhere.test/a.png", "status 404", "on purpose"):
        assert expected in seen


@pytest.mark.parametrize(
    ("style", "text", "rule"),
    [
        ("p { color: light-dark(#888, var(--ink)); }", "", "color-contrast"),
        ("figcaption { background: #777; }", "", "color-contrast"),
        ("article { opacity: 0.5; }", "", "color-contrast"),
        ("article a { text-decoration: none !important; color: var(--muted) !important; }", "", "link-in-text-block"),
        ("* {}", "<p>Good, <b style='color: #999'>weak</b></p>", "color-contrast"),
    ],
)
def test_a_weak_colour_is_found(style, text, rule, look):
    """The sample of colours sees what asking about all text would see."""
    page = look(LESSON)
    still(page)
    assert not weak_colours(page)
    page.add_style_tag(content=style)
    page.evaluate("(text) => document.querySelector('article').insertAdjacentHTML('beforeend', text)", text)
    assert any(line.startswith(rule) for line in weak_colours(page))
