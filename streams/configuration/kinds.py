"""What a setting may be: how it is read from text and from TOML, how it is shown, and what is allowed.

Text comes from the environment and the command line, where everything is text; a file has types, and a number
in quotes there is a mistake that is worth a word. Whatever is shown reads back as the same value.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from msgspec import Struct

from streams.configuration.secret import HIDDEN, Secret

WORD_CHARS_MAX: Final = 1_024
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


class NotAllowed(ValueError):
    """The value is none of this kind; the kind says what is."""


class Kind(Struct, frozen=True):
    """One kind of value. `from_text` and `from_toml` raise `NotAllowed`; None stands for "not set"."""

    allowed: str
    from_text: Callable[[str], object]
    from_toml: Callable[[object], object]
    is_secret: bool = False
    is_path: bool = False


def shown(value: object) -> str:
    """A value as text that reads back as the same value; secrets are hidden, and "" is not set."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def plain(value: object) -> object:
    """A value as JSON has it; secrets are hidden."""
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, int | float) else shown(value)


def whole(least: int, most: int) -> Kind:
    """A whole number within bounds."""

    def within(number: int) -> int:
        if not least <= number <= most:
            raise NotAllowed
        return number

    def from_text(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise NotAllowed
        return within(int(text))

    def from_toml(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise NotAllowed
        return within(value)

    return Kind(f"a whole number from {least} to {most}", from_text, from_toml)


def number(least: float, most: float) -> Kind:
    """A number within bounds, neither of them negative."""

    def within(found: float) -> float:
        if not least <= found <= most:
            raise NotAllowed
        return found

    def from_text(text: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise NotAllowed
        return within(float(text))

    def from_toml(value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise NotAllowed
        return within(float(value))

    return Kind(f"a number from {least:g} to {most:g}", from_text, from_toml)


def choice(*words: str) -> Kind:
    """One of a few words."""
    return _of_text(f"one of {', '.join(words)}", lambda text: text if text in words else _refuse())


def name(chars_max: int, chars_min: int = 1) -> Kind:
    """A word that Kafka takes as a part of a topic's name."""

    def read(text: str) -> str:
        fits = chars_min <= len(text) <= chars_max and (not text or _NAME.fullmatch(text))
        return text if fits and text not in (".", "..") else _refuse()

    return _of_text(f"{chars_min} to {chars_max} letters, digits, dots, - and _", read)


def text(chars_max: int = WORD_CHARS_MAX) -> Kind:
    """Any text on one line."""

    def read(found: str) -> str:
        return found if 1 <= len(found) <= chars_max and found.isprintable() else _refuse()

    return _of_text(f"text of 1 to {chars_max} printable characters", read)


def secret(bytes_min: int, bytes_max: int) -> Kind:
    """A text that is never shown."""

    def read(found: str) -> Secret:
        size = len(found.encode("utf-8", "surrogateescape"))
        return Secret(found) if bytes_min <= size <= bytes_max and found.isprintable() else _refuse()

    def from_toml(value: object) -> Secret:
        return read(value) if isinstance(value, str) else _refuse()

    allowed = f"text of {bytes_min} to {bytes_max} bytes in UTF-8, all printable"
    return Kind(allowed, read, from_toml, is_secret=True)


def url() -> Kind:
    """An address over HTTP."""

    def read(found: str) -> str:
        fits = found.startswith(("http://", "https://")) and found.isprintable() and " " not in found
        return found.rstrip("/") if fits and "@" not in found else _refuse()

    return _of_text("an address that begins with http:// or https://, without user and password", read)


def path() -> Kind:
    """A path of a file or folder, which need not be there yet; `~` is the home of the user."""

    def read(found: str) -> Path:
        return Path(found).expanduser() if found and "\0" not in found else _refuse()

    def from_toml(value: object) -> Path:
        return read(value) if isinstance(value, str) else _refuse()

    return Kind("a path", read, from_toml, is_path=True)


def hosts() -> Kind:
    """Addresses of brokers."""

    def read(found: Sequence[str]) -> tuple[str, ...]:
        if not found or not all(_is_host(host) for host in found):
            raise NotAllowed
        return tuple(found)

    def from_text(text: str) -> tuple[str, ...]:
        return read([host.strip() for host in text.split(",")])

    def from_toml(value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            return from_text(value)
        if not isinstance(value, list) or not all(isinstance(host, str) for host in value):
            raise NotAllowed
        return read(value)

    return Kind("host:port, or several with commas between them", from_text, from_toml)


def time() -> Kind:
    """An instant, with its offset from UTC."""

    def read(found: datetime) -> datetime:
        if found.tzinfo is None:
            raise NotAllowed
        return found.astimezone(UTC)

    def from_text(text: str) -> datetime:
        try:
            return read(datetime.fromisoformat(text))
        except (ValueError, OverflowError) as error:
            raise NotAllowed from error

    def from_toml(value: object) -> datetime:
        return read(value) if isinstance(value, datetime) else from_text(str(value))

    return Kind("a time with its offset, as 2026-03-01T12:00:00Z", from_text, from_toml)


def _of_text(allowed: str, read: Callable[[str], str]) -> Kind:
    """A kind of text, which a file must write as text too."""

    def from_toml(value: object) -> str:
        return read(value) if isinstance(value, str) else _refuse()

    return Kind(allowed, read, from_toml)


def _is_host(text: str) -> bool:
    match = _HOST.fullmatch(text)
    return match is not None and 0 < int(match[2]) < 65_536


def _refuse() -> NoReturn:
    raise NotAllowed
