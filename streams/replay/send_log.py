"""A team's own log of what it sent: CSV with a header, or JSON Lines, also gzipped.

    customer  time                  product  campaign  channel  context          move
    17850     2011-02-03T09:00:00Z  85123A   day-3     email    shipping_update  offer

`customer` and `time` are needed, and `product` or `campaign`. Times are ISO 8601, UTC where they name no
offset, or epoch milliseconds. `context` is what the message stood in or answered, if anything. `move` says
what is no offer (guide, ask, help) and is then counted, not judged. Other columns are left alone. A line that
is wrong is reported with its field and reason, and skipped.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
from msgspec import Struct

from streams.errors import Fatal

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "customer": ("customer", "customer_id"),
    "time": ("time", "sent_at", "timestamp"),
    "product": ("product", "product_id"),
    "campaign": ("campaign", "campaign_id"),
    "channel": ("channel",),
    "context": ("context",),
    "move": ("move",),
}
"""A field, and the names under which it may stand."""
MOVES: Final = frozenset(("offer", "ask", "guide", "help"))
ID_CHARS_MAX: Final = 128
SECONDS_MAX: Final = 100_000_000_000
"""A number below this, 1973 in milliseconds, is most likely in seconds."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Send(Struct, frozen=True):
    """One message that was sent. `line` is where it stands in its file, from 1; "" is not there."""

    line: int
    customer_id: str
    at_ms: int
    product_id: str = ""
    campaign: str = ""
    channel: str = ""
    context: str = ""
    move: str = "offer"


class BadLine(Struct, frozen=True):
    """A line that could not be read."""

    line: int
    field: str
    reason: str


class _Bad(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


def read_sends(path: Path) -> Iterator[Send | BadLine]:
    """Every line of a send log, in the order of the file. `Fatal` when it is no send log at all."""
    try:
        with _text(path) as text:
            for number, fields in _rows(path, text):
                yield fields if isinstance(fields, BadLine) else _send(number, fields)
    except (OSError, EOFError, zlib.error) as error:
        raise Fatal(f"{path} cannot be read: {error}") from error


def _text(path: Path) -> TextIO:
    """Bytes that are no UTF-8 stay visible as surrogates, so that their line alone is refused."""
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _rows(path: Path, text: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | BadLine]]:
    number, first = 1, text.readline()
    while first and not first.strip():
        number, first = number + 1, text.readline()
    if first.lstrip().startswith("{"):
        yield from _json_rows(number, first, text)
    else:
        yield from _csv_rows(path, number, first, text)


def _json_rows(number: int, line: str, text: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | BadLine]]:
    while line:
        if line.strip():
            try:
                yield (
                    number,
                    msgspec.json.decode(line.encode("utf-8", "surrogateescape"), type=dict[str, Any]),
                )
            except (msgspec.MsgspecError, UnicodeError) as error:
                yield number, BadLine(number, "", f"is no JSON object: {error}")
        number, line = number + 1, text.readline()


def _csv_rows(
    path: Path, start: int, first: str, text: TextIO
) -> Iterator[tuple[int, Mapping[str, Any] | BadLine]]:
    header = [name.strip().lower() for name in next(csv.reader([first]), [])]
    for field in ("customer", "time"):
        if not set(COLUMNS[field]) & set(header):
            raise Fatal(
                f"{path} is no send log: its first line names no column {' or '.join(COLUMNS[field])}; "
                "it needs customer, time, and product or campaign, and may have channel, context and move"
            )
    reader = csv.reader(text)
    while True:
        number = start + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, BadLine(number, "", f"is no CSV: {error}")
            continue
        if len(row) > len(header):
            yield number, BadLine(number, "", f"has {len(row)} values for {len(header)} columns")
        elif row:
            yield number, dict(zip(header, row, strict=False))


def _send(number: int, fields: Mapping[str, Any]) -> Send | BadLine:
    try:
        send = Send(
            number,
            _id(fields, "customer", needed=True),
            _time_ms(fields),
            _id(fields, "product"),
            _id(fields, "campaign"),
            _word(_id(fields, "channel")),
            _word(_id(fields, "context")),
            _move(fields),
        )
    except _Bad as bad:
        return BadLine(number, bad.field, bad.reason)
    if not send.product_id and not send.campaign:
        return BadLine(number, "product", "is empty, and so is campaign: what was sent?")
    return send


def _move(fields: Mapping[str, Any]) -> str:
    move = _word(_id(fields, "move")) or "offer"
    if move not in MOVES:
        raise _Bad("move", f'"{move}" is none of {", ".join(sorted(MOVES))}')
    return move


def _value(fields: Mapping[str, Any], field: str) -> Any:
    return next((fields[name] for name in COLUMNS[field] if fields.get(name) not in (None, "")), "")


def _id(fields: Mapping[str, Any], field: str, *, needed: bool = False) -> str:
    value = _value(fields, field)
    text = value.strip() if isinstance(value, str) else str(value)
    if isinstance(value, bool | list | dict | float):
        raise _Bad(field, f"{text} is no text")
    if needed and not text:
        raise _Bad(field, "is empty")
    if len(text) > ID_CHARS_MAX:
        raise _Bad(field, f"has {len(text)} characters, at most {ID_CHARS_MAX} are read")
    if not text.isprintable():
        raise _Bad(field, "holds control characters or bytes that are no UTF-8")
    return text


def _word(text: str) -> str:
    return text.lower().replace(" ", "_").replace("-", "_")


def _time_ms(fields: Mapping[str, Any]) -> int:
    value = _value(fields, "time")
    text = str(value).strip()
    if not text:
        raise _Bad("time", "is empty")
    if text.isascii() and text.isdigit():
        at_ms = int(text[:20])
        if at_ms < SECONDS_MAX:
            raise _Bad("time", f"{text} would be in {_year(at_ms)}: epoch milliseconds are needed")
        if at_ms >= SECONDS_MAX * 1000:
            raise _Bad("time", f"{text[:24]} is too far in the future: epoch milliseconds are needed")
        return at_ms
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise _Bad("time", f'"{text[:40]}" is neither ISO 8601 nor epoch milliseconds') from error
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return (when - EPOCH) // timedelta(milliseconds=1)


def _year(at_ms: int) -> int:
    return (EPOCH + timedelta(milliseconds=at_ms)).year
