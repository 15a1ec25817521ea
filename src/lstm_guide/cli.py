"""`lstm-guide`: list the experiments, run one in the terminal, copy its script to start from; serve a saved model."""

import argparse
import os
import re
import runpy
import socket
import sys
import time
from collections import Counter
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from lstm_guide import __version__

EXTRA = re.compile(r"""extra == ['"]([^'"]+)['"]""")


class CommandError(Exception):
    """A mistake of the user's, with a message for the terminal."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after the command's name; None takes those of this process.

    Returns:
        The exit code: 0 if all went well, 1 after a message on standard error.

    Raises:
        SystemExit: if the words do not fit; argparse has printed the usage, exit code 2.

    Examples:
        >>> main(["list"]) == 0
        name...
        True
    """
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except CommandError as error:
        print(f"lstm-guide: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lstm-guide: stopped", file=sys.stderr)
        return 130
    return 0


def experiments() -> dict[str, Path]:
    """Find the experiments' scripts, in the installed package or in the repository.

    Returns:
        Name to script: the lessons' by number, such as "05-vanilla-lstm", then the how-to guides' by name, such as
        "non-stationary-series".

    Raises:
        FileNotFoundError: if there is no folder of scripts; the installation is incomplete.

    Examples:
        >>> experiments()["05-vanilla-lstm"].name
        '05_vanilla_lstm.py'
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "experiments", here.parents[1] / "experiments"):
        if folder.is_dir():
            return {path.stem.replace("_", "-"): path for path in sorted(folder.glob("*.py"))}
    raise FileNotFoundError("lstm_guide was installed without its experiments; install it again")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lstm-guide", description="The experiments of the LSTM guide, and a service for your models."
    )
    parser.add_argument("--version", action="version", version=f"lstm-guide {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    listing = commands.add_parser("list", help="list the experiments of lessons and how-to guides")
    listing.set_defaults(command=_list)

    run = commands.add_parser("run", help="run an experiment and print its tables")
    run.add_argument("experiment", help="a lesson's number, such as 5, or a name that `list` shows")
    run.add_argument("--seed", type=int, default=0, help="the seed to count from (default 0)")
    run.add_argument(
        "--out", default="lstm_guide_results", metavar="FOLDER", help="where figures go (default %(default)s)"
    )
    run.set_defaults(command=_run)

    new = commands.add_parser("new", help="copy an experiment's script to a new file, to start from")
    new.add_argument("experiment", help="a lesson's number, such as 5, or a name that `list` shows")
    new.add_argument("file", type=Path, help="the new file, such as my_forecast.py; never overwritten")
    new.set_defaults(command=_new)

    serve = commands.add_parser("serve", help="answer with a saved model's predictions over HTTP")
    serve.add_argument("file", type=Path, help="the model, a .keras file")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen at (default %(default)s)")
    serve.add_argument("--port", type=int, default=8000, help="the port, 0 for a free one (default %(default)s)")
    serve.add_argument(
        "--max-windows", type=int, default=256, metavar="N", help="the most windows a request (default %(default)s)"
    )
    serve.add_argument("--unit", help="the unit of the predictions, for GET /health")
    serve.set_defaults(command=_serve)
    return parser


def _list(options: argparse.Namespace) -> None:
    known = experiments()
    width = max(map(len, ["name", *map(_short, known)]))
    print(f"{'name':{width}}  experiment")
    for name, path in known.items():
        print(f"{_short(name):{width}}  {_title(path)}")


def _run(options: argparse.Namespace) -> None:
    path = _script(options.experiment)
    os.environ.update(LSTM_GUIDE_SEED=str(options.seed), LSTM_GUIDE_OUT=options.out)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(f"Running: {_title(path)}", file=sys.stderr)
    start = time.perf_counter()
    try:
        runpy.run_path(str(path), run_name="__main__")
    except ModuleNotFoundError as error:
        raise CommandError(_how_to_install(error.name or "")) from error
    except AssertionError as error:
        raise CommandError(f"a claim of {path.name} did not hold: {error or _claim(error)}") from error
    print(f"Done in {time.perf_counter() - start:.0f} s, every claim held.", file=sys.stderr)


def _new(options: argparse.Namespace) -> None:
    source, target = _script(options.experiment), options.file
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(source.read_text(encoding="utf-8"))
    except FileExistsError:
        raise CommandError(f"{target} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise CommandError(f"cannot write {target}: {error.strerror}") from None
    print(f"Wrote {target}. Run it with: python {target}")


def _serve(options: argparse.Namespace) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from lstm_guide import service

    try:
        import uvicorn

        # Bound before the model is loaded, which takes seconds: a port in use is known at once
        listener = _listen(options.host, options.port)
        app = service.create_app(options.file, max_windows=options.max_windows, unit=options.unit)
    except ImportError as error:
        raise CommandError(service.MISSING) from error
    except (OSError, ValueError) as error:
        raise CommandError(str(error)) from error
    with listener:
        address = listener.getsockname()
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        print(f"Serving {options.file}, version {app.version}, at http://{host}:{address[1]}", file=sys.stderr)
        # Requests under way are answered when the process is told to stop, for half a minute at most
        config = uvicorn.Config(app, timeout_graceful_shutdown=30)
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        reason = reason.partition(" (while attempting")[0]  # create_server repeats the address
        raise CommandError(
            f"cannot listen at {host}, port {port}: {reason}; choose others with --host, --port"
        ) from error
    # Else each answer waits for the client's confirmation of its first part, 40 ms on Linux; connections inherit it
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _script(wanted: str) -> Path:
    """Find a script by a lesson's number or by its name, however it is written: 5, 05_vanilla_lstm.py."""
    known = experiments()
    name = wanted.removesuffix(".py").replace("_", "-")
    name = str(int(name)) if name.isdecimal() else name
    for slug, path in known.items():
        if name in (slug, _short(slug)):
            return path
    raise CommandError(f"no experiment is called {wanted!r}; there are {', '.join(map(_short, known))}")


def _short(name: str) -> str:
    """What to type: the lesson's number, or the how-to guide's name."""
    number = name.partition("-")[0]
    return str(int(number)) if number.isdecimal() else name


def _title(path: Path) -> str:
    found = re.search(r"^# # (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return found[1] if found else path.stem


def _how_to_install(module: str) -> str:
    """Say which command brings a missing module: an extra of this package if one lists it."""
    try:
        listed = requires("lstm-guide") or []
    except PackageNotFoundError:
        listed = []
    extras = Counter(found[1] for line in listed if (found := EXTRA.search(line)))
    wanted = module.partition(".")[0].replace("_", "-").lower()
    brings = [found[1] for line in listed if (found := EXTRA.search(line)) and _package(line) == wanted]
    extra = f"the guide with its extra [{min(brings, key=extras.__getitem__)}], or: " if brings else "it with: "
    return f"the package {wanted!r} is missing; install {extra}pip install {wanted}"


def _package(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].replace("_", "-").lower()


def _claim(error: AssertionError) -> str:
    """Give the source line of a bare assert."""
    import traceback

    return traceback.extract_tb(error.__traceback__)[-1].line or "see the script"


if __name__ == "__main__":
    sys.exit(main())
