"""`python -m streams.simulation`: the same as `kairos simulate`."""

import argparse
import sys

from streams.errors import KairosError
from streams.simulation.arguments import HELP, configure, run

COULD_NOT_RUN = 2


def main() -> int:
    """Parse, run and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m streams.simulation", description=HELP)
    configure(parser)
    try:
        return run(parser.parse_args())
    except KairosError as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN


if __name__ == "__main__":
    sys.exit(main())
