"""What a kept state needs beside its stores to be understood: policy, catalogue and the end of its replay.

    DIR/partition-0 ...   RocksDB, one per partition
    DIR/replay.json       the rules under which it was decided, and until when

The stores alone would not do: what a record means next depends on the policy and the catalogue under which it
was decided, and another one would explain decisions that were never made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from schemas.records import Control, Product
from streams.errors import Fatal
from streams.journey.catalogue import Catalogue
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.policy_set import Plain, PolicySet
from streams.journey.step import World

KEPT: Final = "replay.json"
KEY: Final = b"kairos replay"
"""Replays share one key, so that their ids compare; live ids have the installation's secret."""


class Kept(Struct, frozen=True):
    """The rules of a replay as plain data. `until_ms` is the last moment that was replayed."""

    until_ms: int
    partitions: int
    policies: Plain
    catalogue_version: str
    products: tuple[Product, ...]
    control: tuple[Control, ...]

    def world(self) -> World:
        """What the rules knew besides the customer."""
        catalogue = Catalogue(self.catalogue_version, self.products)
        policies = PolicySet.from_plain(self.policies)
        return World(policies, catalogue, Identity(KEY), ControlState(self.control), 1)


def keep(state: Path, kept: Kept) -> None:
    """Write what is needed to read `state` again."""
    (state / KEPT).write_bytes(msgspec.json.encode(kept))


def read_kept(state: Path) -> Kept:
    """What `keep` wrote. `Fatal` says what to do where there is nothing."""
    try:
        return msgspec.json.decode((state / KEPT).read_bytes(), type=Kept)
    except OSError as error:
        raise Fatal(
            f"{state} holds no state of a finished replay: make one with `kairos replay --demo`, "
            "or keep one with `kairos replay ... --state DIR`, and name it with --state DIR"
        ) from error
    except msgspec.MsgspecError as error:
        raise Fatal(
            f"{state / KEPT} cannot be read ({error}): replay again with --state and an empty DIR"
        ) from error
