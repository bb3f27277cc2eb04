"""Looks at the topics of an application, and carries out what a plan says."""

import asyncio
from collections.abc import Sequence
from typing import Final

from streams.errors import Retryable
from streams.loading.problems import LoadError, Problem
from streams.topics.kafka import TopicsClient
from streams.topics.plan import Asked, Finding, Verdict, plan
from streams.topics.wanted import Wanted

LOOKS_MAX: Final = 50
LOOK_EVERY_S: Final = 0.2
"""A broker may take a moment to know what it has just taken."""


class NotAllowed(LoadError):
    """The broker does not let this user see or do it, or refuses; `errors` says each topic and reason."""


async def look(client: TopicsClient, wanted: Sequence[Wanted], asked: Asked) -> tuple[Finding, ...]:
    """What differs now. Raises `NotAllowed` when some of it may not be seen: a part would mislead."""
    cluster = await client.with_configs(await client.read([topic.name for topic in wanted]))
    if cluster.refused:
        missing = {it.topic: f"no right {it.right}" for it in cluster.refused}
        names = [topic.name for topic in wanted if topic.name in missing]
        raise NotAllowed([Problem(name, 0, "", missing[name]) for name in names])
    return plan(wanted, cluster, asked)


async def look_before(client: TopicsClient, wanted: Sequence[Wanted], asked: Asked) -> tuple[Finding, ...]:
    """What differs, by brokers that know of every topic that there is.

    A topic that was just created by somebody else may look missing, and others would then be created beside
    it with another partition count. The controller knows better. Raises `Retryable` after `LOOKS_MAX` looks.
    """
    for _ in range(LOOKS_MAX):
        findings = await look(client, wanted, asked)
        hidden = await client.already_there({it.topic: it.create for it in findings if it.create})
        if not hidden:
            return findings
        await asyncio.sleep(LOOK_EVERY_S)
    raise Retryable("other topics are being created at this moment: try again when that is done")


async def carry_out(client: TopicsClient, findings: Sequence[Finding]) -> None:
    """Create and change what can be. Raises `NotAllowed` with all that could not, after the rest is done."""
    failed = await client.create({it.topic: it.create for it in findings if it.create is not None})
    failed |= await client.change({it.topic: it.change for it in findings if it.change})
    if failed:
        raise NotAllowed([Problem(topic, 0, "", reason) for topic, reason in failed.items()])


async def look_after(client: TopicsClient, wanted: Sequence[Wanted], asked: Asked) -> tuple[Finding, ...]:
    """What still differs after a change, once the broker knows it, or after `LOOKS_MAX` looks."""
    findings = await look(client, wanted, asked)
    for _ in range(LOOKS_MAX):
        if not any(it.verdict in (Verdict.CREATE, Verdict.CHANGE) for it in findings):
            break
        await asyncio.sleep(LOOK_EVERY_S)
        findings = await look(client, wanted, asked)
    return findings
