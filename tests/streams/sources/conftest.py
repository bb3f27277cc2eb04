"""The shipped slice, read once, and a way to write small logs."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from streams.sources.online_retail import OnlineRetail, online_retail
from streams.sources.order_log import COLUMNS, OrderLog, read_order_log
from streams.sources.slice import SLICE
from streams.sources.source import Event

SEED = 7

Row = tuple[object, ...]
WriteLog = Callable[[Iterable[Row]], Path]


@pytest.fixture(scope="session")
def log() -> OrderLog:
    return read_order_log(SLICE)


@pytest.fixture(scope="session")
def source() -> OnlineRetail:
    return online_retail(SLICE, SEED)


@pytest.fixture(scope="session")
def events(source: OnlineRetail) -> tuple[Event, ...]:
    return tuple(source.events())


@pytest.fixture
def write_log(tmp_path: Path) -> WriteLog:
    def write(rows: Iterable[Row]) -> Path:
        path = tmp_path / "log.csv"
        lines = [",".join(COLUMNS), *(",".join(str(value) for value in row) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
