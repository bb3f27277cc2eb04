"""How late the loop comes back to who asked for it: whatever holds it holds everything."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from streams.engine.totals import Distribution

EVERY_S: Final = 0.25


async def watch(stalls: Distribution) -> None:
    """Ask for the loop four times a second until cancelled, and note how much later it came."""
    while True:
        asked_s = monotonic()
        await asyncio.sleep(EVERY_S)
        stalls.observe(max(0.0, monotonic() - asked_s - EVERY_S))
