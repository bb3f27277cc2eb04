"""`kairos kafka`: a real Kafka on this machine, started and stopped by hand.

Exit codes: `start` and `stop` 0 when it runs, or does not run, afterwards, whatever was before; `status` 0
when it serves and 1 when it does not; 2 as everywhere, when something could not be done.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from streams.embedded import archive
from streams.embedded.broker import Broker, State
from streams.embedded.lease import leased
from streams.embedded.places import data_directory
from streams.errors import Fatal

HELP = "a real Kafka on this machine, for development and trials: one node, on the loopback interface alone"

LOOK_EVERY_S = 1.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `kairos kafka`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    start = actions.add_parser("start", help="start it, unless it runs, and print its address")
    start.add_argument(
        "--port", type=_port, help="of the clients; without it the last one again, or a free one"
    )
    start.add_argument("--foreground", action="store_true", help="stay, and end it with this command")
    stop = actions.add_parser("stop", help="end it; the data stays")
    status = actions.add_parser("status", help="say how it is; exit code 1 when it does not serve")
    for action in (start, stop, status):
        action.add_argument(
            "--dir", type=Path, default=data_directory(), help="its data and logs (default: %(default)s)"
        )


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` says."""
    actions: dict[str, Callable[[Broker], int]] = {"stop": _stop, "status": _status}
    try:
        if args.action == "start":
            return _start(Broker(args.dir, port=args.port), foreground=args.foreground)
        return actions[args.action](Broker(args.dir))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Fatal(f"{args.dir} cannot be used: {error}") from error


def _start(broker: Broker, *, foreground: bool) -> int:
    if not broker.jars.here:
        print("fetching Kafka, once for this user", file=sys.stderr)
    if foreground:
        return _stay(broker)
    broker.start()
    print(broker.bootstrap)
    return 0


def _stay(broker: Broker) -> int:
    """Hold the broker until an interrupt; if it ends by itself, somebody must know."""
    with leased(broker):
        print(broker.bootstrap, flush=True)
        while broker.exists:
            time.sleep(LOOK_EVERY_S)
    raise Fatal(f"Kafka ended: see {broker.layout.log} and {broker.layout.console}")


def _stop(broker: Broker) -> int:
    stopped = broker.stop()
    print("stopped" if stopped else f"no Kafka runs in {broker.layout.directory}")
    archive.make_later(broker.layout)
    return 0


def _status(broker: Broker) -> int:
    status = broker.status()
    lines = {
        "state": status.state.value,
        "address": status.bootstrap,
        "process": status.pid,
        "version": status.version,
        "data": f"{status.data_bytes / 1e6:.1f} MB in {broker.layout.data}",
        "log": broker.layout.log,
    }
    for name, value in lines.items():
        if value is not None:
            print(f"{name:<8} {value}")
    return 0 if status.state is State.RUNNING else 1


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else 0
    if not 1024 <= port <= 65_535:
        raise argparse.ArgumentTypeError("a port lies between 1024 and 65535")
    return port
