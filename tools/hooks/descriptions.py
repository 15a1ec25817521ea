"""Every page needs a description of its own, for search engines and link previews."""

import logging

log = logging.getLogger("mkdocs.hooks.descriptions")


def on_page_markdown(markdown, page, config, files):
    """Warn, which a strict build turns into an error."""
    if not page.meta.get("description"):
        log.warning("%s: add 'description:' to the front matter", page.file.src_uri)
    return markdown
