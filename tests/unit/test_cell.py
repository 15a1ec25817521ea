"""The NumPy LSTM: the same numbers as Keras, forward and back, and gradients as central differences give them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_guide import cell

SIZES = st.tuples(*[st.integers(1, 5)] * 4)  # samples, time, features, units


def batch(sizes, seed=0):
    samples, time, features, units = sizes
    x = np.random.default_rng(seed).normal(size=(samples, time, features))
    return x, cell.random_weights(features, units, seed)


def last_step_loss(x, weights, h=None, c=None):
    """A loss that weighs every unit differently, so that no gradient is right by symmetry."""
    trace = cell.forward(x, weights, h, c)
    dh = np.zeros_like(trace.h)
    dh[:, -1] = np.arange(1, trace.h.shape[2] + 1)
    return np.sum(dh * trace.h), trace, dh


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("batch_size", [1, 7])
def test_it_computes_what_keras_computes(dtype, tolerance, batch_size):
    import keras

    x = np.random.default_rng(1).normal(size=(batch_size, 30, 3)).astype(dtype)
    layer = keras.layers.LSTM(8, return_sequences=True, return_state=True, dtype=dtype, bias_initializer="normal")
    h, c = (np.random.default_rng(seed).normal(size=(batch_size, 8)).astype(dtype) for seed in (2, 3))
    expected = [np.asarray(array) for array in layer(x, initial_state=[h, c])]
    trace = cell.forward(x, cell.from_keras(layer.get_weights()), h, c)
    assert trace.h.dtype == dtype
    for ours, theirs in zip((trace.h, trace.h[:, -1], trace.c[:, -1]), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def test_its_gradients_are_those_of_keras():
    import keras
    import tensorflow as tf

    layer = keras.layers.LSTM(4, return_sequences=True, dtype="float64")
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 12, 2)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) ** 2)
    expected = tape.gradient(loss, [*layer.trainable_weights, x])
    weights = cell.from_keras(layer.get_weights())
    trace = cell.forward(x.numpy(), weights)
    gradients = cell.backward(trace, weights, 2 * trace.h)
    for ours, theirs in zip([*cell.to_keras(gradients.weights), gradients.x], expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(SIZES, st.integers(0, 2**16))
def test_its_gradients_are_those_of_central_differences(sizes, seed):
    x, weights = batch(sizes, seed)
    h, c = np.random.default_rng(seed + 1).normal(size=(2, sizes[0], sizes[3]))
    _, trace, dh = last_step_loss(x, weights, h, c)
    gradients = cell.backward(trace, weights, dh)
    pairs = [(x, gradients.x), (h, gradients.h_start), (c, gradients.c_start)]
    for part in ("W", "U", "b"):
        pairs += [(getattr(weights, part)[k], getattr(gradients.weights, part)[k]) for k in cell.PARTS]
    for array, gradient in pairs:
        place = tuple(np.random.default_rng(seed).integers(size) for size in array.shape)
        before, width = array[place], 1e-5
        array[place] = before + width
        above = last_step_loss(x, weights, h, c)[0]
        array[place] = before - width
        below = last_step_loss(x, weights, h, c)[0]
        array[place] = before
        assert gradient[place] == pytest.approx((above - below) / (2 * width), rel=1e-5, abs=1e-7)


@settings(max_examples=25, deadline=None)
@given(SIZES, st.integers(0, 2**16), st.data())
def test_reading_in_two_parts_is_reading_at_once(sizes, seed, data):
    x, weights = batch((sizes[0], sizes[1] + 1, *sizes[2:]), seed)
    cut = data.draw(st.integers(1, sizes[1]))
    whole = cell.forward(x, weights)
    first = cell.forward(x[:, :cut], weights)
    second = cell.forward(x[:, cut:], weights, first.h[:, -1], first.c[:, -1])
    np.testing.assert_allclose(np.concatenate([first.h, second.h], axis=1), whole.h, atol=1e-12)


@given(SIZES, st.integers(0, 2**16))
def test_gates_stay_between_0_and_1_and_states_in_their_bounds(sizes, seed):
    x, weights = batch(sizes, seed)
    trace = cell.forward(100 * x, weights)
    assert all(((gate >= 0) & (gate <= 1)).all() for gate in (trace.f, trace.i, trace.o))
    assert (np.abs(trace.h) <= 1).all()
    assert (np.abs(trace.c) <= np.arange(1, sizes[1] + 1)[:, None]).all()  # at most 1 more a step


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**16))
def test_keras_layout_and_back_is_the_same(n_features, n_units, seed):
    weights = cell.random_weights(n_features, n_units, seed)
    again = cell.from_keras(cell.to_keras(weights))
    for part in ("W", "U", "b"):
        for k in cell.PARTS:
            np.testing.assert_array_equal(getattr(again, part)[k], getattr(weights, part)[k])


def test_random_weights_are_what_keras_starts_with():
    import keras

    ours = cell.to_keras(cell.random_weights(3, 16, seed=0, forget_bias=1))
    layer = keras.layers.LSTM(16)
    layer.build((None, 5, 3))
    for mine, theirs in zip(ours, layer.get_weights(), strict=True):
        assert mine.shape == theirs.shape
        assert np.std(mine) == pytest.approx(np.std(theirs), rel=0.2)
    recurrent = ours[1]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(16), atol=1e-12)
    np.testing.assert_array_equal(ours[2], layer.get_weights()[2])


def test_random_weights_have_no_preferred_sign():
    corners = [cell.random_weights(1, 4, seed).U["i"][0, 0] for seed in range(200)]
    assert abs(np.mean(corners)) < 0.1


def test_weights_in_whole_numbers_do_not_cut_off_the_input():
    weights = cell.random_weights(1, 1, seed=0)
    whole = cell.Weights(*({k: np.ones(v.shape, "int64") for k, v in part.items()} for part in vars(weights).values()))
    trace = cell.forward([[[0.3], [0.7]]], whole)
    assert trace.x[0, :, 0] == pytest.approx([0.3, 0.7])
    assert cell.backward(trace, whole, np.ones_like(trace.h)).weights.W["g"][0, 0] > 0


WEIGHTS = cell.random_weights(2, 3, seed=0)
TRACE = cell.forward(np.zeros((1, 4, 2)), WEIGHTS)
BAD = [
    (lambda: cell.forward(np.zeros((4, 2)), WEIGHTS), ValueError, "x must have 3 axes"),
    (lambda: cell.forward(np.zeros((1, 4, 5)), WEIGHTS), ValueError, r"x of shape \(1, 4, 5\)"),
    (lambda: cell.forward(np.zeros((1, 0, 2)), WEIGHTS), ValueError, "x must not be empty"),
    (lambda: cell.forward(np.full((1, 4, 2), np.nan), WEIGHTS), ValueError, "x must be finite"),
    (lambda: cell.forward([["a"]], WEIGHTS), TypeError, "x must be numeric"),
    (lambda: cell.forward(np.zeros((1, 4, 2)), WEIGHTS, h=np.zeros((2, 3))), ValueError, "h must have shape"),
    (lambda: cell.forward(np.zeros((1, 4, 2)), WEIGHTS, c=np.zeros(3)), ValueError, "c must have 2 axes"),
    (lambda: cell.backward(TRACE, WEIGHTS, np.zeros((1, 4, 2))), ValueError, "dh and trace.h"),
    (lambda: cell.random_weights(0, 3), ValueError, "n_features must be at least 1"),
    (lambda: cell.random_weights(2, 3.5), TypeError, "n_units must be a whole number"),
    (lambda: cell.random_weights(2, 3, forget_bias=np.inf), ValueError, "forget_bias must be finite"),
    (lambda: cell.from_keras([np.zeros((2, 8)), np.zeros((2, 8))]), ValueError, "Received: 2 arrays"),
    (lambda: cell.from_keras(None), TypeError, "arrays=None"),
    (lambda: cell.from_keras([np.zeros((2, 8)), np.zeros((3, 8)), np.zeros(8)]), ValueError, "for each of the 3 units"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()
