"""The compose file, by docker-compose and promtool, and what its services are told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.cli import _parser
from streams.embedded.broker import Broker
from streams.embedded.registry import Registry
from streams.settings import load_settings
from tests.deploy.files import COMPOSE, DEPLOY, compose, loadable, run
from tests.tools import tool

SERVICES = compose()["services"]
KAIROS = {name for name, it in SERVICES.items() if it["image"].startswith("kairos:")}
ONCE = {name for name in KAIROS if SERVICES[name].get("restart") == "no"}
NO_CONFIG = {"KAFKA_HEAP_OPTS"}
"""Variables of the Kafka image that are no entries of its configuration."""


def test_docker_compose_understands_the_file() -> None:
    said = run(tool("docker-compose"), "--file", str(COMPOSE), "config")
    assert (said.returncode, said.stderr) == (0, "")
    assert yaml.safe_load(said.stdout)["services"].keys() == SERVICES.keys()


def test_prometheus_understands_its_configuration() -> None:
    config = DEPLOY / "prometheus" / "prometheus.yml"
    said = run(tool("promtool"), "check", "config", "--syntax-only", str(config))
    assert said.returncode == 0, said.stderr


def test_everything_has_a_health_check_or_ends() -> None:
    lacking = {name for name, it in SERVICES.items() if "healthcheck" not in it}
    assert lacking == {"worker-1", "worker-2"}, "those have that of the image"
    assert {name for name, it in SERVICES.items() if it.get("healthcheck", {}).get("disable")} == ONCE
    assert {"secrets", "topics", "schemas", "traffic-begin"} == ONCE


def test_whatever_is_needed_is_waited_for() -> None:
    for name, it in SERVICES.items():
        for other, wanted in it.get("depends_on", {}).items():
            ended = "service_completed_successfully"
            assert wanted["condition"] == (ended if other in ONCE else "service_healthy"), (name, other)


def test_images_of_others_are_pinned_and_ports_are_for_this_machine_alone() -> None:
    for it in SERVICES.values():
        version = it["image"].rpartition(":")[2]
        assert version.removeprefix("v").count(".") == 2
        assert all(port.startswith("127.0.0.1:") for port in it.get("ports", []))


@pytest.mark.parametrize("name", sorted(KAIROS))
def test_a_service_can_use_the_settings_that_it_is_told(name: str, tmp_path: Path) -> None:
    settings = load_settings(loadable(SERVICES[name].get("environment", {}), tmp_path))
    if name.startswith("worker"):
        assert settings.web.advertised_host == name
        assert settings.engine.identity_key is not None
    if name != "secrets":
        assert settings.kafka.bootstrap_servers == ("kafka:9092",)


@pytest.mark.parametrize("name", sorted(KAIROS - {"secrets"}))
def test_a_service_runs_a_command_that_there_is(name: str) -> None:
    words = SERVICES[name]["command"]
    _parser(words).parse_args(words)


@pytest.mark.parametrize("name", sorted(KAIROS))
def test_a_service_of_ours_needs_no_right(name: str) -> None:
    it = SERVICES[name]
    assert (it["read_only"], it["cap_drop"]) == (True, ["ALL"])
    assert it["security_opt"] == ["no-new-privileges:true"]


def test_secrets_are_made_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (script,) = SERVICES["secrets"]["command"]
    script = script.replace("/var/lib/kairos", str(tmp_path))
    exec(script, {})  # noqa: S102 - our own
    first = {path.name: path.read_text() for path in tmp_path.iterdir()}
    exec(script, {})  # noqa: S102 - our own
    assert first == {path.name: path.read_text() for path in tmp_path.iterdir()}
    files = [value for name, value in SERVICES["worker-1"]["environment"].items() if name.endswith("_FILE")]
    assert {Path(file).name for file in files} == first.keys()
    assert len(set(first.values())) == 2


def test_prometheus_asks_every_worker_with_the_token_that_it_wants() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    workers = sorted(name for name in SERVICES if name.startswith("worker"))
    assert job["static_configs"] == [{"targets": [f"{name}:6066" for name in workers]}]
    token = SERVICES["worker-1"]["environment"]["KAIROS_WEB_TOKEN_FILE"]
    assert job["authorization"] == {"credentials_file": token}


def test_every_file_that_is_mounted_is_there() -> None:
    mounted = [volume for it in SERVICES.values() for volume in it.get("volumes", []) if volume[0] == "."]
    assert len(mounted) >= 5
    for volume in mounted:
        assert (COMPOSE.parent / volume.split(":")[0]).exists(), volume


@pytest.mark.broker
def test_kafka_knows_every_entry_that_it_is_given(broker: Broker) -> None:
    async def entries() -> set[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        try:
            (node,) = admin._client.cluster.brokers()
            resource = ConfigResource(ConfigResourceType.BROKER, str(node.nodeId))
            (answer,) = await admin.describe_configs([resource])
        finally:
            await admin.close()
        return {entry[0] for entry in answer.resources[0][4]}

    given = SERVICES["kafka"]["environment"].keys() - NO_CONFIG
    names = {name.removeprefix("KAFKA_").lower().replace("_", ".") for name in given}
    assert names <= asyncio.run(entries())


@pytest.mark.parametrize(
    ("name", "pins", "archive"),
    [
        ("kafka", "kafka_jars.txt", "org.apache.kafka:kafka_2.13:{}"),
        ("registry", "registry_archive.txt", "io.apicurio:apicurio-registry-app:tar.gz:all:{}"),
    ],
)
def test_kafka_and_registry_are_those_that_the_tests_run(name: str, pins: str, archive: str) -> None:
    version = SERVICES[name]["image"].rpartition(":")[2]
    pinned = (COMPOSE.parent / "streams" / "embedded" / pins).read_text().split()
    assert archive.format(version) in pinned


@pytest.mark.registry
def test_the_registry_is_asked_where_it_answers(registry: Registry) -> None:
    asked = SERVICES["registry"]["healthcheck"]["test"]
    assert asked[:2] == ["CMD", "bash"]
    port = str(urlsplit(registry.url).port)
    said = run(*asked[1:-1], asked[-1].replace("/8080", f"/{port}"))
    assert (said.returncode, said.stderr) == (0, "")
    assert run(*asked[1:-1], asked[-1].replace("/8080", "/1")).returncode != 0
    urls = {
        it["environment"]["KAIROS_REGISTRY_URL"]
        for it in SERVICES.values()
        if "build" in it and "environment" in it
    }
    assert urls == {f"http://registry:8080{urlsplit(registry.url).path}"}
