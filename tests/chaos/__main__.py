"""`python -m tests.chaos`: workers on a real Kafka under load and faults, and what came of it as JSON.

The exit code is 1 when anything is missing, said twice, unequal to what the oracle decides, or must not be,
or when a long run did not see enough; against an ordinary agent, when none of its losses and repeats was
seen.
"""

import argparse
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.chaos.faults import FAULTS
from tests.chaos.report import failed, report, table
from tests.chaos.rounds import rounds, shown, total
from tests.chaos.run import Wanted, run, run_against_plain
from tests.chaos.workers import end_with_all


def main(argv: Sequence[str]) -> int:
    """Run, write, show."""
    args = _parser().parse_args(argv)
    end_with_all()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is gone is part of the plan
    logging.getLogger("tests.chaos").setLevel(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="kairos-chaos-", ignore_cleanup_errors=True) as made:
        directory = args.keep or Path(made)
        wanted = Wanted(
            directory=directory,
            seconds=args.seconds,
            seed=args.seed,
            partitions=args.partitions,
            workers=args.workers,
            events_per_s=args.rate,
            days=args.days,
            faults=tuple(args.fault or FAULTS),
        )
        if args.against == "plain":
            found = run_against_plain(wanted)
            _write(args.out, msgspec.to_builtins(found))
            sys.stdout.write(json.dumps(msgspec.to_builtins(found), indent=1) + "\n")
            return int(not (found.missing or found.twice))
        if args.rounds:
            return _in_rounds(wanted, args)
        said = _judged(wanted, args)
    _write(args.out, said)
    sys.stdout.write(table(said) + "\n")
    return int(failed(said))


def _in_rounds(wanted: Wanted, args: argparse.Namespace) -> int:
    """Round after round, each written down at once: who ends a long run early has what it found so far."""
    reports = []
    for said in rounds(wanted, args.rounds, lambda wanted: _judged(wanted, args)):
        reports.append(said)
        _write(args.out, total(reports))
        sys.stdout.write(table(said) + "\n\n" + shown(total(reports)) + "\n\n")
        sys.stdout.flush()
    whole = total(reports)
    return int(failed(whole) or not whole["counts_reached"])


def _judged(wanted: Wanted, args: argparse.Namespace) -> dict[str, Any]:
    """The report of a run. What its workers logged is kept when anything is wrong."""
    said = report(run(wanted), args.pause_max)
    if failed(said):
        kept = args.out.with_name(f"{args.out.stem}-logs-of-seed-{wanted.seed}")
        kept.mkdir(parents=True, exist_ok=True)
        for written in wanted.directory.glob("worker-*.log"):
            shutil.copy(written, kept)
        sys.stdout.write(f"what the workers logged is in {kept}\n")
    return said


def _write(out: Path, said: Any) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long load and faults last")
    parser.add_argument(
        "--rounds",
        type=int,
        default=0,
        help="the long form: at most so many runs, until there was enough of all",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=200.0, help="events a second, about")
    parser.add_argument("--days", type=float, default=120.0, help="of the journey that pass meanwhile")
    parser.add_argument(
        "--against",
        choices=("engine", "plain"),
        default="engine",
        help="plain: a usual Faust agent",
    )
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS), help="only these kinds")
    parser.add_argument(
        "--pause-max", type=float, metavar="SECONDS", help="wrong when a partition stands still for longer"
    )
    parser.add_argument("--keep", type=Path, help="a folder for logs and state, which is left as it is")
    parser.add_argument("--out", type=Path, default=Path("build/chaos.json"))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
