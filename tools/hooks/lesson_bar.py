"""Under a lesson's title: what it gives, how long it takes, and its notebook and script."""

import re

from curriculum import Lesson, lesson_for
from mkdocs.exceptions import PluginError

REQUIRED = ("description", "lesson", "minutes_read", "minutes_run")
TITLE = re.compile(r"\A\s*# [^\n]+\n")


def on_page_markdown(markdown, page, config, files):
    """Insert the lead and the bar after the first heading."""
    lesson = lesson_for(page.file.src_uri, config.docs_dir)
    if lesson is None or page.file.src_uri != lesson.page:
        return markdown
    check(page, lesson, markdown)
    page.meta.setdefault("title", lesson.title)
    title = TITLE.match(markdown)[0]
    return f"{title}\n{lead(page, lesson)}\n\n{bar(page, lesson)}\n\n{markdown[len(title) :]}"


def check(page, lesson: Lesson, markdown: str) -> None:
    """Stop the build where the front matter is not that of this lesson."""
    uri = page.file.src_uri
    missing = [key for key in REQUIRED if key not in page.meta]
    if missing:
        raise PluginError(f"{uri}: add {', '.join(missing)} to the front matter")
    if page.meta["lesson"] != lesson.number:
        raise PluginError(f"{uri}: front matter says lesson {page.meta['lesson']}, curriculum {lesson.number}")
    if not TITLE.match(markdown):
        raise PluginError(f"{uri}: the page must begin with '# {lesson.title}'")


def lead(page, lesson: Lesson) -> str:
    """One line: what the reader can do afterwards."""
    outcome = page.meta.get("outcome", lesson.outcome)
    return f'<p class="lesson-lead" markdown="span">After this lesson you can {outcome.rstrip(".")}.</p>'


def bar(page, lesson: Lesson) -> str:
    """Minutes and links. assets/js/copy-all.js adds its button, which is of no use without JavaScript."""
    minutes = f"{page.meta['minutes_read']} minutes to read, {page.meta['minutes_run']} to run"
    links = ""
    if lesson.has_experiment:
        script = lesson.script.rpartition("/")[2]
        links = (
            f"[Notebook](../{lesson.notebook}){{ .bar__button }} "
            f'[Script](../{lesson.script}){{ .bar__button download="{script}" }}'
        )
    return (
        f'<div class="bar" data-lesson="{lesson.slug}" markdown="span">'
        f'<span class="bar__facts">Lesson {lesson.number}: {minutes}</span>'
        f'<span class="bar__buttons">{links}</span></div>'
    )
