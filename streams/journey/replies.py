"""Pure. What a reply or a purchase does to what is open: sent, answered, accepted, declined, rests.

intent              an offer                     an ask      a guide or help
yes                 accepted                     answered    accepted
no                  declined, rests              declined    declined
not_now             declined, a short rest       declined    declined
answer              -                            answered    -
a purchase of the candidate accepts an offer, also without a click
"""

from __future__ import annotations

from schemas.records import Purchase, Reply
from state.records.customer import RESTS_MAX, Consent, CustomerRecord, Forgotten, Open, Rest
from streams.journey.candidates import has
from streams.journey.eligibility import end, mark_unsent
from streams.journey.reply_meaning import meaning_of
from streams.journey.step import Step
from streams.journey.words import Move, Placement, Reason, Stage, Status

NOT_SENT = ("failed", "suppressed")
# What nobody needs twice: these offers are moot for whoever has the candidate already.
ONCE_OWNED = frozenset((Placement.ORDER_ADD_ON, Placement.ESSENTIAL, Placement.NEXT_STEP, Placement.UPGRADE))
YES, NO, NOT_NOW, ANSWER = "yes", "no", "not_now", "answer"


def answer(step: Step, event: Reply) -> None:
    """Apply a reply that was just folded."""
    held = next((o for o in step.customer.open if o.eligibility_id == event.eligibility_id), None)
    if event.feedback is not None:
        _reported(step, event, held)
        return
    intent, _ = meaning_of(event, step.world.policies.base)
    if event.eligibility_id is not None:
        _proves_sending(step.customer, event)
    if event.eligibility_id is None and intent in (YES, NO, NOT_NOW, ANSWER):
        held = _the_only_one(step)
    if intent == ANSWER or event.answers:
        _answered(step, event, held)
    elif intent == YES and held is not None:
        status = Status.ANSWERED if held.move == Move.ASK else Status.ACCEPTED
        if held.move == Move.OFFER:
            step.customer.declines_in_a_row = 0
        end(step, held, status, Reason.SAID_YES)
    elif intent in (NO, NOT_NOW):
        _declined(step, event, held, later=intent == NOT_NOW)


def _the_only_one(step: Step) -> Open | None:
    """A reply that names nothing means what was sent, when only one thing was."""
    asked = [held for held in step.customer.open if held.sent_at and held.move in (Move.OFFER, Move.ASK)]
    return asked[0] if len(asked) == 1 else None


def _reported(step: Step, event: Reply, held: Open | None) -> None:
    """What the sender did: caps count what was sent, also when that is told after the end."""
    customer = step.customer
    if event.feedback == "seen":
        _proves_sending(customer, event)
    elif event.feedback in NOT_SENT:
        customer.past.sender_reports = True
        if held is not None and not held.sent_at:
            mark_unsent(customer, held.eligibility_id)
            step.recheck = True
    elif event.feedback == "sent":
        customer.past.sender_reports = step.recheck = True
        at = event.occurred_at if held is None else max(event.occurred_at, held.opened_at)
        for sent in customer.past.sent:
            if sent.eligibility_id == event.eligibility_id and (sent.unsent or (held and not held.sent_at)):
                sent.at, sent.unsent = max(at, sent.at), False
                if sent.move == Move.ASK:
                    customer.asked_at = max(customer.asked_at, at)
        if held is not None and not held.sent_at:
            held.sent_at = at


def _proves_sending(customer: CustomerRecord, event: Reply) -> None:
    """Nobody sees or answers what was never sent: caps count it, whatever its sender did not report."""
    for sent in customer.past.sent:
        if sent.eligibility_id == event.eligibility_id:
            sent.unsent, sent.replied = False, True


def _answered(step: Step, event: Reply, held: Open | None) -> None:
    """An answer ends the pending ask; a goal lets the next step come, of whatever came into use lately."""
    ask = held if held is not None and held.move == Move.ASK else None
    if ask is None:
        ask = next((o for o in step.customer.open if o.move == Move.ASK), None)
    step.recheck = True
    used = {(now.product_id, now.unit_id) for now in step.customer.past.newest if now.stage == Stage.USAGE}
    if ask is not None:
        used.add((ask.product_id, ask.unit_id))
        end(step, ask, Status.ANSWERED, Reason.GAVE_ANSWER)
    if any(given.kind == "goal" for given in event.answers):
        for name in sorted(used):
            item = step.item(*name)
            item.goal_at = max(item.goal_at, event.occurred_at)


def _declined(step: Step, event: Reply, held: Open | None, *, later: bool) -> None:
    customer, rules = step.customer, step.rules.declines
    if held is not None and held.move == Move.ASK:
        end(step, held, Status.DECLINED, Reason.SAID_NOT_NOW if later else Reason.SAID_NO)
        return
    said = next((sent for sent in customer.past.sent if sent.eligibility_id == event.eligibility_id), None)
    family = held.family if held is not None else said.family if said is not None else ""
    is_offer = held is None or held.move == Move.OFFER
    if is_offer and not _counted(step, event):
        at = event.occurred_at
        customer.declines_in_a_row += 1
        rest_ms = rules.not_now_offers_rest_ms if later else rules.offers_rest_ms
        if customer.declines_in_a_row >= rules.in_a_row:
            rest_ms = max(rest_ms, rules.in_a_row_rest_ms)
        customer.offers_rest_until = max(customer.offers_rest_until, at + rest_ms)
        if family:
            family_ms = rules.not_now_family_rest_ms if later else rules.family_rest_ms
            _rest(step, family, at + family_ms)
    step.recheck = True
    if held is not None:
        end(step, held, Status.DECLINED, Reason.SAID_NOT_NOW if later else Reason.SAID_NO)


def _counted(step: Step, event: Reply) -> bool:
    """Whether this very reply already rested offers: a repeat changes nothing."""
    if event.event_id in step.customer.past.counted:
        return True
    step.customer.past.counted = [*step.customer.past.counted, event.event_id][-COUNTED_MAX:]
    return False


COUNTED_MAX = 8


def _rest(step: Step, family: str, until: int) -> None:
    customer, past = step.customer, step.customer.past
    rests = [rest for rest in past.rests if rest.until > step.now and rest.family != family]
    held = next((rest.until for rest in past.rests if rest.family == family), 0)
    rests.append(Rest(family, max(until, held)))
    rests.sort(key=lambda rest: (rest.until, rest.family))
    if len(rests) > RESTS_MAX:
        customer.offers_rest_until = max(customer.offers_rest_until, rests.pop(0).until)
    past.rests = rests


def buy(step: Step, event: Purchase) -> None:
    """A purchase of a candidate, or a subscription, accepts its offer, in both arms of an experiment.

    One that was made before the offer but is heard of only now takes the offer back.
    """
    bought = {line.product_id for line in event.lines}
    if event.subscription is not None:
        bought.add(event.subscription.product_id)
    for held in list(step.customer.open):
        if not held.candidate or held.candidate not in bought:
            continue
        if event.occurred_at >= held.opened_at:
            step.customer.declines_in_a_row = 0
            end(step, held, Status.ACCEPTED, Reason.PURCHASED)
        elif held.send_by > step.now and held.placement in ONCE_OWNED and has(step, held.candidate):
            end(step, held, Status.REVOKED, Reason.COVERED)


def restore_stops(customer: CustomerRecord, left: Forgotten) -> None:
    """The opt-outs of a customer who was erased hold when they come back."""
    customer.facts.consents = [
        Consent(channel, stopped=(left.erased_at, "")) for channel in sorted(left.stopped)
    ]
