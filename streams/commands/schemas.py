"""`kairos schemas`: what stands on the topics, and whether a change of it would break somebody."""

import argparse
import json
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from schemas.codecs import FINGERPRINTS
from schemas.errors import ContractBroken
from schemas.history import breaks, compatibilities, versions
from schemas.model import documents
from schemas.topics import Topic, topics
from streams.cli import DISTRIBUTION
from streams.commands import schemas_registry
from streams.configuration.arguments import add_arguments, settings_of
from streams.errors import Fatal
from streams.topics.asyncapi import document

HELP = (
    "print the contract of the topics, check that a change of it breaks nobody, and register it in a schema "
    "registry"
)

_COLUMNS = ("topic", "direction", "schema", "fingerprint", "key", "partitions", "kept", "compatibility")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `kairos schemas`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="every topic with its schema")
    show = actions.add_parser("show", help="one schema as Avro JSON")
    show.add_argument("name", metavar="RECORD", help="such as Purchase")
    check = actions.add_parser(
        "check",
        help="refuse what breaks older data or subscribers, in a folder or in the registry; exit code 1",
    )
    check.add_argument(
        "--against",
        metavar="DIR",
        type=Path,
        help="folder of older .avsc files, which may lie in folders by version; without it: the registry",
    )
    asyncapi = actions.add_parser("asyncapi", help="topics and records as an AsyncAPI 3 document")
    asyncapi.add_argument("--prefix", metavar="TEXT", help="before every name of a topic")
    add_arguments(asyncapi)
    register = actions.add_parser("register", help="what would be registered; --yes does it")
    register.add_argument("--yes", action="store_true", help="do it; otherwise it is only said")
    for action in (check, register):
        schemas_registry.configure(action)


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` says; 1 when a check found a break."""
    if args.action == "list":
        return _list()
    if args.action == "show":
        return _show(args.name)
    if args.action == "asyncapi":
        return _asyncapi(args)
    if args.action == "register":
        return schemas_registry.register(args)
    return _check(args.against) if args.against else schemas_registry.compare(args)


def _list() -> int:
    for line in table([_COLUMNS, *map(_row, topics().values())]):
        print(line)
    return 0


def _row(topic: Topic) -> tuple[str, ...]:
    fingerprint = FINGERPRINTS[topic.schema].hex() if topic.schema else "-"
    kept = "compacted" if topic.compacted else f"{topic.retention_days} days"
    return (
        topic.full_name(),
        topic.direction,
        topic.schema or "-",
        fingerprint,
        topic.key or "-",
        str(topic.partitions),
        kept,
        topic.compatibility,
    )


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """`rows` as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()


def _asyncapi(args: argparse.Namespace) -> int:
    said = {} if args.prefix is None else {"engine.topic.prefix": args.prefix}
    made = document(settings_of(args, said).settings, metadata.version(DISTRIBUTION))
    print(json.dumps(made, indent=2, ensure_ascii=False))
    return 0


def _show(name: str) -> int:
    if name not in documents():
        raise Fatal(f"no record is named {name}: choose one of {', '.join(documents())}")
    print(json.dumps(documents()[name], indent=2, ensure_ascii=False))
    return 0


def _check(folder: Path) -> int:
    if not folder.is_dir():
        raise Fatal(f"{folder} is not a folder: give one that holds older .avsc files")
    try:
        older = versions(folder)
    except ContractBroken as error:
        raise Fatal(str(error)) from error
    if not older:
        raise Fatal(f"{folder} holds no .avsc files: give the folder of an older contract")
    found = list(breaks(older, documents(), topics()))
    rules = compatibilities(topics())
    for version, broken in found:
        rule = rules.get(broken.field.partition(".")[0], "-")
        print(f"{version.label}: {broken} [{rule}]")
    verdict = f"{len(found)} breaking changes" if found else "nothing breaks"
    print(f"{len(older)} older schemas checked: {verdict}")
    return 1 if found else 0
