"""Pure. The six checks that stand in every eligibility, each with its evidence.

    right_stage        the stage is one of the moment's own
    next_logical_step  the catalogue relation that makes it the next step
    easy_no            one word ends it
    personalised       a goal, a behaviour, or what is owned; a generic offer does not pass
    channel_fits       at least one channel is allowed, in the moment's own order
    trust_protected    no friction blocks it: if it risks regret, wait and educate

A check gives evidence, says that it does not apply, or fails with the reason under which the moment is then
withheld.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from schemas.records import Check
from state.records.customer import Claim
from streams.journey.candidates import Choice
from streams.journey.eligibility import DECLINES
from streams.journey.step import Step
from streams.journey.view import View
from streams.journey.words import FLAG_WORDS, STAGE_WORDS, FlagState, Move, Placement, Reason, Stage

PASS, NOT_APPLICABLE = "pass", "not_applicable"
HELP, GOAL_QUESTION, CHECKOUT = Move.HELP, Placement.GOAL_QUESTION, Stage.CHECKOUT
NO_CHANNEL, NO_FRICTION = Reason.NO_CHANNEL, ("friction=none",)
EASY_NO = {move: tuple([f"decline={word}" for word in words]) for move, words in DECLINES.items()}
Evidence = tuple[str, ...] | Reason | None


class Case(Struct, gc=False):
    """What a check looks at."""

    step: Step
    claim: Claim
    view: View | None
    choice: Choice | None
    channels: tuple[str, ...]
    blocked: Reason | None


def right_stage(case: Case) -> Evidence:
    """Help fits every stage."""
    claim = case.claim
    if claim.move == HELP:
        return None
    evidence = [f"stage={STAGE_WORDS[claim.stage]}"]
    view = case.view
    if view is not None and view.delivered[0] and claim.stage > CHECKOUT:
        evidence.append(f"delivered_at={view.delivered[0]} event={view.delivered[1]}")
    if view is not None and view.has_value:
        word = "inferred" if view.value_inferred else "first_value"
        evidence.append(f"{word}_at={view.first_value[0]} event={view.first_value[1]}")
    if len(evidence) == 1:
        evidence.append(f"order={claim.order_id}")
    return tuple(evidence)


def next_logical_step(case: Case) -> Evidence:
    """Only an offer claims to be the next step."""
    if case.choice is None:
        return None
    return (f"{case.choice.relation}: {case.claim.product_id} -> {case.choice.candidate}",)


def easy_no(case: Case) -> Evidence:
    """Every message can be refused, offers and asks with one word."""
    return EASY_NO[case.claim.move]


def personalised(case: Case) -> Evidence:
    """Guides and help speak of what is owned; an offer needs its evidence."""
    if case.choice is not None:
        return case.choice.evidence or Reason.GENERIC
    if case.claim.placement == GOAL_QUESTION or case.claim.move == HELP:
        return None
    return (f"owns={case.claim.product_id}",)


def channel_fits(case: Case) -> Evidence:
    """In the order of the moment's policy."""
    return tuple([f"channel={channel}" for channel in case.channels]) or NO_CHANNEL


def trust_protected(case: Case) -> Evidence:
    """Help names the friction that it is for; everything else names that none blocks it."""
    if case.blocked is not None:
        return case.blocked
    flags = case.step.customer.flags
    if case.claim.move == HELP:
        return tuple(
            [f"friction={FLAG_WORDS[f.flag]} event={f.cause}" for f in flags if f.state == FlagState.OPEN]
        )
    return tuple([f"does_not_block={FLAG_WORDS[flag.flag]}" for flag in flags]) or NO_FRICTION


CHECKS: tuple[tuple[str, Callable[[Case], Evidence]], ...] = (
    ("right_stage", right_stage),
    ("next_logical_step", next_logical_step),
    ("easy_no", easy_no),
    ("personalised", personalised),
    ("channel_fits", channel_fits),
    ("trust_protected", trust_protected),
)


def six(case: Case) -> tuple[Check, ...] | Reason:
    """All six with evidence, or the reason of the first that fails."""
    made: list[Check] = []
    for name, check in CHECKS:
        evidence = check(case)
        if isinstance(evidence, Reason):
            return evidence
        verdict = NOT_APPLICABLE if evidence is None else PASS
        made.append(Check(name=name, verdict=verdict, evidence=evidence or ()))
    return tuple(made)
