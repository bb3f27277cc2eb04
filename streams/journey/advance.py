"""Pure. advance(state, event or look, now) -> state', outputs, wake-ups: the order in which a step happens.

    expire -> fold -> orders -> friction -> revoke -> items -> help -> arbitrate -> next looks

Outputs are the difference between what was said and what holds now, so a repeated event and an extra look
say nothing. Nothing here reads a clock: `at.now_ms` never decreases for a customer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.records import Delivery, Erasure, Profile, Purchase, Reply, Ticket, Usage
from state.records.customer import Forgotten, Open
from state.records.parts import Target
from streams.journey import (
    arbitration,
    candidates,
    channels,
    friction,
    helping,
    items,
    order_moments,
    orders,
    quiet,
    replies,
)
from streams.journey.eligibility import end, expire, reissue
from streams.journey.folding import FOLDS
from streams.journey.step import At, Records, Step, World, key_of
from streams.journey.view import FAR
from streams.journey.words import PLACEMENT_WORDS, Reason, Status

Event = Purchase | Delivery | Usage | Ticket | Reply | Profile | Erasure


class Work:
    """A working set and the outputs of its steps, as (topic name without prefix, record).

    `trace` is the trace context of the event that comes next, see `streams.inputs.tracing`.
    """

    __slots__ = ("outputs", "records", "trace")

    def __init__(self, records: Records) -> None:
        self.records = records
        self.trace = ""
        self.outputs: list[tuple[str, Any]] = []


class Journey:
    """The core over one partition's state. `world` is replaced whole when policy or catalogue change."""

    __slots__ = ("world",)

    def __init__(self, world: World) -> None:
        self.world = world

    def on_event(self, work: Work, event: Event, at: At) -> None:
        """One event of one customer; repeated or late, it never raises."""
        step = Step(self.world, work.records, work.outputs, event.customer_id, at, event.event_id, work.trace)
        if not step.customer.decided_under:
            self._remember(step)
        if event.occurred_at <= step.customer.erased_at:
            return
        if type(event) is Erasure:
            self._erase(step, event)
            return
        expire(step)
        self._apply(step, event)
        if type(event) is Usage and quiet.is_only_kept(step, event):
            for item in step.items.values():
                work.records.put_item(step.customer_id, item)
        else:
            self._decide(step)

    def on_wake_up(self, work: Work, customer_id: str, target: Target, at: At) -> None:
        """One look at a customer, an item or an order. A look too many changes nothing."""
        records = work.records
        if not records.exists(customer_id):
            return
        step = Step(self.world, records, work.outputs, customer_id, at, None)
        if target.product_id and records.item(customer_id, target.product_id, target.unit_id) is not None:
            step.item(target.product_id, target.unit_id)
        elif target.order_id and records.order(customer_id, target.order_id) is not None:
            step.order(target.order_id)
        expire(step)
        self._decide(step)

    def _apply(self, step: Step, event: Any) -> None:
        """Fold, and what the event says about what is open."""
        kind = type(event)
        step.stirred = kind not in CALM
        FOLDS[kind](step, event)
        effect = EFFECTS.get(kind)
        if effect is not None:
            effect(step, event)
        if step.consents_before is not None:
            step.recheck = True
            _give_up_channels(
                step, step.consents_before, Reason.OPTED_OUT if kind is Reply else Reason.CONSENT_LOST
            )

    def _decide(self, step: Step) -> None:
        """Everything after the facts."""
        customer = step.customer
        step.waiting = {key_of(claim): claim for claim in customer.waiting}
        if customer.decided_under != step.world.version:
            self._redecide(step)
        order_moments.load_due(step)
        for order in list(step.orders.values()):
            orders.mirror(step, order)
            order_moments.decide(step, order)
        friction.update(step)
        if customer.flags:
            self._revoke_blocked(step)
        for item in list(step.items.values()):
            items.decide(step, item)
        if step.vacated:
            items.succeed(step)
        help_at = helping.decide(step)
        arbitration.arbitrate(step)
        self._finish(step, help_at)

    def _redecide(self, step: Step) -> None:
        """The policy or the catalogue is another than the customer was decided under."""
        customer = step.customer
        if customer.decided_under:
            step.recheck = step.stirred = True
            for held in list(customer.open):
                if held.send_by > step.now:
                    self._hold_to_policy(step, held)
        customer.decided_under = step.world.version

    def _hold_to_policy(self, step: Step, held: Open) -> None:
        word = PLACEMENT_WORDS[held.placement]
        rules = step.rules_for(held.product_id)
        if step.world.control.paused(step.customer.brand, word, held.product_id):
            end(step, held, Status.REVOKED, Reason.PAUSED)
        elif not rules.moments[word].enabled or (held.candidate and not candidates.still_holds(step, held)):
            end(step, held, Status.REVOKED, Reason.POLICY_CHANGED)

    def _revoke_blocked(self, step: Step) -> None:
        """Every open permission that friction blocks is taken back in the same step."""
        for held in list(step.customer.open):
            if held.send_by > step.now and friction.blocks_open(step, held):
                end(step, held, Status.REVOKED, Reason.FRICTION_STARTED)

    def _finish(self, step: Step, help_at: int) -> None:
        """Put what was touched, with the customer's next look."""
        customer, records, customer_id = step.customer, step.records, step.customer_id
        if step.cause is not None:
            self._remember_trace(step)
        for item in step.items.values():
            records.put_item(customer_id, item)
        for order in step.orders.values():
            if order.order_id in step.closed:
                records.remove_order(customer_id, order.order_id)
            else:
                records.put_order(customer_id, order)
        due = min(friction.next_change(step), help_at) if customer.flags else help_at
        for held in customer.open:
            ends_at = held.answer_until if held.sent_at else held.send_by
            if ends_at < due:
                due = ends_at
        customer.waiting = list(step.waiting.values())
        for claim in customer.waiting:
            if 0 < claim.look_at < due:
                due = claim.look_at
        customer.due_ms = due if due < FAR else 0
        records.touch_customer(customer_id)

    def _remember_trace(self, step: Step) -> None:
        """What is looked at later because of this event belongs to its trace."""
        trace = step.trace
        step.customer.trace = trace
        for item in step.items.values():
            item.trace = trace
        for order in step.orders.values():
            order.trace = trace

    def _remember(self, step: Step) -> None:
        """A customer who comes back after an erasure keeps opt-outs, epoch and sequence, and nothing else."""
        left = step.records.forgotten(step.world.identity.forgotten_key(step.customer_id))
        if left is None:
            return
        customer = step.customer
        customer.epoch, customer.sequence, customer.erased_at = left.epoch, left.sequence, left.erased_at
        replies.restore_stops(customer, left)

    def _erase(self, step: Step, event: Erasure) -> None:
        """Close what is open and forget everything but a keyed hash."""
        customer = step.customer
        for held in list(customer.open):
            end(step, held, Status.REVOKED, Reason.ERASED)
        stopped = [
            c.channel
            for c in customer.facts.consents
            if channels.consent_state(c) == "denied" and c.stopped[0]
        ]
        key = step.world.identity.forgotten_key(step.customer_id)
        left = Forgotten(customer.epoch + 1, customer.sequence, event.occurred_at, stopped)
        step.records.touch_customer(step.customer_id)
        step.records.erase(step.customer_id)
        step.records.put_forgotten(key, left)


CALM = frozenset((Usage, Profile))
"""Events that say nothing of friction."""


def _after_purchase(step: Step, event: Purchase) -> None:
    for order in step.orders.values():
        orders.void_moved_lines(step, order)
    if event.type in ("order_placed", "subscription_started"):
        replies.buy(step, event)


def _after_delivery(step: Step, event: Delivery) -> None:
    if event.status == "update_opened":
        until = step.now + step.rules.offers.context_wait_ms
        step.customer.context_until = max(step.customer.context_until, until)


def _after_ticket(step: Step, _event: Ticket) -> None:
    """A ticket may solve a parcel's trouble."""
    step.recheck = True
    for held in step.customer.past.order_flags:
        if held.order_id:  # several that found no place were merged into one that names none
            step.order(held.order_id)


def _after_profile(step: Step, _event: Profile) -> None:
    step.rules = step.rules_for("")
    if step.zone_changed:
        for held in list(step.customer.open):
            if held.send_by > step.now and not held.sent_at:
                reissue(step, held, Reason.TIME_ZONE_CHANGED)


EFFECTS: dict[type, Callable[[Step, Any], None]] = {
    Reply: replies.answer,
    Purchase: _after_purchase,
    Delivery: _after_delivery,
    Ticket: _after_ticket,
    Profile: _after_profile,
}


def _give_up_channels(step: Step, before: dict[str, str], reason: Reason) -> None:
    """A permission that names a channel which is lost is said anew without it."""
    said = channels.said_in(step)
    for held in list(step.customer.open):
        if held.send_by <= step.now:
            continue
        rule = step.rules_for(held.product_id).moments[PLACEMENT_WORDS[held.placement]]
        left = channels.allowed(said, step, rule, held)
        if not set(channels.allowed(before, step, rule, held)) <= set(left):
            reissue(step, held, reason)
