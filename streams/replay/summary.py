"""What came out of a replay, as tables for people and as plain data for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from streams.journey.words import Placement, Stage
from streams.replay.run import Done
from streams.replay.tally import ENDS, Tally

TRAPS: Final[Mapping[str, tuple[str, ...]]] = {
    "an offer before first value": ("early_offers", "order_add_ons", "essentials"),
    "two offers open at a time": ("one_per_move",),
    "an offer while friction blocks it": ("offers_in_friction",),
    "an offer in a context opened for something else": ("wrong_context",),
    "a generic offer": ("generic_offers",),
}
"""The five traps, and the checkers that look for each."""
REASONS_SHOWN: Final = 12
EXAMPLES_SHOWN: Final = 8


def total(done: Iterable[Done]) -> Tally:
    """The counts of all partitions."""
    tally = Tally()
    for one in done:
        tally.add(one.tally)
    return tally


def traps(tally: Tally) -> dict[str, int]:
    """How often each trap was found."""
    return {trap: sum(tally.violations[name] for name in names) for trap, names in TRAPS.items()}


def plain(tally: Tally, about: Mapping[str, Any]) -> dict[str, Any]:
    """The summary as plain data: `about` what was replayed, then every count."""
    return {
        **about,
        "customers": tally.customers,
        "events": dict(sorted(tally.events.items())),
        "reactions": tally.reactions,
        "repeats": tally.repeats,
        "after_the_end": tally.after_the_end,
        "wake_ups": {"effective": tally.effective, "silent": tally.silent, "stale": tally.stale},
        "steps": tally.steps,
        "faults": tally.faults,
        "mass_incidents": tally.incidents,
        "dead_letters": dict(sorted(tally.dead_letters.items())),
        "outputs": dict(sorted(tally.outputs.items())),
        "stages": {stage.word: tally.stages[stage.word] for stage in Stage if tally.stages[stage.word]},
        "eligibilities": nested(tally.eligibilities),
        "ends": nested(tally.ends),
        "withheld": nested(tally.withheld),
        "friction": dict(sorted(tally.friction.items())),
        "traps": traps(tally),
        "violations": dict(sorted(tally.violations.items())),
        "examples": tally.examples,
    }


def nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Counts by two words, as a table of tables in order of the words."""
    found: dict[str, dict[str, int]] = {}
    for (first, second), count in sorted(counts.items()):
        found.setdefault(first, {})[second] = count
    return found


def show(console: Console, tally: Tally, seconds: float, cpu_s: float, *, checked: bool) -> None:
    """Print the summary; `cpu_s` is what all partitions took of a core, checkers included."""
    console.print(_head(tally, seconds, cpu_s))
    console.print(_eligibilities(tally))
    console.print(_counts("withheld, and why", "reason", _by_reason(tally), REASONS_SHOWN))
    side = Table.grid(padding=(0, 4))
    stages = [(stage.word, tally.stages[stage.word]) for stage in Stage if tally.stages[stage.word]]
    side.add_row(
        _counts("items by stage now", "stage", stages),
        _counts("friction raised", "flag", _most(tally.friction)),
    )
    console.print(side)
    if checked:
        console.print(_traps(tally))
    for example in tally.examples[:EXAMPLES_SHOWN]:
        console.print(Text(f"  {example}", style="red"))


def _head(tally: Tally, seconds: float, cpu_s: float) -> Group:
    events, wake_ups = tally.events.total(), max(1, tally.wake_ups)
    speed = tally.steps / max(cpu_s, 1e-9)
    lines = [
        (
            f"{tally.customers:,} customers, {events:,} events ({tally.reactions:,} of them reactions to "
            f"what was said), {tally.outputs.total():,} records out"
        ),
        (
            f"{tally.steps:,} steps in {seconds:.1f} s, {speed:,.0f} per second of a core; "
            f"{tally.wake_ups:,} looks: {tally.effective / wake_ups:.1%} effective, "
            f"{tally.silent / wake_ups:.1%} silent, {tally.stale / wake_ups:.1%} stale"
        ),
    ]
    letters = ", ".join(f"{count} {reason}" for reason, count in sorted(tally.dead_letters.items()))
    lines.append(f"dead letters: {letters or 'none'}; repeats left out: {tally.repeats:,}")
    if tally.faults:
        lines.append(f"FAULTS: {tally.faults} steps failed and were taken back, see the dead letters")
    return Group(*map(Text, lines))


def _eligibilities(tally: Tally) -> Table:
    columns = [end for end in ENDS if any(status == end for _, status in tally.eligibilities)]
    table = Table(title="what might be said, and how it ended", title_justify="left")
    table.add_column("placement")
    for name in ("opened", *columns, "not ended"):
        table.add_column(name, justify="right")
    for placement in Placement:
        row = {status: tally.eligibilities[placement.word, status] for status in ("opened", *columns)}
        if row["opened"]:
            left = 2 * row["opened"] - sum(row.values())
            table.add_row(placement.word, *(_count(value) for value in (*row.values(), left)))
    return table


def _by_reason(tally: Tally) -> list[tuple[str, int]]:
    reasons: Counter[str] = Counter()
    for (_, reason), count in tally.withheld.items():
        reasons[reason] += count
    return _most(reasons)


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _counts(title: str, name: str, rows: Sequence[tuple[str, int]], most: int = 99) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(name)
    table.add_column("count", justify="right")
    for word, count in rows[:most]:
        table.add_row(word, f"{count:,}")
    if rest := rows[most:]:
        table.add_row(f"{len(rest)} more", f"{sum(count for _, count in rest):,}")
    return table


def _traps(tally: Tally) -> Table:
    table = Table(title="the five traps, judged by checkers that share no code with the rules")
    table.title_justify = "left"
    table.add_column("trap")
    table.add_column("found", justify="right")
    for trap, count in traps(tally).items():
        table.add_row(trap, Text(str(count), style="red" if count else "green"))
    of_traps = {name for names in TRAPS.values() for name in names}
    others = sum(count for name, count in tally.violations.items() if name not in of_traps)
    table.add_row("any other promise broken", Text(str(others), style="red" if others else "green"))
    return table


def _count(value: int) -> str:
    return f"{value:,}" if value else ""


def when(at_ms: int) -> str:
    """A time as people read it, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
