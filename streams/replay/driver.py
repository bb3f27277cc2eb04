"""One partition in virtual time: the next event or the next look, whichever is first, until a fixed end.

    feed (next event, horizon), next wake-up -> journey -> commit -> outputs -> observers, and reactions

A feed says what comes next as far as it is certain: of files it always is, of topics that are still being
read it is up to a horizon, before which no more events come. What is certain is taken, and then the loop
returns to whoever waits for more. So one loop serves both.

Every step is committed to the store by itself. That keeps the wake-up index exact, so no look is popped that
has moved, and costs little where a commit is a few dict entries or a write without a log. Records stay
decoded in hand for a bounded number of steps.

A step that raises must not happen. If it does, nothing of it is kept, it is reported, and the run goes on: a
look that failed, or that left itself due, comes back a day later instead of for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from typing import Any, Final, Protocol

import msgspec

from schemas.records import Eligibility, FrictionChange
from state.codec import HEAD
from state.errors import StateError
from state.keys import Wakeup
from state.layouts import Codecs
from state.overlay import Overlay
from state.records.parts import Target
from state.store import Batch, Store
from streams.errors import Fatal, Retryable, told
from streams.journey.advance import Journey, Work
from streams.journey.step import At, World
from streams.journey.view import FAR
from streams.replay.incident import Incidents
from streams.replay.order import Place, place
from streams.replay.silence import Silence
from streams.replay.tally import Tally
from streams.sources.source import TOPICS, Event, Responder

IN_HAND_STEPS: Final = 8_000
NARROW: Final = bytes(4)
"""The upper half of a due time that MessagePack writes in fewer than the eight bytes of the head."""
FAULT_RETRY_MS: Final = 86_400_000
"""A look that failed is tried again after this time, not for ever at once."""
NO_FAULT_OF_A_STEP: Final = (StateError, Retryable, Fatal)
"""What another customer's step would meet as well: the store, or a mistake of the operator."""


class Taken(msgspec.Struct, frozen=True):
    """One step that was taken. `event` is None for a look, and `target` what it was at."""

    at: At
    customer_id: str
    event: Event | None
    target: Target
    said: tuple[tuple[str, Any], ...]


class Fault(msgspec.Struct, frozen=True):
    """A step that failed, and was taken back."""

    at_ms: int
    customer_id: str
    event: Event | None
    target: Target
    problem: str
    """Its kind and place."""


Observe = Callable[[Taken], None]
Report = Callable[[Fault], None]
Before = Callable[[int], None]
"""Told the time of the next event or look, before it: the store holds all that is known until then."""


class Feed(Protocol):
    """The history of a partition, in order, as far as it is certain."""

    event: Event | None
    """What comes next, None when that is not certain, or nothing comes."""
    horizon_ms: int
    """No event that is still to come happened before this time; `FAR` once all are known."""

    def next(self) -> None:
        """`event` is taken: go on to the one behind it."""
        ...


class Whole:
    """A feed of events that are all there."""

    __slots__ = ("_events", "event", "horizon_ms")

    def __init__(self, events: Iterator[Event]) -> None:
        self.horizon_ms = FAR
        self._events = events
        self.event = next(events, None)

    def next(self) -> None:
        self.event = next(self._events, None)


class Conditions(msgspec.Struct, frozen=True, array_like=True):
    """What a partition knows beside its store: who goes on with the store begins with this."""

    now_ms: int = 0
    known: int = 0
    """Customers."""
    heard: dict[str, int] = {}
    """When each source spoke last, by topic without prefix."""


class Partition:
    """The replay of one partition, over an empty store or over one that it left before.

    `until_ms` may be brought forward until it is reached: it need not be known at the start.
    """

    def __init__(
        self,
        world: World,
        store: Store,
        until_ms: int,
        *,
        responder: Responder | None = None,
        observers: Iterable[Observe] = (),
        report: Report = lambda _: None,
        before: Before = lambda _: None,
        in_hand_steps: int = IN_HAND_STEPS,
    ) -> None:
        self.tally = Tally()
        self.now_ms = 0
        self.until_ms = until_ms
        self._journey = Journey(world)
        self._store = store
        self._codecs = Codecs()
        self._overlay = Overlay(store, self._codecs)
        self._work = Work(self._overlay)
        self._batch = Batch()
        self._responder = responder
        self._observers = tuple(observers)
        self._report = report
        self._before = before
        self._in_hand_steps = in_hand_steps
        self._in_hand = 0
        self._reactions: list[Place] = []
        self._known = 0
        self._silence = Silence(world.policies.base.sources.silent_after_ms)
        self._incidents = Incidents(world.policies.base.mass_incident, world.identity)

    def go_on(self, conditions: Conditions, incidents: Incidents | None = None) -> None:
        """Begin where another one stopped, over its store, with incidents that go on from its own."""
        self.now_ms, self._known = conditions.now_ms, conditions.known
        for topic, heard_ms in conditions.heard.items():
            self._silence.heard(topic, heard_ms)
        self._incidents = incidents or self._incidents

    @property
    def conditions(self) -> Conditions:
        """What is known beside the store, between two steps."""
        return Conditions(self.now_ms, self._known, self._silence.last)

    def run(self, events: Iterator[Event]) -> None:
        """Take every event and every look up to the end."""
        self.advance(Whole(events))
        self.finish()

    def advance(self, feed: Feed, pause: Callable[[], bool] | None = None) -> bool:
        """Take what is certain, until `pause` says so. Whether everything up to the end was taken.

        Everything that is due at one time is taken at once, so no pause parts it.
        """
        store = self._store
        while pause is None or not pause():
            event, is_reaction = self._first(feed.event)
            until_ms = self.until_ms
            due_ms = store.next_due()
            before_ms = feed.horizon_ms if event is None else event.occurred_at
            if due_ms is not None and due_ms <= until_ms and due_ms < before_ms:
                self._look_at_all(due_ms)
            elif event is None:
                return feed.horizon_ms > until_ms
            elif is_reaction:
                heappop(self._reactions)
                self.tally.reactions += 1
                self._take(event)
            else:
                feed.next()
                self._take(event)
        return False

    def finish(self) -> None:
        """Nothing more is taken: let go of all records, and complete the tally."""
        self._overlay.drop()
        self.tally.customers = self._known

    def _first(self, given: Event | None) -> tuple[Event | None, bool]:
        """The first of the history's next event and the next reaction; none of them lies after the end."""
        if given is not None and given.occurred_at > self.until_ms:
            given = None
        if not self._reactions:
            return given, False
        first = self._reactions[0]
        if given is None or first < place(given):
            return first[3].event, True
        return given, False

    def _take(self, event: Event) -> None:
        if event.occurred_at > self.until_ms:
            self.tally.after_the_end += 1
            return
        topic = TOPICS[type(event)]
        self._before(event.occurred_at)
        self.now_ms = max(self.now_ms, event.occurred_at)
        self._silence.heard(topic, self.now_ms)
        at = self._at()
        before = self._overlay.exists(event.customer_id)
        try:
            self._journey.on_event(self._work, event, at)
        except NO_FAULT_OF_A_STEP:
            raise
        except Exception as error:  # noqa: BLE001 - one customer's defect must not end everybody's replay
            self._fail(Fault(self.now_ms, event.customer_id, event, Target(), told(error)))
            return
        self._known += self._overlay.exists(event.customer_id) - before
        self.tally.events[topic] += 1
        self._overlay.commit_to(self._batch)
        self._end(Taken(at, event.customer_id, event, Target(), tuple(self._work.outputs)))

    def _look_at_all(self, due_ms: int) -> None:
        """Everything due at one time; a look may move another one."""
        self._before(due_ms)
        self.now_ms = max(self.now_ms, due_ms)
        for wakeup in self._store.due(due_ms):
            if self._overlay.is_due(wakeup):
                self._look(wakeup)
            else:
                self.tally.stale += 1

    def _look(self, wakeup: Wakeup) -> None:
        at, customer_id, target = self._at(), wakeup.customer_id, wakeup.target
        try:
            self._journey.on_wake_up(self._work, customer_id, target, at)
            if self._overlay.is_due(wakeup):
                raise RuntimeError("the look left itself due")  # noqa: TRY301 - reported as any other fault
        except NO_FAULT_OF_A_STEP:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._fail(Fault(self.now_ms, customer_id, None, target, told(error)))
            self._postpone(wakeup)
            return
        self._overlay.commit_to(self._batch)
        if self._work.outputs or has_changed(self._store, self._batch):
            self.tally.effective += 1
        else:
            self.tally.silent += 1
        self._end(Taken(at, customer_id, None, target, tuple(self._work.outputs)))

    def _at(self) -> At:
        now_ms = self.now_ms
        stale, held = self._silence.stale(now_ms), self._incidents.held(now_ms, self._known)
        return At(now_ms=now_ms, current=True, stale_sources=stale, held_flags=held)

    def _end(self, taken: Taken) -> None:
        """Write what was committed, and tell everybody."""
        self._write()
        self._work.outputs.clear()
        tally, responder = self.tally, self._responder
        for topic, record in taken.said:
            tally.said(topic, record)
            if isinstance(record, FrictionChange):
                tally.incidents += self._incidents.raised(record, self._known)
            elif responder is not None and topic == "journey.eligibility" and isinstance(record, Eligibility):
                for reaction in responder(record):
                    if reaction.occurred_at <= self.until_ms:
                        heappush(self._reactions, place(reaction))
                    else:
                        tally.after_the_end += 1
        for observe in self._observers:
            observe(taken)
        self._in_hand += 1
        if self._in_hand >= self._in_hand_steps:
            self._overlay.drop()
            self._in_hand = 0

    def _write(self) -> None:
        if len(self._batch):
            self._store.write(self._batch)
            self._batch.clear()

    def _fail(self, fault: Fault) -> None:
        """Take back the step: everything before it is in the store already."""
        self._overlay.drop()
        self._work.outputs.clear()
        self.tally.faults += 1
        self._report(fault)

    def _postpone(self, wakeup: Wakeup) -> None:
        """Move a look that failed, or time would stand still."""
        self._overlay.postpone(wakeup, self.now_ms + FAULT_RETRY_MS)
        self._overlay.commit_to(self._batch)
        self._write()


def has_changed(store: Store, batch: Batch) -> bool:
    """Whether a batch changes anything in the store but the times of next looks."""
    for key, new in batch.values.items():
        old = store.get(key)
        if old is None or new is None or _differ(old, new):
            return True
    return False


def _differ(old: bytes, new: bytes) -> bool:
    """Whether two stored records differ in more than `due_ms`, which stands in the head and in a field."""
    if old[1:5] > NARROW and new[1:5] > NARROW:
        return old[HEAD:].replace(old[1:HEAD], b"", 1) != new[HEAD:].replace(new[1:HEAD], b"", 1)
    return _without_due(old) != _without_due(new)


def _without_due(data: bytes) -> dict[str, Any]:
    due_ms = int.from_bytes(data[1:HEAD], "big")
    fields = msgspec.msgpack.decode(data[HEAD:], type=dict[str, Any])
    return {name: value for name, value in fields.items() if value != due_ms}
