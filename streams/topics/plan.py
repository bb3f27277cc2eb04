"""Pure. What to do so that the topics are as they should be: a function of what is wanted and what there is.

Nothing is ever deleted, no retention lowered, no partition count changed: the partition of every customer
follows from the count, so growth is a migration into new topics under a new application id.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from streams.topics.config_rules import Difference, differences
from streams.topics.existing import Cluster, Existing
from streams.topics.wanted import HEADERS_BYTES, Role, Wanted

REPLICAS_MAX: Final = 3
"""Where nobody says otherwise and there are so many brokers."""
IN_SYNC: Final = 2
"""With three replicas, an acknowledged record lies on two."""
MISSING: Final = "missing"
GROWTH: Final = (
    "customers would lie in other partitions, so a count never changes; growth is a migration into new "
    "topics under a new application id"
)


class Asked(Struct, frozen=True):
    """What was asked for beyond the settings of topics; None where nothing was."""

    partitions: int | None = None
    replicas: int | None = None


ASKED_NOTHING: Final = Asked()


class Verdict(StrEnum):
    """What is to be done about a topic."""

    OK = "ok"
    NOTE = "note"
    CREATE = "create"
    CHANGE = "change"
    REFUSED = "by hand"


class Finding(Struct, frozen=True, kw_only=True):
    """One row of the answer. `create` and `change` are filled where it can be carried out."""

    topic: str
    verdict: Verdict
    found: str
    todo: str
    create: "New | None" = None
    change: Mapping[str, str] = {}


class New(Struct, frozen=True, kw_only=True):
    """A topic to create."""

    partitions: int
    replicas: int
    configs: Mapping[str, str]


def plan(wanted: Sequence[Wanted], cluster: Cluster, asked: Asked = ASKED_NOTHING) -> tuple[Finding, ...]:
    """What to do, topic by topic, in the order of `wanted`."""
    count = asked.partitions or agreed_partitions(wanted, cluster)
    quarrel = any(it.partitions != count for it in _co_partitioned(wanted, cluster))
    found: list[Finding] = []
    for topic in _with_room_for_letters(wanted, cluster):
        existing = cluster.topics.get(topic.name)
        if existing is not None:
            found.extend(_compared(topic, existing, count, asked))
        elif quarrel and topic.co_partitioned:
            found.append(_by_hand(topic, MISSING, "created once the partition counts agree"))
        else:
            found.append(_missing(topic, count, cluster.brokers, asked.replicas))
    return tuple(found)


def settled(findings: Sequence[Finding]) -> bool:
    """Whether all is as it should be."""
    return all(finding.verdict in (Verdict.OK, Verdict.NOTE) for finding in findings)


def agreed_partitions(wanted: Sequence[Wanted], cluster: Cluster) -> int | None:
    """The count of all co-partitioned topics: what most inputs have, else what the others have.

    None where none exists.
    """
    for role in (Role.INPUT, Role.CHANGELOG, Role.OUTPUT):
        of_role = [it for it in wanted if it.role is role]
        counts = Counter(it.partitions for it in _co_partitioned(of_role, cluster))
        if counts:
            return max(counts, key=lambda count: (counts[count], count))
    return None


def _co_partitioned(wanted: Sequence[Wanted], cluster: Cluster) -> Iterator[Existing]:
    for topic in wanted:
        if topic.co_partitioned and topic.name in cluster.topics:
            yield cluster.topics[topic.name]


def _with_room_for_letters(wanted: Sequence[Wanted], cluster: Cluster) -> Iterator[Wanted]:
    """The same, with dead letters that can hold the largest record that an input on this broker takes."""
    configs = [
        (cluster.topics[it.name].configs or {}) if it.name in cluster.topics else it.configs
        for it in wanted
        if it.role is Role.INPUT
    ]
    largest = max((int(it.get("max.message.bytes", 0)) for it in configs), default=0)
    for topic in wanted:
        if topic.role is Role.DEAD_LETTERS and largest > _default_bytes(wanted):
            room = {"max.message.bytes": str(largest + HEADERS_BYTES)}
            yield msgspec.structs.replace(topic, configs={**topic.configs, **room})
        else:
            yield topic


def _default_bytes(wanted: Sequence[Wanted]) -> int:
    return max((int(it.configs["max.message.bytes"]) for it in wanted if it.role is Role.INPUT), default=0)


def _missing(topic: Wanted, count: int | None, brokers: int, asked: int | None) -> Finding:
    partitions = count if count and topic.co_partitioned else topic.partitions
    replicas = asked or min(REPLICAS_MAX, brokers)
    if replicas > brokers:
        return _by_hand(topic, MISSING, f"{replicas} replicas need as many brokers, and there are {brokers}")
    configs = {**topic.configs, **_in_sync(replicas)}
    shape = f"{_counted(partitions, 'partition')}, {_counted(replicas, 'replica')}"
    new = New(partitions=partitions, replicas=replicas, configs=configs)
    todo = f"{shape}, {_entries(configs)}"
    return Finding(topic=topic.name, verdict=Verdict.CREATE, found=MISSING, todo=todo, create=new)


def _compared(topic: Wanted, existing: Existing, count: int | None, asked: Asked) -> Iterator[Finding]:
    rows = [
        *_partitions(topic, existing, count),
        *_replicas(topic, existing, asked.replicas),
        *_configs(topic, existing),
    ]
    shape = f"{_counted(existing.partitions, 'partition')}, {_counted(existing.replicas, 'replica')}"
    yield from rows or [Finding(topic=topic.name, verdict=Verdict.OK, found=shape, todo="")]


def _partitions(topic: Wanted, existing: Existing, count: int | None) -> Iterator[Finding]:
    if topic.co_partitioned and existing.partitions != count:
        yield _by_hand(topic, _counted(existing.partitions, "partition"), f"must be {count}: {GROWTH}")


def _replicas(topic: Wanted, existing: Existing, asked: int | None) -> Iterator[Finding]:
    if asked and existing.replicas < asked:
        todo = f"{asked} were asked for: reassign them with kafka-reassign-partitions"
        yield _by_hand(topic, _counted(existing.replicas, "replica"), todo)


def _configs(topic: Wanted, existing: Existing) -> Iterator[Finding]:
    """Notes and refusals one by one, and all that can be changed in one row."""
    wanted = {**topic.configs, **_in_sync(existing.replicas)}
    changes: list[Difference] = []
    for difference in differences(wanted, existing.configs or {}):
        if difference.to is not None:
            changes.append(difference)
            continue
        yield Finding(
            topic=topic.name,
            verdict=Verdict.NOTE if difference.is_note else Verdict.REFUSED,
            found=f"{difference.entry}={difference.found}",
            todo=difference.reason,
        )
    if changes:
        change = {it.entry: it.to for it in changes if it.to is not None}
        reasons = "; ".join(dict.fromkeys(it.reason for it in changes if it.reason))
        yield Finding(
            topic=topic.name,
            verdict=Verdict.CHANGE,
            found=_entries({it.entry: it.found for it in changes}),
            todo=f"set {_entries(change)}" + (f"; {reasons}" if reasons else ""),
            change=change,
        )


def _by_hand(topic: Wanted, found: str, todo: str) -> Finding:
    return Finding(topic=topic.name, verdict=Verdict.REFUSED, found=found, todo=todo)


def _in_sync(replicas: int) -> dict[str, str]:
    return {"min.insync.replicas": str(IN_SYNC)} if replicas >= REPLICAS_MAX else {}


def _entries(configs: Mapping[str, str]) -> str:
    return ", ".join(f"{entry}={value}" for entry, value in configs.items())


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
