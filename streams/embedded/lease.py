"""A broker or registry that lives for as long as somebody holds it, however its holders end.

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
from typing import Protocol, TypeVar

from streams.embedded.places import locked
from streams.embedded.processes import detach

KEEPER = "streams.embedded.keeper"
PIPE = "lease"
LOCK = "lease.lock"
LOCK_TIMEOUT_S = 400.0
"""Longer than a start that has to fetch its files first."""


class Server(Protocol):
    """What can be leased."""

    KIND: str
    """Its word for the keeper."""

    @property
    def directory(self) -> Path:
        """Where it lives: whoever names this can act on it."""

    @property
    def exists(self) -> bool:
        """Whether its process is there."""

    def start(self) -> None:
        """Return when it serves; one that already runs is left as it is."""

    def stop(self) -> bool:
        """End it; whether one ran."""

    def after(self) -> None:
        """What is left to do, at leisure, when it has ended."""


S = TypeVar("S", bound=Server)


@contextlib.contextmanager
def leased(server: S) -> Iterator[S]:
    """Start `server` unless it runs, and keep it running until this block ends or this process does."""
    with contextlib.ExitStack() as held:
        with locked(server.directory / LOCK, LOCK_TIMEOUT_S):
            _hold(server, held)
            server.start()
        yield server


def _hold(server: Server, held: contextlib.ExitStack) -> None:
    """Open the writing end of the pipe, with a keeper at the other one."""
    pipe = server.directory / PIPE
    with contextlib.suppress(FileExistsError):
        os.mkfifo(pipe)
    try:
        held.callback(os.close, os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:  # nobody reads: there is no keeper
        if not server.exists:
            held.callback(os.close, _with_keeper(pipe, server.KIND))


def _with_keeper(pipe: Path, kind: str) -> int:
    """Start a keeper at the reading end of `pipe`, and return the writing one."""
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        writing = os.open(pipe, os.O_WRONLY)
        os.set_blocking(reading, True)
        command = [sys.executable, "-m", KEEPER, kind, str(pipe.parent)]
        detach(command, pipe.with_name("keeper.log"), stdin=reading)
    finally:
        os.close(reading)
    return writing
