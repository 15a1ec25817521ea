"""Edit links: none without a repository, and for a notebook the link goes to its source script."""

from curriculum import lesson_for


def on_config(config):
    """Without REPO_URL there is nothing to edit, so no edit link."""
    if not config.repo_url:
        config.repo_url = None
        config.repo_name = None
        config.edit_uri = None
    return config


def on_page_context(context, page, config, nav):
    """A frozen notebook is generated: send the reader to the file that is edited."""
    lesson = lesson_for(page.file.src_uri, config.docs_dir)
    if lesson and page.edit_url and page.file.src_uri == lesson.notebook:
        root = page.edit_url.removesuffix(f"docs/{lesson.notebook}")
        page.edit_url = f"{root}{lesson.script}"
    return context
