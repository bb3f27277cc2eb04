"""What a worker asks about its topics before it starts.

A consumer group takes a missing input for one without records: it waits, and nothing says why. A missing
output or a missing right would show only in the middle of the work. So all is asked once, and told at once.
"""

from collections.abc import Iterator, Sequence

from schemas.topics import CATALOGUE
from streams.client_options import client_options
from streams.loading.problems import LoadError, Problem
from streams.settings import Settings
from streams.topics.config_rules import POLICY
from streams.topics.existing import Cluster, Existing
from streams.topics.kafka import TopicsClient
from streams.topics.plan import agreed_partitions
from streams.topics.wanted import RIGHTS, Role, Wanted, worker_topics


class NotReady(LoadError):
    """The topics are not such that a worker can start; `errors` says each topic and reason."""


async def check_inputs(settings: Settings, roles: Sequence[Role] = tuple(Role)) -> int:
    """The partition count of the inputs. Raises `NotReady` with everything that is missing or wrong.

    Only topics of `roles` are asked for, and inputs always. `Unreachable`, `Retryable`: no answer.
    """
    wanted = list(_needed(settings, roles))
    async with TopicsClient(client_options(settings)) as client:
        cluster = await client.read([topic.name for topic in wanted])
        cluster = await _with_policy(client, cluster, wanted)
        lacking = await client.lacking(settings.engine.application_id, settings.transactional_id(0))
    problems = [
        *not_ready(wanted, cluster, settings.engine.partitions),
        *(Problem(it.topic, 0, "", f"no right {it.right}") for it in lacking),
    ]
    if problems:
        raise NotReady(problems)
    count = agreed_partitions(wanted, cluster)
    assert count is not None, "every input is there"
    return count


def not_ready(wanted: Sequence[Wanted], cluster: Cluster, expected: int | None) -> Iterator[Problem]:
    """Pure. What keeps a worker from starting. `expected` is the count that the settings state, if any."""
    refused = {it.topic: it.right for it in cluster.refused}
    count = expected or agreed_partitions(wanted, cluster)
    why = "engine.partitions says" if expected else "others have"
    for topic in wanted:
        existing = cluster.topics.get(topic.name)
        if existing is not None:
            reasons = [
                *_apart(topic, existing, count, why),
                *_forbidden(topic, existing),
                *_short_lived(topic, existing),
            ]
        elif topic.name in refused:
            reasons = [f"no right {refused[topic.name]}"]
        else:
            reasons = [f"missing {topic.role}: `kairos topics apply --yes` creates it"]
        yield from (Problem(topic.name, 0, "", reason) for reason in reasons)


def _needed(settings: Settings, roles: Sequence[Role]) -> Iterator[Wanted]:
    for topic in worker_topics(settings):
        from_file = topic.topic is not None and topic.topic.name == CATALOGUE and settings.files.catalogue
        if topic.role in (*roles, Role.INPUT) and not from_file:
            yield topic


async def _with_policy(client: TopicsClient, cluster: Cluster, wanted: Sequence[Wanted]) -> Cluster:
    """The same, with the configs of the changelog, where they may be seen: a worker can do without."""
    names = [it.name for it in wanted if it.role is Role.CHANGELOG and it.name in cluster.topics]
    changelog = Cluster(brokers=cluster.brokers, topics={name: cluster.topics[name] for name in names})
    seen = await client.with_configs(changelog)
    return Cluster(brokers=cluster.brokers, topics={**cluster.topics, **seen.topics}, refused=cluster.refused)


def _apart(topic: Wanted, existing: Existing, count: int | None, why: str) -> Iterator[str]:
    if topic.co_partitioned and existing.partitions != count:
        yield f"has {existing.partitions} partitions, {why} {count}: a customer needs one number everywhere"


def _forbidden(topic: Wanted, existing: Existing) -> Iterator[str]:
    if existing.rights is not None:
        yield from (f"no right {right}" for right in RIGHTS[topic.role] if right not in existing.rights)


def _short_lived(topic: Wanted, existing: Existing) -> Iterator[str]:
    policy = (existing.configs or {}).get(POLICY, "")
    if topic.role is Role.CHANGELOG and "delete" in policy:
        yield f"has {POLICY}={policy}: the state of customers would vanish with time, so it must be compact"
