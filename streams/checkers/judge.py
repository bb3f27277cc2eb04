"""The table of all checkers, and the walk over a history that tells each of them every step."""

from collections.abc import Iterable, Iterator, Mapping

from schemas.records import Eligibility
from streams.checkers.asks import Asks
from streams.checkers.book import OPENED, Book
from streams.checkers.checker import Case, Checker
from streams.checkers.consent import Consents
from streams.checkers.early_offers import EarlyOffers
from streams.checkers.erasure import Erasures
from streams.checkers.essentials import Essentials
from streams.checkers.generic_offers import GenericOffers
from streams.checkers.grounds import Grounds
from streams.checkers.help_caps import HelpCaps
from streams.checkers.help_first import HelpFirst
from streams.checkers.history import History, Step, Violation
from streams.checkers.holdout import Holdouts
from streams.checkers.known import Known
from streams.checkers.lifecycle import Lifecycle
from streams.checkers.not_current import NotCurrent
from streams.checkers.offer_caps import DailyCap, OfferCaps
from streams.checkers.offers_in_friction import OffersInFriction
from streams.checkers.one_per_move import OnePerMove
from streams.checkers.order_add_ons import OrderAddOns
from streams.checkers.privacy import Privacy
from streams.checkers.rests import Rests
from streams.checkers.send_windows import SendWindows
from streams.checkers.sequence import Sequence
from streams.checkers.six_checks import SixChecks
from streams.checkers.stages import Stages
from streams.checkers.withheld import Withheld
from streams.checkers.wrong_context import WrongContext

CHECKERS: tuple[type[Checker], ...] = (
    # the five traps
    EarlyOffers,
    OrderAddOns,
    Essentials,
    OnePerMove,
    OffersInFriction,
    WrongContext,
    GenericOffers,
    # the life of a permission
    Lifecycle,
    Grounds,
    Sequence,
    SixChecks,
    SendWindows,
    Holdouts,
    # how much is said
    OfferCaps,
    DailyCap,
    Rests,
    Asks,
    HelpCaps,
    HelpFirst,
    Withheld,
    # whom it serves
    Consents,
    Stages,
    NotCurrent,
    Erasures,
    Privacy,
)
UNIQUE_IDS = "unique_ids"
"""The one judgement that needs all customers."""


def judge(history: History, checkers: Iterable[type[Checker]] = CHECKERS) -> list[Violation]:
    """All violations in the history, in order of time."""
    products = {product.product_id: product for product in history.products}
    not_current = history.not_current()
    found = list(_repeated_ids(history))
    for customer_id, steps in history.by_customer().items():
        case = Case(customer_id, products, Known(products), Book(), not_current)
        found.extend(_walk(case, steps, history.end_ms, [checker(case) for checker in checkers]))
    return sorted(found, key=lambda violation: violation.at_ms)


def _walk(case: Case, steps: list[Step], end_ms: int, checkers: list[Checker]) -> Iterator[Violation]:
    for step in steps:
        case.known.take(step.event, step.limits)
        if step.event is not None:
            case.book.hear(step.event, step.at_ms)
        for topic, record in step.said:
            for checker in checkers:
                yield from _named(checker, case, step.at_ms, checker.said(step, topic, record))
            if isinstance(record, Eligibility):
                case.book.take(record, topic, step.at_ms)
        for checker in checkers:
            yield from _named(checker, case, step.at_ms, checker.stepped(step))
        if case.known.erasing:
            case.book.forget()
    for checker in checkers:
        yield from _named(checker, case, end_ms, checker.finished(end_ms))


def _named(checker: Checker, case: Case, at_ms: int, problems: Iterator[str]) -> Iterator[Violation]:
    return (Violation(checker.name, case.customer_id, at_ms, what) for what in problems)


def _repeated_ids(history: History) -> Iterator[Violation]:
    owners: dict[str, str] = {}
    for step in history.steps:
        for _, record in step.said:
            if isinstance(record, Eligibility) and record.status == OPENED:
                owner = owners.setdefault(record.eligibility_id, step.customer_id)
                if owner != step.customer_id:
                    what = f"{record.eligibility_id} is a permission of two customers"
                    yield Violation(UNIQUE_IDS, step.customer_id, step.at_ms, what)


def by_checker(violations: Iterable[Violation]) -> Mapping[str, int]:
    """How often each checker was violated; those without a violation are there with 0."""
    counts = dict.fromkeys([checker.name for checker in CHECKERS] + [UNIQUE_IDS], 0)
    for violation in violations:
        counts[violation.checker] = counts.get(violation.checker, 0) + 1
    return counts
