"""problems.valve and problems.sample_and_hold: the last message decides, the last press is held."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_guide import problems


@given(st.integers(1, 30), st.integers(1, 30), st.floats(0, 1), st.integers(0, 99), st.data())
def test_the_last_message_decides(n, steps, rate, seed, data):
    lag = data.draw(st.none() | st.integers(0, steps - 1))
    x, y = problems.valve(n, steps, lag, rate, seed)
    assert (x.shape, y.shape) == ((n, steps, 3), (n,))
    messages = x[:, :, 1:].sum(axis=2)
    assert set(np.unique(messages)) <= {0, 1}
    last = steps - 1 - messages[:, ::-1].argmax(axis=1)
    np.testing.assert_array_equal(x[np.arange(n), last, 1], y)
    if lag is not None:
        assert (last == steps - 1 - lag).all()


def test_nothing_but_the_last_message_tells():
    x, y = problems.valve(40_000, n_steps=20, lag=10, seed=0)
    assert y.mean() == pytest.approx(0.5, abs=0.01)
    assert not x[:, 10:, 1:].any()
    before, reading = x[:, :9, 1].sum(axis=1) - x[:, :9, 2].sum(axis=1), x[:, :, 0].sum(axis=1)
    assert abs(np.corrcoef(before, y)[0, 1]) < 0.02
    assert abs(np.corrcoef(reading, y)[0, 1]) < 0.02
    assert x[:, :9, 1:].sum(axis=2).mean() == pytest.approx(0.1, abs=0.01)
    lags = 19 - problems.valve(40_000, n_steps=20, rate=0, seed=0)[0][:, :, 1:].sum(axis=2).argmax(axis=1)
    np.testing.assert_allclose(np.bincount(lags) / 40_000, 1 / 20, atol=0.01)


@given(st.integers(1, 20), st.integers(1, 30), st.floats(0, 1), st.integers(0, 99))
def test_the_reading_of_the_last_press_is_held(n, steps, rate, seed):
    x, y = problems.sample_and_hold(n, steps, rate, seed)
    assert (x.shape, y.shape) == ((n, steps, 2), (n, steps, 1))
    held = np.zeros(n)
    for t in range(steps):
        held = np.where(x[:, t, 1] == 1, x[:, t, 0], held)
        np.testing.assert_array_equal(y[:, t, 0], held)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: problems.valve(0), ValueError, "n_sequences must be at least 1"),
        (lambda: problems.valve(1, n_steps=2.5), TypeError, "n_steps must be a whole number"),
        (lambda: problems.valve(1, n_steps=5, lag=5), ValueError, "lag must be below n_steps"),
        (lambda: problems.valve(1, lag=-1), ValueError, "lag must be at least 0"),
        (lambda: problems.valve(1, rate=1.5), ValueError, "rate must be at most 1"),
        (lambda: problems.valve(1, rate="often"), TypeError, "rate must be a number"),
        (lambda: problems.valve(1, seed=-1), ValueError, "seed must be at least 0"),
        (lambda: problems.sample_and_hold(0), ValueError, "n_sequences must be at least 1"),
        (lambda: problems.sample_and_hold(1, n_steps=0), ValueError, "n_steps must be at least 1"),
        (lambda: problems.sample_and_hold(1, rate=-0.1), ValueError, "rate must be at least 0"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
