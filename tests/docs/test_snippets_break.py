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
    # No broken block gets as far as to need a library
    (folder / "conftest.py").write_text("import isolation\n\nisolation.LIBRARIES.clear()\n", encoding="utf-8")
    blocks, done = run_blocks(folder)
    assert done.returncode in (0, 1, 5), done.stdout + done.stderr
    failed = {(b["page"], b["line"]) for b in blocks if b["outcome"] == "failed" and BROKEN in b["message"]}
    return [f"{page}:{line}" for page, line in sorted(expected - failed)]


def test_each_block_fails_when_broken(tmp_path):
    folder = write_pages(tmp_path / "broken", {})
    for page in all_pages():
        if any(page.is_relative_to(ROOT / path) for path in block_paths()):
            target = folder / page.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, target)
    assert not survivors(folder), "these blocks still pass (line numbers of the broken copy): they are not executed"


def test_a_block_that_is_not_executed_survives(tmp_path):
    block = "```python\nx = 1\n```\n"
    idle = "import pytest\n\n@pytest.hookimpl(trylast=True)\ndef pytest_runtest_setup(item):\n    item.runtest = bool\n"
    pages = {
        "a.md": block + "\n- item\n\n    ```python\n    y = 1\n    ```\n\n```sh\necho\n```\n",
        "b.md": '<!--pytest.mark.skip(reason="a reason")-->\n' + block,
        "c.md": "```python\nimport nothing_of_this_name\n```\n",
        "idle/conftest.py": idle,
        "idle/d.md": block,
        "venv/not_collected.md": block,
    }
    assert survivors(write_pages(tmp_path, pages)) == ["idle/d.md:1", "venv/not_collected.md:1"]
