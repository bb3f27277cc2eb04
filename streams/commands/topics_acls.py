"""`kairos topics acls`: the least that a worker must be allowed to do, said or granted."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Final

from streams.client_options import client_options
from streams.commands.printing import print_line, print_table
from streams.errors import Fatal
from streams.settings import Settings
from streams.topics.kafka import TopicsClient
from streams.topics.rights import ANY_HOST, Acl, as_commands, worker_acls

HELP: Final = "the least that a worker must be allowed to do; --yes grants it, as the user of the settings"
COLUMNS: Final = ("on", "named", "operation")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what this action alone takes."""
    parser.add_argument("--principal", metavar="USER", help="who is to be a worker, such as User:kairos")
    parser.add_argument("--host", metavar="HOST", default=ANY_HOST, help="from where alone; default: any")
    parser.add_argument("--output-prefix", metavar="TEXT", help="of a shadow or replay")
    parser.add_argument("--commands", action="store_true", help="as calls of kafka-acls")
    parser.add_argument("--yes", action="store_true", help="grant them")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Say the rights, or grant them. Fatal: to nobody, or it may not be done."""
    acls = worker_acls(settings, args.output_prefix)
    if (args.yes or args.commands) and not args.principal:
        raise Fatal("name who is to be a worker: --principal User:NAME")
    if args.yes:
        asyncio.run(_grant(settings, acls, args.principal, args.host))
        print_line(f"granted {len(acls)} rights to {args.principal}")
    elif args.commands:
        for line in as_commands(acls, args.principal, settings.kafka.bootstrap_servers, args.host):
            print_line(line)
    else:
        rows = [(it.resource, it.name + ("*" if it.prefixed else ""), it.operation) for it in acls]
        print_table(f"{len(acls)} rights", COLUMNS, rows)
    return 0


async def _grant(settings: Settings, acls: Sequence[Acl], principal: str, host: str) -> None:
    async with TopicsClient(client_options(settings)) as client:
        await client.grant(acls, principal, host)
