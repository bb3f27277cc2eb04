"""`kairos replay --kafka`: the same replay, of what the input topics hold now, by workers.

It is an option of `kairos replay`, not of `kairos worker`: who wants to know what would have been said looks
for a replay, and it ends. The history is another one, everything else is what the word promises: the same
order, the same end, the same bytes. Several may be started with the same names, and share the partitions.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaError
from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

from streams.configuration.arguments import add_arguments, settings_of
from streams.errors import Fatal, Retryable
from streams.loading.durations import duration_ms
from streams.loading.policy_file import load_policies
from streams.logs import set_up
from streams.replay import summary
from streams.replay.kept import KEY
from streams.replay.prepare import time_ms
from streams.replay.tally import Tally

if TYPE_CHECKING:
    from streams.engine.partitions import Partitions

log = logging.getLogger(__name__)

NAME: Final = "replay"
ASK_EVERY_S: Final = 0.5
OF_FILES: Final = (
    *("path", "source", "demo", "against", "state", "journal", "calendar_campaign", "shuffle", "repeat"),
    *("no_check", "out", "format", "partitions", "processes", "seed"),
)
"""Options that mean nothing here."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a replay of topics."""
    group = parser.add_argument_group("a replay of topics")
    group.add_argument("--kafka", action="store_true", help="replay what the input topics hold now")
    group.add_argument(
        "--application-id", metavar="NAME", help=f"its own; default: application.id and -{NAME}"
    )
    group.add_argument("--output-prefix", metavar="TEXT", help=f"of its outputs; default: {NAME}.")
    add_arguments(parser)
    defaults = {name: parser.get_default(name) for name in OF_FILES}
    parser.set_defaults(defaults_of_files=defaults)


def run(args: argparse.Namespace, console: Console) -> int:
    """Replay until every partition is at its end, and print the summary of those that were replayed here."""
    from streams.app import Mode, create  # noqa: PLC0415 - Faust takes a second, and files need it not
    from streams.beside import apart, checked  # noqa: PLC0415 - as above
    from streams.commands.worker import under_faust  # noqa: PLC0415 - as above
    from streams.engine.clock import LiveClock  # noqa: PLC0415 - as above
    from streams.engine.replay_plan import ReplayPlan  # noqa: PLC0415 - as above

    _refuse_options_of_files(args)
    live = settings_of(args, _overrides(args)).settings
    prefix = f"{NAME}." if args.output_prefix is None else args.output_prefix
    settings = apart(live, args.application_id or f"{live.engine.application_id}-{NAME}", prefix)
    settings = replace(settings, web=replace(settings.web, port=0))  # the live worker may have its own here
    set_up(settings)
    done = _Done()
    plan = ReplayPlan(
        disorder_ms=duration_ms(args.disorder),
        until_ms=None if args.until is None else time_ms(args.until),
        policies=None if args.policy is None else load_policies(args.policy),
        done=done,
    )
    mode = Mode(output_prefix=prefix, replay=plan, identity=KEY)
    count = checked(settings, prefix)
    worker = create(settings, LiveClock(), count, mode)
    done.partitions = worker.partitions
    code = under_faust(worker)
    tally = done.show(console, count)
    return code or (1 if tally.faults else 0)


class _Done:
    """The partitions that have come to their end, and the end of the worker when all have, also others'.

    Until then it stays, to take over what another worker leaves.
    """

    def __init__(self) -> None:
        self.partitions: Partitions | None = None
        self._begun, self._cpu_s = time.monotonic(), time.process_time()
        self._tallies: dict[int, Tally] = {}
        self._ending: asyncio.Task[None] | None = None

    def __call__(self, number: int, tally: Tally) -> None:
        self._tallies[number] = tally
        if self._ending is None and self.partitions is not None:
            self._ending = asyncio.create_task(self._end(self.partitions))

    async def _end(self, partitions: Partitions) -> None:
        while True:
            try:
                if await partitions.replayed():
                    break
            except (KafkaError, Retryable, OSError) as error:
                log.warning("the other partitions cannot be asked now: %r", error)
            await asyncio.sleep(ASK_EVERY_S)
        signal.raise_signal(signal.SIGTERM)  # the way in which an operator would end it

    def show(self, console: Console, count: int) -> Tally:
        """Print what was counted."""
        total = Tally()
        for tally in self._tallies.values():
            total.add(tally)
        seconds, cpu_s = time.monotonic() - self._begun, time.process_time() - self._cpu_s
        summary.show(console, total, seconds, cpu_s, checked=False)
        if len(self._tallies) < count:
            those = ", ".join(map(str, sorted(self._tallies))) or "none"
            console.print(Text(f"\nof {count} partitions these were replayed here: {those}"))
        return total


def _overrides(args: argparse.Namespace) -> Mapping[str, str]:
    return {} if args.catalogue is None else {"files.catalogue": str(args.catalogue)}


def _refuse_options_of_files(args: argparse.Namespace) -> None:
    wrong = [name for name, default in args.defaults_of_files.items() if getattr(args, name) != default]
    if wrong:
        words = ", ".join("DIR" if name == "path" else f"--{name.replace('_', '-')}" for name in wrong)
        raise Fatal(f"{words}: --kafka replays topics into topics, and has no such option")
