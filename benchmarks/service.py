"""How many requests a second `lstm-guide serve` answers, and how long each takes.

    python benchmarks/service.py [seconds a measurement]

It starts the service with an LSTM of 32 units on windows of 24 steps, in a process of its own, and asks over HTTP with
kept connections from threads of this one: single windows and batches of 64, from one client and from eight. Client and
service share the machine's cores, so the service alone can do more. Every answer is compared with the model's own.
Last comes the memory of the service's process, which each further worker needs as well.
"""

import http.client
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import keras
import numpy as np

from lstm_guide import finalize, models

N_STEPS, UNITS = 24, 32
CASES = [(1, 1), (1, 8), (64, 1), (64, 8)]  # windows a request, clients


def start(path: Path) -> tuple[subprocess.Popen, int]:
    """Start the service on a free port and wait until it answers."""
    log = path.with_suffix(".log")
    with log.open("w") as output:
        command = [sys.executable, "-m", "lstm_guide.cli", "serve", str(path), "--port", "0"]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    while not (found := re.search(r" at http://127\.0\.0\.1:(\d+)", log.read_text())):
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        time.sleep(0.1)
    return process, int(found[1])


def client(port: int, windows: np.ndarray, right: np.ndarray, end: float, seconds: list[float]) -> None:
    """Ask the same again and again until the end; every answer must be right."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = json.dumps({"windows": windows.tolist()})
    while time.perf_counter() < end:
        begin = time.perf_counter()
        connection.request("POST", "/predict", body, {"content-type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        seconds.append(time.perf_counter() - begin)
        np.testing.assert_allclose(answer["predictions"], right, atol=1e-5)


def measure(model: keras.Model, port: int, n_windows: int, n_clients: int, duration: float) -> list[float]:
    """Seconds of each request, of clients that each ask something else."""
    seconds: list[float] = []
    windows = np.random.default_rng(1).normal(size=(n_clients, n_windows, N_STEPS, 1)).astype("float32")
    right = [model.predict_on_batch(each) for each in windows]
    end = time.perf_counter() + duration
    pairs = zip(windows, right, strict=True)
    threads = [threading.Thread(target=client, args=(port, *pair, end, seconds)) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds


def memory(process: subprocess.Popen) -> float:
    """Megabytes that a process holds, 0 where the system does not tell it as Linux does."""
    status = Path(f"/proc/{process.pid}/status")
    return int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) / 1024 if status.exists() else 0


def main() -> None:
    """Print a line for each case."""
    duration = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    versions = f"Python {platform.python_version()}, Keras {keras.__version__}"
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {versions}")
    model = models.vanilla_lstm(N_STEPS, 1, units=UNITS)
    with tempfile.TemporaryDirectory() as folder:
        process, port = start(finalize.save_atomically(model, Path(folder) / "model.keras"))
        try:
            print("windows clients requests/s windows/s  p50 ms  p95 ms")
            for n_windows, n_clients in CASES:
                measure(model, port, n_windows, n_clients, 0.5)
                seconds = measure(model, port, n_windows, n_clients, duration)
                rate = len(seconds) / duration
                p50, p95 = 1e3 * np.quantile(seconds, [0.5, 0.95])
                print(
                    f"{n_windows:7} {n_clients:7} {rate:10.0f} {rate * n_windows:9.0f} {p50:7.1f} {p95:7.1f}",
                    flush=True,
                )
            print(f"memory of the process: {memory(process):.0f} MB")
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
