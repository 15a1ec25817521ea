"""Synthetic sequence problems whose answer is known, so that a score means something."""

import numpy as np

from lstm_guide import _check


def marked_item(
    n_sequences: int, n_steps: int = 15, n_symbols: int = 10, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make random sequences of symbols in which one item is marked, to be recalled after the last step.

    Symbols and the marked position are drawn uniformly and independently, so a guess is right once in
    n_symbols times, and the answer may lie any number of steps back.

    Args:
        n_sequences: number of sequences, at least 1.
        n_steps: length of each sequence in time steps, at least 1.
        n_symbols: size of the alphabet, at least 2.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, n_symbols + 1), float32: the symbol one-hot, then the mark, 1 at the
        marked step and 0 elsewhere; and y of shape (n_sequences,), int64: the marked symbol, 0 to n_symbols - 1.

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if a size is below its minimum.

    Examples:
        >>> x, y = marked_item(4, n_steps=6, n_symbols=3, seed=0)
        >>> x.shape, y.shape
        ((4, 6, 4), (4,))
        >>> x[:, :, -1].sum(axis=1)
        array([1., 1., 1., 1.], dtype=float32)
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    n_symbols = _check.whole_number("n_symbols", n_symbols, minimum=2)
    rng = np.random.default_rng(seed)
    symbols = rng.integers(n_symbols, size=(n_sequences, n_steps))
    marked = rng.integers(n_steps, size=n_sequences)
    rows = np.arange(n_sequences)
    x = np.zeros((n_sequences, n_steps, n_symbols + 1), dtype="float32")
    x[rows[:, None], np.arange(n_steps), symbols] = 1
    x[rows, marked, -1] = 1
    return x, symbols[rows, marked]


def reversed_words(words: list[str], seed: int | None = None) -> tuple[list[str], np.ndarray]:
    """Show every word once forwards and once backwards, in random order.

    The two have the same letters, so counting letters is right exactly half the time: only order tells.

    Args:
        words: words of any length, at least one; those whose reverse is in the list, too, are left out, palindromes
            with them, for they have no direction of their own.
        seed: seed of the random order; None draws a fresh one.

    Returns:
        texts, a list of 2 * n words, and labels of shape (2 * n,), int64: 1 where the text is backwards.

    Raises:
        ValueError: if no word is left.

    Examples:
        >>> texts, labels = reversed_words(["gate", "level", "cell"], seed=0)
        >>> sorted(zip(texts, labels.tolist()))
        [('cell', 0), ('etag', 1), ('gate', 0), ('llec', 1)]
    """
    known = set(words)
    kept = [word for word in words if word[::-1] not in known]
    if not kept:
        raise ValueError(
            f"words must hold a word whose reverse is not in it. Received: {len(words)} words, none of use; add some."
        )
    texts = kept + [word[::-1] for word in kept]
    labels = np.repeat([0, 1], len(kept))
    order = np.random.default_rng(seed).permutation(len(texts))
    return [texts[i] for i in order], labels[order]
