"""The guide's look for matplotlib: one palette, quiet axes, text that stays text."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import ArrayLike

from lstm_guide import _check

INK, MUTED, GRID, PAPER = "#1b2733", "#5b6b7a", "#d9e0e6", "#ffffff"
PALETTE = ("#0b6e6e", "#b4540a", "#5b5bd6", "#a0277a", "#5f7a0f")

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 10,
    "axes.prop_cycle": plt.cycler(color=PALETTE),
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.facecolor": PAPER,
    "figure.figsize": (5.6, 3.4),
    "font.size": 10,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.color": MUTED,
    "ytick.major.size": 0,
}


def use_style() -> None:
    """Set matplotlib's defaults to the guide's look, for this process.

    Undo it with matplotlib.rcdefaults().

    Examples:
        >>> use_style()
        >>> plt.rcParams["axes.titlelocation"]
        'left'
    """
    plt.rcParams.update(STYLE)


def intervals(
    rows: Mapping[str, tuple[float, float, float]],
    label: str,
    highlight: str | None = None,
) -> Figure:
    """Draw a mean and its interval per method, one row each, so that overlap can be seen.

    Args:
        rows: method to (mean, low, high), in the order from top to bottom; low = high = mean draws a dot alone, for a
            method that comes out the same on every run.
        label: of the x axis, with its unit.
        highlight: the method to draw in the accent colour, or None.

    Returns:
        The figure, not shown yet.

    Raises:
        TypeError: if rows is no mapping or not numeric, or label is no text.
        ValueError: if rows is empty, holds NaN or infinite values or something else than three numbers a row with
            low <= mean <= high, or highlight is not in it.

    Examples:
        >>> figure = intervals({"LSTM": (0.5, 0.4, 0.6), "persistence": (0.9, 0.9, 0.9)}, "RMSE", highlight="LSTM")
        >>> figure.axes[0].get_xlabel()
        'RMSE'
    """
    _check.instance("rows", rows, Mapping, "a mapping from methods to (mean, low, high)")
    _check.instance("label", label, str, "a text")
    values = _check.finite_array("rows", list(rows.values()), (2,))
    for name, row in zip(rows, values, strict=True):
        if len(row) != 3 or not row[1] <= row[0] <= row[2]:
            raise ValueError(
                f"rows must hold (mean, low, high), with low <= mean <= high. Received: {_check.brief(rows[name])} for "
                f"{name!r}; pass what mean_interval returned."
            )
    if highlight is not None and highlight not in rows:
        raise ValueError(f"highlight must be one of the rows. Received: {highlight!r}; rows are {', '.join(rows)}.")
    figure, axes = plt.subplots(figsize=(5.6, 0.9 + 0.42 * len(rows)))
    for place, (name, (mean, low, high)) in enumerate(zip(rows, values, strict=True)):
        colour = PALETTE[0] if name == highlight else MUTED
        axes.plot(
            [low, high],
            [place, place],
            color=colour,
            linewidth=4,
            alpha=0.4,
            solid_capstyle="round",
        )
        axes.plot(mean, place, "o", color=colour, markersize=7)
        axes.annotate(
            f"{mean:.3g}",
            (high, place),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    axes.set_yticks(range(len(rows)), list(rows))
    axes.tick_params(axis="y", labelcolor=INK)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.12, y=0.15)
    axes.set_xlabel(label)
    return figure


def forecast(
    actual: ArrayLike,
    forecasts: Mapping[str, ArrayLike],
    label: str,
    index: ArrayLike | None = None,
) -> Figure:
    """Draw a test part and what each method forecast for it.

    Args:
        actual: the true values, shape (time,).
        forecasts: method to its forecasts, shape (time,) each, in the unit of actual; at most five.
        label: of the y axis, with its unit.
        index: positions on the x axis, such as dates; None counts steps from 0.

    Returns:
        The figure, not shown yet.

    Raises:
        TypeError: if forecasts is no mapping, values are not numeric, or label is no text.
        ValueError: if shapes differ, values are NaN or infinite, there are more than five methods, or index does not
            rise from each position to the next.

    Examples:
        >>> figure = forecast([1, 2, 3], {"persistence": [0, 1, 2]}, "temperature (degrees Celsius)")
        >>> len(figure.axes[0].lines)
        2
    """
    truth = _check.finite_array("actual", actual, (1,))
    _check.instance("forecasts", forecasts, Mapping, "a mapping from methods to forecasts")
    _check.instance("label", label, str, "a text")
    if len(forecasts) > len(PALETTE):
        raise ValueError(f"forecasts must hold at most five methods. Received: {len(forecasts)}; draw fewer.")
    steps = np.arange(len(truth)) if index is None else np.asarray(index)
    if steps.shape != truth.shape or not (pd.Index(steps).is_monotonic_increasing and pd.Index(steps).is_unique):
        raise ValueError(
            f"index must rise, with one position for each of the {len(truth)} values of actual. Received: "
            f"index={_check.brief(index)}; pass their dates, oldest first, or None."
        )
    figure, axes = plt.subplots()
    axes.plot(steps, truth, color=INK, linewidth=1.4, label="actual")
    for name, values in forecasts.items():
        values = _check.finite_array(f"forecasts[{name!r}]", values, (1,))
        _check.same_shape(f"forecasts[{name!r}]", values, "actual", truth)
        axes.plot(steps, values, label=name)
    axes.set_ylabel(label)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0, 1.14),
        ncols=len(forecasts) + 1,
        borderpad=0,
    )
    return figure


def film_strip(videos: ArrayLike, labels: list[str] | tuple[str, ...]) -> Figure:
    """Draw a few short videos, one row each, their frames side by side.

    Brightness is shown in four steps of the ink colour, so that the picture is small and follows light and dark; the
    brightest pixels stand out most, and what is below an eighth is left blank.

    Args:
        videos: brightness, 0 to 1 (what lies outside is cut off), shape (videos, frames, rows, columns), or the same
            with a last axis of one channel.
        labels: what stands above each video, one text a video.

    Returns:
        The figure, not shown yet.

    Raises:
        TypeError: if videos is not numeric, or labels are no texts.
        ValueError: if videos has other axes, several channels, or NaN or infinite values, or if there is not one label
            a video.

    Examples:
        >>> figure = film_strip(np.eye(4).reshape(1, 2, 2, 4), labels=["two frames"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['two frames']
    """
    values = _check.finite_array("videos", videos, (4, 5))
    if values.ndim == 5 and values.shape[4] != 1:
        raise ValueError(
            f"videos must have one channel. Received: videos of shape {values.shape}; pick a channel, or average them."
        )
    _check.instance("labels", labels, list | tuple, "a list of texts")
    for label in labels:
        _check.instance("labels", label, str, "a list of texts")
    if len(labels) != len(values):
        raise ValueError(
            f"labels must be as many as videos. Received: {len(labels)} labels, videos of shape {values.shape}; name "
            "each video."
        )
    values = values.reshape(values.shape[:4])
    n_videos, n_frames, rows, columns = values.shape
    across, down = columns + 1.5, rows + 4  # from one frame to the next, with room for the label
    width = 5.4
    scale = width / (n_frames * across)  # inches a pixel
    figure, axes = plt.subplots(figsize=(width, scale * (n_videos * down + 2.5)))
    for number, (video, label) in enumerate(zip(values, labels, strict=True)):
        top = number * down
        axes.text(0, top - 0.7, label, color=INK, va="bottom")
        for frame in range(n_frames):
            corner = (frame * across, top)
            axes.add_patch(Rectangle(corner, columns, rows, facecolor="none", edgecolor=MUTED, linewidth=0.6))
        for level in range(1, 5):
            path = _runs(np.round(np.clip(video, 0, 1) * 4) == level, across, top)
            axes.add_patch(PathPatch(path, facecolor=INK, alpha=level / 4, linewidth=0, antialiased=False))
    axes.set_xticks([frame * across + columns / 2 for frame in range(n_frames)], range(1, n_frames + 1))
    axes.set(xlim=(-0.5, n_frames * across - 1), ylim=(n_videos * down - 3.5, -3.5), aspect="equal", xlabel="frame")
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    return figure


def _runs(lit: np.ndarray, across: float, top: float) -> Path:
    """Outline the lit pixels of a video, neighbours in a row as one rectangle."""
    edges = np.diff(np.pad(lit, ((0, 0), (0, 0), (1, 1))).astype(int), axis=2)
    frame, row, first = np.nonzero(edges == 1)
    last = np.nonzero(edges == -1)[2]
    left, right = frame * across + first, frame * across + last
    y = top + row
    corners = np.stack([left, y, right, y, right, y + 1, left, y + 1, left, y], axis=1).reshape(-1, 2)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(corners, np.tile(codes, len(left)))
