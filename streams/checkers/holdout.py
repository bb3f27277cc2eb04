"""A customer is in one arm: offers and questions all held out or none. Help and guidance never are."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.checker import ASK, OFFER, Case, Checker
from streams.checkers.history import ELIGIBILITY, HOLDOUT, Record, Step


class Holdouts(Checker):
    """The arm may change with the policy, which names the experiment."""

    name = "holdout"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._arms: dict[str, str] = {}

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:  # noqa: ARG002 - base
        """Judge on which topic an opening stands."""
        if not isinstance(record, Eligibility) or record.status != "opened":
            return
        about = f"{record.placement} {record.eligibility_id}"
        if topic not in {ELIGIBILITY, HOLDOUT}:
            yield f"{about} on {topic}"
        elif record.move not in {OFFER, ASK}:
            if topic == HOLDOUT:
                yield f"{about} is held out"
        elif self._arms.setdefault(record.policy_version, topic) != topic:
            yield f"{about} is on {topic}, those before it are not"
