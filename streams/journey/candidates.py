"""Pure. Which single product an offer may name, and why it is no generic offer.

Relations of the catalogue are tried in the order of the placement's row, then by the customer's
preferences and the variant they bought, then in catalogue order. The first candidate that every guard lets
pass is taken. When none does, the reason of the best one that failed is reported.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from schemas.records import Relation
from state.records.customer import Claim, CustomerRecord, Open
from state.records.item import ItemRecord, Line
from state.records.order import OrderRecord
from streams.journey.catalogue import Entry
from streams.journey.step import Step
from streams.journey.supply import refill_window
from streams.journey.view import View
from streams.journey.words import Placement, Reason

SUPPLY = frozenset((Placement.REFILL, Placement.SUBSCRIBE))


class Choice(Struct, frozen=True, gc=False):
    """A candidate with its relation, its offer family (rests after a no) and what makes it personal."""

    candidate: str
    relation: str
    family: str
    evidence: tuple[str, ...]


class Seeking(Struct, gc=False):
    """What a guard may look at."""

    step: Step
    claim: Claim
    entry: Entry
    view: View | None
    relation: Relation
    target: Entry
    owned: list[ItemRecord]
    in_order: frozenset[str]


Guard = Callable[[Seeking], bool]


def _is_self(seeking: Seeking) -> bool:
    return seeking.target.product.product_id == seeking.entry.product.product_id


def sellable(seeking: Seeking) -> bool:
    """Sold now, in the customer's market."""
    product, market = seeking.target.product, seeking.step.customer.facts.market
    return product.sellable and (not product.markets or market in product.markets)


def allowed(seeking: Seeking) -> bool:
    """No constraint that the customer stated excludes it."""
    product = seeking.target.product
    for answer in seeking.step.customer.facts.answers:
        if answer.kind != "constraint":
            continue
        if answer.key == "price_max" and product.price_minor is not None:
            if answer.value.isdigit() and product.price_minor > int(answer.value):
                return False
        elif (
            answer.key in ("category", "product_id", "brand") and getattr(product, answer.key) == answer.value
        ):
            return False
    return True


def family_awake(seeking: Seeking) -> bool:
    """Its family does not rest after a no."""
    family = seeking.target.product.category
    for rest in seeking.step.customer.past.rests:
        if rest.family == family and rest.until > seeking.step.now:
            return False
    return True


def not_owned(seeking: Seeking) -> bool:
    """The customer does not have it already, nor in the bundle that was bought."""
    if seeking.target.product.product_id in seeking.entry.product.contains:
        return False
    bundles = seeking.step.world.catalogue.bundles_with(seeking.target.product.product_id)
    return not _has(seeking.owned) and not any(has(seeking.step, bundle_id) for bundle_id in bundles)


def has(step: Step, product_id: str) -> bool:
    """Whether the customer has something of a product, in any unit."""
    return _has(records_of(step, product_id))


def _has(owned: list[ItemRecord]) -> bool:
    for record in owned:
        for line in record.lines:
            if _counts(line):
                return True
    return False


def _counts(line: Line) -> bool:
    """Something of the line was bought and not given back or away."""
    left = line.quantity - line.cancelled_quantity - line.refunded_quantity
    return left > 0 and not (line.gift or line.void or line.lost)


def not_in_order(seeking: Seeking) -> bool:
    """It is not in the order that opened the moment."""
    return seeking.target.product.product_id not in seeking.in_order


def simple(seeking: Seeking) -> bool:
    """No tutorial is needed; what is required to start may be complex."""
    return seeking.relation.kind == "required_to_start" or not seeking.target.product.complex


def small_price(seeking: Seeking) -> bool:
    """At most a share of the item's price in the same currency; what is required to start has no limit."""
    if seeking.relation.kind == "required_to_start":
        return True
    price, item = seeking.target.product, seeking.entry.product
    if price.price_minor is None or not item.price_minor or price.currency != item.currency:
        return False
    return price.price_minor <= item.price_minor * seeking.step.rules.offers.add_on_price_share_max


def not_reordered(seeking: Seeking) -> bool:
    """Not bought again in another way since the supply that runs out, nor still under way."""
    if _is_self(seeking) or seeking.view is None:
        return True
    since = seeking.view.supplies[-1][0] if seeking.view.supplies else 0
    return not _bought_after(seeking.owned, since)


def _bought_after(owned: list[ItemRecord], since: int) -> bool:
    lines = (line for record in owned for line in record.lines if _counts(line))
    return any((line.placed[0] or line.content[0]) > since for line in lines)


def uncovered(seeking: Seeking) -> bool:
    """No active subscription brings it."""
    records = seeking.owned if seeking.view is None else [*seeking.owned, seeking.view.item]
    return all(held.status == "subscription_cancelled" for record in records for held in record.subscriptions)


def part_due(seeking: Seeking) -> bool:
    """The part was not bought since the last interval began."""
    interval_ms = (seeking.entry.product.maintenance_interval_days or 0) * 86_400_000
    since = seeking.claim.opens_at - interval_ms
    return not _bought_after(seeking.owned, since)


EVERYWHERE: tuple[tuple[Reason, Guard], ...] = (
    (Reason.NO_CANDIDATE, sellable),
    (Reason.NO_CANDIDATE, allowed),
)
GUARDS: dict[int, tuple[tuple[Reason, Guard], ...]] = {
    Placement.ORDER_ADD_ON: (
        (Reason.NO_CANDIDATE, not_in_order),
        (Reason.NO_CANDIDATE, not_owned),
        (Reason.NO_CANDIDATE, simple),
        (Reason.NO_CANDIDATE, small_price),
    ),
    Placement.ESSENTIAL: ((Reason.COVERED, not_owned), (Reason.COVERED, not_in_order)),
    Placement.NEXT_STEP: ((Reason.NO_CANDIDATE, not_owned),),
    Placement.REFILL: ((Reason.COVERED, uncovered), (Reason.COVERED, not_reordered)),
    Placement.SUBSCRIBE: ((Reason.COVERED, uncovered),),
    Placement.MAINTAIN: ((Reason.COVERED, part_due),),
    Placement.UPGRADE: ((Reason.NO_CANDIDATE, not_owned),),
}
ALL_GUARDS = {placement: EVERYWHERE + guards for placement, guards in GUARDS.items()}


def personal(seeking: Seeking) -> tuple[str, ...]:
    """What makes a candidate this customer's: a goal, a behaviour, or what they own. Empty: it is generic."""
    relation, customer, view = seeking.relation, seeking.step.customer, seeking.view
    evidence = [f"goal={goal}" for goal in _fresh_goals(seeking.step, customer) if goal in relation.goals]
    if view is not None:
        done = behaviours_of(view)
        evidence += [f"behaviour={name}" for name in relation.behaviours if name in done]
    if evidence:
        return tuple(evidence)
    if seeking.claim.placement == Placement.NEXT_STEP:
        return ()
    if view is not None and seeking.claim.placement in SUPPLY:
        window = refill_window(view)
        if window.basis in ("none", "global"):
            return ()
        return (f"run_out={window.basis}", f"expected_at={window.expected_at}")
    return (f"owns={seeking.entry.product.product_id}", f"relation={relation.kind}")


def _fresh_goals(step: Step, customer: CustomerRecord) -> list[str]:
    since = step.now - step.rules.asks.answer_fresh_ms
    return [value for at, _, value in customer.goals if at >= since]


def behaviours_of(view: View) -> frozenset[str]:
    """Names and kinds of what was done with the item in its cycle."""
    item, start = view.item, view.ordered[0]
    names = {
        name for marks in (item.milestones, item.limits, item.visits) for at, _, name in marks if at >= start
    }
    kinds = (
        ("session", item.sessions), ("result", item.results), ("setup_completed", item.setup_completed),
        ("consumed", item.consumed), ("guidance_opened", item.guidance), ("milestone", item.milestones),
        ("limit_reached", item.limits), ("site_visit", item.visits),
    )  # fmt: skip
    names.update(kind for kind, marks in kinds if marks and marks[-1][0] >= start)
    names.discard("")
    return frozenset(names)


def for_claim(step: Step, claim: Claim, relations: tuple[str, ...]) -> Choice | Reason:
    """The candidate for a claim from its own records."""
    entry = step.world.catalogue.get(claim.product_id)
    if entry is None:
        return Reason.NO_CANDIDATE
    order = step.peek_order(claim.order_id) if claim.order_id else None
    in_order = _contents(step, order) if order is not None else frozenset()
    return choose(step, claim, entry, step.views.get((claim.product_id, claim.unit_id)), relations, in_order)


def _contents(step: Step, order: OrderRecord) -> frozenset[str]:
    """Products of an order, and of the bundles in it."""
    if step.contents is None:
        step.contents = {}
    found = step.contents.get(order.order_id)
    if found is None:
        ordered = {line.product_id for line in order.lines}
        entries = [step.world.catalogue.get(product_id) for product_id in ordered]
        ordered.update([part for entry in entries if entry is not None for part in entry.product.contains])
        found = step.contents[order.order_id] = frozenset(ordered)
    return found


def choose(
    step: Step,
    claim: Claim,
    entry: Entry,
    view: View | None,
    relations: tuple[str, ...],
    in_order: frozenset[str],
) -> Choice | Reason:
    """The candidate for an offer about `entry`'s product, or the reason why there is none."""
    failed = Reason.NO_CANDIDATE
    for relation, target in _ranked(step, claim, entry, relations, view):
        owned = records_of(step, target.product.product_id)
        seeking = Seeking(step, claim, entry, view, relation, target, owned, in_order)
        reason = _refused(seeking)
        if reason is None:
            evidence = personal(seeking)
            if evidence and family_awake(seeking):
                return Choice(target.product.product_id, relation.kind, target.product.category, evidence)
            reason = Reason.FAMILY_RESTS if evidence else Reason.GENERIC
        failed = max(failed, reason, key=_telling.index)
    return failed


def _refused(seeking: Seeking) -> Reason | None:
    for reason, guard in ALL_GUARDS[seeking.claim.placement]:
        if not guard(seeking):
            return reason
    return None


def still_holds(step: Step, held: Open) -> bool:
    """Whether every guard would let an open offer's candidate pass now."""
    entry = step.world.catalogue.get(held.product_id)
    if entry is None:
        return False
    claim = Claim(
        held.placement, 0, held.product_id, held.unit_id, held.cycle, held.order_id, held.parcel_id,
        held.stage, held.anchor, held.attempt, held.move, held.service, 0, held.opens_at, held.send_by,
    )  # fmt: skip
    order = step.peek_order(held.order_id) if held.order_id else None
    in_order = _contents(step, order) if order is not None else frozenset()
    for relation, target in _ranked(step, claim, entry, (held.relation,), None):
        if target.product.product_id == held.candidate:
            owned = records_of(step, held.candidate)
            return _refused(Seeking(step, claim, entry, None, relation, target, owned, in_order)) is None
    return False


# The reason that is told when several candidates failed: the last of these that occurred.
_telling = [Reason.NO_CANDIDATE, Reason.COVERED, Reason.GENERIC, Reason.FAMILY_RESTS]


def records_of(step: Step, product_id: str) -> list[ItemRecord]:
    """What is known of a product: of the product itself, and of the units bought last."""
    record = step.peek(product_id)
    if record is None:
        return []
    if not record.units:
        return [record]
    units = {unit_id: step.peek(product_id, unit_id) for _, _, unit_id in record.units}
    return [record, *(unit for unit in units.values() if unit is not None)]


def _variant(step: Step, claim: Claim, view: View | None) -> str:
    """The variant that was bought, "" where none was named."""
    if view is not None and view.line is not None:
        return view.line.variant
    order = step.peek_order(claim.order_id) if claim.order_id else None
    lines = order.lines if order is not None else ()
    return next((line.variant for line in lines if line.product_id == claim.product_id), "")


def _ranked(
    step: Step, claim: Claim, entry: Entry, kinds: tuple[str, ...], view: View | None
) -> list[tuple[Relation, Entry]]:
    found: list[tuple[Relation, Entry]] = []
    for kind in kinds:
        pairs: list[tuple[Relation, Entry]] = []
        for relation in entry.related(kind):
            target = step.world.catalogue.get(relation.product_id)
            if target is not None:
                pairs.append((relation, target))
        if not pairs and claim.placement in SUPPLY:
            pairs = [(Relation(kind="refill", product_id=entry.product.product_id), entry)]
        if len(pairs) > 1:
            variant = _variant(step, claim, view)
            pairs.sort(key=lambda pair: -_liking(step.customer, pair[1]) - (variant in pair[0].variants))
        found += pairs
    return found


def _liking(customer: CustomerRecord, target: Entry) -> int:
    product = target.product
    return sum(
        1
        for answer in customer.facts.answers
        if answer.kind == "preference"
        and answer.key in ("brand", "category", "product_id")
        and getattr(product, answer.key) == answer.value
    )
