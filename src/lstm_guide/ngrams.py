"""A smoothed n-gram model of a text, symbol by symbol: the baseline that a generative LSTM has to beat."""

import numpy as np
from numpy.typing import ArrayLike

from lstm_guide import _check


class NGram:
    """Predict the next symbol from the order - 1 symbols before it, by interpolated Kneser-Ney smoothing.

    A count is lowered by a discount, and what that frees is given to a model of one symbol less, down to single
    symbols and at last to all symbols alike. The lower models do not count how often an n-gram occurs, but after how
    many different symbols. The discount of an order is n1 / (n1 + 2 * n2), with n1 and n2 the n-grams counted once and
    twice, or one half if one of these is 0.

    Args:
        codes: the text to learn from, whole numbers from 0, shape (length,), at least order symbols.
        order: symbols that an n-gram has, 1 to 9: 1 knows nothing of what came before.
        n_symbols: size of the alphabet, at least 2 and more than the largest code; n_symbols**order below 2**63.

    Raises:
        TypeError: if codes is not numeric, or a size is not a whole number.
        ValueError: if codes has other axes, is shorter than order or holds anything but whole numbers from 0 to
            n_symbols - 1; if order is not 1 to 9, n_symbols is below 2, or there are too many possible n-grams.

    Examples:
        >>> model = NGram([0, 1, 0, 1, 0, 2], order=2, n_symbols=3)
        >>> model.probabilities([[0]]).round(3)
        array([[0.044, 0.644, 0.311]])

    Source:
        Kneser and Ney (1995), https://doi.org/10.1109/ICASSP.1995.479394, interpolated, as in Chen and Goodman (1999),
        https://doi.org/10.1006/csla.1999.0128.
    """

    def __init__(self, codes: ArrayLike, order: int, n_symbols: int) -> None:
        self.order = _check.whole_number("order", order)
        if self.order > 9:
            raise ValueError(f"order must be at most 9. Received: order={order}; pass fewer.")
        self.n_symbols = _check.whole_number("n_symbols", n_symbols, minimum=2)
        if self.n_symbols**self.order >= 2**63:
            raise ValueError(
                f"n_symbols must leave fewer than 2**63 n-grams. Received: n_symbols={n_symbols} with order={order}; "
                "pass a lower order."
            )
        text = self._whole("codes", codes, (1,))
        if len(text) < self.order:
            raise ValueError(
                f"codes must hold at least order symbols. Received: codes of shape {text.shape} for order={order}; "
                "bring a longer text."
            )
        # an n-gram is one number: its symbols are the digits, in base n_symbols
        grams, counts = np.unique(self._numbers(text, self.order), return_counts=True)
        self._levels = []  # from the highest order down
        for length in range(self.order, 0, -1):
            self._levels.append(self._level(grams, counts))
            # n-grams without their first symbol, and how many different ones it was
            grams, counts = np.unique(grams % self.n_symbols ** (length - 1), return_counts=True)

    def probabilities(self, contexts: ArrayLike) -> np.ndarray:
        """Give each symbol's probability of coming next.

        Args:
            contexts: the codes before, shape (samples, length), at least order - 1 of them; the last order - 1 count.

        Returns:
            Probabilities of shape (samples, n_symbols), above 0, each row with the sum 1.

        Raises:
            TypeError: if contexts is not numeric.
            ValueError: if contexts has other axes, too few symbols, or codes that the alphabet does not have.
        """
        before = np.asarray(contexts)
        if self.order > 1 or before.size:  # single symbols need no context, not even one of length 0
            before = self._whole("contexts", contexts, (2,))
        if before.ndim != 2 or before.shape[1] < self.order - 1:
            raise ValueError(
                f"contexts must hold at least order - 1 = {self.order - 1} symbols a row. Received: contexts of shape "
                f"{before.shape}; pass more of what came before."
            )
        number = np.zeros(len(before), dtype="int64")
        for place in range(self.order - 1, 0, -1):
            number = number * self.n_symbols + before[:, -place]
        return self._probability(number[:, None], np.arange(self.n_symbols))

    def bits(self, codes: ArrayLike) -> np.ndarray:
        """Say how many bits each symbol of a text costs: minus log2 of the probability that it was given.

        Args:
            codes: the text, shape (length,), at least order symbols.

        Returns:
            Bits of shape (length - order + 1,); the first order - 1 symbols have no full context and are left out.
            Their mean is the cross-entropy in bits per symbol; 2 to its power is the perplexity.

        Raises:
            TypeError: if codes is not numeric.
            ValueError: if codes has other axes, is too short, or holds codes that the alphabet does not have.
        """
        text = self._whole("codes", codes, (1,))
        if len(text) < self.order:
            raise ValueError(
                f"codes must hold at least order symbols. Received: codes of shape {text.shape} for "
                f"order={self.order}; bring a longer text."
            )
        numbers = self._numbers(text, self.order)
        return -np.log2(self._probability(numbers // self.n_symbols, numbers % self.n_symbols))

    def _whole(self, name: str, codes: ArrayLike, axes: tuple[int, ...]) -> np.ndarray:
        """Return codes as int64, or raise unless all are in the alphabet."""
        array = _check.finite_array(name, codes, axes)
        if (array != np.round(array)).any() or array.min() < 0 or array.max() >= self.n_symbols:
            raise ValueError(
                f"{name} must be whole numbers from 0 to n_symbols - 1 = {self.n_symbols - 1}. Received: {name} from "
                f"{array.min():g} to {array.max():g}; encode the text with this alphabet."
            )
        return array.astype("int64")

    def _numbers(self, text: np.ndarray, length: int) -> np.ndarray:
        """Write each n-gram of a text as one number."""
        n = len(text) - length + 1
        numbers = np.zeros(n, dtype="int64")
        for place in range(length):
            numbers = numbers * self.n_symbols + text[place : place + n]
        return numbers

    def _level(self, grams: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray | float]:
        """Keep what one order needs: its n-grams, and for each context the sum of counts and the share set free."""
        once, twice = np.sum(counts == 1), np.sum(counts == 2)
        # where no count is 1 the formula gives 0, which would leave nothing for what was not seen
        discount = once / (once + 2 * twice) if once and twice else 0.5
        contexts, first = np.unique(grams // self.n_symbols, return_index=True)
        totals = np.add.reduceat(counts, first)
        followers = np.diff(np.append(first, len(grams)))
        return {
            "grams": grams,
            "counts": counts - discount,
            "contexts": contexts,
            "totals": totals,
            "freed": discount * followers / totals,
        }

    def _probability(self, context: np.ndarray, symbol: np.ndarray) -> np.ndarray:
        """Interpolate from single symbols up to the whole context; both arguments broadcast."""
        result = 1 / self.n_symbols
        for length, level in zip(range(1, self.order + 1), reversed(self._levels), strict=True):
            known = context % self.n_symbols ** (length - 1)
            totals = _look_up(level["contexts"], level["totals"], known, missing=1)
            freed = _look_up(level["contexts"], level["freed"], known, missing=1)  # an unknown context: all of it
            counted = _look_up(level["grams"], level["counts"], known * self.n_symbols + symbol, missing=0)
            result = counted / totals + freed * result
        return result


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, missing: float) -> np.ndarray:
    """Return the values of sorted keys, and missing for what is not among them."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], missing)
