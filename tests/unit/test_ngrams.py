"""ngrams: probabilities sum to 1, agree with a slow recount by dictionaries and with an example worked by hand."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_guide.ngrams import NGram


def slow(text, order, n_symbols):
    """Interpolated Kneser-Ney once more, from its definition, with tuples and dictionaries: p(symbol, context)."""
    counts = Counter(tuple(text[i : i + order]) for i in range(len(text) - order + 1))
    levels = []
    for _ in range(order):
        ones, twos = (sum(c == n for c in counts.values()) for n in (1, 2))
        levels.insert(0, (dict(counts), ones / (ones + 2 * twos) if ones and twos else 0.5))
        preceded_by = defaultdict(set)
        for gram in counts:
            preceded_by[gram[1:]].add(gram[0])
        counts = Counter({gram: len(firsts) for gram, firsts in preceded_by.items()})

    def probability(symbol, context, length=order):
        if length == 0:
            return 1 / n_symbols
        grams, discount = levels[length - 1]
        known = tuple(context[len(context) - length + 1 :])
        following = {gram[-1]: count for gram, count in grams.items() if gram[:-1] == known}
        below = probability(symbol, context, length - 1)
        if not following:
            return below
        total = sum(following.values())
        return (max(following.get(symbol, 0) - discount, 0) + discount * len(following) * below) / total

    return probability


TEXTS = st.lists(st.integers(0, 3), min_size=5, max_size=40)


@given(TEXTS, st.integers(1, 5), st.lists(st.integers(0, 4), min_size=4, max_size=4))
def test_probabilities_are_positive_and_sum_to_one_whatever_came_before(text, order, context):
    p = NGram(text, order, n_symbols=5).probabilities([context])
    assert (p > 0).all()
    np.testing.assert_allclose(p.sum(), 1, rtol=1e-9)


@given(TEXTS, st.integers(1, 4), st.lists(st.integers(0, 4), min_size=3, max_size=3))
def test_it_agrees_with_a_slow_recount(text, order, context):
    p = NGram(text, order, n_symbols=5).probabilities([context])[0]
    probability = slow(text, order, n_symbols=5)
    np.testing.assert_allclose(p, [probability(symbol, context) for symbol in range(5)], rtol=1e-9)


@given(TEXTS, st.integers(1, 4))
def test_bits_are_those_of_the_probabilities(text, order):
    model = NGram(text, order, n_symbols=4)
    other = [0, 1, 2, 3, 3, 1]
    contexts = np.array([other[i : i + order - 1] for i in range(len(other) - order + 1)], dtype=int)
    p = model.probabilities(contexts)
    np.testing.assert_allclose(model.bits(other), -np.log2([p[i, s] for i, s in enumerate(other[order - 1 :])]))


def test_by_hand():
    # 0 1 0 1 0 2: the pairs 01 twice, 10 twice, 02 once; so one of count 1, two of count 2: discount 1 / (1 + 2 * 2)
    # single symbols count what they follow: 0 follows {1}, 1 follows {0}, 2 follows {0}; no count is 2: discount 0.5
    single = (1 - 0.5) / 3 + 0.5 * 3 / 3 * 1 / 3
    after_0 = np.array([0, 2 - 0.2, 1 - 0.2]) / 3 + 0.2 * 2 / 3 * single
    model = NGram([0, 1, 0, 1, 0, 2], order=2, n_symbols=3)
    np.testing.assert_allclose(model.probabilities([[0]])[0], after_0)
    # 2 was followed by nothing: what is left are the single symbols
    np.testing.assert_allclose(model.probabilities([[2]])[0], [single] * 3)


def test_single_symbols_are_counted_as_they_are():
    # order 1: raw counts 3, 2, 1 of 6; one of count 1, one of count 2: discount 1 / 3
    p = NGram([0, 1, 0, 1, 0, 2], order=1, n_symbols=4).probabilities(np.zeros((1, 0)))
    lowered = np.array([3, 2, 1, 0]) - np.array([1, 1, 1, 0]) / 3
    np.testing.assert_allclose(p[0], lowered / 6 + 1 / 3 * 3 / 6 / 4)


def test_more_context_helps_where_there_is_some():
    text = np.tile([0, 0, 1, 2], 100)
    cost = [NGram(text, order, n_symbols=3).bits(text).mean() for order in (1, 2, 3)]
    assert cost[0] > cost[1] > cost[2]
    assert cost[2] < 0.1


def test_the_longest_n_grams_still_fit_into_a_number():
    text = np.random.default_rng(0).integers(0, 96, size=500)
    p = NGram(text, 9, 96).probabilities(text[None, :8])
    np.testing.assert_allclose(p.sum(), 1)
    assert p.argmax() == text[8]


BAD = [
    ({"codes": [[0, 1]]}, ValueError, "codes must have 1 axis"),
    ({"codes": [0]}, ValueError, "codes must hold at least order symbols"),
    ({"codes": [0, 3]}, ValueError, "codes must be whole numbers from 0 to n_symbols - 1 = 2"),
    ({"codes": [0, -1]}, ValueError, "codes must be whole numbers"),
    ({"codes": [0, 0.5]}, ValueError, "codes must be whole numbers"),
    ({"codes": "ab"}, TypeError, "codes must be numeric"),
    ({"order": 0}, ValueError, "order must be at least 1"),
    ({"order": 10}, ValueError, "order must be at most 9"),
    ({"order": 2.0}, TypeError, "order must be a whole number"),
    ({"n_symbols": 1}, ValueError, "n_symbols must be at least 2"),
    ({"n_symbols": 10**6, "order": 9, "codes": [0] * 9}, ValueError, "n_symbols must leave fewer than 2"),
    ({"n_symbols": None}, TypeError, "n_symbols must be a whole number"),
]


@pytest.mark.parametrize(("bad", "error", "message"), BAD)
def test_bad_texts_and_sizes_are_refused(bad, error, message):
    with pytest.raises(error, match=message):
        NGram(**{"codes": [0, 1, 2], "order": 2, "n_symbols": 3} | bad)


def test_bad_contexts_and_texts_to_score_are_refused():
    model = NGram([0, 1, 2, 0], order=3, n_symbols=3)
    for contexts, message in [([[0]], "contexts must hold at least order - 1 = 2"), ([0, 1], "contexts must have 2")]:
        with pytest.raises(ValueError, match=message):
            model.probabilities(contexts)
    with pytest.raises(ValueError, match="contexts must be whole numbers"):
        model.probabilities([[0, 7]])
    with pytest.raises(ValueError, match="codes must hold at least order symbols"):
        model.bits([0, 1])
    with pytest.raises(TypeError, match="codes must be numeric"):
        model.bits(["a", "b", "c"])
    with pytest.raises(ValueError, match="contexts must hold"):
        NGram([0, 1], order=1, n_symbols=2).probabilities(np.zeros(0))
