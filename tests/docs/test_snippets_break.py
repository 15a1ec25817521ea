"""Every block really is executed: with its first line made to fail, each one fails."""

import shutil
from pathlib import Path

from census import RUN
from pages import ROOT, all_pages, block_paths
from pytest_codeblocks.main import extract_from_file
from runs import run_blocks, write_pages

BROKEN = "broken on purpose"
FIRST_LINE = {
    "python": f'raise AssertionError("{BROKEN}")',
    "sh": f"echo {BROKEN}; exit 97",
    "bash": f"echo {BROKEN}; exit 97",
}


def break_blocks(path: Path) -> set[int]:
    """Put a failing line on top of each block of a page and return the new lines of those that must fail."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    blocks = [block for block in extract_from_file(path) if block.syntax in RUN]
    for block in reversed(blocks):
        fence = lines[block.lineno - 1]
        indent = fence[: len(fence) - len(fence.lstrip())]
        lines.insert(block.lineno, f"{indent}{FIRST_LINE[block.syntax]}\n")
    path.write_text("".join(lines), encoding="utf-8")
    # Each line put in moves the blocks below it down by one.
    return {block.lineno + above for above, block in enumerate(blocks) if not block.marks}


def survivors(folder: Path) -> list[str]:
    """Break every page below a folder, run them all, and name the blocks that did not fail for it."""
    expected = {
        (page.relative_to(folder).as_posix(), line) for page in all_pages(folder) for line in break_blocks(page)
    }
    # The plugin's own hooks would load Keras first, which no broken block needs.
    blocks, done = run_blocks(folder, clean=False)
    assert done.returncode in (0, 1, 5), done.stdout + done.stderr
    failed = {(b["page"], b["line"]) for b in blocks if b["outcome"] == "failed" and says_so(b["message"])}
    return [f"{page}:{line}" for page, line in sorted(expected - failed)]


def says_so(message: str) -> bool:
    # pytest-codeblocks reports of a shell block nothing but its exit code.
    return BROKEN in message or message == "97"


def test_each_block_fails_when_broken(tmp_path):
    folder = write_pages(tmp_path / "broken", {})
    for page in all_pages():
        if any(page.is_relative_to(ROOT / path) for path in block_paths()):
            target = folder / page.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, target)
    assert not survivors(folder), "these blocks still pass (line numbers of the broken copy): they are not executed"


def test_a_block_that_is_not_executed_survives(tmp_path):
    pages = {
        "a.md": "```python\nx = 1\n```\n\n- item\n\n    ```python\n    y = 1\n    ```\n\n```sh\necho\n```\n",
        "b.md": '<!--pytest.mark.skip(reason="a reason")-->\n```python\nx = 1\n```\n',
        "c.md": "```python\nimport nothing_of_this_name\n```\n",
        "d.md": "```python\nx = 1\n```\n\n<!--pytest-codeblocks:importorskip(nothing)-->\n```python\nx\n```\n",
    }
    assert survivors(write_pages(tmp_path, pages)) == ["d.md:7"]
