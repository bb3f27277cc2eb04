"""Who may ask. What is known of customers is nobody's business but that of those who run the worker.

With a token, whoever shows it. Without one the server listens on the loopback interface alone (a rule of the
settings), and a request must name a loopback host: else a page in somebody's browser could reach it under a
name of its own that leads there. Whether the worker lives and is ready may be asked by everybody.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from streams.configuration.rules import is_loopback
from streams.configuration.secret import Secret
from streams.web.answers import refusal

log = logging.getLogger(__name__)

OPEN_TO_ALL: Final = frozenset({"/healthz", "/readyz"})
SCHEME: Final = "Bearer"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def shows(authorization: str, token: Secret) -> bool:
    """Whether a header shows the token. Takes as long for every wrong one of the same length."""
    scheme, _, shown = authorization.partition(" ")
    given, right = shown.strip().encode("utf-8", "surrogateescape"), token.reveal().encode()
    return scheme.lower() == SCHEME.lower() and hmac.compare_digest(given, right)


def guard(token: Secret | None) -> Middleware:
    """A middleware that lets nobody else pass, and answers in JSON whatever goes wrong."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in OPEN_TO_ALL and (refused := _refused(request, token)) is not None:
            return refused
        try:
            return await handler(request)
        except web.HTTPException as error:
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
            return refusal(error.status, error.reason, headers)
        except Exception:
            log.exception("a request for %s failed", request.match_info.route.resource)
            return refusal(500, "the worker failed to answer: see its log")

    return guarded


def _refused(request: web.Request, token: Secret | None) -> web.Response | None:
    if token is not None:
        if shows(request.headers.get("Authorization", ""), token):
            return None
        return refusal(401, "show the token of web.token", {"WWW-Authenticate": SCHEME})
    host = request.url.host
    if host is not None and is_loopback(host):
        return None
    return refusal(403, "without web.token only requests to a loopback host are answered")
