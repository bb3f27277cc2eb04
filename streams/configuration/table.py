"""All settings in one table: section, name, what it may be, default, unit, meaning.

Kafka's own settings carry Kafka's own names, so that whoever knows a client needs no second vocabulary.
A name follows from the row in one way everywhere: `[kafka] "session.timeout.ms"` in a file,
`KAIROS_KAFKA_SESSION_TIMEOUT_MS` in the environment, `kafka.session.timeout.ms` on the command line,
`settings.kafka.session_timeout_ms` in the code.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from schemas.topics import DEFAULT_PREFIX
from streams.configuration.kinds import (
    Kind,
    choice,
    hosts,
    name,
    number,
    path,
    secret,
    text,
    time,
    url,
    whole,
)
from streams.inputs.partition import PARTITIONERS

ENVIRONMENT: Final = "KAIROS_"
FILE_SUFFIX: Final = ".file"
"""Behind the name of a secret: the path of a file that holds it."""

MIB: Final = 1 << 20
DAY_MS: Final = 86_400_000
PARTITIONS_MAX: Final = 1_024
APPLICATION_CHARS_MAX: Final = 100
PREFIX_CHARS_MAX: Final = 100
"""With the longest name of a topic, both stay below the 249 characters that Kafka takes."""
IDENTITY_BYTES_MIN: Final = 16
"""Customer ids can be guessed, so a key that can be guessed too would give them away."""
IDENTITY_BYTES_MAX: Final = 64
PASSWORD_BYTES_MAX: Final = 4_096
TOKEN_BYTES_MIN: Final = 16

_SECURITY: Final = choice("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISM: Final = choice("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_COMPRESSION: Final = choice("none", "gzip", "snappy", "lz4", "zstd")
_PASSWORD: Final = secret(1, PASSWORD_BYTES_MAX)
_APPLICATION: Final = name(APPLICATION_CHARS_MAX)
_FORMAT: Final = choice("single_object", "confluent", "json")
_MEMORY: Final = whole(64 * MIB, 64_000 * MIB)
"""No less than the write buffers of all stores take, and something to read with."""
_TOKEN: Final = secret(TOKEN_BYTES_MIN, PASSWORD_BYTES_MAX)
_IDENTITY: Final = secret(IDENTITY_BYTES_MIN, IDENTITY_BYTES_MAX)


class Setting(Struct, frozen=True):
    """One setting. `default` is None where it may stay unset; `unit` is empty where there is none."""

    section: str
    name: str
    kind: Kind
    default: object
    unit: str
    meaning: str

    @property
    def full_name(self) -> str:
        """As the command line knows it."""
        return f"{self.section}.{self.name}"

    @property
    def field(self) -> str:
        """As the code knows it, within its section."""
        return self.name.replace(".", "_")

    @property
    def variable(self) -> str:
        """As the environment knows it."""
        return ENVIRONMENT + self.full_name.replace(".", "_").upper()


Row: TypeAlias = tuple[str, Kind, object, str, str]
"""Name, what it may be, default, unit, meaning."""


def _section(section: str, *rows: Row) -> Iterator[Setting]:
    for row in rows:
        yield Setting(section, *row)


def _ms(most: int, least: int = 1) -> Kind:
    return whole(least, most)


TABLE: Final = (
    *_section(
        "kafka",
        # the connection
        ("bootstrap.servers", hosts(), ("localhost:9092",), "", "brokers to ask for the others"),
        ("client.id", name(200), "kairos", "", "name in the logs and quotas of the brokers"),
        ("security.protocol", _SECURITY, "PLAINTEXT", "", "how brokers are spoken to"),
        ("ssl.ca.location", path(), None, "", "certificates to trust; unset: those of the system"),
        ("ssl.certificate.location", path(), None, "", "certificate of this client, PEM"),
        ("ssl.key.location", path(), None, "", "private key of this client, PEM"),
        ("ssl.key.password", _PASSWORD, None, "", "of the private key, when it is encrypted"),
        ("sasl.mechanism", _MECHANISM, "PLAIN", "", "how the user is proven, with SASL"),
        ("sasl.username", text(), None, "", "user, with SASL"),
        ("sasl.password", _PASSWORD, None, "", "password, with SASL"),
        ("request.timeout.ms", _ms(600_000), 30_000, "ms", "a request without an answer has failed"),
        ("retry.backoff.ms", _ms(60_000), 100, "ms", "pause before a request is tried again"),
        ("metadata.max.age.ms", _ms(DAY_MS), 300_000, "ms", "what is known of topics is asked again"),
        ("connections.max.idle.ms", _ms(DAY_MS), 540_000, "ms", "an idle connection is closed"),
        # membership and reading
        ("session.timeout.ms", _ms(1_800_000, 1_000), 10_000, "ms", "a silent worker is taken for dead"),
        ("heartbeat.interval.ms", _ms(600_000), 3_000, "ms", "between signs of life"),
        ("max.poll.interval.ms", _ms(DAY_MS), 300_000, "ms", "a worker that takes nothing is stuck"),
        ("client.rack", text(200), None, "", "read from replicas of this rack, where brokers let"),
        ("fetch.min.bytes", whole(1, 64 * MIB), 1, "bytes", "a broker answers once it has so much"),
        ("fetch.max.wait.ms", _ms(60_000, 0), 100, "ms", "or after so long"),
        ("fetch.max.bytes", whole(1, 1_024 * MIB), 50 * MIB, "bytes", "the most of one answer"),
        ("max.partition.fetch.bytes", whole(1, 256 * MIB), MIB, "bytes", "the most of a partition in it"),
        # writing
        ("linger.ms", _ms(60_000, 0), 0, "ms", "wait for more records before a batch is sent"),
        ("compression.type", _COMPRESSION, "zstd", "", "of what is written; lz4 holds the loop 13x as long"),
        ("transaction.timeout.ms", _ms(900_000, 1_000), 30_000, "ms", "brokers abort what is open longer"),
        ("transactional.id.prefix", _APPLICATION, None, "", "before -<partition>; unset: application.id"),
    ),
    *_section(
        "engine",
        # what the application is
        ("application.id", _APPLICATION, "kairos", "", "names consumer group, changelog and transactions"),
        ("topic.prefix", name(PREFIX_CHARS_MAX, 0), DEFAULT_PREFIX, "", "stands before every topic's name"),
        ("partitions", whole(1, PARTITIONS_MAX), None, "", "of every input; unset: what they agree on"),
        ("partitioner", choice(*PARTITIONERS), "murmur2", "", "how producers choose the partition of a key"),
        ("wire.format", _FORMAT, "single_object", "", "of outputs; inputs say it themselves"),
        ("identity.key", _IDENTITY, None, "", "makes ids that name nobody; never change it"),
        ("processes", whole(1, 256), 1, "", "that `kairos worker` starts on this machine"),
        ("standby.replicas", whole(0, 16), 1, "", "warm copies of the state on other workers"),
        ("log.level", choice("debug", "info", "warning", "error"), "info", "", "the least that is logged"),
        ("log.format", choice("text", "json"), "text", "", "lines for people, or objects for a collector"),
        # work and its bounds
        ("commit.interval.min.ms", _ms(60_000), 50, "ms", "transactions of a partition are no closer"),
        ("commit.interval.max.ms", _ms(60_000), 500, "ms", "and no further apart"),
        ("slice.budget.ms", _ms(10_000, 2), 40, "ms", "all partitions work so long, then others may"),
        ("wakeups.per.batch.max", whole(1, 10_000), 2_000, "", "due looks that are taken into one batch"),
        ("dead.letter.share.max", number(0, 1), 0.2, "share", "above it a partition pauses and alerts"),
        ("stop.timeout.ms", _ms(600_000, 1_000), 20_000, "ms", "a worker that is to stop is gone by then"),
        ("current.threshold.ms", _ms(DAY_MS), 60_000, "ms", "a partition further behind is not current"),
        # time
        ("clock", choice("live", "scaled", "replay"), "live", "", "replay: the time of the events"),
        ("clock.start", time(), None, "", "where a scaled clock begins; unset: now"),
        ("clock.began", time(), None, "", "when it was there, for all workers; unset: at their start"),
        ("clock.speed", number(0.001, 1_000_000), 1.0, "times", "how fast a scaled clock runs"),
    ),
    *_section(
        "state",
        ("dir", path(), Path("build/state"), "", "folder of the state; the changelog can rebuild it"),
        ("memory.bytes", _MEMORY, 128 * MIB, "bytes", "of RocksDB, all partitions of a process together"),
        ("cache.entries", whole(0, 10_000_000), 50_000, "", "decoded records that a process keeps"),
        ("max.compaction.lag.ms", _ms(7 * DAY_MS), DAY_MS, "ms", "what was erased then leaves the files too"),
        ("restore.batch.records", whole(1, 100_000), 2_000, "", "applied at a time while restoring"),
    ),
    *_section(
        "web",
        ("host", text(255), "127.0.0.1", "", "where the pages are served; not on loopback: token"),
        ("port", whole(0, 65_535), 6_066, "", "of the first process, others take the next; 0: any"),
        ("token", _TOKEN, None, "", "that requests must show; the same for all workers"),
        (
            "ready.commit.age.max.ms",
            _ms(DAY_MS),
            30_000,
            "ms",
            "not ready with lag and no commit for so long",
        ),
        ("advertised.host", text(255), None, "", "other workers reach this one there; unset: at host"),
    ),
    *_section(
        "registry",
        ("url", url(), None, "", "schema registry with the Confluent API"),
        ("username", text(), None, "", "user of the registry"),
        ("password", _PASSWORD, None, "", "password of the registry"),
        ("ssl.ca.location", path(), None, "", "certificates to trust; unset: those of the system"),
    ),
    *_section(
        "tracing",
        ("otlp.endpoint", url(), None, "", "OpenTelemetry collector, OTLP over HTTP; unset: no spans"),
    ),
    *_section(
        "files",
        ("policy", path(), None, "", "policy file; unset: the control topic decides"),
        ("catalogue", path(), None, "", "catalogue file; unset: the catalogue topic"),
    ),
)
"""Every setting, in the order in which it is shown."""

BY_NAME: Final[Mapping[str, Setting]] = {setting.full_name: setting for setting in TABLE}
SECTIONS: Final = tuple(dict.fromkeys(setting.section for setting in TABLE))
