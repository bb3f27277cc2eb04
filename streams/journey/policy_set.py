"""Pure. One policy file as the core asks for it: a base, and overrides by brand, category and product.

A tree is what the loader leaves of a file: nested dicts of the field names of `Policy` down to plain numbers
and texts, durations already in milliseconds. Overrides are partial trees, laid over the base in the order
brand, category, product. Resolution is lazy, since a catalogue has more combinations than anyone buys, and
its key collapses to the overrides that exist: a million products without one share the base, object and all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypedDict

import msgspec

from streams.journey.policy import Policy

Tree = dict[str, Any]
Overrides = Mapping[str, Mapping[str, Tree]]
"""Dimension to name to partial tree."""

DIMENSIONS: Final = ("brand", "category", "product")
"""The order in which overrides are laid over the base; the last one wins."""
RESOLVED_MAX: Final = 4_096
"""Resolved combinations that are kept; the one resolved first makes room."""


class Plain(TypedDict):
    """A policy set as plain data, for another process."""

    version: str
    base: Tree
    overrides: dict[str, dict[str, Tree]]


class PolicySet:
    """Policies of one version. The trees must have been validated; they are not changed."""

    __slots__ = ("_brands", "_categories", "_plain", "_products", "_resolved", "base", "version")

    def __init__(self, version: str, base: Tree, overrides: Overrides | None = None) -> None:
        given = overrides or {}
        self.version = version
        self.base = msgspec.convert(base, Policy)
        self._brands, self._categories, self._products = (given.get(d, {}) for d in DIMENSIONS)
        self._plain = Plain(
            version=version,
            base=base,
            overrides={dimension: dict(names) for dimension, names in given.items()},
        )
        self._resolved: dict[tuple[str, str, str], Policy] = {("", "", ""): self.base}

    def rules(self, brand: str, category: str, product_id: str) -> Policy:
        """The policy for one brand, category and product; "" where there is none."""
        key = (
            brand if brand in self._brands else "",
            category if category in self._categories else "",
            product_id if product_id in self._products else "",
        )
        found = self._resolved.get(key)
        return found if found is not None else self._resolve(key)

    def plain(self) -> Plain:
        """Plain data: JSON or pickle carries it, and `PolicySet.from_plain` reads it back."""
        return self._plain

    @classmethod
    def from_plain(cls, plain: Plain) -> PolicySet:
        """The policy set that `plain` came from."""
        return cls(plain["version"], plain["base"], plain["overrides"])

    def __reduce__(self) -> tuple[type[PolicySet], tuple[str, Tree, Overrides]]:
        return PolicySet, (self.version, self._plain["base"], self._plain["overrides"])

    def _resolve(self, key: tuple[str, str, str]) -> Policy:
        brand, category, product_id = key
        layers = (self._brands.get(brand), self._categories.get(category), self._products.get(product_id))
        changes: Tree = {}
        for layer in layers:
            changes = merge(changes, layer or {})
        policy = changed(self.base, self._plain["base"], changes)
        if len(self._resolved) >= RESOLVED_MAX:
            oldest = iter(self._resolved)
            next(oldest)  # the base stays
            del self._resolved[next(oldest)]
        self._resolved[key] = policy
        return policy


def merge(under: Tree, over: Tree) -> Tree:
    """A new tree with `over` laid over `under`: tables merge, all else is replaced; the rest is shared."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def changed(policy: Policy, tree: Tree, changes: Tree) -> Policy:
    """`policy`, made of `tree`, with partial `changes` over it; other sections stay the same objects."""
    fields = {field.name: field.type for field in msgspec.structs.fields(Policy)}
    sections = {
        name: msgspec.convert(merge(tree[name], section), fields[name]) for name, section in changes.items()
    }
    return msgspec.structs.replace(policy, **sections)
