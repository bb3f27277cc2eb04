"""What a run shows: the topics of each partition, compared with what the oracle decides and with each other.

Partition by partition, in processes of their own, since a partition is all that memory should hold.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aiokafka import TopicPartition
from msgspec import Struct

from schemas.framing import RecordDecoder
from schemas.records import Decision, Eligibility, FrictionChange, StageChange
from schemas.topics import DEAD_LETTERS
from state import keys
from streams.checkers.history import History
from streams.checkers.judge import judge
from streams.engine import journal
from streams.engine.commit import Output
from streams.engine.journal import Line
from streams.inputs.deadletters import account
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord, Rejection
from streams.simulation.settings import limits_of
from tests.chaos.kafka import Read, read_all
from tests.chaos.oracle import Again, decide_again
from tests.chaos.plan import BEHIND_MS, Plan, products_of, read_plan, world
from tests.chaos.scene import Backlog

SHOWN_MAX: Final = 5
LATE_MAX_MS: Final = 300_000
"""Wall time that a look may be late while faults follow each other: as long as catching up may take."""
OVERDUE_MAX_MS: Final = 10_000
"""Wall time that a look may be overdue at the end, long after the last fault."""
COUNTED: Final = {
    "eligibility": Eligibility,
    "holdout": Eligibility,
    "stages": StageChange,
    "friction": FrictionChange,
    "decisions": Decision,
}
Said = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]


class Verdict(Struct):
    """What was found in one partition. Everything that is a fault stands in `problems` as well."""

    partition: int
    events: int = 0
    poison: int = 0
    outputs: int = 0
    letters: int = 0
    transactions: int = 0
    openings: int = 0
    wake_ups: int = 0
    not_current: int = 0
    missing: int = 0
    twice: int = 0
    unequal: int = 0
    steps: int = 0
    lateness_ms: list[float] = []
    pauses_ms: list[float] = []
    paused_from_ms: list[float] = []
    """Of each pause, when it began, in wall time."""
    problems: list[str] = []
    violations: dict[str, int] = {}
    violation_texts: list[str] = []


class Ending(Struct, frozen=True):
    """What who ran it knows: when the workers were stopped (journey time), and the backlogs of outages."""

    at_ms: int
    backlogs: tuple[Backlog, ...] = ()


def judge_partition(path: Path, number: int, ending: Ending) -> Verdict:
    """Everything about one partition."""
    plan = read_plan(path)
    partitions = {name: TopicPartition(name, number) for name in _topics(plan)}
    letters_at = TopicPartition(plan.prefix + DEAD_LETTERS, 0)
    found = asyncio.run(read_all(plan.bootstrap, [*partitions.values(), letters_at]))
    verdict = Verdict(number)
    inputs = {
        topic: [
            InputRecord(topic, number, it.offset, it.timestamp_ms, it.key, it.value)
            for it in found[partitions[topic]]
        ]
        for topic in plan.inputs
    }
    written = found[partitions[plan.journal]]
    lines = [journal.read(it.value or b"") for it in written]
    limits = replace(limits_of(world(plan).policies.base), late_by_max_ms=int(LATE_MAX_MS * plan.speed))
    again = decide_again(
        lines, inputs, world(plan), partitions=plan.partitions, prefix=plan.prefix, limits=limits
    )
    verdict.problems += again.problems
    verdict.transactions, verdict.openings = len(lines), len({line.opened for line in lines})
    _taken_once(verdict, lines, inputs)
    for topic in plan.outputs:
        _compare(verdict, topic, again.outputs.get(topic, []), found[partitions[topic]])
    letters = [it for it in found[letters_at] if account(it.headers).partition == number]
    _compare(verdict, letters_at.topic, again.letters, letters)
    verdict.outputs -= len(letters)
    verdict.letters = len(letters)
    _same_state(verdict, again, found[partitions[plan.changelog]])
    _letters_are_inputs(verdict, plan, inputs, letters)
    _numbered(verdict, plan, {name: found[partitions[plan.prefix + name]] for name in COUNTED})
    _wake_ups(verdict, plan, again, ending.at_ms)
    _current(verdict, plan, lines, inputs, ending.backlogs)
    _pauses(verdict, plan, written, lines, inputs)
    _checked(verdict, plan, again)
    return verdict


def _topics(plan: Plan) -> Sequence[str]:
    return (*plan.inputs, *plan.outputs, plan.changelog, plan.journal)


def _taken_once(verdict: Verdict, lines: Iterable[Line], inputs: Mapping[str, list[InputRecord]]) -> None:
    """Every input offset is taken exactly once, in order."""
    following = dict.fromkeys(inputs, 0)
    for line in lines:
        for part in line.slices:
            verdict.not_current += not part.current
            for run in part.taken:
                verdict.events += run.count
                if run.first != following[run.topic]:
                    verdict.problems.append(
                        f"{run.topic} offset {run.first} was taken where {following[run.topic]} was next"
                    )
                following[run.topic] = run.first + run.count
    for topic, offset in following.items():
        if offset != len(inputs[topic]):
            verdict.problems.append(f"{topic} was taken to {offset} of {len(inputs[topic])}")
            verdict.missing += abs(len(inputs[topic]) - offset)


def _compare(verdict: Verdict, topic: str, wanted: Sequence[Output], found: Sequence[Read]) -> None:
    """Records are those that the oracle says, each once, in its order."""
    verdict.outputs += len(found)
    expected: list[Said] = [(it.key, it.value, tuple(it.headers)) for it in wanted]
    said: list[Said] = [(it.key, it.value, it.headers) for it in found]
    if expected == said:
        return
    lost, more = Counter(expected) - Counter(said), Counter(said) - Counter(expected)
    verdict.missing += sum(lost.values())
    verdict.twice += sum(more.values())
    if lost or more:
        verdict.problems.append(
            f"{topic}: {sum(lost.values())} missing, {sum(more.values())} too many of {len(expected)}"
        )
    else:
        verdict.unequal += 1
        verdict.problems.append(f"{topic}: all records, in another order")


def _same_state(verdict: Verdict, again: Again, changelog: Iterable[Read]) -> None:
    """The last value of every key of the changelog is what the oracle knows."""
    last = {it.key or b"": it.value for it in changelog}
    state = {key: value for key, value in last.items() if value is not None}
    different = [key for key in again.state.keys() | state.keys() if again.state.get(key) != state.get(key)]
    verdict.unequal += len(different)
    for key in different[:SHOWN_MAX]:
        name = keys.decode_record(key) if key[:1] == keys.RECORDS else key
        verdict.problems.append(f"the changelog holds another value of {name!r}")


def _letters_are_inputs(
    verdict: Verdict, plan: Plan, inputs: Mapping[str, list[InputRecord]], letters: Iterable[Read]
) -> None:
    """Every record that cannot be read is a dead letter, once and as it was, and no other is."""
    decoder = InputDecoder(prefix=plan.prefix, partitions=plan.partitions)
    refused = {
        (topic, record.offset): (record.key, record.value)
        for topic, records in inputs.items()
        for record in records
        if isinstance(decoder.decode(record), Rejection)
    }
    verdict.poison = len(refused)
    counted: Counter[tuple[str, int]] = Counter()
    for letter in letters:
        said = account(letter.headers)
        place = (said.topic, said.offset)
        counted[place] += 1
        if refused.get(place) != (letter.key, letter.value):
            verdict.problems.append(f"a dead letter is not the input at {place}: {said.rejection}")
    lost, more = refused.keys() - counted.keys(), [place for place, n in counted.items() if n > 1]
    if lost or more:
        verdict.problems.append(f"{len(lost)} bad records without a dead letter, {len(more)} with several")


def _numbered(verdict: Verdict, plan: Plan, found: Mapping[str, list[Read]]) -> None:
    """Per customer one count over all topics, without a gap and without a repeat."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for name, kind in COUNTED.items():
        decoder: RecordDecoder[Any] = RecordDecoder(kind)
        for it in found[name]:
            record = decoder.decode(it.value or b"")
            numbers[record.customer_id].append(record.sequence)
    wrong = [who for who, said in numbers.items() if sorted(said) != list(range(1, len(said) + 1))]
    if wrong:
        verdict.problems.append(f"{len(wrong)} customers have gaps or repeats in their count: {wrong[:3]}")


def _wake_ups(verdict: Verdict, plan: Plan, again: Again, ended_ms: int) -> None:
    verdict.wake_ups = len(again.looks)
    verdict.lateness_ms = [(look.taken_ms - look.due_ms) / plan.speed for look in again.looks]
    if again.faults:
        verdict.problems.append(f"{again.faults} decisions failed")
    if again.next_due_ms is not None and ended_ms - again.next_due_ms > OVERDUE_MAX_MS * plan.speed:
        overdue_ms = int((ended_ms - again.next_due_ms) / plan.speed)
        verdict.problems.append(f"a look was overdue for {overdue_ms} ms when the workers were stopped")


def _current(
    verdict: Verdict,
    plan: Plan,
    lines: Iterable[Line],
    inputs: Mapping[str, list[InputRecord]],
    backlogs: Sequence[Backlog],
) -> None:
    """Nobody is current while anything of a backlog is unread: it could forbid what would be opened."""
    following = dict.fromkeys(inputs, 0)
    within_ms = int(BEHIND_MS * plan.speed)
    waiting = deque(backlogs)
    known: dict[str, int] = {}
    for line in lines:
        for part in line.slices:
            while waiting and waiting[0].at_ms <= part.now_ms:
                known = waiting.popleft().ends
            if part.current and (
                unread := _unread(verdict, part.now_ms - within_ms, following, known, inputs)
            ):
                verdict.problems.append(f"was current at {part.now_ms} with {unread} unread")
                return
            for run in part.taken:
                following[run.topic] = run.first + run.count


def _unread(
    verdict: Verdict,
    before_ms: int,
    following: Mapping[str, int],
    ends: Mapping[str, int],
    inputs: Mapping[str, list[InputRecord]],
) -> list[str]:
    """Topics of which a record of the backlog, as old as this, comes next."""
    return [
        f"{topic} {offset}"
        for topic, offset in following.items()
        if offset < ends.get(f"{topic}-{verdict.partition}", 0)
        and (inputs[topic][offset].timestamp_ms or 0) < before_ms
    ]


def _pauses(
    verdict: Verdict,
    plan: Plan,
    written: Sequence[Read],
    lines: Sequence[Line],
    inputs: Mapping[str, list[InputRecord]],
) -> None:
    """How long nothing was committed while there was something to take, in wall time."""
    clock = plan.clock

    def wall_ms(at_ms: int) -> float:
        return clock.began_ms + (at_ms - clock.start_ms) / clock.speed

    following = dict.fromkeys(inputs, 0)
    before_ms = float(plan.began_ms)
    for record, line in zip(written, lines, strict=True):
        waiting = [
            wall_ms(records[following[topic]].timestamp_ms or 0)
            for topic, records in inputs.items()
            if following[topic] < len(records)
        ]
        if waiting:
            from_ms = max(before_ms, min(waiting))
            verdict.pauses_ms.append(max(0.0, record.timestamp_ms - from_ms))
            verdict.paused_from_ms.append(from_ms)
        for part in line.slices:
            for run in part.taken:
                following[run.topic] = run.first + run.count
        before_ms = record.timestamp_ms


def _checked(verdict: Verdict, plan: Plan, again: Again) -> None:
    """What must never be said, whatever came in."""
    verdict.steps = len(again.steps)
    violations = judge(History(again.steps, products_of(plan)))
    verdict.violations = dict(Counter(violation.checker for violation in violations))
    verdict.violation_texts = [
        f"{it.checker}: {it.customer_id} at {it.at_ms}: {it.what}" for it in violations[: 4 * SHOWN_MAX]
    ]
