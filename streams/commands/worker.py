"""`kairos worker`: a worker against your Kafka."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from threading import Timer
from typing import TYPE_CHECKING, Final

from streams.configuration.arguments import add_arguments, settings_of
from streams.errors import Fatal
from streams.loading.durations import DISORDER, duration_ms
from streams.logs import set_up
from streams.processes import Processes, this_program
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.app import Worker
    from streams.replay.tally import Tally

log = logging.getLogger(__name__)

HELP = "decide and say what may be said now, on your Kafka; settings as `kairos config` shows them"

SHADOW: Final = "shadow"
STOP_SHARE: Final = 0.9
"""Of the time to stop: the rest is for being told, and for ending."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos worker`."""
    add_arguments(parser)
    parser.add_argument("--processes", metavar="N", help="processes on this machine; each uses one core")
    parser.add_argument(
        "--backfill",
        action="store_true",
        help="first replay what the inputs hold now, marked and without opening anything, then go live on it",
    )
    parser.add_argument("--disorder", metavar="TIME", default=DISORDER, help=f"of a backfill: {DISORDER}")
    parser.add_argument(
        "--shadow",
        action="store_true",
        help="decide on the live inputs, but say it under --output-prefix and --application-id alone",
    )
    parser.add_argument(
        "--application-id", metavar="NAME", help=f"of the shadow; default: application.id and -{SHADOW}"
    )
    parser.add_argument("--output-prefix", metavar="TEXT", help=f"of the shadow; default: {SHADOW}.")


def run(args: argparse.Namespace) -> int:
    """Run until a signal ends it. `Fatal` for settings, topics or a broker that cannot be used."""
    overrides = {"engine.processes": args.processes} if args.processes else {}
    settings = settings_of(args, overrides).settings
    set_up(settings)
    if not args.shadow and (args.application_id or args.output_prefix):
        raise Fatal("--application-id and --output-prefix are those of a --shadow")
    if settings.engine.processes > 1:
        return Processes(settings, this_program(["worker", *_words(args)])).run()
    return _run_one(settings, args)


def _words(args: argparse.Namespace) -> list[str]:
    """What each of several processes is told too."""
    options = {
        "--file": args.file,
        "--application-id": args.application_id,
        "--output-prefix": args.output_prefix,
    }
    words = [word for option, value in options.items() if value is not None for word in (option, str(value))]
    words += ["--disorder", args.disorder]
    words += [word for stated in args.stated for word in ("--set", stated)]
    return words + [f"--{name}" for name in ("backfill", "shadow") if getattr(args, name)]


def _run_one(settings: Settings, args: argparse.Namespace) -> int:
    from streams.app import Mode, create  # noqa: PLC0415 - Faust takes a second, and no other command needs it
    from streams.beside import apart, checked  # noqa: PLC0415 - as above
    from streams.engine.replay_plan import ReplayPlan  # noqa: PLC0415 - as above
    from streams.topics.start import check_inputs  # noqa: PLC0415 - as above

    replay = None
    if args.backfill:
        replay = ReplayPlan(disorder_ms=duration_ms(args.disorder), live_after=True, done=_backfilled)
    if not args.shadow:
        partitions = asyncio.run(check_inputs(settings))
        return under_faust(create(settings, checked=partitions, mode=Mode(replay=replay)))
    prefix = f"{SHADOW}." if args.output_prefix is None else args.output_prefix
    name = args.application_id or f"{settings.engine.application_id}-{SHADOW}"
    settings = apart(settings, name, prefix)
    mode = Mode(output_prefix=prefix, replay=replay)
    return under_faust(create(settings, checked=checked(settings, prefix), mode=mode))


def _backfilled(number: int, tally: Tally) -> None:
    log.info(
        "partition %s is backfilled and goes live: %s events, %s customers",
        *(number, tally.events.total(), tally.customers),
    )


def under_faust(worker: Worker) -> int:
    """Faust's worker runs it: signals, services, and the end of all of them.

    `Fatal` for what this worker cannot go on with, and for a Kafka that went away while it started.
    """
    import faust  # noqa: PLC0415 - as above
    from aiokafka.errors import KafkaConnectionError  # noqa: PLC0415 - as above

    runner = faust.Worker(
        worker.app, loglevel=None, quiet=True, redirect_stdouts=False, override_logging=False
    )
    runner.spinner = None
    bound = _bound(worker)
    try:
        runner.execute_from_commandline()
    except SystemExit as ended:
        if worker.failures:
            raise Fatal(str(worker.failures[0])) from worker.failures[0]
        if isinstance(gone := ended.__context__, KafkaConnectionError):
            raise Fatal(f"Kafka went away while the worker started: {gone}") from gone
        return int(ended.code or 0)
    finally:
        bound.cancel()


def _bound(worker: Worker) -> Timer:
    """Ends the process, once it began to stop, at the end of the time that is given for it.

    Clients of a broker that hangs can take for ever. What was not committed was never there, and the state
    is a cache of the changelog, so nothing is lost but the time of a session in which nobody takes over.
    """
    within_s = STOP_SHARE * worker.settings.engine.stop_timeout_ms / 1000

    def end() -> None:
        log.critical("the worker did not stop within %s s and is ended as it is", within_s)
        logging.shutdown()
        os._exit(1)

    timer = Timer(within_s, end)
    timer.daemon = True
    leave = worker.app.before_leaving

    async def begin() -> None:
        timer.start()
        await leave()

    worker.app.before_leaving = begin
    return timer
