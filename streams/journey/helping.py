"""Pure. Help first: soon after friction started, once an episode, and whether a person is needed."""

from __future__ import annotations

from state.records.customer import Claim, FlagNow
from streams.journey import friction
from streams.journey.eligibility import end
from streams.journey.step import Step, key_of
from streams.journey.telling import episode_of
from streams.journey.view import FAR
from streams.journey.words import Flag, FlagState, Move, Placement, Reason, Scope, Status


def decide(step: Step) -> int:
    """End the help of episodes that are over, claim help for those that last; return the next look."""
    customer = step.customer
    if not customer.flags and not step.recheck:
        return FAR
    lasting = {episode_of(flag): flag for flag in customer.flags if flag.state == FlagState.OPEN}
    for held in list(customer.open):
        if held.move == Move.HELP and held.ref not in lasting:
            end(step, held, Status.COMPLETED, Reason.FRICTION_ENDED)
    waiting = step.waiting
    for key in [k for k, claim in waiting.items() if claim.move == Move.HELP and claim.ref not in lasting]:
        del waiting[key]
    return min((_claim(step, flag) for flag in lasting.values()), default=FAR)


def _claim(step: Step, flag: FlagNow) -> int:
    rule = step.rules.moments[Placement.HELP.word]
    if flag.helped_at or not rule.enabled:
        return FAR
    opens = flag.since + rule.delay_ms
    if opens > step.now:
        return opens if opens < flag.until else FAR
    claim = Claim(
        Placement.HELP, Scope.EPISODE, flag.product_id, "", "", flag.order_id, "", 0, flag.flag, 0, Move.HELP,
        rule.service, rule.priority, opens, flag.until, episode_of(flag),
    )  # fmt: skip
    step.claims.setdefault(key_of(claim), claim)
    return FAR


def needs_a_person(step: Step, claim: Claim) -> bool:
    """Severe, repeated or frustrated."""
    rules, customer = step.rules.help, step.customer
    severe = any(flag.severe and episode_of(flag) == claim.ref for flag in customer.flags)
    recent = [since for since in customer.past.episodes if since > step.now - rules.escalate_within_ms]
    frustrated = claim.anchor == Flag.NEGATIVE_REPLY or friction.frustrated(step)
    return severe or frustrated or len(recent) >= rules.escalate_episodes
