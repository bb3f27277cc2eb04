"""Steps out of two lists, for histories that were recorded as inputs and outputs (a replay, a test journal).

Per customer, outputs that name an input's event as their cause, at its time, belong to that input; a
snapshot belongs to what stands before it; everything else is a look, and looks come after the events of the
same time.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from schemas.records import CustomerSnapshot
from streams.checkers.history import Counted, Event, Record, Step
from streams.checkers.limits import Limits

Said = tuple[str, Counted | CustomerSnapshot]


def interleaved(
    inputs: Iterable[tuple[int, Event, bool]], outputs: Iterable[tuple[str, Record]], limits: Limits
) -> list[Step]:
    """Steps in order of time, from inputs (processed at, event, current) and outputs (topic, record).

    Both are in the order in which they were processed and said. Tombstones carry no customer and are left
    out. A look takes over whether the input before it was current.
    """
    waiting: dict[str, deque[Said]] = defaultdict(deque)
    for topic, record in outputs:
        if record is not None:
            waiting[record.customer_id].append((topic, record))
    steps: list[Step] = []
    current = True
    for at_ms, event, current in inputs:
        queue = waiting[event.customer_id]
        steps.extend(_looks(queue, event.customer_id, limits, at_ms, current=current))
        said = tuple(_caused(queue, event.event_id, at_ms))
        steps.append(Step(at_ms, event.customer_id, event, current, limits, said))
    for customer_id, queue in waiting.items():
        steps.extend(_looks(queue, customer_id, limits, None, current=current))
    return sorted(steps, key=_order)


def _order(step: Step) -> tuple[int, bool]:
    return step.at_ms, step.event is None


def _looks(
    queue: deque[Said], customer_id: str, limits: Limits, before_ms: int | None, *, current: bool
) -> Iterator[Step]:
    """The looks of one customer that were decided before `before_ms` (None: all), one step per time."""
    while queue and (before_ms is None or _at(queue[0]) < before_ms):
        at_ms = _at(queue[0])
        said: list[tuple[str, Record]] = []
        while queue and _at(queue[0]) == at_ms:
            said.append(queue.popleft())
        yield Step(at_ms, customer_id, None, current, limits, tuple(said))


def _caused(queue: deque[Said], event_id: str, at_ms: int) -> Iterator[tuple[str, Record]]:
    while queue and _at(queue[0]) == at_ms:
        record = queue[0][1]
        if not isinstance(record, CustomerSnapshot) and record.cause_event_id != event_id:
            return
        yield queue.popleft()


def _at(said: Said) -> int:
    record = said[1]
    return record.as_of if isinstance(record, CustomerSnapshot) else record.decided_at
