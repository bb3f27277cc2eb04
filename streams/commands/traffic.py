"""`kairos traffic`: the shop of `kairos up`, for workers and a Kafka of your own.

kairos traffic begin --dir DIR                            catalogue, the past, and DIR/clock.toml
kairos worker --file DIR/clock.toml                       as many as you like
kairos traffic run --dir DIR --file DIR/clock.toml        until it is ended
"""

import argparse
import asyncio
import signal
from pathlib import Path
from typing import Final

import msgspec
from aiokafka.errors import KafkaError

from streams.commands.printing import print_line
from streams.commands.replay import CREDIT, SEED
from streams.commands.up import SPEED, STARTS, speed
from streams.configuration.arguments import add_arguments, settings_of
from streams.embedded.errors import InUse
from streams.embedded.places import locked
from streams.errors import Fatal
from streams.settings import Settings
from streams.sources.online_retail import online_retail
from streams.sources.slice import SLICE
from streams.up import kept as keeping
from streams.up import outside
from streams.up.kept import Kept

HELP = (
    "a shop's traffic for workers on your Kafka: real orders, and made-up deliveries, usage, tickets and "
    "replies. It passes faster than time, so workers are started with the clock that `begin` writes"
)

LOCK: Final = "traffic.lock"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `kairos traffic`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    begin = actions.add_parser("begin", help="write the clock, the catalogue, and what happened before")
    run = actions.add_parser("run", help="send what happens, until a signal ends it")
    for action in (begin, run):
        action.add_argument("--dir", type=Path, metavar="DIR", required=True, help="keeps how far it came")
        add_arguments(action)
    begin.add_argument("--speed", type=speed, metavar="TIMES", help=f"of the clock; default: {SPEED:g}")


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` says."""
    settings = settings_of(args).settings
    args.dir.mkdir(parents=True, exist_ok=True)
    try:
        with locked(args.dir / LOCK, 0):
            asyncio.run(_begin(settings, args) if args.action == "begin" else _run(settings, args))
    except InUse as error:
        if args.action == "run":
            raise Fatal(f"the traffic of {args.dir} runs already") from error
        print_line(f"the traffic of {args.dir} runs, and its clock goes on")
    except KafkaError as error:
        raise Fatal(f"Kafka at {','.join(settings.kafka.bootstrap_servers)}: {error!r}") from error
    return 0


async def _begin(settings: Settings, args: argparse.Namespace) -> None:
    found = keeping.read(args.dir / keeping.NAME)
    kept = found or Kept(
        name="",
        partitions=0,
        seed=SEED,
        speed=SPEED,
        reached_ms=int(STARTS.timestamp() * 1000),
        sent_ms=0,
    )
    print_line(CREDIT.strip())
    kept = msgspec.structs.replace(kept, speed=args.speed or kept.speed)
    await outside.begin(settings, args.dir, kept, online_retail(SLICE, kept.seed), print_line)


async def _run(settings: Settings, args: argparse.Namespace) -> None:
    kept = keeping.read(args.dir / keeping.NAME)
    if kept is None:
        raise Fatal(f"nothing has begun in {args.dir}: `kairos traffic begin --dir {args.dir}` first")
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await outside.run(settings, args.dir, kept, online_retail(SLICE, kept.seed), print_line, stopped)
