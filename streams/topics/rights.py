"""Pure. What a worker must be allowed to do, as Kafka's access control lists: each right by itself.

There is no right of the cluster among them and none to create anything: topics are made by whoever runs
`kairos topics apply`. READ and WRITE imply DESCRIBE, so it is not named. The right to write under a
transactional id covers what an idempotent producer needs; one id per partition makes it a prefix.
"""

import shlex
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Final

from msgspec import Struct

from streams.settings import Settings
from streams.topics.wanted import RIGHTS, wanted_topics

ANY_HOST: Final = "*"


class Resource(StrEnum):
    """What a right is about, in the words of Kafka's own tool."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactional-id"


class Acl(Struct, frozen=True):
    """One right. `prefixed`: on everything whose name begins so."""

    resource: Resource
    name: str
    operation: str
    prefixed: bool = False


def worker_acls(settings: Settings, output_prefix: str | None = None) -> tuple[Acl, ...]:
    """All rights of a worker; `output_prefix` is that of what runs beside a live application."""
    topics = [
        Acl(Resource.TOPIC, topic.name, right)
        for topic in wanted_topics(settings, output_prefix)
        for right in RIGHTS[topic.role]
    ]
    group = Acl(Resource.GROUP, settings.engine.application_id, "READ")
    ids = Acl(Resource.TRANSACTIONAL_ID, settings.transactional_ids, "WRITE", prefixed=True)
    return (*topics, group, ids)


def as_commands(
    acls: Sequence[Acl], principal: str, servers: Sequence[str], host: str = ANY_HOST
) -> Iterator[str]:
    """The same as calls of `kafka-acls`, one for each kind of thing and operation."""
    by_call = sorted(acls, key=lambda acl: (acl.resource, acl.prefixed, acl.operation))
    for (resource, prefixed, operation), group in groupby(
        by_call, lambda acl: (acl.resource, acl.prefixed, acl.operation)
    ):
        words = ["kafka-acls", "--bootstrap-server", ",".join(servers), "--add"]
        words += ["--allow-principal", principal, "--allow-host", host, "--operation", operation.capitalize()]
        words += ["--resource-pattern-type", "prefixed"] if prefixed else []
        for acl in group:
            words += [f"--{resource}", acl.name]
        yield shlex.join(words)
