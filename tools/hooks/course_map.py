"""The map of the course: a page gets it where it says <!-- course-map -->.

Lessons without a page are named as planned. assets/js/progress.js shows what the reader has done.
"""

import os.path
from pathlib import PurePosixPath

from curriculum import THEMES, Lesson, load_lessons

MARK = "<!-- course-map -->"


def on_page_markdown(markdown, page, config, files):
    """Replace the mark by the map, in Markdown so that MkDocs checks its links."""
    if MARK not in markdown:
        return markdown
    folder = PurePosixPath(page.file.src_uri).parent
    return markdown.replace(MARK, course_map(load_lessons(config.docs_dir), folder))


def course_map(lessons: list[Lesson], folder: PurePosixPath) -> str:
    """One section a theme, one list entry a lesson."""
    sections = [theme_section(name, theme, lessons, folder) for theme, name in THEMES.items()]
    written = sum(lesson.has_page for lesson in lessons)
    head = f'<div class="map" data-map data-written="{written}" markdown="1">'
    return "\n\n".join([head, *sections, "</div>"])


def theme_section(name: str, theme: str, lessons: list[Lesson], folder: PurePosixPath) -> str:
    chosen = [lesson for lesson in lessons if lesson.theme == theme]
    items = "\n".join(entry(lesson, folder) for lesson in chosen)
    start = chosen[0].number
    return (
        f'<section class="map__theme" markdown="1">\n\n### {name}\n\n'
        f'<ol class="map__lessons" start="{start}" markdown="1">\n{items}\n</ol>\n\n</section>'
    )


def entry(lesson: Lesson, folder: PurePosixPath) -> str:
    """Number, title, outcome; a link if there is a page, the word "planned" if not."""
    outcome = f'<span class="map__outcome">{lesson.outcome[0].upper()}{lesson.outcome[1:]}.</span>'
    number = f'<span class="map__number" aria-hidden="true">{lesson.number}</span>'
    if lesson.has_page:
        path = os.path.relpath(lesson.page, folder)
        text = f"[{lesson.title}]({path}){{ .map__title }}"
        return f'<li data-lesson="{lesson.slug}" markdown="span">{number}{text}{outcome}</li>'
    label = '<span class="map__planned">planned</span>'
    text = f'<span class="map__title">{lesson.title}</span>{label}'
    return f'<li class="map__lesson--planned" markdown="span">{number}{text}{outcome}</li>'
