"""Pure. The vocabulary of Kairos: one word per thing, one small integer per word.

State holds the integers, every output, metric label and page holds the words (`Stage.USAGE.word`).
The integers are part of the stored format: append, never renumber.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class Word(IntEnum):
    """An integer for state that knows the word used everywhere else."""

    word: str

    def __new__(cls, value: int) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        return member

    def __init__(self, _value: int) -> None:
        self.word = self._name_.lower()

    @classmethod
    def of(cls, word: str) -> Word:
        """The member for a word; KeyError when there is none."""
        return cls[word.upper()]


def words(kind: type[Word]) -> tuple[str, ...]:
    """The words of an enumeration by their integers; state holds plain integers, and this looks them up."""
    return tuple(next((m.word for m in kind if m == value), "") for value in range(max(kind) + 1))


class Stage(Word):
    """Where an owned item stands; NONE is known of, but not owned."""

    NONE = 0
    CHECKOUT = 1
    UNBOXING = 2
    USAGE = 3
    CARE = 4
    RENEWAL = 5
    ENDED = 6


class Move(Word):
    """What may be said. An offer and a service offer are one move."""

    GUIDE = 1
    ASK = 2
    OFFER = 3
    HELP = 4


class Placement(Word):
    """The moments of the journey."""

    ORDER_ADD_ON = 1
    PRE_ARRIVAL = 2
    SETUP_GUIDE = 3
    ESSENTIAL = 4
    STALLED_START = 5
    GOAL_QUESTION = 6
    NEXT_STEP = 7
    REFILL = 8
    SUBSCRIBE = 9
    MAINTAIN = 10
    UPGRADE = 11
    EARLY_EDUCATION = 12
    HELP = 13


class Scope(Word):
    """What a moment or a friction flag is about; ids derive from it."""

    CUSTOMER = 1
    ORDER = 2
    PARCEL = 3
    ITEM = 4
    EPISODE = 5


class Flag(Word):
    """A reason not to sell now."""

    SHIPPING_PROBLEM = 1
    TROUBLESHOOTING = 2
    BILLING_PROBLEM = 3
    OPEN_QUESTION = 4
    RETURN_IN_PROGRESS = 5
    NEGATIVE_REPLY = 6


class FlagState(Word):
    """A flag is open while its cause holds, then cools off, then is gone."""

    NONE = 0
    OPEN = 1
    COOLING_OFF = 2


class Status(Word):
    """The life of an eligibility: opened, then exactly one of the others (`rescheduled` is no end)."""

    OPENED = 1
    ACCEPTED = 2
    DECLINED = 3
    ANSWERED = 4
    COMPLETED = 5
    SUPERSEDED = 6
    REVOKED = 7
    EXPIRED = 8
    RESCHEDULED = 9


class Reason(Word):
    """Why a moment is withheld, or why an eligibility ended. One vocabulary for events and metrics."""

    # withheld: the journey says not now
    FRICTION = 1
    COOLING_OFF = 2
    ALREADY_OPEN = 3
    OFFER_GAP = 4
    OFFER_CAP = 5
    DAILY_CAP = 6
    FAMILY_RESTS = 7
    OFFERS_REST = 8
    ASKED_RECENTLY = 9
    ASKS_REST = 10
    FRESH_ANSWER = 11
    WAITING_FOR_ANSWER = 12
    HELP_RECENTLY = 13
    AGENT_HOLDS = 14
    OUTRANKED = 15
    CROWDED_OUT = 16
    GUIDE_FIRST = 17
    # withheld: a check did not pass
    GENERIC = 20
    NO_CANDIDATE = 21
    NO_CONSENT = 22
    NO_CHANNEL = 23
    WRONG_CONTEXT = 24
    COVERED = 25
    QUIET_HOURS = 26
    # withheld: the operator or the platform says not now
    PAUSED = 30
    BEFORE_LIVE = 31
    RAMPING_UP = 32
    CATCHING_UP = 33
    INPUTS_STALE = 34
    MASS_INCIDENT = 35
    TOO_LATE = 36
    # why it was opened
    MOMENT_CAME = 40
    # ends
    PURCHASED = 50
    SAID_YES = 51
    SAID_NO = 52
    SAID_NOT_NOW = 53
    GAVE_ANSWER = 54
    DONE = 55
    SERVICE_FIRST = 56
    FRICTION_STARTED = 57
    FRICTION_ENDED = 58
    MOMENT_PASSED = 59
    SEND_WINDOW_OVER = 60
    ANSWER_WINDOW_OVER = 61
    ITEM_ENDED = 62
    OPTED_OUT = 63
    CONSENT_LOST = 64
    POLICY_CHANGED = 65
    ERASED = 66
    ATTRIBUTION_FULL = 67
    TIME_ZONE_CHANGED = 68


STAGE_WORDS = words(Stage)
MOVE_WORDS = words(Move)
PLACEMENT_WORDS = words(Placement)
SCOPE_WORDS = words(Scope)
FLAG_WORDS = words(Flag)
FLAG_STATE_WORDS = words(FlagState)
