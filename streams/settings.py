"""The settings of a worker: what they are in the code, and how they are had.

The command line goes before the environment, the environment before the file, the file before the default.
`streams.configuration.table` says what each setting means; a test keeps the fields here equal to it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from streams.configuration.gathering import Gathered, gather, place_of, source_of
from streams.configuration.rules import RULES
from streams.configuration.secret import Secret
from streams.configuration.table import SECTIONS, TABLE
from streams.loading.problems import LoadError, Problem


class SettingsError(LoadError):
    """Settings that cannot be used as they are; `errors` says each source, name and reason."""


class KafkaSettings(Struct, frozen=True, kw_only=True):
    """The clients of Kafka, by Kafka's own names."""

    bootstrap_servers: tuple[str, ...]
    client_id: str
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
    ssl_ca_location: Path | None
    ssl_certificate_location: Path | None
    ssl_key_location: Path | None
    ssl_key_password: Secret | None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    sasl_username: str | None
    sasl_password: Secret | None
    request_timeout_ms: int
    retry_backoff_ms: int
    metadata_max_age_ms: int
    connections_max_idle_ms: int
    session_timeout_ms: int
    heartbeat_interval_ms: int
    max_poll_interval_ms: int
    client_rack: str | None
    fetch_min_bytes: int
    fetch_max_wait_ms: int
    fetch_max_bytes: int
    max_partition_fetch_bytes: int
    linger_ms: int
    compression_type: Literal["none", "gzip", "snappy", "lz4", "zstd"]
    transaction_timeout_ms: int
    transactional_id_prefix: str | None


class EngineSettings(Struct, frozen=True, kw_only=True):
    """What the application is, how it works, and its bounds."""

    application_id: str
    topic_prefix: str
    partitions: int | None
    partitioner: Literal["murmur2", "crc32"]
    wire_format: Literal["single_object", "confluent", "json"]
    identity_key: Secret | None
    processes: int
    standby_replicas: int
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["text", "json"]
    commit_interval_min_ms: int
    commit_interval_max_ms: int
    slice_budget_ms: int
    wakeups_per_batch_max: int
    dead_letter_share_max: float
    stop_timeout_ms: int
    current_threshold_ms: int
    clock: Literal["live", "scaled", "replay"]
    clock_start: datetime | None
    clock_began: datetime | None
    clock_speed: float


class StateSettings(Struct, frozen=True, kw_only=True):
    """Where the state lies and how much memory it takes."""

    dir: Path
    memory_bytes: int
    cache_entries: int
    max_compaction_lag_ms: int
    restore_batch_records: int


class WebSettings(Struct, frozen=True, kw_only=True):
    """The worker's own pages."""

    host: str
    port: int
    token: Secret | None
    ready_commit_age_max_ms: int
    advertised_host: str | None


class RegistrySettings(Struct, frozen=True, kw_only=True):
    """The schema registry, if there is one."""

    url: str | None
    username: str | None
    password: Secret | None
    ssl_ca_location: Path | None


class TracingSettings(Struct, frozen=True, kw_only=True):
    """Where spans go."""

    otlp_endpoint: str | None


class FileSettings(Struct, frozen=True, kw_only=True):
    """What comes from files instead of topics."""

    policy: Path | None
    catalogue: Path | None


class Settings(Struct, frozen=True, kw_only=True):
    """All settings."""

    kafka: KafkaSettings
    engine: EngineSettings
    state: StateSettings
    web: WebSettings
    registry: RegistrySettings
    tracing: TracingSettings
    files: FileSettings

    @property
    def changelog_topic(self) -> str:
        """The topic that holds the state of customers."""
        return f"{self.engine.application_id}-customers-changelog"

    @property
    def replayed_topic(self) -> str:
        """The topic that says which dead letters were sent back."""
        return f"{self.engine.application_id}-dead-letters-replayed"

    @property
    def transactional_ids(self) -> str:
        """What all transactional ids begin with."""
        return f"{self.kafka.transactional_id_prefix or self.engine.application_id}-"

    def transactional_id(self, partition: int) -> str:
        """The id that fences every other writer of `partition`."""
        return f"{self.transactional_ids}{partition}"


class Given(Struct, frozen=True):
    """All settings, and by full name the value of each and where it comes from."""

    settings: Settings
    values: Mapping[str, Any]
    sources: Mapping[str, str]


SHAPES: Final[Mapping[str, type[Struct]]] = {
    "kafka": KafkaSettings,
    "engine": EngineSettings,
    "state": StateSettings,
    "web": WebSettings,
    "registry": RegistrySettings,
    "tracing": TracingSettings,
    "files": FileSettings,
}


def load_settings(
    environ: Mapping[str, str], file: Path | None = None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """All settings. `overrides` are words of the command line by full name, such as `web.port`.

    Raises `SettingsError` with every problem.
    """
    return read_settings(environ, file, overrides).settings


def read_settings(
    environ: Mapping[str, str], file: Path | None = None, overrides: Mapping[str, str] | None = None
) -> Given:
    """As `load_settings`, and where each value comes from. Raises `SettingsError` with every problem."""
    problems: list[Problem] = []
    found = gather(environ, file, overrides or {}, problems)
    values = {
        setting.full_name: found[setting.full_name].value if setting.full_name in found else setting.default
        for setting in TABLE
    }
    problems.extend(_broken_rules(values, found))
    if problems:
        raise SettingsError(problems)
    sections = {
        section: SHAPES[section](**{it.field: values[it.full_name] for it in TABLE if it.section == section})
        for section in SECTIONS
    }
    sources = {name: source_of(found, name) for name in values}
    return Given(Settings(**sections), values, sources)  # type: ignore[arg-type] # a test compares both


def _broken_rules(values: Mapping[str, Any], found: Gathered) -> Iterator[Problem]:
    """What several settings break together, unless one of them is not allowed by itself already."""
    refused = {name for name, stated in found.items() if stated.value is None}
    for rule in RULES:
        if refused.isdisjoint(rule.names) and (reason := rule.broken(values)):
            source, field = place_of(found, rule.names)
            yield Problem(source, 0, field, reason)
