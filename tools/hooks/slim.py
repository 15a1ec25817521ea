"""Take out of a finished page what no reader sees: half of a long notebook page's weight.

Names, punctuation, operators and blanks in code have the colour of plain text, so their spans say nothing;
the templates' indentation says nothing either, outside of <pre> and scripts. In a notebook, which is all code,
numbers are plain, too.
"""

import re

PLAIN_TOKEN = re.compile(r'<span class="(?:n|p|o|w|pi)">([^<]*)</span>')
NUMBER = re.compile(r'<span class="m[if]">([^<]*)</span>')
EMPTY = "<pre><span></span><code>"
KEPT = re.compile(r"(<(pre|script|style|textarea|svg)\b.*?</\2>)", re.S)
INDENT = re.compile(r"\s*\n\s*")


def on_post_page(output, page, config):
    """Shorten the page; what is shown and copied stays the same."""
    output = PLAIN_TOKEN.sub(r"\1", output).replace(EMPTY, "<pre><code>")
    if page.file.src_uri.startswith("experiments/"):
        output = NUMBER.sub(r"\1", output)
    # Cells stand on the left unless told; a class is shorter than a style
    output = output.replace(' style="text-align: left;"', "").replace(' style="text-align: right;"', ' class="r"')
    pieces = KEPT.split(output)
    # split() gives text, kept element, its tag's name, text, ...
    for index in range(0, len(pieces), 3):
        pieces[index] = INDENT.sub("\n", pieces[index])
    del pieces[2::3]
    return "".join(pieces)
