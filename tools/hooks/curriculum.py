"""The course as the hooks see it: lessons of docs/curriculum.yml, and which of them have pages."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

THEMES = {"foundations": "Foundations", "models": "Models", "advanced": "Advanced"}


@dataclass(frozen=True)
class Lesson:
    """One lesson and where its pages are, as paths below docs/."""

    number: int
    slug: str
    theme: str
    title: str
    outcome: str
    has_page: bool
    has_experiment: bool

    @property
    def page(self) -> str:
        return f"lessons/{self.slug}.md"

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


def lesson_for(src_uri: str, docs_dir: str | Path) -> Lesson | None:
    """The lesson that a page or a notebook belongs to, None for any other page."""
    lessons = load_lessons(docs_dir)
    return next((lesson for lesson in lessons if src_uri in (lesson.page, lesson.notebook)), None)
