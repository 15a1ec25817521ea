"""Each lesson and each how-to guide keeps the page standard (docs/about/contributing has it in words).

The check for typed numbers is a heuristic: it sees decimal numbers and percentages in paragraphs, lists,
captions and tables written by hand. It sees no whole numbers, no numbers in words, and nothing in code,
maths or quizzes. A number is let pass if its paragraph links to a source or holds `<!-- given -->`, which
says that it was chosen and not measured; one such mark covers the whole paragraph.
"""

import io
import re
from collections.abc import Iterator

import pytest
import yaml
from bs4 import Comment, Tag
from census import RUN, contains
from pages import ROOT, Page, code_lines, how_to_pages, lesson_page, load_page, published_lessons
from pytest_codeblocks.main import extract_from_buffer

MAX_ANSWER_WORDS = 60
LITERATURE = r"doi\.org/|arxiv\.org/"
SECTIONS = ["experiment", "when-it-goes-wrong", "your-turn", "check-yourself", "sources"]
PROSE = ["p", "li", "td", "th", "dd", "dt", "figcaption", "summary", "h1", "h2", "h3", "h4"]
SNIPPET = re.compile(r"^\s*-{1,}8<-{1,}.*$", re.M)
MACRO = re.compile(r"\{\{.*?\}\}")
NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*\.\d+(?!\d|\.\d)|\d+ ?(?:%|percent\b)")
NOT_MEASURED = re.compile(
    r"(Keras|TensorFlow|Python|NumPy|JAX|version|lesson|CC BY) \d+\.\d+"
    r"|\d+(%| percent) (confidence |prediction )?intervals?"
)


def check_front_matter(page: Page, lesson: dict) -> Iterator[str]:
    description = str(page.meta.get("description", ""))
    if not 50 <= len(description) <= 160:
        yield f"front matter: description has {len(description)} characters, 50 to 160 are shown by search engines"
    for key in ("minutes_read", "minutes_run"):
        value = page.meta.get(key)
        if not isinstance(value, int | float) or value <= 0:
            yield f"front matter: {key} must be a number above 0, not {value!r}"


def check_pictures(page: Page, lesson: dict) -> Iterator[str]:
    images = page.soup.find_all("img")
    if not any("assets/diagrams/" in image["src"] for image in images):
        yield "the page needs a diagram of the architecture from assets/diagrams"
    results = any("results/" in image["src"] for image in images) or re.search(r'8<-+ "results/', page.text)
    if not results:
        yield "the page needs a figure or a table of measured results from docs/results"


def check_alt_texts(page: Page, lesson: dict) -> Iterator[str]:
    for image in page.soup.find_all("img"):
        if len(image.get("alt", "").strip()) < 20:
            yield f"{image['src']}: say in the alt text what the picture shows, in 20 characters or more"


def check_sections(page: Page, lesson: dict) -> Iterator[str]:
    for anchor in SECTIONS:
        heading = page.heading(anchor)
        if heading is None or heading.name != "h2":
            yield f"the page needs a section `## ... {{ #{anchor} }}`"
    if page.heading("experiment") and not links(page, "experiment", r"experiments/.*\.ipynb"):
        yield "the section #experiment must link to the whole notebook, ../experiments/<slug>.ipynb"
    if page.heading("sources") and not links(page, "sources", LITERATURE):
        yield "the section #sources must link to literature by doi.org or arxiv.org"


def links(page: Page, anchor: str, pattern: str) -> list[Tag]:
    found = [link for tag in page.section(anchor) for link in tag.find_all("a", href=True)]
    return [link for link in found if re.search(pattern, link["href"])]


def check_mistakes(page: Page, lesson: dict) -> Iterator[str]:
    """When it goes wrong: mistakes are made in blocks that run."""
    if page.heading("when-it-goes-wrong") and not executed(page, page.section("when-it-goes-wrong")):
        yield "the section #when-it-goes-wrong must make at least one mistake in a block that runs"


def check_exercises(page: Page, lesson: dict) -> Iterator[str]:
    section = page.section("your-turn")
    solutions = [tag for part in section for tag in [part, *part.find_all("details")] if is_solution(tag)]
    if len(solutions) < 2:
        yield f"the section #your-turn has {len(solutions)} solutions in `??? success` blocks: two at least"
    for solution in solutions:
        if not executed(page, [solution]):
            yield f"the solution {solution.summary.get_text()!r} must hold a python block that runs"


def is_solution(tag: Tag) -> bool:
    return tag.name == "details" and "success" in tag.get("class", [])


def executed(page: Page, tags: list[Tag]) -> list[Tag]:
    """The blocks below these tags that pytest-codeblocks runs."""
    with_marks = extract_from_buffer(io.StringIO(page.text))
    run = [block.code for block in with_marks if block.syntax in RUN and not block.marks]
    shown = [pre for tag in tags for pre in tag.find_all("pre") + ([tag] if tag.name == "pre" else [])]
    shown = [pre for pre in shown if pre.get("data-language") == "python"]
    return [pre for pre in shown if any(contains(code, code_lines(pre.get_text())) for code in run)]


def check_quiz(page: Page, lesson: dict) -> Iterator[str]:
    """The quiz stands in its section and asks about every question of the lesson."""
    fences = [pre for tag in page.section("check-yourself") for pre in [tag, *tag.find_all("pre")]]
    quizzes = [pre.get_text() for pre in fences if pre.get("data-language") == "quiz"]
    asked = {item.get("question") for quiz in quizzes for item in yaml.safe_load(quiz)}
    for question in lesson["questions"]:
        if question not in asked:
            yield f"the quiz in #check-yourself asks nothing about {question}"


def check_prose(page: Page, lesson: dict) -> Iterator[str]:
    for tag, text in prose(page):
        if "!" in text:
            yield f"drop the exclamation mark: {shorten(text)!r}"
        for code in tag.find_all("code"):
            if re.search(r"\btf\.|tensorflow\.keras", code.get_text()) and not says(tag, r"allow-tensorflow: .{10,}"):
                yield (
                    f"{code.get_text()!r}: write Keras 3 (keras, not tf.keras); where the paragraph explains "
                    "TensorFlow itself, put <!-- allow-tensorflow: why --> in it"
                )


def check_typed_numbers(page: Page, lesson: dict) -> Iterator[str]:
    """Measured numbers come from docs/results, so that they change when the measurement does."""
    typed = Page(MACRO.sub("", SNIPPET.sub("", page.text)))
    for tag, text in prose(typed):
        number = NUMBER.search(NOT_MEASURED.sub("", text))
        if number and not cites(tag) and not says(tag, "given$"):
            yield (
                f"{number[0]!r} is typed by hand in {shorten(text)!r}. A measured number comes from "
                '{{ value("name", ".1%") }}; one from the literature needs a link to its source in the same '
                "paragraph; one that you chose needs <!-- given --> there"
            )


def prose(page: Page) -> Iterator[tuple[Tag, str]]:
    """Each paragraph, item or cell with its own words: no code, no maths, no words of links."""
    words: dict[int, tuple[Tag, list[str]]] = {}
    for string in page.soup.find_all(string=True):
        block = string.find_parent(PROSE)
        if block and type(string).__name__ == "NavigableString" and not string.find_parent(is_not_prose):
            words.setdefault(id(block), (block, []))[1].append(string)
    for block, strings in words.values():
        yield block, " ".join("".join(strings).split())


def is_not_prose(tag: Tag) -> bool:
    return tag.name in ("a", "pre", "code", "script", "style", "svg") or "arithmatex" in tag.get("class", [])


def cites(tag: Tag) -> bool:
    return tag.find("a", href=re.compile("^(https?:|#fn)")) is not None


def says(tag: Tag, pattern: str) -> bool:
    """True if the paragraph holds an HTML comment of this wording."""
    comments = tag.find_all(string=lambda string: isinstance(string, Comment))
    return any(re.match(pattern, comment.strip()) for comment in comments)


def shorten(text: str) -> str:
    return text if len(text) < 70 else text[:67] + "..."


def check_first_paragraph(page: Page, guide: dict) -> Iterator[str]:
    """A how-to guide answers its question at once."""
    title = page.soup.find("h1")
    first = title and title.find_next_sibling()
    if first is None or first.name != "p" or first.find("img"):
        yield "under the `#` title the first thing must be a paragraph that gives the answer"
    elif len(first.get_text().split()) > MAX_ANSWER_WORDS:
        yield f"the first paragraph has {len(first.get_text().split())} words: {MAX_ANSWER_WORDS} at most"


def check_link_to_experiment(page: Page, guide: dict) -> Iterator[str]:
    if not guide["has_experiment"]:
        return
    notebook = f"../experiments/{guide['slug']}.ipynb"
    if not page.soup.find("a", href=re.compile(re.escape(notebook))):
        yield f"the page must link to its experiment, {notebook}"


def check_sources(page: Page, guide: dict) -> Iterator[str]:
    """A guide that cites lists what it cites."""
    cited = page.soup.find("a", href=re.compile(LITERATURE))
    if cited and not links(page, "sources", LITERATURE):
        yield f"the page cites {cited['href']}: list it in a section `## ... {{ #sources }}`"


CHECKS = [
    check_front_matter,
    check_pictures,
    check_alt_texts,
    check_sections,
    check_mistakes,
    check_exercises,
    check_quiz,
    check_prose,
    check_typed_numbers,
]


HOW_TO_CHECKS = [
    check_front_matter,
    check_first_paragraph,
    check_link_to_experiment,
    check_sources,
    check_alt_texts,
    check_prose,
    check_typed_numbers,
]


def problems_of(page: Page, what: dict, checks: list = CHECKS) -> list[str]:
    return [problem for check in checks for problem in check(page, what)]


@pytest.mark.parametrize("lesson", published_lessons(), ids=lambda lesson: lesson["slug"])
def test_the_page_keeps_the_standard(lesson):
    problems = problems_of(load_page(lesson_page(lesson)), lesson)
    assert not problems, f"\ndocs/lessons/{lesson['slug']}.md\n" + "\n".join(problems)


@pytest.mark.parametrize("path", how_to_pages(), ids=lambda path: path.stem)
def test_the_how_to_guide_keeps_the_standard(path):
    experiment = ROOT / "experiments" / f"{path.stem.replace('-', '_')}.py"
    guide = {"slug": path.stem, "has_experiment": experiment.is_file()}
    problems = problems_of(load_page(path), guide, HOW_TO_CHECKS)
    assert not problems, f"\ndocs/how-to/{path.name}\n" + "\n".join(problems)


# From here on: each check is shown a page that it must refuse.
LESSON = {"questions": {"l05-q1": "what a test is"}}
GOOD = """\
---
description: A page that keeps the standard, so that each check can be shown what it must refuse.
minutes_read: 5
minutes_run: 0.5
---
# How to test

![A diagram of a test and what it looks at](../assets/diagrams/test.svg)

Keras 3.15 reached {{ value("accuracy", ".1%") }} with 95 percent intervals, as `x = 0.5` says; $0.5 \\neq 1!$.

A rate of 0.01 <!-- given -->

A score of 69.03 was [published](https://doi.org/10.1000/1).

## An experiment { #experiment }

![A figure of what the test measured](../results/test/figure.svg)

[The notebook](../experiments/test.ipynb)

## When it goes wrong { #when-it-goes-wrong }

```python
x = 1
```

## Your turn { #your-turn }

??? success "Solution one"

    ```python
    y = 1

    y = 2
    ```

??? success "Solution two"

    ```python
    z = 1
    ```

## Check yourself { #check-yourself }

```quiz
- question: l05-q1
  ask: What is 0.5 of 1!
```

## Sources { #sources }

- [A paper](https://arxiv.org/abs/1234.5678)
"""
BAD = {
    "no description": ("description: A", "summary: A", "description has 0 characters"),
    "long description": ("description: A", "description: A" + " long" * 40, "50 to 160"),
    "no minutes to read": ("minutes_read: 5", "minutes_read: some", "minutes_read must be a number"),
    "no minutes to run": ("minutes_run: 0.5", "", "minutes_run must be a number"),
    "no diagram": ("assets/diagrams", "assets/pictures", "needs a diagram"),
    "no result": ("results/", "drawings/", "figure or a table of measured results"),
    "no alt text": ("![A figure of what the test measured]", "![figure]", "say in the alt text"),
    "no experiment": ("{ #experiment }", "{ #other }", "{ #experiment }"),
    "no mistakes": ("{ #when-it-goes-wrong }", "{ #other }", "{ #when-it-goes-wrong }"),
    "no exercises": ("{ #your-turn }", "{ #other }", "{ #your-turn }"),
    "no check": ("{ #check-yourself }", "{ #other }", "{ #check-yourself }"),
    "no sources": ("{ #sources }", "{ #other }", "{ #sources }"),
    "section of lower rank": ("## Sources", "### Sources", "{ #sources }"),
    "no notebook": ("../experiments/test.ipynb", "test.md", "link to the whole notebook"),
    "no literature": ("arxiv.org", "example.org", "doi.org or arxiv.org"),
    "no mistake that runs": ("```python\nx", "```text\nx", "make at least one mistake"),
    "one solution": ('??? success "Solution two"', '??? note "Solution two"', "has 1 solutions"),
    "solution not run": ("    ```python\n    z", "    ```text\n    z", "'Solution two' must hold"),
    "solution skipped": (
        "    ```python\n    z",
        '    <!--pytest.mark.skip(reason="none at all")-->\n    ```python\n    z',
        "'Solution two' must hold",
    ),
    "question not in the quiz": ("question: l05-q1", "question: l05-q2", "asks nothing about l05-q1"),
    "exclamation mark": ("was [pub", "was great! [pub", "exclamation mark"),
    "exclamation mark in a heading": ("## Your turn", "## Your turn!", "exclamation mark"),
    "old Keras": ("`x = 0.5`", "`tf.keras.Model`", "write Keras 3"),
    "typed decimal": ("A rate of 0.01 <!-- given -->", "A score of 0.01", "'0.01' is typed by hand"),
    "typed percentage": ("A rate of 0.01 <!-- given -->", "It was 98% right", "'98%' is typed by hand"),
    "typed percent": ("A rate of 0.01 <!-- given -->", "It was 98 percent right", "'98 percent' is typed by hand"),
    "typed in a list": ("A rate of 0.01 <!-- given -->", "- a\n    - b 0.7", "'0.7' is typed by hand"),
    "typed in a table": (
        "A rate of 0.01 <!-- given -->",
        "| a |\n|---|\n| 0.7 |",
        "'0.7' is typed by hand",
    ),
    "no source": ("[published](https://doi.org/10.1000/1)", "published", "'69.03' is typed by hand"),
}


def test_a_page_that_keeps_the_standard_passes():
    assert problems_of(Page(GOOD), LESSON) == []


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_a_page_that_does_not_keep_it_fails(old, new, message):
    assert old in GOOD
    problems = problems_of(Page(GOOD.replace(old, new)), LESSON)
    assert any(message in problem for problem in problems), problems


GUIDE = {"slug": "some-series", "has_experiment": True}
GOOD_GUIDE = """\
---
description: A guide that keeps the standard, so that each check can be shown what it must refuse.
minutes_read: 5
minutes_run: 0.5
---
# How to test a series

It can, as {{ value("accuracy", ".1%") }} shows in [the experiment](../experiments/some-series.ipynb).

![A figure of what the test measured](../results/test/figure.svg)

A score of 69.03 was [published](https://doi.org/10.1000/1).

## Sources { #sources }

- [A paper](https://doi.org/10.1000/1)
"""
BAD_GUIDE = {
    "no description": ("description: A", "summary: A", "description has 0 characters"),
    "no minutes to read": ("minutes_read: 5", "", "minutes_read must be a number"),
    "no minutes to run": ("minutes_run: 0.5", "minutes_run: 0", "minutes_run must be a number"),
    "no answer": ("It can, as", "- It can, as", "must be a paragraph"),
    "a picture first": ("It can, as", "![A figure of the very series](x.svg)\n\nIt can, as", "must be a paragraph"),
    "no title": ("# How", "## How", "must be a paragraph"),
    "long answer": ("It can, as", "word " * 60 + "as", "words: 60 at most"),
    "no experiment": ("../experiments/some-series.ipynb", "other.md", "link to its experiment, ../experiments/some"),
    "no sources": ("{ #sources }", "{ #other }", "the page cites https://doi.org/10.1000/1"),
    "empty sources": ("- [A paper](https://doi.org/10.1000/1)", "None.", "the page cites"),
    "no alt text": ("![A figure of what the test measured]", "![figure]", "say in the alt text"),
    "typed number": ("[published](https://doi.org/10.1000/1)", "published", "'69.03' is typed by hand"),
    "exclamation mark": ("was [pub", "was great! [pub", "exclamation mark"),
}


def test_a_guide_that_keeps_the_standard_passes():
    assert problems_of(Page(GOOD_GUIDE), GUIDE, HOW_TO_CHECKS) == []
    alone = GOOD_GUIDE.replace("../experiments/some-series.ipynb", "other.md")
    assert problems_of(Page(alone), GUIDE | {"has_experiment": False}, HOW_TO_CHECKS) == []


@pytest.mark.parametrize(("old", "new", "message"), BAD_GUIDE.values(), ids=BAD_GUIDE)
def test_a_guide_that_does_not_keep_it_fails(old, new, message):
    assert old in GOOD_GUIDE
    problems = problems_of(Page(GOOD_GUIDE.replace(old, new)), GUIDE, HOW_TO_CHECKS)
    assert any(message in problem for problem in problems), problems
