"""What several settings must be together. Each rule reads the values and says what is wrong, or nothing."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

import schemas
import state
import streams

CODE: Final = tuple(Path(package.__file__ or "").resolve().parent for package in (schemas, state, streams))
"""Folders of code. Data never lies there: `state` is a package, and its name invites the mistake."""
SSL_FILES: Final = ("kafka.ssl.ca.location", "kafka.ssl.certificate.location", "kafka.ssl.key.location")

Values = Mapping[str, Any]


class Rule(Struct, frozen=True):
    """`broken` gets the values of all settings when those in `names` are each allowed, and returns a reason.

    The problem is reported where the first of `names` is stated that is stated at all.
    """

    names: tuple[str, ...]
    broken: Callable[[Values], str | None]


def _heartbeat(values: Values) -> str | None:
    beat, session = values["kafka.heartbeat.interval.ms"], values["kafka.session.timeout.ms"]
    if beat < session:
        return None
    return f"heartbeat.interval.ms is {beat}, which is not less than session.timeout.ms, {session}"


def _commit(values: Values) -> str | None:
    least, most = values["engine.commit.interval.min.ms"], values["engine.commit.interval.max.ms"]
    return (
        f"commit.interval.min.ms is {least}, more than commit.interval.max.ms, {most}"
        if least > most
        else None
    )


def _transaction(values: Values) -> str | None:
    longest, commit = values["kafka.transaction.timeout.ms"], values["engine.commit.interval.max.ms"]
    if longest > commit:
        return None
    return f"transaction.timeout.ms is {longest}, which is not more than commit.interval.max.ms, {commit}"


def _user(values: Values) -> str | None:
    protocol = values["kafka.security.protocol"]
    given = [name for name in ("sasl.username", "sasl.password") if values[f"kafka.{name}"] is not None]
    if protocol.startswith("SASL_"):
        return None if len(given) == 2 else f"{protocol} needs sasl.username and sasl.password"
    return f"{given[0]} has no effect with security.protocol {protocol}" if given else None


def _ssl(values: Values) -> str | None:
    protocol = values["kafka.security.protocol"]
    given = [name for name in (*SSL_FILES, "kafka.ssl.key.password") if values[name] is not None]
    if given and not protocol.endswith("SSL"):
        return f"{given[0].removeprefix('kafka.')} has no effect with security.protocol {protocol}"
    return None


def _key(values: Values) -> str | None:
    certificate, key = values["kafka.ssl.certificate.location"], values["kafka.ssl.key.location"]
    if (certificate is None) != (key is None):
        return "ssl.certificate.location and ssl.key.location go together"
    if key is None and values["kafka.ssl.key.password"] is not None:
        return "ssl.key.password needs ssl.key.location"
    return None


def _registry(values: Values) -> str | None:
    if values["engine.wire.format"] == "confluent" and values["registry.url"] is None:
        return "wire.format confluent needs registry.url"
    return None


def _registry_user(values: Values) -> str | None:
    user, password = values["registry.username"], values["registry.password"]
    if (user is None) != (password is None):
        return "registry.username and registry.password go together"
    stated = ("registry.username", "registry.ssl.ca.location")
    alone = next((name for name in stated if values[name] is not None), None)
    return f"{alone} needs registry.url" if alone and values["registry.url"] is None else None


def _clock(values: Values) -> str | None:
    clock = values["engine.clock"]
    times = values["engine.clock.start"], values["engine.clock.began"]
    changed = times != (None, None) or values["engine.clock.speed"] != 1
    if clock != "scaled" and changed:
        return f"clock.start, clock.began and clock.speed are for the clock scaled, and it is {clock}"
    return None


def _web(values: Values) -> str | None:
    host = values["web.host"]
    if values["web.token"] is None and not is_loopback(host):
        return f"web.host {host} can be reached from other machines: customers' data needs a web.token"
    return None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`. Of names, `localhost` alone is known to be so."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _directory(values: Values) -> str | None:
    folder = values["state.dir"].absolute().resolve()
    inside = next((code for code in CODE if folder == code or code in folder.parents), None)
    return None if inside is None else f"{folder} lies in {inside}, a folder of code: data needs another"


RULES: Final = (
    Rule(("kafka.heartbeat.interval.ms", "kafka.session.timeout.ms"), _heartbeat),
    Rule(("engine.commit.interval.min.ms", "engine.commit.interval.max.ms"), _commit),
    Rule(("kafka.transaction.timeout.ms", "engine.commit.interval.max.ms"), _transaction),
    Rule(("kafka.security.protocol", "kafka.sasl.username", "kafka.sasl.password"), _user),
    Rule(("kafka.security.protocol", *SSL_FILES, "kafka.ssl.key.password"), _ssl),
    Rule((*SSL_FILES[1:], "kafka.ssl.key.password"), _key),
    Rule(("engine.wire.format", "registry.url"), _registry),
    Rule(
        ("registry.username", "registry.password", "registry.ssl.ca.location", "registry.url"), _registry_user
    ),
    Rule(("engine.clock", "engine.clock.start", "engine.clock.began", "engine.clock.speed"), _clock),
    Rule(("web.host", "web.token"), _web),
    Rule(("state.dir",), _directory),
)
