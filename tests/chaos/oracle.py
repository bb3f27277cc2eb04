"""Decides every transaction of a partition again, from the journal and the inputs, over a store in memory.

    journal line -> slices -> the same records and looks -> outputs, dead letters, state

What the engine does between two decisions - fetching, transactions, restoring, fencing - has no part in it,
so whatever that loses, repeats or puts out of order shows as a difference in bytes.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from state import keys
from state.keys import Wakeup
from state.memory import MemoryStore
from streams.checkers.history import Step
from streams.checkers.limits import Limits
from streams.engine import position as positions
from streams.engine.commit import Output
from streams.engine.deciding import Decider
from streams.engine.deciding import Slice as Within
from streams.engine.journal import Line, Slice
from streams.engine.position import Mark, Position
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord, Rejection, Removal
from streams.journey.step import At, World

Inputs = Mapping[str, list[InputRecord]]
"""Full topic to its records, of which the offset is the index."""
MANY: Final = 1 << 40


class Look(Struct, frozen=True):
    """A wake-up that was served: when it was due, and when it was taken."""

    due_ms: int
    taken_ms: int


class Again(Struct):
    """What must have been said, and what must be known."""

    outputs: dict[str, list[Output]] = {}
    letters: list[Output] = []
    state: dict[bytes, bytes] = {}
    steps: list[Step] = []
    looks: list[Look] = []
    problems: list[str] = []
    """What the journal says that cannot have been."""
    faults: int = 0
    next_due_ms: int | None = None
    """When the next look is due, at the end."""


class _Decider(Decider):
    """The decider of the engine, told what a slice was decided under, and writing down its steps."""

    def __init__(self, *args: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*args, **options)
        self.given: Slice | None = None
        self.history: list[Step] = []
        self.stale_differs = self.held_differs = 0
        self._limits = limits
        self._begun = 0

    def _at(self, current: bool) -> At:
        at = super()._at(current)
        given = self.given
        assert given is not None
        if at.stale_sources != frozenset(given.stale):
            self.stale_differs += 1
        if at.held_flags != frozenset(given.held):
            self.held_differs += 1
        return At(
            now_ms=at.now_ms,
            current=given.current,
            stale_sources=frozenset(given.stale),
            held_flags=frozenset(given.held),
        )

    def _slice(self, queue: Any, step: Any, within: Within) -> None:
        self._begun = len(self.history)
        super()._slice(queue, step, within)

    def _carefully(self, items: Iterable[Any], step: Any, at: At) -> None:
        del self.history[self._begun :]
        super()._carefully(items, step, at)

    def _take(self, record: InputRecord, at: At) -> None:
        before = len(self._work.outputs)
        super()._take(record, at)
        event = self._decoder.decode(record)
        if not isinstance(event, Rejection | Removal):
            self._note(event.customer_id, event, at, before)  # type: ignore[union-attr]

    def _look(self, wakeup: Wakeup, at: At) -> None:
        before = len(self._work.outputs)
        super()._look(wakeup, at)
        self._note(wakeup.customer_id, None, at, before)

    def _note(self, customer_id: str, event: Any, at: At, before: int) -> None:
        said = tuple(self._work.outputs[before:])
        self.history.append(
            Step(at.now_ms, customer_id, event, at.current, self._limits, said, at.stale_sources)
        )


def decide_again(
    lines: Iterable[Line],
    inputs: Inputs,
    world: World,
    *,
    partitions: int,
    prefix: str,
    limits: Limits,
) -> Again:
    """Run a partition's journal from the beginning."""
    store, again = MemoryStore(), Again(outputs={}, letters=[], looks=[], problems=[])
    decoder = InputDecoder(prefix=prefix, partitions=partitions)
    start = Position(inputs=dict.fromkeys(inputs, 0))
    decider = _Decider(store, world, decoder, start, prefix=prefix, limits=limits)
    for number, line in enumerate(lines):
        if line.world != world.version:
            again.problems.append(f"transaction {number} was decided under world {line.world:x}")
        for part in line.slices:
            _run(decider, store, part, inputs, again)
        commit = decider.finish()
        for output in commit.outputs:
            again.outputs.setdefault(output.topic, []).append(output)
        again.letters.extend(commit.letters)
        decider.committed(commit, Mark(0, 0))
    again.state = {key: value for key, value in store._values.items() if key != positions.CHANGELOG_KEY}
    again.steps = decider.history
    again.faults = decider.counts.faults
    again.next_due_ms = store.next_due()
    if decider.stale_differs:
        again.problems.append(f"{decider.stale_differs} slices took other sources for silent")
    if decider.held_differs:
        again.problems.append(f"{decider.held_differs} slices held the help of other flags")
    return again


def _run(decider: _Decider, store: MemoryStore, part: Slice, inputs: Inputs, again: Again) -> None:
    """One slice."""
    decider.given = part
    if part.now_ms < decider._now_ms:
        again.problems.append(f"time went back from {decider._now_ms} to {part.now_ms}")
    within = Within(part.now_ms, part.current, MANY * MANY)
    queue: deque[Any] = deque()
    for run in part.taken:
        known = inputs[run.topic]
        if run.first + run.count > len(known):
            again.problems.append(f"{run.topic} holds no offset {run.first + run.count - 1}")
        queue.extend(known[run.first : run.first + run.count])
    if queue:
        decider.take(queue, within)
    for look in part.looked:
        wakeup = Wakeup(look.due_ms, *keys.decode_record(look.key))
        if look.due_ms:
            again.looks.append(Look(look.due_ms, part.now_ms))
            if look.due_ms > part.now_ms:
                again.problems.append(f"a look due at {look.due_ms} was taken at {part.now_ms}")
            if keys.wakeup(look.due_ms, look.key) not in store._live:
                again.problems.append(f"a look was taken that nothing asked for, at {part.now_ms}")
        queue.append(wakeup)
    if queue:
        decider.look(queue, within)
