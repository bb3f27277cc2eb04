"""The whole public log, where it is at hand: `KAIROS_ONLINE_RETAIL` names its file, too large to ship.

The first figures are those that the data set is described with; the others follow from the rules of reading.
"""

import gzip
import os
from pathlib import Path

import pytest

from streams.sources.online_retail import online_retail
from streams.sources.slice import SLICE, cut
from streams.sources.source import Counts
from tests.streams.sources.conftest import SEED

FILE = os.environ.get("KAIROS_ONLINE_RETAIL", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILE, reason="KAIROS_ONLINE_RETAIL names no file of the whole log"),
]


@pytest.fixture(scope="module")
def counts() -> Counts:
    source = online_retail(FILE, SEED)
    for _event in source.events():
        pass
    return source.counts


def test_the_log_is_read_as_it_is_described(counts: Counts) -> None:
    assert counts.read == {"lines": 541_909, "invoices": 25_900, "customers": 4_372, "stock_codes": 4_070}


def test_what_is_left_out_reconciles(counts: Counts) -> None:
    assert counts.left_out == {
        "lines_without_customer": 135_080,
        "lines_not_products": 1_920,
        "refund_lines_unmatched": 1_105,
        "refund_pieces_unmatched": 19_264,
    }


def test_every_order_and_matched_refund_is_an_event(counts: Counts) -> None:
    assert counts.real == {"purchase": 18_405 + 3_725}


def test_the_shipped_slice_is_cut_from_it(tmp_path: Path) -> None:
    cut(Path(FILE), tmp_path / "slice.csv.gz")
    again = gzip.decompress((tmp_path / "slice.csv.gz").read_bytes())
    assert again == gzip.decompress(SLICE.read_bytes())
