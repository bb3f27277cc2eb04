"""Customers who behave like people: they buy, receive, set up, use, ask, return, opt out and come back."""

from collections.abc import Callable
from typing import Final

from schemas.records import (
    Answer,
    Consent,
    Erasure,
    OrderLine,
    Product,
    Profile,
    Purchase,
    Reply,
    Subscription,
    Usage,
)
from streams.simulation.chance import DAY, HOUR, pause
from streams.simulation.life import Life
from streams.simulation.made_up_shop import GOALS

ZONES: Final = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Nowhere/Else",
    "UTC",
)
CHANNELS: Final = ("email", "in_app", "sms", "push")
TEXTS: Final = (
    "STOP",
    "No thanks",
    "where is my parcel, it says delivered but nothing is here",
    "this is the worst drill that I ever bought",
    "I am disappointed and quite angry about all this",
    "Could you tell me whether the filter fits the older model?",
    "yes please",
    "START",
    "help",
)


def introduce(life: Life, at_ms: int) -> None:
    """A profile with consents, most often."""
    if life.maybe(0.1):
        return
    channels = CHANNELS if life.maybe(0.6) else tuple(c for c in CHANNELS if life.maybe(0.5))
    consents = tuple(
        Consent(channel=c, state=life.rng.choices(("granted", "denied", "unknown"), (8, 1, 1))[0], at=at_ms)
        for c in channels
    )
    zone = life.rng.choice((*ZONES, None))
    life.tell(Profile, at_ms, time_zone=zone, market=life.rng.choice(("de", None)), consents=consents)


def buy_a_thing(life: Life, at_ms: int) -> int:
    """Something durable, with what else is in the basket; it comes, and is used or not."""
    rng, shop = life.rng, life.shop
    thing = rng.choice(shop.durables)
    lines = [_thing(life, thing, number) for number in range(1 if life.maybe(0.8) else 2)]
    others = range(rng.choice((0, 0, 1, 2)))
    lines += [life.line(rng.choice(shop.products), 5 + number) for number in others]
    order_id = life.order(at_ms, *lines)
    by_parcel = tuple(line.line_id for line in lines) if life.maybe(0.4) else ()
    arrived = at_ms
    if any(line.fulfilment in {"ship", "pickup"} for line in lines):
        if by_parcel and len(lines) > 1:
            life.ship(at_ms, order_id, line_ids=by_parcel[1:], parcel="p2")
            by_parcel = by_parcel[:1]
        arrived = life.ship(at_ms, order_id, line_ids=by_parcel)
    used = life.use(arrived, thing.product_id, rng.choice((lines[0].unit_id, None)))
    if life.maybe(0.25):
        _regret(life, life.after(arrived, 20 * DAY), order_id, lines)
    return rng.choice((arrived, used))


def _thing(life: Life, thing: Product, number: int) -> OrderLine:
    rng = life.rng
    return life.line(
        thing,
        number,
        fulfilment=rng.choices(("ship", "digital", "in_store", "pickup"), (7, 1, 1, 1))[0],
        gift=life.maybe(0.08),
        replacement=life.maybe(0.08),
        unit_id=f"unit-{number}" if life.maybe(0.2) else None,
        contract_ends_at=rng.choice((None, None, None, life.start_ms + 90 * DAY)),
    )


def _regret(life: Life, at_ms: int, order_id: str, lines: list[OrderLine]) -> None:
    """A cancellation, a goodwill refund, or a return with its end."""
    back = tuple(life.line(_product(life, line), n, line_id=line.line_id) for n, line in enumerate(lines))
    kind = life.rng.choice(("order_cancelled", "order_refunded", "return_registered", "return_registered"))
    told = life.rng.choice(((), back, back[:1]))
    life.tell(Purchase, at_ms, type=kind, order_id=order_id, lines=told)
    if kind == "return_registered" and life.maybe(0.8):
        end = life.rng.choice(("order_refunded", "return_closed"))
        life.tell(Purchase, life.after(at_ms, 20 * DAY), type=end, order_id=order_id, lines=told)


def _product(life: Life, line: OrderLine) -> Product:
    return next((p for p in life.shop.products if p.product_id == line.product_id), life.shop.products[0])


def buy_on_rhythm(life: Life, at_ms: int) -> int:
    """A supply, again and again."""
    supply = life.rng.choice(life.shop.consumables)
    gap_ms = life.rng.randint(8, 30) * DAY
    for _ in range(life.rng.choice((1, 2, 4, 5))):
        at_once = life.rng.choice(("in_store", "ship"))
        quantity = life.rng.choice((1, 1, 2))
        order_id = life.order(at_ms, life.line(supply, 1, quantity=quantity, fulfilment=at_once))
        if at_once == "ship":
            life.ship(at_ms, order_id)
        if life.maybe(0.2):
            life.tell(
                Usage, life.after(at_ms, gap_ms), type="consumed", product_id=supply.product_id, amount=1.0
            )
        at_ms += gap_ms + life.rng.choice((0, 0, -DAY, DAY, gap_ms // 2))
    return at_ms


def subscribe(life: Life, at_ms: int) -> int:
    """A subscription of a plan or a supply: paid or not, paused, cancelled."""
    rng = life.rng
    product = rng.choice((*life.shop.plans, *life.shop.consumables))
    held = Subscription(subscription_id=life.name("s"), product_id=product.product_id)
    term_ms = rng.choice((30, 90)) * DAY
    for kind in ("subscription_started", *rng.choices(SUBSCRIPTION_EVENTS, k=rng.randint(0, 3))):
        told = Subscription(
            held.subscription_id,
            held.product_id,
            term_starts_at=at_ms,
            paid_through_at=at_ms + term_ms,
            renews_at=at_ms + term_ms,
        )
        life.tell(Purchase, at_ms, type=kind, subscription=told)
        at_ms = life.after(at_ms, 30 * DAY)
    if life.maybe(0.4):
        life.use(at_ms - 20 * DAY, product.product_id)
    return at_ms


SUBSCRIPTION_EVENTS: Final = (
    "subscription_renewed",
    "subscription_cancelled",
    "subscription_paused",
    "subscription_resumed",
    "payment_failed",
    "payment_recovered",
)


def collect(life: Life, at_ms: int) -> int:
    """Several things at once from a shop, all of them used with success: much could be offered."""
    rng = life.rng
    things = rng.sample(life.shop.durables, min(3, len(life.shop.durables)))
    lines = [life.line(thing, number, fulfilment="in_store") for number, thing in enumerate(things)]
    life.order(at_ms, *lines)
    for thing in things:
        at_ms = life.after(at_ms, 2 * DAY)
        for kind, name in rng.sample(SUCCESSES, 2):
            life.tell(Usage, at_ms, type=kind, product_id=thing.product_id, name=name)
    if life.maybe(0.5):
        _tell_a_goal(life, at_ms)
    return at_ms + 20 * DAY


SUCCESSES: Final = (
    ("result", None),
    ("milestone", "mastered"),
    ("limit_reached", "storage"),
    ("session", None),
)


def speak(life: Life, at_ms: int) -> int:
    """Words of the customer's own: a complaint, a question, a goal, a rating, an opt-out."""
    rng = life.rng
    told = rng.choice(SPOKEN)
    told(life, at_ms)
    return at_ms + pause(rng, DAY)


def _complain(life: Life, at_ms: int) -> None:
    life.complain(at_ms, order_id=None, product_id=life.rng.choice((None, life.shop.durables[0].product_id)))


def _ask(life: Life, at_ms: int) -> None:
    life.say(
        at_ms, "question", signals_friction=life.rng.choice((True, False, None)), text=life.rng.choice(TEXTS)
    )
    if life.maybe(0.5):
        life.say(life.after(at_ms, 3 * DAY), "answered")


def _tell_a_goal(life: Life, at_ms: int) -> None:
    kind = life.rng.choice(("goal", "goal", "preference", "constraint"))
    key = {"goal": "goal", "preference": "category", "constraint": "price_max"}[kind]
    value = {"goal": life.rng.choice(GOALS), "preference": "coffee-thing", "constraint": "5000"}[kind]
    life.tell(Reply, at_ms, intent="answer", answers=(Answer(kind=kind, key=key, value=value),))  # type: ignore[arg-type]


def _rate(life: Life, at_ms: int) -> None:
    life.say(at_ms, life.rng.choice((None, "no", "yes")), rating=life.rng.randint(1, 5))


def _write(life: Life, at_ms: int) -> None:
    life.say(at_ms, None, text=life.rng.choice(TEXTS), channel=life.rng.choice(CHANNELS))


def _opt(life: Life, at_ms: int) -> None:
    channel = life.rng.choice(CHANNELS)
    life.say(at_ms, "stop", channel=channel)
    if life.maybe(0.6):
        later = life.after(at_ms, 20 * DAY)
        if life.maybe(0.5):
            life.say(later, "start", channel=channel)
        else:
            explicit = Consent(channel=channel, state="granted", at=later, explicit=life.maybe(0.6))
            life.tell(Profile, later, consents=(explicit,))


def _move(life: Life, at_ms: int) -> None:
    life.tell(Profile, at_ms, time_zone=life.rng.choice(ZONES))


SPOKEN: Final[tuple[Callable[[Life, int], None], ...]] = (
    _complain,
    _complain,
    _ask,
    _tell_a_goal,
    _rate,
    _write,
    _opt,
    _move,
)


def leave(life: Life, at_ms: int) -> int:
    """An erasure; some come back."""
    life.tell(Erasure, at_ms)
    back = life.after(at_ms, 10 * DAY)
    if life.maybe(0.7):
        introduce(life, back)
        return buy_a_thing(life, back + HOUR)
    return back


def live(life: Life, events_about: int) -> None:
    """One person, until about so many events are told."""
    at_ms = life.start_ms
    introduce(life, at_ms)
    at_ms = (
        buy_a_thing(life, life.after(at_ms, 2 * DAY))
        if life.maybe(0.7)
        else buy_on_rhythm(life, at_ms + HOUR)
    )
    while len(life.arrivals) < events_about:
        does = life.rng.choices(HABITS, (4, 3, 1, 2, 6, 0.4))[0]
        at_ms = does(life, life.after(at_ms, 25 * DAY))


HABITS: Final[tuple[Callable[[Life, int], int], ...]] = (
    buy_a_thing,
    buy_on_rhythm,
    subscribe,
    collect,
    speak,
    leave,
)
