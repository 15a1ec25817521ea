"""Pages as a reader sees them: the site's own Markdown parser, with every code block recorded.

mkdocs.yml names the parser's extensions; one wildcard fence is added, which writes each fence as a plain
<pre> with its language. So fences in admonitions, tabs, lists and details count as the site shows them.
"""

import ast
import functools
import html
import re
import textwrap
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import markdown
import yaml
from bs4 import BeautifulSoup, Tag
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.utils import meta
from mkdocs.utils.yaml import get_yaml_loader, yaml_load
from pymdownx.snippets import SnippetMissingError
from pymdownx.superfences import highlight_validator

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SUFFIXES = {".md", ".markdown", ".mdown", ".mkdn", ".mkd"}  # what MkDocs takes for a page
INCLUDE = re.compile(r'^--8<-- "([^"]+)"$', re.M)
NOT_OURS = {"site", "dist", "build", "node_modules", "__pycache__"}


def block_paths() -> list[str]:
    """What `pytest --codeblocks` is pointed at: the testpaths of pyproject.toml that hold pages."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    paths = settings["tool"]["pytest"]["ini_options"]["testpaths"]
    return [path for path in paths if path not in ("tests", "src") and (ROOT / path).exists()]


def all_pages(root: Path = ROOT) -> list[Path]:
    """Every Markdown file of the project, tested or not."""
    found = (path for path in root.rglob("*.m*") if path.suffix in SUFFIXES)
    return sorted(path for path in found if not is_hidden(path.relative_to(root)))


def is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in NOT_OURS for part in path.parts)


@functools.cache
def curriculum() -> dict:
    return yaml.safe_load((DOCS / "curriculum.yml").read_text(encoding="utf-8"))


def lesson_page(lesson: dict) -> Path:
    return DOCS / "lessons" / f"{lesson['slug']}.md"


def published_lessons() -> list[dict]:
    """The lessons that have a page."""
    return [lesson for lesson in curriculum()["lessons"] if lesson_page(lesson).is_file()]


def how_to_pages() -> list[Path]:
    """The how-to guides, without their index."""
    return sorted(path for path in (DOCS / "how-to").glob("*.md") if path.stem != "index")


@dataclass(frozen=True)
class Block:
    """A code block as the reader sees it."""

    language: str
    options: str
    source: str
    line: int | None
    is_fence: bool

    @property
    def lines(self) -> list[str]:
        return code_lines(self.source)

    @property
    def length(self) -> int:
        return len(self.source.strip("\n").splitlines())


class Page:
    """A Markdown file: its text, its front matter and its HTML, parsed once."""

    def __init__(self, text: str, path: Path | None = None) -> None:
        self.text = text
        self.path = path
        self.body, self.meta = meta.get_data(text)

    @functools.cached_property
    def soup(self) -> BeautifulSoup:
        try:
            return BeautifulSoup(render(self.body), "html.parser")
        except SnippetMissingError as error:
            # from None: the parser's own traceback is long and names no page
            raise AssertionError(
                f"{self.path}: {error}; name a file below docs, or run make freeze if an experiment makes it"
            ) from None

    @functools.cached_property
    def blocks(self) -> list[Block]:
        """Every code block on the page, with the line of its fence where that can be found."""
        lines = [line.lstrip(" \t>").rstrip() for line in self.text.splitlines()]
        blocks, last = [], 0
        for pre in self.soup.find_all("pre"):
            source = pre.get_text()
            line = locate(source, lines, last)
            last = line + 1 if line else last
            language, options = pre.get("data-language", ""), pre.get("data-options", "")
            blocks.append(Block(language, options, source, line, pre.has_attr("data-fence")))
        return blocks

    @property
    def anchors(self) -> set[str]:
        return {tag["id"] for tag in self.soup.find_all(id=True)}

    def heading(self, anchor: str) -> Tag | None:
        return self.soup.find(["h1", "h2", "h3", "h4"], id=anchor)

    def section(self, anchor: str) -> list[Tag]:
        """What stands between the heading with this anchor and the next one of its rank or above."""
        heading = self.heading(anchor)
        if heading is None:
            return []
        ends = [f"h{rank}" for rank in range(1, int(heading.name[1]) + 1)]
        found = []
        for tag in heading.find_next_siblings():
            if tag.name in ends:
                break
            found.append(tag)
        return found


@functools.cache
def load_page(path: Path) -> Page:
    """Read a page, without what it includes from a page that is tested itself, such as CONTRIBUTING.md."""
    text = path.read_text(encoding="utf-8")
    return Page(INCLUDE.sub(lambda line: "" if line[1] in block_paths() else line[0], text), path)


def render(body: str) -> str:
    """Markdown to HTML, as the site does it, fences recorded instead of highlighted."""
    parser = site_parser()
    parser.reset()
    return parser.convert(body)


@functools.cache
def site_parser() -> markdown.Markdown:
    config = MkDocsConfig(config_file_path=str(ROOT / "mkdocs.yml"))
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    settings = yaml_load(text, get_yaml_loader(config=config))
    config.load_dict({key: settings[key] for key in ("site_name", "markdown_extensions")})
    config.validate()
    options = dict(config.mdx_configs)
    recorder = {"name": "*", "class": "", "format": record_fence, "validator": highlight_validator}
    options["pymdownx.superfences"] = options.get("pymdownx.superfences", {}) | {"custom_fences": [recorder]}
    return markdown.Markdown(extensions=config.markdown_extensions, extension_configs=options)


def record_fence(source: str, language: str, _class: str, options: dict, _md: object, **_kwargs: object) -> str:
    names = html.escape(" ".join(options), quote=True)
    language = html.escape(language or "", quote=True)
    return f'<pre data-fence data-language="{language}" data-options="{names}">{html.escape(source)}</pre>'


def code_lines(source: str) -> list[str]:
    """Code in a form that is the same however it was fenced and indented.

    Without empty lines, because pytest-codeblocks loses those of an indented block.
    """
    return [line.rstrip() for line in source.expandtabs(4).splitlines() if line.strip()]


def locate(source: str, lines: list[str], after: int) -> int | None:
    """The line number of the fence above this code, looking first below the last one found."""
    wanted = [line.lstrip(" \t>").rstrip() for line in source.strip("\n").splitlines()]
    starts = [*range(after, len(lines)), *range(after)]
    return next((i for i in starts if wanted and lines[i : i + len(wanted)] == wanted), None)


@dataclass(frozen=True)
class Comment:
    """An HTML comment on a line of its own, outside fences, and the line that it applies to."""

    line: int
    text: str
    followed_by: str


def comments(text: str) -> Iterator[Comment]:
    """Comments where pytest-codeblocks looks for its marks: on a line of their own, outside fences."""
    lines = text.splitlines()
    fence = ""
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if fence:
            fence = "" if stripped.startswith(fence) else fence
        elif stripped.startswith("```"):
            fence = re.match("`+", stripped)[0]
        elif stripped.startswith("<!--") and stripped.endswith("-->"):
            yield Comment(number, stripped[4:-3].strip("- \t"), next_line(lines[number:]))


def next_line(lines: list[str]) -> str:
    """The first line that is neither empty nor a comment."""
    stripped = (line.strip() for line in lines)
    return next((line for line in stripped if line and not line.startswith("<!--")), "")


PYTHON_LINE = re.compile(r"^\s*(>>> |import \w|from [\w.]+ import |def \w+\(|class \w+[(:]|In \[\d*\]:)", re.M)


def looks_like_python(text: str) -> bool:
    """True for text that a reader would take for Python."""
    if PYTHON_LINE.search(text):
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, (ast.Call, ast.Assign, ast.For, ast.With)) for node in ast.walk(tree))


def is_python(language: str) -> bool:
    """True for every fence label that a reader would take for Python."""
    return re.match(r"\.?(i?py|jupyter|sage)", language.lower()) is not None
