"""generate: symbols come as often as they should, a step at a time is the same as all at once, copies are found."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_guide import generate, models
from lstm_guide.ngrams import NGram

LOGITS = np.log([[0.5, 0.3, 0.15, 0.05]])


def shares(**settings):
    picked = generate.sample(np.repeat(LOGITS, 40_000, axis=0), rng=np.random.default_rng(0), **settings)
    return np.bincount(picked, minlength=4) / len(picked)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_symbols_come_with_the_probabilities_of_the_softmax(temperature):
    expected = np.exp(LOGITS[0] / temperature)
    np.testing.assert_allclose(shares(temperature=temperature), expected / expected.sum(), atol=0.01)


def test_top_k_keeps_the_ratios_among_the_k():
    np.testing.assert_allclose(shares(top_k=2), [0.625, 0.375, 0, 0], atol=0.01)
    np.testing.assert_allclose(shares(top_k=9), np.exp(LOGITS[0]), atol=0.01)


def test_top_k_keeps_k_where_there_is_a_tie():
    picked = generate.sample(np.zeros((500, 6)), top_k=3, rng=np.random.default_rng(0))
    assert len(set(picked.tolist())) == 3


def test_greedy_and_top_1_take_the_largest():
    logits = np.random.default_rng(0).normal(size=(50, 7))
    np.testing.assert_array_equal(generate.sample(logits, temperature=0), logits.argmax(axis=1))
    np.testing.assert_array_equal(generate.sample(logits, top_k=1), logits.argmax(axis=1))


def test_a_low_temperature_comes_near_to_greedy():
    logits = np.random.default_rng(0).normal(size=(50, 7))
    cold = generate.sample(logits, temperature=1e-6, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(cold, logits.argmax(axis=1))


def test_what_has_minus_infinity_never_comes():
    logits = np.array([[-np.inf, 0.0, -np.inf, 0.0]] * 200)
    assert set(generate.sample(logits, temperature=5, rng=np.random.default_rng(0)).tolist()) == {1, 3}
    assert set(generate.sample(logits, temperature=0).tolist()) == {1}


def test_one_step_at_a_time_gives_what_the_whole_sequence_gives():
    keras.utils.set_random_seed(1)
    whole = models.generative_lstm(n_symbols=6, units=8, width=4)
    single = models.generative_lstm(n_symbols=6, units=8, width=4, streams=3)
    single.set_weights(whole.get_weights())
    codes = np.random.default_rng(0).integers(0, 6, size=(3, 12))
    expected = np.asarray(whole(codes))
    for _ in range(2):  # the second time shows that from_lstm resets the state
        step = generate.from_lstm(single)
        steps = [step(codes[:, : now + 1]) for now in range(12)]
        np.testing.assert_allclose(np.stack(steps, axis=1), expected, atol=1e-5)


def test_greedy_writing_follows_the_whole_sequence_model():
    keras.utils.set_random_seed(1)
    whole = models.generative_lstm(n_symbols=6, units=8)
    single = models.generative_lstm(n_symbols=6, units=8, streams=2)
    single.set_weights(whole.get_weights())
    prompt = np.array([[1, 2, 3], [4, 5, 0]])
    written = generate.write(generate.from_lstm(single), prompt, n_steps=5, temperature=0)
    text = prompt
    for _ in range(5):
        text = np.hstack([text, np.asarray(whole(text))[:, -1:].argmax(axis=2)])
    np.testing.assert_array_equal(written, text[:, 3:])


def test_writing_is_repeated_by_its_seed_and_not_by_another():
    step = generate.from_ngrams(NGram(np.random.default_rng(0).integers(0, 4, 300), 3, 4))
    first, again, other = (generate.write(step, [[0, 1]] * 4, 30, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.shape == (4, 30)


def test_an_n_gram_model_that_knows_one_sequence_writes_it():
    model = NGram(np.tile([0, 0, 1, 2], 50), order=3, n_symbols=3)
    written = generate.write(generate.from_ngrams(model), [[0]], n_steps=8, temperature=0)
    # the first symbol has too little before it, and all symbols have the same chance: greedy takes code 0
    np.testing.assert_array_equal(written[0], [0, 1, 2, 0, 0, 1, 2, 0])


@given(st.text("ab ", max_size=30), st.text("ab ", max_size=30))
def test_longest_copy_is_what_a_search_through_all_passages_finds(text, source):
    passages = {text[i:j] for i in range(len(text)) for j in range(i, len(text) + 1)}
    longest = max((len(passage) for passage in passages if passage in source), default=0)
    found = generate.longest_copy(text, source)
    assert found in text
    assert found in source
    assert len(found) == longest


def test_models_that_forget_are_refused():
    with pytest.raises(ValueError, match="model must keep its state"):
        generate.from_lstm(models.generative_lstm(n_symbols=4, units=3))
    with pytest.raises(ValueError, match="with 0 recurrent layers"):
        generate.from_lstm(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
