"""Each block can be pasted at Python's prompt, which wants an empty line after a loop."""

import codeop

from pages import DOCS, all_pages, load_page


def test_blocks_can_be_pasted_into_a_prompt():
    # as the site shows them: pytest-codeblocks drops the empty lines of indented blocks
    shown = [(path, block) for path in all_pages(DOCS) for block in load_page(path).blocks]
    for path, block in shown:
        stuck = where_a_prompt_stops(block.source) if block.language == "python" else None
        assert stuck is None, f"{path}:{block.line}: pasted at >>> {stuck!r} is an error; put an empty line above it"


def where_a_prompt_stops(code: str) -> str | None:
    """Feed the lines to Python's own reader of interactive input; give the first that it refuses."""
    typed = []
    for line in [*code.split("\n"), ""]:
        typed.append(line)
        try:
            whole = codeop.compile_command("\n".join(typed), "<prompt>", "single")
        except SyntaxError:
            return line
        typed = [] if whole else typed
    return None


def test_a_prompt_wants_an_empty_line_after_a_loop():
    assert where_a_prompt_stops("for i in range(2):\n    print(i)\nprint(3)\n") == "print(3)"
    assert where_a_prompt_stops("for i in range(2):\n    print(i)\n\nprint(3)\n") is None
