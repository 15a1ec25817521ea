"""service: right predictions, and every wrong request gets an answer that says what is wrong with it.

The first part calls the application in this process, the second one, marked slow, `lstm-guide serve` over HTTP.
"""

import asyncio
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_guide import cli, finalize, models, service

JSON = {"content-type": "application/json"}
WINDOW = [[1.0], [2.0], [3.0]]


def save(model, folder):
    return finalize.save_atomically(model, folder / "a.keras")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return models.vanilla_lstm(3, 1, units=4)


@pytest.fixture(scope="module")
def app(model, tmp_path_factory):
    path = save(model, tmp_path_factory.mktemp("model"))
    return service.create_app(path, max_windows=8, max_bytes=2_000, unit="litres")


def send(app, *requests):
    """Answers of an application to requests that come at the same time."""

    async def all_at_once():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await asyncio.gather(*(client.request(method, path, **o) for method, path, o in requests))

    return asyncio.run(all_at_once())


def get(app, path):
    return send(app, ("GET", path, {}))[0]


def post(app, body, headers=JSON):
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    return send(app, ("POST", "/predict", {"content": content, "headers": headers}))[0]


def strict(answer):
    """The answer's JSON; NaN and Infinity are none."""

    def fail(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(answer.text, parse_constant=fail)


def problem(answer):
    (only,) = strict(answer)["detail"]
    return answer.status_code, only["field"], only["message"]


# --- what is right


@pytest.mark.parametrize("n_windows", [1, 2, 3, 8])
def test_predictions_are_those_of_the_model(n_windows, app, model):
    windows = np.random.default_rng(n_windows).normal(size=(n_windows, 3, 1)).astype("float32")
    answer = post(app, {"windows": windows.tolist()})
    assert answer.status_code == 200
    np.testing.assert_allclose(strict(answer)["predictions"], model.predict(windows, verbose=0), atol=1e-6)


def test_health_says_what_is_served(app):
    assert strict(get(app, "/health")) == {
        "ready": True,
        "model": app.version,
        "steps": 3,
        "features": 1,
        "max_windows": 8,
        "unit": "litres",
    }
    assert post(app, {"windows": [WINDOW]}).json()["model"] == app.version


def test_any_length_if_the_model_takes_any(tmp_path):
    model = models.bidirectional_lstm(None, 2, units=2, every_step=True)
    app = service.create_app(save(model, tmp_path), max_windows=1)
    assert strict(get(app, "/health"))["steps"] is None
    for n_steps in (1, 7):
        windows = np.ones((1, n_steps, 2), "float32")
        predictions = post(app, {"windows": windows.tolist()}).json()["predictions"]
        np.testing.assert_allclose(predictions, model.predict(windows, verbose=0), atol=1e-6)


def test_many_at_once_each_get_their_own_answer(app, model):
    windows = np.random.default_rng(1).normal(size=(60, 3, 1)).astype("float32")
    right = model.predict(windows, verbose=0)
    requests = [("POST", "/predict", {"json": {"windows": [window.tolist()]}}) for window in windows]
    answers = [strict(answer)["predictions"][0] for answer in send(app, *requests)]
    np.testing.assert_allclose(answers, right, atol=1e-6)


def test_the_model_computes_one_batch_at_a_time_outside_the_event_loop(tmp_path, monkeypatch):
    app = service.create_app(save(models.vanilla_lstm(3, 1, units=2), tmp_path))
    running, most = [], []

    def slow(self, windows):
        running.append(1)
        most.append(len(running))
        time.sleep(0.2)
        running.pop()
        return np.zeros((len(windows), 1))

    monkeypatch.setattr(service._Predictor, "predict", slow)
    start = time.perf_counter()

    async def both():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            asked = [asyncio.create_task(client.post("/predict", json={"windows": [WINDOW]})) for _ in range(3)]
            await asyncio.sleep(0.05)
            health = await client.get("/health")
            waited = time.perf_counter() - start
            return health, waited, await asyncio.gather(*asked)

    health, waited, answers = asyncio.run(both())
    assert health.status_code == 200
    assert [answer.status_code for answer in answers] == [200] * 3
    assert waited < 0.5  # while the first of three was computing
    assert most == [1, 1, 1]


def test_nothing_is_traced_anew_for_other_batch_sizes(tmp_path):
    calls = []

    @keras.saving.register_keras_serializable("tests")
    class Traced(keras.layers.Layer):
        def call(self, x):
            calls.append(1)
            return x

    app = service.create_app(save(keras.Sequential([keras.Input((3, 1)), Traced()]), tmp_path), max_windows=8)
    traced = len(calls)
    for n_windows in range(1, 9):
        assert post(app, {"windows": [WINDOW] * n_windows}).status_code == 200
    assert len(calls) == traced


# --- what is wrong

BAD = [
    ({"windows": []}, "windows", "must have at least 1 window, not 0"),
    ({"windows": [WINDOW] * 9}, "windows", "must have at most 8 windows, not 9"),
    ({"windows": [WINDOW, WINDOW[:2]]}, "windows[1]", "must have at least 3 steps, not 2"),
    ({"windows": [[*WINDOW, [4.0]]]}, "windows[0]", "must have at most 3 steps, not 4"),
    ({"windows": [[[1.0], [2.0, 3.0], [4.0]]]}, "windows[0][1]", "must have at most 1 feature, not 2"),
    ({"windows": [[[1.0], [], [4.0]]]}, "windows[0][1]", "must have at least 1 feature, not 0"),
    ({"windows": [1.0, 2.0, 3.0]}, "windows[0]", "valid array"),
    ({"windows": [[1.0, 2.0, 3.0]]}, "windows[0][0]", "valid array"),
    ({"windows": [[[1.0], [2.0], ["3"]]]}, "windows[0][2][0]", "valid number"),
    ({"windows": [[[1.0], [2.0], [True]]]}, "windows[0][2][0]", "valid number"),
    ({"windows": [[[1.0], [2.0], [None]]]}, "windows[0][2][0]", "valid number"),
    ({"windows": [[[1.0], [2.0], [float("nan")]]]}, "windows[0][2][0]", "finite number"),
    ({"windows": [[[1.0], [2.0], [float("inf")]]]}, "windows[0][2][0]", "finite number"),
    ({"windows": [[[1.0], [2.0], [-float("inf")]]]}, "windows[0][2][0]", "finite number"),
    ('{"windows": [[[1], [2], [1e999]]]}', "windows[0][2][0]", "finite number"),
    ('{"windows": [[[1], [2], [1e39]]]}', "windows[0][2][0]", "within float32's range"),
    ('{"windows": [[[1], [2], [-1e39]]]}', "windows[0][2][0]", "within float32's range"),
    ('{"windows": [[[1], [2], [' + "9" * 1500 + "]]]}", "windows[0][2][0]", "finite number"),
    ({"windows": None}, "windows", "valid array"),
    ({"window": [WINDOW]}, "windows", "Field required"),
    ({"windows": [WINDOW], "unit": "litres"}, "unit", "not permitted"),
    ({}, "windows", "Field required"),
    ([], "body", "an object"),
    ("null", "body", "an object"),
    ("", "body", "Invalid JSON"),
    ('{"windows": [[[1], [2], [3]]]', "body", "Invalid JSON"),
    (b"\xff\xfe", "body", "Invalid JSON"),
    ('{"\\ud800": 1}', "body", "Invalid JSON"),
    ("[" * 1900, "body", "Invalid JSON"),
]


@pytest.mark.parametrize(("body", "field", "message"), BAD, ids=range(len(BAD)))
def test_what_does_not_fit_is_refused_by_name(body, field, message, app):
    status, named, says = problem(post(app, body))
    assert (status, named) == (422, field)
    assert message in says


def test_a_long_name_is_cut(app):
    assert problem(post(app, {"windows": [WINDOW], "x" * 1000: 1}))[1] == "x" * 80


@pytest.mark.parametrize("size", [2_001, 7_000, 100_000])
def test_a_long_body_is_refused(size, app):
    assert problem(post(app, " " * size)) == (413, "body", "must have at most 2000 bytes; send fewer windows at a time")


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}])
def test_other_content_is_refused(headers, app):
    assert problem(post(app, {"windows": [WINDOW]}, headers)) == (415, "content-type", "must be application/json")


def test_a_charset_may_be_told(app):
    assert post(app, {"windows": [WINDOW]}, {"content-type": "Application/JSON; charset=utf-8"}).status_code == 200


def test_a_client_that_goes_away_is_no_error(app):
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send_back(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "http_version": "1.1"}
    scope["headers"] = [(b"content-type", b"application/json")]
    asyncio.run(app(scope, receive, send_back))
    assert sent[0]["status"] == 400


def test_windows_of_unequal_length_are_refused(tmp_path):
    app = service.create_app(save(models.vanilla_lstm(None, 1, units=2), tmp_path))
    says = problem(post(app, {"windows": [WINDOW, WINDOW, WINDOW[:2]]}))
    assert says == (422, "windows[2]", "has 2 steps, windows[0] 3; send them apart")


def test_a_prediction_that_is_not_finite_is_an_error(tmp_path):
    model = keras.Sequential([keras.Input((3, 1)), keras.layers.Rescaling(1e38)])
    app = service.create_app(save(model, tmp_path))
    assert post(app, {"windows": [WINDOW]}).status_code == 200
    says = problem(post(app, {"windows": [WINDOW, [[1.0], [2.0], [1e3]]]}))
    assert says == (422, "windows[1]", "the model has no finite prediction for these values")


def test_a_compressed_body_is_refused(app):
    answer = post(app, gzip.compress(b"{}"), JSON | {"content-encoding": "gzip"})
    assert problem(answer) == (415, "content-encoding", "must be absent; send the body uncompressed")


ELSEWHERE = [
    ("GET", "/predict", 405, "method"),
    ("PUT", "/predict", 405, "method"),
    ("POST", "/health", 405, "method"),
    ("GET", "/nothing", 404, "path"),
    ("POST", "/predict/", 404, "path"),  # no redirect: many clients would repeat it as a GET
]


@pytest.mark.parametrize(("method", "path", "status", "field"), ELSEWHERE)
def test_other_requests_are_refused(method, path, status, field, app):
    answer = send(app, (method, path, {}))[0]
    assert problem(answer) == (status, field, "must be POST /predict or GET /health")
    assert ("allow" in answer.headers) == (status == 405)


NUMBERS = st.floats(width=64) | st.integers() | st.none() | st.booleans() | st.text(max_size=3)
ANYTHING = st.recursive(NUMBERS, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(), part, max_size=3))
NEARLY = st.lists(st.lists(st.lists(NUMBERS, max_size=2), min_size=2, max_size=4), max_size=3)


@settings(max_examples=150)
@given(body=st.fixed_dictionaries({"windows": NEARLY | ANYTHING}) | ANYTHING)
def test_whatever_comes_is_answered_in_json(body, app):
    answer = post(app, body)
    assert answer.status_code in (200, 413, 422)
    if answer.status_code == 200:
        assert len(strict(answer)["predictions"]) == len(body["windows"])
    else:
        assert all(problem(answer))


# --- which models


@pytest.mark.parametrize(
    "make",
    [
        lambda: models.generative_lstm(3, units=2),
        lambda: models.generative_lstm(3, units=2, streams=2),
        lambda: models.cnn_lstm((2, 8, 8, 1), filters=2, units=2),
        lambda: keras.Sequential([keras.Input((3, 1), dtype="int32"), keras.layers.Rescaling(2)]),
        lambda: keras.Model(two := [keras.Input((3, 1)), keras.Input((3, 1))], keras.ops.add(*two)),
        lambda: keras.Model(one := keras.Input((3, 1)), [one, one + 1]),
    ],
)
def test_a_model_with_other_inputs_is_refused(make, tmp_path):
    with pytest.raises(ValueError, match=r"path must be that of a model with one input, \(None, steps, features\)"):
        service.create_app(save(make(), tmp_path))


def test_a_file_that_is_replaced_while_it_loads_is_loaded_again(tmp_path, monkeypatch):
    path, load = save(models.vanilla_lstm(3, 1, units=2), tmp_path), finalize.load
    monkeypatch.setattr(finalize, "load", lambda path: (load(path), monkeypatch.undo(), save(new, tmp_path))[0])
    new = models.vanilla_lstm(3, 1, units=3)
    app = service.create_app(path)
    assert app.version == finalize.version(path)
    answer = post(app, {"windows": [WINDOW]}).json()["predictions"]
    np.testing.assert_allclose(answer, new.predict(np.array([WINDOW]), verbose=0), atol=1e-6)


def test_without_fastapi_the_command_that_brings_it_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with pytest.raises(ImportError, match=r"pip install 'lstm-guide\[serve\]'"):
        service.create_app(tmp_path / "a.keras")
    assert cli.main(["serve", str(tmp_path / "a.keras"), "--port", "0"]) == 1
    assert "pip install 'lstm-guide[serve]'" in capsys.readouterr().err


# --- the command


def test_the_command_names_what_is_wrong(tmp_path, capsys):
    missing = str(tmp_path / "none.keras")
    assert cli.main(["serve", missing, "--port", "0"]) == 1
    assert "where nothing is" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert cli.main(["serve", missing, "--port", port]) == 1
        assert f"cannot listen at 127.0.0.1, port {port}: Address already in use; choose" in capsys.readouterr().err
    assert cli.main(["serve", missing, "--port", "99999"]) == 1
    assert "cannot listen at 127.0.0.1, port 99999" in capsys.readouterr().err
    assert cli.main(["serve", missing, "--host", "no.such.host.invalid"]) == 1
    assert "cannot listen at no.such.host.invalid" in capsys.readouterr().err
    path = save(models.vanilla_lstm(3, 1, units=2), tmp_path)
    assert cli.main(["serve", str(path), "--port", "0", "--max-windows", "0"]) == 1
    assert "max_windows must be at least 1" in capsys.readouterr().err


def test_the_command_serves_until_it_is_stopped(tmp_path, monkeypatch, capsys):
    import uvicorn

    served = []

    def run(self, sockets):
        served.append((self.config, sockets[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))

    monkeypatch.setattr(uvicorn.Server, "run", run)
    # It would close all handlers of the process; TensorFlow's closes the stream that pytest captures with
    monkeypatch.setattr(uvicorn.Config, "configure_logging", lambda self: None)
    path = save(models.vanilla_lstm(3, 1, units=2), tmp_path)
    assert cli.main(["serve", str(path), "--port", "0", "--unit", "litres", "--max-windows", "5"]) == 0
    ((config, at_once),) = served
    assert at_once
    assert strict(get(config.app, "/health"))["max_windows"] == 5
    assert f"version {finalize.version(path)}, at http://127.0.0.1:" in capsys.readouterr().err
    if socket.has_dualstack_ipv6():
        assert cli.main(["serve", str(path), "--port", "0", "--host", "::1"]) == 0
        assert "at http://[::1]:" in capsys.readouterr().err


@contextmanager
def serving(path, *options):
    """The address of `lstm-guide serve`, in a process of its own on a free port, and the process."""
    command = [sys.executable, "-m", "lstm_guide.cli", "serve", str(path), "--port", "0", *options]
    log = Path(path).with_suffix(".log")
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        end = time.monotonic() + 60
        while " at http" not in (text := log.read_text()):
            assert process.poll() is None, text
            assert time.monotonic() < end, text
            time.sleep(0.1)
        url = next(line for line in text.splitlines() if " at http" in line).rpartition(" at ")[2]
        httpx.get(f"{url}/health", timeout=60)
        yield url, process
    finally:
        process.kill()
        process.wait()
        text = log.read_text()
        assert "Traceback" not in text, text


@pytest.fixture(scope="module")
def url(model, tmp_path_factory):
    with serving(save(model, tmp_path_factory.mktemp("served")), "--unit", "litres") as (address, _):
        yield address


@pytest.mark.slow
def test_over_http_as_in_process(url, model):
    assert httpx.get(f"{url}/health").json()["unit"] == "litres"
    answer = httpx.post(f"{url}/predict", json={"windows": [WINDOW]})
    right = model.predict(np.array([WINDOW]), verbose=0)
    np.testing.assert_allclose(answer.json()["predictions"], right, atol=1e-6)
    assert problem(httpx.post(f"{url}/predict", content='{"windows": [[[NaN]]]}', headers=JSON))[0] == 422
    for size in (4_000_001, 15_000_000):
        assert problem(httpx.post(f"{url}/predict", content=b" " * size, headers=JSON))[0] == 413


@pytest.mark.slow
def test_under_load_nothing_is_lost_and_nothing_mixed_up(url, model):
    n_clients, n_each = 20, 25
    windows = np.random.default_rng(3).normal(size=(n_clients, n_each, 3, 1)).astype("float32")
    right = model.predict(windows.reshape(-1, 3, 1), verbose=0).reshape(n_clients, n_each)
    seconds = []

    async def client(number, session):
        answers = []
        for window in windows[number]:
            start = time.perf_counter()
            answer = await session.post("/predict", json={"windows": [window.tolist()]})
            seconds.append(time.perf_counter() - start)
            assert answer.status_code == 200
            answers.append(answer.json()["predictions"][0][0])
        return answers

    async def all_clients():
        limits = httpx.Limits(max_connections=n_clients)
        async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as session:
            return await asyncio.gather(*(client(number, session) for number in range(n_clients)))

    start = time.perf_counter()
    answers = asyncio.run(all_clients())
    rate = len(seconds) / (time.perf_counter() - start)
    np.testing.assert_allclose(answers, right, atol=1e-6)
    print(f"{rate:.0f} requests a second, p95 {1e3 * np.quantile(seconds, 0.95):.0f} ms, {n_clients} clients")


@pytest.mark.slow
def test_told_to_stop_it_answers_what_is_under_way(tmp_path):
    model = models.vanilla_lstm(None, 1, units=128)
    windows = np.full((48, 1500, 1), 0.5).tolist()
    with serving(save(model, tmp_path)) as (url, process):

        async def ask():
            async with httpx.AsyncClient(timeout=60) as client:
                asked = [asyncio.create_task(client.post(f"{url}/predict", json={"windows": windows})) for _ in "12"]
                await asyncio.sleep(0.3)
                early = any(task.done() for task in asked)
                process.send_signal(signal.SIGTERM)
                return early, await asyncio.gather(*asked)

        early, answers = asyncio.run(ask())
        assert not early, "make the request longer, so that it is under way when the signal comes"
        assert [answer.status_code for answer in answers] == [200, 200]
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/health")


@pytest.mark.slow
def test_schemathesis_finds_nothing(url, tmp_path):
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json", "--checks", "all"]
    command += ["--max-examples", "40", "--seed", "1", "--generation-deterministic", "--no-color"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"COLUMNS": "120"})
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
