"""The pages that exist answer the curriculum whole: every question, experiment and topic of theirs.

Lessons without a page are listed after the run and fail nothing.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import DOCS, ROOT, Page, curriculum, how_to_pages, lesson_page, load_page, published_lessons

MAX_ANSWER_WORDS = 60
THEMES = {"foundations": range(1, 5), "models": range(5, 12), "advanced": range(12, 15)}


def check_questions(page: Page, lesson: dict) -> Iterator[str]:
    """Each question is answered under one `##` heading, in short in its first paragraph."""
    for question in lesson["questions"]:
        headings = page.soup.find_all(id=question)
        if [heading.name for heading in headings] != ["h2"]:
            found = ", ".join(f"<{heading.name}>" for heading in headings) or "nothing"
            yield f"question {question} needs one heading `## ... {{ #{question} }}`; {found} has this id"
            continue
        answer = headings[0].find_next_sibling()
        if answer is None or answer.name != "p":
            yield f"under {question} the first thing must be a paragraph that answers it"
        elif len(answer.get_text().split()) > MAX_ANSWER_WORDS:
            words = len(answer.get_text().split())
            yield f"the first paragraph under {question} has {words} words: {MAX_ANSWER_WORDS} at most"
    for anchor in sorted(page.anchors - set(lesson["questions"])):
        if re.fullmatch(r"l\d\d-q\d+", anchor):
            yield f"the curriculum asks no question {anchor} in this lesson"


def check_title(page: Page, lesson: dict) -> Iterator[str]:
    heading = page.soup.find("h1")
    if heading is None or heading.find(string=True).strip() != lesson["title"]:
        yield f"the page must begin with `# {lesson['title']}`, its title in the curriculum"


def check_topics(page: Page, lesson: dict) -> Iterator[str]:
    """The front matter says where on the site each topic is treated."""
    topics = page.meta.get("topics") or {}
    for topic in lesson["topics"]:
        if topic not in topics:
            yield f'front matter, topics: add "{topic}" with the anchor of its section'
    for topic in topics:
        if topic not in lesson["topics"]:
            yield f'front matter, topics: the curriculum has no topic "{topic}"'
        else:
            yield from check_target(page, topics[topic], f'topic "{topic}"')


def check_reader_questions(page: Page, lesson: dict | None = None) -> Iterator[str]:
    """The front matter of a lesson or a how-to guide says which reader's question it answers, and where."""
    for question, target in (page.meta.get("reader_questions") or {}).items():
        if question not in curriculum()["reader_questions"]:
            yield f"front matter, reader_questions: the curriculum has no {question!r}"
        yield from check_target(page, target, f"reader question {question}")


def check_target(page: Page, target: str, what: str) -> Iterator[str]:
    """An anchor on this page, or a page from here with an anchor on it: ../how-to/scale.md#undo."""
    name, _, anchor = str(target).rpartition("#")
    there = page
    if name:
        path = (page.path.parent if page.path else DOCS) / name
        if not path.is_file():
            yield f"{what}: there is no page {name}"
            return
        there = load_page(path.resolve())
    if anchor not in there.anchors:
        yield f"{what}: {name or 'this page'} has no anchor #{anchor}"


def check_experiment(lesson: dict, root: Path) -> Iterator[str]:
    """A lesson's experiment or demonstrations come with their source, notebook and results."""
    slug = lesson["slug"]
    files = [
        f"experiments/{slug.replace('-', '_')}.py",
        f"docs/experiments/{slug}.ipynb",
        f"docs/results/{slug}/values.json",
    ]
    missing = [name for name in files if not (root / name).is_file()]
    if missing:
        yield f"missing: {', '.join(missing)}. Write the experiment's source, then run `make freeze`"
    elif not json.loads((root / files[-1]).read_text(encoding="utf-8")):
        yield f"{files[-1]} holds no value: the experiment must save what its page claims"


CHECKS = [check_questions, check_title, check_topics, check_reader_questions]


@pytest.mark.parametrize("lesson", published_lessons(), ids=lambda lesson: lesson["slug"])
def test_the_page_is_whole(lesson):
    page = load_page(lesson_page(lesson))
    problems = [problem for check in CHECKS for problem in check(page, lesson)]
    problems += check_experiment(lesson, ROOT)
    assert not problems, f"\ndocs/lessons/{lesson['slug']}.md\n" + "\n".join(problems)


@pytest.mark.parametrize("path", how_to_pages(), ids=lambda path: path.stem)
def test_a_how_to_guide_answers_the_readers_questions_that_it_names(path):
    problems = list(check_reader_questions(load_page(path)))
    assert not problems, f"\ndocs/how-to/{path.name}\n" + "\n".join(problems)


def test_no_lesson_page_is_outside_the_curriculum():
    known = {lesson_page(lesson) for lesson in curriculum()["lessons"]} | {DOCS / "lessons/index.md"}
    assert not set((DOCS / "lessons").glob("*.md")) - known, "add the lesson to docs/curriculum.yml, or rename the page"


def test_what_is_still_to_come_is_listed(record_property):
    published = published_lessons()
    waiting = [str(lesson["id"]) for lesson in curriculum()["lessons"] if lesson not in published]
    pages = [*map(lesson_page, published), *how_to_pages(), DOCS / "recap.md"]
    open_questions = sorted(set(curriculum()["reader_questions"]) - answered(pages))
    record_property("note", f"lessons without a page: {', '.join(waiting) or 'none'}")
    record_property("note", f"reader's questions that no page answers: {', '.join(open_questions) or 'none'}")


def numbers_in(words: str) -> list[int]:
    """The numbers that "1 to 3, 5 and 8" names, in its order."""
    return [
        number
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", words)
        for number in range(int(first), int(last or first) + 1)
    ]


def readme_problems(text: str, written: list[int], planned: int) -> Iterator[str]:
    """What the readme says about the lessons that there are, and its links to files."""
    said = re.search(r"lessons (\d[\d, toand]*) of (\d+)", text)
    if not said or numbers_in(said[1]) != written or int(said[2]) != planned:
        names = said[0] if said else "nothing like 'lessons 1 to 2 of 14'"
        yield f"README.md says {names!r}; the lessons that have a page are {written} of {planned}"
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        if not (ROOT / link).exists():
            yield f"README.md links to {link}, which is not there"


def test_the_readme_says_what_there_is():
    written = [lesson["id"] for lesson in published_lessons()]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not list(readme_problems(text, written, len(curriculum()["lessons"])))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lessons 1 to 3 of 14",
        "lessons 1 to 2 and 4 of 14",
        "lessons 1 to 2 of 4",
        "lessons 1 to 2 of 14 [x](gone.md)",
    ],
)
def test_a_readme_that_says_something_else_fails(text):
    assert not list(readme_problems("lessons 1 to 2 of 14, [x](README.md#a)", [1, 2], 14))
    assert not list(readme_problems("lessons 1 to 2, 4 and 6 of 14", [1, 2, 4, 6], 14))
    assert list(readme_problems(text, [1, 2], 14))


def answered(pages: list[Path]) -> set[str]:
    """The reader's questions that these pages say they answer."""
    return {question for path in pages for question in load_page(path).meta.get("reader_questions") or {}}


def curriculum_problems(course: dict) -> Iterator[str]:
    """What is wrong with the curriculum file itself."""
    for number, lesson in enumerate(course["lessons"], 1):
        name = f"lesson {lesson['id']}"
        if lesson["id"] != number:
            yield f"{name} stands at place {number}"
        if not re.fullmatch(rf"{number:02d}-[a-z0-9-]+", lesson["slug"]):
            yield f"{name}: the slug must be like {number:02d}-some-words"
        if number not in THEMES.get(lesson["theme"], ()):
            yield f"{name}: {lesson['theme']!r} is not its theme"
        if list(lesson["questions"]) != [f"l{number:02d}-q{i}" for i in range(1, len(lesson["questions"]) + 1)]:
            yield f"{name}: questions must be l{number:02d}-q1, l{number:02d}-q2 and so on"
        for key in ("title", "outcome", "questions", "topics"):
            if not lesson.get(key):
                yield f"{name} has no {key}"
        if not lesson.get("demonstrations") and not (lesson.get("experiment") or {}).get("claims"):
            yield f"{name} has neither demonstrations nor an experiment with claims"
    if list(course["reader_questions"]) != [f"rq-{i}" for i in range(1, len(course["reader_questions"]) + 1)]:
        yield "reader_questions must be rq-1, rq-2 and so on"


def test_the_curriculum_is_sound():
    assert list(curriculum_problems(curriculum())) == []


# From here on: each check is shown a page that it must refuse.
LESSON = {
    "id": 5,
    "slug": "05-vanilla-lstm",
    "title": "How to test",
    "questions": {"l05-q1": "what a test is"},
    "topics": ["one topic"],
    "experiment": {"title": "none", "claims": ["none"]},
}
GOOD = """\
---
topics:
  one topic: "#part"
reader_questions:
  rq-4: "#part"
---
# How to test

## What is a test? { #l05-q1 }

A short answer.

### Part { #part }
"""
BAD = {
    "no heading": (" { #l05-q1 }", "", "needs one heading"),
    "wrong rank": ("## What", "### What", "<h3> has this id"),
    "twice": ("### Part", "## Again { #l05-q1 }\n\nA.\n\n### Part", "<h2>, <h2> has this id"),
    "no paragraph": ("A short answer.", "- a list", "must be a paragraph"),
    "long answer": ("A short answer.", "word " * 61, "61 words"),
    "unknown question": ("### Part { #part }", "### Part { #part }\n\n## More { #l05-q9 }", "no question l05-q9"),
    "another title": ("# How to test", "# How to rest", "must begin with"),
    "topic missing": ("one topic:", "some topic:", 'add "one topic"'),
    "topic unknown": ("one topic:", "some topic:", 'no topic "some topic"'),
    "topic nowhere": ('topic: "#part"', 'topic: "#there"', "has no anchor #there"),
    "topic on no page": ('topic: "#part"', 'topic: "../how-to/nothing.md#part"', "no page ../how-to/nothing.md"),
    "reader's question unknown": ("rq-4", "rq-99", "no 'rq-99'"),
    "reader's question nowhere": ('rq-4: "#part"', 'rq-4: "#there"', "has no anchor #there"),
}


def problems_of(text: str) -> list[str]:
    return [problem for check in CHECKS for problem in check(Page(text), LESSON)]


def test_a_whole_page_passes():
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_a_page_with_a_gap_fails(old, new, message):
    assert old in GOOD
    assert any(message in problem for problem in problems_of(GOOD.replace(old, new)))


def test_questions_answered_by_a_how_to_guide_count(tmp_path):
    guide = tmp_path / "guide.md"
    guide.write_text(GOOD.replace("rq-4", "rq-2"))
    assert answered([guide]) == {"rq-2"}


@pytest.mark.parametrize("key", ["experiment", "demonstrations"])
def test_a_lesson_without_its_experiment_or_demonstrations_fails(key, tmp_path):
    lesson = {name: value for name, value in LESSON.items() if name != "experiment"} | {key: ["none"]}
    assert "make freeze" in next(check_experiment(lesson, tmp_path))
    for name in ("experiments/05_vanilla_lstm.py", "docs/experiments/05-vanilla-lstm.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    values = tmp_path / "docs/results/05-vanilla-lstm/values.json"
    values.parent.mkdir(parents=True)
    values.write_text("{}")
    assert "holds no value" in next(check_experiment(lesson, tmp_path))
    values.write_text('{"a": {"value": 1}}')
    assert list(check_experiment(lesson, tmp_path)) == []


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("id", 6, "stands at place 1"),
        ("slug", "what", "slug must be like"),
        ("theme", "models", "is not its theme"),
        ("questions", {"l01-q2": "x"}, "questions must be"),
        ("topics", [], "has no topics"),
        ("demonstrations", [], "neither demonstrations"),
    ],
)
def test_an_unsound_curriculum_fails(key, value, message):
    first = curriculum()["lessons"][0] | {key: value}
    course = curriculum() | {"lessons": [first, *curriculum()["lessons"][1:]]}
    assert any(message in problem for problem in curriculum_problems(course))
