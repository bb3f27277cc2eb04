"""`kairos registry`: a schema registry on this machine, started and stopped by hand.

Exit codes as of `kairos kafka`: `status` 1 when it does not serve.
"""

import argparse
import sys
from pathlib import Path

from streams.embedded.broker import State
from streams.embedded.places import data_directory
from streams.embedded.registry import Registry
from streams.errors import Fatal

HELP = (
    "a schema registry on this machine, for development and trials: Apicurio, on the loopback interface alone"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `kairos registry`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    start = actions.add_parser("start", help="start it, unless it runs, and print its address")
    start.add_argument("--port", type=int, help="without it the last one again, or a free one")
    stop = actions.add_parser("stop", help="end it; the data stays")
    status = actions.add_parser("status", help="say how it is; exit code 1 when it does not serve")
    default = data_directory(program="registry")
    for action in (start, stop, status):
        action.add_argument(
            "--dir", type=Path, default=default, help="its data and log (default: %(default)s)"
        )


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` says."""
    registry = Registry(args.dir, port=getattr(args, "port", None))
    try:
        return {"start": _start, "stop": _stop, "status": _status}[args.action](registry)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Fatal(f"{args.dir} cannot be used: {error}") from error


def _start(registry: Registry) -> int:
    if not registry.program.here:
        print("fetching the registry, once for this user", file=sys.stderr)
    registry.start()
    print(registry.url)
    return 0


def _stop(registry: Registry) -> int:
    print("stopped" if registry.stop() else f"no registry runs in {registry.directory}")
    return 0


def _status(registry: Registry) -> int:
    state, process = registry.state(), registry.process
    lines = {
        "state": state.value,
        "address": registry.url if process else None,
        "process": process.pid if process else None,
        "version": registry.program.version,
        "log": registry.log,
    }
    for name, value in lines.items():
        if value is not None:
            print(f"{name:<8} {value}")
    return 0 if state is State.RUNNING else 1
