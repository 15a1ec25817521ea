"""The glossary's hook: which words become links, where, and what it refuses."""

import html
import re
import sys
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools" / "hooks"))

import glossary  # noqa: E402

SOURCE = """# Glossary

cell state | cell states | memory
:   What a cell *carries* from step to step,
    written $c_{t-1}$ <always>. [Lesson 1](../a.md#b)

gate | gates
:   A number between 0 and 1.

forget gate
:   The gate that scales the cell state.
"""
TERMS = glossary.Glossary(SOURCE)


def links(markup: str) -> list[tuple[str, str]]:
    """The links that the hook sets: the anchor and the words."""
    marked = glossary.mark_up(markup, TERMS, "../x/")
    return re.findall(r'<a class="term" href="\.\./x/#([\w-]+)" title="[^"]*">([^<]*)</a>', marked)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the cell state", [("cell-state", "cell state")]),
        ("Cell States", [("cell-state", "Cell States")]),
        ("its memory", [("cell-state", "memory")]),
        ("the cell\nstate", [("cell-state", "cell\nstate")]),
        ("a gate, the cell state, a gate", [("gate", "gate"), ("cell-state", "cell state")]),
        ("memory, then cell state", [("cell-state", "memory")]),
        ("the forget gate and a gate", [("forget-gate", "forget gate"), ("gate", "gate")]),
        ("a <strong>gate</strong>", [("gate", "gate")]),
        ("investigate, gated, gate-based, sub-gate", []),
        ("a &amp; gate &lt;", [("gate", "gate")]),
    ],
)
def test_the_first_use_of_a_term_is_a_link(text, expected):
    assert links(f"<p>{text}</p>") == expected
    assert links(f"<ul><li>{text}</li></ul>") == expected


@pytest.mark.parametrize(
    "markup",
    [
        "<h2>The gate</h2>",
        "<div>gate</div>",
        '<p><a href="y">a gate</a></p>',
        "<p><code>gate</code></p>",
        '<div class="highlight"><pre><code>gate</code></pre></div>',
        r'<p><span class="arithmatex">\(gate\)</span></p>',
        "<table><tr><td><p>gate</p></td></tr></table>",
        "<figure><figcaption><p>A gate</p></figcaption></figure>",
        '<div class="quiz" data-quiz><p>Which gate</p><ol><li>gate</li></ol></div>',
        '<div class="bar"><p>gate</p></div>',
        '<p class="lesson-lead">Explain a gate.</p>',
        '<div class="admonition note"><p class="admonition-title">A gate</p></div>',
        "<details><summary>A gate</summary><p>gate</p></details>",
        "<dl><dt>gate</dt><dd><p>a gate</p></dd></dl>",
        "<!-- gate --><p><br></p>",
    ],
)
def test_what_is_no_running_prose_stays(markup):
    assert glossary.mark_up(markup, TERMS, "x") == markup
    assert links(f"{markup}<p>gate</p>") == [("gate", "gate")], "prose after it is marked again"


def test_titles_of_sources_stay():
    sources = '<h2 id="sources">Sources</h2><ul><li>Learning to gate.</li></ul>'
    assert links(sources) == []
    assert links(f'{sources}<h2 id="more">More</h2><p>A gate</p>') == [("gate", "gate")]


def test_all_else_stays_as_it_was():
    markup = (
        '<p>a gate</p>\n<svg viewBox="0 0 1 1"><clipPath><path d="M0"/></clipPath></svg><!-- x -->'
        '<p>&#8217;&nbsp;<img alt="gate"> b > c</p></p>'
    )
    marked = glossary.mark_up(markup, TERMS, "x")
    assert re.sub(r'<a class="term"[^>]*>(.*?)</a>', r"\1", marked) == markup


def test_the_definition_is_plain_text():
    assert TERMS.by_name["memory"].definition == "What a cell carries from step to step, written c_(t-1) ."
    marked = glossary.mark_up("<p>gate</p>", glossary.Glossary('gate\n:   "A" & `b`\n'), "x")
    assert html.unescape(re.search('title="([^"]*)"', marked)[1]) == '"A" & b'


def test_the_glossarys_page_shows_terms_with_anchors():
    shown = glossary.ENTRY.sub(glossary.with_anchor, SOURCE)
    assert "cell state { #cell-state }\n:   What" in shown
    assert "gate { #gate }\n:   A number" in shown
    assert "|" not in shown


@pytest.mark.parametrize("again", ["gate", "Gates", "input gate | GATE", "cell-state"])
def test_a_word_in_two_entries_is_refused(again):
    with pytest.raises(PluginError, match="stands there twice"):
        glossary.Glossary(f"{SOURCE}\n{again}\n:   Another.\n")


def test_a_glossary_without_entries_is_refused():
    with pytest.raises(PluginError, match="there is no entry"):
        glossary.Glossary("# Glossary\n\nNothing yet.\n")


@pytest.mark.skipif(not (ROOT / "docs" / glossary.PAGE).is_file(), reason="the glossary is not written yet")
def test_every_entry_of_the_glossary_is_read():
    text = (ROOT / "docs" / glossary.PAGE).read_text(encoding="utf-8")
    read = glossary.Glossary(text).terms
    assert len(read) == len(re.findall(r"^:[ \t]", text, re.M)), (
        "an entry is not written as 'term', next line ':   text'"
    )
    assert all(term.definition for term in read)
