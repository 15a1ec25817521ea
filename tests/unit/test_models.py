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


@pytest.mark.parametrize("frames", [(1, 4, 4, 1), (6, 12, 8, 2)])
def test_cnn_lstm_keeps_its_contract(frames):
    model = models.cnn_lstm(frames, filters=3, units=5, n_outputs=2)
    assert model.input_shape == (None, *frames)
    assert model.output_shape == (None, 2)
    each_frame, lstm, dense = model.layers
    features = (frames[1] // 4) * (frames[2] // 4) * 3
    assert each_frame.output.shape == (None, frames[0], features)
    assert each_frame.count_params() == 3 * (9 * frames[3] + 1)
    assert lstm.count_params() == 4 * (5 * (5 + features) + 5)
    assert dense.count_params() == (5 + 1) * 2


def test_cnn_lstm_reads_every_frame_with_the_same_weights():
    model = models.cnn_lstm((3, 8, 8, 1), filters=2, units=2)
    frame = np.random.default_rng(0).random((1, 1, 8, 8, 1)).astype("float32")
    said = np.asarray(model.layers[0](np.repeat(frame, 3, axis=1)))
    np.testing.assert_allclose(said, np.repeat(said[:, :1], 3, axis=1), rtol=1e-6)


def test_softmax_gives_probabilities():
    model = models.vanilla_lstm(4, 2, units=3, n_outputs=5, activation="softmax")
    np.testing.assert_allclose(np.sum(model(np.ones((3, 4, 2))), axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("merge_mode", ["concat", "sum", "ave", "mul"])
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize(("steps", "features", "units", "outputs"), [(1, 1, 1, 1), (12, 3, 8, 2), (None, 2, 5, 4)])
def test_bidirectional_lstm_keeps_its_contract(steps, features, units, outputs, every_step, merge_mode):
    model = models.bidirectional_lstm(steps, features, units, outputs, every_step=every_step, merge_mode=merge_mode)
    assert model.input_shape == (None, steps, features)
    assert model.output_shape == ((None, steps, outputs) if every_step else (None, outputs))
    both, dense = model.layers
    assert both.count_params() == 2 * 4 * units * (units + features + 1)
    assert dense.count_params() == outputs * ((2 if merge_mode == "concat" else 1) * units + 1)


def test_bidirectional_lstm_is_two_lstms_and_each_answer_sees_every_step():
    model = models.bidirectional_lstm(6, 2, units=3, every_step=True)
    x = np.random.default_rng(0).normal(size=(2, 6, 2)).astype("float32")
    both, dense = model.layers
    forward = keras.layers.LSTM(3, return_sequences=True)
    backward = keras.layers.LSTM(3, return_sequences=True)
    for layer, weights in [(forward, both.get_weights()[:3]), (backward, both.get_weights()[3:])]:
        layer.build(x.shape)
        layer.set_weights(weights)
    by_hand = np.concatenate([forward(x), np.asarray(backward(x[:, ::-1]))[:, ::-1]], axis=2)
    np.testing.assert_allclose(dense(by_hand), model(x), atol=1e-6)
    for changed in (0, 5):
        other = x.copy()
        other[:, changed] += 1
        assert (np.abs(np.asarray(model(other)) - model(x)) > 0).all()


@pytest.mark.parametrize(
    ("steps", "features", "steps_out", "outputs", "units"), [(1, 1, 1, 1, 1), (7, 12, 4, 12, 5), (None, 2, 3, 1, 4)]
)
def test_encoder_decoder_keeps_its_contract(steps, features, steps_out, outputs, units):
    model = models.encoder_decoder(steps, features, steps_out, outputs, units)
    assert model.input_shape == (None, steps, features)
    assert model.output_shape == (None, steps_out, outputs)
    encoder, repeat, decoder, dense = model.layers
    assert encoder.count_params() == 4 * units * (units + features + 1)
    assert repeat.count_params() == 0
    assert decoder.count_params() == 4 * units * (units + units + 1)
    assert dense.count_params() == outputs * (units + 1)


def test_encoder_decoder_reads_any_length_through_one_vector():
    model = models.encoder_decoder(None, 2, n_steps_out=3, n_outputs=5, units=4, activation="softmax")
    short, long = model(np.ones((2, 3, 2))), model(np.ones((2, 9, 2)))
    assert short.shape == long.shape == (2, 3, 5)
    np.testing.assert_allclose(np.sum(short, axis=2), 1, rtol=1e-5)
    # all that the decoder is told is the encoder's last hidden state
    vector = model.layers[0](np.ones((2, 3, 2)))
    assert vector.shape == (2, 4)
    told = np.repeat(np.asarray(vector)[:, None], 3, axis=1)
    np.testing.assert_allclose(model.layers[3](model.layers[2](told)), short, rtol=1e-5)


@pytest.mark.parametrize("additive", [False, True])
@pytest.mark.parametrize(
    ("steps", "features", "steps_out", "outputs", "units"), [(1, 1, 1, 1, 1), (7, 12, 4, 12, 5), (None, 2, 3, 1, 4)]
)
def test_attention_lstm_keeps_its_contract(steps, features, steps_out, outputs, units, additive):
    model = models.attention_lstm(steps, features, steps_out, outputs, units, additive=additive)
    assert model.input_shape == (None, steps, features)
    assert model.output_shape == (None, steps_out, outputs)
    counts = {name: model.get_layer(name).count_params() for name in ("encoder", "decoder", "query", "answer")}
    assert counts == {
        "encoder": 4 * units * (units + features + 1),
        "decoder": 4 * units * (2 * units + 1),
        "query": units * units,
        "answer": outputs * (2 * units + 1),
    }
    assert model.count_params() == sum(counts.values()) + additive * units * (units + 2)


@pytest.mark.parametrize("additive", [False, True])
def test_attention_lstm_weighs_the_encoders_states(additive):
    model = models.attention_lstm(None, 2, n_steps_out=3, n_outputs=5, units=4, additive=additive)
    x = np.random.default_rng(0).normal(size=(2, 6, 2)).astype("float32")
    layer = model.get_layer("attention")
    inputs, context = keras.Model(model.inputs, [layer.input, layer.output])([x])
    _, weights = layer(inputs, return_attention_scores=True)
    query, states = np.asarray(inputs[0]), np.asarray(inputs[1])
    np.testing.assert_allclose(states, model.get_layer("encoder")(x)[0], atol=1e-6)
    if additive:
        key, scale = np.asarray(inputs[2]), layer.get_weights()[0]
        scores = (scale * np.tanh(query[:, :, None] + key[:, None])).sum(axis=3)
    else:
        scores = query @ states.transpose(0, 2, 1)
    expected = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    np.testing.assert_allclose(context, expected @ states, atol=1e-5)


@pytest.mark.parametrize(
    ("steps", "features", "units", "outputs", "every_step"),
    [(1, 1, (1,), 1, False), (12, 3, (8, 5), 2, False), (None, 2, (4, 3, 2), 1, True)],
)
def test_stacked_lstm_keeps_its_contract(steps, features, units, outputs, every_step):
    model = models.stacked_lstm(steps, features, units, outputs, every_step=every_step)
    assert model.input_shape == (None, steps, features)
    assert model.output_shape == ((None, steps, outputs) if every_step else (None, outputs))
    *stack, dense = model.layers
    assert [layer.units for layer in stack] == list(units)
    reads = [features, *units[:-1]]
    assert [layer.count_params() for layer in stack] == [4 * u * (u + m + 1) for u, m in zip(units, reads, strict=True)]
    assert dense.count_params() == (units[-1] + 1) * outputs


def test_stacked_lstm_drops_between_its_layers_in_training_only():
    model = models.stacked_lstm(3, 1, units=(4, 4), dropout=0.5)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["LSTM", "Dropout", "LSTM", "Dropout", "Dense"]
    x = np.ones((2, 3, 1))
    np.testing.assert_array_equal(model(x), model(x))
    assert not np.allclose(model(x, training=True), model(x, training=True))


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


@pytest.mark.parametrize(("symbols", "units", "width"), [(2, 1, 1), (96, 8, 4)])
def test_generative_lstm_keeps_its_contract(symbols, units, width):
    model = models.generative_lstm(symbols, units, width)
    assert model.input_shape == (None, None)
    assert model.output_shape == (None, None, symbols)
    embedding, lstm, dense = model.layers
    assert embedding.count_params() == symbols * width
    assert lstm.count_params() == 4 * units * (units + width + 1)
    assert dense.count_params() == symbols * (units + 1)
    # logits, not probabilities: they need not sum to 1
    assert not np.allclose(np.sum(model(np.ones((2, 3))), axis=2), 1)


def test_generative_lstm_carries_its_state_with_streams_only():
    keras.utils.set_random_seed(1)
    plain = models.generative_lstm(5, units=4)
    streams = models.generative_lstm(5, units=4, streams=2)
    streams.set_weights(plain.get_weights())
    codes = np.array([[1, 2, 3, 4], [4, 3, 2, 1]])
    np.testing.assert_allclose(plain(codes), plain(codes))
    halves = np.concatenate([streams(codes[:, :2]), streams(codes[:, 2:])], axis=1)
    np.testing.assert_allclose(halves, plain(codes), atol=1e-6)
