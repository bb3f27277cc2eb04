"""`GET /metrics`: what the worker counts, as Prometheus reads it. Each process has a page of its own."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from streams.metrics.collector import page
from streams.metrics.now import Watched

METRICS: Final = "/metrics"


class MetricsPage:
    """Answers with all metrics as they are now."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    async def get(self, _: web.Request) -> web.Response:
        """The text of one scrape."""
        headers = {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Cache-Control": "no-store"}
        return web.Response(body=page(self._watched), headers=headers)
