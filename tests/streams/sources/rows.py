"""Rows of small logs, with everything that a test does not care about filled in."""


def row(
    invoice: str,
    code: str,
    quantity: int,
    date: str = "2011-01-10 10:00:00",
    customer: str = "17850",
    price: float = 2.55,
    name: str = "RED MUG",
    country: str = "United Kingdom",
) -> tuple[object, ...]:
    return invoice, code, name, quantity, date, price, customer, country
