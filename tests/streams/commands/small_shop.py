"""A directory of input files with three customers: anna has trouble, berta has none, clara was forgotten."""

from collections import defaultdict
from pathlib import Path

import msgspec

from schemas.records import Consent, Delivery, Erasure, OrderLine, Profile, Purchase, Ticket, Usage
from streams.sources.source import Event
from tests.streams.journey.story import DAY, DAY_0, PRODUCTS

FILES: dict[type, str] = {
    Profile: "profiles",
    Purchase: "purchases",
    Delivery: "deliveries",
    Usage: "usage",
    Ticket: "tickets",
    Erasure: "erasures",
}
ENDS = DAY_0 + 40 * DAY


def _events(customer: str) -> list[Event]:
    """A kettle, delivered on day 2, in use since day 3, and a look at the shop at the end."""
    line = OrderLine(line_id="1", product_id="kettle", quantity=1, price_minor=10_000, currency="EUR")
    granted = (Consent(channel="email", state="granted", at=DAY_0),)
    return [
        Profile(f"{customer}-1", customer, DAY_0, consents=granted),
        Purchase(
            f"{customer}-2", customer, DAY_0 + 1, type="order_placed", order_id=f"{customer}-o", lines=(line,)
        ),
        Delivery(
            f"{customer}-3",
            customer,
            DAY_0 + 2 * DAY,
            order_id=f"{customer}-o",
            parcel_id="p",
            status="delivered",
        ),
        Usage(f"{customer}-4", customer, DAY_0 + 3 * DAY, type="result", product_id="kettle"),
        Usage(f"{customer}-5", customer, ENDS, type="session", product_id="kettle"),
    ]


def write_history(folder: Path) -> Path:
    """Write the files and return their directory. Anna has a ticket from day 20 on."""
    history = folder / "history"
    history.mkdir()
    events = [*_events("anna"), *_events("berta"), Profile("clara-1", "clara", DAY_0)]
    events.append(Ticket("t", "anna", DAY_0 + 20 * DAY, ticket_id="1", status="open"))
    events.append(Erasure("clara-2", "clara", DAY_0 + 4 * DAY))
    lines: dict[str, list[bytes]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.occurred_at):
        lines[FILES[type(event)]].append(msgspec.json.encode(event))
    lines["catalogue"] = [msgspec.json.encode(product) for product in PRODUCTS]
    for name, written in lines.items():
        (history / f"{name}.jsonl").write_bytes(b"\n".join(written) + b"\n")
    return history
