"""`kairos up`: Kairos at work on this machine, with one command.

Exit codes: 0 when it was ended, by a signal or because it had done what was asked for; 2 as everywhere, when
something could not be done.
"""

import argparse
import asyncio
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from types import FrameType
from typing import Final

import msgspec

from streams.embedded.errors import Unavailable
from streams.embedded.places import locked
from streams.errors import Fatal
from streams.up import kept as keeping
from streams.up.kept import Kept
from streams.up.running import Asked, kafka, serve

HELP = (
    "Kairos at work on this machine: a real Kafka, a worker on a fast clock, sample traffic from real orders, "
    "and what may be said to whom, live"
)

FOLDER: Final = Path("build/up")
"""Below the working directory, because it is a trial: `make clean` ends it, and each checkout has its own."""
STARTS: Final = datetime(2011, 3, 1, 8, tzinfo=UTC)
"""Three months into the log: enough has happened for every placement to have somebody."""
SPEED: Final = 3600.0
SEED: Final = 7
PARTITIONS: Final = 4


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos up`."""
    parser.add_argument(
        "--dir", type=Path, default=FOLDER, help="what a later `up` goes on from (default: %(default)s)"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what is there and begin anew")
    parser.add_argument(
        "--speed", type=float, metavar="TIMES", help=f"of the clock; default: {SPEED:g}, an hour per second"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", default=1, help="worker processes (default: %(default)s)"
    )
    parser.add_argument(
        "--partitions",
        type=int,
        metavar="N",
        help=f"of every topic, when they are made; default: {PARTITIONS}",
    )
    parser.add_argument(
        "--bootstrap-server", metavar="HOST:PORT", help="your Kafka, instead of one started here"
    )
    parser.add_argument(
        "--for", dest="seconds", type=float, metavar="SECONDS", help="end by itself after so long"
    )
    parser.add_argument(
        "--until-eligibilities", type=int, metavar="N", help="end by itself after so many permissions"
    )


def run(args: argparse.Namespace) -> int:
    """Run until it is ended."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with locked(args.dir / "lock", 0):
            _up(args)
    except Unavailable as error:
        raise Fatal(f"`kairos up` runs in {args.dir} already: end it first, or give another --dir") from error
    except KeyboardInterrupt:
        pass
    return 0


def _up(args: argparse.Namespace) -> None:
    path = args.dir / keeping.NAME
    if args.fresh:
        for name in ("kafka", "state"):
            shutil.rmtree(args.dir / name, ignore_errors=True)
        path.unlink(missing_ok=True)
    kept = keeping.read(path) or _begin(args)
    if args.speed:
        kept = msgspec.structs.replace(kept, speed=args.speed)
    asked = Asked(
        folder=args.dir.resolve(),
        bootstrap=args.bootstrap_server,
        workers=args.workers,
        seconds=args.seconds,
        eligibilities=args.until_eligibilities,
    )
    print("starting Kafka", file=sys.stderr)
    with kafka(args.dir / "kafka") as bootstrap:
        asyncio.run(serve(asked, kept, path, bootstrap))


def _begin(args: argparse.Namespace) -> Kept:
    return Kept(
        name=f"kairos-up-{token_hex(3)}" if args.bootstrap_server else "",
        partitions=args.partitions or PARTITIONS,
        seed=SEED,
        speed=args.speed or SPEED,
        reached_ms=int(STARTS.timestamp() * 1000),
        sent_ms=0,
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
