"""Synthetic sequence problems whose answer is known, so that a score means something."""

from collections.abc import Sequence

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
        TypeError: if a size or the seed is not a whole number.
        ValueError: if a size or the seed is below its minimum.

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
    rng = np.random.default_rng(_check.seed(seed))
    symbols = rng.integers(n_symbols, size=(n_sequences, n_steps))
    marked = rng.integers(n_steps, size=n_sequences)
    rows = np.arange(n_sequences)
    x = np.zeros((n_sequences, n_steps, n_symbols + 1), dtype="float32")
    x[rows[:, None], np.arange(n_steps), symbols] = 1
    x[rows, marked, -1] = 1
    return x, symbols[rows, marked]


def marked_items(
    n_sequences: int, n_steps: int = 50, n_items: int = 4, n_symbols: int = 8, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make random sequences of symbols in which a few items are marked, to be recalled in order after the last step.

    Symbols are drawn uniformly and independently, and so are the marked places, all different. The other items are
    neutral: they look alike but for the mark, and tell nothing about the answer. A guess is right as a whole once in
    n_symbols ** n_items times.

    Args:
        n_sequences: number of sequences, at least 1.
        n_steps: length of each sequence in time steps, at least n_items.
        n_items: marked items in each sequence, at least 1.
        n_symbols: size of the alphabet, at least 2.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, n_symbols + 1), float32: the symbol one-hot, then the mark, 1 at the marked
        steps and 0 elsewhere; and y of shape (n_sequences, n_items), int64: the marked symbols, 0 to n_symbols - 1, the
        one that comes first first.

    Raises:
        TypeError: if a size or the seed is not a whole number.
        ValueError: if a size or the seed is below its minimum.

    Examples:
        >>> x, y = marked_items(1, n_steps=7, n_items=2, n_symbols=5, seed=0)
        >>> x[0, :, :-1].argmax(axis=1), x[0, :, -1], y[0]
        (array([4, 3, 2, 1, 1, 0, 0]), array([0., 0., 1., 0., 1., 0., 0.], dtype=float32), array([2, 1]))
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_items = _check.whole_number("n_items", n_items)
    n_steps = _check.whole_number("n_steps", n_steps, minimum=n_items)
    n_symbols = _check.whole_number("n_symbols", n_symbols, minimum=2)
    rng = np.random.default_rng(_check.seed(seed))
    symbols = rng.integers(n_symbols, size=(n_sequences, n_steps))
    places = np.sort(np.argsort(rng.random((n_sequences, n_steps)), axis=1)[:, :n_items], axis=1)
    rows = np.arange(n_sequences)[:, None]
    x = np.zeros((n_sequences, n_steps, n_symbols + 1), dtype="float32")
    x[rows, np.arange(n_steps), symbols] = 1
    x[rows, places, -1] = 1
    return x, symbols[rows, places]


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
        TypeError: if words is no list of texts, or seed is not a whole number.
        ValueError: if no word is left, or seed is below 0.

    Examples:
        >>> texts, labels = reversed_words(["gate", "level", "cell"], seed=0)
        >>> sorted(zip(texts, labels.tolist()))
        [('cell', 0), ('etag', 1), ('gate', 0), ('llec', 1)]
    """
    _check.instance("words", words, list | tuple, "a list of words")
    for word in words:
        _check.instance("words", word, str, "a list of texts")
    known = set(words)
    kept = [word for word in words if word[::-1] not in known]
    if not kept:
        raise ValueError(
            f"words must hold a word whose reverse is not in it. Received: {len(words)} words, none of use; add some."
        )
    texts = kept + [word[::-1] for word in kept]
    labels = np.repeat([0, 1], len(kept))
    order = np.random.default_rng(_check.seed(seed)).permutation(len(texts))
    return [texts[i] for i in order], labels[order]


def lamp(
    n_sequences: int, n_steps: int, shortest: int = 20, longest: int = 40, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Press the buttons of a lamp, on or off, once in a while, and say at every step whether it burns.

    Each sequence begins with a press. The steps from one press to the next are drawn uniformly from shortest to
    longest; the button is a fair coin each time, so on may follow on. Between presses the input is 0 and tells nothing:
    whoever has not seen the last press is right half the time.

    Args:
        n_sequences: number of sequences, at least 1.
        n_steps: length of each sequence in time steps, at least 1.
        shortest: fewest steps from one press to the next, at least 1.
        longest: most steps from one press to the next, at least shortest.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, 2), float32: 1 where "on" was pressed, 1 where "off" was pressed, else 0; and
        y of shape (n_sequences, n_steps, 1), float32: 1 while the lamp burns, 0 while it does not, the step of the
        press included.

    Raises:
        TypeError: if a size or the seed is not a whole number.
        ValueError: if a size or the seed is below its minimum.

    Examples:
        >>> x, y = lamp(1, n_steps=8, shortest=3, longest=3, seed=3)
        >>> x[0, :, 0] - x[0, :, 1]
        array([-1.,  0.,  0.,  1.,  0.,  0.,  1.,  0.], dtype=float32)
        >>> y[0, :, 0]
        array([0., 0., 0., 1., 1., 1., 1., 1.], dtype=float32)
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    shortest = _check.whole_number("shortest", shortest)
    longest = _check.whole_number("longest", longest, minimum=shortest)
    rng = np.random.default_rng(_check.seed(seed))
    most = -(-n_steps // shortest)  # presses that a sequence can hold
    gaps = rng.integers(shortest, longest + 1, size=(n_sequences, most))
    off = rng.integers(2, size=(n_sequences, most))
    pressed = np.concatenate([np.zeros((n_sequences, 1), int), gaps[:, :-1].cumsum(axis=1)], axis=1)
    x = np.zeros((n_sequences, n_steps, 2), dtype="float32")
    row, number = np.nonzero(pressed < n_steps)
    x[row, pressed[row, number], off[row, number]] = 1
    # which press is the last one at each step, and which button that was
    last = x.any(axis=2).cumsum(axis=1) - 1
    burns = 1 - np.take_along_axis(off, last, axis=1)
    return x, burns[:, :, None].astype("float32")


def rain_barrel(
    n_sequences: int, n_steps: int = 14, noise: float = 0.0, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Fill and empty rain barrels of 100 litres, and read off each evening how much water is in them.

    A barrel starts half full. On three days in ten it rains, 25 litres on average (exponential); what the barrel cannot
    hold is lost. Then 0 to 15 litres are wanted (uniform), or what there is. So the level is a sum with a floor and a
    ceiling: whoever adds up rain and use without them is soon wrong. With the rule known, the readings can be
    forecast up to their error, so noise is the lowest root mean squared error that anyone can reach.

    Args:
        n_sequences: number of barrels, at least 1.
        n_steps: days, at least 1.
        noise: standard deviation of the reading's error in litres, normal, at least 0.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, 2), float32: rain and water wanted, litres a day; and y of shape
        (n_sequences, n_steps), float32: the level read in the evening, litres, 0 to 100 but for the reading's error.

    Raises:
        TypeError: if a size or the seed is not a whole number, or noise is not a number.
        ValueError: if a size is below 1, or the seed or noise is below 0, or noise is not finite.

    Examples:
        >>> x, y = rain_barrel(4, n_steps=7, seed=0)
        >>> x.shape, y.shape
        ((4, 7, 2), (4, 7))
        >>> bool(y.min() >= 0 and y.max() <= 100)
        True
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    noise = _check.number("noise", noise, minimum=0)
    rng = np.random.default_rng(_check.seed(seed))
    rain = rng.exponential(25, (n_sequences, n_steps)) * (rng.random((n_sequences, n_steps)) < 0.3)
    wanted = rng.uniform(0, 15, (n_sequences, n_steps))
    level, levels = np.full(n_sequences, 50.0), []
    for day in range(n_steps):
        level = np.minimum(level + rain[:, day], 100)
        level = np.maximum(level - wanted[:, day], 0)
        levels.append(level)
    readings = np.stack(levels, axis=1) + noise * rng.normal(size=rain.shape)
    return np.stack([rain, wanted], axis=2).astype("float32"), readings.astype("float32")


def rainy_season(
    n_sequences: int, n_steps: int = 10, limit: float | None = None, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Let it rain or snow and say at each step whether half of the season's rain is down, or a fixed amount of it.

    At each step precipitation is drawn (exponential, 1 on average); with probability 0.6 it is rain, else snow, which
    does not count. Half of the season's rain is down once more has fallen, this step included, than is still to come:
    so that label depends on what follows. Whether a fixed amount is down depends on the past alone.

    Args:
        n_sequences: number of seasons, at least 1.
        n_steps: length of each in time steps, at least 1.
        limit: None asks for half of each season's own total; a number asks for that amount, at least 0, in the unit of
            the precipitation.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, 2), float32: the precipitation, and 1 where it is rain, 0 where it is snow;
        and y of shape (n_sequences, n_steps, 1), float32: 1 once the rain so far is above the limit, 0 before.

    Raises:
        TypeError: if a size or the seed is not a whole number, or limit is not a number.
        ValueError: if a size, limit or the seed is below its minimum, or limit is not finite.

    Examples:
        >>> x, y = rainy_season(1, n_steps=5, seed=3)
        >>> x[0].T.round(1)
        array([[0.1, 0.4, 1.4, 2.2, 0.3],
               [1. , 1. , 1. , 0. , 1. ]], dtype=float32)
        >>> y[0, :, 0]
        array([0., 0., 1., 1., 1.], dtype=float32)
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    if limit is not None:
        limit = _check.number("limit", limit, minimum=0)
    rng = np.random.default_rng(_check.seed(seed))
    fallen = rng.exponential(size=(n_sequences, n_steps))
    rain = rng.random((n_sequences, n_steps)) < 0.6
    so_far = np.cumsum(fallen * rain, axis=1)
    y = so_far > (so_far[:, -1:] / 2 if limit is None else limit)
    return np.stack([fallen, rain], axis=2).astype("float32"), y[:, :, None].astype("float32")


def sensor_stream(
    n_sequences: int, n_steps: int = 40, n_hits: int = 3, seed: int | None = None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Make readings of a small detector, with three questions that ask for different things in the same data.

    Two sensors are hit n_hits times in all, each time one of them, drawn at random, with a random charge. Hits are at
    least n_steps // (2 * n_hits) steps apart. A trigger fires once, in the first half of the pause before one of the
    hits, drawn at random. A third sensor gives a noisy waveform in which one pulse of three steps is hidden anywhere.
    The three answers are independent of each other.

    Args:
        n_sequences: number of sequences, at least 1.
        n_steps: length of each sequence in time steps, at least 4 * n_hits.
        n_hits: hits in each sequence, at least 1.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, 4), float32: the trigger (1 at one step), the charge in sensor A, that in
        sensor B (0.5 to 1.5 at a hit, else 0), the waveform (noise of standard deviation 0.15, and the pulse, 1 high);
        and the answers, each of shape (n_sequences,), int64, 0 or 1: "energy" is 1 where all charges together
        are above n_hits, their mean; "pulse" is 1 where the pulse rises slowly and falls fast, 0 the other way round;
        "order" is 1 where sensor B is the first that is hit after the trigger, 0 where A is.

    Raises:
        TypeError: if a size or the seed is not a whole number.
        ValueError: if a size or the seed is below its minimum.

    Examples:
        >>> x, answers = sensor_stream(3, seed=0)
        >>> x.shape, sorted(answers)
        ((3, 40, 4), ['energy', 'order', 'pulse'])
        >>> x[:, :, 0].sum(axis=1), (x[:, :, 1:3] > 0).sum(axis=(1, 2))
        (array([1., 1., 1.], dtype=float32), array([3, 3, 3]))
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_hits = _check.whole_number("n_hits", n_hits)
    n_steps = _check.whole_number("n_steps", n_steps, minimum=4 * n_hits)
    rng = np.random.default_rng(_check.seed(seed))
    rows = np.arange(n_sequences)
    x = np.zeros((n_sequences, n_steps, 4))

    apart = n_steps // (2 * n_hits)
    free = n_steps - 1 - (n_hits - 1) * (apart - 1)
    picked = np.argsort(rng.random((n_sequences, free)), axis=1)[:, :n_hits]
    hits = 1 + np.sort(picked, axis=1) + (apart - 1) * np.arange(n_hits)
    sensor = rng.integers(2, size=hits.shape)
    charge = rng.uniform(0.5, 1.5, hits.shape)
    x[rows[:, None], hits, 1 + sensor] = charge

    chosen = rng.integers(n_hits, size=n_sequences)
    after = hits[rows, chosen]
    before = np.where(chosen > 0, hits[rows, chosen - 1], -1)
    x[rows, rng.integers(before + 1, before + 1 + (after - before) // 2), 0] = 1

    slow_rise = rng.integers(2, size=n_sequences)
    start = rng.integers(n_steps - 2, size=n_sequences)
    pulse = np.where(slow_rise[:, None], [0.4, 0.7, 1.0], [1.0, 0.7, 0.4])
    x[:, :, 3] = 0.15 * rng.normal(size=(n_sequences, n_steps))
    x[rows[:, None], start[:, None] + np.arange(3), 3] += pulse
    return x.astype("float32"), {
        "energy": (charge.sum(axis=1) > n_hits).astype("int64"),
        "pulse": slow_rise,
        "order": sensor[rows, chosen],
    }


def valve(
    n_sequences: int, n_steps: int = 50, lag: int | None = None, rate: float = 0.1, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Open and close a valve by rare messages in a stream of readings, and ask at the end whether it is open.

    The last message decides, and what it says is a fair coin; the messages before it and the readings tell nothing
    about it. So whoever does not see the last message is right half the time.

    Args:
        n_sequences: number of streams, at least 1.
        n_steps: length of each stream in time steps, at least 1.
        lag: steps from the last message to the end of the stream, 0 to n_steps - 1; None draws it uniformly.
        rate: share of the steps before the last message that carry a message, too, 0 to 1.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, 3), float32: a reading (normal, mean 0, standard deviation 1), 1 where the
        message is "open", 1 where it is "close"; and y of shape (n_sequences,), int64: 1 if the valve is open at the
        end, 0 if it is closed.

    Raises:
        TypeError: if a size, lag or the seed is not a whole number, or rate is not a number.
        ValueError: if a size, lag, rate or the seed is out of its range.

    Examples:
        >>> x, y = valve(4, n_steps=6, lag=2, seed=0)
        >>> x.shape, y.shape
        ((4, 6, 3), (4,))
        >>> bool((x[:, 3, 1] == y).all())
        True
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    if lag is not None and _check.whole_number("lag", lag, minimum=0) >= n_steps:
        raise ValueError(f"lag must be below n_steps. Received: lag={lag}, n_steps={n_steps}; pass a longer stream.")
    rate = _share("rate", rate)
    rng = np.random.default_rng(_check.seed(seed))
    last = n_steps - 1 - (rng.integers(n_steps, size=n_sequences) if lag is None else np.full(n_sequences, lag))
    rows, steps = np.arange(n_sequences), np.arange(n_steps)
    message = (rng.random((n_sequences, n_steps)) < rate) & (steps < last[:, None])
    message[rows, last] = True
    opens = rng.integers(2, size=(n_sequences, n_steps))
    reading = rng.normal(size=(n_sequences, n_steps))
    x = np.stack([reading, message & (opens == 1), message & (opens == 0)], axis=2).astype("float32")
    return x, opens[rows, last]


def sample_and_hold(
    n_sequences: int, n_steps: int = 30, rate: float = 0.1, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read a gauge at every step, press a button now and then, and hold the reading of the last press.

    Args:
        n_sequences: number of streams, at least 1.
        n_steps: length of each stream in time steps, at least 1.
        rate: chance that the button is pressed at a step, 0 to 1; at the first step it always is.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, 2), float32: the reading (uniform, -1 to 1), 1 where the button is pressed;
        and y of shape (n_sequences, n_steps, 1), float32: the reading at the last press, this step's included.

    Raises:
        TypeError: if a size or the seed is not a whole number, or rate is not a number.
        ValueError: if a size, rate or the seed is out of its range.

    Examples:
        >>> x, y = sample_and_hold(1, n_steps=5, rate=0.4, seed=2)
        >>> x[0, :, 1]
        array([1., 1., 1., 1., 0.], dtype=float32)
        >>> bool(y[0, 4, 0] == x[0, 3, 0])
        True
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    rate = _share("rate", rate)
    rng = np.random.default_rng(_check.seed(seed))
    reading = rng.uniform(-1, 1, size=(n_sequences, n_steps)).astype("float32")
    press = rng.random((n_sequences, n_steps)) < rate
    press[:, 0] = True
    last = np.maximum.accumulate(np.where(press, np.arange(n_steps), 0), axis=1)
    held = np.take_along_axis(reading, last, axis=1)
    return np.stack([reading, press], axis=2).astype("float32"), held[:, :, None]


def belt(
    n_sequences: int, n_steps: int = 16, every: Sequence[float] = (2, 4, 8), seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Turn a conveyor belt by settings that are reported at different tempos, and say at each step which way it runs.

    Each setting is forward or reverse, and each that is reversed turns the belt's direction round. A report says what a
    setting is from now on, drawn as a fair coin, so it may repeat what was known. The first step reports them all.
    Whoever has missed or forgotten the last report of a single setting is right half the time.

    Args:
        n_sequences: number of belts, at least 1.
        n_steps: length of each sequence in time steps, at least 1.
        every: for each setting the steps from one report to the next, on average, at least 1 (geometric).
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_sequences, n_steps, settings), float32: 1 where a setting is reported forward, -1 where it is
        reported reversed, 0 where nothing is reported; and y of shape (n_sequences, n_steps, 1), float32: 1 while
        the belt runs forward (an even number of settings is reversed), else 0.

    Raises:
        TypeError: if a size or the seed is not a whole number, or every is not numeric.
        ValueError: if a size or the seed is below its minimum, or every is empty or holds a value below 1.

    Examples:
        >>> x, y = belt(1, n_steps=6, every=(2, 4), seed=11)
        >>> x[0].T
        array([[-1.,  0.,  1., -1.,  0., -1.],
               [ 1., -1.,  0.,  1.,  0.,  0.]], dtype=float32)
        >>> y[0, :, 0]
        array([0., 1., 0., 0., 0., 0.], dtype=float32)
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    tempo = _check.finite_array("every", every, (1,))
    if tempo.min() < 1:
        raise ValueError(f"every must be at least 1. Received: every={_check.brief(every)}; pass steps, 2 or more.")
    rng = np.random.default_rng(_check.seed(seed))
    shape = n_sequences, n_steps, len(tempo)
    reported = rng.random(shape) < 1 / tempo
    reported[:, 0] = True
    x = np.where(reported, rng.choice([-1, 1], size=shape), 0)
    last = np.maximum.accumulate(np.where(reported, np.arange(n_steps)[:, None], 0), axis=1)
    direction = np.take_along_axis(x, last, axis=1).prod(axis=2, keepdims=True)
    return x.astype("float32"), (direction > 0).astype("float32")


def damped_sine(
    n_sequences: int, n_steps: int = 140, noise: float = 0.0, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Let something swing and come to rest: a sine wave whose height is halved again and again.

    Every sequence has its own first height (0.5 to 1), period (10 to 25 steps), halving time (20 to 80 steps) and
    phase, all uniform. Without noise each value is a weighted sum of the two before it, with the same two weights all
    along the sequence.

    Args:
        n_sequences: number of waves, at least 1.
        n_steps: length of each in time steps, at least 1.
        noise: standard deviation of the reading's error, normal, at least 0.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        The readings and the true values, both of shape (n_sequences, n_steps, 1), float32, without a unit.

    Raises:
        TypeError: if a size or the seed is not a whole number, or noise is not a number.
        ValueError: if a size is below 1, or the seed or noise is below 0, or noise is not finite.

    Examples:
        >>> readings, true = damped_sine(2, n_steps=50, noise=0.05, seed=0)
        >>> readings.shape, true.shape
        ((2, 50, 1), (2, 50, 1))
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    noise = _check.number("noise", noise, minimum=0)
    rng = np.random.default_rng(_check.seed(seed))
    height, period, halving, phase = rng.uniform([0.5, 10, 20, 0], [1, 25, 80, 1], (n_sequences, 4)).T[..., None]
    t = np.arange(n_steps)
    true = height * 0.5 ** (t / halving) * np.sin(2 * np.pi * (t / period + phase))
    readings = true + noise * rng.normal(size=true.shape)
    return readings[:, :, None].astype("float32"), true[:, :, None].astype("float32")


def pendulum(
    n_sequences: int, n_steps: int = 140, noise: float = 0.0, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Let go of pendulums far from the bottom and read their angles: wide swings take longer than narrow ones.

    Every sequence has its own first angle (0.5 to 2.8 radians, either side), period for narrow swings (8 to 14 steps)
    and halving time of these (20 to 80 steps), all uniform. So the period falls while the swing dies down, and no two
    weights on the last two values hold all along a sequence.

    Args:
        n_sequences: number of pendulums, at least 1.
        n_steps: length of each sequence in time steps, at least 1.
        noise: standard deviation of the reading's error in radians, normal, at least 0.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        The readings and the true angles, both of shape (n_sequences, n_steps, 1), float32, in radians.

    Raises:
        TypeError: if a size or the seed is not a whole number, or noise is not a number.
        ValueError: if a size is below 1, or the seed or noise is below 0, or noise is not finite.

    Examples:
        >>> readings, true = pendulum(2, n_steps=50, seed=0)
        >>> readings.shape, bool(abs(true).max() < 2.8)
        ((2, 50, 1), True)
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    noise = _check.number("noise", noise, minimum=0)
    rng = np.random.default_rng(_check.seed(seed))
    angle, period, halving = rng.uniform([0.5, 8, 20], [2.8, 14, 80], (n_sequences, 3)).T
    angle = angle * rng.choice([-1, 1], size=n_sequences)
    speed, pull, friction = np.zeros(n_sequences), (2 * np.pi / period) ** 2, 2 * np.log(2) / halving
    part, true = 1 / 16, []  # of a time step: small enough that the way of stepping does not show
    for _ in range(n_steps):
        true.append(angle)
        for _ in range(16):
            speed = speed - part * (pull * np.sin(angle) + friction * speed)
            angle = angle + part * speed
    true = np.stack(true, axis=1)
    readings = true + noise * rng.normal(size=true.shape)
    return readings[:, :, None].astype("float32"), true[:, :, None].astype("float32")


def creek(
    n_sequences: int,
    n_steps: int = 720,
    sealed: float | Sequence[float] | np.ndarray = 0.0,
    wet: float | Sequence[float] | np.ndarray = 1.0,
    noise: float = 0.1,
    seed: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Let it rain on the land around a creek and gauge the flow, hour by hour, while the land may be built over.

    A shower begins in 6 hours of 100 and goes on from one hour to the next with probability 0.75; an hour of it brings
    2 mm on average (exponential), times wet. On open ground the rain goes into the soil, which holds 10 mm and lets a
    fifth of its water seep out every hour. What falls on sealed ground, and what the soil cannot hold, runs off within
    three hours. So sealed decides what a given rain does to the flow: p(y|x) drifts with it. With wet, the inputs
    change, but the answer to them does not.

    Args:
        n_sequences: number of creeks, at least 1, each with rain of its own.
        n_steps: hours, at least 1.
        sealed: share of the ground that is sealed, 0 to 1: one number, or one an hour, shape (n_steps,).
        wet: how heavy the showers are, at least 0: one number, or one an hour, shape (n_steps,).
        noise: standard deviation of the gauge's error in mm per hour, normal, at least 0; the lowest root mean squared
            error that anyone can reach.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x, the rain, and y, the gauged flow, both of shape (n_sequences, n_steps, 1), float32, in mm per hour. The soil
        is dry before the first hour.

    Raises:
        TypeError: if a size or the seed is not a whole number, or another argument is not numeric.
        ValueError: if an argument is below its minimum or not finite, sealed is above 1, or sealed or wet has another
            length than n_steps.

    Examples:
        >>> built_over = np.repeat([0.0, 0.5], 360)  # half of the ground, after 15 days
        >>> x, y = creek(2, n_steps=720, sealed=built_over, seed=0)
        >>> x.shape, y.shape
        ((2, 720, 1), (2, 720, 1))
    """
    n_sequences = _check.whole_number("n_sequences", n_sequences)
    n_steps = _check.whole_number("n_steps", n_steps)
    sealed, wet = _per_step("sealed", sealed, n_steps), _per_step("wet", wet, n_steps)
    if sealed.max() > 1:
        raise ValueError(f"sealed must be at most 1. Received: {sealed.max():g} in sealed; pass shares, 0 to 1.")
    noise = _check.number("noise", noise, minimum=0)
    rng = np.random.default_rng(_check.seed(seed))
    change = rng.random((n_steps, n_sequences))
    amount = rng.exponential(2, (n_steps, n_sequences)) * wet[:, None]
    raining, soil = np.zeros(n_sequences, bool), np.zeros(n_sequences)
    rain, quick, flow = np.zeros((3, n_steps, n_sequences))
    for hour in range(n_steps):
        raining = change[hour] < np.where(raining, 0.75, 0.06)
        rain[hour] = amount[hour] * raining
        soil = soil + (1 - sealed[hour]) * rain[hour]
        held = np.minimum(soil, 10)
        quick[hour] = sealed[hour] * rain[hour] + soil - held
        flow[hour] = 0.2 * held
        soil = 0.8 * held
    for delay, share in enumerate([0.5, 0.3, 0.2]):
        flow[delay:] += share * quick[: n_steps - delay]
    flow += noise * rng.normal(size=flow.shape)
    return rain.T[:, :, None].astype("float32"), flow.T[:, :, None].astype("float32")


def _share(name: str, value: object) -> float:
    share = _check.number(name, value, minimum=0)
    if share > 1:
        raise ValueError(f"{name} must be at most 1. Received: {name}={value}; pass a share, 0 to 1.")
    return share


def _per_step(name: str, value: float | Sequence[float] | np.ndarray, n_steps: int) -> np.ndarray:
    """Return one value of at least 0 a step, or raise."""
    values = _check.finite_array(name, value, (0, 1))
    if values.ndim and len(values) != n_steps:
        raise ValueError(
            f"{name} must be one number, or one a step. Received: {name} of shape {values.shape} for "
            f"n_steps={n_steps}; repeat it to that length."
        )
    if values.min() < 0:
        raise ValueError(f"{name} must be at least 0. Received: {values.min():g} in {name}; pass 0 or more.")
    return np.broadcast_to(values, (n_steps,))
