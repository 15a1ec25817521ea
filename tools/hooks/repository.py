"""Edit links: none without a repository, and for a notebook the link goes to its source script."""

from curriculum import guide_for


def on_config(config):
    """Without REPO_URL there is nothing to edit, so no edit link."""
    if not config.repo_url:
        config.repo_url = None
        config.repo_name = None
        config.edit_uri = None
    return config


def on_page_context(context, page, config, nav):
    """A frozen notebook is generated: send the reader to the file that is edited."""
    guide = guide_for(page.file.src_uri, config.docs_dir)
    if guide and page.edit_url and page.file.src_uri == guide.notebook:
        root = page.edit_url.removesuffix(f"docs/{guide.notebook}")
        page.edit_url = f"{root}{guide.script}"
    return context
