"""The architectures, one short builder each; a builder returns a model that is not compiled yet."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lstm_guide import _check

if TYPE_CHECKING:
    import keras


def vanilla_lstm(
    n_steps: int | None,
    n_features: int,
    units: int = 32,
    n_outputs: int = 1,
    activation: str | None = None,
) -> "keras.Model":
    """Build a vanilla LSTM: one LSTM layer that reads the sequence, one dense layer that answers once.

    Args:
        n_steps: length of the sequences in time steps, at least 1; None takes any length.
        n_features: values per time step, at least 1.
        units: width of the hidden state, at least 1; not the number of time steps.
        n_outputs: values to predict per sequence, at least 1.
        activation: of the dense layer: None for numbers, "sigmoid" for yes or no, "softmax" for one of several classes.

    Returns:
        A model from (samples, n_steps, n_features) to (samples, n_outputs), with 4 * units * (units + n_features + 1)
        parameters in the LSTM layer.

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if a size is below 1, or Keras knows no such activation.

    Examples:
        >>> model = vanilla_lstm(n_steps=12, n_features=1, units=8)
        >>> model.output_shape, model.layers[0].count_params()
        ((None, 1), 320)
    """
    import keras

    if n_steps is not None:
        n_steps = _check.whole_number("n_steps", n_steps)
    n_features = _check.whole_number("n_features", n_features)
    units = _check.whole_number("units", units)
    n_outputs = _check.whole_number("n_outputs", n_outputs)
    try:
        keras.activations.get(activation)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"activation must be one that Keras knows. Received: activation={activation!r}; pass None, 'sigmoid' or "
            "'softmax', say."
        ) from error
    return keras.Sequential(
        [
            keras.Input(shape=(n_steps, n_features)),
            keras.layers.LSTM(units),
            keras.layers.Dense(n_outputs, activation=activation),
        ]
    )


def stacked_lstm(
    n_steps: int | None,
    n_features: int,
    units: Sequence[int] = (32, 32),
    n_outputs: int = 1,
    activation: str | None = None,
    every_step: bool = False,
    dropout: float = 0.0,
) -> "keras.Model":
    """Build a stacked LSTM: each LSTM layer reads what the one below says at every step, a dense layer answers.

    Args:
        n_steps: length of the sequences in time steps, at least 1; None takes any length.
        n_features: values per time step, at least 1.
        units: width of each layer's hidden state, from the input upwards, at least one layer of at least 1.
        n_outputs: values to predict, at least 1.
        activation: of the dense layer: None for numbers, "sigmoid" for yes or no, "softmax" for one of several classes.
        every_step: answer at each time step, not only after the last.
        dropout: share of the values that are dropped in training on the way from one layer to the next and to the dense
            layer, 0 or more and below 1.

    Returns:
        A model from (samples, n_steps, n_features) to (samples, n_outputs), or with every_step to
        (samples, n_steps, n_outputs). A layer of u units on m values has 4 * u * (u + m + 1) parameters, m being
        n_features for the first layer and the units of the layer below for the others.

    Raises:
        TypeError: if a size is not a whole number, units is no sequence, every_step is not True or False, or dropout is
            not a number.
        ValueError: if a size is below 1, units is empty, dropout is out of its range, or Keras knows no such
            activation.

    Examples:
        >>> model = stacked_lstm(n_steps=12, n_features=1, units=(8, 4))
        >>> model.output_shape, [layer.count_params() for layer in model.layers]
        ((None, 1), [320, 208, 5])
    """
    import keras

    if n_steps is not None:
        n_steps = _check.whole_number("n_steps", n_steps)
    n_features = _check.whole_number("n_features", n_features)
    _check.instance("units", units, list | tuple, "a list or a tuple of widths, one a layer")
    units = [_check.whole_number("units", width) for width in units]
    if not units:
        raise ValueError("units must hold a width for each layer. Received: units=(); pass (32, 32), say.")
    n_outputs = _check.whole_number("n_outputs", n_outputs)
    _check_activation(activation)
    _check.instance("every_step", every_step, bool, "True or False")
    dropout = _check.number("dropout", dropout, minimum=0)
    if dropout >= 1:
        raise ValueError(f"dropout must be below 1. Received: dropout={dropout}; pass 0.2, say.")
    layers = [keras.Input(shape=(n_steps, n_features))]
    for number, width in enumerate(units, start=1):
        # every layer but the last owes the next one a whole sequence
        layers.append(keras.layers.LSTM(width, return_sequences=every_step or number < len(units)))
        if dropout:
            layers.append(keras.layers.Dropout(dropout))
    return keras.Sequential([*layers, keras.layers.Dense(n_outputs, activation=activation)])


def bidirectional_lstm(
    n_steps: int | None,
    n_features: int,
    units: int = 16,
    n_outputs: int = 1,
    activation: str | None = None,
    every_step: bool = False,
    merge_mode: str = "concat",
) -> "keras.Model":
    """Build a bidirectional LSTM: two LSTM layers read the sequence, one from each end, a dense layer answers.

    With every_step each answer has seen the whole sequence, the steps after it included. Where these are not known yet
    when the answer is needed, or are what is asked for, the answers are worth nothing.

    Args:
        n_steps: length of the sequences in time steps, at least 1; None takes any length.
        n_features: values per time step, at least 1.
        units: width of the hidden state of each of the two layers, at least 1.
        n_outputs: values to predict, at least 1.
        activation: of the dense layer: None for numbers, "sigmoid" for yes or no, "softmax" for one of several classes.
        every_step: answer at each time step, not only once.
        merge_mode: how the two hidden states become one: "concat" (side by side), "sum", "ave" (their mean) or "mul"
            (their product, number by number).

    Returns:
        A model from (samples, n_steps, n_features) to (samples, n_outputs), or with every_step to
        (samples, n_steps, n_outputs), with 8 * units * (units + n_features + 1) parameters in the two LSTM layers
        and n_outputs * (2 * units + 1) in the dense layer for "concat", n_outputs * (units + 1) for the others.

    Raises:
        TypeError: if a size is not a whole number, or every_step is not True or False.
        ValueError: if a size is below 1, Keras knows no such activation, or merge_mode is none of the four.

    Examples:
        >>> model = bidirectional_lstm(n_steps=12, n_features=2, units=8, every_step=True)
        >>> model.output_shape, [layer.count_params() for layer in model.layers]
        ((None, 12, 1), [704, 17])
    """
    import keras

    if n_steps is not None:
        n_steps = _check.whole_number("n_steps", n_steps)
    n_features = _check.whole_number("n_features", n_features)
    units = _check.whole_number("units", units)
    n_outputs = _check.whole_number("n_outputs", n_outputs)
    _check_activation(activation)
    _check.instance("every_step", every_step, bool, "True or False")
    if merge_mode not in ("concat", "sum", "ave", "mul"):
        raise ValueError(
            f"merge_mode must be 'concat', 'sum', 'ave' or 'mul'. Received: merge_mode={_check.brief(merge_mode)}; "
            "pass 'concat' if in doubt."
        )
    one_way = keras.layers.LSTM(units, return_sequences=every_step)
    return keras.Sequential(
        [
            keras.Input(shape=(n_steps, n_features)),
            keras.layers.Bidirectional(one_way, merge_mode=merge_mode),
            keras.layers.Dense(n_outputs, activation=activation),
        ]
    )


def encoder_decoder(
    n_steps: int | None,
    n_features: int,
    n_steps_out: int,
    n_outputs: int = 1,
    units: int = 32,
    activation: str | None = None,
) -> "keras.Model":
    """Build an encoder-decoder: one LSTM reads the sequence into a vector, a second writes as many steps as wanted.

    The vector is what the encoder's hidden state is after the last step. RepeatVector shows it to the decoder at each
    of its steps. One dense layer, the same at every step, turns what the decoder says into the answer.

    Args:
        n_steps: length of the sequences that are read, in time steps, at least 1; None takes any length.
        n_features: values per time step, at least 1.
        n_steps_out: length of the sequences that are written, in time steps, at least 1.
        n_outputs: values to predict at each of these, at least 1.
        units: width of both layers' hidden states, at least 1.
        activation: of the dense layer: None for numbers, "softmax" for one of several classes at each step.

    Returns:
        A model from (samples, n_steps, n_features) to (samples, n_steps_out, n_outputs), with
        4 * units * (units + n_features + 1) parameters in the encoder, 4 * units * (2 * units + 1) in the decoder and
        n_outputs * (units + 1) in the dense layer.

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if a size is below 1, or Keras knows no such activation.

    Examples:
        >>> model = encoder_decoder(n_steps=7, n_features=12, n_steps_out=4, n_outputs=12, units=8)
        >>> model.output_shape, [layer.count_params() for layer in model.layers]
        ((None, 4, 12), [672, 0, 544, 108])
    """
    import keras

    if n_steps is not None:
        n_steps = _check.whole_number("n_steps", n_steps)
    n_features = _check.whole_number("n_features", n_features)
    n_steps_out = _check.whole_number("n_steps_out", n_steps_out)
    n_outputs = _check.whole_number("n_outputs", n_outputs)
    units = _check.whole_number("units", units)
    _check_activation(activation)
    return keras.Sequential(
        [
            keras.Input(shape=(n_steps, n_features)),
            keras.layers.LSTM(units),
            keras.layers.RepeatVector(n_steps_out),
            keras.layers.LSTM(units, return_sequences=True),
            keras.layers.Dense(n_outputs, activation=activation),
        ]
    )


def attention_lstm(
    n_steps: int | None,
    n_features: int,
    n_steps_out: int,
    n_outputs: int = 1,
    units: int = 32,
    activation: str | None = None,
    additive: bool = False,
) -> "keras.Model":
    """Build an encoder-decoder with attention: at each of its steps the decoder looks at all that the encoder said.

    The decoder is that of encoder_decoder. What it says at a step is turned into a query by a dense layer. The
    attention layer scores the query against the encoder's hidden state at every step, and the mean of these states,
    weighted by the softmax of the scores, goes to the last dense layer beside what the decoder says. The layers are
    named encoder, decoder, query, attention and answer (and key, if additive), so that the weights can be read.

    Args:
        n_steps: length of the sequences that are read, in time steps, at least 1; None takes any length.
        n_features: values per time step, at least 1.
        n_steps_out: length of the sequences that are written, in time steps, at least 1.
        n_outputs: values to predict at each of these, at least 1.
        units: width of both layers' hidden states, at least 1.
        activation: of the last dense layer: None for numbers, "softmax" for one of several classes at each step.
        additive: score by a small network (AdditiveAttention) and not by the dot product (Attention).

    Returns:
        A model from (samples, n_steps, n_features) to (samples, n_steps_out, n_outputs), with
        4 * units * (units + n_features + 1) parameters in the encoder, 4 * units * (2 * units + 1) in the decoder,
        units * units in the query and n_outputs * (2 * units + 1) in the last layer; additive scores take
        units * (units + 2) more.

    Raises:
        TypeError: if a size is not a whole number, or additive is not True or False.
        ValueError: if a size is below 1, or Keras knows no such activation.

    Examples:
        >>> model = attention_lstm(n_steps=None, n_features=9, n_steps_out=4, n_outputs=8, units=16)
        >>> model.output_shape, model.get_layer("attention").output.shape, model.count_params()
        ((None, 4, 8), (None, 4, 16), 4296)

    Source:
        Keras names its dot-product layer after https://arxiv.org/abs/1508.04025 and its additive layer after
        https://arxiv.org/abs/1409.0473; both leave the matrices in front to dense layers, which stand here.
    """
    import keras
    from keras import layers

    if n_steps is not None:
        n_steps = _check.whole_number("n_steps", n_steps)
    n_features = _check.whole_number("n_features", n_features)
    n_steps_out = _check.whole_number("n_steps_out", n_steps_out)
    n_outputs = _check.whole_number("n_outputs", n_outputs)
    units = _check.whole_number("units", units)
    _check_activation(activation)
    _check.instance("additive", additive, bool, "True or False")
    read = keras.Input(shape=(n_steps, n_features))
    states, last, _ = layers.LSTM(units, return_sequences=True, return_state=True, name="encoder")(read)
    said = layers.LSTM(units, return_sequences=True, name="decoder")(layers.RepeatVector(n_steps_out)(last))
    query = layers.Dense(units, use_bias=False, name="query")(said)
    if additive:
        key = layers.Dense(units, name="key")(states)
        context = layers.AdditiveAttention(name="attention")([query, states, key])
    else:
        context = layers.Attention(name="attention")([query, states])
    both = layers.Concatenate()([said, context])
    return keras.Model(read, layers.Dense(n_outputs, activation=activation, name="answer")(both))


def cnn_lstm(
    frames: tuple[int, int, int, int],
    filters: int = 4,
    units: int = 19,
    n_outputs: int = 1,
    activation: str | None = None,
) -> "keras.Model":
    """Build a CNN LSTM: the same small convolutional network reads each frame, an LSTM reads what it says of them.

    The network for one frame is a convolution of 3 by 3 pixels with stride 2, average pooling by 2 and a flattening, so
    it hands on a coarse map of where each filter answers. TimeDistributed applies it to every frame.

    Args:
        frames: shape of a video: frames, at least 1, rows and columns, at least 4 each, and channels, at least 1.
        filters: of the convolution, at least 1.
        units: width of the LSTM's state, at least 1.
        n_outputs: values to predict per video, at least 1.
        activation: of the dense layer: None for numbers, "sigmoid" for yes or no, "softmax" for one of several classes.

    Returns:
        A model from (samples, frames, rows, columns, channels) to (samples, n_outputs). The convolution has
        filters * (9 * channels + 1) parameters and hands the LSTM (rows // 4) * (columns // 4) * filters features a
        frame, where rows and columns are divisible by 4.

    Raises:
        TypeError: if frames is no tuple, or a size is not a whole number.
        ValueError: if frames has not four entries, a size is below its minimum, or Keras knows no such activation.

    Examples:
        >>> model = cnn_lstm((8, 12, 12, 1), filters=4, units=19, n_outputs=4, activation="softmax")
        >>> [layer.output.shape for layer in model.layers]
        [(None, 8, 36), (None, 19), (None, 4)]
    """
    import keras

    _check.instance("frames", frames, tuple, "a tuple of frames, rows, columns and channels")
    if len(frames) != 4:
        raise ValueError(
            f"frames must have four entries. Received: frames={_check.brief(frames)}; pass (frames, rows, columns, "
            "channels), with 1 channel for brightness."
        )
    frames = tuple(_check.whole_number("frames", n, least) for n, least in zip(frames, (1, 4, 4, 1), strict=True))
    filters = _check.whole_number("filters", filters)
    units = _check.whole_number("units", units)
    n_outputs = _check.whole_number("n_outputs", n_outputs)
    _check_activation(activation)
    one_frame = keras.Sequential(
        [
            keras.Input(shape=frames[1:]),
            # leaky: a plain relu can fall silent for good, and few filters have no spare
            keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="leaky_relu"),
            keras.layers.AveragePooling2D(2, padding="same"),
            keras.layers.Flatten(),
        ]
    )
    return keras.Sequential(
        [
            keras.Input(shape=frames),
            keras.layers.TimeDistributed(one_frame),
            keras.layers.LSTM(units),
            keras.layers.Dense(n_outputs, activation=activation),
        ]
    )


def generative_lstm(n_symbols: int, units: int = 128, width: int = 32, streams: int | None = None) -> "keras.Model":
    """Build a generative LSTM: at each step it reads a symbol and says how likely each symbol is to come next.

    Args:
        n_symbols: size of the alphabet, at least 2.
        units: width of the LSTM's state, at least 1.
        width: numbers that the embedding learns for each symbol, at least 1.
        streams: None starts each call from a state of zeros. A number, at least 1, builds the same network with
            stateful=True for that many texts side by side: the state goes on from call to call, in training as in
            writing, until it is reset. The weights of one fit the other.

    Returns:
        A model from codes of shape (samples, steps), 0 to n_symbols - 1, to logits of shape
        (samples, steps, n_symbols), any number of steps; train it with from_logits=True. It has n_symbols * width
        parameters in the embedding, 4 * units * (units + width + 1) in the LSTM layer and n_symbols * (units + 1) in
        the dense layer.

    Raises:
        TypeError: if a size is not a whole number.
        ValueError: if a size is below its minimum.

    Examples:
        >>> model = generative_lstm(n_symbols=96, units=8, width=4)
        >>> model.output_shape, [layer.count_params() for layer in model.layers]
        ((None, None, 96), [384, 416, 864])
    """
    import keras

    n_symbols = _check.whole_number("n_symbols", n_symbols, minimum=2)
    units = _check.whole_number("units", units)
    width = _check.whole_number("width", width)
    if streams is not None:
        streams = _check.whole_number("streams", streams)
    return keras.Sequential(
        [
            keras.Input(batch_shape=(streams, None), dtype="int32"),
            keras.layers.Embedding(n_symbols, width),
            keras.layers.LSTM(units, return_sequences=True, stateful=streams is not None),
            keras.layers.Dense(n_symbols),
        ]
    )


def start_again(model: "keras.Model", seed: int) -> None:
    """Give a compiled model fresh weights and its optimizer a fresh state, for the next of several repeated runs.

    The model then trains as a new one built after keras.utils.set_random_seed(seed), dropout included, but what was
    compiled stays: with jit_compile=True that saves seconds a run. A learning rate that is a plain number stays at its
    present value; a schedule starts from its beginning.

    Args:
        model: a compiled model of Keras' own layers, or of layers that keras.models.clone_model can copy.
        seed: of the new weights, at least 0; it seeds Python, NumPy and Keras, too.

    Raises:
        TypeError: if model is no Keras model, or seed is not a whole number.
        ValueError: if model is not compiled, or seed is below 0.

    Examples:
        >>> model = vanilla_lstm(n_steps=3, n_features=1, units=2)
        >>> model.compile("adam", loss="mse")
        >>> start_again(model, seed=1)
    """
    import keras

    _check.instance("model", model, keras.Model, "a Keras model")
    seed = _check.whole_number("seed", seed, minimum=0)
    if not model.compiled:
        raise ValueError(
            f"model must be compiled. Received: model={_check.brief(model)}, not compiled; call its compile first."
        )
    keras.utils.set_random_seed(seed)
    # variables, not weights: the states of dropout's random generators are among them
    for old, new in zip(model.variables, keras.models.clone_model(model).variables, strict=True):
        old.assign(new)
    rate = model.optimizer.get_config()["learning_rate"]
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    if isinstance(rate, float):
        model.optimizer.learning_rate = rate


def _check_activation(activation: str | None) -> None:
    """Raise unless Keras knows the activation."""
    import keras

    try:
        keras.activations.get(activation)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"activation must be one that Keras knows. Received: activation={activation!r}; pass None, 'sigmoid' or "
            "'softmax', say."
        ) from error
