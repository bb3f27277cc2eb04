from datetime import date, datetime
from pathlib import Path

import fastavro

from schemas.model import documents
from schemas.records import Delivery
from streams.loading.problems import Problem
from streams.loading.record_files import read_records


def test_times_and_dates_of_an_avro_container_are_counted_as_in_records(tmp_path: Path) -> None:
    record = {
        "event_id": "e1",
        "customer_id": "c1",
        "occurred_at": datetime.fromisoformat("2011-01-01T12:00:00.001+00:00"),
        "order_id": "o1",
        "parcel_id": "p1",
        "status": "in_transit",
        "estimate_on": date(2011, 1, 3),
    }
    with (tmp_path / "deliveries.avro").open("wb") as file:
        fastavro.writer(file, dict(documents()["Delivery"]), [record])
    problems: list[Problem] = []
    found = [delivery for _, delivery in read_records(tmp_path / "deliveries.avro", Delivery, problems)]
    assert problems == []
    assert [(delivery.occurred_at, delivery.estimate_on) for delivery in found] == [
        (1_293_883_200_001, 14_977)
    ]
