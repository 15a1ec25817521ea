"""Under the title of a lesson or how-to guide: what it gives, how long it takes, and its notebook and script."""

import re

from curriculum import Guide, Lesson, guide_for
from mkdocs.exceptions import PluginError

TITLE = re.compile(r"\A\s*# [^\n]+\n")


def on_page_markdown(markdown, page, config, files):
    """Insert the lead and the bar after the first heading."""
    guide = guide_for(page.file.src_uri, config.docs_dir)
    if guide is None or page.file.src_uri != guide.page:
        return markdown
    check(page, guide, markdown)
    title = TITLE.match(markdown)[0]
    parts = [title, bar(page, guide), markdown[len(title) :]]
    if isinstance(guide, Lesson):
        page.meta.setdefault("title", guide.title)
        parts.insert(1, lead(page, guide))
    return "\n\n".join(parts)


def check(page, guide: Guide, markdown: str) -> None:
    """Stop the build where the front matter is not that of this page."""
    uri = page.file.src_uri
    is_lesson = isinstance(guide, Lesson)
    required = ("description", *(["lesson"] if is_lesson else []), "minutes_read", "minutes_run")
    missing = [key for key in required if key not in page.meta]
    if missing:
        raise PluginError(f"{uri}: add {', '.join(missing)} to the front matter")
    if is_lesson and page.meta["lesson"] != guide.number:
        raise PluginError(f"{uri}: front matter says lesson {page.meta['lesson']}, curriculum {guide.number}")
    if not TITLE.match(markdown):
        raise PluginError(f"{uri}: the page must begin with '# {guide.title}'")


def lead(page, lesson: Lesson) -> str:
    """One line: what the reader can do afterwards."""
    outcome = page.meta.get("outcome", lesson.outcome)
    return f'<p class="lesson-lead" markdown="span">After this lesson you can {outcome.rstrip(".")}.</p>'


def bar(page, guide: Guide) -> str:
    """Minutes and links. assets/js/copy-all.js adds its button, which is of no use without JavaScript."""
    facts = f"{page.meta['minutes_read']} minutes to read, {page.meta['minutes_run']} to run"
    mark = ""
    if isinstance(guide, Lesson):
        facts = f"{guide.label}: {facts}"
        mark = f' data-lesson="{guide.slug}"'
    links = ""
    if guide.has_experiment:
        script = guide.script.rpartition("/")[2]
        links = (
            f"[Notebook](../{guide.notebook}){{ .bar__button }} "
            f'[Script](../{guide.script}){{ .bar__button download="{script}" }}'
        )
    return (
        f'<div class="bar" data-copy{mark} markdown="span">'
        f'<span class="bar__facts">{facts}</span>'
        f'<span class="bar__buttons">{links}</span></div>'
    )
