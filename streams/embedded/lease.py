"""A broker that lives for as long as somebody holds it, however its holders end.

A holder keeps the writing end of a named pipe open; the `keeper`, a small process of its own, reads the other
end. The system closes the pipe of whoever ends, also by `kill -9`, and when the last one is closed the keeper
reads the end of the file and stops the broker. So the system counts, nobody polls, and no count goes wrong.

The lock makes "the last one leaves" and "another one comes" happen one after the other. A broker that was
started without a lease is not put on one: it stays until somebody stops it.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from streams.embedded.broker import LOCK_TIMEOUT_S, Broker
from streams.embedded.places import locked
from streams.embedded.processes import detach

KEEPER = "streams.embedded.keeper"
PIPE = "lease"
LOCK = "lease.lock"


@contextlib.contextmanager
def leased(broker: Broker) -> Iterator[Broker]:
    """Start `broker` unless it runs, and keep it running until this block ends or this process does."""
    with contextlib.ExitStack() as held:
        with locked(broker.layout.directory / LOCK, LOCK_TIMEOUT_S):
            _hold(broker, held)
            broker.start()
        yield broker


def _hold(broker: Broker, held: contextlib.ExitStack) -> None:
    """Open the writing end of the pipe, with a keeper at the other one."""
    pipe = broker.layout.directory / PIPE
    with contextlib.suppress(FileExistsError):
        os.mkfifo(pipe)
    try:
        held.callback(os.close, os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:  # nobody reads: there is no keeper
        if not broker.exists:
            held.callback(os.close, _with_keeper(pipe))


def _with_keeper(pipe: Path) -> int:
    """Start a keeper at the reading end of `pipe`, and return the writing one."""
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        writing = os.open(pipe, os.O_WRONLY)
        os.set_blocking(reading, True)
        command = [sys.executable, "-m", KEEPER, str(pipe.parent)]
        detach(command, pipe.with_name("keeper.log"), stdin=reading)
    finally:
        os.close(reading)
    return writing
