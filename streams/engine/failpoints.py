"""Named places on the commit path where a test ends the process, or makes the step fail.

    KAIROS_FAILPOINTS="before_commit=crash@3,after_commit=fail@1"

The third time that `before_commit` is reached the process is killed as by `kill -9`; the first time that
`after_commit` is reached it raises. Without the variable a place costs one look into an empty dict. They are
shipped, because a test of another build would prove nothing about this one.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Final

from streams.errors import Fatal, Retryable

PLACES: Final = (
    "before_begin",
    "after_begin",
    "after_send",
    "after_acknowledged",
    "after_offsets",
    "before_commit",
    "after_commit",
    "after_store",
    "after_restore",
    "after_fence",
    "after_tail",
)
"""Where a process may be ended, in the order in which a partition comes past."""
VARIABLE: Final = "KAIROS_FAILPOINTS"


class Failpoints:
    """What is to happen where. Counts down at each place."""

    __slots__ = ("_armed",)

    def __init__(self, armed: Mapping[str, tuple[str, int]] | None = None) -> None:
        self._armed = dict(armed or {})

    @staticmethod
    def of(text: str) -> Failpoints:
        """As the variable has it. Fatal: an unknown place or action."""
        armed: dict[str, tuple[str, int]] = {}
        for part in filter(None, text.split(",")):
            place, _, rest = part.partition("=")
            action, _, times = rest.partition("@")
            if place not in PLACES or action not in ("crash", "fail") or not (times or "1").isdecimal():
                raise Fatal(f'{VARIABLE} has "{part}": write place=crash@n or place=fail@n, of {PLACES}')
            armed[place] = action, int(times or "1")
        return Failpoints(armed)

    def reach(self, place: str) -> None:
        """The process is here now."""
        found = self._armed.get(place)
        if found is None:
            return
        action, times = found
        if times > 1:
            self._armed[place] = action, times - 1
            return
        del self._armed[place]
        if action == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        raise Retryable(f"failed on purpose at {place}")
