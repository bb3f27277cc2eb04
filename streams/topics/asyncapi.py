"""Pure. The contract as an AsyncAPI 3 document: each topic a channel, each record a message with its schema.

It is written from the registry of topics, the schema files and the settings of topics, so it cannot say
anything else than they do. `receive` is what Kairos reads, `send` what it writes.
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas.model import documents
from schemas.topics import DEAD_LETTERS, Topic, topics
from streams.outputs.wire import AVRO
from streams.settings import Settings
from streams.topics.wanted import Wanted, wanted_topics

VERSION: Final = "3.0.0"
KAFKA_BINDING: Final = "0.5.0"
SCHEMA_FORMAT: Final = "application/vnd.apache.avro;version=1.9.0"
BYTES: Final = "application/octet-stream"
TEXT: Final = {"type": "string"}
DESCRIPTION: Final = """\
Kairos reads what customers and their orders, parcels, devices and tickets do, and says when what may be said
to whom, until when, and when that is taken back. Values are Avro: in the Confluent wire format, in
single-object encoding, or, of inputs, as JSON of the same schema; the first byte tells. Keys are text."""
CLOUD_EVENT: Final[Mapping[str, str]] = {
    "content-type": "of the value",
    "ce_specversion": "1.0",
    "ce_id": "names this record; the same after every restart",
    "ce_source": "the topic",
    "ce_type": "namespace and name of the record",
    "ce_time": "when it was decided, RFC 3339",
}
LETTER: Final[Mapping[str, str]] = {
    "topic": "where the refused record lies",
    "partition": "its partition",
    "offset": "its offset",
    "reason": "why it was refused, one word",
    "field": "which field has the blame; empty for the whole record",
    "schema": "the record that the topic carries",
    "time": "when it was refused, epoch milliseconds",
}


def document(settings: Settings, version: str) -> dict[str, Any]:
    """The document of these topic names and this version of Kairos."""
    contract = [it for it in wanted_topics(settings) if it.topic is not None and it.topic.name in topics()]
    messages = {_message_name(it.topic): _message(it.topic) for it in contract if it.topic is not None}
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Kairos",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": AVRO.decode(),
        "channels": {it.topic.name: _channel(it, it.topic) for it in contract if it.topic is not None},
        "operations": dict(_operation(it.topic) for it in contract if it.topic is not None),
        "components": {"messages": messages},
    }


def _channel(wanted: Wanted, topic: Topic) -> dict[str, Any]:
    name = _message_name(topic)
    configs: dict[str, Any] = {
        entry: int(value) for entry, value in wanted.configs.items() if entry in _NUMBERS
    }
    configs["cleanup.policy"] = [wanted.configs["cleanup.policy"]]
    return {
        "address": wanted.name,
        "title": topic.name,
        "description": topic.doc,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {
            "kafka": {
                "topic": wanted.name,
                "partitions": wanted.partitions,
                "topicConfiguration": configs,
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "x-owner": topic.owner,
        "x-compatibility": topic.compatibility,
    }


_NUMBERS: Final = frozenset({"retention.ms", "delete.retention.ms", "max.message.bytes"})
"""Entries of a topic that the binding knows."""


def _operation(topic: Topic) -> tuple[str, dict[str, Any]]:
    action = "receive" if topic.direction == "in" else "send"
    channel = f"#/channels/{topic.name}"
    return f"{action}-{topic.name}", {
        "action": action,
        "channel": {"$ref": channel},
        "summary": topic.doc,
        "messages": [{"$ref": f"{channel}/messages/{_message_name(topic)}"}],
    }


def _message_name(topic: Topic) -> str:
    return topic.schema or "DeadLetter"


def _message(topic: Topic) -> dict[str, Any]:
    name = _message_name(topic)
    if topic.schema is None:
        assert topic.name == DEAD_LETTERS
        return {
            "name": name,
            "title": name,
            "summary": "The refused record, byte for byte.",
            "contentType": BYTES,
            "headers": _headers(LETTER),
            "payload": {},
        }
    schema = documents()[topic.schema]
    message: dict[str, Any] = {
        "name": f"{schema['namespace']}.{name}",
        "title": name,
        "summary": schema["doc"].split("\n")[0],
        "contentType": AVRO.decode(),
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": schema},
        "bindings": {
            "kafka": {
                "key": {**TEXT, "description": f"the field {topic.key} of the record"},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }
    return message if topic.direction == "in" else {**message, "headers": _headers(CLOUD_EVENT)}


def _headers(words: Mapping[str, str]) -> dict[str, Any]:
    properties = {name: {**TEXT, "description": meaning} for name, meaning in words.items()}
    return {"type": "object", "required": [*words], "properties": properties}
