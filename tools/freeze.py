"""Execute the experiments whose inputs changed, and keep their notebooks and named results.

    python tools/freeze.py                   those that changed
    python tools/freeze.py 05 ...            these, changed or not
    python tools/freeze.py --check           execute nothing; exit 1 if one is stale
    python tools/freeze.py --reproduce       all again, replace nothing, compare with what is frozen

An experiment that fails or is interrupted replaces nothing.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing.pool import ThreadPool
from pathlib import Path

import compare
import jupytext
import nbformat
import readme
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from tqdm import tqdm

import experiments
from experiments import KEY, Experiment

TIMEOUT = 900  # seconds for one cell: far above any experiment's limit, so it only ends a hang
VERSIONS = ("keras", "tensorflow", "numpy")
TOGETHER = 2  # experiments that run at once when reproducing
ONE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def main() -> int:
    """Run the command line and return the exit code."""
    options = _parser().parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["TQDM_DISABLE"] = "1"  # for the kernels: a bar inside a frozen notebook is noise
    found = _chosen(options.names)
    try:
        if options.check:
            return _check(found)
        if options.reproduce:
            return _reproduce(found, options.seed)
        return _freeze(found, everything=bool(options.names))
    except CellExecutionError as error:
        print(f"\n{error}", file=sys.stderr)
    except DeadKernelError:
        print("\nthe kernel died; is there enough memory?", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
    except Exception:
        # An interrupt in the middle of a kernel's start or end comes out of nbclient in many forms
        traceback.print_exc()
    print("Stopped: the frozen results are as they were.", file=sys.stderr)
    return 1


def execute(experiment: Experiment) -> nbformat.NotebookNode:
    """Run an experiment in a fresh kernel, in an empty folder, and return the executed notebook.

    Raises CellExecutionError, its text naming the experiment and the cell, with the traceback.
    """
    notebook = jupytext.read(experiment.source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    inputs, start = experiment.inputs(), time.perf_counter()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    with (
        tempfile.TemporaryDirectory() as folder,
        _progress(experiment.slug, len(code)) as bar,
    ):
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            on_cell_executed=lambda **_: bar.update(),
            extra_arguments=["--log-level=ERROR"],
        )
        try:
            client.execute()
        except CellExecutionError as error:
            place = next(n for n, cell in enumerate(code, 1) if _raised(cell))
            head = f"{experiment.source.name}: cell {place} of {len(code)} raised {error.ename}"
            raise CellExecutionError(f"{head}\n{error.traceback}", error.ename, error.evalue) from None
    _tidy(notebook)
    notebook.metadata[KEY] = {
        "inputs": inputs,
        "seconds": round(time.perf_counter() - start, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "versions": {"python": platform.python_version()} | {name: version(name) for name in VERSIONS},
    }
    return notebook


def keep(experiment: Experiment, notebook: nbformat.NotebookNode) -> None:
    """Replace the frozen notebook and results; the notebook last, for without it the results count as stale."""
    new = experiment.results.with_name(f".{experiment.slug}.new")
    shutil.rmtree(new, ignore_errors=True)
    for name, text in named_files(notebook).items():
        new.mkdir(parents=True, exist_ok=True)
        (new / name).write_text(text, encoding="utf-8")
    # The old results are moved aside first, so that an interrupt here loses neither them nor the new ones
    old = experiment.results.with_name(f".{experiment.slug}.old")
    shutil.rmtree(old, ignore_errors=True)
    if experiment.results.exists():
        experiment.results.rename(old)
    new.rename(experiment.results)
    experiment.notebook.parent.mkdir(parents=True, exist_ok=True)
    draft = experiment.notebook.with_suffix(".new")
    nbformat.write(notebook, draft)
    draft.replace(experiment.notebook)
    shutil.rmtree(old, ignore_errors=True)


def named_files(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Take the named results out of an executed notebook: file name to text."""
    files, values = {}, {}
    for result, data in named_outputs(notebook):
        if result["kind"] == "figure":
            files[f"{result['name']}.svg"] = data["image/svg+xml"]
        elif result["kind"] == "table":
            files[f"{result['name']}.md"] = data["text/markdown"] + "\n"
        else:
            values[result["name"]] = {"value": result["value"], "tolerance": result["tolerance"]}
    return files | {"values.json": json.dumps(values, indent=2) + "\n"}


def named_outputs(notebook: nbformat.NotebookNode) -> list[tuple[dict, dict]]:
    """List the outputs made by lstm_guide.report: what each says of itself, and its data."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [(output.metadata[KEY], output.data) for output in outputs if KEY in output.get("metadata", {})]


def _freeze(found: list[Experiment], everything: bool) -> int:
    chosen = [experiment for experiment in found if everything or experiment.is_stale()]
    for experiment in chosen:
        keep(experiment, execute(experiment))
    readme.update()
    names = ", ".join(experiment.slug for experiment in chosen) or "nothing"
    print(f"Frozen: {names}." if everything else f"Frozen: {names}; up to date: {len(found) - len(chosen)}.")
    return 0


def _check(found: list[Experiment]) -> int:
    stale = [experiment.slug for experiment in found if experiment.is_stale()]
    print(f"Stale: {', '.join(stale)}; mend it with: make freeze" if stale else f"All {len(found)} are fresh.")
    return 1 if stale else 0


def _reproduce(found: list[Experiment], seed: int) -> int:
    os.environ["LSTM_GUIDE_SEED"] = str(seed)
    # LSTMs of this size hardly use a second thread, so two experiments of one thread each are done sooner than
    # one after the other; the longest first, so that none is left running alone at the end
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    frozen = {experiment: experiment.frozen() for experiment in found}
    missing = [f"{e.slug}: nothing is frozen yet; run: make freeze" for e in found if not frozen[e]]
    waiting = sorted((e for e in found if frozen[e]), key=lambda e: -frozen[e].metadata[KEY]["seconds"])
    failed, beyond = [], []
    # A pool of daemon threads, which an interrupt does not wait for
    with ThreadPool(TOGETHER) as pool:
        for experiment, fresh in pool.imap_unordered(lambda e: (e, _try_again(e)), waiting):
            if isinstance(fresh, str):
                failed.append(f"{experiment.slug} stopped:\n{fresh}")
                continue
            moves = compare.moved(named_outputs(frozen[experiment]), named_outputs(fresh))
            print(f"{experiment.slug}, {fresh.metadata[KEY]['seconds']:.0f} s:")
            print("\n".join(f"  {move}" for move in moves) or "  nothing moved", flush=True)
            beyond += [f"{experiment.slug}: {move}" for move in moves if move.beyond]
    print("\n".join([*missing, *failed, *beyond]))
    done = len(waiting) - len(failed)
    print(f"Reproduced {done} of {len(found)} experiments: {len(beyond)} results beyond their tolerance.")
    return 1 if missing or failed or beyond else 0


def _try_again(experiment: Experiment) -> nbformat.NotebookNode | str:
    """Execute an experiment; where a claim fails, return the error's text, so that the others still run."""
    try:
        return execute(experiment)
    except CellExecutionError as error:
        return str(error)


def _chosen(names: list[str]) -> list[Experiment]:
    found = experiments.find()
    unknown = [name for name in names if not any(name in e.slug for e in found)]
    if unknown:
        sys.exit(f"no experiment is called {', '.join(unknown)}; there are {', '.join(e.slug for e in found)}")
    return [e for e in found if not names or any(name in e.slug for name in names)]


@contextmanager
def _progress(name: str, total: int) -> Iterator[tqdm]:
    """Show a bar whose seconds go on while a long cell runs."""
    done = threading.Event()
    # disable=None, no bar where there is no terminal: stated, for the variable set in main is for the kernels
    with tqdm(total=total, desc=name, unit="cell", disable=None) as bar:

        def tick() -> None:
            while not done.wait(1):
                bar.refresh()

        if sys.stderr.isatty():
            threading.Thread(target=tick, daemon=True).start()
        try:
            yield bar
        finally:
            done.set()


def _raised(cell: nbformat.NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def _tidy(notebook: nbformat.NotebookNode) -> None:
    """Drop what changes from run to run and says nothing: warnings on standard error, times, random ids."""
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"] = f"cell-{number:02}"
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of experiments' names, such as 05 or series")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--reproduce", action="store_true")
    parser.add_argument("--seed", type=int, default=0, help="with --reproduce: the seed to count from")
    return parser


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
