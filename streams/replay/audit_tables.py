"""Audits as tables for people: offers by trap, ours beside theirs, and examples with why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from streams.replay.audit import Trap, day
from streams.replay.audit_score import Score
from streams.replay.auditing import Audited, audit_history
from streams.replay.run import Setup
from streams.replay.send_log import BadLine, Send

BAD_SHOWN = 10
APART = (
    "Both are judged by the rules of the journey, at the time of each offer and by what was known then.\n"
    "`kairos replay` also judges what Kairos says by checkers that share no code with these rules."
)
TITLES = {
    Trap.BEFORE_FIRST_VALUE: "before first value",
    Trap.STACKED: "stacked on another offer",
    Trap.DURING_FRICTION: "while friction blocked it",
    Trap.WRONG_CONTEXT: "in the wrong context",
    Trap.GENERIC: "generic",
}


def audit_shown(console: Console, setup: Setup, sends: Sequence[Send] | None, processes: int) -> Audited:
    """`audit_history`, with a bar where somebody looks."""
    columns = (TextColumn("judging"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=setup.partitions)
        shares = [0.0] * setup.partitions

        def progress(partition: int, share: float, _steps: int) -> None:
            shares[partition] = min(1.0, share)
            bar.update(task, completed=sum(shares))

        return audit_history(setup, sends, processes, progress)


def show(console: Console, title: str, name: str, audited: Audited) -> None:
    """The traps as counts and shares, what was not judged, and examples."""
    theirs = audited.theirs
    console.print(scores(title, name, theirs, audited.ours))
    console.print(Text(APART, style="dim"))
    if audited.faults:
        failed = f"{len(audited.faults):,} steps of the history failed, the first of {audited.faults[0]}"
        console.print(Text(failed, style="red"))
    for line in _left_out(theirs):
        console.print(Text(line))
    if theirs.examples:
        console.print(examples(theirs))


def scores(title: str, name: str, theirs: Score, ours: Score) -> Table:
    """One row for each trap."""
    table = Table(title=title, title_justify="left")
    table.add_column("trap")
    table.add_column(name, justify="right")
    table.add_column("share", justify="right")
    table.add_column("Kairos on the same history", justify="right")
    for trap, words in TITLES.items():
        table.add_row(words, *_cells(theirs, theirs.found(trap), bad=True), str(ours.found(trap)))
    table.add_section()
    table.add_row(
        "in any trap", *_cells(theirs, theirs.judged - theirs.clean, bad=True), str(ours.judged - ours.clean)
    )
    table.add_row("clean", *_cells(theirs, theirs.clean, bad=False), f"{ours.clean:,}")
    table.add_row("offers judged", f"{theirs.judged:,}", "", f"{ours.judged:,}")
    return table


def _cells(score: Score, count: int, *, bad: bool) -> tuple[Text, str]:
    style = "red" if bad and count else "green"
    share = f"{count / score.judged:.1%}" if score.judged else "-"
    return Text(f"{count:,}", style=style), share


def _left_out(score: Score) -> Iterator[str]:
    if score.unknown_customers:
        yield f"not judged: {score.unknown_customers:,} offers to customers that the history does not know"
    if score.outside:
        yield f"not judged: {score.outside:,} offers before the history begins or after it ends"
    for move, count in sorted(score.no_offers.items()):
        yield f"not judged: {count:,} messages that are no offers ({move})"


def examples(score: Score) -> Table:
    """Some offers of each trap, and the fact that makes each one."""
    table = Table(title="\nfor example", title_justify="left")
    for column in ("trap", "customer", "time", "offer", "why"):
        table.add_column(column, overflow="fold")
    seen = ""
    for example in score.examples:
        offer = " ".join(word for word in (example.product_id, example.name) if word)
        where = f" (line {example.line})" if example.line else ""
        first = TITLES[Trap(example.trap)] if example.trap != seen else ""
        table.add_row(first, example.customer_id, day(example.at_ms), offer + where, example.why)
        seen = example.trap
    return table


def bad_lines(bad: Sequence[BadLine], count: int) -> Iterable[str]:
    """What could not be read, the first few line by line."""
    for one in bad[:BAD_SHOWN]:
        yield f"line {one.line}: {one.field + ' ' if one.field else ''}{one.reason}"
    if count > BAD_SHOWN:
        yield f"and {count - BAD_SHOWN:,} more lines that were skipped"
