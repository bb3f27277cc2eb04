"""What a customer wrote is for nobody else: no output carries the text of a reply."""

from collections.abc import Iterator
from typing import Any

from streams.checkers.checker import Checker
from streams.checkers.history import Record, Step

TEXT_CHARS_MIN = 8
"""A shorter text, such as "yes", is a word that outputs use themselves."""


class Privacy(Checker):
    """Every text in every record, at any depth."""

    name = "privacy"

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:  # noqa: ARG002 - base
        """Judge one record."""
        secrets = [text for text in self.case.known.texts if len(text) >= TEXT_CHARS_MIN]
        if not secrets:
            return
        for said in _texts(record):
            if any(secret in said for secret in secrets):
                yield f"{topic} repeats what the customer wrote"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for entry in value:
            yield from _texts(entry)
    elif hasattr(value, "__struct_fields__"):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name))
