"""`kairos audit`: a team's own send log against the five traps, on the team's own history."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.text import Text

from streams.errors import Fatal
from streams.loading.policy_file import load_policies
from streams.replay.audit_tables import audit_shown, bad_lines, show
from streams.replay.auditing import Audited, audit_plain
from streams.replay.files import Files
from streams.replay.history import SHOP
from streams.replay.prepare import Options, prepare
from streams.replay.run import Setup
from streams.replay.send_log import BadLine, Send, read_sends
from streams.sources.slice import SLICE

HELP = (
    "score a log of sent messages against the five traps, on the history of the same customers: what was "
    "sent too early, stacked, during friction, in the wrong context, or was generic. The log is CSV with a "
    "header, or JSON Lines: customer, time (ISO 8601 or epoch milliseconds), product and/or campaign, and if "
    "you have them channel, context, and move for what is no offer"
)

SEED: Final = 7
PROCESSES: Final = os.cpu_count() or 1
PIPED_COLUMNS: Final = 140
BAD_KEPT_MAX: Final = 1_000
"""Lines that could not be read which the JSON names; all are counted."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos audit`."""
    parser.add_argument("path", metavar="DIR", type=Path, nargs="?", help="files, or the log of --source")
    parser.add_argument("--sends", metavar="FILE", type=Path, required=True, help="what was sent")
    parser.add_argument("--source", choices=[SHOP], help="DIR is the public order log, CSV or gzipped CSV")
    parser.add_argument("--demo", action="store_true", help="the slice of real orders that is shipped")
    parser.add_argument("--seed", type=int, default=SEED, help="of what is made up around the orders")
    parser.add_argument("--policy", metavar="FILE", type=Path, help="default: the shipped policy")
    parser.add_argument("--catalogue", metavar="FILE", type=Path, help="default: that of the history")
    parser.add_argument("--until", metavar="TIME", help="the end, as 2011-06-30 or 2011-06-30T12:00:00Z")
    parser.add_argument("--partitions", type=int, default=4, metavar="N", help="default: 4")
    parser.add_argument(
        "--processes", type=int, default=PROCESSES, metavar="N", help="changes no score; default: %(default)s"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="the scores as JSON")


def run(args: argparse.Namespace) -> int:
    """Audit; 0 when the log was judged, whatever it scored, and 1 when a step of the history failed."""
    if (args.path is None) == (not args.demo):
        raise Fatal("kairos audit needs a history: a directory, --source and a file, or --demo")
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_COLUMNS)
    sends, bad, count = _read(args.sends)
    with tempfile.TemporaryDirectory(prefix="kairos-audit-") as work:
        setup = prepare(_options(args), load_policies(args.policy), Path(work))
        audited = audit_shown(console, setup, sends, args.processes)
    show(console, f"{args.sends}: the five traps", "your offers", audited)
    refused = setup.history.refused if isinstance(setup.history, Files) else {}
    for reason, records in sorted(refused.items()):
        console.print(Text(f"left out of the history: {records:,} records, {reason}", style="yellow"))
    for line in bad_lines(bad, count):
        console.print(Text(line, style="yellow"))
    if args.out:
        _write(args.out, _plain(setup, audited, refused, bad, count))
        console.print(Text(f"\nscores: {args.out}"))
    return 1 if audited.faults else 0


def _read(path: Path) -> tuple[list[Send], list[BadLine], int]:
    """The sends, the first lines that could not be read, and how many of these there are."""
    sends: list[Send] = []
    bad: list[BadLine] = []
    count = 0
    for line in read_sends(path):
        if isinstance(line, Send):
            sends.append(line)
        else:
            count += 1
            if len(bad) < BAD_KEPT_MAX:
                bad.append(line)
    if not sends:
        why = f": {next(iter(bad_lines(bad, count)))}" if bad else ""
        raise Fatal(f"{path} holds no message that could be read{why}")
    return sends, bad, count


def _options(args: argparse.Namespace) -> Options:
    return Options(
        path=SLICE if args.demo else args.path,
        shop_seed=args.seed if args.source or args.demo else None,
        catalogue=args.catalogue,
        until=args.until,
        partitions=args.partitions,
        check=False,
    )


def _plain(
    setup: Setup, audited: Audited, refused: dict[str, int], bad: list[BadLine], count: int
) -> dict[str, Any]:
    return {
        "policy_version": setup.policies["version"],
        "catalogue_version": setup.catalogue_version,
        "until": setup.until_ms,
        "left_out_of_the_history": refused,
        **audit_plain(audited),
        "bad_lines": {"count": count, "lines": bad},
    }


def _write(path: Path, value: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
    except OSError as error:
        raise Fatal(f"{path} cannot be written: {error.strerror}") from error
