"""problems.creek: sealed ground changes the answer to the rain, the weather does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_guide import problems


def answer_to_one_hour(mm, sealed):
    """Flow after one hour of rain on dry ground, from the rule that the docstring states."""
    soil = (1 - sealed) * mm
    quick = sealed * mm + max(soil - 10, 0)
    flow = np.zeros(40)
    flow[:3] = quick * np.array([0.5, 0.3, 0.2])
    return flow + 0.2 * min(soil, 10) * 0.8 ** np.arange(40)


@given(st.floats(0, 1), st.integers(0, 99))
def test_all_water_leaves_and_light_rain_answers_linearly(sealed, seed):
    # without overflow the flow is the rain, spread by a fixed answer
    x, y = problems.creek(2, n_steps=200, sealed=sealed, wet=0.01, noise=0, seed=seed)
    for rain, flow in zip(x[:, :, 0], y[:, :, 0], strict=True):
        expected = np.convolve(rain, answer_to_one_hour(1, sealed))[:200]
        np.testing.assert_allclose(flow, expected, atol=1e-3)


def test_sealed_changes_the_answer_and_wet_the_rain_alone():
    x, y = problems.creek(3, n_steps=400, sealed=np.repeat([0, 0.5], 200), noise=0, seed=1)
    same, before = problems.creek(3, n_steps=400, noise=0, seed=1)
    np.testing.assert_array_equal(x, same)
    np.testing.assert_array_equal(y[:, :200], before[:, :200])
    assert np.abs(y - before)[:, 200:].max() > 1
    heavy, _ = problems.creek(3, n_steps=400, wet=2, noise=0, seed=1)
    np.testing.assert_allclose(heavy, 2 * x, rtol=1e-6)


def test_showers_and_the_gauge_are_as_stated():
    x, y = problems.creek(40, n_steps=3_000, seed=0)
    wet = x[:, :, 0] > 0
    assert wet[:, 1:][wet[:, :-1]].mean() == pytest.approx(0.75, abs=0.01)
    assert wet[:, 1:][~wet[:, :-1]].mean() == pytest.approx(0.06, abs=0.003)
    assert x[:, :, 0][wet].mean() == pytest.approx(2, rel=0.03)
    quiet = problems.creek(40, n_steps=3_000, noise=0, seed=0)[1]
    assert (y - quiet).std() == pytest.approx(0.1, rel=0.02)
