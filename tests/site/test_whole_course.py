"""The course on one page, and the code as one archive: whole, in order, and of use away from the site."""

import io
import re
import subprocess
import sys
import zipfile

import pytest
from site_browser import executable
from site_build import ROOT, how_tos, lessons

sys.path.insert(0, str(ROOT / "tools"))

from pdf import print_course
from test_links import broken

COURSE = "course/"
CODE = re.compile(r'<div class="language-python highlight">.*?</div>', re.S)


@pytest.fixture(scope="module")
def course(site):
    return site.file(COURSE).read_text(encoding="utf-8")


def headings(markup: str, rank: int) -> list[str]:
    return [re.sub(r"<[^>]*>|#|\s", "", text) for text in re.findall(rf"<h{rank}\b.*?</h{rank}>", markup, re.S)]


def test_each_lesson_and_guide_is_there_whole_and_in_order(course, site):
    parts = [site.file(name).read_text(encoding="utf-8") for name in [*lessons(), *how_tos()]]
    assert [title for part in parts for title in headings(part, 1)] == headings(course, 1)[1 : len(parts) + 1]
    assert ">1. What LSTMs are</a>" in course  # in the contents, numbered once
    wanted = [section for part in parts for section in headings(part, 2)]
    assert headings(course, 2)[: len(wanted)] == wanted
    blocks = [block for part in parts for block in CODE.findall(part)]
    assert CODE.findall(course)[: len(blocks)] == blocks
    drawings = [part.count('<span class="figure">') for part in parts]
    assert course.count('<span class="figure">') >= sum(drawings) > 0


def test_its_links_and_names_lead_somewhere(course, site):
    assert not broken(site.file(COURSE), site.folder)
    names = re.findall(r'<[a-zA-Z][^<>]*\sid="([^"]+)"', course)
    assert len(names) == len(set(names))
    # A link from one lesson to another stays on the page
    assert 'href="../lessons/05-vanilla-lstm/"' not in course
    assert "#lesson-5" in course


def test_answers_and_solutions_are_open(course):
    assert "<details>" not in course
    assert "data-quiz>" not in course
    assert course.count("<details open") >= 2 * len(lessons())


def test_search_engines_and_the_search_leave_it_alone(course, site):
    index = (site.folder / "search" / "search_index.json").read_text(encoding="utf-8")
    assert f'"location":"{COURSE}' not in index
    assert '<meta name="robots" content="noindex">' in course


def test_paper_is_light_and_holds_whole_lines(visit):
    page = visit(COURSE, color_scheme="dark", viewport={"width": 720, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--paper').trim()") == "#ffffff"
    assert not page.locator(".md-header").is_visible()
    cut = "[...document.querySelectorAll('pre > code')].filter(box => box.scrollWidth > box.clientWidth + 1).length"
    assert page.evaluate(cut) == 0


@pytest.mark.slow
def test_it_prints(site, visit, tmp_path):
    executable()
    print_course(visit(watch=False).context.browser, site.url + COURSE, tmp_path / "course.pdf")
    printed = (tmp_path / "course.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", printed)) > 10 * len(lessons())


def test_the_archive_holds_the_repositorys_code(site, tmp_path):
    packed = zipfile.ZipFile(io.BytesIO((site.folder / "lstm-guide.zip").read_bytes()))
    packed.extractall(tmp_path)
    folder = tmp_path / "lstm-guide"
    for script in (ROOT / "experiments").glob("*.py"):
        assert (folder / "experiments" / script.name).read_bytes() == script.read_bytes()
    for notebook in (ROOT / "docs" / "experiments").glob("*.ipynb"):
        assert (folder / "notebooks" / notebook.name).read_bytes() == notebook.read_bytes()
    for name in ("README.md", "LICENSE", "LICENSE-docs", "pyproject.toml", "constraints.txt", "docs/curriculum.yml"):
        assert (folder / name).read_bytes() == (ROOT / name).read_bytes()
    # Its package is the one that runs there
    where = "import lstm_guide.problems as p; print(p.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", where],
        env={"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().startswith(str(folder))
    assert not [name for name in packed.namelist() if "__pycache__" in name or "/." in name]


def test_the_course_page_offers_both(site):
    markup = site.file("lessons/").read_text(encoding="utf-8")
    assert 'href="../course/"' in markup
    assert 'href="../lstm-guide.zip"' in markup
