"""Writing with a model: pick the next symbol from logits, feed it back, and see what was copied."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from lstm_guide import _check
from lstm_guide.ngrams import NGram

if TYPE_CHECKING:
    import keras

Step = Callable[[np.ndarray], ArrayLike]


def sample(
    logits: ArrayLike,
    temperature: float = 1.0,
    top_k: int | None = None,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Pick one symbol for each sample, with the probabilities that the logits stand for.

    Args:
        logits: what a model says of each symbol before the softmax, any real numbers, shape (samples, symbols); -inf
            stands for a symbol that must not come.
        temperature: the logits are divided by it, at least 0: below 1 the likely symbols become likelier, above 1 less
            so; 0 is greedy and takes the most probable symbol.
        top_k: how many of the most probable symbols may come, at least 1 (more than there are is the same as all of
            them); None lets all of them.
        rng: the random generator; None makes a fresh one.

    Returns:
        Codes of shape (samples,), int64, 0 to symbols - 1.

    Raises:
        TypeError: if logits is not numeric, temperature no number, top_k no whole number or rng no random generator.
        ValueError: if logits has other axes, is empty, holds NaN or inf or a row of -inf only; if temperature is below
            0 or not finite, or top_k below 1.

    Examples:
        >>> sample([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]], temperature=0)
        array([1, 0])
        >>> sample([[0.0, 2.0, 1.0]] * 8, top_k=2, rng=np.random.default_rng(1))
        array([2, 1, 1, 1, 2, 1, 1, 1])
    """
    array = np.asarray(logits)
    forbidden = array == -np.inf if array.dtype.kind == "f" else np.zeros(array.shape, dtype=bool)
    values = _check.finite_array("logits", np.where(forbidden, 0, array) if forbidden.any() else logits, (2,))
    if forbidden.all(axis=-1).any():
        raise ValueError(
            f"logits must leave each sample a symbol. Received: logits of shape {array.shape} with a row of "
            "-inf only; allow one symbol at least."
        )
    values = np.where(forbidden, -np.inf, values)
    temperature = _check.number("temperature", temperature, minimum=0)
    if top_k is not None:
        top_k = min(_check.whole_number("top_k", top_k), values.shape[1])
    if rng is None:
        rng = np.random.default_rng()
    _check.instance("rng", rng, np.random.Generator, "a NumPy random generator")
    if temperature == 0:
        return values.argmax(axis=1)
    if top_k is not None:
        # by rank and not by value, so that a tie does not let one more in
        rank = np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1)
        values = np.where(rank < top_k, values, -np.inf)
    # the largest of logits / temperature plus Gumbel noise falls on each symbol with its softmax probability, and no
    # logarithm of a probability is ever taken
    return (values / temperature + rng.gumbel(size=values.shape)).argmax(axis=1)


def from_lstm(model: "keras.Model") -> Step:
    """Turn a stateful model into a step for write: it reads one symbol, keeps its state and gives logits for the next.

    Args:
        model: a Keras model from codes of shape (samples, steps), with a fixed number of samples, to logits of shape
            (samples, steps, symbols), whose recurrent layers have stateful=True, such as generative_lstm with streams.
            Its state is reset now, and moved by every step.

    Returns:
        A function from all codes so far, shape (samples, length), of which it reads the last, to logits of shape
        (samples, symbols).

    Raises:
        TypeError: if model is no Keras model.
        ValueError: if it has no recurrent layer, or one that is not stateful.

    Examples:
        >>> from lstm_guide.models import generative_lstm
        >>> step = from_lstm(generative_lstm(n_symbols=5, units=4, streams=2))
        >>> step(np.array([[1], [3]])).shape
        (2, 5)
    """
    import keras

    _check.instance("model", model, keras.Model, "a Keras model")
    recurrent = [layer for layer in model.layers if isinstance(layer, keras.layers.RNN)]
    if not recurrent or not all(layer.stateful for layer in recurrent):
        raise ValueError(
            f"model must keep its state from step to step. Received: model={_check.brief(model)} with "
            f"{len(recurrent)} recurrent layers, stateful={[layer.stateful for layer in recurrent]}; build it with "
            "stateful=True and set the trained weights."
        )
    for layer in recurrent:
        layer.reset_state()
    return lambda codes: np.asarray(model.predict_on_batch(codes[:, -1:]))[:, 0]


def from_ngrams(model: NGram) -> Step:
    """Turn an n-gram model into a step for write.

    Args:
        model: the fitted n-gram model.

    Returns:
        A function from all codes so far, shape (samples, length), to logits (here logarithms of probabilities) of shape
        (samples, symbols). As long as there are fewer codes than the model needs, all symbols have the same.

    Raises:
        TypeError: if model is no NGram.

    Examples:
        >>> step = from_ngrams(NGram([0, 1, 0, 1, 0, 2], order=2, n_symbols=3))
        >>> np.exp(step(np.array([[0]]))).round(3)
        array([[0.044, 0.644, 0.311]])
    """
    _check.instance("model", model, NGram, "an NGram")

    def step(codes: np.ndarray) -> np.ndarray:
        if codes.shape[1] < model.order - 1:
            return np.zeros((len(codes), model.n_symbols))
        return np.log(model.probabilities(codes[:, codes.shape[1] - model.order + 1 :]))

    return step


def write(
    step: Step,
    prompt: ArrayLike,
    n_steps: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int | None = None,
) -> np.ndarray:
    """Read a prompt, then go on writing: each symbol that is picked is the next one that is read.

    Args:
        step: a function from all codes so far, shape (samples, length), to logits for the next, shape
            (samples, symbols). It is called once for each symbol, those of the prompt included, in order.
        prompt: codes that come first, shape (samples, length), whole numbers from 0, at least one a sample.
        n_steps: symbols to write, at least 1.
        temperature: see sample.
        top_k: see sample.
        seed: of the random generator; None draws a fresh one.

    Returns:
        The codes that were written, without the prompt, shape (samples, n_steps), int64.

    Raises:
        TypeError: if step is no function, prompt not numeric, a size, top_k or the seed no whole number, or temperature
            no number.
        ValueError: if prompt has other axes, is empty or holds anything but whole numbers from 0; if a number is below
            its minimum; or if step returns another shape, or NaN.

    Examples:
        >>> abc = lambda codes: 9.0 * np.eye(3)[(codes[:, -1] + 1) % 3]
        >>> write(abc, [[0], [1]], n_steps=4, temperature=0)
        array([[1, 2, 0, 1],
               [2, 0, 1, 2]])
    """
    _check.function("step", step, "the codes so far")
    given = _check.finite_array("prompt", prompt, (2,))
    if (given != np.round(given)).any() or given.min() < 0:
        raise ValueError(
            f"prompt must be whole numbers from 0. Received: prompt from {given.min():g} to {given.max():g}; encode "
            "the text first."
        )
    n_steps = _check.whole_number("n_steps", n_steps)
    temperature = _check.number("temperature", temperature, minimum=0)
    if top_k is not None:
        top_k = _check.whole_number("top_k", top_k)
    rng = np.random.default_rng(_check.seed(seed))
    length = given.shape[1]
    codes = np.concatenate([given.astype("int64"), np.zeros((len(given), n_steps), dtype="int64")], axis=1)
    for now in range(1, length + n_steps):
        logits = np.asarray(step(codes[:, :now]))
        if logits.ndim != 2 or len(logits) != len(given):
            raise ValueError(
                f"step must return logits of shape ({len(given)}, symbols). Received: an array of shape "
                f"{logits.shape} from step; take the last time step only."
            )
        if now >= length:
            codes[:, now] = sample(logits, temperature, top_k, rng)
    return codes[:, length:]


def longest_copy(text: str, source: str) -> str:
    """Find the longest passage of a text that stands in a source word for word: what was copied, or learned by heart.

    Args:
        text: what was written.
        source: what it was learned from.

    Returns:
        The passage, the first of several of one length; empty if not one character is in the source.

    Raises:
        TypeError: if an argument is no text.

    Examples:
        >>> longest_copy("the cat sat down", "where the cat was")
        'the cat '
    """
    _check.instance("text", text, str, "a text")
    _check.instance("source", source, str, "a text")
    found, too_long = "", min(len(text), len(source)) + 1
    while len(found) + 1 < too_long:
        # double the length while something is found, then halve what is left between
        length = min(2 * len(found) + 1, (len(found) + too_long) // 2)
        passage = _shared(text, source, length)
        found, too_long = (passage, too_long) if passage else (found, length)
    return found


def _shared(text: str, source: str, length: int) -> str:
    """Return the first passage of a text, of this length, that is in the source; or nothing."""
    passages = {text[start : start + length] for start in range(len(text) - length + 1)}
    shared = passages.intersection(source[start : start + length] for start in range(len(source) - length + 1))
    return min(shared, key=text.index, default="")
