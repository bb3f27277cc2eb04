"""`kairos policy`: whether a policy file is valid, what it resolves to, and what differs between two."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streams.commands.printing import print_line, print_table
from streams.errors import Fatal
from streams.journey.policy_set import DIMENSIONS
from streams.loading.policy_file import PolicyError, PolicyFile, read_policy
from streams.loading.policy_view import DEFAULT, differences, settings
from streams.loading.problems import PRINTED_MAX

HELP = "check a policy file, show what it resolves to, and compare two of them"

LONG: Final = "keywords"
"""Shown only when asked for: lists of phrases that would bury the numbers."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `kairos policy`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="every problem of a policy file; exit code 1 when there is one")
    check.add_argument("file", metavar="FILE", type=Path)
    show = actions.add_parser("show", help="every number that holds, and where it comes from")
    show.add_argument("file", metavar="FILE", nargs="?", default=DEFAULT, help="default: the shipped policy")
    for dimension in DIMENSIONS:
        show.add_argument(f"--{dimension}", metavar="NAME", default="", help=f"for this {dimension}")
    show.add_argument("--section", metavar="NAME", action="append", help="only this section; may be repeated")
    diff = actions.add_parser("diff", help="the numbers that differ; exit code 1 when some do")
    for name in ("one", "other"):
        diff.add_argument(name, metavar="FILE", help=f'"{DEFAULT}": the shipped policy')


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` says; 1 when a check found a problem, or a comparison a difference."""
    if args.action == "check":
        return _check(args.file)
    if args.action == "show":
        names = {dimension: getattr(args, dimension) for dimension in DIMENSIONS}
        return _show(_read(args.file), names, args.section)
    return _diff(_read(args.one), _read(args.other))


def _check(path: Path) -> int:
    if not path.is_file():
        raise Fatal(f"{path}: no such file")
    try:
        file = read_policy(path)
    except PolicyError as error:
        rows = [(problem.field, problem.reason) for problem in error.errors[:PRINTED_MAX]]
        title = f"{path}: {len(error.errors)} problem{'s' if len(error.errors) > 1 else ''}"
        if len(rows) < len(error.errors):
            title += f", the first {PRINTED_MAX}"
        print_table(title, ("field", "reason"), rows)
        return 1
    counts = ", ".join(f"{len(names)} by {dimension}" for dimension, names in file.overrides.items())
    print_line(f"{path}: valid, version {file.version}; overrides: {counts}")
    return 0


def _show(file: PolicyFile, names: dict[str, str], sections: Sequence[str] | None) -> int:
    known = list(file.base)
    unknown = [section for section in sections or () if section not in known]
    if unknown:
        raise Fatal(f"no section {', '.join(unknown)}; there are: {', '.join(known)}")
    wanted = sections or [section for section in known if section != LONG]
    rows = [row for row in settings(file, names) if row.path.split(".", 1)[0] in wanted]
    print_table(f"policy {file.version}", ("field", "value", "from"), rows)
    for dimension, name in names.items():
        if name and name not in file.overrides[dimension]:
            print_line(f'no override for {dimension} "{name}"')
    if not sections:
        print_line(f"without the phrases: --section {LONG}")
    return 0


def _diff(one: PolicyFile, other: PolicyFile) -> int:
    rows = differences(one, other)
    if not rows:
        print_line(f"no difference: {one.version}, {other.version}")
        return 0
    title = f"{len(rows)} difference{'s' if len(rows) > 1 else ''}"
    print_table(title, ("field", one.version, other.version), rows)
    return 1


def _read(name: str) -> PolicyFile:
    return read_policy(None if name == DEFAULT else Path(name))
