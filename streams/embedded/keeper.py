"""`python -m streams.embedded.keeper KIND DIR`: stop the server of DIR when nobody holds its `lease` now.

Standard input is the reading end of the lease's pipe. Started by `lease`, never by hand.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from streams.embedded.broker import Broker
from streams.embedded.lease import LOCK, LOCK_TIMEOUT_S, Server
from streams.embedded.places import locked
from streams.embedded.registry import Registry

STDIN = 0
READ_BYTES = 64
KINDS: Mapping[str, Callable[[Path], Server]] = {Broker.KIND: Broker, Registry.KIND: Registry}


def keep(server: Server) -> None:
    """Return when the last holder has gone and the server has been stopped."""
    while True:
        while os.read(STDIN, READ_BYTES):
            pass
        with locked(server.directory / LOCK, LOCK_TIMEOUT_S):
            if not _held_again():
                server.stop()
                os.close(STDIN)  # before the lock is free: who comes next must find no keeper
                break
    server.after()


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
    keep(KINDS[sys.argv[1]](Path(sys.argv[2])))
