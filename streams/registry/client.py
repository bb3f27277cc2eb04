"""Asks a registry and tells it, by the Confluent API. Decides nothing and remembers nothing.

https://docs.confluent.io/platform/current/schema-registry/develop/api.html names the calls; those used here
are answered by Confluent's registry, Apicurio (`/apis/ccompat/v7`), Karapace and Redpanda alike.
"""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from streams.errors import Fatal, Retryable
from streams.settings import RegistrySettings

MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
AVRO: Final = "AVRO"
WITHIN_S: Final = 10.0
CONNECTIONS_MAX: Final = 4
ANSWER_BYTES_MAX: Final = 8 << 20
NOT_FOUND: Final = 404
REFUSED: Final = (401, 403)
WRONG: Final = (409, 422)
REASON_CHARS_MAX: Final = 300


class RegistryAway(Retryable):
    """It cannot be reached, or has a fault of its own."""


class NotTaken(Fatal):
    """It refuses the schema: as incompatible, or as none at all."""


class RegistryClient:
    """The registry of these settings. Each call raises `RegistryAway`, or `Fatal` where it lets nobody in."""

    def __init__(self, settings: RegistrySettings) -> None:
        assert settings.url is not None
        self.url = settings.url
        self._settings = settings
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def schema(self, schema_id: int) -> str | None:
        """The text of the schema with this id, None where there is none. One that is not Avro is `{}`."""
        found = await self._ask("GET", f"/schemas/ids/{schema_id}")
        if found is None:
            return None
        return str(found["schema"]) if found.get("schemaType", AVRO) == AVRO else "{}"

    async def id_of(self, subject: str, text: str) -> int | None:
        """The id that this very schema has under the subject, None where it is not registered."""
        found = await self._ask("POST", f"/subjects/{quote(subject, safe='')}", {"schema": text})
        return None if found is None else int(found["id"])

    async def versions(self, subject: str) -> list[str]:
        """The texts of all versions of the subject, the oldest first."""
        path = f"/subjects/{quote(subject, safe='')}/versions"
        numbers = await self._ask("GET", path) or []
        found = [await self._ask("GET", f"{path}/{number}") for number in sorted(numbers)]
        return [str(version["schema"]) for version in found if version is not None]

    async def register(self, subject: str, text: str) -> int:
        """Register it; its id. Raises `NotTaken`."""
        found = await self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", {"schema": text})
        if found is None:
            raise NotTaken(f"{subject}: the registry does not know this call")
        return int(found["id"])

    async def compatibility(self, subject: str) -> str | None:
        """What a new version must keep to, where the subject says so itself."""
        found = await self._ask("GET", f"/config/{quote(subject, safe='')}")
        return None if found is None else str(found["compatibilityLevel"])

    async def set_compatibility(self, subject: str, level: str) -> None:
        """From now on a new version must keep to it."""
        await self._ask("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": level})

    async def alive(self) -> None:
        """Return when it answers."""
        await self._ask("GET", "/config")

    async def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        """The answer, None for what is not there."""
        data = None if body is None else json.dumps(body)
        url = URL(self.url + path, encoded=True)
        try:
            async with self._client().request(method, url, data=data) as answer:
                return await self._understood(answer, path)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            raise RegistryAway(f"the schema registry {self.url} cannot be asked: {error!r}") from error

    async def _understood(self, answer: ClientResponse, path: str) -> Any:
        if answer.status == NOT_FOUND:
            return None
        text = (await answer.content.read(ANSWER_BYTES_MAX)).decode()
        if answer.ok:
            return json.loads(text) if text else {}
        said = text[:REASON_CHARS_MAX]
        if answer.status in REFUSED:
            raise Fatal(f"the schema registry {self.url} lets this user not in: see registry.username")
        if answer.status in WRONG:
            raise NotTaken(f"{path}: {said}")
        raise RegistryAway(f"the schema registry {self.url} answers {answer.status} to {path}: {said}")

    def _client(self) -> ClientSession:
        """One session for all calls, made when a loop runs."""
        if self._session is None:
            settings = self._settings
            headers = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
            if settings.username is not None and settings.password is not None:
                shown = f"{settings.username}:{settings.password.reveal()}".encode()
                headers["Authorization"] = f"Basic {b64encode(shown).decode()}"
            context = ssl.create_default_context(cafile=settings.ssl_ca_location)
            self._session = ClientSession(
                headers=headers,
                connector=TCPConnector(limit=CONNECTIONS_MAX, ssl=context),
                timeout=ClientTimeout(total=WITHIN_S),
            )
        return self._session
