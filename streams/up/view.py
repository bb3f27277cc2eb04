"""What a visitor sees: a live page on a terminal, one plain line per second elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Final, Self

from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from schemas.records import Product
from streams.up.board import Board
from streams.up.telling import tell

FRAMES_PER_S: Final = 2
ROWS_ELSE: Final = 19
"""Lines of the page that are not the latest eligibilities."""
ROWS_MIN: Final = 4
PLACEMENTS_SHOWN: Final = 12
REASONS_SHOWN: Final = 11
HOUR_S: Final = 3600
COLUMNS_FOR_FRICTION: Final = 90
COLUMNS_FOR_REASONS: Final = 110
COLUMNS_FOR_WITHHELD: Final = 130
"""From these widths on a page has room for them."""
OVER: Final = "   the history is over: `kairos up --fresh` begins anew"

COLUMNS: Final[Mapping[str, tuple[str, int | None]]] = {
    "at": ("at", None),
    "customer": ("customer", None),
    "about": ("about", 3),
    "placement": ("placement", None),
    "said": ("may be said", 3),
    "why": ("because", 4),
    "until": ("until", None),
}
"""Of the latest eligibilities: field, title, and share of the width that the others leave."""


class Now(Struct, frozen=True, kw_only=True):
    """What the board does not know."""

    journey_ms: int
    speed: float
    inputs: int
    lag: int
    workers: int
    deaths: int
    away_s: float = 0.0
    """How long Kafka has not answered; 0 while it does."""
    over: bool
    """Whether the history has ended."""


class View:
    """Shows a board."""

    def __init__(self, console: Console, board: Board, products: Mapping[str, Product]) -> None:
        self._console = console
        self._board = board
        self._products = products
        self._live: Live | None = None
        self._before: tuple[float, int, int] | None = None

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
        rates = self._rates(now)
        if self._live is None:
            self._console.print(Text(self._line(now, rates)), soft_wrap=True)
        else:
            self._live.update(self._page(now, rates))

    def end(self, now: Now | None) -> None:
        """Say what it came to."""
        if now is not None:
            self._console.print(Text(f"ended at {_time(now.journey_ms)}: {self._totals()}"))

    def _rates(self, now: Now) -> tuple[float, float]:
        """Records per second of the wall clock into the inputs, and out of the workers."""
        at, said = monotonic(), self._board.new_records
        at_before, inputs_before, said_before = self._before or (at - 1, now.inputs, said)
        self._before = at, now.inputs, said
        seconds = max(0.001, at - at_before)
        return (now.inputs - inputs_before) / seconds, (said - said_before) / seconds

    def _totals(self) -> str:
        board = self._board
        return (
            f"{board.opened.total():,} permissions opened, {len(board.open):,} open, "
            f"{board.ended['revoked']:,} revoked, "
            f"friction raised {board.raised.total():,} and cleared {board.cleared.total():,}, "
            f"traps {board.promises.traps.total():,}, "
            f"missing or twice {board.promises.missing + board.promises.repeats:,}, "
            f"dead letters {board.dead_letters:,}"
        )

    def _line(self, now: Now, rates: tuple[float, float]) -> str:
        line = f"{_head(now, rates)} | {self._totals()}{_notice(now)}"
        if not self._board.latest:
            return line
        told = tell(self._board.latest[-1], self._products)
        return f"{line} | {told.customer}, {told.about}, {told.placement}: {told.said}"

    def _page(self, now: Now, rates: tuple[float, float]) -> RenderableType:
        board = self._board
        traps = board.promises.traps.total()
        head = Text(_head(now, rates), style="bold", no_wrap=True, overflow="ellipsis")
        health = Text.assemble(
            ("traps ", ""),
            (f"{traps:,}", "bold red" if traps else "bold green"),
            f"   missing or twice {board.promises.missing + board.promises.repeats:,}",
            f"   dead letters {board.dead_letters:,}",
            f"   opened because a time had come {board.by_time:,} of {board.opened.total():,}",
            _notice(now),
            no_wrap=True,
            overflow="ellipsis",
        )
        if now.away_s:
            health = Text(_notice(now).strip(), style="bold red", no_wrap=True, overflow="ellipsis")
        return Group(head, health, Text(), self._counts(), Text(), self._latest())

    def _counts(self) -> Table:
        board = self._board
        grid = Table.grid(padding=(0, 4))
        open_now = Counter(record.placement for record in board.open.values())
        permissions = _table("permissions", "open", "so far")
        for placement, count in board.opened.most_common(PLACEMENTS_SHOWN):
            permissions.add_row(_words(placement), f"{open_now[placement]:,}", f"{count:,}")
        ended = _table("ended as", "so far")
        for status, count in board.ended.most_common():
            ended.add_row(status, f"{count:,}", style="red" if status == "revoked" else "")
        friction = _table("friction", "raised", "cleared")
        for flag, count in board.raised.most_common():
            friction.add_row(_words(flag), f"{count:,}", f"{board.cleared[flag]:,}")
        withheld = _table("withheld because", "so far")
        for reason, count in board.withheld.most_common(REASONS_SHOWN):
            withheld.add_row(_words(reason), f"{count:,}")
        width = self._console.width
        shown = [permissions, ended]
        shown += [friction] * (width >= COLUMNS_FOR_FRICTION) + [withheld] * (width >= COLUMNS_FOR_WITHHELD)
        grid.add_row(*shown)
        return grid

    def _latest(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), expand=True, header_style="dim")
        shown = [name for name in COLUMNS if name != "why" or self._console.width >= COLUMNS_FOR_REASONS]
        for name in shown:
            title, ratio = COLUMNS[name]
            table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=ratio)
        rows = max(ROWS_MIN, self._console.height - ROWS_ELSE)
        for record in list(self._board.latest)[: -rows - 1 : -1]:
            told = tell(record, self._products)
            cells = (Text(getattr(told, name)) for name in shown)
            table.add_row(*cells, style="red" if told.is_over else "")
        return table


def _head(now: Now, rates: tuple[float, float]) -> str:
    hours = now.speed / HOUR_S
    restarts = f" ({now.deaths} started again)" if now.deaths else ""
    return (
        f"{_time(now.journey_ms)}  {hours:,.3g} h per second  in {rates[0]:,.0f}/s  out {rates[1]:,.0f}/s  "
        f"lag {now.lag:,}  workers {now.workers}{restarts}"
    )


def _notice(now: Now) -> str:
    """What a visitor should know besides."""
    if now.away_s:
        return f"   Kafka has not answered for {now.away_s:,.0f} s: all goes on when it does"
    return OVER if now.over else ""


def _table(name: str, *numbers: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(name, no_wrap=True)
    for number in numbers:
        table.add_column(number, justify="right")
    return table


def _words(word: str) -> str:
    return word.replace("_", " ")


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%a %d %b %Y %H:%M")
