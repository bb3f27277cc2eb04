"""The permissions of one customer as a subscriber of the output topics sees them."""

from dataclasses import dataclass, field

from schemas.records import Eligibility, Reply
from streams.checkers.history import HOLDOUT, Event

OPENED = "opened"
RESCHEDULED = "rescheduled"
ENDS = frozenset({"accepted", "declined", "answered", "completed", "superseded", "revoked", "expired"})


@dataclass(slots=True)
class Permission:
    """One eligibility from its opening on. Times are epoch milliseconds."""

    opened: Eligibility
    opened_ms: int
    topic: str
    last: Eligibility
    ended: Eligibility | None = None
    ended_ms: int = 0
    replies: list[Reply] = field(default_factory=list)
    """Replies and feedback that name it, in the order in which they were processed."""
    sent_before_end: bool = False

    @property
    def id(self) -> str:
        """Its eligibility id."""
        return self.opened.eligibility_id

    @property
    def is_sent(self) -> bool:
        """Whether it was reported sent before its end; what is held out counts as sent."""
        return self.sent_before_end or self.topic == HOLDOUT

    def may_be_sent(self, at_ms: int) -> bool:
        """Whether a sender may still use it."""
        return self.ended is None and at_ms < self.last.send_by

    def reports(self, feedback: str) -> list[int]:
        """The times that senders report for `feedback`."""
        return [reply.occurred_at for reply in self.replies if reply.feedback == feedback]

    def counts_from_ms(self, *, reporting: bool) -> int | None:
        """From when it counts for the caps; None when it surely does not.

        A report counts at its own time if it lies within the permission, else at the opening. Where senders
        report at all, what ended without a report was not sent; elsewhere only what was taken back was not.
        """
        until_ms = self.opened.send_by if self.ended is None else min(self.opened.send_by, self.ended_ms)
        if sent := [at for at in self.reports("sent") if self.opened_ms <= at < until_ms]:
            return min(sent)
        if self.reports("failed") or self.reports("suppressed"):
            return None
        if self.is_sent or self.ended is None:
            return self.opened_ms
        return None if reporting or self.ended.status in {"superseded", "revoked"} else self.opened_ms


class Book:
    """Permissions by id, and those that have not ended."""

    __slots__ = ("by_id", "live", "remembered", "reporting")

    def __init__(self) -> None:
        self.remembered: list[Permission] = []
        """Those since the last erasure, in order."""
        self.reporting = False
        """Whether any sender ever reported what became of a message."""
        self.by_id: dict[str, Permission] = {}
        self.live: dict[str, Permission] = {}

    def hear(self, event: Event, at_ms: int) -> None:
        """A reply that names a permission is kept with it."""
        if not isinstance(event, Reply):
            return
        self.reporting |= event.feedback is not None
        if event.eligibility_id in self.by_id:
            permission = self.by_id[event.eligibility_id]
            permission.replies.append(event)
            reached = event.feedback in {"sent", "seen"}
            permission.sent_before_end |= reached and permission.may_be_sent(at_ms)

    def take(self, record: Eligibility, topic: str, at_ms: int) -> None:
        """A record was said. Impossible changes are left for the checker that judges them."""
        if record.status == OPENED:
            if record.eligibility_id not in self.by_id:
                permission = Permission(record, at_ms, topic, record)
                self.by_id[record.eligibility_id] = self.live[record.eligibility_id] = permission
                self.remembered.append(permission)
        elif (known := self.live.get(record.eligibility_id)) is not None:
            if record.status == RESCHEDULED:
                known.last = record
            else:
                known.ended, known.ended_ms = record, at_ms
                del self.live[record.eligibility_id]

    def forget(self) -> None:
        """An erasure: caps and rests begin anew; ids are known for ever."""
        self.remembered.clear()
        self.reporting = False

    def permitted(self, at_ms: int) -> list[Permission]:
        """Permissions that may still be sent at `at_ms`."""
        return [permission for permission in self.live.values() if permission.may_be_sent(at_ms)]
