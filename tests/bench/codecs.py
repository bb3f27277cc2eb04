"""How fast the generated codecs are beside fastavro: `python -m tests.bench.codecs`.

Every figure of one record comes from the same run, rounds of both taking turns, and the best round counts:
so the ratios mean something on a busy machine, where microseconds alone would not.
"""

import io
import json
import timeit
from collections.abc import Callable, Mapping
from typing import Any

import fastavro
import msgspec

from schemas.codecs import DECODERS, ENCODERS
from schemas.model import documents
from schemas.records import Check, Delivery, Eligibility, OrderLine, Purchase, Reply, Usage, Window
from tests.schemas.references import plain, without_logical_types

AT = 1_736_942_400_123
DAY_MS = 86_400_000
HEAD = ("01HF8Z6J3K9W2V7Q5X1B4N8M0T", "customer-0012345", AT, "shop")
CHECKS = ("right_stage", "next_logical_step", "easy_no", "personalised", "channel_fits", "trust_protected")
EVIDENCE = ("01HF8Z6J3K9W2V7Q5X1B4N8M0T", "delivered 2025-01-15")

RECORDS: tuple[msgspec.Struct, ...] = (
    Usage(*HEAD, "session", "product-1234"),
    Delivery(*HEAD, "order-12345", "parcel-1234567", "delivered", "Delivered_001", ("1", "2"), 1, 20_105),
    Reply(*HEAD, channel="sms", eligibility_id="e-123456789012345678", feedback="sent"),
    Purchase(
        *HEAD,
        "order_placed",
        "order-12345",
        tuple(
            OrderLine(f"{n}", f"product-{n}", quantity=2, price_minor=1_999, currency="GBP") for n in range(4)
        ),
    ),
    Eligibility(
        eligibility_id="el-0123456789abcdef0123456789abcdef",
        status="opened",
        customer_id="customer-0012345",
        sequence=17,
        product_id="product-1234",
        cycle="order-12345:1",
        order_id="order-12345",
        stage="unboxing",
        placement="essential",
        move="offer",
        message_class="service",
        candidate="product-99",
        relation="required_to_start",
        opens_at=AT,
        send_by=AT + 3 * DAY_MS,
        answer_until=AT + 17 * DAY_MS,
        send_windows=tuple(Window(AT + n * DAY_MS, AT + n * DAY_MS + 40_000_000) for n in range(3)),
        channels=("email", "push"),
        avoid_channels=("sms",),
        checks=tuple(Check(name, "pass", EVIDENCE) for name in CHECKS),
        decline_options=("no", "not_now", "stop"),
        reason="delivered",
        escalate_to_human=False,
        decided_at=AT,
        cause_event_id="01HF8Z6J3K9W2V7Q5X1B4N8M0T",
        policy_version="2025-01-01",
        catalogue_version="2025-01-15.1",
    ),
)


def best_us(
    calls: Mapping[str, Callable[[], object]], number: int = 2_000, rounds: int = 15
) -> dict[str, float]:
    """Microseconds of one call of each, in its best round."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            best[name] = min(best[name], timeit.timeit(call, number=number) / number * 1e6)
    return best


def figures() -> dict[str, float]:
    """For each record: microseconds of ours, and how many times as long fastavro takes, reading and writing.

    fastavro reads into a dict without limits; `read_struct` also makes of it the frozen record that we
    return.
    """
    found: dict[str, float] = {}
    for record in RECORDS:
        name = type(record).__name__
        us = best_us(_calls(record))
        found[f"{name}.decode_us"] = us["decode"]
        found[f"{name}.encode_us"] = us["encode"]
        found[f"{name}.decode_ratio"] = us["read"] / us["decode"]
        found[f"{name}.decode_struct_ratio"] = us["read_struct"] / us["decode"]
        found[f"{name}.encode_ratio"] = us["write"] / us["encode"]
    return found


def _calls(record: msgspec.Struct) -> dict[str, Callable[[], object]]:
    name, kind = type(record).__name__, type(record)
    schema: Any = fastavro.parse_schema(without_logical_types(documents()[name]))
    encode, decode, value = ENCODERS[name], DECODERS[name], plain(record)
    raw = encode(record)

    def write() -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, value)
        return out.getvalue()

    def read() -> Any:
        return fastavro.schemaless_reader(io.BytesIO(raw), schema, None)

    assert write() == raw
    assert decode(raw, 0) == record == msgspec.convert(read(), kind)
    return {
        "decode": lambda: decode(raw, 0),
        "encode": lambda: encode(record),
        "read": read,
        "read_struct": lambda: msgspec.convert(read(), kind),
        "write": write,
    }


if __name__ == "__main__":
    print(json.dumps({name: round(figure, 2) for name, figure in figures().items()}, indent=2))
