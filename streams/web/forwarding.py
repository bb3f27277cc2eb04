"""Asks the worker that has a partition, once, on behalf of whoever asked here.

A redirect would be less work, but whoever asks often cannot reach the other worker (its address may hold
within a cluster only), and clients drop the token when they follow to another host. A question that was
forwarded is never forwarded again, so two workers that disagree during a rebalance make no loop.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, StreamReader, TCPConnector, web
from yarl import URL

from streams.configuration.secret import Secret
from streams.web.answers import json_answer

HOP: Final = "Kairos-Forwarded"
PARTITION: Final = "Kairos-Partition"
WITHIN_S: Final = 3.0
CONNECTIONS_MAX: Final = 16
BODY_BYTES_MAX: Final = 16 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
NO_ANSWER: Final = frozenset({401, 403, 503})
"""Of these the other worker says nothing about the customer."""


def customer_url(worker: str, customer_id: str, items: int) -> URL:
    """Where a worker tells about a customer. An id may hold whatever a path may not."""
    path = f"/customers/{quote(customer_id, safe='')}?items={items}"
    return URL(worker.rstrip("/") + path, encoded=True)


class Forwarder:
    """One client for all other workers. The token is that of this worker: all members share one."""

    def __init__(self, token: Secret | None) -> None:
        self._headers = {HOP: "1", "Accept-Encoding": "identity"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token.reveal()}"
        self._session: ClientSession | None = None

    async def ask(self, worker: str, customer_id: str, partition: int, items: int) -> web.Response | None:
        """The other worker's answer, None when it gives none, or is not the one that it should be."""
        url = customer_url(worker, customer_id, items)
        try:
            async with self._client().get(url, headers=self._headers, allow_redirects=False) as answer:
                if answer.headers.get(PARTITION) != str(partition) or answer.status in NO_ANSWER:
                    return None
                body = await _body(answer.content)
                status = answer.status
        except (ClientError, OSError, TimeoutError, ValueError):
            return None
        return None if body is None else json_answer(body, status, {PARTITION: str(partition)})

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> ClientSession:
        if self._session is None:
            connector = TCPConnector(limit=CONNECTIONS_MAX)
            self._session = ClientSession(connector=connector, timeout=ClientTimeout(total=WITHIN_S))
        return self._session


async def _body(content: StreamReader) -> bytes | None:
    """All of it, None when it is more than a worker says."""
    parts: list[bytes] = []
    size = 0
    async for part in content.iter_chunked(CHUNK_BYTES):
        size += len(part)
        if size > BODY_BYTES_MAX:
            return None
        parts.append(part)
    return b"".join(parts)
