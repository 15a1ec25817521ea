"""pytest plugin: after a run, the seconds of each code block and the notes that tests left.

A test leaves a note with `record_property("note", "...")`. Under pytest-xdist the reports travel to the
controller, which is the one to print.
"""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

BLOCK_ID = re.compile(r"(?P<page>.+\.md)::line (?P<line>\d+)$")
SLOW = 5.0
SHOWN = 10


@dataclass(frozen=True)
class BlockTime:
    page: str
    line: int
    seconds: float
    outcome: str
    message: str


@dataclass
class Results:
    blocks: list[BlockTime] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


RESULTS = pytest.StashKey[Results]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("code blocks").addoption(
        "--block-report", type=Path, metavar="FILE", help="write every code block's seconds and outcome as JSON"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RESULTS] = Results()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config), "block-recorder")


class Recorder:
    """Collects from the reports that reach this process."""

    def __init__(self, config: pytest.Config) -> None:
        self.results = config.stash[RESULTS]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.results.notes += [str(value) for name, value in report.user_properties if name == "note"]
        block = BLOCK_ID.match(report.nodeid)
        if block and not report.skipped and (report.when == "call" or report.failed):
            message = str(report.longrepr) if report.failed else ""
            entry = BlockTime(block["page"], int(block["line"]), report.duration, report.outcome, message)
            self.results.blocks.append(entry)


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--block-report")
    if path and not hasattr(session.config, "workerinput"):
        blocks = sorted(session.config.stash[RESULTS].blocks, key=lambda block: (block.page, block.line))
        path.write_text(json.dumps([asdict(block) for block in blocks], indent=1) + "\n", encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    results = config.stash[RESULTS]
    if results.notes:
        terminalreporter.section("notes")
        for note in sorted(set(results.notes)):
            terminalreporter.line(note)
    if results.blocks:
        terminalreporter.section("slowest code blocks")
        for line in table(results.blocks):
            terminalreporter.line(line)


def table(blocks: list[BlockTime]) -> list[str]:
    """The ten slowest and any above five seconds, then the sum."""
    ranked = sorted(blocks, key=lambda block: -block.seconds)
    slow = sum(block.seconds > SLOW for block in ranked)
    rows = [
        f"{block.seconds:7.2f} s  {block.page}:{block.line}{f'  above {SLOW:g} s' if block.seconds > SLOW else ''}"
        for block in ranked[: max(SHOWN, slow)]
    ]
    total = sum(block.seconds for block in blocks)
    return [*rows, f"{len(blocks)} blocks, {total:.1f} s in all, {slow} above {SLOW:g} s"]
