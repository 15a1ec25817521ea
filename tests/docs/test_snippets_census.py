"""No code block escapes: what a reader takes for code is what pytest-codeblocks runs, on every page."""

import functools
import json
from collections import Counter

import pytest
from census import collected_lines, take_census, takes_for_runnable
from pages import ROOT, Page, all_pages, block_paths
from runs import write_pages


def test_notebooks_hold_their_code_in_code_cells():
    problems = []
    for path in sorted((ROOT / "docs").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        problems += [f"{path}: {code!r}" for text in texts for code in code_in(text)]
    assert not problems, "code in a text cell never runs: make it a code cell, or label it ```text\n" + "\n".join(
        problems
    )


def code_in(text: str) -> list[str]:
    return [block.source for block in Page(text).blocks if takes_for_runnable(block)]


def test_code_in_a_text_cell_is_seen():
    assert code_in("# A\n\n```python\nx = 1\n```\n") == ["x = 1"]
    assert code_in("# A\n\n```text\nimport this\n```\n\n$$x = 1$$") == []


@functools.cache
def project_census() -> list:
    collected = collected_lines(block_paths(), ROOT)
    return [take_census(path, collected.get(path, set())) for path in all_pages()]


def test_every_block_on_every_page_is_run(record_property):
    found = project_census()
    counts = sum((census.counts for census in found), Counter())
    record_property(
        "note",
        f"code blocks: {counts['run']} run, {counts['skipped']} skipped with a reason, {counts['text']} of Python "
        f"shown as text; {counts['prints']} print, {counts['checked']} of them are held to their output",
    )
    problems = [problem for census in found for problem in census.problems]
    assert not problems, "\n" + "\n".join(problems)


P = "```python\nx = 1\n```\n"
IN_PLACE = {
    "plain": P,
    "two alike": P + "\n" + P,
    "in an admonition": "!!! note\n\n    ```python\n    x = 1\n\n    y = 2\n    ```\n",
    "in details": '??? success "Solution"\n\n    ```python\n    if True:\n        x = 1\n    ```\n',
    "in a tab": '=== "One"\n\n    ```python\n    x = 1\n    ```\n\n=== "Two"\n\n    ```python\n    y = 1\n    ```\n',
    "in a list": "- item\n\n    ```python\n    x = 1\n    ```\n",
    "in a nested list with tabs": "- a\n\t- b\n\n\t\t```python\n\t\tif 1:\n\t\t\tx = 1\n\t\t```\n",
    "in details in details": '??? note "a"\n\n    ??? note "b"\n\n        ```python\n        x = 1\n        ```\n',
    "four backticks": "````python\nx = '''\n```\n'''\n````\n",
    "glued": P + "\ntext\n\n<!--pytest-codeblocks:cont-->\n\n```python\nprint(x)\n```\n",
    "with its output": "```python\nprint(1)\n```\n<!--pytest-codeblocks:expected-output-->\n```text\n1\n```\n",
    "skipped with a reason": '<!--pytest.mark.skip(reason="needs a web server")-->\n' + P,
    "shell": "```sh\necho hello\n```\n",
    "declared text": "```text\nimport this\n```\n",
    "a quiz": "```quiz\n- question: l05-q1\n  ask: what does print(x) show?\n```\n",
    "an example of a fence": "````markdown\n```python\nx = 1\n```\n````\n",
    "code in prose": "Call `model.fit(x, y)` and then\n`import this\nnow`.\n",
    "a data tree, indented": "text\n\n    docs/\n      lessons/\n",
    "tensorflow, explained": "<!-- allow-tensorflow: shows the export format -->\n```python\nimport tensorflow\n```\n",
    "front matter first": "---\ndescription: a page\n---\n# A\n\n" + P,
}
# An evasion, and a word of the message that must report it.
EVASIONS = {
    "py": ("```py\nx = 1\n```\n", ":1: this block is not run: its fence line is '```py'"),
    "title": ('text\n\n```python title="a.py"\nx = 1\n```\n', ":3: this block is not run"),
    "highlighted lines": ('```python hl_lines="1"\nx = 1\n```\n', "not run"),
    "attributes": ("```{.python}\nx = 1\n```\n", "not run"),
    "attributes after": ("```python {.copy}\nx = 1\n```\n", "not run"),
    "unknown attribute": ('```python foo="1"\nx = 1\n```\n', "not a fence to the site"),
    "space": ("``` python\nx = 1\n```\n", "not run"),
    "capital": ("```Python\nx = 1\n```\n", "not run"),
    "python3": ("```python3\nx = 1\n```\n", "not run"),
    "pycon": ("```pycon\n>>> x = 1\n```\n", "not run"),
    "ipython": ("```ipython\nx = 1\n```\n", "not run"),
    "tildes": ("~~~python\nx = 1\n~~~\n", "not run"),
    "no label": ("```\nimport this\n```\n", "has no label"),
    "foreign label": ("```ruby\nimport this\n```\n", "unknown label 'ruby'"),
    "console": ("```console\nimport this\n```\n", "not run"),
    "shell": ("```shell\necho 1\n```\n", "unknown label 'shell'"),
    "second of two alike": (P + "\n" + P.replace("python", "py"), ":5: this block is not run"),
    "first of two alike": (P.replace("python", "py") + "\n" + P, ":1: this block is not run"),
    "admonition": ("!!! note\n\n    ```py\n    x = 1\n    ```\n", ":3: this block is not run"),
    "details": ('??? note "a"\n\n    ~~~python\n    x = 1\n    ~~~\n', "not run"),
    "tab": ('=== "One"\n\n    ```python title="x"\n    x = 1\n    ```\n', "not run"),
    "list": ("- a\n\n    ```{.python}\n    x = 1\n    ```\n", "not run"),
    "nested list with tabs": ("- a\n\t- b\n\n\t\t```py\n\t\tx = 1\n\t\t```\n", "not run"),
    "four backticks": ("````py\nx = 1\n````\n", "not run"),
    "quote": ("> ```python\n> x = 1\n> ```\n", ":1: this block is not run"),
    "list in a quote": ("> - a\n>\n>     ```python\n>     x = 1\n>     ```\n", "not run"),
    "comment": ("<!--\n```python\nx = 1\n```\n-->\n", ":2: this block is run but no reader sees it"),
    "indented": ("text\n\n    import this\n    x = 1\n", "looks like Python"),
    "html": ("<pre><code>import this\n</code></pre>\n", "looks like Python"),
    "html with a label": ('<pre class="python">\nx = f(1)\n</pre>\n', "looks like Python"),
    "skipfile": ("<!--pytest-codeblocks:skipfile-->\n" + P, "not run"),
    "skip without a reason": ("<!--pytest.mark.skip-->\n" + P, "not allowed"),
    "empty reason": ('<!--pytest.mark.skip(reason="no")-->\n' + P, "not allowed"),
    "skipif": ('<!--pytest.mark.skipif(True, reason="not on this machine")-->\n' + P, "not allowed"),
    "xfail": ("<!--pytest.mark.xfail-->\n" + P, "not allowed"),
    "importorskip": ("<!--pytest-codeblocks:importorskip(nothing)-->\n" + P, "not allowed"),
    "misspelt mark": (P + "<!--pytest-codeblock:expected-output-->\n```text\n2\n```\n", "not allowed"),
    "mark on nothing": ('<!--pytest.mark.skip(reason="needs a web server")-->\n\ntext\n\n' + P, "directly above"),
    "skipped part": (
        P + '\n<!--pytest.mark.skip(reason="needs a web server")-->\n<!--pytest-codeblocks:cont-->\n' + P,
        "a skip mark on a glued part",
    ),
    "glued to text": ("```text\na\n```\n\n<!--pytest-codeblocks:cont-->\n" + P, "glued to the text block at line 1"),
    "Python as output": (
        P + "<!--pytest-codeblocks:expected-output-->\n```python\nx = 2\n```\n",
        "taken for expected output",
    ),
    "output of a skipped block": (
        '<!--pytest.mark.skip(reason="needs a web server")-->\n'
        + P
        + "<!--pytest-codeblocks:expected-output-->\n```text\n1\n```\n",
        "the output below this block is not checked",
    ),
    "main guard": ("```python\nif __name__ == '__main__':\n    x = 1\n```\n", "drop `if __name__`"),
    "exit": ("```python\nimport os\nos._exit(0)\n```\n", "drop os._exit"),
    "pytest in a block": ("```python\nimport pytest\npytest.skip()\n```\n", "drop pytest"),
    "long": ("```python\n" + "x = 1\n" * 31 + "```\n", "31 lines"),
    "old Keras": ("```python\nimport tensorflow as tf\ntf.keras\n```\n", "write Keras 3"),
    "shebang": ("```sh\n#!/bin/sh\necho 1\n```\n", "drop the #! line"),
    "code in a quiz": ("````quiz\n- ask: |\n    ```python\n    x = 1\n    ```\n````\n", "a quiz holds no code block"),
}
CASES = [(name, text, None) for name, text in IN_PLACE.items()]
CASES += [(name, text, message) for name, (text, message) in EVASIONS.items()]


@pytest.fixture(scope="module")
def small_pages(tmp_path_factory):
    """Every case as a page, collected in one run."""
    folder = write_pages(tmp_path_factory.mktemp("census"), {f"{i}.md": case[1] for i, case in enumerate(CASES)})
    return folder, collected_lines(["."], folder)


def test_a_page_that_nothing_collects_is_seen(tmp_path):
    page = tmp_path / "page.markdown"
    page.write_text(P)
    assert all_pages(tmp_path) == [page]
    assert "add its page to testpaths" in take_census(page, set()).problems[0]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[0] for case in CASES])
def test_the_census_sees_each_evasion_and_no_other(small_pages, number):
    folder, collected = small_pages
    path = folder / f"{number}.md"
    problems = take_census(path, collected.get(path, set())).problems
    expected = CASES[number][2]
    if expected is None:
        assert problems == []
    else:
        assert any(expected in problem for problem in problems), problems
