"""What of the contract a registry holds, and what registering the rest would break.

A new version is judged by our own rules over every registered one (they see limits too, which Avro does
not), and once more by the registry when it is registered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from schemas.compat import check
from schemas.names import named_types, well_formed
from streams.registry.client import RegistryClient
from streams.registry.subjects import Subject

BREAKS_SHOWN_MAX: Final = 3


class Verdict(StrEnum):
    """What is to be done about a subject."""

    OK = "ok"
    REGISTER = "register"
    """It has no version that is ours."""
    SET = "set compatibility"
    """It holds our schema, under another compatibility."""
    REFUSED = "refused"
    """Our schema breaks one that is registered: whoever wrote that or changed ours must act."""


class Finding(Struct, frozen=True):
    """One subject as it is, and what is to be done."""

    subject: Subject
    verdict: Verdict
    found: str
    todo: str


async def look(client: RegistryClient, wanted: Sequence[Subject]) -> list[Finding]:
    """All subjects, compared."""
    return [await _look(client, subject) for subject in wanted]


async def carry_out(client: RegistryClient, findings: Sequence[Finding]) -> list[tuple[Subject, int]]:
    """Register what is to be, under its compatibility; the ids. Raises `NotTaken` for the first refused."""
    done = []
    for finding in findings:
        subject = finding.subject
        if finding.verdict in (Verdict.REGISTER, Verdict.SET):
            await client.set_compatibility(subject.name, subject.level)
        if finding.verdict is Verdict.REGISTER:
            done.append((subject, await client.register(subject.name, subject.text)))
    return done


def settled(findings: Sequence[Finding]) -> bool:
    """Whether nothing is to be done."""
    return all(finding.verdict is Verdict.OK for finding in findings)


async def _look(client: RegistryClient, subject: Subject) -> Finding:
    versions = await client.versions(subject.name)
    level = await client.compatibility(subject.name) if versions else None
    schema_id = await client.id_of(subject.name, subject.text) if versions else None
    if schema_id is not None and level == subject.level:
        return Finding(subject, Verdict.OK, f"id {schema_id}, {level}", "")
    broken = list(_broken(subject, versions))
    if broken:
        return Finding(subject, Verdict.REFUSED, f"{len(versions)} versions", "; ".join(broken))
    if schema_id is not None:
        return Finding(subject, Verdict.SET, f"id {schema_id}, {level or 'of all'}", subject.level)
    found = f"{len(versions)} versions, none ours" if versions else "missing"
    return Finding(subject, Verdict.REGISTER, found, f"our schema, {subject.level}")


def _broken(subject: Subject, versions: Sequence[str]) -> Iterator[str]:
    """What our schema breaks of those that are registered."""
    for number, text in enumerate(versions, 1):
        older = _record(text)
        if older is None:
            yield f"version {number} is no Avro record"
            continue
        found = check(older, subject.schema, subject.compatibility)
        if found:
            yield f"version {number}: {', '.join(map(str, found[:BREAKS_SHOWN_MAX]))}"


def _record(text: str) -> dict[str, Any] | None:
    try:
        schema = json.loads(text)
        fits = schema["type"] == "record" and well_formed(schema, named_types(schema))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    return schema if fits else None
