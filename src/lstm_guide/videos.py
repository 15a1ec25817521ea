"""Problems whose samples are short videos: something moves across a small frame, and no single frame says which way."""

import numpy as np

from lstm_guide import _check

WAYS = ("up", "down", "left", "right")
STEPS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])  # rows, columns a frame, in the order of WAYS
N_TEST_DIGITS = 500


def moving_square(
    n_videos: int,
    n_frames: int = 8,
    size: int = 12,
    noise: float = 0.2,
    half: str | None = None,
    seed: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Film a bright square that moves up, down, left or right over a dark, noisy frame; which way does it go?

    The square is 3 by 3 pixels and moves 1 or 2 pixels a frame. What leaves the frame on one side comes in again on the
    other. Start, way and speed are drawn uniformly and independently, so the square is equally likely anywhere in each
    frame, whichever way it goes: one frame alone tells nothing about the way, nor does any weighted sum of all pixels.

    Args:
        n_videos: number of videos, at least 1.
        n_frames: frames in each video, at least 2.
        size: rows and columns of a frame, an even number of at least 12.
        noise: standard deviation of normal noise on every pixel, at least 0; the square is 1, the rest 0.
        half: None for the whole frame; "left" or "right" keeps the square in that half, at whose edges it then leaves
            and comes in again.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_videos, n_frames, size, size, 1), float32: brightness, one channel; and y of shape (n_videos,),
        int64: the way, a place in WAYS, 0 to 3.

    Raises:
        TypeError: if a size or the seed is not a whole number, or noise is not a number.
        ValueError: if a size, noise or the seed is below its minimum, size is odd, or half is something else.

    Examples:
        >>> x, y = moving_square(4, n_frames=6, noise=0, seed=0)
        >>> x.shape, y.shape
        ((4, 6, 12, 12, 1), (4,))
        >>> x[0].sum(axis=(1, 2, 3))
        array([9., 9., 9., 9., 9., 9.], dtype=float32)
    """
    n_videos = _check.whole_number("n_videos", n_videos)
    n_frames = _check.whole_number("n_frames", n_frames, minimum=2)
    size = _check.whole_number("size", size, minimum=12)
    noise = _check.number("noise", noise, minimum=0)
    if size % 2:
        raise ValueError(
            f"size must be even. Received: size={size}; pass {size + 1}, so that the frame has two halves."
        )
    if half not in (None, "left", "right"):
        raise ValueError(
            f"half must be None, 'left' or 'right'. Received: half={half!r}; pass None for the whole frame."
        )
    rng = np.random.default_rng(_check.seed(seed))
    rows, columns = size, size if half is None else size // 2
    squares = np.ones((n_videos, 3, 3), dtype="float32")
    room, way = _film(squares, n_frames, rows, columns, rng)
    x = np.zeros((n_videos, n_frames, size, size), dtype="float32")
    first = size - columns if half == "right" else 0
    x[..., first : first + columns] = room
    x += noise * rng.standard_normal(x.shape, dtype="float32")
    return x[..., None], way


def moving_digits(
    n_videos: int, test: bool = False, n_frames: int = 6, size: int = 12, seed: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Film handwritten digits that move up, down, left or right over a dark frame: which digit, and which way?

    The 1,797 images of scikit-learn's digits, 8 by 8 pixels, are divided in their own order: videos of the test part
    show the last 500 only, all others the rest, so no image of a test video occurs in a training video. The digit moves
    1 or 2 pixels a frame, and what leaves the frame on one side comes in again on the other.

    Args:
        n_videos: number of videos, at least 1; each draws its image, so that an image may come more than once.
        test: whether to draw from the images of the test part.
        n_frames: frames in each video, at least 2.
        size: rows and columns of a frame, at least 8.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        x of shape (n_videos, n_frames, size, size, 1), float32: brightness, 0 to 1, one channel; digit of shape
        (n_videos,), int64: 0 to 9; and way of shape (n_videos,), int64: a place in WAYS, 0 to 3.

    Raises:
        TypeError: if a size or the seed is not a whole number, or test is not True or False.
        ValueError: if a size or the seed is below its minimum.

    Examples:
        >>> x, digit, way = moving_digits(5, seed=0)
        >>> x.shape, digit.shape, way.shape
        ((5, 6, 12, 12, 1), (5,), (5,))

    Source:
        sklearn.datasets.load_digits: the test set of E. Alpaydin and C. Kaynak (1998), Optical recognition of
        handwritten digits.
    """
    from sklearn.datasets import load_digits

    n_videos = _check.whole_number("n_videos", n_videos)
    _check.instance("test", test, bool, "True or False")
    n_frames = _check.whole_number("n_frames", n_frames, minimum=2)
    size = _check.whole_number("size", size, minimum=8)
    rng = np.random.default_rng(_check.seed(seed))
    source = load_digits()
    part = slice(-N_TEST_DIGITS, None) if test else slice(None, -N_TEST_DIGITS)
    images, names = source.images[part] / 16, source.target[part]
    chosen = rng.integers(len(images), size=n_videos)
    x, way = _film(images[chosen].astype("float32"), n_frames, size, size, rng)
    return x[..., None], names[chosen].astype("int64"), way


def _film(
    pictures: np.ndarray, n_frames: int, rows: int, columns: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Move each picture over a frame of its own, from a random place, with what leaves coming in on the other side."""
    n_videos, height, width = pictures.shape
    way = rng.integers(len(WAYS), size=n_videos)
    speed = rng.integers(1, 3, size=n_videos)
    start = np.stack([rng.integers(rows, size=n_videos), rng.integers(columns, size=n_videos)], axis=1)
    moved = STEPS[way][:, None] * speed[:, None, None] * np.arange(n_frames)[:, None]
    corner = start[:, None] + moved  # (videos, frames, 2)
    row = (corner[..., :1] + np.arange(height)) % rows
    column = (corner[..., 1:] + np.arange(width)) % columns
    x = np.zeros((n_videos, n_frames, rows, columns), dtype="float32")
    video, frame = np.arange(n_videos)[:, None, None, None], np.arange(n_frames)[:, None, None]
    x[video, frame, row[..., :, None], column[..., None, :]] = pictures[:, None]
    return x, way
