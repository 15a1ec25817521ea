"""Copy buttons: what lands on the clipboard is the block's code, no more and no less."""

import json
import re
import textwrap

import pytest
from playwright.sync_api import Locator, Page, expect
from site_build import DOCS, LESSON, how_tos, lessons, notebooks, source

FENCE = re.compile(r"^(?P<indent> *)```python\n(?P<code>.*?)^(?P=indent)```$", re.M | re.S)
SKIPPED = re.compile(r"<!--\s*pytest\.mark\.skip.*?-->\s*```python\n(.*?)^```$", re.M | re.S)
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
BLOCKS = "article .language-python.highlight:not(.output)"


def page_blocks(text: str) -> list[str]:
    """The page's Python blocks as a reader would type them, read off the source without its tools."""
    return [textwrap.dedent(match["code"]).rstrip("\n") for match in FENCE.finditer(text)]


def notebook_blocks(text: str) -> list[str]:
    cells = json.loads(text)["cells"]
    return ["".join(cell["source"]).strip("\n") for cell in cells if cell["cell_type"] == "code" and cell["source"]]


# Every lesson must hold code; a how-to guide need not
WITH_CODE = [*lessons(), *(name for name in how_tos() if page_blocks(source(name).read_text(encoding="utf-8")))]


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('article details').forEach((node) => { node.open = true; })")


def copied(page: Page, button: Locator) -> str:
    """What a click on the button puts on the clipboard."""
    page.evaluate("navigator.clipboard.writeText('nothing was copied')")
    button.click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text !== 'nothing was copied')")
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("name", ["", *WITH_CODE, *notebooks()])
def test_each_block_is_copied_exactly(name, visit):
    path = source(name) if name else DOCS / "index.md"
    text = path.read_text(encoding="utf-8")
    expected = notebook_blocks(text) if name in notebooks() else page_blocks(text)
    page = visit(name, **CLIPBOARD)
    open_all(page)
    blocks = page.locator(BLOCKS).all()
    assert expected, "no block was found in the source"
    assert len(blocks) == len(expected)
    for block, code in zip(blocks, expected, strict=True):
        block.scroll_into_view_if_needed()
        assert copied(page, block.locator("[data-md-type=copy]")).rstrip("\n") == code


@pytest.mark.parametrize("name", WITH_CODE)
def test_copy_all_gives_a_program(name, visit):
    text = source(name).read_text(encoding="utf-8")
    page = visit(name, **CLIPBOARD)
    program = copied(page, page.get_by_role("button", name="Copy all code"))
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    compile(program, name, "exec")
    left_out = [code.rstrip("\n") for code in SKIPPED.findall(text)]
    missing = [code for code in page_blocks(text) if code not in program and code not in left_out]
    assert not missing, "\n\n".join(missing)


def test_copying_needs_the_browsers_consent(visit):
    """Where the browser forbids it, the reader is told instead of left with an old clipboard."""
    page = visit(LESSON)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('forbidden')); }")
    page.get_by_role("button", name="Copy all code").click()
    expect(page.get_by_role("status").filter(has_text="did not allow")).to_be_visible()


def test_printed_output_has_no_copy_button(visit):
    page = visit(LESSON)
    outputs = page.locator("article .output")
    outputs.first.scroll_into_view_if_needed()
    expect(page.locator("article [data-md-type=copy]").first).to_be_attached()
    assert outputs.count() > 0
    expect(outputs.locator("[data-md-type=copy]")).to_have_count(0)
