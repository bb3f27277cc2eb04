"""Friction that surely holds, recomputed from the events: what no reading of them could deny.

Late parcels are left out, because silence has many readings. A flag that cools off blocks little by
default, so only what is open counts here. An event recomputes only what it names, so a long history costs
no more per event.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.records import Delivery, Purchase, Reply, Ticket
from streams.checkers.known_contact import ACTIVE, intent_of, stamp
from streams.checkers.known_orders import TROUBLE
from streams.checkers.limits import Limits

PAYMENT = frozenset({"payment_failed", "payment_recovered"})
RETURN = frozenset({"return_registered", "return_closed", "order_refunded"})
RETURN_STARTS = "return_registered"
UNDOES = frozenset({"order_cancelled", "order_refunded", "return_registered"})
KINDS = ("ticket", "payment", "return", "parcel")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong since `since_ms`; `last_ms` is the last time at which it was said to be."""

    kind: str
    ref: str
    since_ms: int
    last_ms: int
    order_id: str | None = None
    held: bool = False
    """An agent holds the ticket."""

    @property
    def blocks_order_only(self) -> bool:
        """A routine return is no reason to be silent about other orders."""
        return self.kind == "return"


class Friction:
    """What is wrong for one customer."""

    __slots__ = (
        "_answered_ms",
        "_found",
        "_heard",
        "_parcels",
        "_passing",
        "_payments",
        "_returns",
        "_shipping_solved_ms",
        "_solved_ms",
        "_tickets",
        "_undone",
    )

    def __init__(self) -> None:
        self._tickets: defaultdict[str, list[Ticket]] = defaultdict(list)
        self._parcels: defaultdict[str, list[Delivery]] = defaultdict(list)
        self._payments: defaultdict[str, list[Purchase]] = defaultdict(list)
        self._returns: defaultdict[str, list[Purchase]] = defaultdict(list)
        self._found: dict[str, dict[str, Trouble]] = {kind: {} for kind in KINDS}
        self._heard: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        self._undone: set[str] = set()
        self._passing: list[Trouble] = []
        self._answered_ms = self._shipping_solved_ms = self._solved_ms = -1

    def take(self, event: object, limits: Limits) -> None:
        """Add an event; those that say nothing about friction change nothing."""
        if isinstance(event, Ticket):
            self._tickets[event.ticket_id].append(event)
            if event.status not in ACTIVE:
                self._solved_ms = max(self._solved_ms, event.occurred_at)
                if event.topic == "shipping":
                    self._shipping_solved_ms = max(self._shipping_solved_ms, event.occurred_at)
            self._keep(
                "ticket", event.ticket_id, event.occurred_at, ticket_trouble(self._tickets[event.ticket_id])
            )
        elif isinstance(event, Delivery):
            ref = f"{event.order_id} {event.parcel_id}"
            self._parcels[ref].append(event)
            self._keep("parcel", ref, event.occurred_at, parcel_trouble(self._parcels[ref]))
        elif isinstance(event, Purchase):
            self._take_purchase(event)
        elif isinstance(event, Reply):
            self._take_reply(event, limits)

    def surely(self, at_ms: int, limits: Limits) -> list[Trouble]:
        """Everything that is surely wrong at `at_ms`."""
        found = [
            trouble
            for kind, troubles in self._found.items()
            for trouble in troubles.values()
            if self._remembered(kind, trouble.ref, limits)
            and trouble.since_ms <= at_ms < ends_ms(trouble, limits)
            and not (trouble.kind == "parcel" and self._may_be_over(trouble, at_ms, limits))
            and not (trouble.kind == "ticket" and self._may_be_returned(trouble))
        ]
        return found + [trouble for trouble in self._passing if self._holds(trouble, at_ms, limits)]

    def _may_be_over(self, trouble: Trouble, at_ms: int, limits: Limits) -> bool:
        """Whether something else than its parcel may have ended the trouble of a parcel.

        A refund, a solved shipping ticket of any order, a parcel of the order that has been in trouble for so
        long that nobody will close it; and an order of too many parcels is not remembered whole.
        """
        if trouble.order_id in self._undone or self._shipping_solved_ms >= trouble.since_ms:
            return True
        parcels = [found for ref, found in self._parcels.items() if ref.startswith(f"{trouble.order_id} ")]
        troubles = [d.occurred_at for reports in parcels for d in reports if d.status in TROUBLE]
        return len(parcels) > limits.remembered or min(troubles) + limits.stale_after_ms <= at_ms

    def _may_be_returned(self, trouble: Trouble) -> bool:
        """Whether a refund or a closed return of its order may have ended a return ticket's trouble."""
        events = self._tickets[trouble.ref]
        orders = {event.order_id or "" for event in events}
        ends = (
            event for ref in orders for event in self._returns.get(ref, ()) if event.type != RETURN_STARTS
        )
        about_return = any(event.topic == "return" for event in events)
        return about_return and any(event.occurred_at >= trouble.since_ms for event in ends)

    def _remembered(self, kind: str, ref: str, limits: Limits) -> bool:
        """Whether this is one of the newest of its kind, those without trouble counted."""
        heard = self._heard[kind]
        if len(heard) <= limits.remembered:
            return True
        return sum(latest_ms >= heard[ref] for latest_ms in heard.values()) <= limits.remembered

    def wants_help(self, at_ms: int, limits: Limits) -> list[Trouble]:
        """What is surely wrong and in nobody's hands: no agent holds it, no contact was solved after it."""
        return [
            trouble
            for trouble in self.surely(at_ms, limits)
            if not trouble.held and not (trouble.kind == "negative" and self._solved_ms >= trouble.since_ms)
        ]

    def only_held_tickets(self, at_ms: int, limits: Limits) -> bool:
        """Whether agents hold all that can be wrong: only tickets for long, and none leaves a doubt."""
        if self._other_trouble_since(at_ms - 2 * limits.stale_after_ms):
            return False
        unsolved = [events for events in self._tickets.values() if not _surely_solved(events)]
        troubles = [ticket_trouble(events) for events in unsolved]
        return bool(troubles) and all(
            trouble is not None and trouble.held and trouble.since_ms <= at_ms < ends_ms(trouble, limits)
            for trouble in troubles
        )

    def _other_trouble_since(self, since_ms: int) -> bool:
        """Whether anything but a ticket told of trouble after a time, or of an estimate to be missed."""
        switches = (*self._payments.values(), *self._returns.values())
        return (
            any(trouble.last_ms > since_ms for trouble in self._passing)
            or any(event.occurred_at > since_ms for events in switches for event in events)
            or any(_may_be_late(events, since_ms) for events in self._parcels.values())
        )

    def _holds(self, trouble: Trouble, at_ms: int, limits: Limits) -> bool:
        answered = trouble.kind == "question" and trouble.since_ms <= self._answered_ms
        return not answered and trouble.since_ms <= at_ms < ends_ms(trouble, limits)

    def _take_purchase(self, event: Purchase) -> None:
        if event.type in PAYMENT:
            ref = event.subscription.subscription_id if event.subscription else event.order_id or ""
            self._payments[ref].append(event)
            trouble = switched("payment", ref, "payment_failed", self._payments[ref])
            self._keep("payment", ref, event.occurred_at, trouble)
        if event.order_id is None:
            return
        if event.type in RETURN:
            ref = event.order_id
            self._returns[ref].append(event)
            trouble = switched("return", ref, "return_registered", self._returns[ref])
            self._keep("return", ref, event.occurred_at, trouble)
        if event.type in UNDOES:
            self._undone.add(event.order_id)

    def _take_reply(self, event: Reply, limits: Limits) -> None:
        bad = event.rating is not None and event.rating <= limits.bad_rating_max
        since = event.occurred_at
        if bad or intent_of(event, limits) == "frustrated":
            self._passing.append(Trouble("negative", event.event_id, since, since))
        if event.intent == "question" and event.signals_friction:
            self._passing.append(Trouble("question", event.event_id, since, since))
        if event.intent == "answered":
            self._answered_ms = max(self._answered_ms, since)

    def _keep(self, kind: str, ref: str, at_ms: int, trouble: Trouble | None) -> None:
        self._heard[kind][ref] = max(at_ms, self._heard[kind].get(ref, 0))
        if trouble is not None:
            self._found[kind][ref] = trouble
        else:
            self._found[kind].pop(ref, None)


def ends_ms(trouble: Trouble, limits: Limits) -> int:
    """When it ends by itself at the earliest, if nothing is heard of it."""
    lasts_ms = {"negative": limits.negative_for_ms, "question": limits.question_open_ms}
    return trouble.since_ms + lasts_ms.get(trouble.kind, limits.stale_after_ms)


def ticket_trouble(events: Sequence[Ticket]) -> Trouble | None:
    """The ticket's trouble: its last word is an active status, and no other word has the same time and id."""
    latest = max(map(stamp, events))
    last = [event for event in events if stamp(event) == latest]
    if not all(event.status in ACTIVE for event in last):
        return None
    resolved = max((stamp(event) for event in events if event.status not in ACTIVE), default=(0, ""))
    since = min(event.occurred_at for event in events if stamp(event) > resolved)
    held = all(event.agent_holds for event in last)
    return Trouble("ticket", last[0].ticket_id, since, latest[0], held=held)


def _surely_solved(events: Sequence[Ticket]) -> bool:
    latest = max(map(stamp, events))
    return all(event.status not in ACTIVE for event in events if stamp(event) == latest)


def _may_be_late(events: Sequence[Delivery], since_ms: int) -> bool:
    """Whether the parcel was in trouble after a time, or got an estimate that it may miss."""
    recent = [event for event in events if event.occurred_at > since_ms]
    return any(event.status in TROUBLE or event.estimate_on is not None for event in recent)


def parcel_trouble(events: Sequence[Delivery]) -> Trouble | None:
    """The parcel's trouble: its last status says so without a rival, and no report ever said delivered."""
    told = [event for event in events if event.status != "update_opened"]
    if not told or any(event.status == "delivered" for event in told):
        return None
    latest_ms = max(event.occurred_at for event in told)
    if not all(event.status in TROUBLE for event in told if event.occurred_at == latest_ms):
        return None
    last_good_ms = max((event.occurred_at for event in told if event.status not in TROUBLE), default=-1)
    troubles = [event for event in told if event.status in TROUBLE]
    since = min(event.occurred_at for event in troubles if event.occurred_at >= last_good_ms)
    return Trouble("parcel", f"{told[0].order_id} {told[0].parcel_id}", since, latest_ms, told[0].order_id)


def switched(kind: str, ref: str, start: str, events: Sequence[Purchase]) -> Trouble | None:
    """The trouble of something that starts and ends by events: its last word is a start without a rival."""
    last_end_ms = max((event.occurred_at for event in events if event.type != start), default=-1)
    starts = [
        event.occurred_at for event in events if event.type == start and event.occurred_at > last_end_ms
    ]
    return Trouble(kind, ref, min(starts), max(starts), events[0].order_id) if starts else None
