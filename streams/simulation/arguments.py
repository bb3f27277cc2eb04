"""The arguments and the words of a simulation: `python -m streams.simulation` and `kairos simulate`."""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from streams.errors import Fatal
from streams.simulation.actions import as_json
from streams.simulation.batch import Summary, command, processes_here, run_seeds
from streams.simulation.broken import Verdict, try_all
from streams.simulation.broken_variants import VARIANTS
from streams.simulation.harness import run_seed
from streams.simulation.replaying import kind_of, shortest, told

HELP: Final = "run made-up customers from seeds through the journey, and judge what was said"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--seeds", type=int, default=200, metavar="N", help="how many seeds (default: 200)")
    parser.add_argument(
        "--first-seed", type=int, default=0, metavar="S", help="the first of them (default: 0)"
    )
    parser.add_argument(
        "--seed", type=int, metavar="S", help="only this one, with the shortest script that fails"
    )
    parser.add_argument("--checker", metavar="NAME", help="with --seed: only violations of this checker")
    parser.add_argument("--verbose", action="store_true", help="with --seed: tell the whole history too")
    parser.add_argument(
        "--processes", type=int, default=processes_here(), metavar="N", help="default: all cores"
    )
    parser.add_argument(
        "--broken",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also run the journey broken on purpose, to see that the judgements notice (default: yes)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the results go as JSON")


def run(args: argparse.Namespace) -> int:
    """Run what was asked for; 1 when something was violated, or a broken journey was not noticed."""
    if args.seed is not None:
        return _run_one(args.seed, args.checker, verbose=args.verbose)
    if args.seeds < 1 or args.processes < 1:
        raise Fatal("--seeds and --processes are at least 1")
    console = Console(stderr=True)
    summary = _run_many(console, args.first_seed, args.seeds, args.processes)
    _print(console, summary)
    verdicts = _break(console, args.processes) if args.broken else []
    if args.out is not None:
        write(args.out, summary.plain() | {"broken_variants": [_plain(verdict) for verdict in verdicts]})
    return 0 if summary.clean and all(verdict.caught for verdict in verdicts) else 1


@contextmanager
def _bar(console: Console, name: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """A progress bar: call with how many are done, and what there is to say."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[found]}"), console=console) as bar:
        task = bar.add_task(name, total=total, found="")
        yield lambda done, found: bar.update(task, completed=done, found=found)


def _run_many(console: Console, first_seed: int, seeds: int, processes: int) -> Summary:
    with _bar(console, "seeds", seeds) as bar:

        def show(summary: Summary) -> None:
            found = sum(summary.violations.values())
            bar(summary.seeds, f"{found} violations" if found else "")

        return run_seeds(first_seed, seeds, processes, show)


def _print(console: Console, summary: Summary) -> None:
    rate = summary.steps / max(summary.seconds, 1e-9)
    console.print(
        f"{summary.seeds} seeds, {summary.events} events, {summary.wake_ups} wake-ups, "
        f"{summary.steps} steps, {summary.said} records said; {summary.seconds:.1f} s, {rate:.0f} steps/s"
    )
    for name, number in summary.violations.items():
        if number:
            console.print(f"  {name}: {number}", style="red")
    for checker, seeds in summary.failed.items():
        seed, violation = next(iter(seeds.items()))
        console.print(f"{command(seed, checker)}\n    {violation.what}", soft_wrap=True)
    if summary.clean:
        console.print("nothing violated", style="green")


def _break(console: Console, processes: int) -> list[Verdict]:
    """Run the broken variants, and say which of them nothing noticed."""
    done: list[Verdict] = []
    with _bar(console, "broken on purpose", len(VARIANTS)) as bar:

        def show(verdict: Verdict) -> None:
            done.append(verdict)
            bar(len(done), f"{sum(verdict.caught for verdict in done)} caught")

        verdicts = try_all(processes, show)
    missed = [verdict.variant for verdict in verdicts if not verdict.caught]
    console.print(f"{len(verdicts) - len(missed)} of {len(verdicts)} broken variants caught")
    for name in missed:
        console.print(f"  not caught: {name}", style="red")
    return verdicts


def _plain(verdict: Verdict) -> dict[str, Any]:
    what = next(variant.what for variant in VARIANTS if variant.name == verdict.variant)
    return {"what": what, "caught": verdict.caught, **asdict(verdict)}


def _run_one(seed: int, checker: str | None, *, verbose: bool) -> int:
    outcome = run_seed(seed)
    found = [violation for violation in outcome.violations if checker in {None, violation.checker}]
    if not found:
        print(f"seed {seed}: {outcome.steps} steps, nothing violated")
        return 0
    if verbose:
        print(told(outcome.history, found[0].customer_id))
    for violation in {kind_of(violation): violation for violation in reversed(found)}.values():
        print(f"{violation.checker} ({violation.customer_id}): {violation.what}")
    script, short = shortest(outcome, found[0])
    print(f"\nThe shortest script found for {found[0].checker}, {len(script)} actions:\n{as_json(script)}")
    print(f"\nWhat it says:\n{told(short.history, found[0].customer_id)}")
    for violation in short.violations:
        if kind_of(violation) == kind_of(found[0]):
            print(f"{violation.checker}: {violation.what}")
    return 1


def write(path: Path, plain: dict[str, Any]) -> None:
    """Write results as JSON. Raises `Fatal` when that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Fatal(f"{path} cannot be written: {error.strerror}") from error
