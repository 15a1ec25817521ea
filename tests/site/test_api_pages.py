"""The API reference, as built, shows each public name of the package and nothing else."""

import re

import pytest
from test_api import FUNCTIONS, MODULES, public


@pytest.mark.parametrize("module", MODULES)
def test_the_page_shows_what_is_public(module, site):
    page = site.file(f"reference/api/{module}/").read_text(encoding="utf-8")
    shown = set(re.findall(rf'id="lstm_guide\.{module}\.(\w+)"', page))
    functions = {name for place, name in FUNCTIONS if place == module}
    assert functions <= shown, f"not shown: {sorted(functions - shown)}"
    private = {name for name in shown if name.startswith("_")}
    assert not private, f"shown, though private: {sorted(private)}"
    assert {name for name in shown if name.islower()} <= set(public(module)) | {"forecaster"}
