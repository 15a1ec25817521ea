"""The report of the slowest blocks: complete, and the same under pytest-xdist."""

import pytest
from block_report import BlockTime, table
from runs import run_blocks, write_pages

PAGES = {
    "a.md": "```python\nx = 1\n```\n\n```python\nimport time\ntime.sleep(0.2)\n```\n",
    "b.md": "```python\n1 / 0\n```\n",
    "c.md": '<!--pytest.mark.skip(reason="a reason")-->\n```python\nx = 1\n```\n',
}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "xdist"])
def test_every_block_that_ran_is_reported_with_its_seconds(tmp_path, workers):
    blocks, done = run_blocks(write_pages(tmp_path, PAGES), *workers)
    seen = [(block["page"], block["line"], block["outcome"]) for block in blocks]
    assert seen == [("a.md", 1, "passed"), ("a.md", 5, "passed"), ("b.md", 1, "failed")]
    assert blocks[1]["seconds"] > 0.2
    ranked = done.stdout.partition("slowest code blocks")[2]
    assert ranked.find("a.md:5") < ranked.find("a.md:1")
    assert "3 blocks" in ranked and "0 above 5 s" in ranked


def test_blocks_above_five_seconds_are_marked_and_all_shown():
    blocks = [BlockTime("a.md", line, 4.0 + line / 5, "passed", "") for line in range(1, 20)]
    lines = table(blocks)
    assert lines[0] == "   7.80 s  a.md:19  above 5 s"
    assert sum("above 5 s" in line for line in lines[:-1]) == 14
    assert len(lines) == 15 and lines[-1].endswith("14 above 5 s")
    assert len(table(blocks[:4])) == 5
