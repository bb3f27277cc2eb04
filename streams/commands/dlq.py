"""`kairos dlq`: what was refused and why, whether it would be accepted now, and sending it back once."""

from __future__ import annotations

import argparse
import asyncio
import logging
from datetime import UTC, datetime
from typing import Final

import msgspec

from schemas.errors import Reason
from streams.commands.printing import print_line, print_table
from streams.configuration.arguments import add_arguments, settings_of
from streams.dlq.desk import Desk, Judged, Outcome, full_name
from streams.dlq.letters import Count, Wanted
from streams.engine.clock import clock_of
from streams.errors import Fatal
from streams.loading.durations import NotADuration, parse_duration
from streams.settings import Settings

HELP = "look at dead letters (list, show), and send them back after the mistake is mended (replay)"

RATE: Final = 200
OPTIONS: Final = {"bootstrap_server": "kafka.bootstrap.servers", "prefix": "engine.topic.prefix"}
"""Options that stand for a setting."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `kairos dlq`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="how many there are by topic and reason, and since when")
    shown = actions.add_parser("show", help="one of them: its headers, its bytes, and what it would be now")
    replay = actions.add_parser("replay", help="what would be sent back; --yes does it, each letter once")
    for action in (listed, replay):
        action.add_argument("--topic", metavar="NAME", help="of the refused records, with prefix or without")
        action.add_argument("--reason", choices=[it.value for it in Reason], metavar="REASON")
        action.add_argument(
            "--since", metavar="TIME", help='refused since then: "2026-03-01T12:00Z", or "24 h" ago'
        )
    shown.add_argument(
        "place",
        metavar="WHERE",
        nargs="+",
        help="PARTITION OFFSET of the dead letter, or TOPIC PARTITION OFFSET of the refused record",
    )
    replay.add_argument("--yes", action="store_true", help="do it; otherwise it is only said")
    replay.add_argument("--force", action="store_true", help="also those that would be refused again")
    replay.add_argument(
        "--rate", metavar="N", type=int, default=RATE, help="letters in a second: %(default)s"
    )
    for action in (listed, shown, replay):
        action.add_argument("--json", action="store_true", help="for machines")
        action.add_argument("--bootstrap-server", metavar="HOST:PORT", help="brokers, with commas between")
        action.add_argument("--prefix", metavar="TEXT", help="before every name of a topic")
        add_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` says."""
    said = {setting: getattr(args, option) for option, setting in OPTIONS.items()}
    settings = settings_of(args, {name: value for name, value in said.items() if value is not None}).settings
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it says is raised as well
    desk = Desk(settings)
    if args.action == "list":
        _print_counts(asyncio.run(desk.counts(_wanted(args, settings))), as_json=args.json)
    elif args.action == "show":
        _print_letter(asyncio.run(desk.one(args.place)), as_json=args.json)
    elif args.rate < 1:
        raise Fatal("--rate is 1 or more")
    else:
        wanted = _wanted(args, settings)
        outcome = asyncio.run(desk.replay(wanted, yes=args.yes, force=args.force, rate=args.rate))
        _print_outcome(outcome, yes=args.yes, as_json=args.json)
    return 0


def _print_counts(counts: list[Count], *, as_json: bool) -> None:
    if as_json:
        print_line(msgspec.json.encode(counts).decode())
        return
    rows = [
        (it.topic or "-", it.reason, str(it.letters), _when(it.first_at), _when(it.last_at)) for it in counts
    ]
    letters = sum(it.letters for it in counts)
    print_table(f"{letters} dead letters", ("topic", "reason", "letters", "first", "last"), rows)


def _print_letter(judged: Judged, *, as_json: bool) -> None:
    letter = judged.letter
    value = letter.value or b""
    found = {
        "dead_letter": letter.place.decode(),
        "headers": {name: raw.decode(errors="replace") for name, raw in letter.headers},
        "key": None if letter.key is None else _text(letter.key)[1],
        _text(value)[0]: None if letter.value is None else _text(value)[1],
        "now": judged.now,
    }
    if as_json:
        print_line(msgspec.json.encode(found).decode())
        return
    for name, said in found.items():
        parts = said.items() if isinstance(said, dict) else [("", said)]
        for part, text in parts:
            print_line(f"{f'{name} {part}'.strip():<18} {'-' if text is None else text}")


def _print_outcome(outcome: Outcome, *, yes: bool, as_json: bool) -> None:
    found, sent = sorted(outcome.found.items()), outcome.sent
    if as_json:
        rows = [{"topic": topic, "now": now, "letters": count} for (topic, now), count in found]
        print_line(msgspec.json.encode({"sent": sent if yes else 0, "letters": rows}).decode())
        return
    table = [(topic, now, str(count)) for (topic, now), count in found]
    print_table(f"{outcome.found.total()} dead letters", ("topic", "now", "letters"), table)
    print_line(f"{sent} sent back" if yes else f"{sent} would be sent back: --yes does it")


def _wanted(args: argparse.Namespace, settings: Settings) -> Wanted:
    topic = None if args.topic is None else full_name(args.topic, settings.engine.topic_prefix)
    since_ms = None if args.since is None else _since(args.since, clock_of(settings).now_ms())
    return Wanted(topic, args.reason, since_ms)


def _since(text: str, now_ms: int) -> int:
    try:
        return now_ms - parse_duration(text)
    except NotADuration:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Fatal(
            f'--since "{text}": write a time as 2026-03-01T12:00Z, or how long ago as "24 h"'
        ) from error
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _text(raw: bytes) -> tuple[str, str]:
    """Bytes as text where they are, else in hexadecimal digits."""
    try:
        return "value", raw.decode()
    except UnicodeDecodeError:
        return "value_hex", raw.hex()


def _when(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
