"""The public order log as columns: read once, then looked at from every side.

The log is "Online Retail" of the UCI Machine Learning Repository: D. Chen, S. L. Sain, K. Guo, "Data mining
for the online retail industry", 2012, doi:10.1057/dbm.2012.17. Columns: InvoiceNo, StockCode, Description,
Quantity, InvoiceDate (UK local time without zone), UnitPrice (pounds), CustomerID, Country. An invoice number
that begins with "C" is a credit: a cancellation or a return, with negative quantities.

Refunds must be known when the order before them is generated, the catalogue needs the prices of all lines,
and both must not depend on which customers are asked for. So the whole log is kept, but as arrays: about 25
bytes per line instead of some hundreds for objects.

What is left out, and counted: lines without a customer (nobody's journey), lines whose stock code does not
begin with five digits (postage, discounts, bank charges, manual entries, samples: not products), and lines
whose quantity has the wrong sign. Stock codes are taken in upper case: the log writes the same product both
ways.
"""

from __future__ import annotations

import csv
import gzip
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from streams.errors import Fatal

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
SHOP_ZONE = ZoneInfo("Europe/London")
CREDIT = "C"
CODE_DIGITS = 5
"""A stock code of a product begins with so many digits."""


@dataclass(slots=True)
class Invoice:
    """An order or a credit. Its lines are `first` (inclusive) to `end` (exclusive) of the columns."""

    invoice_id: str
    customer_id: str
    country: str
    at_ms: int
    first: int = 0
    end: int = 0

    @property
    def is_credit(self) -> bool:
        """Whether it takes back what was sold earlier."""
        return self.invoice_id.startswith(CREDIT)


@dataclass(slots=True)
class OrderLog:
    """Lines in columns, grouped by invoice; invoices in order of (time, number)."""

    invoices: list[Invoice] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    """Product id by product index."""
    names: list[str] = field(default_factory=list)
    """Latest description by product index."""
    product: array[int] = field(default_factory=lambda: array("i"))
    """Product index by line."""
    quantity: array[int] = field(default_factory=lambda: array("q"))
    """Pieces by line, always positive, of credits too."""
    price_minor: array[int] = field(default_factory=lambda: array("q"))
    """Pence per piece by line."""
    repeat: array[int] = field(default_factory=lambda: array("i"))
    """How many earlier lines of the same invoice have the same product."""
    read: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def line_id(self, invoice: Invoice, line: int) -> str:
        """Id of a line, unique over all orders; a product that comes again has a number, from 2."""
        repeat = self.repeat[line]
        name = f"{invoice.invoice_id}:{self.codes[self.product[line]]}"
        return f"{name}:{repeat + 1}" if repeat else name


def read_order_log(path: Path) -> OrderLog:
    """Read the log, as CSV or gzipped CSV; `Fatal` when it cannot be read or is no such log."""
    reader = _Reader()
    try:
        with open_text(path) as text:
            rows = csv.reader(text)
            if tuple(next(rows, ())) != COLUMNS:
                raise Fatal(f"{path} is not the order log: its first line must be {','.join(COLUMNS)}")
            reader.read(rows)
    except (OSError, EOFError, UnicodeError, csv.Error, ValueError) as error:
        raise Fatal(f"the order log {path} cannot be read: {error}") from error
    return reader.grouped()


def open_text(path: Path) -> TextIO:
    """Open the log as text, gzipped when its name ends in .gz; OSError when that fails."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


class _Reader:
    """Rows in, columns out. Lines of one invoice need not stand together, and need not be sorted."""

    def __init__(self) -> None:
        self.log = OrderLog()
        self._owner = array("i")  # invoice index by line
        self._invoices: dict[str, int] = {}
        self._products: dict[str, int] = {}
        self._customers: dict[str, str] = {}
        self._date, self._at_ms = "", 0

    def read(self, rows: Iterator[list[str]]) -> None:
        """Read all rows; ValueError names the line that is no line of the log."""
        invoices, codes, customers = set(), set(), set()
        lines = nobody = 0
        for row in rows:
            lines += 1
            try:
                number, code, name, quantity, date, price, customer, country = row
                invoices.add(number)
                codes.add(code)
                if not customer:
                    nobody += 1
                    continue
                customers.add(customer)
                if self._line(number, code, int(quantity), float(price)):
                    self._owner.append(self._invoice(number, customer, country, date))
                    self.log.names[self.log.product[-1]] = name
            except (ValueError, OverflowError) as error:
                raise ValueError(f"line {lines + 1}: {error}") from error
        self.log.read.update(
            lines=lines, invoices=len(invoices), stock_codes=len(codes), customers=len(customers)
        )
        self.log.left_out["lines_without_customer"] = nobody

    def grouped(self) -> OrderLog:
        """The log with its lines grouped by invoice and its invoices in order of time."""
        log, owner = self.log, self._owner
        order = sorted(
            range(len(log.invoices)), key=lambda i: (log.invoices[i].at_ms, log.invoices[i].invoice_id)
        )
        rank = {invoice: position for position, invoice in enumerate(order)}
        lines = sorted(range(len(owner)), key=lambda line: rank[owner[line]])  # stable: the order of the file
        log.product, log.quantity, log.price_minor = (
            array(column.typecode, (column[line] for line in lines))
            for column in (log.product, log.quantity, log.price_minor)
        )
        sizes = Counter(owner)
        first = 0
        log.invoices = [log.invoices[i] for i in order]
        for invoice, was in zip(log.invoices, order, strict=True):
            invoice.first, invoice.end = first, first + sizes[was]
            first = invoice.end
            log.repeat.extend(_repeats(log.product[invoice.first : invoice.end]))
        return log

    def _invoice(self, number: str, customer: str, country: str, date: str) -> int:
        if date != self._date:
            self._date, self._at_ms = date, shop_time_ms(date)
        index = self._invoices.get(number)
        if index is None:
            index = self._invoices[number] = len(self.log.invoices)
            customer = self._customers.setdefault(customer, customer)
            self.log.invoices.append(Invoice(number, customer, country, self._at_ms))
            return index
        invoice = self.log.invoices[index]
        if invoice.customer_id != customer:
            raise ValueError(f"invoice {number} belongs to two customers")
        invoice.at_ms = min(invoice.at_ms, self._at_ms)
        return index

    def _line(self, number: str, code: str, quantity: int, price: float) -> bool:
        """Keep a line, or count it as left out and say False."""
        log = self.log
        product = self._products.get(code)
        if product is None:
            product = self._product(code)
        if product < 0:
            log.left_out["lines_not_products"] += 1
            return False
        if (quantity < 0) is not (number[:1] == CREDIT) or not quantity or price < 0:
            log.left_out["lines_with_wrong_sign"] += 1
            return False
        log.product.append(product)
        log.quantity.append(abs(quantity))
        log.price_minor.append(round(price * 100))
        return True

    def _product(self, code: str) -> int:
        """Index of the product that `code` names in any case; -1 when it names none. Remembered by `code`."""
        known = code.upper()
        index = self._products.get(known, -1)
        if index < 0 and is_product(code):
            index = self._products[known] = len(self.log.codes)
            self.log.codes.append(known)
            self.log.names.append("")
        self._products[code] = index
        return index


def _repeats(products: Iterable[int]) -> Iterator[int]:
    """For each of `products`, how many before it are the same."""
    seen: Counter[int] = Counter()
    for product in products:
        yield seen[product]
        seen[product] += 1


def is_product(code: str) -> bool:
    """Whether a stock code names a product, not postage, a discount, a charge or a sample."""
    return len(code) >= CODE_DIGITS and code[:CODE_DIGITS].isdigit()


def shop_time_ms(text: str) -> int:
    """Epoch milliseconds of `text` ("2010-12-01 08:26:00") in the shop's zone; ValueError when it is no time.

    An hour that comes twice when summer time ends is taken as the first; the shop is closed then.
    """
    return int(datetime.fromisoformat(text).replace(tzinfo=SHOP_ZONE).timestamp()) * 1000
