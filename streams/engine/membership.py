"""Who this worker was in its group, so that one that was killed is not waited for.

A killed worker stays a member until its session ends, and nobody is given anything before that. The worker
that comes after it on the same state directory knows that it is dead, because the kernel has let go of its
lock, and leaves the group in its name.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.engine.clients import Clients, stop
from streams.engine.overrides import group_now, leave_group

log = logging.getLogger(__name__)

FILE: Final = "member"
T = TypeVar("T")


class Membership:
    """The member of `group` whose state is in `directory`."""

    def __init__(self, group: str, directory: Path, clients: Clients) -> None:
        self._group = group
        self._clients = clients
        self._path = directory / FILE
        self._descriptor: int | None = None

    async def bury(self) -> None:
        """Leave the group in the name of who was here before. What fails is only waited for, as ever."""
        former = self._former()
        if former is None:
            return
        await self._ask(lambda admin: leave_group(admin, self._group, former))

    async def state(self) -> str:
        """The state of the group in Kafka's word, empty when nobody says so."""
        found = await self._ask(lambda admin: group_now(admin, self._group))
        return "" if found is None else found[0]

    async def _ask(self, question: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T | None:
        """What a broker answers; None when it does not, which is not worth more than a word."""
        try:
            admin = await self._clients.admin()
        except (KafkaError, OSError) as error:
            log.debug("nobody can be asked about %s: %r", self._group, error)
            return None
        try:
            return await question(admin)
        except (KafkaError, OSError, TimeoutError) as error:
            log.debug("nobody answers about %s: %r", self._group, error)
            return None
        finally:
            await stop(admin)

    def known_as(self, member_id: str) -> None:
        """From now on the group knows us by this name."""
        if self._descriptor is not None:
            line = f"{self._group} {member_id}".encode()
            os.pwrite(self._descriptor, line, 0)
            os.ftruncate(self._descriptor, len(line))

    def let_go(self) -> None:
        """As the end of the process does."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _former(self) -> str | None:
        """Who was here before and is dead, if anybody; the lock is ours for as long as this process lives."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        self._descriptor = descriptor
        group, _, member_id = os.pread(descriptor, 1_000, 0).decode(errors="replace").partition(" ")
        return member_id if group == self._group and member_id else None
