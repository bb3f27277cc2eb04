"""`kairos replay`: history in, outputs and a summary out, in virtual time, from files or with `--kafka`."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from streams.commands import replay_kafka
from streams.errors import Fatal
from streams.journey.policy_set import PolicySet
from streams.loading.durations import DISORDER, duration_ms
from streams.loading.policy_file import load_policies, read_policy
from streams.loading.policy_view import DEFAULT
from streams.replay import against, audit_tables, summary
from streams.replay.auditing import audit_plain
from streams.replay.calendar_campaign import write_sends
from streams.replay.files import Files
from streams.replay.history import SHOP
from streams.replay.outputs import write_outputs
from streams.replay.prepare import Options, prepare
from streams.replay.run import Done, Setup, replay_all
from streams.replay.tally import Tally
from streams.sources.slice import SLICE

SENDS: Final = "calendar_sends.csv"
CALENDAR: Final = (
    "\na calendar's offers on day 3, 14 and 30 after every order, by the five traps; nobody reacts"
)
HELP = (
    "replay history through the journey: from a directory with one file per input topic, or from the public "
    "order log with made-up surroundings; writes the output topics, the dead letters and a summary. With "
    "--kafka the history is what the input topics hold now, and the outputs are topics of their own"
)

DEMO_OUT: Final = Path("build/replay")
SEED: Final = 7
PROCESSES: Final = os.cpu_count() or 1
PIPED_COLUMNS: Final = 140
CREDIT: Final = (
    "Real orders: a slice of the public log Online Retail (D. Chen, UCI Machine Learning\n"
    "Repository, CC BY 4.0). "
    "Parcels, usage, tickets, replies and the relations of the catalogue are made up\n"
    "from a seed, and say so.\n"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos replay`."""
    parser.add_argument("path", metavar="DIR", type=Path, nargs="?", help="the files, or the log of --source")
    parser.add_argument("--source", choices=[SHOP], help="DIR is the public order log, CSV or gzipped CSV")
    parser.add_argument("--demo", action="store_true", help="the slice of real orders that is shipped")
    parser.add_argument("--seed", type=int, default=SEED, help="of what is made up around the orders")
    parser.add_argument("--out", metavar="OUT", type=Path, default=DEMO_OUT, help=f"default: {DEMO_OUT}")
    parser.add_argument("--format", choices=["jsonl", "avro"], default="jsonl", help="of the outputs")
    parser.add_argument("--policy", metavar="FILE", type=Path, help="default: the shipped policy")
    parser.add_argument(
        "--against", metavar="FILE", help=f'compare --policy with this one, or with "{DEFAULT}"; counts only'
    )
    parser.add_argument("--catalogue", metavar="FILE", type=Path, help="default: that of the history")
    parser.add_argument("--until", metavar="TIME", help="the end, as 2011-06-30 or 2011-06-30T12:00:00Z")
    parser.add_argument("--disorder", metavar="TIME", default=DISORDER, help=f"default: {DISORDER}")
    parser.add_argument("--state", metavar="DIR", type=Path, help="keep the state, for `kairos explain`")
    parser.add_argument("--partitions", type=int, default=4, metavar="N", help="default: 4")
    parser.add_argument(
        "--processes",
        type=int,
        default=PROCESSES,
        metavar="N",
        help="changes no output; default: %(default)s",
    )
    parser.add_argument("--no-check", action="store_true", help="leave out the checkers of the outputs")
    parser.add_argument("--journal", metavar="FILE", type=Path, help="write every step and its conditions")
    parser.add_argument(
        "--calendar-campaign",
        action="store_true",
        help="score what a plain calendar would have sent on the same history, beside ours",
    )
    parser.add_argument("--shuffle", metavar="SEED", type=int, help="disturb the order within a minute")
    parser.add_argument("--repeat", metavar="SHARE", type=float, default=0.0, help="give some events twice")
    replay_kafka.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Replay, and print the summary; 1 when a step failed or a promise was broken."""
    console = console_of()
    if args.kafka:
        return replay_kafka.run(args, console)
    if args.demo:
        _prepare_demo(args)
        console.print(Text(CREDIT, style="dim"), end="")
    if args.against:
        return _compared(console, args, options_of(args))
    tally = _replayed(console, args, options_of(args))
    if args.demo:
        _suggest(console, args.out, args.state)
    return 1 if tally.faults or tally.violations.total() else 0


def options_of(args: argparse.Namespace) -> Options:
    """What was asked for. `Fatal` when it makes no sense."""
    if args.path is None:
        raise Fatal("kairos replay needs a directory, --source and a file, or --demo")
    return Options(
        path=args.path,
        shop_seed=args.seed if args.source or args.demo else None,
        catalogue=args.catalogue,
        until=args.until,
        disorder_ms=duration_ms(args.disorder),
        partitions=args.partitions,
        state=args.state,
        check=not args.no_check,
        journal=args.journal is not None,
        shuffle=args.shuffle,
        repeat_share=args.repeat,
    )


def _replayed(console: Console, args: argparse.Namespace, options: Options) -> Tally:
    policies, out = load_policies(args.policy), args.out
    with workplace(out) as work:
        begun = time.perf_counter()
        setup = prepare(options, policies, work)
        done = with_progress(console, setup, args.processes, "replaying")
        seconds = time.perf_counter() - begun
        tally = summary.total(done)
        write_outputs(out, [*(one.runs for one in done), *edge(setup, tally)], args.format)
        if args.journal:
            _join(args.journal, [one.journal for one in done if one.journal is not None])
        campaign = None
        if args.calendar_campaign:
            campaign = audit_tables.audit_shown(console, setup, None, args.processes)
    compared = {} if campaign is None else {"calendar_campaign": audit_plain(campaign)}
    (out / "summary.json").write_bytes(indented(summary.plain(tally, about(setup, policies)) | compared))
    summary.show(console, tally, seconds, sum(one.cpu_s for one in done), checked=setup.check)
    if campaign is not None:
        write_sends(out / SENDS, campaign.calendar)
        audit_tables.show(console, CALENDAR, "calendar", campaign)
        console.print(Text(f"\nwhat the calendar sent, as `kairos audit` reads it: {out / SENDS}"))
    console.print(Text(f"\noutputs and summary.json: {out}"))
    return tally


def _compared(console: Console, args: argparse.Namespace, options: Options) -> int:
    """What `--policy` would change, compared with `--against`."""
    if options.state is not None:
        raise Fatal("--against replays twice and keeps no state: leave --state out")
    if args.calendar_campaign:
        raise Fatal("--calendar-campaign goes with one policy: leave --against out")
    options = msgspec.structs.replace(options, state=None, check=False, journal=False)
    before = read_policy(None if args.against == DEFAULT else Path(args.against))
    after = read_policy(args.policy)

    def replay(setup: Setup, title: str) -> list[Done]:
        return with_progress(console, setup, args.processes, title)

    with workplace(args.out) as work:
        diff, tallies = against.against(options, before, after, work, replay)
    against.write(diff, args.out)
    against.show(console, diff)
    console.print(Text(f"\nas a page with plots: {args.out / against.PAGE}"))
    return 1 if any(tally.faults for tally in tallies) else 0


def edge(setup: Setup, tally: Tally) -> list[dict[str, list[Path]]]:
    """Count what was refused before the replay began, and return its dead letters."""
    history = setup.history
    if not isinstance(history, Files):
        return []
    tally.dead_letters.update(history.refused)
    tally.repeats += history.repeats
    return [{name: [Path(path) for path in some] for name, some in history.letters.items()}]


def about(setup: Setup, policies: PolicySet) -> dict[str, Any]:
    """What was replayed, for the summary; nothing of when or where, so equal replays have equal summaries."""
    return {
        "policy_version": policies.version,
        "catalogue_version": setup.catalogue_version,
        "until": setup.until_ms,
        "partitions": setup.partitions,
        "checked": setup.check,
    }


def with_progress(console: Console, setup: Setup, processes: int, title: str) -> list[Done]:
    """Replay, with a bar where somebody looks."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[steps]:,} steps"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=setup.partitions, steps=0)
        return replay_all(setup, processes, _shown(bar, task, setup.partitions))


def _shown(bar: Progress, task: Any, partitions: int) -> Callable[[int, float, int], None]:
    shares, steps = [0.0] * partitions, [0] * partitions

    def progress(partition: int, share: float, taken: int) -> None:
        shares[partition], steps[partition] = min(1.0, share), taken
        bar.update(task, completed=sum(shares), steps=sum(steps))

    return progress


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """A directory beside the outputs for what is on its way, gone afterwards."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".spool-", dir=out))
    except OSError as error:
        raise Fatal(f"{out} cannot be written: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def console_of() -> Console:
    """The terminal, or a wide page where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_COLUMNS)


def indented(value: Any) -> bytes:
    """JSON as people read it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _prepare_demo(args: argparse.Namespace) -> None:
    args.path = SLICE
    if args.against:
        return
    args.state = args.state or args.out / "state"
    if args.state == args.out / "state":
        shutil.rmtree(args.state, ignore_errors=True)


def _join(path: Path, parts: Sequence[Path]) -> None:
    with path.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole)


def _suggest(console: Console, out: Path, state: Path) -> None:
    """Name a customer with something open and something in the way: worth a look."""
    best, most = "", -1
    with (out / "customers.jsonl").open("rb") as file:
        for line in file:
            customer = msgspec.json.decode(line)
            score = 4 * len(customer["open"]) + 3 * len(customer["flags"]) + len(customer["stages"])
            if score > most and len(customer["items"]) > 2:
                best, most = customer["customer_id"], score
    console.print(Text(f"why and what next, for one of them: kairos explain {best} --state {state}"))
