"""Answers as JSON: one shape for what is wrong, and no cache keeps what is known of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

RETRY_AFTER_S: Final = 1
JSON: Final = "application/json"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer of plain data or structs; bytes are taken for JSON already."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return web.Response(body=raw, status=status, content_type=JSON, headers={**_HEADERS, **(headers or {})})


def refusal(status: int, why: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer that says why there is none."""
    return json_answer({"error": why}, status, headers)


def later(why: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """The same question has an answer soon."""
    return refusal(503, why, {"Retry-After": str(RETRY_AFTER_S), **(headers or {})})
