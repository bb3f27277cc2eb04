"""`kairos worker`: a worker against your Kafka."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from streams.errors import Fatal
from streams.processes import Processes, environment, this_program
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from streams.app import Worker

HELP = "decide and say what may be said now, on your Kafka; settings come from environment and file"

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
CHATTY = ("aiokafka.consumer.subscription_state", "aiokafka.producer.sender", "faust", "mode")
"""Loggers whose news are of no use to an operator."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos worker`."""
    parser.add_argument("--file", metavar="FILE", type=Path, help="settings; the environment goes before it")
    parser.add_argument("--processes", metavar="N", help="processes on this machine; each uses one core")


def run(args: argparse.Namespace) -> int:
    """Run until a signal ends it. `Fatal` for settings, topics or a broker that cannot be used."""
    overrides = {"engine.processes": args.processes} if args.processes else {}
    settings = load_settings(environment(), args.file, overrides)
    _set_up_logging(settings)
    if settings.engine.processes > 1:
        words = ["worker", *(["--file", str(args.file)] if args.file else [])]
        return Processes(settings, this_program(words), environment()).run()
    return _run_one(settings)


def _run_one(settings: Settings) -> int:
    from streams.app import create  # noqa: PLC0415 - Faust takes a second, and no other command needs it
    from streams.topics.start import check_inputs  # noqa: PLC0415 - as above

    partitions = asyncio.run(check_inputs(settings))
    return _under_faust(create(settings, checked=partitions))


def _under_faust(worker: Worker) -> int:
    """Faust's worker runs it: signals, services, and the end of all of them."""
    import faust  # noqa: PLC0415 - as above

    runner = faust.Worker(
        worker.app, loglevel=None, quiet=True, redirect_stdouts=False, override_logging=False
    )
    runner.spinner = None
    try:
        runner.execute_from_commandline()
    except SystemExit as ended:
        if worker.failures:
            raise Fatal(str(worker.failures[0])) from worker.failures[0]
        return int(ended.code or 0)


def _set_up_logging(settings: Settings) -> None:
    level = LEVELS[settings.engine.log_level]
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
