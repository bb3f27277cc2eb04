"""Slices of work, one after the other, whichever partitions they are of: as items of a Faust agent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from faust import StreamT

from streams.engine.overrides import JourneyApp, SliceChannel

AGENT: Final = "kairos.decide"
RunSlice: TypeAlias = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs a slice when it is its turn, and returns when it is done."""


def through_agent(app: JourneyApp) -> RunSlice:
    """Runs slices through a Faust agent, one after the other, in the order in which they were asked for."""
    channel = SliceChannel(app)

    async def decide(stream: StreamT[_Job]) -> None:
        async for job in stream:
            job.run()

    app.agent(channel, name=AGENT)(decide)

    async def run(slice_: Callable[[], None]) -> None:
        job = _Job(slice_)
        await channel.put(job)  # type: ignore[arg-type] # a channel takes any value
        await job.done

    return run


class _Job:
    """A slice in the agent's channel."""

    __slots__ = ("_slice", "done")

    def __init__(self, slice_: Callable[[], None]) -> None:
        self._slice = slice_
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def run(self) -> None:
        """Run it; what it raises is for whoever waits."""
        if self.done.cancelled():
            return
        try:
            self._slice()
        except Exception as error:  # noqa: BLE001 - it is raised where the slice is awaited
            self.done.set_exception(error)
        else:
            self.done.set_result(None)
