"""problems.belt, problems.damped_sine and problems.pendulum: what is hidden in them is what the docstrings say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_guide import problems


@given(st.integers(1, 20), st.integers(1, 20), st.lists(st.floats(1, 9), min_size=1, max_size=4), st.integers(0, 99))
def test_the_belt_turns_with_every_reversed_setting(n, steps, every, seed):
    x, y = problems.belt(n, steps, every, seed)
    assert (x.shape, y.shape) == ((n, steps, len(every)), (n, steps, 1))
    assert set(np.unique(x)) <= {-1, 0, 1}
    assert (x[:, 0] != 0).all()
    settings = np.zeros((n, len(every)))
    for t in range(steps):
        settings = np.where(x[:, t] != 0, x[:, t], settings)
        np.testing.assert_array_equal(y[:, t, 0], (settings < 0).sum(axis=1) % 2 == 0)


def test_reports_keep_their_tempo_and_no_setting_alone_tells_the_direction():
    x, y = problems.belt(40_000, n_steps=12, every=(2, 4, 8), seed=0)
    np.testing.assert_allclose((x[:, 1:] != 0).mean(axis=(0, 1)), [1 / 2, 1 / 4, 1 / 8], atol=0.005)
    assert y[:, -1].mean() == pytest.approx(0.5, abs=0.01)
    flat = x.reshape(len(x), -1)
    linked = (flat * (y[:, -1] - 0.5)).mean(axis=0)
    assert abs(linked).max() < 0.02


@given(st.integers(1, 10), st.integers(3, 60), st.integers(0, 99))
def test_two_weights_carry_a_damped_sine_on(n, steps, seed):
    readings, true = problems.damped_sine(n, steps, seed=seed)
    np.testing.assert_array_equal(readings, true)
    for wave in true[:, :, 0].astype("float64"):
        pairs = np.stack([wave[1:-1], wave[:-2]], axis=1)
        weights = np.linalg.lstsq(pairs, wave[2:], rcond=None)[0]
        np.testing.assert_allclose(pairs @ weights, wave[2:], atol=1e-4)


@pytest.mark.parametrize("problem", [problems.damped_sine, problems.pendulum])
def test_swings_are_read_with_the_stated_error_and_come_to_rest(problem):
    readings, true = problem(500, n_steps=200, noise=0.1, seed=1)
    assert readings.shape == true.shape == (500, 200, 1)
    assert (readings - true).std() == pytest.approx(0.1, rel=0.02)
    assert abs(true[:, 150:]).mean() < 0.5 * abs(true[:, :50]).mean()
    np.testing.assert_array_equal(problem(500, n_steps=200, noise=0.1, seed=1)[0], readings)


def test_the_wide_swings_of_a_pendulum_take_longer():
    angle = problems.pendulum(2_000, n_steps=200, seed=2)[1][:, :, 0]
    crossings = [np.flatnonzero(np.diff(np.sign(row))) for row in angle if abs(row[0]) > 2.2]
    first, late = (np.mean([np.diff(c)[part].mean() for c in crossings]) for part in (slice(0, 1), slice(8, 12)))
    assert first > 1.15 * late
