"""What holds for every test run; pytest takes plugins from the root's conftest only. Both lie in tests/docs."""

import pytest

pytest_plugins = ["block_hooks", "block_report"]


@pytest.fixture(autouse=True)
def examples_write_into_a_folder_of_their_own(request: pytest.FixtureRequest) -> None:
    """Examples in docstrings save files; left in the project, they would be found by the next run."""
    if isinstance(request.node, pytest.DoctestItem):
        request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
