"""Pure. The five traps, judged for one message at the time at which it was sent, by what was known then.

    before_first_value  nothing that the product goes with had first value, and no exception holds: a small
                        add-on within a day of its order, what is required to start, a refill that is due
    stacked             another offer to this customer came within the policy's gap; service offers are exempt
    during_friction     friction blocked offers about everything that the product goes with
    wrong_context       it stood in something that was opened for another reason
    generic             the product goes with nothing that is owned, or there was no product

What the rules know is asked of the rules (`View`, `stage_of`, `friction.blocking`, the guards of the add-on);
only the question is another: not "may this be opened" but "was this a trap". Where several owned items fit,
the kindest reading counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from state.records.customer import FlagNow
from streams.journey.view import DAY_MS
from streams.journey.words import FLAG_WORDS, FlagState, Move, Placement, Stage
from streams.replay.goes_with import Link, Related, links
from streams.replay.looking import Look

HOUR_MS = 3_600_000


class Trap(StrEnum):
    """What must never happen to a customer."""

    BEFORE_FIRST_VALUE = "before_first_value"
    STACKED = "stacked"
    DURING_FRICTION = "during_friction"
    WRONG_CONTEXT = "wrong_context"
    GENERIC = "generic"


class Offer(Struct, frozen=True):
    """One offer that was made. `context` is what it stood in, "" for nothing of its own."""

    customer_id: str
    at_ms: int
    product_id: str
    context: str = ""
    line: int = 0
    name: str = ""


class Finding(Struct, frozen=True):
    """One trap, and the fact that makes it one."""

    trap: Trap
    why: str


NOTHING: frozenset[Placement] = frozenset()
CONTEXTS: dict[str, frozenset[Placement]] = {
    **dict.fromkeys(
        ("shipping_update", "delivery_update", "tracking", "tracking_page", "setup_guide"),
        frozenset({Placement.ESSENTIAL}),
    ),
    **dict.fromkeys(("order_page", "order_confirmation"), frozenset({Placement.ORDER_ADD_ON})),
    **dict.fromkeys(("ticket", "support", "support_ticket", "support_chat", "complaint", "help"), NOTHING),
    **dict.fromkeys(("return", "refund", "cancellation", "unsubscribe"), NOTHING),
    **dict.fromkeys(("billing", "invoice", "payment_failed", "password_reset", "security", "legal"), NOTHING),
}
"""What was opened for something else, and what it allows at most. Any other context allows every offer."""


class Auditor:
    """Judges the offers of one history, in order of time; remembers when each customer had the last."""

    __slots__ = ("_last", "_related")

    def __init__(self, related: Related) -> None:
        self._related = related
        self._last: dict[str, int] = {}

    def judge(self, look: Look, offer: Offer) -> tuple[Finding, ...]:
        """Every trap that the offer fell into."""
        found = list(links(look, self._related, offer.product_id)) if offer.product_id else []
        timely = [link for link in found if link.moment is not None]
        return tuple(
            Finding(trap, why)
            for trap, why in (
                (Trap.BEFORE_FIRST_VALUE, _before_first_value(look, found, timely)),
                (Trap.STACKED, self._stacked(look, offer, timely)),
                (Trap.DURING_FRICTION, _during_friction(look, timely or found)),
                (Trap.WRONG_CONTEXT, _wrong_context(offer, timely)),
                (Trap.GENERIC, _generic(offer, found)),
            )
            if why
        )

    def _stacked(self, look: Look, offer: Offer, timely: Sequence[Link]) -> str:
        moments = look.step.rules.moments
        if any(link.moment is not None and moments[link.moment.word].service for link in timely):
            return ""
        last = self._last.get(offer.customer_id)
        self._last[offer.customer_id] = offer.at_ms
        gap_ms = look.step.rules.caps.offer_gap_ms
        if last is None or offer.at_ms - last >= gap_ms:
            return ""
        earlier = offer.at_ms - last
        between = f"{earlier / DAY_MS:.1f} d" if earlier >= DAY_MS else f"{earlier / HOUR_MS:.1f} h"
        return f"another offer came {between} earlier, the gap is {gap_ms / DAY_MS:g} d"


def _before_first_value(look: Look, found: Sequence[Link], timely: Sequence[Link]) -> str:
    if timely:
        return ""
    for link in found:
        if link.owned is not None:
            delivered = link.owned.view.delivered[0]
            state = f"delivered {day(delivered)}" if 0 < delivered <= look.step.now else "not delivered yet"
            return f"no first value yet of {link.product_id}, {state}"
    counts = look.step.customer.past.stage_counts
    if any(counts[stage] > 0 for stage in (Stage.USAGE, Stage.CARE, Stage.RENEWAL) if stage < len(counts)):
        return ""
    return "nothing that is owned had first value" if any(counts) else "nothing was owned yet"


def _during_friction(look: Look, found: Sequence[Link]) -> str:
    """Blocked whatever it was about."""
    about = {(link.order_id, link.product_id) for link in found} or {("", "")}
    blocked: list[FlagNow] = []
    for order_id, product_id in sorted(about):
        flags = look.blocking(Move.OFFER, order_id, product_id)
        if not flags:
            return ""
        blocked += flags
    flag = min(blocked, key=lambda flag: (flag.state, flag.since, flag.flag, flag.ref))
    word = FLAG_WORDS[flag.flag]
    if flag.state == FlagState.OPEN:
        return f"{word} was open since {day(flag.since)}" + (f", by {flag.cause}" if flag.cause else "")
    return f"{word} had ended, but cooled off until {day(flag.until)}"


def _wrong_context(offer: Offer, timely: Sequence[Link]) -> str:
    allowed = CONTEXTS.get(offer.context)
    if allowed is None or any(link.moment in allowed for link in timely):
        return ""
    words = ", ".join(sorted(placement.word for placement in allowed))
    return f"{offer.context} allows {'at most ' + words if words else 'no offer'}"


def _generic(offer: Offer, found: Sequence[Link]) -> str:
    if not offer.product_id:
        return "it names no product"
    return "" if found else f"{offer.product_id} is no catalogue relation of anything owned"


def day(at_ms: int) -> str:
    """A day as people read it, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")
