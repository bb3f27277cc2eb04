"""`kairos up`: Kairos at work on this machine, with one command.

Exit codes: 0 when it was ended, by a signal or because it had done what was asked for; 2 as everywhere, when
something could not be done.
"""

import argparse
import asyncio
import logging
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from types import FrameType
from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from streams.commands.replay import CREDIT, SEED, console_of
from streams.embedded.broker import Broker
from streams.embedded.errors import InUse, Unavailable
from streams.embedded.places import locked
from streams.errors import Fatal
from streams.sources.online_retail import online_retail
from streams.sources.slice import SLICE
from streams.up import kept as keeping
from streams.up.kept import Kept
from streams.up.running import Asked, kafka, serve

HELP = (
    "Kairos at work on this machine: a real Kafka, a worker on a fast clock, traffic from real orders, and "
    "what may be said to whom, live; Ctrl-C ends all of it, and the next `up` goes on from there"
)

FOLDER: Final = Path("build/up")
"""Below the working directory, because it is a trial: each checkout has its own, and `make clean` ends it."""
STARTS: Final = datetime(2011, 3, 1, 8, tzinfo=UTC)
"""Three months into the log: enough has happened for every placement to have somebody."""
SPEED: Final = 3_600.0
SPEED_MAX: Final = 1_000_000
PARTITIONS: Final = 4
PARTITIONS_MAX: Final = 64
WORKERS_MAX: Final = 16
LOG: Final = "up.log"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos up`."""
    add = parser.add_argument
    add("--dir", type=Path, metavar="DIR", default=FOLDER, help="where all of it lies; default: %(default)s")
    add("--fresh", action="store_true", help="forget what is there and begin anew")
    add("--speed", type=speed, metavar="TIMES", help=f"of the clock; default: {SPEED:g}, an hour a second")
    add("--workers", type=_count(WORKERS_MAX), metavar="N", default=1, help="default: %(default)s")
    add("--partitions", type=_count(PARTITIONS_MAX), metavar="N", help=f"at the start; default: {PARTITIONS}")
    add("--bootstrap-server", metavar="HOST:PORT", help="your own Kafka; topics get a prefix of their own")
    add("--for", dest="seconds", type=_seconds, metavar="SECONDS", help="end by itself after so long")
    add("--until-eligibilities", type=_count(10**9), metavar="N", help="end after so many new permissions")


def run(args: argparse.Namespace) -> int:
    """Run until it is ended."""
    signal.signal(signal.SIGTERM, _interrupt)
    with suppress(KeyboardInterrupt), _alone(args.dir):
        logging.basicConfig(
            filename=args.dir / LOG,
            filemode="w",
            level=logging.WARNING,
            format="%(asctime)s %(levelname)s %(message)s",
        )
        try:
            _up(args, console_of())
        except Unavailable as error:
            raise Fatal(f"{error}. Or name a Kafka of yours: --bootstrap-server HOST:PORT") from error
        except OSError as error:
            raise Fatal(f"{args.dir} cannot be used: {error}") from error
    return 0


def _up(args: argparse.Namespace, console: Console) -> None:
    path = args.dir / keeping.NAME
    kept = _kept(args, path)
    asked = Asked(
        folder=args.dir.resolve(),
        workers=args.workers,
        seconds=args.seconds,
        eligibilities=args.until_eligibilities,
    )
    console.print(Text(CREDIT, style="dim"), end="")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(online_retail, SLICE, kept.seed)
        with _kafka(args, console) as bootstrap:
            asyncio.run(serve(asked, kept, path, bootstrap, opening.result(), console))


@contextmanager
def _kafka(args: argparse.Namespace, console: Console) -> Iterator[str]:
    """The address of the reader's Kafka, or of one that is started for this run."""
    if args.bootstrap_server:
        with nullcontext(args.bootstrap_server) as bootstrap:
            yield bootstrap
        return
    folder = args.dir / "kafka"
    first = "" if Broker(folder).jars.here else ", fetched once for this user"
    console.print(Text(f"Kafka starts in {folder}{first}", style="dim"))
    with kafka(folder) as bootstrap:
        yield bootstrap


def _kept(args: argparse.Namespace, path: Path) -> Kept:
    """What to go on from, or a beginning. Fatal: what is there is not what is asked for."""
    own = bool(args.bootstrap_server)
    found = None if args.fresh else keeping.read(path)
    if (
        found is not None
        and not own
        and not found.name
        and not Broker(args.dir / "kafka").layout.data.exists()
    ):
        found = None  # somebody cleared Kafka away: the rest of it goes too
    if found is None:
        return _begin(args, path, own=own)
    if own != bool(found.name):
        where = "your own Kafka" if found.name else "a Kafka of its own"
        raise Fatal(f"{args.dir} went on with {where}: begin anew with --fresh, or give another --dir")
    if args.partitions not in {None, found.partitions}:
        raise Fatal(f"the topics have {found.partitions} partitions for good: begin anew with --fresh")
    return msgspec.structs.replace(found, speed=args.speed or found.speed)


def _begin(args: argparse.Namespace, path: Path, *, own: bool) -> Kept:
    """Clear away what an earlier run left, and begin."""
    path.unlink(missing_ok=True)
    Broker(args.dir / "kafka").stop()
    for name in ("kafka", "state"):
        shutil.rmtree(args.dir / name, ignore_errors=True)
    return Kept(
        name=f"kairos-up-{token_hex(3)}" if own else "",
        partitions=args.partitions or PARTITIONS,
        seed=SEED,
        speed=args.speed or SPEED,
        reached_ms=int(STARTS.timestamp() * 1000),
        sent_ms=0,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else runs here meanwhile. Fatal: somebody does."""
    try:
        held = locked(folder / "up.lock", 0)
        held.__enter__()
    except InUse as error:
        raise Fatal(f"`kairos up` runs in {folder} already: end it first, or give another --dir") from error
    try:
        yield
    finally:
        held.__exit__(None, None, None)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def speed(text: str) -> float:
    """How fast a clock runs, from the command line."""
    return _number(text, SPEED_MAX)


def _seconds(text: str) -> float:
    return _number(text, 10**9)


def _number(text: str, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= most:
        raise argparse.ArgumentTypeError(f"a number above 0 and up to {most:,}")
    return number


def _count(most: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        number = int(text) if text.isdecimal() else 0
        if not 1 <= number <= most:
            raise argparse.ArgumentTypeError(f"a whole number from 1 to {most:,}")
        return number

    return count
