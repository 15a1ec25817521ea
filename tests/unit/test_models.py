"""models: shapes and parameter counts are as the docstrings say."""

import keras
import numpy as np
import pytest

from lstm_guide import models


@pytest.mark.parametrize(("steps", "features", "units", "outputs"), [(1, 1, 1, 1), (12, 3, 8, 2), (None, 2, 5, 4)])
def test_vanilla_lstm_keeps_its_contract(steps, features, units, outputs):
    model = models.vanilla_lstm(steps, features, units, outputs)
    assert model.input_shape == (None, steps, features)
    assert model.output_shape == (None, outputs)
    lstm, dense = model.layers
    assert lstm.count_params() == 4 * (units * (units + features) + units)
    assert dense.count_params() == (units + 1) * outputs


def test_vanilla_lstm_without_a_length_takes_any():
    model = models.vanilla_lstm(None, 1, units=2)
    assert model(np.zeros((2, 3, 1))).shape == model(np.zeros((2, 7, 1))).shape == (2, 1)


def test_softmax_gives_probabilities():
    model = models.vanilla_lstm(4, 2, units=3, n_outputs=5, activation="softmax")
    np.testing.assert_allclose(np.sum(model(np.ones((3, 4, 2))), axis=1), 1, rtol=1e-5)


def dropout_model(rate):
    model = keras.Sequential(
        [keras.Input((4, 1)), keras.layers.LSTM(3, dropout=0.3), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(rate), loss="mse")
    return model


@pytest.mark.parametrize("rate", [0.02, keras.optimizers.schedules.CosineDecay(0.02, 8)], ids=["number", "schedule"])
def test_start_again_trains_as_a_new_model(rate):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(16, 4, 1)), rng.normal(size=(16, 1))
    keras.utils.set_random_seed(7)
    new = dropout_model(rate)
    expected = new.fit(x, y, batch_size=4, epochs=2, verbose=0).history["loss"]
    used = dropout_model(rate)
    used.fit(x, y, batch_size=4, epochs=1, verbose=0)
    models.start_again(used, seed=7)
    assert int(used.optimizer.iterations) == 0
    np.testing.assert_allclose(used.fit(x, y, batch_size=4, epochs=2, verbose=0).history["loss"], expected, rtol=1e-6)
