"""What a product may be, beyond what the contract's types say: one table of field, predicate and reason."""

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, NamedTuple

from schemas.records import Product, Relation

RELATIONS_MAX: Final = 16
"""Relations of one product: what is looked through for every candidate."""
DAYS_MAX: Final = 36_500
BASES: Final = ("product", "category", "global")

_CURRENCY: Final = re.compile(r"[A-Z]{3}")

Wrong = tuple[str, str]
"""The path of a field, and a reason."""


class Rule(NamedTuple):
    """A product must make `holds` true, else `reason` is said of `field`."""

    field: str
    holds: Callable[[Product], bool]
    reason: str


RULES: Final = (
    Rule("category", lambda p: bool(p.category.strip()), "must not be empty: overrides and priors go by it"),
    Rule("price_minor", lambda p: p.price_minor is None or p.price_minor >= 0, "must be 0 or more"),
    Rule("currency", lambda p: p.price_minor is None or p.currency is not None, "missing: a price needs one"),
    Rule(
        "currency",
        lambda p: p.currency is None or _CURRENCY.fullmatch(p.currency) is not None,
        'must be three capital letters, as in "EUR"',
    ),
    Rule(
        "supply_days",
        lambda p: p.supply_days is None or p.kind != "durable",
        "a durable is not used up: make it a consumable, or leave this out",
    ),
    Rule(
        "supply_days",
        lambda p: p.supply_days is None or 0 < p.supply_days <= DAYS_MAX,
        f"must be more than 0, at most {DAYS_MAX}",
    ),
    Rule(
        "maintenance_interval_days",
        lambda p: p.maintenance_interval_days is None or 1 <= p.maintenance_interval_days <= DAYS_MAX,
        f"must be from 1 to {DAYS_MAX}",
    ),
    Rule(
        "replace_after_days",
        lambda p: p.replace_after_days is None or 1 <= p.replace_after_days <= DAYS_MAX,
        f"must be from 1 to {DAYS_MAX}",
    ),
    Rule("relations", lambda p: len(p.relations) <= RELATIONS_MAX, f"more than {RELATIONS_MAX} relations"),
    Rule(
        "relations",
        lambda p: _differ((relation.kind, relation.product_id) for relation in p.relations),
        "one relation to one product twice",
    ),
    Rule("contains", lambda p: _differ(p.contains), "one product twice"),
    Rule("contains", lambda p: p.product_id not in p.contains, "a bundle does not contain itself"),
    Rule("milestones", lambda p: _differ(milestone.name for milestone in p.milestones), "one name twice"),
    Rule(
        "prior",
        lambda p: p.prior is None or math.isfinite(p.prior.mean_log_gap_days),
        "mean_log_gap_days must be a finite number",
    ),
    Rule(
        "prior",
        lambda p: (
            p.prior is None or all(0 <= sd < math.inf for sd in (p.prior.sd_between, p.prior.sd_within))
        ),
        "sd_between and sd_within must be finite, 0 or more",
    ),
    Rule("prior", lambda p: p.prior is None or p.prior.pairs >= 0, "pairs must be 0 or more"),
    Rule("prior", lambda p: p.prior is None or p.prior.basis in BASES, f"basis: one of {', '.join(BASES)}"),
)


def wrong_in(product: Product) -> Iterator[Wrong]:
    """What is wrong with a product, whatever else the catalogue holds."""
    for field, holds, reason in RULES:
        if not holds(product):
            yield field, reason
    for index, relation in enumerate(product.relations):
        if relation.product_id == product.product_id and relation.kind != "refill":
            yield _path(index), f"a product is its own {relation.kind} (only a refill may be)"


def wrong_between(product: Product, known: Collection[str]) -> Iterator[Wrong]:
    """What a product names that the catalogue, whose product ids are `known`, does not hold."""
    for index, relation in enumerate(product.relations):
        if relation.product_id not in known:
            yield _path(index), _unknown(relation)
    for index, product_id in enumerate(product.contains):
        if product_id not in known:
            yield f"contains[{index}]", f'no product "{product_id}" in this catalogue'


def _path(index: int) -> str:
    return f"relations[{index}].product_id"


def _unknown(relation: Relation) -> str:
    return f'{relation.kind} of no product "{relation.product_id}" in this catalogue'


def _differ(values: Iterable[object]) -> bool:
    held = list(values)
    return len(held) == len(set(held))
