"""Every permission carries the six checks, and every offer and question lets the customer say no."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.checker import ASK, OFFER, Checker
from streams.checkers.history import Step

NAMES = ("right_stage", "next_logical_step", "easy_no", "personalised", "channel_fits", "trust_protected")
PASS, NOT_APPLICABLE = "pass", "not_applicable"


class SixChecks(Checker):
    """All six in order, each passed with evidence or not applicable."""

    name = "six_checks"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge the checks of an opening."""
        about = f"{record.placement} {record.eligibility_id}"
        if tuple(check.name for check in record.checks) != NAMES:
            yield f"{about} has other checks than the six"
        for check in record.checks:
            if check.verdict not in {PASS, NOT_APPLICABLE}:
                yield f"{about}: {check.name} is {check.verdict}"
            elif check.verdict == PASS and not all(check.evidence or [""]):
                yield f"{about}: {check.name} passed without evidence"
        if record.move in {OFFER, ASK} and not record.decline_options:
            yield f"{about} offers no way to say no"
        if record.message_class not in {"marketing", "service"}:
            yield f"{about} has message class {record.message_class}"
        if step.at_ms < step.limits.live_from_ms:
            yield f"{about} opened before going live"
        if record.placement not in step.limits.enabled:
            yield f"{about} is switched off or paused"
