import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.records import Product
from streams import cli
from streams.learning.into_catalogue import write_catalogue
from streams.loading.catalogue_file import read_products
from tests.streams.learning.made_up import Truth, sales_of

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A small order log of two products."""
    sales = sales_of([Truth("11111", 3.0), Truth("22222", 4.0)], customers=30, gaps=4, days=700)
    times = [datetime.fromtimestamp(sale.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") for sale in sales]
    rows = [
        f"{number},{sale.product_id},A,1,{time},1,{sale.customer_id},France"
        for number, (sale, time) in enumerate(zip(sales, times, strict=True))
    ]
    path = tmp_path / "log.csv"
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return path


def test_evaluates_and_writes_the_figures(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "build" / "learn.json"
    args = ["learn", "--evaluate", "--source", "online-retail", str(history), "--out", str(out)]
    assert cli.main(args) == 0
    printed = capsys.readouterr().out
    for word in ("global median", "product median", "own mean", "own EWMA", "ours", "25th to the 75th"):
        assert word in printed
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["last"]["methods"]["ours"]["mean_absolute_error"] > 0
    assert figures["last"]["gaps"] + figures["followed"]["gaps"] > 100
    assert figures["policy"].startswith("default")


def test_puts_priors_into_the_catalogue(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_catalogue([Product("11111", "1", "tea", kind="consumable", supply_days=20.0)], catalogue)
    args = [
        "learn",
        "--source",
        "online-retail",
        str(history),
        "--catalogue",
        str(catalogue),
        "--out",
        str(out),
    ]
    assert cli.main(args) == 0
    (product,) = read_products(out)
    assert product.prior is not None
    assert product.prior.basis == "product"
    assert "1 by product" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ([], "needs --catalogue IN and --out OUT, or --evaluate"),
        (["--catalogue", "none.jsonl", "--out", "out.jsonl"], "none.jsonl"),
        (["--evaluate", "--policy", "none.toml"], "none.toml"),
    ],
)
def test_what_it_lacks_is_said_in_one_line(
    history: Path, args: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["learn", "--source", "online-retail", str(history), *args]) == 2
    assert why in capsys.readouterr().err


def test_a_history_without_three_purchases_of_anything_cannot_be_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"{HEADER}\n1,11111,A,1,2011-01-01 12:00:00,1,c1,France\n", encoding="utf-8")
    assert cli.main(["learn", "--evaluate", "--source", "online-retail", str(path)]) == 2
    assert "nothing to evaluate" in capsys.readouterr().err
