"""Two replays of one history under two policies, and what differs, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.loading.policy_file import PolicyFile
from streams.loading.policy_view import differences
from streams.replay import summary
from streams.replay.diff_page import change_of, page
from streams.replay.policy_diff import PolicyDiff, Section, compare
from streams.replay.prepare import Options, prepare
from streams.replay.run import Done, Setup
from streams.replay.tally import Tally

PAGE: Final = "policy-diff.html"
DATA: Final = "policy-diff.json"
SETTINGS_SHOWN: Final = 20
Replay = Callable[[Setup, str], list[Done]]
"""Replays a setup under a title, with whatever progress is shown."""


def against(
    options: Options, before: PolicyFile, after: PolicyFile, work: Path, replay: Replay
) -> tuple[PolicyDiff, tuple[Tally, Tally]]:
    """Replay the history under both policies. What they said is not kept, only counted."""
    tallies = []
    for name, policy in (("before", before), ("after", after)):
        setup = prepare(options, policy.policies(), work / name)
        tallies.append(summary.total(replay(setup, policy.version)))
    both = (tallies[0], tallies[1])
    return compare((before.version, after.version), both, differences(before, after)), both


def write(diff: PolicyDiff, out: Path) -> None:
    """The page and the data."""
    (out / PAGE).write_text(page(diff), encoding="utf-8")
    (out / DATA).write_bytes(msgspec.json.format(msgspec.json.encode(diff), indent=2) + b"\n")


def show(console: Console, diff: PolicyDiff) -> None:
    """Print the differences as tables."""
    table = Table(title="what differs in the policy", title_justify="left")
    for name in ("setting", diff.before, diff.after):
        table.add_column(Text(name), overflow="fold")
    for row in diff.settings[:SETTINGS_SHOWN]:
        table.add_row(*map(Text, row))
    console.print(table)
    if len(diff.settings) > SETTINGS_SHOWN:
        console.print(Text(f"and {len(diff.settings) - SETTINGS_SHOWN} more: kairos policy diff"))
    for section in (diff.overview, *diff.sections):
        console.print(_table(diff, section))


def _table(diff: PolicyDiff, section: Section) -> Table:
    table = Table(title=section.title, title_justify="left")
    table.add_column("")
    for name in (diff.before, diff.after, "change"):
        table.add_column(Text(name), justify="right")
    for row in section.rows:
        table.add_row(row.name, f"{row.before:,}", f"{row.after:,}", change_of(row))
    return table
