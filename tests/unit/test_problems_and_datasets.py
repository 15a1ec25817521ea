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
        (lambda: datasets.english_words(5, 4), ValueError, "max_length must be at least 5"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
