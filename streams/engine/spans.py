"""Spans for OpenTelemetry: what was said because of a traced event, as children of the sender's span.

    transaction that stands -> outputs and dead letters that bear a trace -> a span each -> OTLP over HTTP

Loaded only where `tracing.otlp.endpoint` is set, because the SDK comes with the extra `tracing`. Outputs are
the same with and without: they bear the sender's context, and a span here is a leaf beside what follows.
What a look says later is a child of the event that was its cause. A thread of the SDK exports, and lets spans
go when its queue is full, so that nothing waits for a collector. Certificates, headers, sampling and the
queue are those of the SDK's own variables, `OTEL_EXPORTER_OTLP_*`, `OTEL_TRACES_*` and `OTEL_BSP_*`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streams.inputs.tracing import HEADER

if TYPE_CHECKING:
    from streams.engine.commit import Commit

EXPORT_WITHIN_S: Final = 2
"""How long one export may take, and with it the end of a worker whose collector is away."""


class Spans:
    """Exports spans to a collector at `endpoint`. `logged_key` hashes a customer's id."""

    def __init__(self, endpoint: str, service: str, version: str, logged_key: Callable[[str], str]) -> None:
        resource = Resource.create({"service.name": service, "service.version": version})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_WITHIN_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("kairos", version)
        self._extract = TraceContextTextMapPropagator().extract
        self._logged_key = logged_key

    def said(self, commit: Commit, partition: int, began_ns: int, ended_ns: int) -> None:
        """A transaction stands that began and ended at these times, in nanoseconds since the epoch."""
        for output in (*commit.outputs, *commit.letters):
            trace = dict(output.headers).get(HEADER)
            if trace is None:
                continue
            span = self._tracer.start_span(
                f"send {output.topic}",
                self._extract({HEADER: trace.decode("ascii")}),
                kind=SpanKind.PRODUCER,
                attributes={
                    "messaging.system": "kafka",
                    "messaging.operation.type": "send",
                    "messaging.destination.name": output.topic,
                    "messaging.destination.partition.id": str(partition),
                    "kairos.customer": self._logged_key((output.key or b"").decode(errors="replace")),
                },
                start_time=began_ns,
            )
            span.end(ended_ns)

    def close(self) -> None:
        """Export what is left, for a bounded time."""
        self._provider.shutdown()
