"""Runs the core over a history and judges offers against what its state holds at their time.

    history -> Partition -> state as of each offer -> Auditor -> Score
    openings of Kairos, each at its own step       -> Auditor -> Score

Nobody reacts in this run: what customers did is the team's own history, and an answer to a message that was
never sent would be no part of it. Kairos's own offers are judged at the step that opens them, by the same
code and on the same state.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from heapq import heapify, heappop, heappush
from typing import Any

from msgspec import Struct

from schemas.records import Delivery, Eligibility
from state.layouts import Codecs
from state.memory import MemoryStore
from state.overlay import Overlay
from state.store import Store
from streams import collecting
from streams.inputs.partition import murmur2_partition
from streams.journey.step import World
from streams.journey.words import Move
from streams.replay.audit import Auditor, Finding, Offer
from streams.replay.audit_score import Score, plain, total
from streams.replay.calendar_campaign import Calendar
from streams.replay.driver import Fault, Partition, Taken
from streams.replay.goes_with import Related
from streams.replay.looking import Look
from streams.replay.run import Progress, Setup
from streams.replay.send_log import Send
from streams.sources.source import Event

PROGRESS_LOOKS = 2_000


class Audited(Struct, frozen=True):
    """The offers of others, and Kairos's own on the same history."""

    theirs: Score
    ours: Score
    calendar: tuple[Offer, ...] = ()
    """What the calendar sent, where it was asked for."""
    faults: tuple[str, ...] = ()
    """Steps of the history that failed, which must not happen: what they would have told is not known."""


def audit_plain(audited: Audited) -> dict[str, Any]:
    """Both scores for JSON."""
    faults = len(audited.faults)
    return {"offers": plain(audited.theirs), "kairos": plain(audited.ours), "failed_steps": faults}


class Probes:
    """Offers by time, each judged when all that happened until then is in the store, and nothing later."""

    def __init__(self, world: World, store: Store, auditor: Auditor, offers: Iterable[Offer] = ()) -> None:
        self.score = Score()
        self._world, self._store, self._auditor, self._codecs = world, store, auditor, Codecs()
        self._ahead = [(offer.at_ms, offer.line, number, offer) for number, offer in enumerate(offers)]
        self._number = len(self._ahead)
        self._unknown: list[tuple[Offer, tuple[Finding, ...]]] = []
        heapify(self._ahead)

    def add(self, offer: Offer) -> None:
        """One more offer, not earlier than now."""
        self._number += 1
        heappush(self._ahead, (offer.at_ms, offer.line, self._number, offer))

    def before(self, at_ms: int) -> None:
        """Time moves to `at_ms`: judge what was offered before."""
        ahead = self._ahead
        while ahead and ahead[0][0] < at_ms:
            self.judge(heappop(ahead)[3])

    def judge(self, offer: Offer) -> None:
        """Judge one offer now."""
        records = Overlay(self._store, self._codecs)
        known = records.exists(offer.customer_id)
        look = Look(self._world, records, offer.customer_id, offer.at_ms)
        findings = self._auditor.judge(look, offer)
        if known:
            self.score.add(offer, findings)
        else:
            self._unknown.append((offer, findings))

    def end(self) -> Score:
        """Whoever came later had nothing when the offer was made; whoever never came is not judged."""
        records = Overlay(self._store, self._codecs)
        for offer, findings in self._unknown:
            if records.exists(offer.customer_id):
                self.score.add(offer, findings)
            else:
                self.score.unknown_customers += 1
        self._unknown.clear()
        return self.score


def audit_history(
    setup: Setup,
    sends: Iterable[Send] | None,
    processes: int = 1,
    progress: Progress = lambda *_: None,
) -> Audited:
    """Judge a send log on a history, or, with None, what a plain calendar would have sent."""
    by_partition: list[list[Send] | None] = [None if sends is None else [] for _ in range(setup.partitions)]
    for send in sends or ():
        mine = by_partition[murmur2_partition(send.customer_id.encode(), setup.partitions)]
        assert mine is not None
        mine.append(send)
    numbers = range(setup.partitions)
    if processes <= 1 or setup.partitions == 1:
        done = [audit_partition(setup, n, by_partition[n], progress) for n in numbers]
    else:
        done = _in_processes(setup, by_partition, processes, progress)
    sent = sorted((offer for one in done for offer in one.calendar), key=_in_time)
    faults = tuple(fault for one in done for fault in one.faults)
    return Audited(total(one.theirs for one in done), total(one.ours for one in done), tuple(sent), faults)


def _in_processes(
    setup: Setup, by_partition: list[list[Send] | None], processes: int, progress: Progress
) -> list[Audited]:
    """Each partition in one of several processes; progress comes by the partition."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, setup.partitions), context, collecting.rarely) as pool:
        futures = [pool.submit(audit_partition, setup, n, sends) for n, sends in enumerate(by_partition)]
        numbers = {future: number for number, future in enumerate(futures)}
        for future in as_completed(futures):
            progress(numbers[future], 1.0, 0)
    return [future.result() for future in futures]


def audit_partition(
    setup: Setup, number: int, sends: list[Send] | None, progress: Progress = lambda *_: None
) -> Audited:
    """One partition of `audit_history`."""
    world, store, related = setup.world(), MemoryStore(), Related(setup.products)
    first, last = setup.history.starts_at_ms, setup.until_ms
    judged = [_offer(send) for send in sends or () if send.move == Move.OFFER.word]
    inside = [offer for offer in judged if first <= offer.at_ms <= last]
    theirs = Probes(world, store, Auditor(related), inside)
    theirs.score.outside = len(judged) - len(inside)
    theirs.score.no_offers.update(send.move for send in sends or () if send.move != Move.OFFER.word)
    ours = Probes(world, store, Auditor(related))
    made: list[Offer] = []

    def add(offer: Offer) -> None:
        if offer.at_ms <= last:
            made.append(offer)
            theirs.add(offer)

    calendar = Calendar(related, add) if sends is None else None
    steps = 0

    def observe(taken: Taken) -> None:
        nonlocal steps
        steps += 1
        if steps % PROGRESS_LOOKS == 0:
            progress(number, (taken.at.now_ms - first) / max(1, last - first), steps)
        if calendar is not None and taken.event is not None:
            calendar.see(taken.event)
        for topic, record in taken.said:
            if topic == "journey.eligibility" and _is_offer(record):
                ours.judge(_opened(record, taken.event))

    opened = setup.history.open(number, setup.partitions, lambda _: None)
    faults: list[str] = []

    def report(fault: Fault) -> None:
        faults.append(f"{fault.customer_id} at {fault.at_ms}: {fault.problem}")

    partition = Partition(world, store, last, observers=[observe], before=theirs.before, report=report)
    partition.run(opened.events)
    theirs.before(last + 1)
    progress(number, 1.0, steps)
    return Audited(theirs.end(), ours.end(), tuple(made), tuple(faults))


def _in_time(offer: Offer) -> tuple[int, str]:
    return offer.at_ms, offer.customer_id


def _offer(send: Send) -> Offer:
    """A channel that is a context of its own stands for it where none is named."""
    own = send.channel if send.channel in ("shipping_update", "order_page") else ""
    return Offer(send.customer_id, send.at_ms, send.product_id, send.context or own, send.line, send.campaign)


def _is_offer(record: object) -> bool:
    return isinstance(record, Eligibility) and record.status == "opened" and record.move == Move.OFFER.word


def _opened(record: Eligibility, event: Event | None) -> Offer:
    reading = isinstance(event, Delivery) and event.status == "update_opened"
    return Offer(
        record.customer_id, record.decided_at, record.candidate or "", "shipping_update" if reading else "",
        name=record.placement,
    )  # fmt: skip
