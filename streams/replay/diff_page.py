"""A policy diff as one page of HTML that needs nothing else: plots are drawn as SVG inside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final

from streams.replay.policy_diff import WEEK_DAYS, PolicyDiff, Row, Section

STYLE: Final = """
:root { --before: #8a94a6; --after: #1a6fd4; --ink: #1c2430; --soft: #667085; --line: #d9dee7; --page: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --before: #7b8494; --after: #5aa2f5; --ink: #e8ecf2; --soft: #98a2b3; --line: #333b49;
    --page: #151a22; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p, .legend { color: var(--soft); } .legend b { color: var(--ink); }
.swatch { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); text-align: left; }
td.n, th.n { text-align: right; } .less { color: #b54708; } .more { color: #067647; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; }
svg .soft { fill: var(--soft); } .b { fill: var(--before); } .a { fill: var(--after); }
.lb { stroke: var(--before); fill: none; stroke-width: 2; }
.la { stroke: var(--after); fill: none; stroke-width: 2; } .axis { stroke: var(--line); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1rem 2rem; }
"""

NOTE: Final = (
    "The same history under both policies. Reactions to messages are made up and the same wherever the same "
    "message is sent, so outcomes compare the policies; they are no forecast."
)
WIDTH: Final = 900
NAME_WIDTH: Final = 190
NUMBER_WIDTH: Final = 110
BAR_HEIGHT: Final = 10
ROW_HEIGHT: Final = 30
PLOT_HEIGHT: Final = 220
BARS_MAX: Final = 24


def page(diff: PolicyDiff) -> str:
    """The whole page."""
    title = f"{diff.before} or {diff.after}"
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style><h1>What the policy change would do</h1>",
        _legend(diff),
        f"<p>{NOTE}</p>",
        "<h2>what differs in the policy</h2>",
        _settings(diff),
        "<h2>overview</h2>",
        _table(diff.overview),
        "<h2>opened, week by week</h2>",
        _lines(diff),
    ]
    for section in diff.sections:
        parts += (f"<h2>{escape(section.title)}</h2>", _bars(section.rows[:BARS_MAX]))
    parts.append('<h2>outcomes, by placement</h2><div class="grid">')
    parts += (f"<div><b>{escape(name)}</b>{_table(section)}</div>" for name, section in diff.outcomes)
    return "\n".join([*parts, "</div></html>", ""])


def _legend(diff: PolicyDiff) -> str:
    return (
        '<div class="legend"><span class="swatch" style="background:var(--before)"></span>'
        f'as it is: <b>{escape(diff.before)}</b><span class="swatch" style="background:var(--after)"></span>'
        f"proposed: <b>{escape(diff.after)}</b></div>"
    )


def _settings(diff: PolicyDiff) -> str:
    if not diff.settings:
        return "<p>Nothing: both say the same.</p>"
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(word)}</td>" for word in setting) + "</tr>"
        for setting in diff.settings
    )
    return f"<table><tr><th>setting<th>as it is<th>proposed</tr>{rows}</table>"


def _table(section: Section) -> str:
    rows = "".join(
        f'<tr><td>{escape(row.name)}<td class="n">{row.before:,}<td class="n">{row.after:,}'
        f"{_change(row)}</tr>"
        for row in section.rows
    )
    head = '<tr><th><th class="n">as it is<th class="n">proposed<th class="n">change</tr>'
    return f"<table>{head}{rows}</table>"


def _change(row: Row) -> str:
    word = "more" if row.change > 0 else "less" if row.change < 0 else ""
    return f'<td class="n {word}">{change_of(row)}</td>'


def change_of(row: Row) -> str:
    """The change with its sign and share; empty where there is none."""
    if not row.change:
        return ""
    share = f" ({row.change / row.before:+.0%})" if row.before else ""
    return f"{row.change:+,}{share}"


def _bars(rows: Iterable[Row]) -> str:
    """Two bars for each row."""
    rows = list(rows)
    most = max((max(row.before, row.after) for row in rows), default=0) or 1
    room = WIDTH - NAME_WIDTH - NUMBER_WIDTH
    parts = [f'<svg viewBox="0 0 {WIDTH} {ROW_HEIGHT * len(rows)}" role="img">']
    for number, row in enumerate(rows):
        top = number * ROW_HEIGHT + 3
        parts.append(f'<text x="0" y="{top + 14}">{escape(row.name)}</text>')
        for kind, count, y in (("b", row.before, top), ("a", row.after, top + BAR_HEIGHT + 1)):
            width = round(room * count / most, 1)
            parts.append(
                f'<rect class="{kind}" x="{NAME_WIDTH}" y="{y}" width="{width}" height="{BAR_HEIGHT}"/>'
            )
        x = WIDTH - NUMBER_WIDTH + 8
        parts.append(f'<text x="{x}" y="{top + 9}" class="soft">{row.before:,}</text>')
        parts.append(f'<text x="{x}" y="{top + 21}">{row.after:,}</text>')
    return "".join([*parts, "</svg>"])


def _lines(diff: PolicyDiff) -> str:
    """Openings by week, one line for each policy."""
    if len(diff.weeks) < 2:
        return "<p>Too short a time for a line.</p>"
    most = max(max(pair) for pair in diff.weeks) or 1
    left, bottom = 50, PLOT_HEIGHT - 24
    step = (WIDTH - left - 10) / (len(diff.weeks) - 1)

    def points(which: int) -> str:
        return " ".join(
            f"{left + number * step:.1f},{bottom - (bottom - 12) * pair[which] / most:.1f}"
            for number, pair in enumerate(diff.weeks)
        )

    return "".join(
        [
            f'<svg viewBox="0 0 {WIDTH} {PLOT_HEIGHT}" role="img">',
            f'<line class="axis" x1="{left}" y1="{bottom}" x2="{WIDTH - 10}" y2="{bottom}"/>',
            f'<text x="0" y="16">{most:,}</text><text x="0" y="{bottom}">0</text>',
            f'<polyline class="lb" points="{points(0)}"/><polyline class="la" points="{points(1)}"/>',
            *_months(diff, left, step),
            "</svg>",
        ]
    )


def _months(diff: PolicyDiff, left: int, step: float) -> Iterator[str]:
    """The name of each month where its first whole week stands."""
    before = ""
    for number in range(len(diff.weeks)):
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=(diff.first_week + number) * WEEK_DAYS)
        month = day.strftime("%b %y")
        if month != before:
            yield f'<text class="soft" x="{left + number * step:.1f}" y="{PLOT_HEIGHT - 6}">{month}</text>'
        before = month
