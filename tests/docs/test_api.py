"""The API reference and the public API are held against each other, and every docstring is whole.

Public is what a module of lstm_guide defines under a name without an underscore. That docstring examples run is
tested by pytest's doctest, which collects src.
"""

import ast
import importlib
import inspect
import re
from pathlib import Path

import griffe
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "lstm_guide"
PAGES = ROOT / "docs" / "reference" / "api"
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("_"))


def public(module):
    """Name to function or class, of those defined in the module itself."""
    found = vars(importlib.import_module(f"lstm_guide.{module}")).items()
    return {
        name: thing
        for name, thing in found
        if not name.startswith("_")
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == f"lstm_guide.{module}"
    }


FUNCTIONS = [
    (module, name) for module in MODULES for name, thing in public(module).items() if inspect.isfunction(thing)
]


def sections(docstring):
    """The parsed sections of a Google-style docstring, by kind."""
    parsed = griffe.Docstring(inspect.cleandoc(docstring)).parse("google", warnings=False)
    return {section.kind.value: section.value for section in parsed}


def faults(function):
    """List what a function's docstring lacks."""
    text = function.__doc__ or ""
    if not text.strip():
        return ["has no docstring: say what it does, its arguments, what it returns and raises, with an example"]
    found, signature = sections(text), inspect.signature(function)
    documented = {argument.name for argument in found.get("parameters", [])}
    missing = [f"argument {name!r} is not documented" for name in signature.parameters if name not in documented]
    missing += [f"documents {name!r}, which is no argument" for name in documented - set(signature.parameters)]
    if signature.return_annotation is inspect.Signature.empty:
        missing.append("has no return type")
    elif signature.return_annotation is not None and "returns" not in found:
        missing.append("has no Returns section")
    if signature.parameters and "raises" not in found:
        missing.append("has no Raises section")
    if not any(kind.value == "examples" for kind, _ in found.get("examples", [])):
        missing.append("has no example, a line with >>>")
    return missing


@pytest.mark.parametrize("module", MODULES)
def test_each_module_has_its_page_and_says_what_it_is_for(module):
    page = PAGES / f"{module}.md"
    assert page.is_file(), f"write docs/reference/api/{module}.md with the line ::: lstm_guide.{module}"
    named = re.findall(r"^::: lstm_guide\.(\w+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert named == [module], f"{page.name} must document lstm_guide.{module} and nothing else, not {named}"
    assert ast.get_docstring(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8")))


def test_each_page_has_its_module():
    pages = {path.stem for path in PAGES.glob("*.md")} - {"index"}
    assert pages == set(MODULES), f"pages without a module: {sorted(pages - set(MODULES))}"


@pytest.mark.parametrize(("module", "name"), FUNCTIONS, ids=".".join)
def test_each_docstring_is_whole(module, name):
    assert not faults(public(module)[name]), f"lstm_guide.{module}.{name} {'; '.join(faults(public(module)[name]))}"


def test_each_class_says_what_it_is():
    for module in MODULES:
        for name, thing in public(module).items():
            assert thing.__doc__, f"lstm_guide.{module}.{name} has no docstring"


def good(series: list, n: int = 1) -> list:
    """Do a thing.

    Args:
        series: values.
        n: steps.

    Returns:
        The values.

    Raises:
        ValueError: if n is below 1.

    Examples:
        >>> 1 + 1
        2
    """


def no_docstring(x: int) -> int:
    return x


def half(x: int, y: int):
    """Do half a thing.

    Args:
        x: a number.
        z: no argument.
    """


def test_a_whole_docstring_has_no_faults():
    assert faults(good) == []


def test_faults_are_found():
    assert "no docstring" in faults(no_docstring)[0]
    assert faults(half) == [
        "argument 'y' is not documented",
        "documents 'z', which is no argument",
        "has no return type",
        "has no Raises section",
        "has no example, a line with >>>",
    ]
