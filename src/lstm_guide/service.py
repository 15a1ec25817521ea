"""An HTTP service around a saved model: it checks what comes in and answers with predictions and the file's version."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from lstm_guide import _check, finalize

if TYPE_CHECKING:
    import fastapi
    import keras
    import pydantic

LARGEST = float(np.finfo("float32").max)  # beyond it a number would become infinite
MISSING = "serving needs FastAPI and uvicorn, which are not installed; get them with: pip install 'lstm-guide[serve]'"


def create_app(
    path: str | os.PathLike[str], max_windows: int = 256, max_bytes: int = 4_000_000, unit: str | None = None
) -> "fastapi.FastAPI":
    """Make a web application that answers with a model's predictions: POST /predict and GET /health.

    A request is {"windows": [...]}, lists of samples by steps by features, of finite numbers within float32's range.
    The answer is {"predictions": [...], "model": "..."}, the latter being the file's version. What does not fit is
    refused with 422 and the name of the field, a body that is too long with 413, one that is compressed or not declared
    as JSON with 415, another path with 404, another method with 405; each with
    {"detail": [{"field": "...", "message": "..."}]}.

    The model is loaded once. It computes in one thread of its own, so requests that come meanwhile are taken, wait
    their turn and are answered. To serve another file, start another process.

    Args:
        path: a .keras file, see finalize.load. Its model has one input of shape (None, steps, features), where steps
            may be None, too, and one output; it keeps no state between batches.
        max_windows: the most windows in one request, at least 1.
        max_bytes: the longest body of a request in bytes, at least 1.
        unit: of the predictions, such as "litres"; GET /health tells it.

    Returns:
        The application, for uvicorn or another ASGI server.

    Raises:
        ImportError: if FastAPI is not installed.
        TypeError: if an argument is of another type.
        FileNotFoundError: if there is no such file.
        ValueError: if the file does not load, its model does not fit, or a limit is below 1.

    Examples:
        >>> import keras
        >>> model = keras.Sequential([keras.Input(shape=(3, 1)), keras.layers.LSTM(2), keras.layers.Dense(1)])
        >>> app = create_app(finalize.save_atomically(model, "model.keras"), unit="litres")
        >>> sorted(app.openapi()["paths"])
        ['/health', '/predict']
    """
    try:
        import fastapi
        import pydantic
    except ImportError as error:
        raise ImportError(MISSING) from error

    max_windows = _check.whole_number("max_windows", max_windows)
    max_bytes = _check.whole_number("max_bytes", max_bytes)
    if unit is not None:
        _check.instance("unit", unit, str, "a text, or None")
    predictor = _Predictor(path, max_windows)
    request_type = _request_type(predictor, max_windows)
    answer_type, health_type, problems_type = _answer_types(predictor)
    one_by_one = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
    app = fastapi.FastAPI(title="Predictions of an LSTM", version=predictor.version, redirect_slashes=False)

    def answer(body: bytes) -> bytes:
        """Check, predict, write: all that takes time, outside the event loop."""
        try:
            windows = request_type.model_validate_json(body).windows
        except pydantic.ValidationError as error:
            raise _RefusedError(422, *_first_problem(error)) from error
        predictions = predictor.predict(_as_array(windows))
        return answer_type(predictions=predictions.tolist(), model=predictor.version).model_dump_json().encode()

    @app.post(
        "/predict",
        response_model=answer_type,
        responses={status: {"model": problems_type, "description": text} for status, text in REFUSALS.items()},
        openapi_extra={"requestBody": _describe(request_type)},
    )
    async def predict(request: fastapi.Request) -> fastapi.Response:
        """Predict for each window."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _RefusedError(415, "content-type", "must be application/json")
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise _RefusedError(415, "content-encoding", "must be absent; send the body uncompressed")
        body = await _read(request, max_bytes)
        content = await asyncio.get_running_loop().run_in_executor(one_by_one, answer, body)
        return fastapi.Response(content, media_type="application/json")

    @app.get("/health", response_model=health_type)
    async def health() -> dict[str, Any]:
        """Say which model is ready, and what it takes."""
        return {
            "ready": True,
            "model": predictor.version,
            "steps": predictor.n_steps,
            "features": predictor.n_features,
            "max_windows": max_windows,
            "unit": unit,
        }

    @app.exception_handler(_RefusedError)
    async def refuse(request: fastapi.Request, refused: _RefusedError) -> fastapi.Response:
        """Answer without repeating the input: NaN in it would make the answer invalid JSON."""
        return fastapi.responses.JSONResponse(refused.content, status_code=refused.status)

    @app.exception_handler(404)
    @app.exception_handler(405)
    async def refuse_elsewhere(request: fastapi.Request, error: fastapi.HTTPException) -> fastapi.Response:
        """Answer in the same form where no route is; the headers tell the methods that are allowed."""
        field = "path" if error.status_code == 404 else "method"
        refused = _RefusedError(error.status_code, field, "must be POST /predict or GET /health")
        return fastapi.responses.JSONResponse(refused.content, refused.status, error.headers)

    return app


REFUSALS = {
    413: "The body is too long.",
    415: "The body is not declared as JSON, or is compressed.",
    422: "The body is not what the model takes, or has no finite prediction.",
}


class _RefusedError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, field: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.content = {"detail": [{"field": field, "message": message}]}


class _Predictor:
    """A loaded model, its version and its shapes."""

    def __init__(self, path: str | os.PathLike[str], max_windows: int) -> None:
        self.version, self.model = _load(path)
        self.n_steps, self.n_features = _input_shape(self.model)
        # Traced now, not with the first requests: one window, then any number
        for n_windows in sorted({1, min(2, max_windows), max_windows}):
            self.model.predict_on_batch(np.zeros((n_windows, self.n_steps or 2, self.n_features), "float32"))

    def predict(self, windows: np.ndarray) -> np.ndarray:
        """Predict for (samples, steps, features), or refuse the first window without a finite prediction."""
        # 100 times as fast as model.predict for a few windows, which sets up a pipeline at each call
        predictions = np.asarray(self.model.predict_on_batch(windows))
        finite = np.isfinite(predictions).reshape(len(predictions), -1).all(axis=1)
        if not finite.all():
            number = int(np.argmin(finite))
            raise _RefusedError(422, f"windows[{number}]", "the model has no finite prediction for these values")
        return predictions


def _load(path: str | os.PathLike[str]) -> "tuple[str, keras.Model]":
    """Return the version and the model of one file."""
    version = finalize.version(path)
    model = finalize.load(path)
    if finalize.version(path) != version:  # replaced while it was read
        return _load(path)
    return version, model


def _input_shape(model: "keras.Model") -> tuple[int | None, int]:
    """Return steps (None is any number) and features, or raise if the model cannot be served."""
    inputs, outputs = getattr(model, "inputs", None) or [], getattr(model, "outputs", None) or []
    fits = len(inputs) == len(outputs) == 1 and len(inputs[0].shape) == 3 and "float" in inputs[0].dtype
    shape = inputs[0].shape if inputs else ()
    if not fits or shape[0] is not None or shape[2] is None:
        raise ValueError(
            "path must be that of a model with one input, (None, steps, features), and one output. Received: path of a "
            f"model with {len(inputs)} inputs, {len(outputs)} outputs and the shape {tuple(shape)}; a fixed batch size "
            "or a state between batches cannot be served either, so build the model anew without them and copy the "
            "weights."
        )
    return shape[1], shape[2]


def _request_type(predictor: _Predictor, max_windows: int) -> "type[pydantic.BaseModel]":
    """The type of a request; FailFast, for millions of bad numbers would make millions of messages."""
    import pydantic

    def lists(of: Any, least: int, most: int | None) -> Any:
        return Annotated[list[of], pydantic.Field(min_length=least, max_length=most), pydantic.FailFast()]

    number = Annotated[float, pydantic.Field(strict=True, allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
    step = lists(number, predictor.n_features, predictor.n_features)
    window = lists(step, predictor.n_steps or 1, predictor.n_steps)
    return pydantic.create_model(
        "Windows",
        __config__=pydantic.ConfigDict(extra="forbid"),
        windows=(lists(window, 1, max_windows), pydantic.Field(description="samples by steps by features")),
    )


def _answer_types(predictor: _Predictor) -> "list[type[pydantic.BaseModel]]":
    """The types of a prediction, of a report on health and of an error."""
    import pydantic

    nested: Any = float
    for _ in predictor.model.outputs[0].shape:
        nested = list[nested]
    problem = pydantic.create_model("Problem", field=str, message=str)
    return [
        pydantic.create_model("Predictions", predictions=nested, model=str),
        pydantic.create_model(
            "Health",
            ready=bool,
            model=str,
            steps=int | None,
            features=int,
            max_windows=int,
            unit=str | None,
        ),
        pydantic.create_model("Problems", detail=list[problem]),
    ]


def _describe(request_type: "type[pydantic.BaseModel]") -> dict[str, Any]:
    """The request's body for OpenAPI; the application reads it by itself."""
    return {"required": True, "content": {"application/json": {"schema": request_type.model_json_schema()}}}


async def _read(request: "fastapi.Request", max_bytes: int) -> bytes:
    """Read the body, or refuse it. A little too long is read to its end, for else many clients miss the answer."""
    from starlette.requests import ClientDisconnect

    body, size = bytearray(), 0
    try:
        async for part in request.stream():
            size += len(part)
            if size <= max_bytes:
                body += part
            elif size > 4 * max_bytes:
                break
    except ClientDisconnect as gone:  # nobody reads this answer
        raise _RefusedError(400, "body", "ended too early") from gone
    if size > max_bytes:
        raise _RefusedError(413, "body", f"must have at most {max_bytes} bytes; send fewer windows at a time")
    return bytes(body)


def _first_problem(error: "pydantic.ValidationError") -> tuple[str, str]:
    """Name the field, as in windows[3][0][1], and say what is wrong with it."""
    problem = error.errors(include_url=False, include_input=False)[0]
    field = "".join(f"[{part}]" if isinstance(part, int) else part for part in problem["loc"])
    if problem["type"] in ("too_short", "too_long"):
        what, limits = ("windows", "steps", "features")[len(problem["loc"]) - 1], problem["ctx"]
        least = "at least" if problem["type"] == "too_short" else "at most"
        limit = limits["min_length"] if problem["type"] == "too_short" else limits["max_length"]
        return field, f"must have {least} {limit} {what if limit != 1 else what[:-1]}, not {limits['actual_length']}"
    if problem["type"] in ("less_than_equal", "greater_than_equal"):
        return field, "Input should be within float32's range, up to 3.4e38 in size"
    return field[:80] or "body", problem["msg"]


def _as_array(windows: list[list[list[float]]]) -> np.ndarray:
    """Return (samples, steps, features) as float32, or refuse windows of unequal length."""
    for number, window in enumerate(windows):
        if len(window) != len(windows[0]):
            raise _RefusedError(
                422, f"windows[{number}]", f"has {len(window)} steps, windows[0] {len(windows[0])}; send them apart"
            )
    return np.array(windows, dtype="float32")
