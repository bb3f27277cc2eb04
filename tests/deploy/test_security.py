"""What `make sbom` and `make audit` make of what the tools say."""

import json
import re
from typing import Any

import pytest

from deploy.security import FOUND, LOCK, UNASKED, audit, locked, sbom
from tests.deploy.files import DEPLOY

LOCKED = "aiokafka==0.14.0 \\\n    --hash=sha256:00\n    # via kairos\navro-python3==1.10.2 \\\n"


def part(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, **more}


def bill(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"components": [{"licenses": [{"license": {"id": "MIT"}}], **it} for it in parts]}


def test_a_bill_of_what_the_lock_names_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    found = bill(part("aiokafka", "0.14.0"), part("Avro_Python3", "1.10.2", licenses=[]))
    assert sbom(found, LOCKED, "sbom.json") == 0
    assert capsys.readouterr().out == (
        "sbom.json: 2 components, those of requirements.lock; without a licence: ['Avro_Python3']\n"
    )


@pytest.mark.parametrize(
    "parts",
    [
        [part("aiokafka", "0.14.0")],
        [part("aiokafka", "0.14.1"), part("avro-python3", "1.10.2")],
        [part("aiokafka", "0.14.0"), part("avro-python3", "1.10.2"), part("pytest", "8.2")],
    ],
)
def test_a_bill_of_something_else_is_wrong(
    parts: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert sbom(bill(*parts), LOCKED, "sbom.json") == FOUND
    assert "is not what requirements.lock names" in capsys.readouterr().out


def test_an_audit_that_asked_for_all_and_found_nothing_is_content(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = {"dependencies": [part("aiokafka", "0.14.0", vulns=[])]}
    assert audit(json.dumps(said), "") == 0
    assert capsys.readouterr().out == "1 dependencies without a known vulnerability\n"


def test_a_vulnerability_is_named_with_what_mends_it(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [{"id": "CVE-1", "fix_versions": ["0.14.1"]}, {"id": "CVE-2", "fix_versions": []}]
    said = {"dependencies": [part("aiokafka", "0.14.0", vulns=wrong), part("faust", "1", skip_reason="")]}
    assert audit(json.dumps(said), "") == FOUND
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "aiokafka 0.14.0: CVE-1, mended in 0.14.1",
        "aiokafka 0.14.0: CVE-2, mended in no version yet",
    ]
    assert lines[2].startswith("not audited")


@pytest.mark.parametrize(
    ("said", "error", "why"),
    [
        ({"dependencies": [part("faust", "1", skip_reason="not found")]}, "", "1 of 1 dependencies (faust"),
        ({"dependencies": []}, "", ""),
        (None, "Traceback\nConnectionError: no route\n", "not audited: ConnectionError: no route"),
    ],
)
def test_an_audit_that_could_not_ask_is_none(
    said: object, error: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit("" if said is None else json.dumps(said), error) == UNASKED
    assert why in capsys.readouterr().out


def test_the_lock_is_read_whole_and_the_tools_are_locked_by_hash() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert len(locked(text)) == len(re.findall(r"^[a-z].*==", text, re.MULTILINE)) > 20
    tools = (DEPLOY / "security.lock").read_text(encoding="utf-8")
    assert {"cyclonedx-bom", "pip-audit"} <= locked(tools).keys()
    assert tools.count("--hash=sha256:") >= len(locked(tools))
    assert "http" not in tools.replace("httpx", "")
