"""Puts what was learned into a catalogue, and writes it as a file like the topic: one product per line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from schemas.records import Prior, Product
from streams.errors import Fatal
from streams.journey.policy import Replenishment
from streams.learning.gaps import GapLog, Ints
from streams.learning.history import Sale
from streams.learning.priors import fit_priors, measured_rhythm


class Learned(NamedTuple):
    """A catalogue with its priors, and what a person wants to know about them."""

    products: tuple[Product, ...]
    gaps: int
    bases: Counter[str]
    """Consumables by what their prior was learned on."""
    rhythm_weight: float
    """As measured; the policy says which one is used. So with the mean rhythm."""
    rhythm_mean_log_gap_days: float


def learn(sales: Sequence[Sale], catalogue: Sequence[Product], rules: Replenishment) -> Learned:
    """The catalogue with a prior for every consumable, learned from all of `sales`, in order of time.

    Everything else about the products stays, and so does their order. Only gaps of consumables that the
    catalogue knows teach: a lamp that was bought twice says nothing about filters. Every order of a customer
    belongs to the customer's rhythm.
    """
    consumables = [product for product in catalogue if product.kind == "consumable"]
    if not consumables:
        raise Fatal("the catalogue has no consumable: nothing to learn")
    log = GapLog(
        rules,
        products=[product.product_id for product in consumables],
        scaling={product.product_id for product in consumables if product.scales_with_quantity},
    ).add_all(sales)
    after_ms = sales[-1].at_ms + 1
    table = log.table().known_at(after_ms)
    fitted = fit_priors(table, after_ms, _categories(consumables), rules)
    priors = {product.product_id: fitted.of_product(row) for row, product in enumerate(consumables)}
    return Learned(
        tuple(_with_priors(catalogue, priors)),
        len(table.days),
        Counter(prior.basis for prior in priors.values()),
        *measured_rhythm(table),
    )


def write_catalogue(products: Iterable[Product], path: Path) -> None:
    """Write JSON Lines, fields in the order of the schema. Raises Fatal when the file cannot be written."""
    encode = msgspec.json.Encoder().encode
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(encode(product) + b"\n" for product in products))
    except OSError as error:
        raise Fatal(f"the catalogue cannot be written: {error}") from error


def _categories(products: Sequence[Product]) -> Ints:
    """Category numbers. What scales with quantity is measured per piece, so it is a category of its own."""
    names = [(product.category, product.scales_with_quantity) for product in products]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.int64)


def _with_priors(catalogue: Iterable[Product], priors: dict[str, Prior]) -> Iterator[Product]:
    for product in catalogue:
        prior = priors.get(product.product_id)
        yield msgspec.structs.replace(product, prior=prior) if prior else product
