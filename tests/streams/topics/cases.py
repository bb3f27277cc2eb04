"""Topics as they should be, for tests that change one thing."""

from streams.settings import load_settings
from streams.topics.existing import Cluster, Existing
from streams.topics.wanted import Wanted, wanted_topics

SETTINGS = load_settings({})
WANTED = wanted_topics(SETTINGS)
BY_NAME = {topic.name: topic for topic in WANTED}
CHANGELOG = "kairos-customers-changelog"
REPLAYED = "kairos-dead-letters-replayed"
USAGE = "journey.usage"
CUSTOMERS = "journey.customers"
CATALOGUE = "journey.catalogue"
LETTERS = "journey.dead-letters"
BROKER_DEFAULTS = {"min.insync.replicas": "1", "retention.bytes": "-1", "compression.type": "producer"}


def as_wanted(topic: Wanted, partitions: int = 4, replicas: int = 1) -> Existing:
    count = partitions if topic.co_partitioned else topic.partitions
    in_sync = {"min.insync.replicas": "2"} if replicas > 2 else {}
    configs = {**BROKER_DEFAULTS, **topic.configs, **in_sync}
    return Existing(partitions=count, replicas=replicas, configs=configs)


def cluster(
    *, brokers: int = 3, partitions: int = 4, missing: tuple[str, ...] = (), **changed: Existing
) -> Cluster:
    """All topics as they should be but those that are `missing` or `changed`, by name without prefix."""
    found = {topic.name: as_wanted(topic, partitions) for topic in WANTED if topic.name not in missing}
    return Cluster(
        brokers=brokers, topics={**found, **{f"journey.{name}": it for name, it in changed.items()}}
    )


def configured(name: str, **entries: str) -> Existing:
    """A topic as it should be but for some entries, whose dots are written as underscores."""
    existing = as_wanted(BY_NAME[name])
    assert existing.configs is not None
    configs = {**existing.configs, **{entry.replace("_", "."): value for entry, value in entries.items()}}
    return Existing(partitions=existing.partitions, configs=configs)


def having(name: str, existing: Existing) -> Cluster:
    """All topics as they should be but the one with this name."""
    found = cluster()
    return Cluster(brokers=found.brokers, topics={**found.topics, name: existing})
