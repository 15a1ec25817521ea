"""Keep the measured results in README.md equal to docs/results; the freeze calls update()."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- begin (docs/results/[\w./-]+) -->\n).*?(<!-- end -->)", flags=re.DOTALL)


def filled(text: str, root: Path = ROOT) -> str:
    """Return the text with every marked block replaced by the file that its marker names."""
    return BLOCK.sub(lambda block: f"{block[1]}\n{(root / block[2]).read_text(encoding='utf-8')}\n{block[3]}", text)


def update(root: Path = ROOT) -> None:
    """Rewrite README.md where a result changed."""
    path = root / "README.md"
    text = path.read_text(encoding="utf-8")
    if filled(text, root) != text:
        path.write_text(filled(text, root), encoding="utf-8")
        print("README.md: measured results updated.", file=sys.stderr)


if __name__ == "__main__":
    update()
