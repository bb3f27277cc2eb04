"""`python -m tests.bench.engine`: the engine's benches alone, each as JSON on standard output."""

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.bench.engine.ground import Ground, ground
from tests.bench.engine.throughput import Size, measure_count, measure_journey

SHORT: Final = Size(rounds=1, seconds=4, count_events=150_000, lives=150, plain_lives=20)

PARTS: Final[dict[str, Callable[[Ground, Size], dict[str, Any]]]] = {
    "count": measure_count,
    "journey": measure_journey,
}


def measure(parts: list[str], size: Size, folder: Path | None = None) -> dict[str, Any]:
    """The figures of these parts, on a broker of their own each."""
    found = {}
    for part in parts:
        with tempfile.TemporaryDirectory(prefix="kairos-bench-", dir=folder) as scratch:
            with ground(Path(scratch)) as here:
                found[part] = PARTS[part](here, size)
            print(json.dumps({part: found[part]}, indent=1), flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description=__doc__)
    parser.add_argument("--long", action="store_true", help="minutes instead of seconds, three rounds each")
    parser.add_argument("--part", action="append", choices=list(PARTS))
    args = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic's leader is news for a moment
    measure(args.part or list(PARTS), Size() if args.long else SHORT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
