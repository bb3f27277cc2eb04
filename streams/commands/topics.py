"""`kairos topics`: the topics on the broker, compared with what they should be, and made so."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Final

from schemas.topics import DEFAULT_PREFIX
from streams.client_options import client_options
from streams.commands import topics_acls
from streams.commands.printing import print_line, print_table
from streams.configuration.arguments import add_arguments, settings_of
from streams.errors import Fatal
from streams.settings import Settings
from streams.topics.applying import carry_out, look, look_after, look_before
from streams.topics.kafka import TopicsClient
from streams.topics.plan import Asked, Finding, Verdict, settled
from streams.topics.wanted import DAY_MS, RIGHTS, Wanted, wanted_topics

HELP = (
    "compare the topics on the broker with what they should be (check), create and mend them (apply), say "
    "what should be there without asking any broker (list), or what a worker must be allowed to do (acls)"
)

REPLICAS_MOST: Final = 100
COMPARED: Final = ("topic", "", "is", "to do")
LISTED: Final = ("topic", "what it is", "partitions", "kept", "key", "schema", "owner", "a worker must")
NONE: Final = "-"
OPTIONS: Final = {
    "bootstrap_server": "kafka.bootstrap.servers",
    "prefix": "engine.topic.prefix",
    "partitions": "engine.partitions",
}
"""Options that stand for a setting."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `kairos topics`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="what differs; exit code 1 when something does")
    apply = actions.add_parser("apply", help="what would be created and changed; --yes does it")
    listed = actions.add_parser("list", help="what should be there, and what a worker must be allowed to do")
    acls = actions.add_parser("acls", help=topics_acls.HELP)
    topics_acls.configure(acls)
    for action in (check, apply, listed, acls):
        action.add_argument("--prefix", metavar="TEXT", help=f"before every name; default: {DEFAULT_PREFIX}")
        action.add_argument("--partitions", metavar="COUNT", help="of all topics that are keyed by customer")
        add_arguments(action)
    for action in (check, apply, acls):
        action.add_argument("--bootstrap-server", metavar="HOST:PORT", help="brokers, with commas between")
    for action in (check, apply):
        action.add_argument(
            "--replication-factor",
            metavar="COUNT",
            type=int,
            help="default: 3, or as many as there are brokers",
        )
    apply.add_argument("--yes", action="store_true", help="do it; otherwise it is only said")


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` says; 1 when the topics are not as they should be."""
    said = {setting: getattr(args, option, None) for option, setting in OPTIONS.items()}
    settings = settings_of(args, {name: value for name, value in said.items() if value is not None}).settings
    if args.action == "list":
        return _list(settings)
    if args.action == "acls":
        return topics_acls.run(args, settings)
    asked = Asked(settings.engine.partitions, _replicas(args.replication_factor))
    if args.action == "apply" and args.yes:
        return asyncio.run(_apply(settings, asked))
    return asyncio.run(_check(settings, asked, args.action))


async def _check(settings: Settings, asked: Asked, action: str) -> int:
    async with TopicsClient(client_options(settings)) as client:
        findings = await look(client, wanted_topics(settings), asked)
    _print(findings)
    if settled(findings):
        return 0
    if action == "apply":
        print_line("nothing was changed: --yes does it")
    return 1


async def _apply(settings: Settings, asked: Asked) -> int:
    wanted = wanted_topics(settings)
    async with TopicsClient(client_options(settings)) as client:
        findings = await look_before(client, wanted, asked)
        _print(findings)
        await carry_out(client, findings)
        left = await look_after(client, wanted, asked)
    done = [it.verdict for it in findings]
    print_line(f"created {done.count(Verdict.CREATE)}, changed {done.count(Verdict.CHANGE)}")
    if settled(left):
        return 0
    print_line("left to be done by hand:")
    _print([it for it in left if it.verdict not in (Verdict.OK, Verdict.NOTE)])
    return 1


def _list(settings: Settings) -> int:
    rows = [_row(it, settings.engine.partitions) for it in wanted_topics(settings)]
    print_table(f"{len(rows)} topics", LISTED, rows)
    return 0


def _row(wanted: Wanted, partitions: int | None) -> tuple[str, ...]:
    count = partitions if partitions and wanted.co_partitioned else wanted.partitions
    retention_ms = wanted.configs.get("retention.ms")
    kept = "the last of each key" if retention_ms is None else f"{int(retention_ms) // DAY_MS} d"
    contract = (NONE, NONE, "kairos")
    if wanted.topic is not None:
        contract = (wanted.topic.key or NONE, wanted.topic.schema or NONE, wanted.topic.owner)
    rights = " and ".join(RIGHTS[wanted.role]) or NONE
    return (wanted.name, wanted.role, str(count), kept, *contract, rights)


def _print(findings: Sequence[Finding]) -> None:
    rows = [(it.topic, it.verdict, it.found, it.todo) for it in findings]
    topics = len({it.topic for it in findings})
    print_table(f"{topics} topics", COMPARED, rows)


def _replicas(count: int | None) -> int | None:
    if count is not None and not 1 <= count <= REPLICAS_MOST:
        raise Fatal(f"--replication-factor is 1 to {REPLICAS_MOST}, not {count}")
    return count
