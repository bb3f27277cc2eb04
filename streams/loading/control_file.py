"""Reads control records from a file (JSON Lines), for a replay, and for who runs without the control topic.

A file is read like the topic: a later line replaces an earlier one of the same `control_id`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from schemas.records import Control
from streams.journey.control import RECORDS_MAX, ControlState
from streams.journey.words import Placement
from streams.loading.policy_file import PolicyError, policy_of_text
from streams.loading.problems import LoadError, Problem, did_you_mean
from streams.loading.record_files import read_records

PLACEMENTS: Final = tuple(placement.word for placement in Placement)


class ControlError(LoadError):
    """Control records that cannot be used as they are; `errors` says each file, line, field and reason."""


def load_control(path: Path) -> ControlState:
    """What the operator says in a file. Raises LoadError."""
    problems: list[Problem] = []
    numbered = list(read_records(path, Control, problems))
    name = str(path)
    for line, record in numbered:
        problems.extend(Problem(name, line, field, reason) for field, reason in wrong_with(record))
    problems.extend(_undecided(numbered, name))
    if len(numbered) > RECORDS_MAX:
        problems.append(Problem(name, 0, "", f"holds more than {RECORDS_MAX} records"))
    if problems:
        raise ControlError(sorted(problems, key=lambda problem: problem.line))
    return ControlState(record for _, record in numbered)


def wrong_with(record: Control) -> Iterator[tuple[str, str]]:
    """What is wrong with one control record: path and reason. Also for records of the topic."""
    if record.placement is not None and record.placement not in PLACEMENTS:
        yield "placement", f'no placement "{record.placement}"{did_you_mean(record.placement, PLACEMENTS)}'
    if record.type == "live_from" and record.at is None:
        yield "at", "missing: the time from which it is live"
    if record.type == "policy" and record.policy is None:
        yield "policy", "missing: the policy as TOML text"
    if record.type != "policy" and record.policy is not None:
        yield "policy", f"a {record.type} carries no policy"
    if record.type == "policy" and (record.brand or record.placement or record.product_id):
        yield "policy", "is for all: what differs by brand, category or product stands in the policy itself"
    if record.type == "policy" and record.policy is not None:
        try:
            policy_of_text(record.policy, record.control_id)
        except PolicyError as error:
            yield from (("policy", str(problem)) for problem in error.errors)


def _undecided(numbered: Iterable[tuple[int, Control]], name: str) -> Iterator[Problem]:
    """Pauses and resumes of the same place without a time, of which nobody can say which is the last."""
    last: dict[tuple[str | None, ...], Control] = {}
    for line, record in numbered:
        place = (record.brand, record.placement, record.product_id)
        if record.type in ("pause", "resume") and record.at is None:
            other = last.setdefault(place, record)
            if other.type != record.type and other.control_id != record.control_id:
                reason = f'missing: which is later, this or "{other.control_id}"?'
                yield Problem(name, line, "at", reason)
