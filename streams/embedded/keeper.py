"""`python -m streams.embedded.keeper DIR`: stop the broker of DIR when nobody holds its `lease` any more.

Standard input is the reading end of the lease's pipe. Started by `lease`, never by hand.
"""

import os
import sys
from pathlib import Path

from streams.embedded import archive
from streams.embedded.broker import LOCK_TIMEOUT_S, Broker
from streams.embedded.lease import LOCK
from streams.embedded.places import locked

STDIN = 0
READ_BYTES = 64


def keep(broker: Broker) -> None:
    """Return when the last holder has gone and the broker has been stopped."""
    while True:
        while os.read(STDIN, READ_BYTES):
            pass
        with locked(broker.layout.directory / LOCK, LOCK_TIMEOUT_S):
            if not _held_again():
                broker.stop()
                os.close(STDIN)  # before the lock is free: who comes next must find no keeper
                break
    archive.make(broker.jars, broker.layout)


def _held_again() -> bool:
    """Whether somebody came between the end of the last holder and the lock."""
    os.set_blocking(STDIN, False)
    try:
        return bool(os.read(STDIN, READ_BYTES))
    except BlockingIOError:  # nothing to read, but somebody could write
        return True
    finally:
        os.set_blocking(STDIN, True)


if __name__ == "__main__":
    keep(Broker(Path(sys.argv[1])))
