"""The guide as the hooks see it: lessons of docs/curriculum.yml and how-to guides, and which files each of them has."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from mkdocs.utils import meta

THEMES = {"foundations": "Foundations", "models": "Models", "advanced": "Advanced"}


@dataclass(frozen=True)
class Guide:
    """A how-to guide: its page and its experiment, as paths below docs/."""

    slug: str
    title: str
    has_page: bool
    has_experiment: bool

    @property
    def page(self) -> str:
        return f"how-to/{self.slug}.md"

    @property
    def notebook(self) -> str:
        return f"experiments/{self.slug}.ipynb"

    @property
    def script(self) -> str:
        return f"experiments/{self.slug.replace('-', '_')}.py"

    @property
    def short_title(self) -> str:
        """The title without "How to develop", for the navigation."""
        title = re.sub(r"^How to (develop )?", "", self.title)
        return title[0].upper() + title[1:]

    @property
    def label(self) -> str:
        """What a link to the page says."""
        return "How-to guide"


@dataclass(frozen=True)
class Lesson(Guide):
    """One lesson of the course."""

    number: int
    theme: str
    outcome: str

    @property
    def page(self) -> str:
        return f"lessons/{self.slug}.md"

    @property
    def label(self) -> str:
        return f"Lesson {self.number}"


def load_lessons(docs_dir: str | Path) -> list[Lesson]:
    """Read the curriculum and look which of its pages exist."""
    docs = Path(docs_dir)
    path = docs / "curriculum.yml"
    return [_lesson(entry, docs) for entry in _entries(path, path.stat().st_mtime)]


@lru_cache(maxsize=1)
def _entries(path: Path, changed: float) -> list[dict]:
    """The file's lessons, read again only after it changed: every page asks."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))["lessons"]


def _lesson(entry: dict, docs: Path) -> Lesson:
    slug = entry["slug"]
    return Lesson(
        number=entry["id"],
        slug=slug,
        theme=entry["theme"],
        title=entry["title"],
        outcome=entry["outcome"],
        has_page=(docs / "lessons" / f"{slug}.md").is_file(),
        has_experiment=(docs / "experiments" / f"{slug}.ipynb").is_file(),
    )


def load_how_tos(docs_dir: str | Path) -> list[Guide]:
    """Every page of how-to/ but its index, and every experiment without a lesson's number, by name."""
    docs = Path(docs_dir)
    written = {path.stem for path in (docs / "how-to").glob("*.md")} - {"index"}
    frozen = {path.stem for path in (docs / "experiments").glob("[!0-9]*.ipynb")}
    return [
        Guide(slug, how_to_title(docs / "how-to" / f"{slug}.md"), slug in written, slug in frozen)
        for slug in sorted(written | frozen)
    ]


def how_to_title(path: Path) -> str:
    """The page's title in its front matter, or else its heading; without a page, the words of its name."""
    if path.is_file():
        text, data = meta.get_data(path.read_text(encoding="utf-8"))
        heading = re.search(r"^# ([^\n{]+)", text, re.M)
        if data.get("title") or heading:
            return data.get("title") or heading[1].strip()
    return path.stem.replace("-", " ").capitalize()


def guide_for(src_uri: str, docs_dir: str | Path) -> Guide | None:
    """The lesson or how-to guide that a page or a notebook belongs to, None for any other page."""
    if not src_uri.startswith(("lessons/", "how-to/", "experiments/")):
        return None
    guides = [*load_lessons(docs_dir), *load_how_tos(docs_dir)]
    return next((guide for guide in guides if src_uri in (guide.page, guide.notebook)), None)
