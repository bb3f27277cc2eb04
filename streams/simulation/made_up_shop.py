"""A small catalogue with every relation and every odd product, made up by a seed."""

from random import Random
from typing import Final

from schemas.records import Milestone, Prior, Product, Relation
from streams.simulation.chance import chance

GOALS: Final = ("speed", "order", "quiet")
CATEGORIES: Final = ("coffee", "tools", "light", "sound", "garden")
SHOPS: Final = 16
"""So many catalogues there are; a seed picks one."""
UNKNOWN: Final = "no-such-product"


class Shop:
    """The products of one catalogue, sorted the way customers look for them."""

    def __init__(self, seed: int) -> None:
        self.version = f"shop-{seed}"
        rng = chance(seed, "shop")
        lines = [line for number in range(rng.randint(3, 5)) for line in _line(rng, number, self.version)]
        self.products: tuple[Product, ...] = tuple(lines)
        self.durables = [p for p in lines if p.kind == "durable" and p.relations]
        self.consumables = [p for p in lines if p.kind == "consumable"]
        self.plans = [p for p in lines if p.kind == "plan"]
        self.parts = [p for p in lines if p.kind == "durable" and not p.relations]


def _line(rng: Random, number: int, version: str) -> list[Product]:
    """One product family: a thing, what it needs, what belongs to it, what follows it."""
    category = CATEGORIES[number % len(CATEGORIES)]
    price = rng.choice((2_000, 10_000, 99_900))

    def product(name: str, share: float, **fields: object) -> Product:
        plain: dict[str, object] = {
            "product_id": f"{category}-{number}-{name}",
            "version": version,
            "category": f"{category}-{name}",
            "kind": "durable",
            "price_minor": int(price * share),
            "currency": "EUR",
            "brand": rng.choice(("acme", None)),
        }
        return Product(**plain | fields)  # type: ignore[arg-type]  # the fields of a product

    def to(kind: str, name: str, **fields: object) -> Relation:
        return Relation(kind=kind, product_id=f"{category}-{number}-{name}", **fields)  # type: ignore[arg-type]

    relations = [
        to("add_on", "case"),
        to("protects", "cover"),
        to("upgrade", "pro"),
        to("maintains", "filter"),
        to("next_step", "course", goals=(rng.choice(GOALS),), behaviours=("result", "opened-guide")),
        to("next_step", "kit", behaviours=("milestone", "mastered", "session")),
        to("refill", "supply"),
        to("add_on", "dear"),
        Relation(kind="add_on", product_id=UNKNOWN),
    ]
    if rng.random() < 0.7:
        relations.append(to("required_to_start", "battery"))
    thing = product(
        "thing",
        1.0,
        relations=tuple(relations),
        usage_reported=rng.random() < 0.75,
        maintenance_interval_days=rng.choice((None, 30, 60)),
        replace_after_days=rng.choice((None, None, 120)),
        contains=(f"{category}-{number}-battery",) if rng.random() < 0.2 else (),
        milestones=(Milestone("mastered", earns_upgrade=True), Milestone("opened", earns_upgrade=False)),
    )
    supply = product(
        "supply",
        0.1,
        kind="consumable",
        supply_days=rng.choice((10.0, 20.0, None)),
        scales_with_quantity=rng.random() < 0.5,
        prior=rng.choice((None, Prior(2.7, 0.5, 0.3, 40, "product"))),
        relations=(to("refill", "supply"), to("add_on", "case")) if rng.random() < 0.5 else (),
    )
    return [
        thing,
        supply,
        product("case", 0.2),
        product("cover", 0.3, complex=rng.random() < 0.3),
        product("dear", 0.31),
        product("battery", 0.5, sellable=rng.random() < 0.9),
        product("filter", 0.1, sellable=rng.random() < 0.8),
        product("course", 0.4),
        product("kit", 0.5, markets=rng.choice(((), ("de",), ("us",)))),
        product("pro", 1.8, relations=(to("add_on", "case"),)),
        product(
            "plan", 0.2, kind="plan", relations=(to("upgrade", "pro"),), usage_reported=rng.random() < 0.5
        ),
    ]
