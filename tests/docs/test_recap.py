"""The closing page: each point of the curriculum's recap, with its lesson and a block that runs."""

import re
from collections.abc import Iterator

import pytest
from pages import DOCS, Page, curriculum, lesson_page, load_page
from test_curriculum import check_reader_questions

RECAP = DOCS / "recap.md"
POINTS = list(enumerate(curriculum()["recap"], 1))


def check_point(page: Page, number: int, point: str) -> Iterator[str]:
    """The point is there word for word, and links to its lesson and to a block on the lesson's page."""
    section = page.section(f"recap-{number}")
    if not section:
        yield f"add a heading {{ #recap-{number} }} for: {point}"
        return
    heading = page.heading(f"recap-{number}").get_text().rstrip("\n ¶#")
    if heading.casefold() != f"{number}. {point}".casefold():
        yield f"the heading #recap-{number} must be `{number}. {point}`, as in the curriculum"
    links = [link for tag in section for link in tag.find_all("a")]
    path = lesson_page(curriculum()["lessons"][number - 1])
    here = [link for link in links if link["href"].startswith(f"lessons/{path.name}#")]
    to_run = [link for link in here if link.get_text().startswith("run it: ")]
    if not to_run or len(here) == len(to_run):
        yield f"point {number} must link to its lesson, and to a block there with the words `run it: ...`"
    lesson = load_page(path)
    for link in here:
        anchor = link["href"].partition("#")[2]
        if anchor not in lesson.anchors:
            yield f"point {number}: {path.name} has no anchor #{anchor}"
        elif link in to_run and not any(runs(tag) for tag in lesson.section(anchor)):
            yield f"point {number}: no block that runs stands under {path.name}#{anchor}"


def runs(tag) -> bool:
    blocks = [tag] if tag.name == "pre" else tag.find_all("pre")
    return any(block.get("data-language") == "python" for block in blocks)


@pytest.mark.parametrize(("number", "point"), POINTS)
def test_each_point_is_there_with_its_lesson_and_a_block(number, point):
    problems = list(check_point(load_page(RECAP), number, point))
    assert not problems, "\n" + "\n".join(problems)


def test_the_recap_answers_the_readers_questions_that_it_names():
    assert not list(check_reader_questions(load_page(RECAP)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("### 5. The parts", "### 5. All parts", "must be `5. the parts"),
        ("#recap-5 }", "#recap-five }", "add a heading"),
        ("run it: recall", "look: recall", "must link to its lesson"),
        ("#recall)", "#nothing)", "no anchor #nothing"),
        ("05-vanilla-lstm.md#recall", "05-vanilla-lstm.md#sources", "no block that runs"),
    ],
)
def test_a_point_without_what_it_needs_is_found(old, new, message):
    text = RECAP.read_text(encoding="utf-8")
    assert old in text
    page = Page(text.replace(old, new), RECAP)
    problems = list(check_point(page, 5, curriculum()["recap"][4]))
    assert any(re.search(re.escape(message), problem) for problem in problems), problems
