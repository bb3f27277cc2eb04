"""`kairos worker`: a worker against your Kafka."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path
from typing import NoReturn

from streams.settings import load_settings

HELP = "decide and say what may be said now, on your Kafka; settings come from environment and file"

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos worker`."""
    parser.add_argument("--file", metavar="FILE", type=Path, help="settings; the environment goes before it")


def run(args: argparse.Namespace) -> NoReturn:
    """Run until it is stopped by a signal. `Fatal` for settings or a broker that cannot be used."""
    import faust  # noqa: PLC0415 - it takes a second, and no other command needs it

    from streams.app import create  # noqa: PLC0415 - as above

    settings = load_settings(os.environ, args.file)
    logging.basicConfig(
        level=LEVELS[settings.engine.log_level], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    worker = create(settings)
    runner = faust.Worker(
        worker.app, loglevel=None, quiet=True, redirect_stdouts=False, override_logging=False
    )
    runner.spinner = None
    runner.execute_from_commandline()  # it ends the process itself, with the exit code of what happened
