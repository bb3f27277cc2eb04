"""What is known of a registry: schemas by their ids, which never change, and the ids of our own.

Whoever decodes asks at once and never waits. An id that is not known is asked for in the background, until
the registry answers: what bears it waits so long (see `streams.engine.reading`), and nothing is refused for
an outage. Only when a registry that can be reached says for `ABSENT_AFTER_S` that it has no such id is it
taken for a mistake of the sender; a registry that copies from another may be late by a moment.

All of it is kept in a file, so that a worker starts and goes on while the registry is away.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final

import msgspec
from msgspec import Struct

from schemas.errors import Reason, SchemaUnavailable, Undecodable
from schemas.framing import CONFLUENT, CONFLUENT_BYTES
from schemas.model import Schema
from streams.errors import Fatal
from streams.registry.client import RegistryAway, RegistryClient
from streams.registry.subjects import output_ids
from streams.settings import Settings

log = logging.getLogger(__name__)

ABSENT_AFTER_S: Final = 10.0
ASK_AGAIN_S: Final = 1.0
ALIVE_EVERY_S: Final = 10.0
"""How often a registry of which nothing is wanted is asked whether it is there."""
SCHEMAS_MAX: Final = 1_024
FILE: Final = "registry-schemas.json"


class Kept(Struct, frozen=True):
    """What the file holds. Of another registry it says nothing."""

    url: str
    schemas: dict[int, str]
    outputs: dict[str, int]


class SchemaCache:
    """A `SchemaSource` over a registry. `file` is where it is kept, if it is."""

    def __init__(self, client: RegistryClient, file: Path | None) -> None:
        self.reachable = True
        """Whether the registry answered when it was asked last."""
        self.outputs: Mapping[str, int] = {}
        """The ids of our own schemas, by topic without prefix; see `open`."""
        self._client = client
        self._file = file
        self._texts: dict[int, str] = {}
        self._parsed: dict[int, Schema] = {}
        self._absent: dict[int, float] = {}
        """Since when the registry says so."""
        self._wanted: set[int] = set()
        self._asked = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many ids are asked for."""
        return len(self._wanted)

    async def open(self, prefix: str, *, with_outputs: bool) -> None:
        """Read the file, learn the ids of outputs, and from now on ask for what is wanted.

        Fatal: the outputs are not registered, or their ids never were heard.
        """
        kept = self._read()
        self._texts, self.outputs = dict(kept.schemas), kept.outputs
        if with_outputs:
            try:
                await self._learn_outputs(prefix)
            except BaseException:
                await self.close()
                raise
        self._asking = asyncio.create_task(self._ask(), name="schema-registry")

    async def _learn_outputs(self, prefix: str) -> None:
        try:
            self.outputs = await output_ids(self._client, prefix)
        except RegistryAway as error:
            self.reachable = False
            if not self.outputs:
                raise Fatal(f"{error}; without it the ids of our own schemas are not known") from error
            log.warning("%s: the ids of our own schemas are those of the last time", error)
        self._write()

    def schema(self, schema_id: int) -> Schema:
        """As `SchemaSource`; asks for what is not known. Undecodable: there is no such id."""
        if not self.ready(schema_id):
            raise SchemaUnavailable(f"the schema {schema_id} is not known yet")
        if schema_id not in self._texts:
            raise Undecodable(Reason.UNKNOWN_SCHEMA)
        if schema_id not in self._parsed:
            self._parsed[schema_id] = _parsed(self._texts[schema_id])
        return self._parsed[schema_id]

    def ready(self, schema_id: int) -> bool:
        """Whether `schema` has an answer; else it is asked for."""
        if schema_id in self._texts:
            return True
        since_s = self._absent.get(schema_id)
        if since_s is not None and monotonic() - since_s >= ABSENT_AFTER_S:
            return True
        self._wanted.add(schema_id)
        self._asked.set()
        return False

    def readable(self, value: bytes | None) -> bool:
        """Whether this value of a record could be decoded now, or refused."""
        if value is None or not value.startswith(CONFLUENT) or len(value) < CONFLUENT_BYTES:
            return True
        return self.ready(int.from_bytes(value[1:CONFLUENT_BYTES], "big"))

    async def sure(self, value: bytes | None) -> None:
        """Ask at once for what this value needs, for whoever has the time. Raises `RegistryAway`."""
        if value is None or self.readable(value):
            return
        schema_id = int.from_bytes(value[1:CONFLUENT_BYTES], "big")
        text = await self._client.schema(schema_id)
        if text is None:
            self._absent[schema_id] = monotonic() - ABSENT_AFTER_S
        else:
            self._learn(schema_id, text)

    def problem(self) -> str | None:
        """Why the registry cannot be asked now, None when it can; as of the last time."""
        return None if self.reachable else "the schema registry does not answer"

    async def close(self) -> None:
        """Stop asking, and close the connections."""
        if self._asking is not None:
            self._asking.cancel()
        await self._client.close()

    async def _ask(self) -> None:
        """Ask for what is wanted, until cancelled."""
        while True:
            self._asked.clear()
            try:
                await self._round()
                self._heard(reachable=True)
            except (RegistryAway, Fatal) as error:
                self._heard(reachable=False, error=error)
            if self._wanted or not self.reachable:
                await asyncio.sleep(ASK_AGAIN_S)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), ALIVE_EVERY_S)

    async def _round(self) -> None:
        """Ask once for each id that is wanted, or only whether anybody is there."""
        if not self._wanted:
            await self._client.alive()
        for schema_id in sorted(self._wanted):
            text = await self._client.schema(schema_id)
            if text is not None:
                self._learn(schema_id, text)
            elif monotonic() - self._absent.setdefault(schema_id, monotonic()) >= ABSENT_AFTER_S:
                self._wanted.discard(schema_id)
                log.error("the schema registry has no schema %s: records that bear it are refused", schema_id)
        while len(self._absent) > SCHEMAS_MAX:
            self._absent.pop(next(iter(self._absent)))

    def _learn(self, schema_id: int, text: str) -> None:
        self._texts[schema_id] = text
        self._absent.pop(schema_id, None)
        self._wanted.discard(schema_id)
        while len(self._texts) > SCHEMAS_MAX:
            oldest = next(iter(self._texts))
            del self._texts[oldest]
            self._parsed.pop(oldest, None)
        self._write()

    def _heard(self, *, reachable: bool, error: Exception | None = None) -> None:
        """Say it when that changes."""
        if reachable != self.reachable:
            self.reachable = reachable
            if reachable:
                log.info("the schema registry answers again")
            else:
                log.warning("%s; what is known is used, and records of other schemas wait", error)

    def _read(self) -> Kept:
        nothing = Kept(self._client.url, {}, {})
        if self._file is None:
            return nothing
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):
            return nothing
        return kept if kept.url == self._client.url else nothing

    def _write(self) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        incoming = self._file.with_suffix(".incoming")
        incoming.write_bytes(msgspec.json.encode(Kept(self._client.url, self._texts, dict(self.outputs))))
        incoming.replace(self._file)


def schema_cache(settings: Settings) -> SchemaCache | None:
    """That of the registry of these settings, if they name one."""
    if settings.registry.url is None:
        return None
    return SchemaCache(RegistryClient(settings.registry), settings.state.dir / FILE)


def _parsed(text: str) -> Schema:
    """A schema as it stands in JSON; what is none is no record either, and its data is refused as such."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
