import inspect
import ssl
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from streams.client_options import (
    COMMON,
    CONSUMER,
    PRODUCER,
    SASL,
    client_options,
    consumer_options,
    producer_options,
)
from streams.configuration.table import TABLE
from streams.settings import SettingsError, load_settings
from tests.streams.certificates import CERTIFICATE, ENCRYPTED_KEY, ENCRYPTED_WITH, KEY, OTHER_KEY

NOT_HANDED_OVER = {
    "ssl_ca_location",
    "ssl_certificate_location",
    "ssl_key_location",
    "ssl_key_password",
    "transactional_id_prefix",
}
"""They become the context of the connection, and the name of each transaction."""


def test_every_kafka_setting_is_an_argument_of_some_client() -> None:
    fields = {setting.field for setting in TABLE if setting.section == "kafka"}
    taken = [*COMMON.values(), *SASL.values(), *CONSUMER.values(), *PRODUCER.values()]
    assert sorted(taken) == sorted(fields - NOT_HANDED_OVER)


@pytest.mark.parametrize(
    ("client", "tables"),
    [
        (AIOKafkaAdminClient, (COMMON, SASL)),
        (AIOKafkaConsumer, (COMMON, SASL, CONSUMER)),
        (AIOKafkaProducer, (COMMON, SASL, PRODUCER)),
    ],
)
def test_a_client_takes_every_argument_that_it_is_given(client: type, tables: tuple[dict[str, str]]) -> None:
    taken = set(inspect.signature(client).parameters)
    assert {"ssl_context", *(name for table in tables for name in table)} - taken == set()


def test_the_defaults_connect_in_plain_text_and_without_a_user() -> None:
    assert client_options(load_settings({})) == {
        "bootstrap_servers": ["localhost:9092"],
        "client_id": "kairos",
        "request_timeout_ms": 30_000,
        "retry_backoff_ms": 100,
        "metadata_max_age_ms": 300_000,
        "connections_max_idle_ms": 540_000,
        "security_protocol": "PLAINTEXT",
    }


def test_a_user_is_handed_over_with_the_password_in_the_clear() -> None:
    options = client_options(
        load_settings(
            {
                "KAIROS_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
                "KAIROS_KAFKA_SASL_USERNAME": "somebody",
                "KAIROS_KAFKA_SASL_PASSWORD": "xyzzy",
                "KAIROS_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
            }
        )
    )
    assert "ssl_context" not in options
    assert options["sasl_mechanism"] == "SCRAM-SHA-256"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("somebody", "xyzzy")


def test_a_consumer_gets_its_timeouts_and_a_producer_its_compression() -> None:
    settings = load_settings({"KAIROS_KAFKA_SESSION_TIMEOUT_MS": "6000"})
    assert consumer_options(settings)["session_timeout_ms"] == 6_000
    assert producer_options(settings)["compression_type"] == "zstd"
    none = load_settings({"KAIROS_KAFKA_COMPRESSION_TYPE": "none"})
    assert producer_options(none)["compression_type"] is None


class TestSsl:
    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        for name, text in {
            "certificate": CERTIFICATE,
            "key": KEY,
            "encrypted": ENCRYPTED_KEY,
            "other": OTHER_KEY,
            "nothing": "nothing",
        }.items():
            Path(name).write_text(text)

    def options(self, **names: str) -> dict[str, object]:
        environ = {f"KAIROS_KAFKA_SSL_{name.upper()}": value for name, value in names.items()}
        return client_options(load_settings({"KAIROS_KAFKA_SECURITY_PROTOCOL": "SSL", **environ}))

    def problems(self, **names: str) -> list[str]:
        with pytest.raises(SettingsError) as error:
            self.options(**names)
        return [str(problem) for problem in error.value.errors]

    def test_the_broker_is_always_checked(self) -> None:
        context = self.options()["ssl_context"]
        assert isinstance(context, ssl.SSLContext)
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname

    def test_only_the_named_authority_is_trusted(self) -> None:
        context = self.options(ca_location="certificate")["ssl_context"]
        assert isinstance(context, ssl.SSLContext)
        assert [dict(it["subject"][0])["commonName"] for it in context.get_ca_certs()] == ["kairos-test"]  # type: ignore[arg-type]

    def test_a_client_shows_its_certificate(self) -> None:
        assert self.options(certificate_location="certificate", key_location="key")["ssl_context"]

    def test_an_encrypted_key_is_opened_by_its_password(self) -> None:
        assert self.options(
            certificate_location="certificate", key_location="encrypted", key_password=ENCRYPTED_WITH
        )["ssl_context"]

    def test_files_that_are_not_there_are_told_together(self) -> None:
        assert self.problems(ca_location="a", certificate_location="b", key_location="key") == [
            "kafka.ssl.ca.location: a: cannot be read: No such file or directory",
            "kafka.ssl.certificate.location: b: cannot be read: No such file or directory",
        ]

    def test_files_that_hold_something_else_are_told_together(self) -> None:
        assert self.problems(ca_location="nothing", certificate_location="key", key_location="key") == [
            "kafka.ssl.ca.location: nothing: holds no certificate in PEM",
            "kafka.ssl.certificate.location: key: holds no certificate in PEM",
        ]

    @pytest.mark.parametrize(
        ("key", "password", "reason"),
        [
            ("nothing", "", "kafka.ssl.key.location: nothing: holds no private key in PEM"),
            ("certificate", "", "kafka.ssl.key.location: certificate: holds no private key in PEM"),
            ("other", "", "kafka.ssl.key.location: other: is not the key of certificate"),
            ("encrypted", "", "kafka.ssl.key.location: encrypted: is encrypted: set kafka.ssl.key.password"),
            ("encrypted", "wrong", "kafka.ssl.key.password: encrypted: is not opened by this password"),
        ],
    )
    def test_a_key_that_does_not_fit_says_why(self, key: str, password: str, reason: str) -> None:
        assert self.problems(certificate_location="certificate", key_location=key, key_password=password) == [
            reason
        ]
