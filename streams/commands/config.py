"""`kairos config`: every setting, its value, where it comes from and what it means; secrets stay hidden."""

import argparse
from typing import Final

import msgspec

from streams.commands.printing import print_line, print_table
from streams.configuration.arguments import add_arguments, settings_of
from streams.configuration.kinds import plain, shown
from streams.configuration.table import TABLE
from streams.settings import Given

HELP = (
    "show every setting with its value, where it comes from and what it means. The command line goes before "
    "the environment, the environment before the file, the file before the default"
)

UNSET: Final = "-"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos config`."""
    add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="for machines: also variables and defaults")


def run(args: argparse.Namespace) -> int:
    """Print the settings; `SettingsError` when they cannot be used."""
    given = settings_of(args)
    if args.json:
        print_line(msgspec.json.format(msgspec.json.encode(as_plain(given)), indent=2).decode())
        return 0
    rows = [
        (
            setting.full_name,
            _with_unit(shown(given.values[setting.full_name]), setting.unit),
            given.sources[setting.full_name],
            setting.meaning,
        )
        for setting in TABLE
    ]
    print_table(f"{len(rows)} settings", ("setting", "value", "from", "meaning"), rows)
    return 0


def as_plain(given: Given) -> list[dict[str, object]]:
    """All settings as JSON has them."""
    return [
        {
            "name": setting.full_name,
            "value": plain(given.values[setting.full_name]),
            "unit": setting.unit,
            "source": given.sources[setting.full_name],
            "default": plain(setting.default),
            "secret": setting.kind.is_secret,
            "variable": setting.variable,
            "allowed": setting.kind.allowed,
            "meaning": setting.meaning,
        }
        for setting in TABLE
    ]


def _with_unit(value: str, unit: str) -> str:
    return f"{value} {unit}".rstrip() if value else UNSET
