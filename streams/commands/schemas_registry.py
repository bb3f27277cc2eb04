"""`kairos schemas register` and `kairos schemas check`: the contract, as the schema registry has it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import Final

from streams.commands.printing import print_line, print_table
from streams.configuration.arguments import add_arguments, settings_of
from streams.errors import Fatal
from streams.registry.client import RegistryClient
from streams.registry.comparing import Finding, Verdict, carry_out, look, settled
from streams.registry.subjects import subjects
from streams.settings import Settings

COLUMNS: Final = ("subject", "", "is", "to do")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what says which registry, and how the topics are named."""
    parser.add_argument("--registry", metavar="URL", help="default: the setting registry.url")
    parser.add_argument("--prefix", metavar="TEXT", help="before every name of a topic")
    add_arguments(parser)


def compare(args: argparse.Namespace) -> int:
    """Say what differs; 1 when something does."""
    settings = _settings(args)
    return asyncio.run(_compare(settings, register=False))


def register(args: argparse.Namespace) -> int:
    """Say what would be registered, or do it; 1 when something stays to be done."""
    settings = _settings(args)
    return asyncio.run(_compare(settings, register=args.yes, hint=not args.yes))


async def _compare(settings: Settings, *, register: bool, hint: bool = False) -> int:
    wanted = tuple(subjects(settings.engine.topic_prefix))
    async with RegistryClient(settings.registry) as client:
        findings = await look(client, wanted)
        _print(findings)
        refused = any(it.verdict is Verdict.REFUSED for it in findings)
        if register and not refused:
            done = await carry_out(client, findings)
            print_line(f"registered {len(done)} schemas")
            return 0
    if hint and not refused and not settled(findings):
        print_line("nothing was registered: --yes does it")
    if register and refused:
        print_line("nothing was registered: what is refused must be mended first")
    return 0 if settled(findings) else 1


def _settings(args: argparse.Namespace) -> Settings:
    said = {"registry.url": args.registry, "engine.topic.prefix": args.prefix}
    settings = settings_of(args, {name: text for name, text in said.items() if text is not None}).settings
    if settings.registry.url is None:
        raise Fatal("which registry? Set registry.url, or give --registry URL")
    return settings


def _print(findings: Sequence[Finding]) -> None:
    rows = [(it.subject.name, it.verdict, it.found, it.todo) for it in findings]
    print_table(f"{len(rows)} subjects", COLUMNS, rows)
