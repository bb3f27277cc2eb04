"""The document of the contract, which is written and never edited."""

import json
from typing import Any

import pytest

from schemas.model import FOLDER, documents
from schemas.topics import topics
from streams.cli import main
from streams.settings import load_settings
from streams.topics.wanted import wanted_topics

FILE = FOLDER / "asyncapi.json"


@pytest.fixture
def document() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def resolved(document: dict[str, Any], reference: dict[str, str]) -> Any:
    found: Any = document
    for word in reference["$ref"].removeprefix("#/").split("/"):
        found = found[word]
    return resolved(document, found) if set(found) == {"$ref"} else found


def test_the_document_is_what_the_command_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """`kairos schemas asyncapi > schemas/asyncapi.json` writes it anew."""
    assert main(["schemas", "asyncapi"]) == 0
    assert capsys.readouterr().out == FILE.read_text(encoding="utf-8")


def test_every_topic_is_a_channel_with_its_record(document: dict[str, Any]) -> None:
    assert document["asyncapi"] == "3.0.0"
    wanted = {it.topic.name: it for it in wanted_topics(load_settings({})) if it.topic}
    assert document["channels"].keys() == topics().keys()
    for name, topic in topics().items():
        channel = document["channels"][name]
        assert channel["address"] == topic.full_name()
        kafka = channel["bindings"]["kafka"]
        assert kafka["partitions"] == topic.partitions
        assert kafka["topicConfiguration"]["cleanup.policy"] == [wanted[name].configs["cleanup.policy"]]
        (message,) = (resolved(document, it) for it in channel["messages"].values())
        if topic.schema:
            assert message["payload"]["schema"] == documents()[topic.schema]


def test_kairos_receives_its_inputs_and_sends_its_outputs(document: dict[str, Any]) -> None:
    done = {
        (operation["action"], resolved(document, operation["channel"])["title"])
        for operation in document["operations"].values()
    }
    assert done == {("receive" if it.direction == "in" else "send", it.name) for it in topics().values()}
    for operation in document["operations"].values():
        channel = resolved(document, operation["channel"])
        for message in operation["messages"]:
            assert resolved(document, message) in [
                resolved(document, it) for it in channel["messages"].values()
            ]


def test_another_prefix_gives_other_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemas", "asyncapi", "--prefix", "shop."]) == 0
    channels = json.loads(capsys.readouterr().out)["channels"]
    assert channels["purchases"]["address"] == "shop.purchases"
    assert channels["purchases"]["bindings"]["kafka"]["topic"] == "shop.purchases"
