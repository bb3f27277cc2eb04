"""What is made up holds together: parcels travel, what is used has arrived and is not taken back."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from schemas.records import Delivery, OrderLine, Profile, Purchase, Reply, Ticket, Usage
from streams.sources.bought import Bought, Taken
from streams.sources.online_retail import OnlineRetail
from streams.sources.parcels import DAY_MS, HOUR_MS
from streams.sources.source import Event
from streams.sources.surroundings import Surroundings

Events = tuple[Event, ...]
FINAL = {"delivered", "lost", "returned_to_sender"}
ORDERED_AT = 1_300_000_000_000


def by_parcel(events: Events) -> dict[str, list[Delivery]]:
    parcels: dict[str, list[Delivery]] = defaultdict(list)
    for event in events:
        if isinstance(event, Delivery) and event.status != "update_opened":
            parcels[event.parcel_id].append(event)
    return parcels


def purchases(events: Events, kind: str) -> Iterator[Purchase]:
    return (event for event in events if isinstance(event, Purchase) and event.type == kind)


def bought(*taken: Taken, is_first: bool = False, lines: int = 3) -> Bought:
    return Bought(
        order_id="9",
        customer_id="c",
        country="United Kingdom",
        at_ms=ORDERED_AT,
        is_first=is_first,
        lines=tuple(OrderLine(f"9:{n}", "22423", quantity=2) for n in range(lines)),
        taken=taken,
    )


def around(source: OnlineRetail, seed: int, order: Bought) -> list[Event]:
    return list(Surroundings(seed, {p.product_id: p for p in source.catalogue}).around(order))


def test_no_made_up_event_lies_before_its_order(events: Events) -> None:
    placed = {purchase.order_id: purchase.occurred_at for purchase in purchases(events, "order_placed")}
    for event in events:
        if isinstance(event, Delivery | Purchase) and event.order_id is not None:
            assert event.occurred_at >= placed[event.order_id]


def test_a_parcel_travels_forward_and_ends_once(events: Events) -> None:
    parcels = by_parcel(events)
    for changes in parcels.values():
        statuses = [change.status for change in changes]
        assert statuses[:2] == ["info_received", "in_transit"][: len(statuses)]
        assert not FINAL & set(statuses[:-1])
        assert len(set(statuses)) == len(statuses)
    ends = Counter(changes[-1].status for changes in parcels.values())
    assert ends["delivered"] > 0.9 * ends.total()


def test_every_way_of_going_wrong_occurs(events: Events) -> None:
    statuses = Counter(event.status for event in events if isinstance(event, Delivery))
    assert {"exception", "attempt_fail", "available_for_pickup", "lost", "update_opened"} <= set(statuses)
    late = [
        change
        for changes in by_parcel(events).values()
        for change in changes
        if change.status == "delivered"
        and change.estimate_on
        and change.occurred_at // DAY_MS > change.estimate_on
    ]
    assert late


def test_split_parcels_share_out_the_lines_of_their_order(events: Events) -> None:
    orders = {purchase.order_id: purchase for purchase in purchases(events, "order_placed")}
    split: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for changes in by_parcel(events).values():
        first = changes[0]
        if first.parcels_total == 1:
            assert not first.line_ids
        else:
            split[first.order_id][first.parcel_id] = first.line_ids
    assert split
    for order_id, parcels in split.items():
        shared = [line_id for line_ids in parcels.values() for line_id in line_ids]
        assert len(shared) == len(set(shared))
        assert set(shared) <= {line.line_id for line in orders[order_id].lines}


def test_what_was_taken_back_before_it_was_packed_does_not_travel(source: OnlineRetail) -> None:
    order = bought()
    at_once = Taken("C1", ORDERED_AT + HOUR_MS, order.lines)
    for seed in range(20):
        assert not [e for e in around(source, seed, bought(at_once)) if isinstance(e, Delivery | Usage)]
        assert [e for e in around(source, seed, order) if isinstance(e, Delivery)]


def test_only_what_has_arrived_and_is_not_taken_back_is_used(events: Events) -> None:
    arrived: dict[str, int] = {}
    ended: dict[str, int] = {}
    for changes in by_parcel(events).values():
        if changes[-1].status == "delivered":
            order_id = changes[-1].order_id
            arrived[order_id] = min(arrived.get(order_id, changes[-1].occurred_at), changes[-1].occurred_at)
    lines = {
        line.line_id: (order, line) for order in purchases(events, "order_placed") for line in order.lines
    }
    for refund in purchases(events, "order_refunded"):
        for line in refund.lines:
            if line.quantity == lines[line.line_id][1].quantity:
                ended[line.line_id] = refund.occurred_at
    usage = [event for event in events if isinstance(event, Usage)]
    for event in usage:
        line_id = event.event_id.removeprefix("use:").rsplit(":", 1)[0]
        order, _line = lines[line_id]
        assert event.occurred_at > arrived[str(order.order_id)]
        assert event.occurred_at < ended.get(line_id, event.occurred_at + 1)


def test_usage_comes_from_products_that_report_it_alone(source: OnlineRetail, events: Events) -> None:
    products = {product.product_id: product for product in source.catalogue}
    kinds: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if isinstance(event, Usage):
            product = products[event.product_id]
            assert product.usage_reported
            kinds[product.kind].add(event.type)
            if event.type == "milestone":
                assert event.name in {milestone.name for milestone in product.milestones}
    assert kinds["consumable"] == {"consumed"}
    assert {"setup_started", "setup_completed", "session", "result", "milestone"} <= kinds["durable"]


def test_some_reported_products_stay_in_a_drawer(source: OnlineRetail, events: Events) -> None:
    reported = {p.product_id for p in source.catalogue if p.usage_reported and p.kind == "durable"}
    lines = {
        line.line_id
        for order in purchases(events, "order_placed")
        for line in order.lines
        if line.product_id in reported
    }
    used = {e.event_id.removeprefix("use:").rsplit(":", 1)[0] for e in events if isinstance(e, Usage)}
    assert 0.1 * len(lines) < len(lines - used) < 0.4 * len(lines)


def test_a_ticket_begins_new_and_is_closed_at_its_end(source: OnlineRetail, events: Events) -> None:
    tickets: dict[str, list[Ticket]] = defaultdict(list)
    for event in events:
        if isinstance(event, Ticket):
            tickets[event.ticket_id].append(event)
    for changes in tickets.values():
        assert [change.status for change in changes][:2] == ["new", "open"][: len(changes)]
        assert {change.status for change in changes[:-1]}.isdisjoint({"closed"})
        if source.ends_at_ms - changes[0].occurred_at > 30 * DAY_MS:
            assert changes[-1].status == "closed"
    assert {change.topic for of in tickets.values() for change in of} >= {
        "shipping",
        "troubleshooting",
        "billing",
        "return",
        None,
    }
    reopened = [of for of in tickets.values() if [c.status for c in of].count("open") == 2]
    assert 0.05 * len(tickets) < len(reopened) < 0.25 * len(tickets)
    assert {change.satisfaction for of in tickets.values() for change in of} == {None, "good", "bad"}


def test_a_return_is_registered_between_arrival_and_refund(source: OnlineRetail) -> None:
    order = bought(lines=1)
    registered = 0
    for seed in range(60):
        taken = Taken("C1", ORDERED_AT + 20 * DAY_MS, order.lines)
        found = around(source, seed, bought(taken, lines=1))
        arrived = [e.occurred_at for e in found if isinstance(e, Delivery) and e.status == "delivered"]
        for event in found:
            if isinstance(event, Purchase) and event.type == "return_registered":
                registered += 1
                assert arrived[0] < event.occurred_at < taken.at_ms
                assert event.lines == taken.lines
    assert 30 < registered < 60


def test_a_lost_parcel_is_sent_again_as_a_replacement(events: Events) -> None:
    again = [order for order in purchases(events, "order_placed") if order.lines[0].replacement]
    assert again
    for order in again:
        assert order.source != "online-retail"
        assert all(line.replacement and line.line_id.endswith("-R") for line in order.lines)


def test_a_payment_that_recovers_has_failed_before(events: Events) -> None:
    failed = {purchase.order_id: purchase.occurred_at for purchase in purchases(events, "payment_failed")}
    recovered = list(purchases(events, "payment_recovered"))
    assert recovered
    assert all(purchase.occurred_at > failed[purchase.order_id] for purchase in recovered)


def test_customers_speak_up_unasked(events: Events) -> None:
    replies = [event for event in events if isinstance(event, Reply)]
    assert {reply.intent for reply in replies} >= {
        "question",
        "answered",
        "frustrated",
        "stop",
        "answer",
        None,
    }
    assert all(reply.channel for reply in replies)
    assert [reply for reply in replies if reply.intent is None and reply.text and reply.rating is None]


def test_consents_are_granted_denied_and_unknown_and_never_younger_than_their_event(events: Events) -> None:
    profiles = [event for event in events if isinstance(event, Profile)]
    consents = [(profile, consent) for profile in profiles for consent in profile.consents]
    assert {consent.state for _profile, consent in consents} == {"granted", "denied", "unknown"}
    assert all(consent.at <= profile.occurred_at for profile, consent in consents)
    firsts = [profile for profile in profiles if profile.market]
    assert {profile.time_zone for profile in firsts} > {None, "Europe/London", "Europe/Berlin"}


def test_the_first_order_alone_brings_the_whole_profile(source: OnlineRetail) -> None:
    (profile,) = [e for e in around(source, 1, bought(is_first=True)) if isinstance(e, Profile)]
    assert (profile.occurred_at, profile.market) == (ORDERED_AT, "GB")
    later = [e for seed in range(200) for e in around(source, seed, bought()) if isinstance(e, Profile)]
    assert all(profile.market is None and len(profile.consents) == 1 for profile in later)
    assert 0 < len(later) < 20
