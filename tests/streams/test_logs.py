"""Lines of the log: objects that a collector reads, and nothing of customers in them."""

import json
import logging
import sys
from contextvars import copy_context
from typing import Any

import pytest

from streams.engine.task import log as task_log
from streams.logs import FIELDS, PARTITION, JsonLines

WRITTEN = "what a customer wrote"


def line(record: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    return task_log.makeRecord(task_log.name, logging.WARNING, "", 0, message, args, None, extra=extra)


def test_a_line_is_one_object_with_its_time_in_utc() -> None:
    made = record("partition %s:\nopened anew", 3)
    made.created = 1_700_000_000.123
    assert line(made) == {
        "time": "2023-11-14T22:13:20.123Z",
        "level": "warning",
        "logger": "streams.engine.task",
        "message": "partition 3:\nopened anew",
    }


def test_what_a_line_is_about_stands_in_fields_and_nothing_else_does() -> None:
    about = {"topic": "journey.usage", "partition": 0, "offset": 0, "trace_id": "t", "customer": "c"}
    found = line(record("failed", **about, value=WRITTEN))
    assert {name: found[name] for name in FIELDS} == about
    assert WRITTEN not in str(found)
    assert "trace_id" not in line(record("failed", trace_id=""))


def test_a_task_of_a_partition_says_which_in_every_line() -> None:
    assert "partition" not in line(record("a client did not answer"))
    context = copy_context()
    context.run(PARTITION.set, 7)
    assert context.run(line, record("a client did not answer"))["partition"] == 7
    assert context.run(line, record("of another", partition=2))["partition"] == 2


def test_of_an_error_the_kind_and_the_place_are_said() -> None:
    made = record("a request failed")
    try:
        int(WRITTEN)
    except ValueError:
        made.exc_info = sys.exc_info()
    found = line(made)
    assert found["error"].startswith("ValueError in streams.test_logs, line ")
    assert WRITTEN not in str(found)


@pytest.mark.parametrize("odd", [b"bytes", {1, 2}, object()])
def test_whatever_is_named_makes_a_line(odd: object) -> None:
    assert line(record("odd", topic=odd))["message"] == "odd"
