"""Pure. What rests and how much of each cap is used, asked of the gates that hold moments back."""

from __future__ import annotations

from collections.abc import Iterator

from state.records.customer import Claim, Rest
from streams.journey import gates
from streams.journey.step import Step
from streams.journey.view import DAY_MS
from streams.journey.words import Move, Placement, Reason, Scope, Stage
from streams.replay import explanation


def any_offer(step: Step) -> Claim:
    """An offer of no service that could be made now: what the gates say of it holds for every such offer."""
    return Claim(
        Placement.NEXT_STEP, Scope.ITEM, "", "", "", "", "", Stage.USAGE, anchor=0, attempt=0,
        move=Move.OFFER, service=False, priority=0, opens_at=step.now, ends_at=step.now + DAY_MS,
    )  # fmt: skip


def caps_of(step: Step) -> Iterator[explanation.Cap]:
    """The gap between offers, the offers within their window, and all moves of a day."""
    caps, offer = step.rules.caps, any_offer(step)
    sent = [one for one in step.customer.past.sent if not one.unsent]
    kinds = (
        (Reason.OFFER_GAP, 1, caps.offer_gap_ms, gates.offer_gap, True),
        (Reason.OFFER_CAP, caps.offers_in_window, caps.offers_window_ms, gates.offer_cap, True),
        (Reason.DAILY_CAP, caps.daily_moves, DAY_MS, gates.daily_cap, False),
    )
    for reason, most, within_ms, gate, offers_only in kinds:
        used = sum(one.at + within_ms > step.now for one in sent if one.offer or not offers_only)
        shut = gate(step, offer)
        yield explanation.Cap(reason.word, used, most, within_ms, step.now if shut is None else shut[1])


def rests_of(step: Step) -> Iterator[explanation.Rest]:
    """Offers as a whole, families of offers, and the goal question, as far as they rest."""
    offer = any_offer(step)
    if (shut := gates.offers_rest(step, offer)) is not None:
        yield explanation.Rest("all offers", shut[1])
    family: Rest
    for family in step.customer.past.rests:
        if family.until > step.now:
            yield explanation.Rest(f"offers of {family.family}", family.until)
    for gate, why in ((gates.fresh_answer, "the goal is known"), (gates.asked_recently, "it was asked")):
        if (shut := gate(step, offer)) is not None:
            yield explanation.Rest(f"the goal question: {why}", shut[1])
