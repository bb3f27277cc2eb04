"""After a no, offers rest: those like it for long, all for a while, longer after two in a row."""

from collections.abc import Iterator

from schemas.records import Eligibility, Reply
from streams.checkers.book import Permission
from streams.checkers.checker import OFFER, Checker
from streams.checkers.history import Step
from streams.checkers.known_contact import intent_of
from streams.checkers.limits import Limits


class Rests(Checker):
    """Service offers are exempt from the general rests, never from that of their own kind."""

    name = "rests"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge offers against every no that is known."""
        if record.move != OFFER:
            return
        answers = self._answers(step.limits)
        for at_ms, intent, permission in answers:
            same = permission.opened.candidate == record.candidate
            alike = same and permission.opened.placement == record.placement
            rest_ms = _rest_ms(intent, step.limits, alike=alike, service=record.message_class == "service")
            if at_ms <= step.at_ms < at_ms + rest_ms:
                since = f"{step.at_ms - at_ms} ms after {intent} to {permission.id}"
                yield f"{record.eligibility_id} opened {since}"
        if record.message_class != "service":
            yield from self._in_a_row(step, record, answers)

    def _in_a_row(
        self, step: Step, record: Eligibility, answers: list[tuple[int, str, Permission]]
    ) -> Iterator[str]:
        """Two offers, the last two that were answered at all, both answered by nothing but no."""
        limits = step.limits
        by_offer: dict[str, list[tuple[int, str]]] = {}
        for at_ms, intent, permission in answers:
            by_offer.setdefault(permission.id, []).append((at_ms, intent))
        last = sorted(by_offer.values(), key=max)[-limits.declines_in_a_row :]
        refused = all(intent == "no" for said in last for _, intent in said)
        if len(last) == limits.declines_in_a_row and refused:
            at_ms = max(at for said in last for at, _ in said)
            if self._accepted_since(min(at for said in last for at, _ in said)):
                return
            if at_ms <= step.at_ms < at_ms + limits.in_a_row_rest_ms:
                yield f"{record.eligibility_id} opened {step.at_ms - at_ms} ms after declines in a row"

    def _accepted_since(self, since_ms: int) -> bool:
        """Whether an offer was taken, by a purchase without a word too."""
        ends = (permission.ended for permission in self.case.book.remembered)
        return any(e is not None and e.status == "accepted" and e.decided_at >= since_ms for e in ends)

    def _answers(self, limits: Limits) -> list[tuple[int, str, Permission]]:
        """(time, yes, no or not_now, offer) of all replies to offers that are not dated before it."""
        found = []
        for permission in self.case.book.remembered:
            if permission.opened.move == OFFER:
                found += [
                    (reply.occurred_at, intent, permission)
                    for reply in permission.replies
                    if (intent := _answer(reply, limits))
                    and reply.occurred_at >= permission.opened_ms
                    and not (intent != "yes" and _accepted(permission))
                ]
        return found


def _accepted(permission: Permission) -> bool:
    """Who said yes, or bought it, and then says no, says it to something else."""
    return permission.ended is not None and permission.ended.status == "accepted"


def _answer(reply: Reply, limits: Limits) -> str:
    intent = intent_of(reply, limits)
    return intent if intent in {"yes", "no", "not_now"} else ""


def _rest_ms(intent: str, limits: Limits, *, alike: bool, service: bool) -> int:
    general = {"no": limits.offers_rest_ms, "not_now": limits.not_now_offers_rest_ms}
    family = {"no": limits.family_rest_ms, "not_now": limits.not_now_family_rest_ms}
    rests = [0 if service else general.get(intent, 0), family.get(intent, 0) if alike else 0]
    return max(rests)
