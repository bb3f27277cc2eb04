"""`python -m tests.bench.engine`: the engine's benches alone, as JSON on standard output.

Short by default, to see that they run: its figures say little. `--long` is what the documentation shows.
"""

import argparse
import sys

from tests.bench.engine.parts import PARTS, measure


def main() -> int:
    """Measure; 0 whatever comes out."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description=__doc__)
    parser.add_argument("--long", action="store_true", help="half an hour instead of minutes")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this; may be repeated")
    args = parser.parse_args()
    for part in args.part or PARTS:
        measure(part, long=args.long)
    return 0


if __name__ == "__main__":
    sys.exit(main())
