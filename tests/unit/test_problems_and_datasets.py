"""problems and datasets: the answers are right, guesses are no better than they should be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_guide import datasets, problems


@given(st.integers(1, 30), st.integers(1, 20), st.integers(2, 12), st.integers(0, 99))
def test_the_marked_item_is_the_answer(n, steps, symbols, seed):
    x, y = problems.marked_item(n, steps, symbols, seed)
    assert x.shape == (n, steps, symbols + 1)
    marked = x[:, :, -1].argmax(axis=1)
    np.testing.assert_array_equal(x[np.arange(n), marked, :-1].argmax(axis=1), y)
    np.testing.assert_array_equal(x[:, :, :-1].sum(axis=2), 1)
    np.testing.assert_array_equal(x[:, :, -1].sum(axis=1), 1)


def test_marked_item_is_uniform_and_seeded():
    x, y = problems.marked_item(20_000, n_steps=5, n_symbols=4, seed=0)
    np.testing.assert_allclose(np.bincount(y) / len(y), 0.25, atol=0.02)
    np.testing.assert_allclose(x[:, :, -1].mean(axis=0), 0.2, atol=0.02)
    again, _ = problems.marked_item(20_000, n_steps=5, n_symbols=4, seed=0)
    np.testing.assert_array_equal(x, again)


@given(st.integers(1, 20), st.integers(0, 20), st.integers(1, 5), st.integers(2, 12), st.integers(0, 99))
def test_the_marked_items_are_the_answer_in_order(n, neutral, items, symbols, seed):
    x, y = problems.marked_items(n, items + neutral, items, symbols, seed)
    assert (x.shape, y.shape) == ((n, items + neutral, symbols + 1), (n, items))
    np.testing.assert_array_equal(x[:, :, :-1].sum(axis=2), 1)
    rows, places = np.nonzero(x[:, :, -1])  # row by row, and in each from left to right
    np.testing.assert_array_equal(rows, np.repeat(np.arange(n), items))
    np.testing.assert_array_equal(x[rows, places, :-1].argmax(axis=1).reshape(n, items), y)


def test_marked_items_are_uniform_and_seeded():
    x, y = problems.marked_items(20_000, n_steps=6, n_items=2, n_symbols=4, seed=0)
    pairs = np.bincount(4 * y[:, 0] + y[:, 1]) / len(y)
    np.testing.assert_allclose(pairs, 1 / 16, atol=0.01)
    np.testing.assert_allclose(x.mean(axis=0), np.tile([0.25] * 4 + [1 / 3], (6, 1)), atol=0.02)
    np.testing.assert_array_equal(x, problems.marked_items(20_000, 6, 2, 4, seed=0)[0])


@given(st.lists(st.text("abc", min_size=1, max_size=5), min_size=1), st.integers(0, 9))
def test_each_word_appears_in_both_directions(words, seed):
    kept = [word for word in words if word[::-1] not in words]
    if not kept:
        with pytest.raises(ValueError, match="whose reverse is not in it"):
            problems.reversed_words(words, seed)
        return
    texts, labels = problems.reversed_words(words, seed)
    forwards = sorted(text for text, label in zip(texts, labels, strict=True) if not label)
    backwards = sorted(text[::-1] for text, label in zip(texts, labels, strict=True) if label)
    assert forwards == backwards == sorted(kept)


@given(st.integers(1, 20), st.integers(1, 30), st.integers(0, 99))
def test_the_rain_barrel_keeps_its_water(n, steps, seed):
    x, y = problems.rain_barrel(n, steps, seed=seed)
    assert (x.shape, y.shape) == ((n, steps, 2), (n, steps))
    assert x.min() >= 0
    before = np.concatenate([np.full((n, 1), 50, "float32"), y[:, :-1]], axis=1)
    expected = np.clip(np.minimum(before + x[:, :, 0], 100) - x[:, :, 1], 0, None)
    np.testing.assert_allclose(y, expected, atol=1e-3)


def test_the_rain_barrel_meets_both_ends_and_is_read_with_the_stated_error():
    x, y = problems.rain_barrel(5_000, 14, seed=0)
    assert (y == 0).any(axis=1).mean() > 0.2
    assert (y[:, :-1] + x[:, 1:, 0] > 100).any(axis=1).mean() > 0.2
    same, read = problems.rain_barrel(5_000, 14, noise=2.0, seed=0)
    np.testing.assert_array_equal(same, x)
    assert np.std(read - y) == pytest.approx(2, abs=0.02)


def test_electricity_has_a_week_and_hours_without_a_gap():
    series = datasets.electricity()
    assert (series.index[1:] - series.index[:-1]).unique().tolist() == [np.timedelta64(1, "h")]
    assert not series.isna().any()
    by_day = series.groupby(series.index.day_of_week).mean()
    assert by_day[[5, 6]].max() < by_day[[0, 1, 2, 3, 4]].min()


def test_elnino_has_a_yearly_cycle():
    series = datasets.elnino()
    assert series.notna().all()
    assert series.between(15, 32).all()
    by_month = series.groupby(series.index.month).mean()
    assert by_month.idxmax() in (2, 3, 4)
    assert by_month.idxmin() in (8, 9, 10)


def test_co2_rises_and_has_gaps():
    series = datasets.co2()
    assert series.isna().any()
    assert series.index.is_monotonic_increasing
    assert series.resample("YE").mean().diff().dropna().mean() > 1


def test_english_words_are_words():
    words = datasets.english_words(min_length=5, max_length=6)
    assert words == sorted(set(words))
    assert {len(word) for word in words} == {5, 6}
    assert all(word.isascii() and word.islower() for word in words)
    assert not {word[::-1] for word in words} & set(words)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: problems.marked_item(0), ValueError, "n_sequences must be at least 1"),
        (lambda: problems.marked_item(1, n_symbols=1), ValueError, "n_symbols must be at least 2"),
        (lambda: problems.marked_item(1, n_steps=2.0), TypeError, "n_steps must be a whole number"),
        (lambda: problems.rain_barrel(0), ValueError, "n_sequences must be at least 1"),
        (lambda: problems.rain_barrel(1, noise=-1.0), ValueError, "noise must be at least 0"),
        (lambda: problems.rain_barrel(1, noise="much"), TypeError, "noise must be a number"),
        (lambda: problems.rain_barrel(1, noise=float("nan")), ValueError, "noise must be finite"),
        (lambda: problems.lamp(0, n_steps=5), ValueError, "n_sequences must be at least 1"),
        (lambda: problems.lamp(1, n_steps=0), ValueError, "n_steps must be at least 1"),
        (lambda: problems.lamp(1, n_steps=5, shortest=3, longest=2), ValueError, "longest must be at least 3"),
        (lambda: problems.lamp(1, n_steps=5.0), TypeError, "n_steps must be a whole number"),
        (lambda: problems.sensor_stream(0), ValueError, "n_sequences must be at least 1"),
        (lambda: problems.sensor_stream(1, n_steps=11), ValueError, "n_steps must be at least 12"),
        (lambda: problems.sensor_stream(1, n_hits=0), ValueError, "n_hits must be at least 1"),
        (lambda: datasets.english_words(5, 4), ValueError, "max_length must be at least 5"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 30), st.integers(0, 99))
def test_the_sensor_stream_holds_its_answers(n, hits, more, seed):
    steps = 4 * hits + more
    x, answers = problems.sensor_stream(n, steps, hits, seed)
    assert x.shape == (n, steps, 4)
    np.testing.assert_array_equal(x[:, :, 0].sum(axis=1), 1)
    struck = x[:, :, 1:3] > 0
    np.testing.assert_array_equal(struck.sum(axis=(1, 2)), hits)
    for row in range(n):
        total = float(x[row, :, 1:3].astype("float64").sum())
        assert abs(total - hits) < 1e-4 or (total > hits) == answers["energy"][row]
        trigger = int(x[row, :, 0].argmax())
        places = np.flatnonzero(struck[row].any(axis=1))
        assert np.diff(places).min(initial=steps) >= steps // (2 * hits)
        first = places[places > trigger][0]
        assert trigger not in places
        assert struck[row, first, answers["order"][row]]


def test_the_pulse_of_the_sensor_stream_is_told_by_its_shape_alone():
    x, answers = problems.sensor_stream(5_000, seed=0)
    pulse = answers["pulse"] == 1
    wave = x[:, :, 3]
    # the pulse has the same three heights both ways, so the totals say nothing
    assert wave[pulse].sum(axis=1).mean() == pytest.approx(wave[~pulse].sum(axis=1).mean(), abs=0.06)
    windows = np.lib.stride_tricks.sliding_window_view(wave, 3, axis=1)
    fast, slow = windows @ [1.0, 0.7, 0.4], windows @ [0.4, 0.7, 1.0]  # matched filters
    assert np.mean((slow.max(axis=1) > fast.max(axis=1)) == pulse) > 0.9


def test_the_answers_of_the_sensor_stream_are_even_and_independent():
    x, answers = problems.sensor_stream(20_000, seed=0)
    table = np.array([answers[name] for name in ("energy", "pulse", "order")])
    np.testing.assert_allclose(table.mean(axis=1), 0.5, atol=0.02)
    np.testing.assert_allclose(np.corrcoef(table), np.eye(3), atol=0.03)
    np.testing.assert_array_equal(x, problems.sensor_stream(20_000, seed=0)[0])
    assert not np.array_equal(x, problems.sensor_stream(20_000, seed=1)[0])


@given(st.integers(1, 5), st.integers(1, 80), st.integers(1, 9), st.integers(0, 9), st.integers(0, 99))
def test_the_lamp_does_what_the_last_press_said(n, steps, shortest, more, seed):
    x, y = problems.lamp(n, steps, shortest, shortest + more, seed)
    assert x.shape == (n, steps, 2)
    assert y.shape == (n, steps, 1)
    for presses, burns in zip(x, y[:, :, 0], strict=True):
        places = np.flatnonzero(presses.any(axis=1))
        assert places[0] == 0
        assert presses.sum() == len(places)  # never both buttons
        waits = np.diff(places)
        assert ((waits >= shortest) & (waits <= shortest + more)).all()
        assert steps - places[-1] <= shortest + more
        for t in range(steps):
            assert burns[t] == presses[places[places <= t][-1], 0]


def test_the_lamp_is_even_and_seeded():
    x, y = problems.lamp(200, 3_000, seed=0)
    np.testing.assert_allclose(x.mean(axis=(0, 1)), 1 / 60, rtol=0.05)  # a press every 30 steps
    assert y.mean() == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(x, problems.lamp(200, 3_000, seed=0)[0])
    assert not np.array_equal(x, problems.lamp(200, 3_000, seed=1)[0])


@given(st.integers(1, 5), st.integers(1, 20), st.none() | st.floats(0, 9), st.integers(0, 99))
def test_the_rainy_season_counts_rain_and_no_snow(n, steps, limit, seed):
    x, y = problems.rainy_season(n, steps, limit, seed)
    assert x.shape == (n, steps, 2)
    assert y.shape == (n, steps, 1)
    for (fallen, rain), label in zip(x.swapaxes(1, 2).astype("float64"), y[:, :, 0], strict=True):
        for t in range(steps):
            down, to_come = (fallen * rain)[: t + 1].sum(), (fallen * rain)[t + 1 :].sum()
            ahead = down - (to_come if limit is None else limit)
            assert label[t] == (ahead > 0) or abs(ahead) < 1e-5  # x is rounded to float32
        assert (np.diff(label) >= 0).all()  # what is down stays down


def test_the_rainy_season_is_even_in_the_middle_and_seeded():
    x, y = problems.rainy_season(20_000, seed=0)
    np.testing.assert_allclose(x.mean(axis=(0, 1)), [1, 0.6], atol=0.02)
    assert y[:, 4].mean() == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(x, problems.rainy_season(20_000, seed=0)[0])
    assert not np.array_equal(x, problems.rainy_season(20_000, seed=1)[0])


def test_only_half_of_the_rain_depends_on_what_follows():
    # the same ten steps, then six more: with a fixed limit the labels of the ten stay as they are
    x, y = problems.rainy_season(500, n_steps=16, limit=3, seed=0)
    rain = np.cumsum(x[:, :10, 0].astype("float64") * x[:, :10, 1], axis=1)
    assert np.mean((rain > 3) == y[:, :10, 0]) > 0.999
    x, y = problems.rainy_season(500, n_steps=16, seed=0)
    rain = np.cumsum(x[:, :10, 0].astype("float64") * x[:, :10, 1], axis=1)
    assert np.mean((rain > rain[:, -1:] / 2) == y[:, :10, 0]) < 0.9


def test_keras_source_is_python_in_ascii_and_without_tests():
    files = datasets.keras_source()
    assert "trainers/trainer.py" in files
    assert not any(name.endswith(("_test.py", "__init__.py")) for name in files)
    for name, text in files.items():
        assert all(character == "\n" or " " <= character <= "~" for character in text), name
        compile(text, name, "exec")
    assert list(datasets.keras_source(["models"])) == [name for name in files if name.startswith("models/")]
    # the size that the docstring tells
    assert 800_000 < sum(map(len, files.values())) < 1_000_000
