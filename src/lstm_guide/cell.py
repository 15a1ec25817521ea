"""An LSTM layer and its backpropagation through time in NumPy: to read, and to check Keras against.

The names are those of the equations on the site: x the input, f, i and o the gates, g the candidate, c the cell
state, h the hidden state, and W, U and b the weights. To train a model use Keras, which is much faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit as sigmoid

from lstm_guide import _check

PARTS = ("i", "f", "g", "o")  # three gates and the candidate, in the order of Keras' columns


@dataclass(frozen=True)
class Weights:
    """What an LSTM layer learns; also the gradients of that, which have the same shapes.

    Args:
        W: for each of "f", "i", "g" and "o" the weights of the input, shape (features, units).
        U: the same for the hidden state of the step before, shape (units, units).
        b: the same for the bias, shape (units,).
    """

    W: dict[str, np.ndarray]
    U: dict[str, np.ndarray]
    b: dict[str, np.ndarray]


def step(x: np.ndarray, weights: Weights, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, ...]:
    """Read one time step: the six equations of the LSTM, nothing else. Arguments are not checked here.

    Args:
        x: the input of this step, shape (samples, features).
        weights: of the layer.
        h: the hidden state of the step before, shape (samples, units).
        c: the cell state of the step before, shape (samples, units).

    Returns:
        f, i, g, o, and the new c and h, each of shape (samples, units).

    Raises:
        ValueError: NumPy's own, if shapes do not fit.

    Examples:
        >>> weights = random_weights(n_features=1, n_units=2, seed=0)
        >>> f, i, g, o, c, h = step(np.ones((3, 1)), weights, np.zeros((3, 2)), np.zeros((3, 2)))
        >>> h.shape
        (3, 2)

    Source:
        The cell of keras.layers.LSTM; its forget gate is from Gers, Schmidhuber and Cummins (2000), Learning to forget,
        https://doi.org/10.1162/089976600300015015.
    """
    W, U, b = weights.W, weights.U, weights.b  # noqa: N806
    f = sigmoid(x @ W["f"] + h @ U["f"] + b["f"])  # keep
    i = sigmoid(x @ W["i"] + h @ U["i"] + b["i"])  # write
    g = np.tanh(x @ W["g"] + h @ U["g"] + b["g"])  # draft
    o = sigmoid(x @ W["o"] + h @ U["o"] + b["o"])  # say
    c = f * c + i * g  # on the right: the cell state of the step before
    h = o * np.tanh(c)
    return f, i, g, o, c, h


@dataclass(frozen=True)
class Trace:
    """All that happened while an LSTM layer read a batch.

    Args:
        x: the input, shape (samples, time, features).
        h_start: the hidden state before the first step, shape (samples, units).
        c_start: the cell state before the first step, shape (samples, units).
        f: the forget gate at each step, shape (samples, time, units), 0 to 1.
        i: the input gate, same shape, 0 to 1.
        g: the candidate, same shape, -1 to 1.
        o: the output gate, same shape, 0 to 1.
        c: the cell state after each step, same shape.
        h: the hidden state after each step, same shape, -1 to 1: what the layer puts out.
    """

    x: np.ndarray
    h_start: np.ndarray
    c_start: np.ndarray
    f: np.ndarray
    i: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray
    h: np.ndarray


def forward(x: ArrayLike, weights: Weights, h: ArrayLike | None = None, c: ArrayLike | None = None) -> Trace:
    """Read a batch of sequences from the first step to the last.

    Args:
        x: the sequences, shape (samples, time, features).
        weights: of the layer; their precision is that of the computation.
        h: the hidden state to start from, shape (samples, units); None means zeros, as in Keras.
        c: the cell state to start from, same shape; None means zeros.

    Returns:
        The trace: gates and states at every step.

    Raises:
        TypeError: if x, h or c is not numeric, or weights are no Weights.
        ValueError: if a shape does not fit the weights, or a value is NaN or infinite.

    Examples:
        >>> weights = random_weights(n_features=1, n_units=4, seed=0)
        >>> forward(np.ones((2, 5, 1)), weights).h.shape
        (2, 5, 4)

    Source:
        The same numbers as keras.layers.LSTM (tested, batches and states, float32 and float64).
    """
    _check.instance("weights", weights, Weights, "the Weights of a layer")
    n_features, n_units = weights.W["f"].shape
    # at least float32: weights wired by hand may be whole numbers, and must not cut off the decimals of x
    dtype = np.result_type(weights.W["f"], np.float32)
    x = _check.finite_array("x", x, (3,)).astype(dtype)
    if x.shape[2] != n_features:
        raise ValueError(
            f"x must have the features that the weights were made for. Received: x of shape {x.shape} for "
            f"{n_features} features; pass shape (samples, time, {n_features})."
        )
    h_start = _start("h", h, (len(x), n_units), dtype)
    c_start = _start("c", c, (len(x), n_units), dtype)
    steps = []
    h, c = h_start, c_start
    for t in range(x.shape[1]):
        f, i, g, o, c, h = step(x[:, t], weights, h, c)
        steps.append((f, i, g, o, c, h))
    f, i, g, o, c, h = (np.stack(values, axis=1) for values in zip(*steps, strict=True))
    return Trace(x=x, h_start=h_start, c_start=c_start, f=f, i=i, g=g, o=o, c=c, h=h)


@dataclass(frozen=True)
class Gradients:
    """How a loss changes with each thing that an LSTM layer computed with.

    Args:
        weights: with respect to the weights, summed over samples and steps.
        x: with respect to the input, shape (samples, time, features).
        h: with respect to the hidden state after each step, by every path, shape (samples, time, units).
        c: with respect to the cell state after each step, by every path, same shape.
        h_start: with respect to the hidden state before the first step, shape (samples, units).
        c_start: with respect to the cell state before the first step, same shape.
    """

    weights: Weights
    x: np.ndarray
    h: np.ndarray
    c: np.ndarray
    h_start: np.ndarray
    c_start: np.ndarray


def backward(trace: Trace, weights: Weights, dh: ArrayLike) -> Gradients:
    """Carry a loss's gradient back through every step: backpropagation through time, in full.

    Args:
        trace: what forward returned.
        weights: those that forward was given.
        dh: how the loss changes with each hidden state directly, shape (samples, time, units): zeros but for the
            last step if the loss sees the last hidden state only.

    Returns:
        The gradients of the loss with respect to weights, input and states.

    Raises:
        TypeError: if dh is not numeric, trace is no Trace, or weights are no Weights.
        ValueError: if dh has not the shape of trace.h, or holds NaN or infinite values.

    Examples:
        >>> weights = random_weights(n_features=1, n_units=4, seed=0)
        >>> trace = forward(np.ones((2, 5, 1)), weights)
        >>> dh = np.zeros_like(trace.h)
        >>> dh[:, -1] = 1  # the loss is the sum of the last hidden state
        >>> backward(trace, weights, dh).weights.U["f"].shape
        (4, 4)

    Source:
        Graves and Schmidhuber (2005), https://doi.org/10.1016/j.neunet.2005.06.042, the full gradient; the same numbers
        as central differences and as Keras' own gradients (tested).
    """
    _check.instance("trace", trace, Trace, "the Trace that forward returned")
    _check.instance("weights", weights, Weights, "the Weights of a layer")
    dh = _check.finite_array("dh", dh, (3,)).astype(trace.h.dtype)
    _check.same_shape("dh", dh, "trace.h", trace.h)
    total = Weights(
        *({k: np.zeros(v.shape, dh.dtype) for k, v in part.items()} for part in (weights.W, weights.U, weights.b))
    )
    all_dx, all_dh, all_dc = np.zeros_like(trace.x), np.zeros_like(dh), np.zeros_like(dh)
    from_h, from_c = np.zeros_like(trace.h_start), np.zeros_like(trace.c_start)  # what the step after sends back
    for t in reversed(range(dh.shape[1])):
        f, i, g, o, c = (array[:, t] for array in (trace.f, trace.i, trace.g, trace.o, trace.c))
        h_before, c_before = (trace.h[:, t - 1], trace.c[:, t - 1]) if t else (trace.h_start, trace.c_start)
        dh_t = dh[:, t] + from_h
        dc_t = dh_t * o * (1 - np.tanh(c) ** 2) + from_c
        # with respect to what stands inside each sigmoid or tanh of step()
        inside = {
            "f": dc_t * c_before * f * (1 - f),
            "i": dc_t * g * i * (1 - i),
            "g": dc_t * i * (1 - g**2),
            "o": dh_t * np.tanh(c) * o * (1 - o),
        }
        for k, d in inside.items():
            total.W[k][:] += trace.x[:, t].T @ d
            total.U[k][:] += h_before.T @ d
            total.b[k][:] += d.sum(axis=0)
        all_dx[:, t] = sum(d @ weights.W[k].T for k, d in inside.items())
        all_dh[:, t], all_dc[:, t] = dh_t, dc_t
        from_h = sum(d @ weights.U[k].T for k, d in inside.items())
        from_c = dc_t * f  # the line that keeps gradients alive: no weight matrix in it
    return Gradients(total, all_dx, all_dh, all_dc, from_h, from_c)


def random_weights(n_features: int, n_units: int, seed: int | None = None, forget_bias: float = 1.0) -> Weights:
    """Draw weights as Keras starts with: Glorot uniform W, orthogonal U, b zero but for the forget gate.

    Args:
        n_features: features of the input, at least 1.
        n_units: width of the states, at least 1.
        seed: seed of the random generator; None draws a fresh one.
        forget_bias: the forget gate's bias; Keras takes 1.

    Returns:
        The weights, float64.

    Raises:
        TypeError: if a size or the seed is not a whole number, or forget_bias is not a number.
        ValueError: if a size is below 1 or the seed below 0, or forget_bias is not finite.

    Examples:
        >>> random_weights(n_features=3, n_units=2, seed=0).b["f"]
        array([1., 1.])

    Source:
        The defaults of keras.layers.LSTM; the forget gate's bias after Jozefowicz, Zaremba and Sutskever (2015),
        https://proceedings.mlr.press/v37/jozefowicz15.html.
    """
    n_features = _check.whole_number("n_features", n_features)
    n_units = _check.whole_number("n_units", n_units)
    forget_bias = _check.number("forget_bias", forget_bias)
    rng = np.random.default_rng(_check.seed(seed))
    limit = np.sqrt(6 / (n_features + 4 * n_units))
    kernel = rng.uniform(-limit, limit, size=(n_features, 4 * n_units))
    # rows at right angles, as wide as all four parts together; without the signs, QR prefers negative corners
    q, r = np.linalg.qr(rng.normal(size=(4 * n_units, n_units)))
    recurrent = (q * np.sign(np.diag(r))).T
    weights = from_keras([kernel, recurrent, np.zeros(4 * n_units)])
    weights.b["f"][:] = forget_bias
    return weights


def from_keras(arrays: Sequence[ArrayLike]) -> Weights:
    """Take the weights out of a Keras LSTM layer.

    Args:
        arrays: what layer.get_weights() returns: kernel of shape (features, 4 * units), recurrent kernel of shape
            (units, 4 * units), bias of shape (4 * units,).

    Returns:
        The weights, copied, in the precision that they have.

    Raises:
        TypeError: if arrays is no list or does not hold numbers.
        ValueError: if there are not three arrays, or their shapes do not fit together.

    Examples:
        >>> weights = from_keras([np.zeros((3, 8)), np.zeros((2, 8)), np.zeros(8)])
        >>> weights.W["f"].shape, weights.U["f"].shape
        ((3, 2), (2, 2))
    """
    _check.instance("arrays", arrays, Sequence, "the list that layer.get_weights() returns")
    if len(arrays) != 3:
        raise ValueError(
            f"arrays must be kernel, recurrent kernel and bias. Received: {len(arrays)} arrays; pass "
            "layer.get_weights() of an LSTM layer that has a bias."
        )
    names = ("kernel", "recurrent kernel", "bias")
    for name, array, ndims in zip(names, arrays, (2, 2, 1), strict=True):
        _check.finite_array(f"arrays, the {name},", array, (ndims,))
    # at least float32, so that whole numbers do not stay whole numbers
    kernel, recurrent, bias = (np.asarray(a, dtype=np.result_type(np.asarray(a), np.float32)) for a in arrays)
    n_units = len(recurrent)
    if not kernel.shape[1] == recurrent.shape[1] == len(bias) == 4 * n_units:
        raise ValueError(
            f"arrays must have four columns for each of the {n_units} units. Received: arrays of shapes "
            f"{kernel.shape}, {recurrent.shape} and {bias.shape}; pass layer.get_weights() of one LSTM layer."
        )
    split = [dict(zip(PARTS, np.split(array, 4, axis=-1), strict=True)) for array in (kernel, recurrent, bias)]
    return Weights(*({k: v.copy() for k, v in part.items()} for part in split))


def to_keras(weights: Weights) -> list[np.ndarray]:
    """Lay weights out as Keras has them: the inverse of from_keras.

    Args:
        weights: of a layer, or gradients.

    Returns:
        Kernel, recurrent kernel and bias, for layer.set_weights().

    Raises:
        TypeError: if weights are no Weights.
        KeyError: if one of "f", "i", "g" and "o" is missing.

    Examples:
        >>> [array.shape for array in to_keras(random_weights(n_features=3, n_units=2, seed=0))]
        [(3, 8), (2, 8), (8,)]
    """
    _check.instance("weights", weights, Weights, "the Weights of a layer")
    return [np.concatenate([part[k] for k in PARTS], axis=-1) for part in (weights.W, weights.U, weights.b)]


def _start(name: str, state: ArrayLike | None, shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    if state is None:
        return np.zeros(shape, dtype)
    array = _check.finite_array(name, state, (2,)).astype(dtype)
    if array.shape != shape:
        raise ValueError(
            f"{name} must have shape (samples, units). Received: {name} of shape {array.shape}, where x and the "
            f"weights ask for {shape}; pass one row a sample."
        )
    return array
