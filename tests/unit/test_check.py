"""_check: what passes comes back unchanged, whatever it is kept in. What is refused is in test_bad_input.py."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstm_guide import _check

FINITE = arrays("float64", st.integers(1, 20), elements=st.floats(-1e300, 1e300))


@given(FINITE)
def test_numbers_pass_unchanged_in_whatever_they_are_kept(values):
    kept_in = [values, values.tolist(), tuple(values), pd.Series(values), values.astype(object), np.ma.array(values)]
    kept_in += [pd.Series(values, index=pd.date_range("2020", periods=len(values))), pd.Series(values, dtype="Float64")]
    for value in kept_in:
        np.testing.assert_array_equal(_check.finite_array("x", value, (1,)), values)


@given(arrays("int32", st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.integers(-100, 100)))
def test_tables_pass_unchanged(values):
    for value in (values, values.tolist(), pd.DataFrame(values), pd.DataFrame(values).convert_dtypes()):
        np.testing.assert_array_equal(_check.finite_array("x", value, (2,)), values)


@given(FINITE, st.integers(0, 19), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_one_value_that_is_not_finite_is_enough(values, place, wrong):
    values[place % len(values)] = wrong
    with pytest.raises(ValueError, match="1 NaN or infinite values"):
        _check.finite_array("x", values, (1,))
    if np.isnan(wrong):
        np.testing.assert_array_equal(_check.finite_array("x", values, (1,), missing=True), values)


def test_the_caller_s_array_is_never_handed_back():
    values = np.zeros(3)
    _check.finite_array("x", values, (1,))[:] = 1
    assert not values.any()


@given(st.integers(1, 10**9))
def test_whole_numbers_of_any_kind_pass(value):
    for kept_in in (value, np.int64(value), np.uint32(value)):
        assert _check.whole_number("n", kept_in) == _check.seed(kept_in) == _check.number("x", kept_in) == value
