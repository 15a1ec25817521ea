"""The glossary: each term gets an anchor, and the first use of a term on a page leads to it.

    cell state | cell states | memory
    :   The numbers that an LSTM layer carries from step to step.

The part before the first bar is the term as it is shown; the others are words for the same, plurals too.
assets/js/terms.js shows the definition where the pointer or the focus is; without JavaScript the title does.
"""

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from bs4 import BeautifulSoup
from markdown.extensions.toc import slugify
from mkdocs.exceptions import PluginError
from quiz import block

PAGE = "reference/glossary.md"
PROSE = ("lessons/", "how-to/")
LAST_LINK = re.compile(r"\s*\[[^]]*\]\([^)]*\)\s*\Z")  # where an entry sends to the lesson that explains more
ENTRY = re.compile(
    r"^(?P<names>[^\s:#|][^\n]*)\n(?P<gap>\n?):[ \t]+(?P<definition>[^\n]+(?:\n[ \t]+[^\s][^\n]*)*)", re.M
)
VOID = {"area", "br", "col", "hr", "img", "input", "source", "wbr"}
# No running prose of the page: these, and what has one of these classes
NOT_TAGS = {
    "a",
    "button",
    "code",
    "details",
    "dl",
    "figcaption",
    "kbd",
    "label",
    "pre",
    "script",
    "style",
    "svg",
    "table",
}
NOT_TAGS |= {f"h{rank}" for rank in range(1, 7)}
NOT_CLASSES = {"admonition-title", "arithmatex", "bar", "footnote", "lesson-lead", "map", "quiz"}
STATE: dict[str, "Glossary"] = {}


@dataclass(frozen=True)
class Term:
    """One entry."""

    names: tuple[str, ...]
    definition: str

    @property
    def anchor(self) -> str:
        return slugify(self.names[0], "-")


class Glossary:
    """All entries, and a pattern that finds their names, the longest first."""

    def __init__(self, markdown: str) -> None:
        self.terms = [Term(split(entry["names"]), plain(entry["definition"])) for entry in ENTRY.finditer(markdown)]
        self.by_name: dict[str, Term] = {}
        for term in self.terms:
            for name in {term.anchor, *map(key, term.names)}:
                if name in self.by_name:
                    raise PluginError(f"{PAGE}: {name!r} stands there twice; keep it in one entry")
                self.by_name[name] = term
        if not self.terms:
            raise PluginError(f"{PAGE}: there is no entry; write 'term | alias' and below it ':   definition'")
        longest_first = sorted(self.by_name, key=len, reverse=True)
        words = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest_first)
        self.pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I)


def on_files(files, config):
    """Read the glossary once a build."""
    path = Path(config.docs_dir) / PAGE
    if not path.is_file():
        raise PluginError(f"there is no docs/{PAGE}: the terms on the pages lead to it")
    STATE["glossary"] = Glossary(path.read_text(encoding="utf-8"))
    return files


def on_page_markdown(markdown, page, config, files):
    """On the glossary's own page: show only the term, and give it its anchor."""
    if page.file.src_uri != PAGE:
        return markdown
    return ENTRY.sub(with_anchor, markdown)


def on_page_content(content, page, config, files):
    """On lessons and how-to guides: the first use of each term becomes a link with the definition."""
    uri = page.file.src_uri
    if not uri.startswith(PROSE) or uri.endswith("index.md"):
        return content
    address = files.get_file_from_path(PAGE).url_relative_to(page.file)
    return mark_up(content, STATE["glossary"], address)


def split(names: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in names.split("|"))))


def key(name: str) -> str:
    """A name as it is compared: case and line breaks do not matter."""
    return " ".join(name.casefold().split())


def plain(definition: str) -> str:
    """Markdown as the plain text of a tooltip; maths without its marks."""
    text = BeautifulSoup(block(LAST_LINK.sub("", definition)), "html.parser").get_text()
    text = re.sub(r"_\{(\w+)\}", r"_\1", text).translate(str.maketrans("{}", "()"))
    return " ".join(re.sub(r"\\[()]|\\(?=[a-z])", "", text).split())


def with_anchor(entry: re.Match) -> str:
    names = split(entry["names"])
    head = f"{names[0]} {{ #{slugify(names[0], '-')} }}"
    return entry[0].replace(entry["names"], head, 1)


def mark_up(content: str, glossary: Glossary, address: str) -> str:
    """The HTML with its first uses of terms as links, all else as it was."""
    marker = Marker(glossary, address)
    marker.feed(content)
    marker.close()
    return "".join(marker.parts)


class Marker(HTMLParser):
    """Copies HTML to `parts`, with links where running prose names a term for the first time."""

    def __init__(self, glossary: Glossary, address: str) -> None:
        super().__init__(convert_charrefs=False)
        self.glossary = glossary
        self.address = address
        self.parts: list[str] = []
        self.seen: set[str] = set()
        # For each open element: its tag as written, and whether its text is running prose, or None where none may be
        self.open: list[tuple[str, bool | None]] = [("", False)]
        self.in_sources = False  # the titles of works are not our words

    def handle_starttag(self, tag, attrs):
        self.parts.append(self.get_starttag_text())
        if tag in VOID:
            return
        if tag == "h2":
            self.in_sources = dict(attrs).get("id") == "sources"
        around = self.open[-1][1]
        written = self.get_starttag_text()[1 : 1 + len(tag)]
        classes = set((dict(attrs).get("class") or "").split())
        if around is None or tag in NOT_TAGS or classes & NOT_CLASSES:
            self.open.append((written, None))
        else:
            self.open.append((written, around or tag in ("p", "li")))

    def handle_startendtag(self, tag, attrs):
        self.parts.append(self.get_starttag_text())

    def handle_endtag(self, tag):
        names = [written.lower() for written, _ in self.open]
        if tag in names:
            start = len(names) - 1 - names[::-1].index(tag)
            tag = self.open[start][0]  # as written: SVG has capitals in its names
            del self.open[start:]
        self.parts.append(f"</{tag}>")

    def handle_data(self, data):
        is_prose = self.open[-1][1] and not self.in_sources
        self.parts.append(self.glossary.pattern.sub(self.link, data) if is_prose else data)

    def link(self, match: re.Match) -> str:
        term = self.glossary.by_name[key(match[0])]
        if term.anchor in self.seen:
            return match[0]
        self.seen.add(term.anchor)
        title = html.escape(term.definition)
        return f'<a class="term" href="{self.address}#{term.anchor}" title="{title}">{match[0]}</a>'

    def handle_comment(self, data):
        self.parts.append(f"<!--{data}-->")

    def handle_entityref(self, name):
        self.parts.append(f"&{name};")

    def handle_charref(self, name):
        self.parts.append(f"&#{name};")

    def handle_decl(self, decl):
        self.parts.append(f"<!{decl}>")
