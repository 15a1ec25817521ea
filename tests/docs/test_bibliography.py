"""The bibliography and the citations are held against each other, both ways.

A citation is a link to one of HOSTS, on a page, in an experiment's source or in the package (its docstrings become the
API pages). An entry of the bibliography is a list item; it counts as cited if one of its links stands elsewhere, so a
work may be listed with its DOI and its arXiv id and cited by either.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import ROOT, Page

NAME = "docs/reference/bibliography.md"
HOSTS = ("doi.org", "arxiv.org", "proceedings.mlr.press", "jmlr.org", "aclanthology.org", "openreview.net")
LINK = re.compile(r"https?://[^\s<>\"'`\]}]+")


def sources(root: Path) -> dict[str, str]:
    """What a citation can stand in, name to text: every page but the bibliography, the experiments, the package."""
    found = [*root.glob("docs/**/*.md"), *root.glob("experiments/*.py"), *root.glob("src/**/*.py")]
    texts = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(found)}
    return {name: text for name, text in texts.items() if name != NAME}


def links(text: str) -> Iterator[tuple[int, str]]:
    """Each link with its line."""
    for number, line in enumerate(text.splitlines(), 1):
        yield from ((number, bare(match[0])) for match in LINK.finditer(line))


def bare(link: str) -> str:
    """A link without the bracket and the full stop of the sentence around it; a DOI may hold brackets itself."""
    while link[-1] in ".,;:*_" or (link[-1] == ")" and link.count(")") > link.count("(")):
        link = link[:-1]
    return link


def work(link: str) -> str:
    """What a link leads to, however it is written: http or https, abstract or PDF, version, upper or lower case."""
    name = re.sub(r"^https?://(www\.|dx\.)?", "", link.lower()).partition("#")[0].rstrip("/")
    name = re.sub(r"^doi\.org/10\.48550/arxiv\.", "arxiv.org/abs/", name)
    return re.sub(r"^arxiv\.org/(?:abs|pdf|html)/(.*?)(v\d+)?(\.pdf)?$", r"arxiv.org/abs/\1", name)


def entries(text: str) -> Iterator[tuple[int, str, set[str]]]:
    """Each entry of the bibliography: its line, its words and the works that it links to."""
    lines = text.splitlines()
    for item in Page(text).soup.find_all("li"):
        found = [link["href"] for link in item.find_all("a", href=re.compile("^https?:"))]
        words = " ".join(item.get_text().split())
        mark = found[0] if found else words[:20]
        line = next((number for number, line in enumerate(lines, 1) if mark in line), 0)
        yield line, words, {work(link) for link in found}


def problems(texts: dict[str, str], bibliography: str) -> Iterator[str]:
    """What stands on one side only."""
    listed = list(entries(bibliography))
    known = set().union(*(works for _, _, works in listed))
    cited = [(name, line, link) for name, text in texts.items() for line, link in links(text)]
    for name, line, link in cited:
        if work(link).startswith(HOSTS) and work(link) not in known:
            yield f"{name}, line {line}: {link} is not in {NAME}; add the work there, one list item with its links"
    used = {work(link) for _, _, link in cited}
    for line, words, works in listed:
        if not works:
            yield f"{NAME}, line {line}: {words[:60]!r} has no link; give its DOI, its arXiv id or its address"
        elif not works & used:
            where = " or ".join(sorted(works))
            yield f"{NAME}, line {line}: no page cites {where}; cite it where it supports a claim, or take it out"


def test_the_bibliography_holds_what_is_cited_and_nothing_else():
    assert (ROOT / NAME).is_file(), f"write {NAME}: one list item for each work that is cited, with its links"
    found = list(problems(sources(ROOT), (ROOT / NAME).read_text(encoding="utf-8")))
    assert not found, "\n" + "\n".join(found)


# From here on: the check is shown what it must refuse.
PAGES = {
    "docs/lessons/a.md": "One\n\nsays [A 2000](https://doi.org/10.1000/S0893(05)80131-5).\n",
    "src/lstm_guide/b.py": '"""Source:\n    B (2001), https://arxiv.org/abs/1234.5678v2.\n"""\n',
    "docs/how-to/c.md": "[C](https://keras.io/api/) <https://DOI.org/10.1000/Two>\n",
}
LISTED = """\
# Bibliography

- A (2000). <https://doi.org/10.1000/s0893(05)80131-5>
- B (2001). [arXiv](https://arxiv.org/pdf/1234.5678), [journal](https://doi.org/10.1000/3)
- Keras. <https://keras.io/api/>
- Two. <https://doi.org/10.1000/two>
"""
BAD = {
    "not listed": ("- A (2000). <https://doi.org/10.1000/s0893(05)80131-5>\n", "", "docs/lessons/a.md, line 3: https"),
    "not listed, from the package": (
        "1234.5678",
        "1234.9999",
        "src/lstm_guide/b.py, line 2: https://arxiv.org/abs/1234",
    ),
    "not cited": (
        "- Two.",
        "- D. <https://doi.org/10.1000/4>\n- Two.",
        f"{NAME}, line 6: no page cites doi.org/10.1000/4",
    ),
    "not cited, another host": ("keras.io/api", "keras.io/old", f"{NAME}, line 5: no page cites keras.io/old"),
    "no link": ("- Two.", "- A book.\n- Two.", f"{NAME}, line 6: 'A book.' has no link"),
}


def test_citations_and_entries_that_agree_pass():
    assert list(problems(PAGES, LISTED)) == []


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_what_stands_on_one_side_only_is_named(old, new, message):
    assert old in LISTED
    assert any(message in problem for problem in problems(PAGES, LISTED.replace(old, new)))
