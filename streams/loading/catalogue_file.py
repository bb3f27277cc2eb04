"""Reads a catalogue file into an immutable snapshot, or says everything that is wrong with it at once.

A file is a batch: one product per line, as on the catalogue's topic, all of one version. Half a batch would
let a product point at another that is not there yet, so a file is taken whole or not at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from schemas.records import Product
from streams.journey.catalogue import Catalogue
from streams.loading.catalogue_rules import wrong_between, wrong_in
from streams.loading.problems import LoadError, Problem
from streams.loading.record_files import read_records


class CatalogueError(LoadError):
    """A catalogue that cannot be used as it is; `errors` says each file, line, field and reason."""


def load_catalogue(path: Path) -> Catalogue:
    """The snapshot of a file: JSON Lines, perhaps packed with gzip, or Avro. Raises LoadError."""
    products = read_products(path)
    return Catalogue(products[0].version, products)


def read_products(path: Path) -> tuple[Product, ...]:
    """The products of a valid file, at least one, in its order. Raises LoadError."""
    problems: list[Problem] = []
    numbered = list(read_records(path, Product, problems))
    whole = not problems
    problems.extend(_judged(numbered, str(path)))
    if whole:
        problems.extend(_judged_together(numbered, str(path)))
    if not numbered and not problems:
        problems.append(Problem(str(path), 0, "", "holds no product"))
    if problems:
        raise CatalogueError(sorted(problems, key=lambda problem: problem.line))
    return tuple(product for _, product in numbered)


def _judged(numbered: Iterable[tuple[int, Product]], name: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    version: tuple[int, str] | None = None
    for line, product in numbered:
        version = version or (line, product.version)
        if product.version != version[1]:
            reason = f'"{product.version}" in a batch of version "{version[1]}" (line {version[0]})'
            yield Problem(name, line, "version", reason)
        at = first.setdefault(product.product_id, line)
        if at != line:
            yield Problem(name, line, "product_id", f'"{product.product_id}" stands on line {at} already')
        yield from (Problem(name, line, field, reason) for field, reason in wrong_in(product))


def _judged_together(numbered: Sequence[tuple[int, Product]], name: str) -> Iterator[Problem]:
    """What products say of each other. Only for a whole catalogue: an unreadable line is a product too."""
    known = {product.product_id for _, product in numbered}
    for line, product in numbered:
        yield from (Problem(name, line, field, reason) for field, reason in wrong_between(product, known))
