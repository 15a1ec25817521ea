"""Macros for pages: the numbers that experiments measured, never typed by hand."""

import json
from pathlib import Path


def define_env(env) -> None:
    """Register the macros with mkdocs-macros."""

    @env.macro
    def value(name: str, spec: str = "") -> str:
        """A measured number, formatted: value("recall_accuracy", ".1%")."""
        slug, _, key = name.rpartition("/")
        slug = slug or Path(env.page.file.src_uri).stem
        return format(measured(Path(env.conf["docs_dir"]), slug, key), spec)


def measured(docs: Path, slug: str, key: str) -> float:
    """Look a value up in the results of an experiment.

    Raises:
        LookupError: if the experiment has no values or not this one; the message says what there is.
    """
    path = docs / "results" / slug / "values.json"
    if not path.is_file():
        raise LookupError(f"no values for {slug!r}: run `make freeze`, or write value('<slug>/{key}')")
    values = json.loads(path.read_text(encoding="utf-8"))
    if key not in values:
        raise LookupError(f"{slug} has no value {key!r}; it has {', '.join(sorted(values))}")
    return values[key]["value"]
