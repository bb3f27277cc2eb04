"""How a worker logs: lines for people, or one JSON object per line for whoever collects them.

    {"time":"...Z","level":"error","logger":"streams.engine.deciding","message":"...","topic":"shop.usage",
     "partition":3,"offset":17,"trace_id":"...","customer":"9f...","error":"KeyError in journey.step, line 9"}

A line names things by `extra`: what is in `FIELDS`, and nothing else, becomes a field. A customer stands
there as a keyed hash. Of an error the kind and the places are said and never its text, which may hold what a
customer wrote; for the same reason no payload is ever a field.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from streams.errors import told
from streams.settings import Settings
from streams.sparing import Sparing

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
PARTITION: Final[ContextVar[int | None]] = ContextVar("partition", default=None)
"""The partition for which a task runs: in every line that it, or a client of its, writes."""
FIELDS: Final = ("topic", "partition", "offset", "trace_id", "customer")
"""What a line may say besides its message, in this order."""
OF_THE_CLIENT: Final = "aiokafka"
"""What it says below `info` holds records and passwords, whole."""
CHATTY: Final = ("aiokafka.consumer.subscription_state", "aiokafka.producer.sender", "faust", "mode")
"""Loggers whose news are of no use to an operator."""
SPARED: Final = (OF_THE_CLIENT, "asyncio", "faust", "mode", "opentelemetry")
"""Loggers that repeat themselves while a broker or a collector is away."""


class JsonLines(logging.Formatter):
    """One object per line. The time is UTC, to the millisecond."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": at.removesuffix("+00:00") + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in FIELDS:
            value = getattr(record, name, PARTITION.get() if name == "partition" else None)
            if value not in (None, ""):
                line[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = told(record.exc_info[1])
        return msgspec.json.encode(line, enc_hook=str).decode()


def set_up(settings: Settings) -> None:
    """What this process logs, and how."""
    level = LEVELS[settings.engine.log_level]
    logging.basicConfig(level=level, format=TEXT)
    for handler in logging.getLogger().handlers:
        if settings.engine.log_format == "json":
            handler.setFormatter(JsonLines())
        handler.addFilter(Sparing(*SPARED))
    logging.getLogger(OF_THE_CLIENT).setLevel(max(level, logging.INFO))
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
