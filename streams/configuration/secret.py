"""A text that must never be seen: not in a log, a traceback, a page or the output of a command.

Hiding it at the places that print would need every such place to remember; so the value hides itself, and
who truly needs the text says so with `reveal`.
"""

from typing import Final

HIDDEN: Final = "******"
"""Stands for every secret, whatever its length."""


class Secret:
    """A secret text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for whoever it is meant for."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)
