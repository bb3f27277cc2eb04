"""`kairos explain`: what is known of a customer, what is open, what is withheld and why, and what is next."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from streams.configuration.arguments import add_arguments, settings_of
from streams.errors import Fatal
from streams.replay import explained
from streams.replay.explanation import Explanation, Gone
from streams.replay.state_reader import explain_kept
from streams.web.asking import ask, understood

HELP = (
    "say what is known of one customer, what is open, what is withheld and why, and what happens next and "
    "when, from the state that a replay kept, or as a worker knows it now"
)

DEMO_STATE: Final = Path("build/replay/state")
"""Where `kairos replay --demo` keeps its state."""
MOST: Final = 10
ITEMS_MAX: Final = 1_000
"""Items and orders that a worker tells at once."""
PIPED_COLUMNS: Final = 140


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos explain`."""
    parser.add_argument("customer", metavar="CUSTOMER", help="the customer's id")
    parser.add_argument(
        "--state",
        metavar="DIR",
        type=Path,
        default=DEMO_STATE,
        help=f"the state that a replay kept with --state; default: {DEMO_STATE}, that of `replay --demo`",
    )
    parser.add_argument(
        "--live",
        metavar="URL",
        help="ask a worker, any of them, instead of a state; it may want the token of web.token",
    )
    add_arguments(parser)
    parser.add_argument("--all", action="store_true", help=f"all items and orders, not the newest {MOST}")
    parser.add_argument("--json", action="store_true", help="everything as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Explain; `Fatal` for a customer who is not there."""
    if args.live:
        return _live(args)
    if not args.state.is_dir():
        raise Fatal(
            f"{args.state} does not exist: make it with `kairos replay --demo`, "
            "or name what `kairos replay ... --state DIR` kept with --state DIR"
        )
    found = explain_kept(args.state, args.customer, None if args.all else MOST)
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return 0
    _print(found)
    return 0


def _live(args: argparse.Namespace) -> int:
    token = settings_of(args).settings.web.token
    body = ask(args.live, args.customer, ITEMS_MAX if args.all else MOST, token)
    if args.json:
        print(msgspec.json.format(body, indent=2).decode())
    else:
        _print(understood(body))
    return 0


def _print(found: Explanation | Gone) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_COLUMNS)
    if isinstance(found, Gone):
        console.print(Text(explained.gone(found)))
    else:
        console.print(explained.page(found))
