"""An event about a large order loads the items that it changes, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.records import OrderLine
from state.records.item import ItemRecord
from tests.streams.journey.story import Story, product, world

LINES = 40
PRODUCTS = tuple(product(f"thing-{n}") for n in range(LINES))


def bought(story: Story) -> Story:
    lines = [OrderLine(line_id=str(n), product_id=f"thing-{n}", quantity=1) for n in range(LINES)]
    return story.order(*lines)


def half(first: int) -> tuple[str, ...]:
    return tuple(str(n) for n in range(first, first + LINES // 2))


def items_read(story: Story, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Products whose items are read from now on."""
    read: list[str] = []
    records: Any = story.work.records
    real = type(records).item

    def item(overlay: Any, customer_id: str, product_id: str, unit_id: str = "") -> ItemRecord | None:
        read.append(product_id)
        found: ItemRecord | None = real(overlay, customer_id, product_id, unit_id)
        return found

    monkeypatch.setattr(type(records), "item", item)
    return read


def test_a_further_parcel_of_a_large_order_reads_only_what_it_carries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = bought(Story(world(products=PRODUCTS))).delivered(
        parcel_id="p1", line_ids=half(0), parcels_total=2
    )
    read = items_read(story, monkeypatch)
    story.delivered(parcel_id="p2", line_ids=half(LINES // 2), parcels_total=2)
    assert set(read) == {f"thing-{n}" for n in range(LINES // 2, LINES)}


def test_what_is_told_of_a_delivered_order_again_reads_no_item(monkeypatch: pytest.MonkeyPatch) -> None:
    story = bought(Story(world(products=PRODUCTS))).delivered()
    read = items_read(story, monkeypatch)
    story.delivered()
    assert not read


def test_a_delivered_order_that_is_cancelled_reads_all_its_items(monkeypatch: pytest.MonkeyPatch) -> None:
    story = bought(Story(world(products=PRODUCTS))).delivered().at(hours=1)
    read = items_read(story, monkeypatch)
    story.purchase("order_cancelled")
    assert len(set(read)) == LINES
