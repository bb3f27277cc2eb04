"""All settings together: every one by every way, what goes before what, and all problems at once."""

import pickle
import re
import typing
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

import streams
from streams.configuration.kinds import shown
from streams.configuration.secret import Secret
from streams.configuration.table import SECTIONS, TABLE, Setting
from streams.errors import Fatal
from streams.settings import SHAPES, Settings, SettingsError, load_settings, read_settings

OTHERS = {
    "kafka.bootstrap.servers": "a.example:9092,[::1]:9093",
    "kafka.client.id": "other",
    "kafka.security.protocol": "SSL",
    "kafka.ssl.ca.location": "/etc/ca.pem",
    "kafka.ssl.certificate.location": "/etc/cert.pem",
    "kafka.ssl.key.location": "/etc/key.pem",
    "kafka.ssl.key.password": "a password",
    "kafka.sasl.mechanism": "SCRAM-SHA-512",
    "kafka.sasl.username": "somebody",
    "kafka.sasl.password": "another password",
    "kafka.client.rack": "rack 2",
    "kafka.compression.type": "lz4",
    "kafka.transactional.id.prefix": "mine",
    "engine.application.id": "journeys-2",
    "engine.topic.prefix": "other.",
    "engine.partitions": "4",
    "engine.partitioner": "crc32",
    "engine.wire.format": "confluent",
    "engine.identity.key": "sixteen bytes or more",
    "engine.log.level": "debug",
    "engine.log.format": "json",
    "engine.dead.letter.share.max": "0.5",
    "engine.clock": "scaled",
    "engine.clock.start": "2026-03-01T12:00:00Z",
    "engine.clock.began": "2026-03-02T12:00:00Z",
    "engine.clock.speed": "60.0",
    "state.dir": "/var/lib/somewhere",
    "state.memory.bytes": "268435456",
    "web.host": "0.0.0.0",  # noqa: S104 - a value among others
    "web.token": "a token of some bytes",
    "web.advertised.host": "worker-1.example",
    "registry.url": "https://registry.example/apis/ccompat/v7",
    "registry.username": "reader",
    "registry.password": "a third password",
    "registry.ssl.ca.location": "/etc/registry-ca.pem",
    "tracing.otlp.endpoint": "https://collector.example:4318",
    "files.policy": "/etc/policy.toml",
    "files.catalogue": "/etc/catalogue.jsonl",
}
"""For every setting whose default is no whole number, another value; to the others one is added."""
COMPANIONS = {
    "kafka.security.protocol": {},
    "kafka.sasl.username": {"kafka.security.protocol": "SASL_SSL", "kafka.sasl.password": "another password"},
    "kafka.sasl.password": {"kafka.security.protocol": "SASL_SSL", "kafka.sasl.username": "somebody"},
    "kafka.ssl.ca.location": {"kafka.security.protocol": "SSL"},
    "kafka.ssl.certificate.location": {
        "kafka.security.protocol": "SSL",
        "kafka.ssl.key.location": "/etc/key.pem",
    },
    "kafka.ssl.key.location": {
        "kafka.security.protocol": "SSL",
        "kafka.ssl.certificate.location": "/etc/cert.pem",
    },
    "kafka.ssl.key.password": {
        "kafka.security.protocol": "SSL",
        "kafka.ssl.certificate.location": "/etc/cert.pem",
        "kafka.ssl.key.location": "/etc/key.pem",
    },
    "engine.wire.format": {"registry.url": "http://localhost"},
    "engine.clock.start": {"engine.clock": "scaled"},
    "engine.clock.began": {"engine.clock": "scaled"},
    "engine.clock.speed": {"engine.clock": "scaled"},
    "web.host": {"web.token": "a token of some bytes"},
    "registry.ssl.ca.location": {"registry.url": "https://registry.example"},
    "registry.username": {"registry.url": "http://localhost", "registry.password": "a third password"},
    "registry.password": {"registry.url": "http://localhost", "registry.username": "reader"},
}
"""What a setting needs beside it to make sense."""


def variables(values: Mapping[str, str]) -> dict[str, str]:
    named = {setting.full_name: setting.variable for setting in TABLE}
    return {named[name]: value for name, value in values.items()}


def other(setting: Setting) -> str:
    return OTHERS.get(setting.full_name) or str(int(str(setting.default)) + 1)


def got(settings: Settings, setting: Setting) -> str:
    value = getattr(getattr(settings, setting.section), setting.field)
    return value.reveal() if isinstance(value, Secret) else shown(value)


def toml(setting: Setting, value: str) -> str:
    bare = isinstance(setting.default or 0, int | float) and value[0].isdigit()
    return f'[{setting.section}]\n"{setting.name}" = {value if bare else repr(value)}\n'


def reasons(error: pytest.ExceptionInfo[SettingsError]) -> list[str]:
    return [str(problem) for problem in error.value.errors]


class TestTable:
    def test_the_fields_in_the_code_are_those_of_the_table(self) -> None:
        fields = [
            (section, field.name, type(None) in typing.get_args(field.type))
            for section, shape in SHAPES.items()
            for field in msgspec.structs.fields(shape)
        ]
        assert fields == [(it.section, it.field, it.default is None) for it in TABLE]
        assert tuple(SHAPES) == SECTIONS == Settings.__struct_fields__

    def test_words_of_a_choice_are_those_of_the_table(self) -> None:
        for setting in TABLE:
            hints = typing.get_type_hints(SHAPES[setting.section])[setting.field]
            if typing.get_origin(hints) is typing.Literal:
                assert setting.kind.allowed == f"one of {', '.join(typing.get_args(hints))}"

    @pytest.mark.parametrize("setting", TABLE, ids=lambda it: it.full_name)
    def test_a_default_is_allowed_and_of_the_type_in_the_code(self, setting: Setting) -> None:
        if setting.default is not None:
            assert setting.kind.from_text(shown(setting.default)) == setting.default
            hint = typing.get_type_hints(SHAPES[setting.section])[setting.field]
            assert msgspec.convert(setting.default, hint) == setting.default

    def test_a_unit_stands_at_the_end_of_the_name(self) -> None:
        for setting in TABLE:
            if setting.unit == "ms" or (setting.unit == "bytes" and setting.section == "state"):
                assert setting.name.endswith(f".{setting.unit}")

    def test_no_two_settings_share_a_variable(self) -> None:
        assert len({setting.variable for setting in TABLE}) == len(TABLE)


@pytest.mark.parametrize("setting", TABLE, ids=lambda it: it.full_name)
class TestEverySetting:
    def test_is_read_from_the_environment(self, setting: Setting) -> None:
        beside = COMPANIONS.get(setting.full_name, {})
        settings = load_settings(variables({setting.full_name: other(setting), **beside}))
        assert got(settings, setting) == other(setting) != shown(setting.default)

    def test_is_read_from_the_command_line(self, setting: Setting) -> None:
        beside = COMPANIONS.get(setting.full_name, {})
        settings = load_settings({}, None, {setting.full_name: other(setting), **beside})
        assert got(settings, setting) == other(setting)

    def test_is_read_from_a_file(self, setting: Setting, tmp_path: Path) -> None:
        path = tmp_path / "kairos.toml"
        path.write_text(toml(setting, other(setting)))
        settings = load_settings(variables(COMPANIONS.get(setting.full_name, {})), path)
        assert got(settings, setting) == other(setting)

    def test_is_judged_by_every_way_at_once(self, setting: Setting, tmp_path: Path) -> None:
        path = tmp_path / "kairos.toml"
        path.write_text(f"{setting.full_name} = []\n")
        with pytest.raises(SettingsError) as error:
            load_settings({setting.variable: "\0"}, path, {setting.full_name: "\0"})
        allowed = setting.kind.allowed
        assert [(it.file, it.field) for it in error.value.errors if it.reason.endswith(allowed)] == [
            (str(path), setting.full_name),
            ("environment", setting.variable),
            ("command line", setting.full_name),
        ]


class TestPrecedence:
    def test_command_line_environment_file_default(self, tmp_path: Path) -> None:
        path = tmp_path / "kairos.toml"
        path.write_text("web.port = 1\n[engine]\nprocesses = 2\nlog.level = 'debug'\n")
        environ = {"KAIROS_WEB_PORT": "3", "KAIROS_ENGINE_PROCESSES": "4"}
        given = read_settings(environ, path, {"web.port": "5"})
        assert (given.settings.web.port, given.sources["web.port"]) == (5, "command line")
        assert given.settings.engine.processes == 4
        assert given.sources["engine.processes"] == "environment: KAIROS_ENGINE_PROCESSES"
        assert (given.settings.engine.log_level, given.sources["engine.log.level"]) == ("debug", str(path))
        assert (given.settings.web.host, given.sources["web.host"]) == ("127.0.0.1", "default")

    def test_a_mistake_that_is_covered_is_still_a_mistake(self, tmp_path: Path) -> None:
        path = tmp_path / "kairos.toml"
        path.write_text("web.port = -1\n")
        with pytest.raises(SettingsError, match=r"web\.port: -1 is not allowed"):
            load_settings({"KAIROS_WEB_PORT": "3"}, path)


VARIABLE = "environment: KAIROS"
NOT_LESS = "which is not less than session.timeout.ms, 10000"


class TestProblems:
    def test_come_all_at_once_with_source_value_and_what_is_allowed(self, tmp_path: Path) -> None:
        path = tmp_path / "kairos.toml"
        path.write_text('[kafka]\n"bootstrap.server" = "a:1"\n[web]\nport = "6066"\n')
        environ = {
            "KAIROS_ENGINE_LOG_LEVEL": "all",
            "KAIROS_STATE_CACHE_ENTRIES": "-1",
            "KAIROS_KAFKA_HEARTBEAT_INTERVAL_MS": "10000",
        }
        with pytest.raises(SettingsError) as error:
            load_settings(environ, path, {"web.hots": "x"})
        assert reasons(error) == [
            f'{path}: kafka.bootstrap.server: no such setting (did you mean "kafka.bootstrap.servers"?)',
            f'{path}: web.port: "6066" is not allowed: a whole number from 0 to 65535',
            f'{VARIABLE}_ENGINE_LOG_LEVEL: "all" is not allowed: one of debug, info, warning, error',
            f'{VARIABLE}_STATE_CACHE_ENTRIES: "-1" is not allowed: a whole number from 0 to 10000000',
            'command line: web.hots: no such setting (did you mean "web.host"?)',
            f"{VARIABLE}_KAFKA_HEARTBEAT_INTERVAL_MS: heartbeat.interval.ms is 10000, {NOT_LESS}",
        ]
        assert isinstance(error.value, Fatal)
        assert str(error.value).startswith("6 problems\n")


class TestSecrets:
    SECRETS = tuple(setting for setting in TABLE if setting.kind.is_secret)

    def test_are_the_keys_and_passwords(self) -> None:
        assert [setting.full_name for setting in self.SECRETS] == [
            *("kafka.ssl.key.password", "kafka.sasl.password", "engine.identity.key"),
            *("web.token", "registry.password"),
        ]

    @pytest.mark.parametrize("setting", SECRETS, ids=lambda it: it.full_name)
    def test_come_from_a_file_that_the_environment_or_the_settings_name(
        self, setting: Setting, tmp_path: Path
    ) -> None:
        holds = tmp_path / "secret"
        holds.write_text(other(setting) + "\n")
        beside = variables(COMPANIONS.get(setting.full_name, {}))
        by_variable = load_settings({setting.variable + "_FILE": str(holds), **beside})
        assert got(by_variable, setting) == other(setting)
        path = tmp_path / "kairos.toml"
        path.write_text(f'[{setting.section}]\n"{setting.name}.file" = "secret"\n')
        assert got(load_settings(beside, path), setting) == other(setting)

    @pytest.mark.parametrize("setting", SECRETS, ids=lambda it: it.full_name)
    def test_are_in_no_text_of_the_settings(self, setting: Setting) -> None:
        value = other(setting)
        given = read_settings(variables({setting.full_name: value, **COMPANIONS.get(setting.full_name, {})}))
        texts = [repr(given), str(given), f"{given.settings}", repr(msgspec.structs.asdict(given.settings))]
        assert [text for text in texts if value in text] == []
        assert all("******" in text for text in texts)

    @pytest.mark.parametrize("setting", SECRETS, ids=lambda it: it.full_name)
    def test_are_in_no_problem(self, setting: Setting, tmp_path: Path) -> None:
        value = "S3CRET" * 1000
        holds = tmp_path / "holds"
        holds.write_text(value)
        path = tmp_path / "kairos.toml"
        path.write_text(f'{setting.full_name} = "{value}"\n')
        environ = {
            setting.variable: value,
            setting.variable + "_FILE": str(holds),
            setting.variable + "S": value,
        }
        with pytest.raises(SettingsError) as error:
            load_settings(environ, path, {setting.full_name: value})
        assert len(error.value.errors) >= 4
        assert "S3CRET" not in str(error.value)

    def test_stated_twice_in_one_place_are_refused(self, tmp_path: Path) -> None:
        environ = {"KAIROS_ENGINE_IDENTITY_KEY": "x" * 16, "KAIROS_ENGINE_IDENTITY_KEY_FILE": "/k"}
        with pytest.raises(SettingsError, match="is stated twice: also as KAIROS_ENGINE_IDENTITY_KEY"):
            load_settings(environ)

    def test_go_with_the_settings_to_another_process(self) -> None:
        settings = load_settings({"KAIROS_ENGINE_IDENTITY_KEY": "x" * 16})
        assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - our own bytes


def test_every_setting_is_read_by_the_code() -> None:
    folder = Path(streams.__file__).parent
    stated = {folder / "settings.py", *folder.glob("configuration/*.py")}
    code = "".join(it.read_text("utf-8") for it in folder.rglob("*.py") if it not in stated)
    assert [it.full_name for it in TABLE if not re.search(rf"\b{it.field}\b", code)] == []


class TestNames:
    def test_the_changelog_and_the_transactions_are_named_by_the_application(self) -> None:
        settings = load_settings({"KAIROS_ENGINE_APPLICATION_ID": "mine"})
        assert settings.changelog_topic == "mine-customers-changelog"
        assert settings.transactional_id(7) == "mine-7"

    def test_transactions_may_have_a_prefix_of_their_own(self) -> None:
        settings = load_settings({"KAIROS_KAFKA_TRANSACTIONAL_ID_PREFIX": "granted"})
        assert settings.transactional_id(0) == "granted-0"
