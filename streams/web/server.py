"""The server as a service of the worker: it listens before the group is joined, and ends after it was left.

So it can say of a worker that waits for its broker that it lives, and the address that other members of the
group are told is the one that was truly had.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final

from aiohttp import web
from mode import Service
from yarl import URL

from streams.settings import WebSettings
from streams.web.access import guard
from streams.web.binding import listening, reached_at

STOP_WITHIN_S: Final = 1.0
"""How long answers that are on their way may take when the worker ends."""
REQUEST_BYTES_MAX: Final = 64 * 1024
KEEP_ALIVE_S: Final = 30.0

Route = tuple[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]
"""A path and what answers it; all routes are for reading."""


class WebServer(Service):
    """Listens from `start` to `stop`. `listens` is told the address at which others reach it.

    `closes` is awaited at the end; what is `beside` runs as long as it listens.
    """

    abstract = False

    def __init__(
        self,
        settings: WebSettings,
        routes: Iterable[Route],
        listens: Callable[[URL], None],
        closes: Callable[[], Awaitable[None]] | None = None,
        beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self._settings = settings
        self._routes = tuple(routes)
        self._listens = listens
        self._closes = closes
        self._beside = beside
        self._runner: web.AppRunner | None = None

    async def on_start(self) -> None:
        if self._beside is not None:
            self.add_future(self._beside())
        settings = self._settings
        app = web.Application(middlewares=[guard(settings.token)], client_max_size=REQUEST_BYTES_MAX)
        app.add_routes([web.get(path, handler) for path, handler in self._routes])
        runner = self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=STOP_WITHIN_S, keepalive_timeout=KEEP_ALIVE_S
        )
        await runner.setup()
        taken = listening(settings.host, settings.port)
        await web.SockSite(runner, taken).start()
        url = reached_at(settings.host, settings.advertised_host, taken.getsockname()[1])
        self._listens(url)
        self.log.info("pages are served at %s", url)

    async def on_stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._closes is not None:
            await self._closes()
