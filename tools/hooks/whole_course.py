"""The whole course on one page, to print or to keep: every lesson and guide, then recap, notation, glossary and
bibliography.

The page is put together from the finished pages' content. Ids get the part's name in front, links between parts stay on
the page, and what is closed on the site (solutions, answers of the quiz) is open. `mkdocs serve` leaves it out, so that
an edit shows soon.
"""

import re
from urllib.parse import urljoin, urlsplit

from curriculum import load_how_tos, load_lessons
from mkdocs.structure.files import File, InclusionLevel
from mkdocs.utils import get_relative_url

PAGE = "course.md"
LAST = {"recap": "recap.md"} | {name: f"reference/{name}.md" for name in ["notation", "glossary", "bibliography"]}
SOURCE = """---
title: The whole course on one page
description: Every lesson and guide of the LSTM guide on one page, with notation, glossary and sources, to print.
hide: [navigation, toc, footer]
search: {exclude: true}
robots: noindex
---

This page is put together by `make site`.
"""
TAG = re.compile(r"<[a-zA-Z][^<>]*>")
NAMES = re.compile(r'(\s(?:id|for|name|aria-labelledby|aria-describedby)=")([^"]+)"')
LINKS = re.compile(r'(\s(?:href|src)=")([^"]*)"')
BAR = re.compile(r'<div class="bar".*?</div>', re.S)
STATE = {"serving": False}


def on_startup(command: str, dirty: bool) -> None:
    """Remember whether this process serves."""
    STATE["serving"] = command == "serve"


def on_files(files, config):
    """Add the page, outside the navigation."""
    files.append(File.generated(config, PAGE, content=SOURCE, inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_env(env, config, files):
    """Fill the page once all others have their content, and before any is put into its template."""
    if not STATE["serving"]:
        pages = {key: files.get_file_from_path(uri).page for key, uri in parts(config.docs_dir).items()}
        files.get_file_from_path(PAGE).page.content = whole(pages, files.get_file_from_path(PAGE).url)
    return env


def parts(docs_dir: str) -> dict[str, str]:
    """The name of each part, which is its anchor, and its page."""
    lessons = {f"lesson-{lesson.number}": lesson.page for lesson in load_lessons(docs_dir) if lesson.has_page}
    guides = {guide.slug: guide.page for guide in load_how_tos(docs_dir) if guide.has_page}
    return lessons | guides | LAST


def whole(pages: dict, url: str) -> str:
    """All parts after a table of contents."""
    anchors = {page.file.url: key for key, page in pages.items()}
    sections, contents = [], []
    for key, page in pages.items():
        body = opened(BAR.sub("", page.content))
        body = TAG.sub(lambda tag, key=key, page=page: renamed(tag[0], key, page.file.url, anchors, url), body)
        contents.append(f'<li><a href="#{key}">{page.title}</a></li>')
        sections.append(f'<section class="whole__part" id="{key}">{body}</section>')
    title = '<h1 id="whole-course">The LSTM guide: the whole course</h1>'
    return f'{title}<ul class="whole__contents">{"".join(contents)}</ul>{"".join(sections)}'


def opened(content: str) -> str:
    """Open what can be opened, and keep the quiz as it is without JavaScript."""
    return content.replace("<details", "<details open").replace(" data-quiz>", ">")


def renamed(tag: str, key: str, here: str, anchors: dict[str, str], url: str) -> str:
    """A tag with its names made unique, and its links seen from the whole course."""
    tag = NAMES.sub(lambda found: f'{found[1]}{" ".join(f"{key}-{name}" for name in found[2].split())}"', tag)
    return LINKS.sub(lambda found: f'{found[1]}{moved(found[2], key, here, anchors, url)}"', tag)


def moved(link: str, key: str, here: str, anchors: dict[str, str], url: str) -> str:
    """A link of the page `here`, as it is written on the page `url`."""
    address = urlsplit(link)
    if address.scheme or address.netloc:
        return link
    if not address.path:
        return f"#{key}-{address.fragment}" if address.fragment else f"#{key}"
    target = urljoin(f"/{here}", address.path).removeprefix("/")
    if target in anchors:
        part = anchors[target]
        return f"#{part}-{address.fragment}" if address.fragment else f"#{part}"
    relative = get_relative_url(target, url)
    return f"{relative}#{address.fragment}" if address.fragment else relative
