"""Rules and dashboards ask only for what a worker tells, and the files hold what the tables say."""

import re
from pathlib import Path

import pytest

from deploy import generate
from deploy.prometheus import objectives, rules
from streams.metrics.declared import BY_NAME
from tests.deploy import asked

FROM_PROMETHEUS = {"job", "instance", "le"}
RUNBOOK = Path(generate.__file__).with_name("RUNBOOK.md")


def test_the_files_hold_what_the_tables_say() -> None:
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize(("where", "expr"), asked.expressions().items())
def test_every_metric_that_is_asked_for_is_declared(where: str, expr: str) -> None:
    named = asked.metrics_in(expr)
    assert named - BY_NAME.keys() == set()
    assert named or "job" in expr or "ALERTS" in expr or "up{" in expr


def test_every_label_by_which_is_selected_is_declared() -> None:
    selected = {pair for expr in asked.expressions().values() for pair in asked.matched_labels(expr)}
    assert [
        (name, label)
        for name, label in sorted(selected)
        if label not in {*BY_NAME[name].labels, *FROM_PROMETHEUS}
    ] == []


def test_every_recorded_series_that_is_asked_for_is_recorded() -> None:
    recorded = {rule["record"] for rule in asked.rules() if "record" in rule}
    wanted = {
        name
        for expr in asked.expressions().values()
        for name in re.findall(r"(?<!\w)(?:job|job_topic):\w+:\w+", expr)
    }
    assert wanted - recorded == set()
    assert recorded - wanted == set(), "recorded for nobody"


def test_operators_see_every_metric_but_those_of_lifecycle_teams() -> None:
    seen = {name for expr in asked.expressions().values() for name in asked.metrics_in(expr)}
    assert BY_NAME.keys() - seen == {
        "kairos_process_virtual_memory_bytes",
        "kairos_process_start_time_seconds",
    }


@pytest.mark.parametrize("objective", objectives.OBJECTIVES, ids=lambda it: it.name)
def test_an_objective_stands_at_a_bucket_of_its_histogram(objective: objectives.Objective) -> None:
    assert objective.within_s in BY_NAME[objective.histogram].buckets


def test_a_stall_of_the_loop_is_told_at_a_bucket_of_its_histogram() -> None:
    assert 1.0 in BY_NAME["kairos_loop_stall_seconds"].buckets


@pytest.mark.parametrize("name", asked.dashboards())
def test_a_panel_says_what_it_shows_and_overlaps_no_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in asked.panels(asked.dashboards()[name]):
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells


def test_every_alert_has_a_section_in_the_runbook_that_says_all_three() -> None:
    sections = re.split(r"^### ", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    by_title = {section.partition("\n")[0]: section for section in sections}
    assert list(by_title) == [alert.name for alert in rules.every_alert()]
    for title, section in by_title.items():
        for part in ("**Means.**", "**Confirm.**", "**Do.**"):
            assert len(section.partition(part)[2]) > 40, f"{title}: {part}"


def test_the_runbook_may_be_anywhere() -> None:
    told = rules.document("https://wiki.example/kairos")["groups"][1]["rules"][0]["annotations"][
        "runbook_url"
    ]
    assert told == "https://wiki.example/kairos#kairoswakeuplatenessburnsfast"
    assert rules.runbook_url("KairosNotReady") == "deploy/RUNBOOK.md#kairosnotready"
    assert (Path(generate.__file__).parents[1] / rules.RUNBOOKS) == RUNBOOK


def test_a_drill_shortens_times_and_nothing_else() -> None:
    def without_times(text: str) -> str:
        return re.sub(r"\[\w+\]|offset \w+|\b(for|interval): \w+", "", text)

    drill = rules.text(times=30)
    assert drill != rules.text()
    assert without_times(drill) == without_times(rules.text())
    assert "[10s]" in drill  # five minutes
    assert "[2880s]" in drill  # a day
