"""`python -m deploy.generate` writes the dashboards that this makes of the tables of views."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableRefresh,
)

from deploy.grafana import lifecycle, operators
from deploy.grafana.views import DATA, Section, panel

TAG: Final = "kairos"


def texts() -> dict[str, str]:
    """Every dashboard: file name and JSON."""
    return {
        "operators.json": _text("Kairos: operators", "kairos-operators", "30s", "now-3h", operators.SECTIONS),
        "lifecycle.json": _text("Kairos: lifecycle", "kairos-lifecycle", "5m", "now-7d", lifecycle.SECTIONS),
    }


def _text(title: str, uid: str, refresh: str, since: str, sections: Sequence[Section]) -> str:
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .tags([TAG])
        .refresh(refresh)
        .time(since, "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(dashboard.DatasourceVariable("data").label("Prometheus").type("prometheus"))
        .with_variable(
            dashboard.QueryVariable("job")
            .label("Application")
            .query("label_values(kairos_build_info, job)")
            .datasource(DATA)
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .include_all(include_all=True)
            .all_value(".+")
            .multi(multi=True)
        )
        .link(
            dashboard.DashboardLink("Kairos")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .keep_time(keep_time=True)
            .include_vars(include_vars=True)
        )
    )
    numbers = itertools.count(1)
    for section in sections:
        made.with_row(dashboard.Row(section.title).id(next(numbers)))
        for view in section.views:
            made.with_panel(panel(view).id(next(numbers)))
    return json.dumps(made.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"
