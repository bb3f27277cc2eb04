"""What a run shows: the topics of each partition, compared with what the oracle decides and with each other.

Partition by partition, in processes of their own, since a partition is all that memory should hold.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aiokafka import TopicPartition
from msgspec import Struct, structs

from schemas.framing import RecordDecoder
from schemas.records import Decision, Eligibility, FrictionChange, StageChange
from schemas.topics import DEAD_LETTERS
from state import keys
from streams.checkers.history import History
from streams.checkers.judge import judge
from streams.engine import journal
from streams.engine import position as positions
from streams.engine.commit import Output
from streams.engine.journal import Line
from streams.inputs.deadletters import account
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord, Rejection
from streams.simulation.settings import limits_of
from tests.chaos.kafka import Read, read_all
from tests.chaos.oracle import Again, decide_again
from tests.chaos.plan import Plan, products_of, read_plan, world
from tests.chaos.scene import Backlog
from tests.chaos.timing import overdue, pauses, wrongly_current

SHOWN_MAX: Final = 5
LATE_MAX_MS: Final = 300_000
"""Wall time that a look may be late while faults follow each other: as long as catching up may take."""
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
    if wrong := wrongly_current(plan, number, lines, inputs, ending.backlogs):
        verdict.problems.append(wrong)
    times = [it.timestamp_ms for it in written]
    for from_ms, pause_ms in pauses(plan, times, lines, inputs):
        verdict.paused_from_ms.append(from_ms)
        verdict.pauses_ms.append(pause_ms)
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


def _without_passes(state: dict[bytes, bytes]) -> None:
    """The oracle takes the looks of the journal and makes no pass of its own over what may be stale."""
    if (data := state.get(positions.KEY)) is not None:
        state[positions.KEY] = positions.encode(structs.replace(positions.decode(data), redecided=0))


def _same_state(verdict: Verdict, again: Again, changelog: Iterable[Read]) -> None:
    """The last value of every key of the changelog is what the oracle knows."""
    last = {it.key or b"": it.value for it in changelog}
    state = {key: value for key, value in last.items() if value is not None}
    _without_passes(state)
    _without_passes(again.state)
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
    overdue_ms = overdue(plan, again.next_due_ms, ended_ms)
    if overdue_ms:
        verdict.problems.append(f"a look was overdue for {overdue_ms} ms when the workers were stopped")


def _checked(verdict: Verdict, plan: Plan, again: Again) -> None:
    """What must never be said, whatever came in."""
    verdict.steps = len(again.steps)
    violations = judge(History(again.steps, products_of(plan)))
    verdict.violations = dict(Counter(violation.checker for violation in violations))
    verdict.violation_texts = [
        f"{it.checker}: {it.customer_id} at {it.at_ms}: {it.what}" for it in violations[: 4 * SHOWN_MAX]
    ]
