"""The command `kairos`: a table of sub-commands, each imported only when it is asked for.

A sub-command brings its own dependencies (numpy for learning, a store for replays), so the table holds names
and one-line summaries, and `kairos --help` imports none of them.

Exit codes: 0 done; 1 the command ran and its answer is "no" (a check that found something); 2 the command
could not run, with one line on standard error that says why; 130 interrupted.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Protocol, cast

from streams import collecting
from streams.errors import KairosError

DISTRIBUTION = "kairos-journey"
COULD_NOT_RUN = 2
INTERRUPTED = 130

COMMANDS = {
    "up": "everything on this machine: Kafka, a worker, sample traffic, and what may be said, live",
    "replay": "history in, outputs and a summary out; what a policy change would do",
    "audit": "score a log of sent messages against the five traps",
    "explain": "what is known, open and withheld for one customer, and why",
    "simulate": "made-up customers from a seed, for load and demonstrations",
    "learn": "replenishment priors from history into the catalogue",
    "schemas": "print and check the contract of the topics",
    "policy": "print and check the policy",
    "kafka": "a real Kafka on this machine, with nothing installed before",
    "registry": "a schema registry on this machine, likewise",
    "worker": "a worker against your Kafka",
    "traffic": "a shop's traffic for workers on your Kafka",
    "topics": "the topics on the broker: list, check, create and mend them",
    "migrate": "more partitions, by another application that goes on where this one ended",
    "dlq": "what was refused and why, and sending it back after the mistake is mended",
    "config": "every setting of a worker, its value and where it comes from",
}
"""Sub-command, which is also its module in `streams.commands`, and its line in `kairos --help`."""


class Command(Protocol):
    """What a module of `streams.commands` offers."""

    HELP: str
    """What the sub-command does, shown by `kairos <name> --help`."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of this sub-command to its parser."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return the exit code; raise `KairosError` when it cannot be done."""


def load(name: str) -> Command:
    """Import the sub-command `name`, a key of `COMMANDS`."""
    return cast("Command", importlib.import_module(f"streams.commands.{name}"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run `kairos` with `argv` (default: the arguments of the process) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    collecting.rarely()
    try:
        args = _parser(words).parse_args(words)
        code = load(args.command).run(args)
        sys.stdout.flush()
    except KairosError as error:
        print(f"kairos: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    return code


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of `kairos`; only the sub-command that `words` begin with is imported and configured."""
    parser = argparse.ArgumentParser(
        prog="kairos", description="The right moment for every customer and everything they own."
    )
    parser.add_argument("--version", action="version", version=f"kairos {metadata.version(DISTRIBUTION)}")
    group = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = words[0] if words else None
    for name, summary in COMMANDS.items():
        command = load(name) if name == asked else None
        sub = group.add_parser(name, help=summary, description=command.HELP if command else None)
        if command:
            command.configure(sub)
    return parser


def _reader_left() -> int:
    """Whoever read our output (as `head` does) has enough: end quietly, also at the flush on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
