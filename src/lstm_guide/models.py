"""The architectures, one short builder each; a builder returns a model that is not compiled yet."""

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
