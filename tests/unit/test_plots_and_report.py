"""plots and report: figures say what they show, and their SVG follows the page's colours."""

import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lstm_guide import plots, report


@pytest.fixture(autouse=True)
def _style():
    with plt.rc_context():
        plots.use_style()
        yield
    plt.close("all")


def test_intervals_draws_each_row_from_top_to_bottom():
    figure = plots.intervals({"LSTM": (0.5, 0.4, 0.6), "naive": (0.9, 0.9, 0.9)}, "RMSE", highlight="LSTM")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["LSTM", "naive"]
    assert axes.yaxis_inverted()
    whisker, dot = axes.lines[:2]
    np.testing.assert_array_equal(whisker.get_xdata(), [0.4, 0.6])
    np.testing.assert_array_equal(dot.get_xdata(), [0.5])
    assert dot.get_color() == plots.PALETTE[0]


def test_forecast_draws_actual_and_methods():
    figure = plots.forecast([1, 2, 3], {"LSTM": [1, 1, 2], "naive": [0, 1, 2]}, "degrees", index=[5, 6, 7])
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert set(lines) == {"actual", "LSTM", "naive"}
    np.testing.assert_array_equal(lines["naive"].get_xdata(), [5, 6, 7])


def test_film_strip_draws_each_lit_pixel_once_in_its_place():
    video = np.zeros((2, 2, 3, 4))
    video[1, 1, 2, 1:3] = 1  # two neighbours, in the second frame of the second video
    video[1, 0, 0, 3] = 0.5
    (axes,) = plots.film_strip(video, ["still", "moving"]).axes
    drawn = {patch.get_alpha(): patch.get_path() for patch in axes.patches if patch.get_path().codes is not None}
    lit = {level: path.vertices for level, path in drawn.items() if level and len(path.vertices)}
    assert set(lit) == {0.5, 1.0}
    np.testing.assert_allclose(np.ptp(lit[1.0], axis=0), [2, 1])  # one rectangle, two pixels wide
    np.testing.assert_allclose(lit[0.5].min(axis=0), [3, 3 + 4])  # rows and a gap below the first video
    assert [text.get_text() for text in axes.texts] == ["still", "moving"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2"]


def test_film_strip_is_small_and_follows_light_and_dark():
    rng = np.random.default_rng(0)
    svg = report.themed_svg(plots.film_strip(0.2 * rng.normal(size=(3, 6, 12, 12, 1)), list("abc")), "strip")
    assert ET.fromstring(svg).tag.endswith("svg")
    assert len(svg) < 60_000
    assert "<image" not in svg
    assert not re.findall(r"(?<!, )(#[0-9a-f]{6})", svg)


def test_svg_is_small_well_formed_and_themed():
    figure = plots.forecast(np.sin(np.arange(120)), {"LSTM": np.cos(np.arange(120))}, "degrees")
    svg = report.themed_svg(figure, "wave")
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert len(svg) < 30_000
    # every colour of the palette can be set by the page
    assert not re.findall(r"(?<!, )(#[0-9a-f]{6})", svg)
    assert "var(--fig-1, #0b6e6e)" in svg
    assert set(re.findall(r"font-family: ([^;]+)", svg)) == {"var(--fig-font, sans-serif)"}
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert all(name.startswith("wave-") for name in ids)
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) <= set(ids)
    assert "degrees" in svg


def test_numbers_to_read_keep_their_digits_and_coordinates_lose_theirs():
    drawing, axes = plt.subplots()
    axes.plot([0, 1], [1 / 3, 2 / 3])
    axes.set_title("rate 0.003")
    svg = report.themed_svg(drawing, "digits")
    plt.close(drawing)
    assert ">rate 0.003<" in svg
    assert not re.findall(r"\d\.\d{3,}", re.sub(">[^<]*<", "><", svg))


def test_svg_is_the_same_every_time():
    draw = lambda: report.themed_svg(plots.intervals({"a": (1, 0, 2)}, "RMSE"), "same")  # noqa: E731
    assert draw() == draw()


def test_script_saves_figures_where_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LSTM_GUIDE_OUT", str(tmp_path / "out"))
    report.figure("a_plot", plots.intervals({"a": (1, 0, 2)}, "RMSE"), alt="One dot with its interval")
    assert ET.parse(tmp_path / "out" / "a_plot.svg")
    assert "a_plot.svg" in capsys.readouterr().out
    assert not plt.get_fignums()


def test_gap_in_a_line_is_left_out_of_what_is_compared():
    drawing, axes = plt.subplots()
    axes.plot(pd.date_range("2026-01-01", periods=4), [1.0, np.nan, 3.0, np.inf])
    (line,) = report._lines(drawing)
    plt.close(drawing)
    assert line["y"] == [1.0, 3.0]
    assert np.diff(line["x"]) == [2]


def test_first_seed_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("LSTM_GUIDE_SEED", raising=False)
    assert report.first_seed() == 0
    monkeypatch.setenv("LSTM_GUIDE_SEED", "100")
    assert report.first_seed() == 100
    monkeypatch.setenv("LSTM_GUIDE_SEED", "many")
    with pytest.raises(ValueError, match=r"LSTM_GUIDE_SEED .*'many'"):
        report.first_seed()
