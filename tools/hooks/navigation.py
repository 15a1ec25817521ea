"""Derive the navigation from the curriculum and from the pages that exist.

A new lesson, experiment, how-to or reference page appears in its place without an edit to mkdocs.yml.
A page that has no place (a lesson that the curriculum does not name) is reported by MkDocs itself.
"""

from pathlib import Path

from curriculum import THEMES, load_how_tos, load_lessons

# Modules in the order of the work: data first, report last.
API_ORDER = ["cell", "problems", "symbols", "videos", "datasets", "prepare", "models", "ngrams", "generate"]
API_ORDER += ["evaluate", "tune", "finalize", "service", "plots", "report", "cli"]


def on_config(config):
    """Set nav, unless mkdocs.yml sets one."""
    if config.nav is None:
        docs = Path(config.docs_dir)
        sections = [
            {"Home": "index.md"},
            {"Course": course(docs)},
            {"How-to": how_to(docs)},
            {"Reference": reference(docs)},
            {"About": pages(docs, "about")},
        ]
        config.nav = [section for section in sections if all(section.values())]
    return config


def course(docs: Path) -> list:
    """The course map, then one section a theme with each lesson and its experiment, then the recap."""
    lessons = load_lessons(docs)
    entries: list = ["lessons/index.md"] if (docs / "lessons/index.md").is_file() else []
    for theme, name in THEMES.items():
        items = [item for lesson in lessons if lesson.theme == theme for item in lesson_entries(lesson)]
        if items:
            entries.append({name: items})
    return entries + [name for name in ["recap.md"] if (docs / name).is_file()]


def lesson_entries(lesson) -> list[dict[str, str]]:
    """A lesson's page and its experiment, as far as they exist."""
    entries = []
    if lesson.has_page:
        entries.append({f"{lesson.number}. {lesson.short_title}": lesson.page})
    if lesson.has_experiment:
        entries.append({f"Experiment {lesson.number}": lesson.notebook})
    return entries


def how_to(docs: Path) -> list:
    """The index, then each guide and its experiment, as far as they exist."""
    entries: list = ["how-to/index.md"] if (docs / "how-to/index.md").is_file() else []
    for guide in load_how_tos(docs):
        if guide.has_page:
            entries.append(guide.page)
        if guide.has_experiment:
            entries.append({f"Experiment: {guide.short_title}": guide.notebook})
    return entries


def pages(docs: Path, folder: str) -> list[str]:
    """Every page of a folder, its index first."""
    found = (docs / folder).glob("*.md")
    return [path.relative_to(docs).as_posix() for path in sorted(found, key=by_name)]


def by_name(path: Path) -> tuple[bool, str]:
    return path.stem != "index", path.stem


def reference(docs: Path) -> list:
    """Reference pages, then the API in the order of the package's stages."""
    api = sorted((docs / "reference/api").glob("*.md"), key=by_stage)
    entries: list = pages(docs, "reference")
    if api:
        entries.append({"API": [path.relative_to(docs).as_posix() for path in api]})
    return entries


def by_stage(path: Path) -> tuple[bool, int, str]:
    known = path.stem in API_ORDER
    return path.stem != "index", API_ORDER.index(path.stem) if known else len(API_ORDER), path.stem
