"""What a view of a dashboard is, and the panel that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeAlias

from grafana_foundation_sdk.builders import bargauge, common, dashboard, heatmap, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from msgspec import Struct

DATA: Final = DataSourceRef(type_val="prometheus", uid="${data}")
"""The Prometheus that the reader of the dashboard chooses."""
WIDTH: Final = 24
HEIGHT: Final = 7
STAT_HEIGHT: Final = 4

Panel: TypeAlias = Any
"""A builder of some kind of panel: they share methods, and no type says so."""


class Unit(StrEnum):
    """Units, in the words of Grafana."""

    SECONDS = "s"
    BYTES = "bytes"
    SHARE = "percentunit"
    COUNT = "short"
    PER_SECOND = "cps"
    PER_HOUR = "none"
    STAMP = "dateTimeFromNow"


class Kind(StrEnum):
    """How values are drawn."""

    LINES = "lines"
    STACKED = "stacked"
    NUMBER = "number"
    BARS = "bars"
    HEAT = "heat"


class View(Struct, frozen=True):
    """One panel. `queries` are legends with their expressions; `bad_above` draws a limit."""

    title: str
    says: str
    unit: Unit
    queries: Mapping[str, str]
    kind: Kind = Kind.LINES
    span: int = 8
    bad_above: float | None = None


class Section(Struct, frozen=True):
    """Views that answer one question."""

    title: str
    views: Sequence[View]


def panel(view: View) -> Panel:
    """The builder of its panel."""
    made: Panel = (
        _KINDS[view.kind]().title(view.title).description(view.says).datasource(DATA).span(view.span)
    )
    made.unit(view.unit).height(STAT_HEIGHT if view.kind is Kind.NUMBER else HEIGHT)
    if view.kind is not Kind.HEAT:
        made.thresholds(_thresholds(view.bad_above))
    if view.kind is Kind.LINES and view.bad_above is not None:
        made.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.LINE))
    for letter, (legend, expr) in zip("ABCDEFGH", view.queries.items(), strict=False):
        made.with_target(_query(view.kind, letter, legend, expr))
    return made


def _query(kind: Kind, letter: str, legend: str, expr: str) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expr).ref_id(letter).legend_format(legend).datasource(DATA)
    if kind is Kind.HEAT:
        return query.range().format(PromQueryFormat.HEATMAP)
    return query.instant() if kind is Kind.BARS else query.range()


def _thresholds(bad_above: float | None) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=None, color="green")]
    if bad_above is not None:
        steps.append(Threshold(value=bad_above, color="red"))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _lines() -> Panel:
    return (
        timeseries.Panel()
        .min(0)
        .line_width(1)
        .fill_opacity(8)
        .show_points(VisibilityMode.NEVER)
        .legend(common.VizLegendOptions().display_mode(LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"]))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )


def _stacked() -> Panel:
    return _lines().fill_opacity(40).stacking(common.StackingConfig().mode(StackingMode.NORMAL))


def _number() -> Panel:
    calculated = common.ReduceDataOptions().calcs(["lastNotNull"])
    return (
        stat.Panel()
        .reduce_options(calculated)
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA)
        .no_value("none")
    )


def _bars() -> Panel:
    calculated = common.ReduceDataOptions().calcs(["lastNotNull"])
    return (
        bargauge.Panel()
        .reduce_options(calculated)
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .min(0)
        .no_value("none")
    )


_KINDS: Final[Mapping[Kind, Callable[[], Panel]]] = {
    Kind.LINES: _lines,
    Kind.STACKED: _stacked,
    Kind.NUMBER: _number,
    Kind.BARS: _bars,
    Kind.HEAT: heatmap.Panel,
}
