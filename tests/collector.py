"""An OpenTelemetry collector for tests: it takes OTLP over HTTP and keeps the spans."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """Where it listens, and what came: pairs of a resource's attributes and a span, in order."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: Queue[tuple[dict[str, str], Any]] = Queue()


def words(attributes: Any) -> dict[str, str]:
    """Attributes by name."""
    return {it.key: it.value.string_value for it in attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    """One on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            request = ExportTraceServiceRequest.FromString(body)
            for one in request.resource_spans:
                for scope in one.scope_spans:
                    for span in scope.spans:
                        here.spans.put((words(one.resource.attributes), span))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Collector(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
