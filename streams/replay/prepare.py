"""From what a person asks for to everything that decides a replay: where its parts come together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from schemas.records import Control, Product
from schemas.topics import CATALOGUE, CONTROL
from streams.errors import Fatal
from streams.journey.policy_set import PolicySet
from streams.loading.catalogue_file import read_products
from streams.loading.control_file import load_control
from streams.replay.driver import IN_HAND_STEPS
from streams.replay.files import Files, files_of, split
from streams.replay.history import Disturbance, Shop, shop
from streams.replay.run import Setup
from streams.replay.spool import RUN_BYTES_MAX

DISORDER_MS: Final = 300_000
SHUFFLE_MS = 60_000
PARTITIONS_MAX = 1_024


class Options(Struct, frozen=True, kw_only=True):
    """What was asked for. `shop_seed` is None where `path` is a directory of files."""

    path: Path
    shop_seed: int | None = None
    catalogue: Path | None = None
    until: str | None = None
    disorder_ms: int = DISORDER_MS
    partitions: int = 4
    state: Path | None = None
    check: bool = True
    journal: bool = False
    shuffle: int | None = None
    repeat_share: float = 0.0
    in_hand_steps: int = IN_HAND_STEPS
    run_bytes_max: int = RUN_BYTES_MAX


def prepare(options: Options, policies: PolicySet, work: Path) -> Setup:
    """Read what must be known before the first event. `Fatal` says what is missing or wrong."""
    if not 1 <= options.partitions <= PARTITIONS_MAX:
        raise Fatal(f"--partitions is 1 to {PARTITIONS_MAX}, not {options.partitions}")
    history, products, control = _history(options, work)
    until_ms = history.ends_at_ms if options.until is None else time_ms(options.until)
    return Setup(
        history=history,
        policies=policies.plain(),
        catalogue_version=products[0].version,
        products=products,
        control=control,
        until_ms=until_ms,
        work=str(work),
        partitions=options.partitions,
        state=None if options.state is None else str(options.state),
        check=options.check,
        journal=options.journal,
        in_hand_steps=options.in_hand_steps,
        run_bytes_max=options.run_bytes_max,
    )


def time_ms(text: str) -> int:
    """Epoch milliseconds of `2011-06-30`, the end of that day, or of a time with its offset."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise Fatal(f'"{text}" is no time: write 2011-06-30 or 2011-06-30T12:00:00Z') from error
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    day_ms = 86_400_000 if len(text) == len("2011-06-30") else 0
    return int(when.timestamp() * 1000) + day_ms - (1 if day_ms else 0)


def _history(options: Options, work: Path) -> tuple[Files | Shop, tuple[Product, ...], tuple[Control, ...]]:
    if options.shop_seed is not None:
        shuffled = options.shuffle is not None or options.repeat_share > 0
        disturbance = Disturbance(
            options.shuffle or 0,
            min(SHUFFLE_MS, options.disorder_ms) if shuffled else 0,
            options.repeat_share,
        )
        history = shop(options.path, options.shop_seed, disturbance, options.disorder_ms)
        products = read_products(options.catalogue) if options.catalogue else history.catalogue
        return history, products, ()
    if options.shuffle is not None or options.repeat_share:
        raise Fatal("--shuffle and --repeat disturb the order log of --source or --demo, not files")
    found = files_of(options.path)
    catalogue = options.catalogue or next(iter(found.get(CATALOGUE, ())), None)
    if catalogue is None:
        raise Fatal(f"{options.path} holds no catalogue.jsonl: name one with --catalogue FILE")
    products = read_products(catalogue)
    control = tuple(load_control(found[CONTROL][0]).records.values()) if CONTROL in found else ()
    return split(options.path, work, options.partitions, options.disorder_ms, products), products, control
