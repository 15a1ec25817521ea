"""Set printed output apart from code: another look, no copy button."""

import re

MARK = r"<!--\s*(?:pytest-codeblocks:\s*expected-output|output)[^>]*-->"
WRAPPED = re.compile(rf"<p>({MARK})</p>")
OUTPUT = re.compile(rf'({MARK}\s*)<div class="((?:language-[\w-]+ )?highlight)">')


def on_page_content(html, page, config, files):
    """Mark the block after each output comment."""
    html = WRAPPED.sub(r"\1", html)
    return OUTPUT.sub(r'\1<div class="\2 output no-copy">', html)
