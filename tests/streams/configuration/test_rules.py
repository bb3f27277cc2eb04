from pathlib import Path

import pytest

from streams.configuration.rules import CODE, RULES
from streams.configuration.table import BY_NAME
from streams.settings import SettingsError, load_settings


def broken(overrides: dict[str, str]) -> list[str]:
    try:
        load_settings({}, None, overrides)
    except SettingsError as error:
        return [problem.reason for problem in error.errors]
    return []


KEY = {"kafka.ssl.key.location": "/k", "kafka.ssl.certificate.location": "/c"}
USER = {"kafka.sasl.username": "u", "kafka.sasl.password": "p"}


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"kafka.session.timeout.ms": "3001"}, None),
        (
            {"kafka.session.timeout.ms": "3000"},
            "heartbeat.interval.ms is 3000, which is not less than session.timeout.ms, 3000",
        ),
        ({"engine.commit.interval.min.ms": "500"}, None),
        (
            {"engine.commit.interval.min.ms": "501"},
            "commit.interval.min.ms is 501, more than commit.interval.max.ms, 500",
        ),
        ({"kafka.transaction.timeout.ms": "1000", "engine.commit.interval.max.ms": "999"}, None),
        (
            {"kafka.transaction.timeout.ms": "1000", "engine.commit.interval.max.ms": "1000"},
            "transaction.timeout.ms is 1000, which is not more than commit.interval.max.ms, 1000",
        ),
        ({"kafka.security.protocol": "SASL_SSL", **USER}, None),
        ({"kafka.security.protocol": "SASL_PLAINTEXT", **USER}, None),
        (
            {"kafka.security.protocol": "SASL_SSL", "kafka.sasl.username": "u"},
            "SASL_SSL needs sasl.username and sasl.password",
        ),
        (USER, "sasl.username has no effect with security.protocol PLAINTEXT"),
        (
            {"kafka.ssl.ca.location": "/ca"},
            "ssl.ca.location has no effect with security.protocol PLAINTEXT",
        ),
        ({"kafka.security.protocol": "SSL", **KEY}, None),
        ({"kafka.security.protocol": "SSL", **KEY, "kafka.ssl.key.password": "p"}, None),
        (
            {"kafka.security.protocol": "SSL", "kafka.ssl.key.location": "/k"},
            "ssl.certificate.location and ssl.key.location go together",
        ),
        (
            {"kafka.security.protocol": "SSL", "kafka.ssl.key.password": "p"},
            "ssl.key.password needs ssl.key.location",
        ),
        ({"engine.wire.format": "confluent"}, "wire.format confluent needs registry.url"),
        ({"registry.url": "http://x"}, None),
        (
            {"registry.url": "http://x", "registry.username": "u"},
            "registry.username and registry.password go together",
        ),
        (
            {"registry.username": "u", "registry.password": "p"},
            "registry.username needs registry.url",
        ),
        ({"engine.clock": "scaled", "engine.clock.speed": "60"}, None),
        (
            {"engine.clock": "replay", "engine.clock.speed": "60"},
            "clock.start, clock.began and clock.speed are for the clock scaled, and it is replay",
        ),
        ({"web.host": "127.8.9.1"}, None),
        ({"web.host": "[::1]"}, None),
        ({"web.host": "Localhost"}, None),
        (
            {"web.host": "a.example"},
            "web.host a.example can be reached from other machines: customers' data needs a web.token",
        ),
        (
            {"web.host": "::"},
            "web.host :: can be reached from other machines: customers' data needs a web.token",
        ),
        ({"web.host": "::", "web.token": "sixteen bytes are enough"}, None),
    ],
)
def test_settings_that_do_not_go_together_are_refused(overrides: dict[str, str], reason: str | None) -> None:
    assert broken(overrides) == ([] if reason is None else [reason])


def test_every_rule_names_settings_that_there_are() -> None:
    assert {name for rule in RULES for name in rule.names} - set(BY_NAME) == set()


@pytest.mark.parametrize("folder", CODE)
def test_state_never_lies_among_the_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    for path in (folder.name, f"{folder.name}/deeper", f"build/../{folder.name}", str(folder)):
        (reason,) = broken({"state.dir": path})
        assert reason.endswith("a folder of code: data needs another")
    assert broken({"state.dir": f"{folder.name}-data"}) == []


def test_what_is_refused_by_itself_breaks_no_rule_with_others() -> None:
    overrides = {"kafka.security.protocol": "SASL_SSL", "kafka.sasl.username": "u", "kafka.sasl.password": ""}
    (reason,) = broken(overrides)
    assert reason.startswith("the value is not allowed")


def test_a_rule_that_defaults_break_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^command line: kafka\.session\.timeout\.ms: heartbeat"):
        load_settings({}, None, {"kafka.session.timeout.ms": "2000"})
