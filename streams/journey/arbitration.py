"""Pure. Several moments at once: the policy's priority decides, and nothing is lost.

Claims that were collected in this step and those that are due in the waiting list are tried from the
greatest priority down. A gate that is shut, a candidate that fails or a check that does not pass withholds
a claim with its reason. The waiting list holds the best few of each move; one that does not fit is
`crowded_out` with a look of its own. After an opening everything that waits is tried again, because gates
have moved.
"""

from __future__ import annotations

from state.records.customer import Claim, Open
from state.records.item import ItemRecord
from state.records.order import OrderRecord
from streams.journey import channels, checks, friction, gates, helping, items, order_moments
from streams.journey.candidates import Choice, for_claim
from streams.journey.catalogue import ADD_ONS
from streams.journey.eligibility import Saying, end, open_, when_to_send
from streams.journey.gates import Shut
from streams.journey.moments import BY_PLACEMENT
from streams.journey.step import ClaimKey, Claims, Step
from streams.journey.telling import FINAL, promised, report, reported
from streams.journey.view import FAR
from streams.journey.words import PLACEMENT_WORDS, Move, Placement, Reason, Scope, Status

ROUNDS_MAX = 8
CATCHING_UP, CROWDED_OUT = Reason.CATCHING_UP, Reason.CROWDED_OUT
HELP, OFFER = Move.HELP, Move.OFFER


def arbitrate(step: Step) -> None:
    """Open what may be said now, withhold the rest with its reason and its next look."""
    waiting, now = step.waiting, step.now
    if not (step.claims or step.recheck):
        for claim in waiting.values():
            if claim.ends_at <= now or 0 < claim.look_at <= now:
                break
        else:
            return
    _let_go_of_what_is_over(step)
    pool = _pool(step, every=step.recheck)
    for _ in range(ROUNDS_MAX):
        if not pool:
            break
        if _round(step, pool):
            pool = _pool(step, every=True)
        elif not step.vacated and step.claims.keys() <= pool.keys():
            break
        else:  # who was decided anew has brought other moments
            items.succeed(step)
            pool = {key: claim for key, claim in _pool(step, every=False).items() if key not in pool}
    for claim in step.crowded:
        _look_again(step, claim)
    for claim, reason in step.withheld.values():
        if reason != claim.reason or reason == CROWDED_OUT:
            report(step, claim, reason, claim.look_at)


def _let_go_of_what_is_over(step: Step) -> None:
    for key in [key for key, claim in step.waiting.items() if claim.ends_at <= step.now]:
        claim = step.waiting.pop(key)
        if claim.reason == CATCHING_UP:
            step.withheld[key] = claim, Reason.TOO_LATE
            claim.look_at = 0


def _pool(step: Step, *, every: bool) -> Claims:
    """Claims of this step, and what waits and is due."""
    pool = dict(step.claims)
    for key, held in step.waiting.items():
        claim = pool.get(key)
        if claim is not None:
            _take_over(claim, held)
        elif every or 0 < held.look_at <= step.now:
            pool[key] = held
    return pool


def _rank(claim: Claim) -> tuple[int, int, int, str, str, str, str]:
    return (
        -claim.priority, claim.ends_at, claim.placement, claim.product_id, claim.unit_id, claim.order_id,
        claim.parcel_id,
    )  # fmt: skip


def _round(step: Step, pool: Claims) -> bool:
    """Try each claim once; whether anything was opened."""
    opened = False
    ranked = sorted(pool, key=lambda key: _rank(pool[key])) if len(pool) > 1 else list(pool)
    for key in ranked:
        claim = pool[key]
        shut = gates.first_shut(step, claim)
        if shut is None:
            confirmed = _confirm(step, key, claim)
            if confirmed is None:
                _forget(step, key)
                continue
            shut = _try(step, confirmed)
            if shut is None:
                _forget(step, key)
                opened = True
                continue
        _withhold(step, key, claim, *shut)
    return opened


def _confirm(step: Step, key: ClaimKey, claim: Claim) -> Claim | None:
    """A claim that has waited is decided anew from its own records before it may be said."""
    if key not in step.claims and claim.move != HELP:
        _decide_anew(step, claim)
    found = step.claims.get(key)
    if found is not None:
        _take_over(found, claim)
    return found


def _take_over(claim: Claim, held: Claim) -> None:
    """The same moment, made anew, keeps what was said of it; that of another supply is another."""
    if claim.anchor == held.anchor:
        claim.reason, claim.look_at = held.reason, held.look_at


def _decide_anew(step: Step, about: Claim | Open) -> None:
    """Collect the moments of the item or order again."""
    if about.placement not in order_moments.OF_ORDERS:
        items.decide(step, step.item(about.product_id, about.unit_id))
    elif step.peek_order(about.order_id) is not None:
        order_moments.decide_anew(step, step.order(about.order_id))


def _forget(step: Step, key: ClaimKey) -> None:
    step.claims.pop(key, None)
    step.withheld.pop(key, None)
    step.waiting.pop(key, None)


def _try(step: Step, claim: Claim) -> Shut:
    """Open the claim, or say why not: no channel, no candidate, a check that fails."""
    rules = step.rules_for(claim.product_id)
    rule = rules.moments[PLACEMENT_WORDS[claim.placement]]
    usable, refused = channels.usable(step, rule, claim)
    if refused is not None:
        return refused, FAR
    choice = _choice(step, claim) if claim.move == OFFER else None
    if isinstance(choice, Reason):
        return choice, _family_lifts(step) if choice == Reason.FAMILY_RESTS else FAR
    send_by = claim.ends_at
    if claim.move == HELP:  # its moment lasts as long as the friction, the permission only so long
        send_by = min(send_by, step.now + rule.window_ms)
    usable, send_windows = when_to_send(step, usable, send_by)
    if not usable:
        return Reason.QUIET_HOURS, FAR
    view = step.views.get((claim.product_id, claim.unit_id))
    shut = friction.blocking(step, claim.move, claim.order_id, claim.product_id)
    blocked = shut[0] if shut is not None and claim.move != HELP else None
    made = checks.six(checks.Case(step, claim, view, choice, usable, blocked))
    if isinstance(made, Reason):
        return made, FAR
    if _in_wrong_context(step, claim):
        return Reason.WRONG_CONTEXT, step.customer.context_until
    claim.ends_at = send_by
    gone = _supersede(step, claim)
    avoid = channels.avoided(step)
    escalate = claim.move == HELP and helping.needs_a_person(step, claim)
    open_(step, claim, Saying(choice, usable, send_windows, avoid, made, escalate=escalate))
    if gone is not None:
        _decide_anew(step, gone)
    return None


def _in_wrong_context(step: Step, claim: Claim) -> bool:
    """A shipping update that was just read for its status allows the essential at most."""
    if claim.move != OFFER or claim.placement == Placement.ESSENTIAL:
        return False
    return step.now < step.customer.context_until


def _choice(step: Step, claim: Claim) -> Choice | Reason:
    row = BY_PLACEMENT.get(claim.placement)
    return for_claim(step, claim, ADD_ONS if row is None else row.relations)


def _family_lifts(step: Step) -> int:
    return min((rest.until for rest in step.customer.past.rests if rest.until > step.now), default=FAR)


def _supersede(step: Step, claim: Claim) -> Open | None:
    """End the lower offer that a service offer takes the place of; it may come back."""
    held = gates.permission(step, claim.move)
    if held is not None and gates.supersedes(step, claim, held):
        end(step, held, Status.SUPERSEDED, Reason.SERVICE_FIRST)
        return held
    return None


def _withhold(step: Step, key: ClaimKey, claim: Claim, reason: Reason, lifts_at: int) -> None:
    """Note the reason; what holds when all rounds are over is said, once."""
    claim.look_at = lifts_at if lifts_at < claim.ends_at else 0
    if reason == CATCHING_UP and not claim.look_at:
        claim.look_at = claim.ends_at  # then it is too late, and said so
    if reason in FINAL:
        _forget(step, key)
        step.withheld[key] = claim, reason
        return
    step.withheld[key] = claim, reason
    if key in step.waiting:
        step.waiting[key] = claim
        return
    crowded_out = _wait(step, key, claim)
    if crowded_out is not None:
        _crowd_out(step, crowded_out)


def _wait(step: Step, key: ClaimKey, claim: Claim) -> ClaimKey | None:
    """Let a claim wait; return the key of the least of its move when there is one too many.

    Every move has its own places: what waits for another permission pushes nothing out. Help has one for
    each flag, of which there are few.
    """
    step.waiting[key] = claim
    if claim.move == HELP:
        return None
    rivals = [(_rank(held), other) for other, held in step.waiting.items() if held.move == claim.move]
    return max(rivals)[1] if len(rivals) > step.rules.caps.waiting_max else None


def _crowd_out(step: Step, key: ClaimKey) -> None:
    """A claim that finds no place looks again, once, when the better ones of its move are over.

    They all go first, so an earlier look would find it crowded out again: customers with a thousand items
    would be looked at for nothing most of the time. Of questions one is enough: those that wait will do.
    """
    claim = step.waiting.pop(key)
    step.claims.pop(key, None)
    claim.look_at = max([held.ends_at for held in step.waiting.values() if held.move == claim.move])
    if reported(step, claim) == CROWDED_OUT:
        claim.look_at = promised(step, claim)
    if claim.scope == Scope.CUSTOMER or claim.look_at >= claim.ends_at:
        claim.look_at = 0
    step.crowded += (claim,)
    step.withheld[key] = claim, CROWDED_OUT


def _look_again(step: Step, claim: Claim) -> None:
    """What was crowded out has the wake-up of its order or item; help is claimed at every look."""
    if claim.move == HELP:
        return
    record: ItemRecord | OrderRecord
    if claim.scope in (Scope.ORDER, Scope.PARCEL) and step.peek_order(claim.order_id) is not None:
        record = step.order(claim.order_id)
    elif claim.placement not in order_moments.OF_ORDERS:
        record = step.item(claim.product_id, claim.unit_id)
    else:
        return
    if claim.look_at:
        record.due_ms = min(record.due_ms, claim.look_at) if record.due_ms else claim.look_at
