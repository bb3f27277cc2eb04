"""For lifecycle teams: which moments open, how they end, what holds them back, what goes wrong."""

from __future__ import annotations

from typing import Final

from deploy.grafana.asking import RANGE, grown, now, series, share
from deploy.grafana.views import Kind, Section, Unit, View

_ENDS: Final = 'status!~"opened|rescheduled"'
_TREATED: Final = 'arm="treatment"'
_OPENED: Final = 'status="opened"'
_DECLINED: Final = 'status="declined"'
_GOOD: Final = 'status=~"accepted|answered|completed"'


def _ended(status: str, by: str, more: str = _TREATED) -> str:
    """Permissions that ended so, of all that ended."""
    return share(
        grown("kairos_eligibilities_total", by, f"{more},{status}", RANGE),
        grown("kairos_eligibilities_total", by, f"{more},{_ENDS}", RANGE),
    )


SECTIONS: Final = (
    Section(
        "Moments",
        (
            View(
                "Opened",
                "Permissions of this time range.",
                Unit.COUNT,
                {"opened": f"sum({grown('kairos_eligibilities_total', 'job', _OPENED, RANGE)})"},
                Kind.NUMBER,
                6,
            ),
            View(
                "Said yes",
                "Share of ended permissions that were accepted, answered or completed.",
                Unit.SHARE,
                {"yes": _ended(_GOOD, "job")},
                Kind.NUMBER,
                6,
            ),
            View(
                "Said no",
                "Share of ended permissions that were declined.",
                Unit.SHARE,
                {"no": _ended(_DECLINED, "job")},
                Kind.NUMBER,
                6,
            ),
            View(
                "Customers known",
                "In all partitions.",
                Unit.COUNT,
                {"customers": f"sum({series('kairos_customers')})"},
                Kind.NUMBER,
                6,
            ),
            View(
                "Opened by placement",
                "Per hour.",
                Unit.PER_HOUR,
                {
                    "{{placement}}": grown(
                        "kairos_eligibilities_total", "placement", f'status="opened",{_TREATED}'
                    )
                },
                Kind.STACKED,
                12,
            ),
            View(
                "Opened in this time range",
                "By placement.",
                Unit.COUNT,
                {
                    "{{placement}}": "sort_desc("
                    + grown("kairos_eligibilities_total", "placement", f'status="opened",{_TREATED}', RANGE)
                    + ")"
                },
                Kind.BARS,
                12,
            ),
        ),
    ),
    Section(
        "Outcomes",
        (
            View(
                "Ends",
                "Per hour, by how.",
                Unit.PER_HOUR,
                {"{{status}}": grown("kairos_eligibilities_total", "status", f"{_TREATED},{_ENDS}")},
                Kind.STACKED,
            ),
            View(
                "Yes by placement",
                "Share of ended permissions that were accepted, answered or completed.",
                Unit.SHARE,
                {"{{placement}}": f"sort_desc({_ended(_GOOD, 'placement')})"},
                Kind.BARS,
            ),
            View(
                "Treated and held out",
                "Share of permissions whose candidate was bought, by those who were told and by the others.",
                Unit.SHARE,
                {"{{arm}}": _ended('status="accepted"', "arm", 'arm=~".+"')},
                Kind.BARS,
            ),
            View(
                "Why they ended",
                "Per hour, by reason: what was taken back, and for what.",
                Unit.PER_HOUR,
                {
                    "{{status}}: {{reason}}": grown("kairos_eligibility_ends_total", "status, reason")
                    + " > 0",
                },
                Kind.STACKED,
                16,
            ),
            View(
                "Held out",
                "Share of customers in the holdout, as the policy says.",
                Unit.SHARE,
                {"{{job}}": now("max", "kairos_holdout_ratio", "job")},
            ),
        ),
    ),
    Section(
        "Declines",
        (
            View(
                "Declined",
                "Per hour, by placement.",
                Unit.PER_HOUR,
                {
                    "{{placement}}": grown(
                        "kairos_eligibilities_total", "placement", f'status="declined",{_TREATED}'
                    )
                },
                Kind.STACKED,
                12,
            ),
            View(
                "No by placement",
                "Share of ended permissions that were declined: where it rises, the time is wrong.",
                Unit.SHARE,
                {"{{placement}}": f"sort_desc({_ended(_DECLINED, 'placement')})"},
                Kind.BARS,
                12,
            ),
        ),
    ),
    Section(
        "Withheld",
        (
            View(
                "Withheld by reason",
                "Moments per hour that could have been and were not.",
                Unit.PER_HOUR,
                {"{{reason}}": grown("kairos_withheld_total", "reason")},
                Kind.STACKED,
                12,
            ),
            View(
                "Withheld by placement and reason",
                "The ten most frequent of this time range.",
                Unit.COUNT,
                {
                    "{{placement}}: {{reason}}": "topk(10, "
                    + grown("kairos_withheld_total", "placement, reason", "", RANGE)
                    + ")"
                },
                Kind.BARS,
                12,
            ),
        ),
    ),
    Section(
        "Friction",
        (
            View(
                "Raised",
                "Flags raised per hour: reasons not to sell now.",
                Unit.PER_HOUR,
                {"{{flag}}": grown("kairos_friction_changes_total", "flag", 'state="open"')},
                Kind.STACKED,
            ),
            View(
                "Gone",
                "Flags that cooled off and went, per hour.",
                Unit.PER_HOUR,
                {"{{flag}}": grown("kairos_friction_changes_total", "flag", 'state="none"')},
                Kind.STACKED,
            ),
            View(
                "Mass incidents",
                "Partitions in which help for a flag is held, since too many customers have it at once.",
                Unit.COUNT,
                {"{{flag}}": now("sum", "kairos_mass_incident_partitions", "flag")},
                bad_above=1,
            ),
        ),
    ),
    Section(
        "Journeys",
        (
            View(
                "Stages",
                "Owned items that came to a stage, per hour.",
                Unit.PER_HOUR,
                {"{{stage}}": grown("kairos_stage_changes_total", "stage")},
                Kind.STACKED,
                12,
            ),
            View(
                "What is decided under",
                "Workers by policy and catalogue.",
                Unit.COUNT,
                {
                    "{{policy}}, catalogue {{catalogue}}": now(
                        "count", "kairos_policy_info", "policy, catalogue"
                    )
                },
                Kind.BARS,
                6,
            ),
            View(
                "Policies that are not taken",
                "Problems of the newest one, and partitions that a new one has yet to reach.",
                Unit.COUNT,
                {
                    "problems": f"max({series('kairos_policy_problems')})",
                    "partitions to go": f"sum({series('kairos_redeciding_partitions')})",
                },
                span=6,
                bad_above=1,
            ),
        ),
    ),
)
