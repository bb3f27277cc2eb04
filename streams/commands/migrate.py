"""`kairos migrate`: more partitions, by another application that goes on where this one ended."""

import argparse
import asyncio

from msgspec.structs import replace

from streams.commands.printing import print_line
from streams.configuration.arguments import add_arguments, settings_of
from streams.settings import Settings

HELP = (
    "move the state of an application whose workers are stopped into new topics with more partitions, under "
    "a new application id; dry-run first. deploy/UPGRADING.md has all steps"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos migrate`."""
    add = parser.add_argument
    add("--to-application-id", metavar="NAME", required=True, help="application.id of the new one")
    add(
        "--to-prefix",
        metavar="TEXT",
        required=True,
        help="topic.prefix of the new one, whose topics are there",
    )
    add("--yes", action="store_true", help="do it; otherwise it is only checked and said")
    add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Check, and with `--yes` do it. `Fatal`: it cannot be moved as it is."""
    old = settings_of(args).settings
    engine = replace(
        old.engine, application_id=args.to_application_id, topic_prefix=args.to_prefix, partitions=None
    )
    return asyncio.run(_migrate(old, replace(old, engine=engine), yes=args.yes))


async def _migrate(old: Settings, new: Settings, *, yes: bool) -> int:
    from streams.migration.moving import Move  # noqa: PLC0415 - no other command needs RocksDB here

    move = Move(old, new, print_line)
    growth = await move.check()
    what = (
        f"{old.engine.application_id} ({growth.before} partitions) to "
        f"{new.engine.application_id} ({growth.after} partitions)"
    )
    if not yes:
        print_line(f"nobody works and all is decided: --yes moves {what}")
        return 0
    moved = await move.carry_out(growth)
    copied = ", ".join(f"{count:,} of {name}" for name, count in moved.copied.items())
    print_line(f"moved {what}: {moved.customers:,} customers, {moved.records:,} records; copied {copied}")
    return 0
