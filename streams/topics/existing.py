"""Pure. What there is on the broker, as far as the plan asks."""

from collections.abc import Mapping

from msgspec import Struct


class Existing(Struct, frozen=True, kw_only=True):
    """A topic as it is. `replicas` is the least of its partitions.

    `configs` are those in effect, the broker's defaults included; None where they were not asked for.
    `rights` are what whoever asked may do with it; None where the broker does not say.
    """

    partitions: int
    replicas: int = 1
    configs: Mapping[str, str] | None = None
    rights: frozenset[str] | None = None


class Refused(Struct, frozen=True):
    """A right that this user lacks on a topic, or on what is named instead of one."""

    topic: str
    right: str


class Cluster(Struct, frozen=True, kw_only=True):
    """The topics that were asked for and are there, by name, and how many brokers there are."""

    brokers: int
    topics: Mapping[str, Existing]
    refused: tuple[Refused, ...] = ()
