"""The census: what a reader would take for runnable code, held against what pytest-codeblocks runs."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pages import ROOT, Block, Comment, Page, code_lines, comments, is_python, load_page, looks_like_python
from pytest_codeblocks.main import CodeBlock, extract_from_buffer
from runs import plain_environment

RUN = ("python", "sh", "bash")
# Every other label that a fence may carry; none of them is run.
LABELS = ["text", "quiz", "console", "json", "yaml", "toml", "ini", "html", "css", "xml", "svg", "make"]
LABELS += ["markdown", "csv", "diff", "bibtex", "latex", "powershell", "bat", "jinja"]
MAX_LINES = 30
COMMENT_ALLOWED = re.compile(
    r"pytest-codeblocks: ?(cont|expected-output|expected-output-ignore-whitespace)$"
    r"|pytest\.mark\.skip\(reason=([\"']).{10,}\2\)$"
)
SKIP = re.compile(r"pytest\.mark\.skip\(")
ALLOW_TENSORFLOW = re.compile(r"allow-tensorflow: .{10,}")
TENSORFLOW = re.compile(r"\btf\.keras\b|\btensorflow\.keras\b|^\s*(import|from) tensorflow\b", re.M)
FORBIDDEN = {
    r"^\s*if __name__\b": "drop `if __name__`: a block is pasted, so everything in it runs",
    r"\bos\._exit\b": "drop os._exit: it would end the test run",
    r"^\s*(import|from) pytest\b": "drop pytest: a block is the reader's code, it neither skips nor marks",
}


@dataclass
class Census:
    """What was found on one page."""

    problems: list[str] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)


def collected_lines(paths: list[str], root: Path) -> dict[Path, set[int]]:
    """What pytest-codeblocks really collects below these paths: page to line numbers.

    Raises:
        RuntimeError: if the collection itself fails; the message is pytest's own.
    """
    command = [sys.executable, "-m", "pytest", "--codeblocks", "--collect-only", "-q", "-o", "addopts="]
    command += ["-p", "no:cacheprovider", *paths]
    done = subprocess.run(command, cwd=root, env=plain_environment(), capture_output=True, text=True)
    if done.returncode not in (0, 5):
        raise RuntimeError(f"pytest --codeblocks cannot collect the pages:\n{done.stdout}{done.stderr}")
    found: dict[Path, set[int]] = {}
    for page, line in re.findall(r"^(.+\.md)::line (\d+)$", done.stdout, re.M):
        found.setdefault(root / page, set()).add(int(line))
    return found


def take_census(path: Path, collected: set[int]) -> Census:
    """Compare one page with the lines of it that were collected."""
    page, census = load_page(path), Census()
    with path.open(encoding="utf-8") as file:
        extracted = extract_from_buffer(file)
    marks = list(comments(page.text))
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    for line, message in [
        *compare(page, extracted, collected),
        *check_labels(page),
        *check_comments(marks),
        *check_content(page, marks),
        *check_outputs(extracted),
    ]:
        census.problems.append(f"{name}:{line or '?'}: {message}")
    census.counts = count(page, extracted, collected)
    return census


def compare(page: Page, extracted: list[CodeBlock], collected: set[int]) -> Iterator[tuple[int | None, str]]:
    """Each block that a reader takes for runnable must be one that is run, and the reverse."""
    pending = [Pending(block) for block in extracted if block.syntax in RUN and block.lineno in collected]
    for block in page.blocks:
        if not takes_for_runnable(block):
            continue
        hit = next((run for run in pending if run.matches(block)), None)
        if hit is None:
            yield block.line, not_run(block, page, extracted)
        else:
            hit.consume(block)
    for run in pending:
        if run.rest:
            yield (
                run.block.lineno,
                "this block is run but no reader sees it as code: it stands in a comment or another block",
            )


class Pending:
    """A collected block, glued parts included, of which the reader's blocks are ticked off one by one."""

    def __init__(self, block: CodeBlock) -> None:
        self.block = block
        self.rest = code_lines(block.code)
        self.started = False

    def matches(self, seen: Block) -> bool:
        in_place = self.started or seen.line == self.block.lineno
        return in_place and bool(seen.lines) and self.rest[: len(seen.lines)] == seen.lines

    def consume(self, seen: Block) -> None:
        self.started = True
        self.rest = self.rest[len(seen.lines) :]


def takes_for_runnable(block: Block) -> bool:
    """Python by its label, shell by its label, or Python by its looks where nothing says otherwise."""
    if block.is_fence and (is_python(block.language) or block.language.lower() in RUN):
        return True
    undeclared = not block.is_fence or block.language not in ("text", "markdown", "quiz")
    return undeclared and looks_like_python(block.source)


def not_run(block: Block, page: Page, extracted: list[CodeBlock]) -> str:
    """Why a block is not run, and what to do."""
    for other in extracted:
        if other.syntax not in RUN and other.lineno != block.line and contains(other.code, block.lines, below=1):
            return (
                f"this block is not run: it is glued to the {other.syntax or 'unlabelled'} block at line "
                f"{other.lineno}. Put its cont mark after a python block, or make it stand alone"
            )
        if other.expected_output is not None and contains(other.expected_output, block.lines):
            return "this block is taken for expected output and is not run: label printed output `text`"
    if not block.is_fence:
        return "this looks like Python but is not run: make it a fence, ```python to run it or ```text to show it"
    if any(other.lineno == block.line and other.syntax in RUN for other in extracted):
        return (
            "this block is written as it should be, but pytest --codeblocks does not collect it: "
            "add its page to testpaths in pyproject.toml and remove what hides it"
        )
    written = page.text.splitlines()[block.line - 1].strip() if block.line else block.language
    return (
        f"this block is not run: its fence line is {written!r}. Write exactly ```python (or sh, bash), outside "
        "quotes and comments; or ```text, or a skip mark with its reason, if it must not run"
    )


def contains(code: str, lines: list[str], below: int = 0) -> bool:
    """True if the code has these lines, at this line of it or further down."""
    return "\n".join(lines) in "\n".join(code_lines(code)[below:])


def check_labels(page: Page) -> Iterator[tuple[int | None, str]]:
    """Every fence says what it is, and every fence is one that the site's parser accepts."""
    for block in page.blocks:
        if block.is_fence and not block.language:
            yield block.line, "this fence has no label: write ```python if it is to run, ```text if not"
        elif block.is_fence and block.language not in (*RUN, *LABELS) and not is_python(block.language):
            yield block.line, f"unknown label {block.language!r}: python, sh, bash are run; {', '.join(LABELS)} are not"
        if block.language == "quiz" and "```" in block.source:
            yield block.line, "a quiz holds no code block, for that would not run: put it on the page"
    starts = [line.lstrip(" \t>").rstrip() for line in page.text.splitlines()]
    for code in page.soup.find_all("code"):
        first = code.get_text().split("\n")[0]
        for fence in ("```", "~~~"):
            if "\n" in code.get_text() and fence + first in starts:
                yield starts.index(fence + first) + 1, f"{fence + first!r} is not a fence to the site: mend its label"
    for text in page.soup.find_all(string=re.compile("```|~~~")):
        if not text.find_parent(["pre", "code"]) and type(text).__name__ == "NavigableString":
            first = re.search("(```|~~~).*", text)[0]
            line = next((i for i, start in enumerate(starts, 1) if start == first.strip()), None)
            yield line, f"{first.strip()!r} is not a fence to the site: mend its label, its indentation or its end"


def check_comments(marks: list[Comment]) -> Iterator[tuple[int, str]]:
    """Marks for the test run: the allowed ones only, each directly above a fence."""
    for before, mark in zip([None, *marks], marks, strict=False):
        if not re.search(r"pytest|codeblocks?\b", mark.text):
            continue
        if not COMMENT_ALLOWED.match(mark.text):
            yield (
                mark.line,
                (
                    f"{mark.text!r} is not allowed. There are cont, expected-output, expected-output-ignore-whitespace "
                    'and pytest.mark.skip(reason="ten characters at least")'
                ),
            )
        if not mark.followed_by.startswith("```"):
            yield mark.line, f"{mark.text!r} must stand directly above a ``` fence"
        if before and SKIP.match(before.text) and mark.text.endswith("cont") and mark.line - before.line < 3:
            yield before.line, "a skip mark on a glued part skips some later block instead: put it on the first part"


def check_content(page: Page, marks: list[Comment]) -> Iterator[tuple[int | None, str]]:
    """What no runnable block may hold, and how long it may be."""
    for block in page.blocks:
        if not takes_for_runnable(block):
            continue
        if block.length > MAX_LINES:
            yield block.line, f"{block.length} lines: {MAX_LINES} at most, so explain it in parts (cont) or shorten it"
        if block.language in ("sh", "bash") and block.source.lstrip().startswith("#!"):
            yield block.line, "drop the #! line: the fence's label says which shell runs it"
        if TENSORFLOW.search(block.source) and not allows_tensorflow(block, marks):
            yield (
                block.line,
                (
                    "write Keras 3 (`import keras`), no TensorFlow; where the page explains TensorFlow itself, put "
                    "<!-- allow-tensorflow: why --> above the block"
                ),
            )
        for pattern, message in FORBIDDEN.items():
            if re.search(pattern, block.source, re.M):
                yield block.line, message


def allows_tensorflow(block: Block, marks: list[Comment]) -> bool:
    """True if an allow comment stands in the lines directly above the block."""
    near = [mark for mark in marks if block.line and 0 < block.line - mark.line < 4]
    return any(ALLOW_TENSORFLOW.match(mark.text) for mark in near)


def check_outputs(extracted: list[CodeBlock]) -> Iterator[tuple[int, str]]:
    """An expected output that belongs to a block which does not run is never checked."""
    for block in extracted:
        if block.expected_output is not None and (block.syntax not in RUN or block.marks):
            yield block.lineno, "the output below this block is not checked, because the block does not run"


def count(page: Page, extracted: list[CodeBlock], collected: set[int]) -> Counter:
    """How many blocks run, how many do not, and of those that print how many are checked."""
    run = [block for block in extracted if block.syntax in RUN and block.lineno in collected and not block.marks]
    text = [block for block in page.blocks if block.language == "text" and looks_like_python(block.source)]
    return Counter(
        run=len(run),
        skipped=sum(bool(block.marks) and block.syntax in RUN for block in extracted),
        text=len(text),
        prints=sum("print(" in block.code for block in run),
        checked=sum(block.expected_output is not None for block in run),
    )
