"""`python deploy/helm/schemas/generate.py`: what Kubernetes and its Prometheus operator take from the chart.

    go mod download -json MODULE@VERSION (checked by its hash) -> definitions -> KIND-GROUP-VERSION.json

kubeconform reads these files, so a chart can be judged without asking anybody. They hold the shapes alone,
without a word of explanation, and refuse every name that is not there. Both sources are under the Apache
License 2.0. It needs go; to move to another version, give it the hash that Go's checksum database knows.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

HERE: Final = Path(__file__).parent
LICENCE: Final = "Apache-2.0"


class Module(NamedTuple):
    """A module of Go, which the checksum database knows under this hash."""

    path: str
    version: str
    sum: str

    @property
    def credit(self) -> str:
        """Where a file comes from."""
        return f"made from {self.path} {self.version} {self.sum}, {LICENCE}"


KUBERNETES: Final = Module("k8s.io/kubernetes", "v1.34.2", "h1:WQdDvYJazkmkwSncgNwGvVtaCt4TYXIU3wSMRgvp3MI=")
OPERATOR: Final = Module(
    "github.com/prometheus-operator/prometheus-operator",
    "v0.85.0",
    "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
)
KINDS: Final = {
    "statefulset-apps-v1": "io.k8s.api.apps.v1.StatefulSet",
    "service-v1": "io.k8s.api.core.v1.Service",
    "serviceaccount-v1": "io.k8s.api.core.v1.ServiceAccount",
    "poddisruptionbudget-policy-v1": "io.k8s.api.policy.v1.PodDisruptionBudget",
    "networkpolicy-networking-v1": "io.k8s.api.networking.v1.NetworkPolicy",
}
CUSTOM: Final = {
    "servicemonitor-monitoring-v1": "servicemonitors",
    "prometheusrule-monitoring-v1": "prometheusrules",
}
SPECIAL: Final[dict[str, Any]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
}
"""What Kubernetes calls a string and takes in other forms too."""
SHAPES: Final = (
    "type",
    "$ref",
    "properties",
    "additionalProperties",
    "items",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
)
BOUNDS: Final = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "enum")
KEPT: Final = frozenset([*SHAPES, *BOUNDS, "required"])
REFERENCE: Final = "#/definitions/"


def main() -> None:
    """Write all of them."""
    folder = _download(KUBERNETES)
    definitions = json.loads((folder / "api/openapi-spec/swagger.json").read_bytes())["definitions"]
    for name, kind in KINDS.items():
        used = sorted({kind, *_reached(definitions, kind)})
        _write(name, KUBERNETES, {
            "$ref": REFERENCE + kind,
            "definitions": {one: SPECIAL.get(one) or _shape(definitions[one]) for one in used},
        })  # fmt: skip
    folder = _download(OPERATOR) / "example/prometheus-operator-crd"
    for name, plural in CUSTOM.items():
        crd = yaml.safe_load((folder / f"monitoring.coreos.com_{plural}.yaml").read_text(encoding="utf-8"))
        (version,) = (it for it in crd["spec"]["versions"] if it["name"] == "v1")
        schema = _shape(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        _write(name, OPERATOR, schema)


def _download(module: Module) -> Path:
    """The folder of a module, whose hash is as it should be."""
    command = ["go", "mod", "download", "-json", f"{module.path}@{module.version}"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)  # noqa: S603 - as above
    if found["Sum"] != module.sum:
        raise SystemExit(f"{module.path} {module.version} has the hash {found['Sum']}, not {module.sum}")
    return Path(found["Dir"])


def _reached(definitions: dict[str, Any], kind: str) -> set[str]:
    """The definitions that one needs."""
    found: set[str] = set()
    waiting = [kind]
    while waiting:
        for name in _references(definitions[waiting.pop()]):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(REFERENCE)
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _shape(schema: Any) -> Any:
    """A schema without explanations, in which an object has no other properties than those that are named."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["string", "integer"]}
    shape: dict[str, Any] = {}
    for name, value in schema.items():
        if name not in KEPT:
            continue
        if name == "properties":
            shape[name] = {key: _shape(one) for key, one in value.items()}
        elif name in ("anyOf", "oneOf", "allOf"):
            shape[name] = [_shape(one) for one in value]
        elif isinstance(value, dict):
            shape[name] = _shape(value)
        else:
            shape[name] = value
    if "properties" in shape and "additionalProperties" not in shape:
        shape["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    return shape


def _write(name: str, module: Module, schema: dict[str, Any]) -> None:
    text = json.dumps({"$comment": module.credit, **schema}, separators=(",", ":"), sort_keys=True)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
