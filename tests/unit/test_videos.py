"""videos: the answer is what moves, and no single frame nor any weighted sum of pixels gives it away."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from lstm_guide import videos


@given(st.integers(1, 6), st.integers(2, 9), st.sampled_from([12, 14, 20]), st.integers(0, 99))
def test_each_frame_is_the_one_before_moved_along_the_way(n, frames, size, seed):
    x, y = videos.moving_square(n, frames, size, noise=0, seed=seed)
    assert x.shape == (n, frames, size, size, 1)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x.sum(axis=(2, 3, 4)), 9)
    for video, way in zip(x[..., 0], y, strict=True):
        shifts = [
            speed
            for speed in (1, 2)
            if all(
                np.array_equal(np.roll(before, speed * videos.STEPS[way], axis=(0, 1)), after)
                for before, after in itertools.pairwise(video)
            )
        ]
        assert len(shifts) == 1


@given(st.sampled_from(["left", "right"]), st.integers(0, 99))
def test_a_half_holds_the_square(half, seed):
    x, _ = videos.moving_square(5, half=half, noise=0, seed=seed)
    other = x[:, :, :, 6:] if half == "left" else x[:, :, :, :6]
    assert not other.any()
    np.testing.assert_array_equal(x.sum(axis=(2, 3, 4)), 9)


def test_the_square_is_equally_likely_anywhere_in_each_frame_of_each_way():
    x, y = videos.moving_square(40_000, n_frames=4, noise=0, seed=0)
    np.testing.assert_allclose(np.bincount(y) / len(y), 0.25, atol=0.01)
    for way in range(4):
        # 9 of 144 pixels are lit; the standard error of each mean is 0.0024
        np.testing.assert_allclose(x[y == way].mean(axis=0), 9 / 144, atol=0.012)


@pytest.mark.parametrize("what", ["first frame", "last frame", "mean frame", "all frames"])
def test_a_linear_classifier_is_at_chance(what):
    x, y = videos.moving_square(3_000, n_frames=6, seed=0)
    pictures = {"first frame": x[:, 0], "last frame": x[:, -1], "mean frame": x.mean(axis=1), "all frames": x}[what]
    flat = pictures.reshape(len(x), -1)
    right = LogisticRegression(max_iter=100).fit(flat[:2_000], y[:2_000]).score(flat[2_000:], y[2_000:])
    assert right < 0.32  # a guess is right in 0.25, with a standard error of 0.014


def test_one_frame_tells_neighbours_nothing_and_the_mean_frame_tells_the_axis_at_most():
    x, y = videos.moving_square(4_000, n_frames=6, noise=0, seed=0)
    for name, pictures in {"first": x[:, 0], "last": x[:, -1], "mean": x.mean(axis=1)}.items():
        flat = pictures.reshape(len(x), -1)
        model = KNeighborsClassifier(5).fit(flat[:3_000], y[:3_000])
        right = np.mean(model.predict(flat[3_000:]) == y[3_000:])
        assert right < (0.55 if name == "mean" else 0.31), name


def test_noise_is_of_the_stated_size_and_seeds_repeat():
    clean, _ = videos.moving_square(200, noise=0, seed=3)
    noisy, y = videos.moving_square(200, noise=0.4, seed=3)
    assert np.std(noisy - clean) == pytest.approx(0.4, abs=0.005)
    again, same = videos.moving_square(200, noise=0.4, seed=3)
    np.testing.assert_array_equal(noisy, again)
    np.testing.assert_array_equal(y, same)


def test_no_image_of_a_test_video_is_in_a_training_video():
    first = {}
    for test in (False, True):
        x, digit, way = videos.moving_digits(400, test=test, size=8, seed=0)
        assert set(digit) == set(range(10))
        assert set(way) == set(range(4))
        # moved back to where it is whole; all 64 turns of the frame, since the start is random
        first[test] = {
            np.roll(p, (r, c), (0, 1)).tobytes() for p in x[:, 0, :, :, 0] for r in range(8) for c in range(8)
        }
    assert not first[False] & first[True]


def test_digits_keep_their_pixels_while_they_move():
    x, _, way = videos.moving_digits(50, n_frames=4, size=16, seed=1)
    assert x.shape == (50, 4, 16, 16, 1)
    assert 0 <= x.min() < x.max() <= 1
    for video, direction in zip(x[..., 0], way, strict=True):
        moved = [np.roll(video[0], 3 * speed * videos.STEPS[direction], axis=(0, 1)) for speed in (1, 2)]
        assert any(np.array_equal(picture, video[3]) for picture in moved)
