"""Settings as the keyword arguments of aiokafka's clients.

A table per client says which setting goes where. What the engine's promise rests on (isolation, transactions,
acknowledgements, offsets) is no setting, so none of these can weaken it.
"""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from streams.configuration.secret import Secret
from streams.loading.problems import Problem
from streams.settings import KafkaSettings, Settings, SettingsError

COMMON: Final[Mapping[str, str]] = {
    "bootstrap_servers": "bootstrap_servers",
    "client_id": "client_id",
    "request_timeout_ms": "request_timeout_ms",
    "retry_backoff_ms": "retry_backoff_ms",
    "metadata_max_age_ms": "metadata_max_age_ms",
    "connections_max_idle_ms": "connections_max_idle_ms",
    "security_protocol": "security_protocol",
}
"""Keyword argument and field of the settings; also of the admin client."""
SASL: Final[Mapping[str, str]] = {
    "sasl_mechanism": "sasl_mechanism",
    "sasl_plain_username": "sasl_username",
    "sasl_plain_password": "sasl_password",
}
CONSUMER: Final[Mapping[str, str]] = {
    "session_timeout_ms": "session_timeout_ms",
    "heartbeat_interval_ms": "heartbeat_interval_ms",
    "max_poll_interval_ms": "max_poll_interval_ms",
    "client_rack": "client_rack",
    "fetch_min_bytes": "fetch_min_bytes",
    "fetch_max_wait_ms": "fetch_max_wait_ms",
    "fetch_max_bytes": "fetch_max_bytes",
    "max_partition_fetch_bytes": "max_partition_fetch_bytes",
}
PRODUCER: Final[Mapping[str, str]] = {
    "linger_ms": "linger_ms",
    "compression_type": "compression_type",
    "transaction_timeout_ms": "transaction_timeout_ms",
}

_CA: Final = "kafka.ssl.ca.location"
_CERTIFICATE: Final = "kafka.ssl.certificate.location"
_KEY: Final = "kafka.ssl.key.location"
_PASSWORD: Final = "kafka.ssl.key.password"  # noqa: S105 - the name of the setting


def client_options(settings: Settings) -> dict[str, Any]:
    """What every client takes: addresses, time limits, security. Raises `SettingsError` on a bad file."""
    kafka = settings.kafka
    options = _picked(kafka, COMMON) | {"bootstrap_servers": list(kafka.bootstrap_servers)}
    if kafka.security_protocol.startswith("SASL_"):
        options |= _picked(kafka, SASL)
    if kafka.security_protocol.endswith("SSL"):
        options["ssl_context"] = ssl_context(kafka)
    return options


def consumer_options(settings: Settings) -> dict[str, Any]:
    """What a consumer takes beside `client_options`."""
    return _picked(settings.kafka, CONSUMER)


def fetching_options(settings: Settings) -> dict[str, Any]:
    """The same for a consumer in no group, to which what is of groups means nothing."""
    group = {"session_timeout_ms", "heartbeat_interval_ms", "max_poll_interval_ms"}
    return {name: value for name, value in consumer_options(settings).items() if name not in group}


def producer_options(settings: Settings) -> dict[str, Any]:
    """What a producer takes beside `client_options`."""
    options = _picked(settings.kafka, PRODUCER)
    return {**options, "compression_type": None} if options["compression_type"] == "none" else options


def ssl_context(kafka: KafkaSettings) -> ssl.SSLContext:
    """A context that checks the broker's certificate and name. Raises `SettingsError` with every bad file."""
    files = {
        _CA: kafka.ssl_ca_location,
        _CERTIFICATE: kafka.ssl_certificate_location,
        _KEY: kafka.ssl_key_location,
    }
    problems = [*_unreadable(files)]
    if problems:
        raise SettingsError(problems)
    context = ssl.create_default_context()
    for name in (_CA, _CERTIFICATE):
        path = files[name]
        if path is not None and not _holds_certificates(path):
            problems.append(_problem(name, path, "holds no certificate in PEM"))
    if problems:
        raise SettingsError(problems)
    if kafka.ssl_ca_location is not None:
        context = ssl.create_default_context(cafile=kafka.ssl_ca_location)
    if kafka.ssl_certificate_location is not None and kafka.ssl_key_location is not None:
        _load_key(context, kafka.ssl_certificate_location, kafka.ssl_key_location, kafka.ssl_key_password)
    return context


def _picked(kafka: KafkaSettings, table: Mapping[str, str]) -> dict[str, Any]:
    values = {argument: getattr(kafka, field) for argument, field in table.items()}
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}


def _unreadable(files: Mapping[str, Path | None]) -> Iterator[Problem]:
    for name, path in files.items():
        try:
            if path is not None:
                path.open("rb").close()
        except OSError as error:
            yield _problem(name, path, f"cannot be read: {error.strerror}")


def _holds_certificates(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return False
    return True


def _load_key(context: ssl.SSLContext, certificate: Path, key: Path, password: Secret | None) -> None:
    """Load a certificate that is one, and its key, without ever asking on the terminal for a password."""
    asked = False

    def answer() -> str:
        nonlocal asked
        asked = True
        return password.reveal() if password else ""

    try:
        context.load_cert_chain(certificate, key, answer)
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            problem = _problem(_KEY, key, f"is not the key of {certificate}")
        elif asked and password is None:
            problem = _problem(_KEY, key, "is encrypted: set kafka.ssl.key.password")
        elif asked:
            problem = _problem(_PASSWORD, key, "is not opened by this password")
        else:
            problem = _problem(_KEY, key, "holds no private key in PEM")
        raise SettingsError([problem]) from None


def _problem(name: str, path: Path | None, reason: str) -> Problem:
    return Problem(name, 0, str(path), reason)
