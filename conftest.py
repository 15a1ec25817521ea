"""Plugins for every test run; pytest takes them from the root's conftest only. Both lie in tests/docs."""

pytest_plugins = ["block_hooks", "block_report"]
