"""What a visitor sees: a live page on a terminal, one plain line per second elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Final, Self

from msgspec import Struct
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from schemas.records import Eligibility
from streams.up.board import REVOKED, Board

FRAMES_PER_S: Final = 4
EVIDENCE_CHARS_MAX: Final = 60


class Now(Struct, frozen=True, kw_only=True):
    """What the board does not know."""

    journey_ms: int
    speed: float
    inputs: int
    lag: int
    workers: int
    over: bool


class View:
    """Shows a board; `names` are those of the products."""

    def __init__(self, board: Board, names: Mapping[str, str]) -> None:
        self._board = board
        self._names = names
        self._console = Console(highlight=False)
        self._live: Live | None = None
        self._last: tuple[float, int, int] | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=FRAMES_PER_S)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, now: Now) -> None:
        """Bring what is shown up to date."""
        at, board = monotonic(), self._board
        before = self._last or (at - 1, now.inputs, board.outputs)
        self._last = (at, now.inputs, board.outputs)
        seconds = max(0.001, at - before[0])
        rates = (now.inputs - before[1]) / seconds, (board.outputs - before[2]) / seconds
        if self._live is None:
            print(self._line(now, rates), flush=True)
        else:
            self._live.update(Group(Text(self._line(now, rates)), self._counts(), self._latest()))

    def _line(self, now: Now, rates: tuple[float, float]) -> str:
        board = self._board
        words = [
            f"{_time(now.journey_ms)} x{now.speed:g}",
            f"in {rates[0]:,.0f}/s",
            f"out {rates[1]:,.0f}/s",
            f"lag {now.lag:,}",
            f"workers {now.workers}",
            f"opened {board.opened.total():,}",
            f"open {len(board.open):,}",
            *(f"{status} {count:,}" for status, count in sorted(board.ended.items())),
            f"friction +{board.raised.total():,} -{board.cleared.total():,}",
        ]
        return "  ".join(words)

    def _counts(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("placement", "opened"):
            table.add_column(name, justify="right" if name == "opened" else "left")
        for placement, count in self._board.opened.most_common():
            table.add_row(placement, f"{count:,}")
        return table

    def _latest(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
        for name in ("at", "customer", "about", "placement", "may be said", "why", "until"):
            table.add_column(name, no_wrap=True, overflow="ellipsis")
        for record in reversed(self._board.latest):
            table.add_row(*self._row(record), style="red" if record.status == REVOKED else "")
        return table

    def _row(self, record: Eligibility) -> tuple[str, ...]:
        about = self._name(record.product_id) if record.product_id else f"order {record.order_id}"
        if record.status == REVOKED:
            said, why = "not any more", record.reason
        else:
            what = self._name(record.candidate) if record.candidate else record.question or ""
            said, why = f"{record.move}: {what}", _evidence(record)
        at = _time(record.decided_at)
        return at, record.customer_id, about, record.placement, said, why, _time(record.send_by)

    def _name(self, product_id: str) -> str:
        return self._names.get(product_id, product_id)


def _evidence(record: Eligibility) -> str:
    words = [
        word
        for check in record.checks
        if check.name in {"right_stage", "personalised"}
        for word in check.evidence
    ]
    return ", ".join(words)[:EVIDENCE_CHARS_MAX]


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%d %b %H:%M")
