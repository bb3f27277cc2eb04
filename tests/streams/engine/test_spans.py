"""Spans for OpenTelemetry: one for each traced output of a transaction that stands, under the sender's."""

import logging
import socket
from pathlib import Path
from time import monotonic

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from state.store import Batch
from streams.app import create
from streams.engine.commit import Commit, Output
from streams.engine.position import Position
from streams.engine.spans import EXPORT_WITHIN_S, Spans
from streams.errors import Fatal
from streams.inputs.tracing import HEADER
from streams.settings import load_settings
from tests.collector import collector, words
from tests.streams.inputs.test_tracing import TRACE

CUSTOMER = "somebody"
UNSAMPLED = TRACE[:-2] + "00"


def output(trace: str | None, topic: str = "journey.eligibility") -> Output:
    headers = () if trace is None else ((HEADER, trace.encode()),)
    return Output(topic, CUSTOMER.encode(), b"value", headers)


def commit(*outputs: Output, letters: tuple[Output, ...] = ()) -> Commit:
    return Commit(list(outputs), list(letters), Batch(), Position(), 1)


def spans(url: str) -> Spans:
    return Spans(url, "kairos-test", "1.2.3", lambda customer_id: f"hash of {len(customer_id)}")


def test_what_a_traced_event_led_to_is_a_span_under_its_sender() -> None:
    with collector() as there:
        made = spans(there.url)
        made.said(commit(output(TRACE), output(None)), 7, 1_000, 2_000)
        made.close()
        resource, span = there.spans.get_nowait()
        assert there.spans.empty()
    assert span.trace_id.hex() == TRACE[3:35]
    assert span.parent_span_id.hex() == TRACE[36:52]
    assert (span.name, span.kind) == ("send journey.eligibility", Span.SPAN_KIND_PRODUCER)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (1_000, 2_000)
    assert words(span.attributes) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "send",
        "messaging.destination.name": "journey.eligibility",
        "messaging.destination.partition.id": "7",
        "kairos.customer": "hash of 8",
    }
    assert resource["service.name"] == "kairos-test"
    assert resource["service.version"] == "1.2.3"


def test_a_dead_letter_is_a_span_too_and_an_unsampled_trace_is_none() -> None:
    with collector() as there:
        made = spans(there.url)
        letter = output(TRACE, "journey.dead-letters")
        made.said(commit(output(UNSAMPLED), letters=(letter,)), 0, 1, 2)
        made.close()
        assert there.spans.get_nowait()[1].name == "send journey.dead-letters"
        assert there.spans.empty()


def test_no_span_names_a_customer() -> None:
    with collector() as there:
        made = spans(there.url)
        made.said(commit(output(TRACE)), 0, 1, 2)
        made.close()
        assert CUSTOMER not in str(there.spans.get_nowait())


def test_a_collector_that_is_away_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    made = spans(url)
    began_s = monotonic()
    with caplog.at_level(logging.CRITICAL):
        made.said(commit(output(TRACE)), 0, 1, 2)
        said_s = monotonic() - began_s
        made.close()
    assert said_s < 1
    assert monotonic() - began_s < EXPORT_WITHIN_S + 3


def test_without_the_extra_a_worker_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "streams.engine.spans", None)
    settings = load_settings(
        {"KAIROS_TRACING_OTLP_ENDPOINT": "http://127.0.0.1:4318", "KAIROS_STATE_DIR": str(tmp_path)}
    )
    with pytest.raises(Fatal, match=r"pip install 'kairos-journey\[tracing\]'"):
        create(settings)
