"""Keep mkdocs-macros out of code: braces in a fence (f-strings, dictionaries, LaTeX) stay as written.

Quiz fences are prose, so `{{ value(...) }}` works in them.
"""

import re

from mkdocs.plugins import event_priority

FENCE = re.compile(
    r"^(?P<open>[ >]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n)(?P<code>.*?)(?P<close>^[ >]*(?P=fence)[ \t]*$)",
    re.M | re.S,
)


@event_priority(100)
def on_page_markdown(markdown, page, config, files):
    """Wrap the inside of each fence in Jinja's raw block, adding no line."""
    if page.meta.get("render_macros") is False:
        return markdown
    return FENCE.sub(protect, markdown)


def protect(match: re.Match) -> str:
    if match["info"].strip() == "quiz" or "{{" not in match["code"]:
        return match[0]
    return f"{match['open']}[[% raw %]]{match['code']}[[% endraw %]]{match['close']}"
