"""Every public function refuses what it cannot use, and its message names the argument, shows it and says what to do.

REFUSES has for each function and each of its arguments a value that works and the values that must be refused, each
with its exception; or, instead of those, the reason why nothing is refused. A new function or argument fails here until
it stands in the table.
"""

import atexit
import datetime
import importlib
import inspect
import pkgutil
import re
import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import lstm_guide
from lstm_guide import _check, cell, evaluate, finalize, models, ngrams

NAN, INF = float("nan"), float("inf")
DAYS = [datetime.datetime(2020, 1, day) for day in (1, 2, 3)]

# Values that an argument of a kind must refuse
WHOLE = [(0, ValueError), (-1, ValueError), (1.5, TypeError), (2.0, TypeError), (True, TypeError), (None, TypeError)]
WHOLE += [("3", TypeError), ([1, 2], TypeError), (np.array([2, 3]), TypeError)]
FROM_ZERO = [(-1, ValueError), *WHOLE[2:]]
SEED = [(-1, ValueError), (1.5, TypeError), (True, TypeError), ("a", TypeError), ([1], TypeError)]
NUMBER = [(NAN, ValueError), (INF, ValueError), (None, TypeError), ("1", TypeError), (True, TypeError), (1j, TypeError)]
NUMBER += [([1, 2], TypeError)]
NOT_NEGATIVE = [*NUMBER, (-0.5, ValueError)]
SHARE = [*NOT_NEGATIVE, (1.5, ValueError)]
TEXT = [(None, TypeError), (3, TypeError), (b"text", TypeError)]
FUNCTION = [(None, TypeError), (3, TypeError), ("persistence", TypeError)]
NOT_NUMBERS = [
    (None, TypeError),
    ("text", TypeError),
    (["1", "2", "3"], TypeError),
    ([True, False, True], TypeError),
    ([1, None, 3], TypeError),
    ([1, 2j, 3], TypeError),
    (np.array([1, "a", 3], dtype=object), TypeError),
    (DAYS, TypeError),
    (pd.Series(DAYS), TypeError),
    (pd.Series([True, False, True]), TypeError),
    (pd.Series(["a", "b", "a"], dtype="category"), TypeError),
    ({1, 2, 3}, TypeError),
]
NOT_USABLE = [
    ([], ValueError),
    ([1, INF, 3], ValueError),
    ([[1, 2], [3]], ValueError),
    (np.ma.array([1, 2, 3], mask=[False, True, False]), ValueError),
    (np.zeros((1, 1, 1, 1, 1)), ValueError),
    (7.0, ValueError),
]
UNKNOWN = [([1, NAN, 3], ValueError), (pd.Series([1, pd.NA, 3], dtype="Int64"), ValueError)]
TIMES = [
    (pd.Series([1.0, 2, 3], index=DAYS[::-1]), ValueError),
    (pd.Series([1.0, 2, 3], index=[DAYS[0], DAYS[1], DAYS[1]]), ValueError),
]
LOGITS_NOT_USABLE = [([], ValueError), ([[1, INF]], ValueError), ([[1, NAN]], ValueError), ([1, 2], ValueError)]
LOGITS_NOT_USABLE += [([[-INF, -INF]], ValueError)]
GAP = pd.Series([1.0, 2, 3, 4], index=[*DAYS, datetime.datetime(2020, 1, 7)])
NUMBERS = NOT_NUMBERS + NOT_USABLE + UNKNOWN
SERIES = NUMBERS + TIMES
NAME = [*TEXT, ("Bad name", ValueError), ("", ValueError)]

WEIGHTS = cell.random_weights(n_features=1, n_units=2, seed=0)
NOT_WEIGHTS = [(None, TypeError), ([1, 2], TypeError)]
FIGURE = Figure()
COMPILED = models.vanilla_lstm(3, 1, units=2)
COMPILED.compile("adam", loss="mse")
LISTS = pd.DataFrame({"a": [np.array([1.0, 2.0])]})
CURVE = np.linspace(2.0, 1.0, 12)
FOLDER = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, FOLDER)
SAVED = finalize.save_atomically(models.vanilla_lstm(3, 1, units=2), FOLDER / "saved.keras")
WRITES = finalize.save_atomically(models.generative_lstm(3, units=2, streams=1), FOLDER / "writes.keras")
NO_PATH = [(None, TypeError), (3, TypeError), (b"model.keras", TypeError), (["model.keras"], TypeError)]

REFUSES = {
    "cell.forward": {
        "x": (np.ones((2, 3, 1)), [*NUMBERS, (np.ones((2, 3)), ValueError), (np.ones((2, 3, 5)), ValueError)]),
        "weights": (WEIGHTS, NOT_WEIGHTS),
        "h": (None, [("text", TypeError), ([[NAN, 1]], ValueError), (np.ones((2, 5)), ValueError)]),
        "c": (None, [("text", TypeError), ([[NAN, 1]], ValueError), (np.ones((2, 5)), ValueError)]),
    },
    "cell.backward": {
        "trace": (cell.forward(np.ones((2, 3, 1)), WEIGHTS), [(None, TypeError), ([1, 2], TypeError)]),
        "weights": (WEIGHTS, NOT_WEIGHTS),
        "dh": (np.ones((2, 3, 2)), [*NUMBERS, (np.ones((2, 3, 1)), ValueError)]),
    },
    "cell.random_weights": {
        "n_features": (1, WHOLE),
        "n_units": (2, WHOLE),
        "seed": (0, SEED),
        "forget_bias": (1.0, NUMBER),
    },
    "cell.from_keras": {
        "arrays": (
            [np.zeros((3, 8)), np.zeros((2, 8)), np.zeros(8)],
            [
                (None, TypeError),
                ([np.zeros((3, 8)), np.zeros((2, 8))], ValueError),
                ([np.zeros((3, 8)), np.zeros((2, 8)), np.zeros(4)], ValueError),
                ([np.zeros((3, 8)), np.zeros((2, 8)), np.full(8, NAN)], ValueError),
                ([np.zeros((3, 8)), np.zeros((2, 8)), ["text"] * 8], TypeError),
            ],
        )
    },
    "cell.to_keras": {"weights": (WEIGHTS, NOT_WEIGHTS)},
    "datasets.english_words": {
        "min_length": (4, WHOLE),
        "max_length": (12, [*WHOLE, (3, ValueError)]),
    },
    "datasets.keras_source": {
        "folders": (
            ["models"],
            [
                (None, TypeError),
                ("models", TypeError),
                ([3], TypeError),
                ([], ValueError),
                (["nowhere"], ValueError),
                (["../models"], ValueError),
            ],
        ),
    },
    "evaluate.persistence": {"history": ([1, 2, 3], SERIES), "n_out": (1, WHOLE)},
    "evaluate.seasonal_naive": {
        "history": ([1, 2, 3, 4], [*SERIES, ([1], ValueError)]),
        "n_out": (1, WHOLE),
        "season": (2, [*WHOLE, (5, ValueError)]),
    },
    "evaluate.walk_forward": {
        "series": ([1, 2, 3, 4], [*SERIES, ([1, 2], ValueError)]),
        "n_test": (2, [*WHOLE, (4, ValueError)]),
        "forecast": (
            evaluate.persistence,
            [
                *FUNCTION,
                (lambda history, n_out: [1, 2], ValueError),
                (lambda history, n_out: [NAN], ValueError),
                (lambda history, n_out: None, TypeError),
                (lambda history, n_out: ["text"], TypeError),
            ],
        ),
        "n_out": (1, WHOLE),
    },
    "evaluate.repeat": {
        "run": (
            lambda seed: {"score": 1.0},
            [*FUNCTION, (lambda seed: 1.0, TypeError), (lambda seed: None, TypeError)],
        ),
        "seeds": (
            [0, 1],
            [([], ValueError), (5, TypeError), (None, TypeError), ("ab", TypeError), ([1, 1], ValueError)],
        ),
        "label": ("runs", TEXT),
    },
    "evaluate.mean_interval": {
        "scores": ([1.0, 2.0, 3.0], [*NUMBERS, ([1.0], ValueError)]),
        "confidence": (0.95, [*NUMBER, (0, ValueError), (1, ValueError), (95, ValueError)]),
    },
    "tune.diagnose": {
        "train": (CURVE, [*NOT_NUMBERS, ([], ValueError), ([[1, 2], [3]], ValueError), ([0.0] * 12, ValueError)]),
        "validation": (CURVE, [*NOT_NUMBERS, ([1.0] * 9, ValueError), ([1.0] * 11, ValueError), (-CURVE, ValueError)]),
        "good": (0.5, [*NUMBER, (0, ValueError), (-1.0, ValueError)]),
    },
    "tune.expected_best": {"scores": ([2.0, 1.0], NUMBERS)},
    "tune.pairwise": {
        "scores": (
            pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 4.0]}),
            [
                (None, TypeError),
                ([[1.0, 2.0], [3.0, 4.0]], TypeError),
                (pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), TypeError),
                (pd.DataFrame({"a": [1.0, NAN], "b": [2.0, 4.0]}), ValueError),
                (pd.DataFrame({"a": [1.0], "b": [2.0]}), ValueError),
                (pd.DataFrame({"a": [1.0, 2.0]}), ValueError),
                (pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=["a", "a"]), ValueError),
            ],
        )
    },
    "evaluate.diebold_mariano": {
        "errors": ([0.1, -0.2, 0.1], [*SERIES, ([0.1, 0.2], ValueError), ([1.0, 1.0, 1.0], ValueError)]),
        "other_errors": ([1.0, -1.0, 1.0], [*SERIES, ([1.0, 2.0], ValueError)]),
        "n_out": (1, [*WHOLE, (3, ValueError)]),
    },
    "evaluate.conformal_margin": {
        "errors": ([0.1, -0.2, 0.1], [*NUMBERS, ([0.1], ValueError)]),
        "coverage": (0.75, [*NUMBER, (0, ValueError), (1, ValueError), (90, ValueError)]),
    },
    "evaluate.adaptive_margins": {
        "calibration_errors": ([0.1, -0.2, 0.1], NUMBERS),
        "errors": ([0.1, -0.2], NUMBERS),
        "coverage": (0.5, [*NUMBER, (0, ValueError), (1, ValueError), (90, ValueError)]),
        "rate": (0.01, [*NUMBER, (-0.01, ValueError)]),
    },
    "finalize.save_atomically": {
        "model": (
            models.vanilla_lstm(3, 1, units=2),
            [(None, TypeError), ("model", TypeError), (keras.Sequential([keras.layers.LSTM(2)]), ValueError)],
        ),
        "path": (FOLDER / "model.keras", [*NO_PATH, ("model.h5", ValueError), ("nowhere/model.keras", ValueError)]),
    },
    "finalize.load": {"path": (SAVED, [*NO_PATH, (__file__, ValueError), (FOLDER, ValueError)])},
    "finalize.version": {"path": (SAVED, [*NO_PATH, (FOLDER, ValueError)])},
    "finalize.checkpoint": {
        "path": (FOLDER / "training.npz", [*NO_PATH, ("training.keras", ValueError), ("nowhere/a.npz", ValueError)]),
        "seed": (0, [(None, TypeError), *SEED]),
    },
    "generate.sample": {
        "logits": ([[0.0, 1.0]], [*NOT_NUMBERS, *LOGITS_NOT_USABLE]),
        "temperature": (1.0, NOT_NEGATIVE),
        "top_k": (None, [bad for bad in WHOLE if bad[0] is not None]),
        "rng": (None, [(1, TypeError), ("a", TypeError), (np.random, TypeError)]),
    },
    "generate.from_lstm": {
        "model": (
            models.generative_lstm(3, units=2, streams=1),
            [(None, TypeError), ("lstm", TypeError), (models.generative_lstm(3, units=2), ValueError)],
        ),
    },
    "generate.from_ngrams": {"model": (ngrams.NGram([0, 1], 1, 2), [(None, TypeError), ([0, 1], TypeError)])},
    "generate.write": {
        "step": (
            lambda codes: np.zeros((len(codes), 2)),
            [
                *FUNCTION,
                (lambda codes: np.zeros((len(codes), 1, 2)), ValueError),
                (lambda codes: np.zeros((len(codes) + 1, 2)), ValueError),
            ],
        ),
        "prompt": (
            [[0, 1]],
            [*NOT_NUMBERS, ([], ValueError), ([0, 1], ValueError), ([[0.5]], ValueError), ([[-1]], ValueError)],
        ),
        "n_steps": (2, WHOLE),
        "temperature": (1.0, NOT_NEGATIVE),
        "top_k": (None, [bad for bad in WHOLE if bad[0] is not None]),
        "seed": (0, SEED),
    },
    "generate.longest_copy": {"text": ("ab", TEXT), "source": ("abc", TEXT)},
    "models.vanilla_lstm": {
        "n_steps": (None, [(bad, error) for bad, error in WHOLE if bad is not None]),
        "n_features": (1, WHOLE),
        "units": (2, WHOLE),
        "n_outputs": (1, WHOLE),
        "activation": (None, [("nonsense", ValueError), (3, ValueError)]),
    },
    "models.bidirectional_lstm": {
        "n_steps": (None, [(bad, error) for bad, error in WHOLE if bad is not None]),
        "n_features": (1, WHOLE),
        "units": (2, WHOLE),
        "n_outputs": (1, WHOLE),
        "activation": (None, [("nonsense", ValueError), (3, ValueError)]),
        "every_step": (False, [(None, TypeError), (1, TypeError), ("yes", TypeError)]),
        "merge_mode": ("concat", [("average", ValueError), (None, ValueError), (3, ValueError)]),
    },
    "models.encoder_decoder": {
        "n_steps": (None, [(bad, error) for bad, error in WHOLE if bad is not None]),
        "n_features": (1, WHOLE),
        "n_steps_out": (2, WHOLE),
        "n_outputs": (1, WHOLE),
        "units": (2, WHOLE),
        "activation": (None, [("nonsense", ValueError), (3, ValueError)]),
    },
    "models.attention_lstm": {
        "n_steps": (None, [(bad, error) for bad, error in WHOLE if bad is not None]),
        "n_features": (1, WHOLE),
        "n_steps_out": (2, WHOLE),
        "n_outputs": (1, WHOLE),
        "units": (2, WHOLE),
        "activation": (None, [("nonsense", ValueError), (3, ValueError)]),
        "additive": (False, [(None, TypeError), (1, TypeError), ("yes", TypeError)]),
    },
    "models.stacked_lstm": {
        "n_steps": (None, [(bad, error) for bad, error in WHOLE if bad is not None]),
        "n_features": (1, WHOLE),
        "units": (
            (2, 3),
            [(None, TypeError), (8, TypeError), ("8", TypeError), ((2, 0), ValueError), ((), ValueError)],
        ),
        "n_outputs": (1, WHOLE),
        "activation": (None, [("nonsense", ValueError), (3, ValueError)]),
        "every_step": (False, [(None, TypeError), (1, TypeError), ("yes", TypeError)]),
        "dropout": (0.0, [*NOT_NEGATIVE, (1, ValueError)]),
    },
    "models.cnn_lstm": {
        "frames": (
            (3, 8, 8, 1),
            [
                (None, TypeError),
                (8, TypeError),
                ([3, 8, 8, 1], TypeError),
                ((8, 8, 1), ValueError),
                ((0, 8, 8, 1), ValueError),
                ((3, 3, 8, 1), ValueError),
                ((3, 8, 8.0, 1), TypeError),
                ((None, 8, 8, 1), TypeError),
            ],
        ),
        "filters": (2, WHOLE),
        "units": (2, WHOLE),
        "n_outputs": (1, WHOLE),
        "activation": (None, [("nonsense", ValueError), (3, ValueError)]),
    },
    "models.generative_lstm": {
        "n_symbols": (3, [*WHOLE, (1, ValueError)]),
        "units": (2, WHOLE),
        "width": (2, WHOLE),
        "streams": (None, [bad for bad in WHOLE if bad[0] is not None]),
    },
    "models.start_again": {
        "model": (COMPILED, [(None, TypeError), ("adam", TypeError), (models.vanilla_lstm(3, 1, 2), ValueError)]),
        "seed": (0, [(None, TypeError), *SEED]),
    },
    "plots.intervals": {
        "rows": (
            {"LSTM": (0.5, 0.4, 0.6)},
            [
                (None, TypeError),
                ([(0.5, 0.4, 0.6)], TypeError),
                ({}, ValueError),
                ({"a": (0.5, 0.4)}, ValueError),
                ({"a": (0.5, 0.4, 0.6), "b": (1, 2)}, ValueError),
                ({"a": (0.5, 0.6, 0.4)}, ValueError),
                ({"a": (0.5, NAN, 0.6)}, ValueError),
                ({"a": ("x", "y", "z")}, TypeError),
            ],
        ),
        "label": ("RMSE", TEXT),
        "highlight": (None, [("nobody", ValueError), (3, ValueError)]),
    },
    "plots.film_strip": {
        "videos": (
            np.zeros((1, 2, 3, 3)),
            [
                *[(bad, error) for bad, error in NUMBERS if getattr(bad, "shape", None) != (1, 1, 1, 1, 1)],
                (np.zeros((2, 3, 3)), ValueError),
                (np.zeros((1, 2, 3, 3, 2)), ValueError),
                (np.zeros((2, 2, 3, 3)), ValueError),
            ],
        ),
        "labels": (["left"], [(None, TypeError), ("left", TypeError), ([1], TypeError), ([], ValueError)]),
    },
    "plots.forecast": {
        "actual": ([1, 2, 3], [*SERIES, ([1, 2], ValueError)]),
        "forecasts": (
            {"persistence": [0, 1, 2]},
            [
                (None, TypeError),
                ([0, 1, 2], TypeError),
                ({"a": [0, 1]}, ValueError),
                ({"a": [0, NAN, 2]}, ValueError),
                ({"a": ["x", "y", "z"]}, TypeError),
                ({name: [0, 1, 2] for name in "abcdef"}, ValueError),
            ],
        ),
        "label": ("degrees Celsius", TEXT),
        "index": (None, [(3, ValueError), ([1, 2], ValueError), ([3, 2, 1], ValueError), ([1, 1, 2], ValueError)]),
    },
    "prepare.split_in_time": {
        "series": ([1, 2, 3], NOT_NUMBERS + NOT_USABLE + TIMES),
        "n_test": (1, [*WHOLE, (3, ValueError)]),
    },
    "prepare.frame_supervised": {
        "series": ([1, 2, 3, 4], [*SERIES, ([1, 2, 3], ValueError), (GAP, ValueError)]),
        "n_in": (2, [*WHOLE, (3, ValueError)]),
        "n_out": (1, [*WHOLE, (2, ValueError)]),
        "gap": (1, [*FROM_ZERO, (2, ValueError)]),
        "targets": (None, [([], ValueError), (1, ValueError), (-1, ValueError), ("x", TypeError), (True, TypeError)]),
        "stride": (1, WHOLE),
    },
    "prepare.lag_table": {
        "series": (
            pd.Series([1.0, 2, 3, 4]),
            [
                (None, TypeError),
                ([1, 2, 3, 4], TypeError),
                (pd.Series(DAYS), TypeError),
                (pd.Series(["a", "b", "c", "d"]), TypeError),
                (pd.Series([1, NAN, 3, 4]), ValueError),
                (pd.Series([1.0, 2, 3]), ValueError),
                (pd.DataFrame(np.ones((4, 2)), columns=["a", "a"]), ValueError),
                *TIMES,
                (GAP, ValueError),
            ],
        ),
        "n_in": (2, [*WHOLE, (3, ValueError)]),
        "n_out": (1, [*WHOLE, (2, ValueError)]),
        "gap": (1, [*FROM_ZERO, (2, ValueError)]),
        "targets": (None, [([], ValueError), ("x", ValueError)]),
        "stride": (1, WHOLE),
    },
    "prepare.stateful_batches": {
        "series": ([1, 2, 3, 4], [*SERIES, ([1, 2, 3], ValueError), (GAP, ValueError)]),
        "batch_size": (2, [*WHOLE, (3, ValueError)]),
        "n_steps": (2, [*WHOLE, (3, ValueError)]),
    },
    "prepare.undo_stateful_batches": {"batches": (np.ones((2, 2, 2, 1)), [*NUMBERS, (np.ones((2, 2, 2)), ValueError)])},
    "prepare.difference": {"series": ([1, 2, 3], [*SERIES, ([1], ValueError)]), "lag": (1, [*WHOLE, (3, ValueError)])},
    "prepare.undo_difference": {
        "changes": ([1, 2, 3], [*NUMBERS, ([[1, 2]], ValueError)]),
        "start": ([1], [*NUMBERS, ([[1, 2]], ValueError)]),
    },
    "prepare.subtract_last": {"x": (np.ones((2, 3, 1)), [*NUMBERS, (np.ones((2, 3)), ValueError)])},
    "prepare.add_level": {
        "y": (np.ones((2, 3, 1)), [*NUMBERS, (np.ones((2, 3)), ValueError)]),
        "level": (np.ones((2, 1, 1)), [*NUMBERS, (np.ones((2, 3, 1)), ValueError)]),
    },
    "problems.belt": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "every": ((2, 4), [*NUMBERS, (2, ValueError), ((2, 0.5), ValueError)]),
        "seed": (0, SEED),
    },
    "problems.creek": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "sealed": (0.0, [(NAN, ValueError), (-0.5, ValueError), (1.5, ValueError), ("a", TypeError)]),
        "wet": (1.0, [(INF, ValueError), (-0.5, ValueError), (True, TypeError), ([1, 1], ValueError)]),
        "noise": (0.0, NOT_NEGATIVE),
        "seed": (0, SEED),
    },
    "problems.damped_sine": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "noise": (0.0, NOT_NEGATIVE),
        "seed": (0, SEED),
    },
    "problems.lamp": {
        "n_sequences": (2, WHOLE),
        "n_steps": (5, WHOLE),
        "shortest": (2, WHOLE),
        "longest": (3, [*WHOLE, (1, ValueError)]),
        "seed": (0, SEED),
    },
    "problems.marked_item": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "n_symbols": (4, [*WHOLE, (1, ValueError)]),
        "seed": (0, SEED),
    },
    "problems.marked_items": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, [*WHOLE, (1, ValueError)]),
        "n_items": (2, WHOLE),
        "n_symbols": (4, [*WHOLE, (1, ValueError)]),
        "seed": (0, SEED),
    },
    "problems.pendulum": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "noise": (0.0, NOT_NEGATIVE),
        "seed": (0, SEED),
    },
    "problems.rain_barrel": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "noise": (0.0, NOT_NEGATIVE),
        "seed": (0, SEED),
    },
    "problems.rainy_season": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "limit": (None, [(bad, error) for bad, error in NOT_NEGATIVE if bad is not None]),
        "seed": (0, SEED),
    },
    "problems.reversed_words": {
        "words": (
            ["gate"],
            [(None, TypeError), ("gate", TypeError), ([1], TypeError), ([], ValueError), (["level"], ValueError)],
        ),
        "seed": (0, SEED),
    },
    "problems.sample_and_hold": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "rate": (0.1, SHARE),
        "seed": (0, SEED),
    },
    "problems.sensor_stream": {
        "n_sequences": (2, WHOLE),
        "n_steps": (8, [*WHOLE, (7, ValueError)]),
        "n_hits": (2, WHOLE),
        "seed": (0, SEED),
    },
    "problems.valve": {
        "n_sequences": (2, WHOLE),
        "n_steps": (3, WHOLE),
        "lag": (None, [(-1, ValueError), (3, ValueError), (1.5, TypeError), (True, TypeError), ("1", TypeError)]),
        "rate": (0.1, SHARE),
        "seed": (0, SEED),
    },
    "report.value": {"name": ("rmse", NAME), "number": (0.5, NUMBER), "tolerance": (0.1, NOT_NEGATIVE)},
    "report.table": {
        "name": ("scores", NAME),
        "frame": (
            pd.DataFrame({"a": [1.0]}),
            [(None, TypeError), ([[1.0]], TypeError), (pd.DataFrame(), ValueError), (LISTS, ValueError)],
        ),
        "tolerance": (0.1, NOT_NEGATIVE),
        "floatfmt": (".3f", [(None, TypeError), (3, TypeError)]),
    },
    "report.figure": {
        "name": ("plot", NAME),
        "drawing": (FIGURE, [(None, TypeError), ("plot.svg", TypeError)]),
        "alt": ("What the figure shows", [*TEXT, ("short", ValueError)]),
        "tolerance": (0.25, NOT_NEGATIVE),
    },
    "report.themed_svg": {"drawing": (FIGURE, [(None, TypeError), ("plot.svg", TypeError)]), "name": ("plot", NAME)},
    "service.create_app": {
        "path": (SAVED, [*NO_PATH, (__file__, ValueError), (FOLDER, ValueError), (WRITES, ValueError)]),
        "max_windows": (2, WHOLE),
        "max_bytes": (1000, WHOLE),
        "unit": (None, [(3, TypeError), (b"litres", TypeError)]),
    },
    "symbols.encode": {
        "texts": (
            ["ab", "c"],
            [(None, TypeError), ("ab", TypeError), ([1], TypeError), ([], ValueError), (["d"], ValueError)],
        ),
        "alphabet": ("abc", [*TEXT, ("", ValueError), ("abca", ValueError), ("ab", ValueError)]),
        "length": (None, [(bad, error) for bad, error in WHOLE if bad is not None] + [(1, ValueError)]),
        "one_hot": (False, [(None, TypeError), (1, TypeError), ("yes", TypeError)]),
    },
    "symbols.decode": {
        "codes": (
            [[1, 2, 0]],
            [
                *NUMBERS,
                ([1, 2, 0], ValueError),
                ([[1, 2.5]], ValueError),
                ([[1, 4]], ValueError),
                ([[-1, 1]], ValueError),
                (np.zeros((1, 2, 3)), ValueError),
            ],
        ),
        "alphabet": ("abc", [*TEXT, ("", ValueError), ("abca", ValueError), ("a", ValueError)]),
    },
    "symbols.rectangles": {
        "longest": (3, [*WHOLE, (1, ValueError)]),
        "n_held_out": (2, [*WHOLE, (9, ValueError)]),
        "seed": (0, SEED),
    },
    "symbols.written_dates": {
        "n": (3, WHOLE),
        "seed": (0, SEED),
        "held_out": (False, [(None, TypeError), (1, TypeError), ("yes", TypeError)]),
        "forms": (
            {"form": "{day} {month} {year}"},
            [
                (None, TypeError),
                ("{year}", TypeError),
                (["{year}"], TypeError),
                ({"form": 3}, TypeError),
                ({}, ValueError),
                ({"form": "{year"}, ValueError),
                ({"form": "{year} {}"}, ValueError),
                ({"form": "{year} {hour}"}, ValueError),
                ({"form": "{day} {month}"}, ValueError),
                ({"form": "{day} {year}"}, ValueError),
                ({"form": "{weekday} {month} {year}"}, ValueError),
            ],
        ),
    },
    "symbols.written_sums": {
        "n_train": (5, [*WHOLE, (23, ValueError)]),
        "n_held_out": (5, [*WHOLE, (23, ValueError)]),
        "n_digits": (1, [*WHOLE, (10, ValueError)]),
        "seed": (0, SEED),
    },
    "videos.moving_square": {
        "n_videos": (2, WHOLE),
        "n_frames": (3, [*WHOLE, (1, ValueError)]),
        "size": (12, [*WHOLE, (10, ValueError), (13, ValueError)]),
        "noise": (0.2, NOT_NEGATIVE),
        "half": (None, [("top", ValueError), (1, ValueError)]),
        "seed": (0, SEED),
    },
    "videos.moving_digits": {
        "n_videos": (2, WHOLE),
        "test": (False, [(None, TypeError), (1, TypeError), ("yes", TypeError)]),
        "n_frames": (3, [*WHOLE, (1, ValueError)]),
        "size": (8, [*WHOLE, (7, ValueError)]),
        "seed": (0, SEED),
    },
}
# Functions that have nothing to refuse, and why
REFUSES_NOTHING = {
    "cell.step": "its arguments are not checked, as it says: six equations to read, which forward checks for",
    "cli.experiments": "takes nothing",
    "cli.main": "takes words, which argparse refuses with the command's usage (tests/unit/test_cli.py)",
    "datasets.co2": "takes nothing",
    "datasets.electricity": "takes nothing",
    "datasets.elnino": "takes nothing",
    "plots.use_style": "takes nothing",
    "report.first_seed": "takes nothing but an environment variable (tests/unit/test_plots_and_report.py)",
}
MESSAGE = re.compile(r"(?P<says>.+)\. Received: (?P<received>.+); (?P<advice>[a-z].+)\.", re.DOTALL)


def public_functions():
    """Name, such as evaluate.repeat, to function, for every module of the package."""
    found = {}
    for module in pkgutil.iter_modules(lstm_guide.__path__, "lstm_guide."):
        if not module.name.startswith("lstm_guide._"):
            for name, thing in vars(importlib.import_module(module.name)).items():
                if inspect.isfunction(thing) and thing.__module__ == module.name and not name.startswith("_"):
                    found[f"{module.name.removeprefix('lstm_guide.')}.{name}"] = thing
    return found


FUNCTIONS = public_functions()


@pytest.fixture(autouse=True)
def _figures_go_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTM_GUIDE_OUT", str(tmp_path))


def test_every_public_function_stands_in_the_table():
    assert not set(REFUSES) & set(REFUSES_NOTHING)
    missing = set(FUNCTIONS) - set(REFUSES) - set(REFUSES_NOTHING)
    gone = (set(REFUSES) | set(REFUSES_NOTHING)) - set(FUNCTIONS)
    assert not missing, f"add to REFUSES what these must refuse: {sorted(missing)}"
    assert not gone, f"these are no public functions any more: {sorted(gone)}"


@pytest.mark.parametrize("name", REFUSES)
def test_every_argument_stands_in_the_table(name):
    assert list(REFUSES[name]) == list(inspect.signature(FUNCTIONS[name]).parameters)


@pytest.mark.parametrize("name", REFUSES)
def test_the_good_values_are_taken(name):
    FUNCTIONS[name](**good_values(name))


@pytest.mark.parametrize(("name", "argument"), [(name, argument) for name in REFUSES for argument in REFUSES[name]])
def test_bad_values_are_refused(name, argument):
    bad = REFUSES[name][argument][1]
    if isinstance(bad, str):
        assert len(bad) > 10, "say why nothing is refused"
        return
    assert bad, "say what must be refused, or why nothing is"
    problems = [complaint(FUNCTIONS[name], good_values(name), argument, *case) for case in bad]
    assert not any(problems), "\n" + "\n".join(filter(None, problems))


def good_values(name):
    return {argument: good for argument, (good, _) in REFUSES[name].items()}


def complaint(function, good, argument, bad, error):
    """Call a function with one bad value, and say what is wrong with how it refuses that; None if all is well."""
    call = f"{function.__name__}({argument}={_check.brief(bad)})"
    try:
        function(**good | {argument: bad})
    except (TypeError, ValueError) as refusal:
        parts = MESSAGE.fullmatch(str(refusal))
        if type(refusal) is not error:
            return f"{call} raises {type(refusal).__name__}, not {error.__name__}: {refusal}"
        if not parts:
            return f"{call}: its message is not of the form '... Received: ...; do this.': {refusal}"
        if not re.search(rf"\b{argument}\b", parts["says"]):
            return f"{call}: its message does not name {argument}: {refusal}"
        if not shows(parts["received"], argument, bad):
            return f"{call}: its message does not show what was received: {refusal}"
    except Exception as other:
        return f"{call} raises {type(other).__name__}: {other}"
    else:
        return f"{call} is not refused"
    return None


def shows(received, argument, value):
    """True if the message shows the value, its shape or type, or how many there are."""
    told = re.search(rf"\b{argument}\b.*=|of shape|of type|\bnone\b|[\d']", received)
    return bool(told) or _check.brief(value)[:30] in received or type(value).__name__ in received


def careless(n):
    return 1 / n


def curt(n):
    raise ValueError("n must be positive")


def vague(n):
    raise ValueError("It must be positive. Received: 0; pass more.")


def secretive(n):
    raise ValueError("n must be positive. Received: something else; pass more.")


def right(n):
    raise ValueError("n must be positive. Received: n=0; pass 1 or more.")


def test_a_bad_refusal_is_seen():
    assert "is not refused" in complaint(lambda n: n, {}, "n", 0, ValueError)
    assert "raises ZeroDivisionError" in complaint(careless, {}, "n", 0, ValueError)
    assert "not of the form" in complaint(curt, {}, "n", 0, ValueError)
    assert "does not name n" in complaint(vague, {}, "n", 0, ValueError)
    assert "does not show" in complaint(secretive, {}, "n", 0, ValueError)
    assert "not TypeError" in complaint(right, {}, "n", 0, TypeError)
    assert complaint(right, {}, "n", 0, ValueError) is None
