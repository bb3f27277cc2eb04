"""The chart, by helm and kubeconform, and what it makes of its values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.settings import CHART_DECIDES, CHART_NEEDS
from streams.configuration.table import BY_NAME, TABLE
from streams.settings import load_settings
from tests.deploy.files import EVERYTHING, KUBERNETES, SCHEMAS, helm, loadable, manifests, of_kind, run
from tests.tools import tool

VALUES = {"default": (), "everything": ("--values", str(EVERYTHING))}
BY_DEFAULT = {"StatefulSet", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"}


def container(found: list[dict[str, Any]]) -> dict[str, Any]:
    (one,) = of_kind("StatefulSet", found)["spec"]["template"]["spec"]["containers"]
    assert isinstance(one, dict)
    return one


def environ_of(found: list[dict[str, Any]]) -> dict[str, str]:
    """The environment of the first pod."""
    values = {it["name"]: it.get("value", "kairos-0") for it in container(found)["env"]}
    return {name: value.replace("$(POD_NAME)", "kairos-0") for name, value in values.items()}


def judged(text: str) -> Any:
    how = ("-strict", "-summary", "-kubernetes-version", KUBERNETES, "-schema-location", str(SCHEMAS))
    return run(tool("kubeconform"), *how, fed=text)


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_helm_finds_nothing_wrong_with_the_chart(values: tuple[str, ...]) -> None:
    said = helm("lint", "--strict", *values)
    assert said.returncode == 0, said.stdout
    assert "[WARNING]" not in said.stdout


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_kubernetes_knows_every_field_that_the_chart_says(values: tuple[str, ...]) -> None:
    found = manifests(*values)
    said = judged(yaml.safe_dump_all(found))
    assert said.returncode == 0, said.stdout
    assert f"{len(found)} resources found" in said.stdout
    assert f"Valid: {len(found)}," in said.stdout


def test_a_field_that_kubernetes_does_not_know_would_be_seen() -> None:
    found = manifests()
    of_kind("StatefulSet", found)["spec"]["template"]["spec"]["containers"][0]["readOnly"] = True
    said = judged(yaml.safe_dump_all(found))
    assert said.returncode == 1
    assert "readOnly" in said.stdout


def test_the_chart_makes_what_belongs_to_an_operator_only_when_it_is_asked() -> None:
    assert {it["kind"] for it in manifests()} == BY_DEFAULT
    assert {it["kind"] for it in manifests(*VALUES["everything"])} == {
        *BY_DEFAULT,
        *("ServiceMonitor", "PrometheusRule"),
    }


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_a_worker_can_use_the_settings_of_its_pod(values: tuple[str, ...], tmp_path: Path) -> None:
    environ = environ_of(manifests(*values))
    settings = load_settings(loadable(environ, tmp_path))
    assert settings.web.token is not None
    assert settings.engine.identity_key is not None
    assert settings.kafka.client_id == "kairos-0"
    assert settings.web.advertised_host == "kairos-0.kairos.default.svc"


def test_values_are_the_settings_that_they_name(tmp_path: Path) -> None:
    given = yaml.safe_load(EVERYTHING.read_text())["settings"]
    settings = load_settings(loadable(environ_of(manifests(*VALUES["everything"])), tmp_path))
    found = {name: getattr(getattr(settings, BY_NAME[name].section), BY_NAME[name].field) for name in given}
    assert found["kafka.bootstrap.servers"] == tuple(given["kafka.bootstrap.servers"].split(","))
    assert str(found["kafka.ssl.ca.location"]) == given["kafka.ssl.ca.location"]
    numbers = [name for name, value in given.items() if not isinstance(value, str)]
    assert {name: found[name] for name in numbers} == {name: given[name] for name in numbers}
    assert len(numbers) >= 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set-json", 'settings={"kafka.bootstrap.server":"kafka:9092"}'), "kafka.bootstrap.server"),
        (("--set-json", 'settings={"kafka.compression.type":"zip"}'), "kafka.compression.type"),
        (("--set-json", 'settings={"web.token":"in the open"}'), "web.token"),
        (("--set-json", 'settings={"state.dir":"/tmp"}'), "state.dir"),
        (("--set-json", 'secrets={"web.token":null}'), "web.token"),
        (("--set", "replica=3"), "replica"),
        (("--set-json", 'settings={"engine.stop.timeout.ms":60000}'), "terminationGracePeriodSeconds"),
    ],
)
def test_helm_refuses_a_value_that_is_wrong_before_anything_is_installed(
    words: tuple[str, ...], said: str
) -> None:
    answer = helm("template", *words)
    assert answer.returncode != 0
    assert said in answer.stderr


def test_the_chart_decides_or_takes_every_setting_once() -> None:
    schema = yaml.safe_load((EVERYTHING.parents[1] / "values.schema.json").read_text())["properties"]
    plain, secret = set(schema["settings"]["properties"]), set(schema["secrets"]["properties"])
    assert plain | secret | set(CHART_DECIDES) == {it.full_name for it in TABLE}
    assert not plain & secret
    assert not (plain | secret) & set(CHART_DECIDES)
    assert secret == {it.full_name for it in TABLE if it.kind.is_secret}
    assert set(CHART_NEEDS) <= secret


def test_no_secret_is_in_the_environment_of_a_pod() -> None:
    found = manifests(*VALUES["everything"])
    assert all("secretKeyRef" not in it.get("valueFrom", {}) for it in container(found)["env"])
    variables = {it.variable for it in TABLE if it.kind.is_secret}
    assert not variables & environ_of(found).keys()
    paths = {value for name, value in environ_of(found).items() if name.removesuffix("_FILE") in variables}
    (volume,) = (
        it
        for it in of_kind("StatefulSet", found)["spec"]["template"]["spec"]["volumes"]
        if it["name"] == "secrets"
    )
    items = [item["path"] for source in volume["projected"]["sources"] for item in source["secret"]["items"]]
    assert paths == {f"/run/secrets/kairos/{item}" for item in items}
    assert len(paths) == 3


def test_a_pod_needs_no_right_and_writes_to_its_volume_alone() -> None:
    found = manifests()
    pod = of_kind("StatefulSet", found)["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container(found)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = {it["mountPath"] for it in container(found)["volumeMounts"] if not it.get("readOnly")}
    assert writable == {"/var/lib/kairos", "/tmp"}  # noqa: S108 - of a container
    (claim,) = of_kind("StatefulSet", found)["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "data"


def test_only_workers_and_those_that_are_named_may_ask() -> None:
    (own,) = of_kind("NetworkPolicy", manifests())["spec"]["ingress"]
    assert [sorted(it) for it in own["from"]] == [["podSelector"]]
    policy = of_kind("NetworkPolicy", manifests(*VALUES["everything"]))["spec"]
    assert [sorted(it) for it in policy["ingress"][0]["from"]] == [["podSelector"], ["namespaceSelector"]]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, "http", 9093]


def test_the_rules_of_the_chart_are_those_that_promtool_tries() -> None:
    rule = of_kind("PrometheusRule", manifests(*VALUES["everything"]))
    rules = yaml.safe_load((EVERYTHING.parents[3] / "prometheus" / "kairos.rules.yml").read_text())
    assert rule["spec"] == rules
    assert rules["groups"]
