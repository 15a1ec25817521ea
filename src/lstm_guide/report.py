"""Named results of an experiment: shown where it runs, and picked up by `make freeze` for the site's pages.

In a notebook a result becomes an output that carries its name; in a script it is printed, and figures are saved.
"""

import json
import os
import re
from io import StringIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lstm_guide import _check
from lstm_guide.plots import GRID, INK, MUTED, PALETTE, PAPER

KEY = "lstm_guide"
COLOURS = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper"} | {c: str(i) for i, c in enumerate(PALETTE, 1)}


def first_seed() -> int:
    """Return the seed that an experiment counts from: 0, unless the environment variable LSTM_GUIDE_SEED says other.

    Returns:
        The first seed.

    Raises:
        ValueError: if the variable holds no whole number of at least 0.

    Examples:
        >>> seeds = range(first_seed(), first_seed() + 10)
        >>> len(seeds)
        10
    """
    text = os.environ.get("LSTM_GUIDE_SEED", "0")
    if not text.isdecimal():
        raise ValueError(
            f"LSTM_GUIDE_SEED must be a whole number of at least 0. Received: {text!r}; set it to 100, say."
        )
    return int(text)


def value(name: str, number: float, tolerance: float) -> None:
    """Report one measured number.

    Args:
        name: how pages refer to it; lower-case letters, digits and underscores.
        number: the measured value, any unit.
        tolerance: how far a run on another machine may differ, in the same unit.

    Raises:
        TypeError: if name is no text, or number or tolerance is not a number.
        ValueError: if the name has other characters, number or tolerance is not finite, or tolerance is below 0.

    Examples:
        >>> value("recall_accuracy", 0.9981, tolerance=0.01)
        recall_accuracy = 0.9981
    """
    _check_name(name)
    result = {
        "kind": "value",
        "name": name,
        "value": _check.number("number", number),
        "tolerance": _check.number("tolerance", tolerance, minimum=0),
    }
    _show({"text/plain": f"{name} = {number:.4g}"}, result)


def table(
    name: str,
    frame: pd.DataFrame,
    tolerance: float,
    floatfmt: str | tuple[str, ...] = ".3f",
) -> None:
    """Report a table.

    Args:
        name: how pages refer to it; lower-case letters, digits and underscores.
        frame: the table; its index becomes the first column.
        tolerance: how far a number in it may differ on another machine, as a share of the number.
        floatfmt: how numbers are printed, one format or one a column (the index is the first).

    Raises:
        TypeError: if name is no text, frame no DataFrame, tolerance not a number, or floatfmt neither text nor tuple.
        ValueError: if the name has other characters, frame has no rows or a list in a cell, or tolerance is below 0 or
            not finite.

    Examples:
        >>> table("scores", pd.DataFrame({"RMSE": [0.512]}, index=pd.Index(["LSTM"], name="method")), tolerance=0.1)
        | method   |   RMSE |
        |:---------|-------:|
        | LSTM     |  0.512 |
    """
    _check_name(name)
    _check.instance("frame", frame, pd.DataFrame, "a pandas DataFrame")
    _check.instance("floatfmt", floatfmt, str | tuple, "a format such as '.3f', or a tuple of one a column")
    if frame.empty:
        raise ValueError(f"frame must hold a row. Received: frame of shape {frame.shape}; fill the table first.")
    for name_of_column, column in frame.items():
        if any(np.ndim(cell) for cell in column):
            raise ValueError(
                f"frame must have one number or text in each cell. Received: a list or array in column "
                f"{name_of_column!r}; take one value out of it, or give each its own column."
            )
    text = frame.to_markdown(floatfmt=floatfmt)
    numbers = frame.select_dtypes("number").to_numpy(dtype="float64").round(6).tolist()
    result = {
        "kind": "table",
        "name": name,
        "tolerance": _check.number("tolerance", tolerance, minimum=0),
        "numbers": numbers,
    }
    _show({"text/plain": text, "text/markdown": text}, result)


def figure(name: str, drawing: Figure, alt: str, tolerance: float = 0.25) -> None:
    """Report a figure and close it.

    Args:
        name: how pages refer to it; lower-case letters, digits and underscores.
        drawing: the matplotlib figure.
        alt: what it shows, for those who do not see it, 20 characters or more.
        tolerance: how far its lines may move on another machine, on average, as a share of the axis.

    Returns:
        None. In a script the figure is saved as NAME.svg in the folder that the environment variable LSTM_GUIDE_OUT
        names, by default lstm_guide_results, and the file's name is printed.

    Raises:
        TypeError: if name or alt is no text, drawing no figure, or tolerance not a number.
        ValueError: if the name has other characters, alt is too short, or tolerance is below 0 or not finite.

    Examples:
        >>> import tempfile
        >>> os.environ["LSTM_GUIDE_OUT"] = tempfile.mkdtemp()
        >>> drawing, axes = plt.subplots()
        >>> figure("nothing_yet", drawing, alt="Empty axes, before anything was measured")
        nothing_yet: saved to ...nothing_yet.svg
    """
    _check_name(name)
    _check.instance("drawing", drawing, Figure, "a matplotlib Figure")
    _check.instance("alt", alt, str, "a text")
    if len(alt) < 20:
        raise ValueError(
            f"alt must say what the figure shows. Received: alt={alt!r}; write 20 characters or more, for those who do "
            "not see it."
        )
    svg = themed_svg(drawing, name)
    result = {
        "kind": "figure",
        "name": name,
        "alt": alt,
        "tolerance": _check.number("tolerance", tolerance, minimum=0),
        "lines": _lines(drawing),
    }
    plt.close(drawing)
    if _in_notebook():
        _show({"text/plain": alt, "image/svg+xml": svg}, result)
        return
    folder = Path(os.environ.get("LSTM_GUIDE_OUT", "lstm_guide_results"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    path.write_text(svg, encoding="utf-8")
    print(f"{name}: saved to {path}")


def themed_svg(drawing: Figure, name: str) -> str:
    """Draw a figure as a small SVG whose colours and font a page can set, so that it follows light and dark.

    Args:
        drawing: the matplotlib figure, in the palette of plots.
        name: keeps the ids within the SVG apart from those of other figures.

    Returns:
        The SVG's text; colours and font are CSS variables (--fig-ink and so on) with the light palette as fallback.

    Raises:
        TypeError: if drawing is no figure, or name no text.
        ValueError: if the name has other characters than lower-case letters, digits and underscores.

    Examples:
        >>> drawing, axes = plt.subplots()
        >>> "var(--fig-paper, #ffffff)" in themed_svg(drawing, "empty")
        True
    """
    _check_name(name)
    _check.instance("drawing", drawing, Figure, "a matplotlib Figure")
    buffer = StringIO()
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    # A style element would reach the whole page that the SVG is put into
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    svg = svg.replace("<svg ", '<svg style="stroke-linejoin:round;stroke-linecap:butt" ', 1)
    # Ids first, while colours such as #5b5bd6 are the only other use of a number sign
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", svg)
    for colour, variable in COLOURS.items():
        svg = svg.replace(colour, f"var(--fig-{variable}, {colour})")
    svg = re.sub(r"font-family: [^;\"]+", "font-family: var(--fig-font, sans-serif)", svg)
    # Coordinates stand within the tags; between them is what a reader reads
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"-?\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}", tag[0]), svg)
    return re.sub(r"\s*\n\s*(?=[^<])", " ", svg)


def _lines(drawing: Figure) -> list[dict]:
    """List what the figure's lines show, so that a later run can be compared with this one."""
    lines = []
    for axes in drawing.axes:
        low, high = axes.get_ylim()
        for line in axes.get_lines():
            x, y = (
                np.asarray(data, dtype="float64") for data in (line.get_xdata(orig=False), line.get_ydata(orig=False))
            )
            # A gap in a line is NaN, which JSON does not have; nothing is drawn there
            drawn = np.isfinite(x) & np.isfinite(y)
            if not drawn.any():
                continue
            x, y = x[drawn], y[drawn]
            lines.append(
                {
                    "span": [round(float(v), 5) for v in (*axes.get_xlim(), low, high)],
                    "x": [float(f"{v:.5g}") for v in x],
                    "y": [float(f"{v:.5g}") for v in y],
                }
            )
    return lines


def _check_name(name: str) -> None:
    _check.instance("name", name, str, "a text")
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(
            f"name must be lower-case letters, digits and underscores. Received: name={name!r}; call it lstm_rmse, say."
        )


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def _show(data: dict[str, str], result: dict) -> None:
    if _in_notebook():
        from IPython.display import display

        display(data, raw=True, metadata={KEY: json.loads(json.dumps(result))})
    else:
        print(data["text/plain"])
