"""Runs a script through an engine: actions in order, wake-ups at their times, what was said as a history.

Wake-ups at a time come after the events of that time, and looks too many after both. While the partition is
not current a wake-up may stay due; it is tried again whenever time moves on.
"""

import traceback
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Final

from schemas.records import Eligibility
from state.keys import Wakeup
from state.records.parts import Target
from streams.checkers.history import HOLDOUT, Event, Step, Violation
from streams.simulation.actions import RANKS, UNKNOWN, Action, Arrive, Look, Switch, Turn
from streams.simulation.chance import DAY
from streams.simulation.engine import Conditions, Engine, Said
from streams.simulation.life import Arrival
from streams.simulation.settings import Setting

REACTIONS_MS: Final = 30 * DAY
"""So long after the last action of the script customers still react."""
AFTERWARDS_MS: Final = 60 * DAY
"""So long after the last action wake-ups are still served: everything that was opened ends in it."""
AFTER_WEATHER_MS: Final = DAY
"""Longer than anything waits before it is tried again because of the weather."""
FAR_MS: Final = 1 << 62
ROUNDS_MAX: Final = 20
"""Wake-ups that lead to wake-ups at the same time; a history that needs more is stuck."""
WAKE_UPS_MAX: Final = 3_000
"""Wake-ups of one history; customers of this size need a few hundred."""
STUCK: Final = "stuck_wake_ups"
EXTRA_LOOKS: Final = "extra_looks"
BOUNDED: Final = "bounded_state"
RAISES: Final = "raises"
STORED_BYTES_MAX: Final = 32_768
"""No record of a customer may grow beyond this, whatever is sent."""

React = Callable[[str, Eligibility], Iterable[Arrival]]


class Broken(Exception):
    """The engine raised; nothing after it can be judged."""


class Runner:
    """One run of one script. Afterwards `steps`, `script` and `found` tell what happened."""

    def __init__(self, engine: Engine, settings: tuple[Setting, ...], react: React | None = None) -> None:
        self.engine = engine
        self.settings = settings
        self.setting = settings[0]
        self.steps: list[Step] = []
        self.script: list[Action] = []
        self.found: list[Violation] = []
        self.wake_ups = 0
        self.silent_wake_ups = 0
        self._react = react
        self._heap: list[tuple[int, int, int, Action]] = []
        self._count = 0
        self._now_ms = self._last_ms = self._reacts_until_ms = 0
        self._conditions = Conditions()
        self._fair_from_ms = 0
        self._customers: dict[str, None] = {}

    def run(self, actions: Iterable[Action]) -> None:
        """Run all actions, what they bring about, and the wake-ups for some time after them."""
        for action in actions:
            self._push(action)
        self._reacts_until_ms = max((entry[0] for entry in self._heap), default=0) + REACTIONS_MS
        try:
            while self._go_on():
                pass
        except Broken:
            return

    def _go_on(self) -> bool:
        """Serve the next wake-up or take the next action, whichever is first; False when both are over."""
        until_ms = self._heap[0][0] if self._heap else self._last_ms + AFTERWARDS_MS
        due_ms = self.engine.next_due(self._now_ms)
        if due_ms is not None and due_ms < until_ms:
            self._now_ms = due_ms
            self._serve()
        elif self._heap:
            self._now_ms = self._last_ms = max(self._now_ms, until_ms)
            self._act_now()
        else:
            return False
        return True

    def _push(self, action: Action) -> None:
        self._count += 1
        heappush(self._heap, (action.at_ms, RANKS[type(action)], self._count, action))

    def _act_now(self) -> None:
        """All actions of this time, its wake-ups, and then the looks too many."""
        looks: list[Look] = []
        while self._heap and self._heap[0][0] <= self._now_ms:
            action = heappop(self._heap)[3]
            self.script.append(action)
            if isinstance(action, Look):
                looks.append(action)
            else:
                self._act(action)
        self._serve()
        for look in looks:
            self._look_too_many(look)

    def _act(self, action: Arrive | Turn | Switch) -> None:
        if isinstance(action, Arrive):
            self._customers[action.event.customer_id] = None
            event = action.event
            self._step(
                event.customer_id, event, lambda: self.engine.event(event, self._now_ms, self._conditions)
            )
            self._judge_size(event.customer_id)
        elif isinstance(action, Turn):
            self._conditions = action.conditions
            fair = action.conditions == Conditions()
            self._fair_from_ms = self._now_ms + AFTER_WEATHER_MS if fair else FAR_MS
        else:
            self.setting = self.settings[action.setting]
            self.engine.use(self.setting.world)
            for customer_id in self._customers:
                for target in self.engine.targets(customer_id):
                    self._look(customer_id, target)

    def _serve(self) -> None:
        """Serve what is due now, and what that makes due now."""
        tried: set[Wakeup] = set()
        for _ in range(ROUNDS_MAX):
            todo = [wake_up for wake_up in self.engine.due(self._now_ms) if wake_up not in tried]
            for wake_up in todo:
                tried.add(wake_up)
                self.wake_ups += 1
                said = self._look(wake_up.customer_id, wake_up.target)
                self.silent_wake_ups += not said
            if not todo:
                break
        self._judge_wake_ups()

    def _judge_wake_ups(self) -> None:
        """Nothing stays due after its look, and wake-ups come to an end."""
        left = self.engine.due(self._now_ms)
        if left and self._conditions.current:
            self._wrong(STUCK, left[0].customer_id, f"{left[0].target} is still due after its look")
        if self.wake_ups > WAKE_UPS_MAX:
            self._wrong(STUCK, self.steps[-1].customer_id, f"{self.wake_ups} wake-ups and no end")
            raise Broken

    def _look(self, customer_id: str, target: Target) -> Said:
        return self._step(
            customer_id, None, lambda: self.engine.look(customer_id, target, self._now_ms, self._conditions)
        )

    def _step(self, customer_id: str, event: Event | None, act: Callable[[], Said]) -> Said:
        try:
            said = act()
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._wrong(
                RAISES, customer_id, f"{error!r} in {where.name}, line {where.lineno} of {where.filename}"
            )
            raise Broken from error
        now, limits = self._conditions, self.setting.limits
        self.steps.append(
            Step(self._now_ms, customer_id, event, now.current, limits, said, now.stale_sources)
        )
        if self._react is not None:
            self._let_react(said)
        return said

    def _let_react(self, said: Said) -> None:
        for topic, record in said:
            if isinstance(record, Eligibility) and record.status == "opened" and self._react is not None:
                for arrival in self._react(topic, record):
                    if arrival.at_ms < self._reacts_until_ms:
                        self._push(Arrive(max(arrival.at_ms, self._now_ms + 1), arrival.event))

    def _look_too_many(self, look: Look) -> None:
        """An extra look must say nothing; that it changes nothing shows in what is said after it.

        Not in foul weather, nor shortly after it: what waits for its end is tried again some time after every
        look, because nobody knows when that will be.
        """
        if look.customer_id not in self._customers or self._now_ms < self._fair_from_ms:
            return
        targets = [Target(), *self.engine.targets(look.customer_id), UNKNOWN]
        target = targets[look.pick % len(targets)]
        said = self._look(look.customer_id, target)
        if said:
            kinds = ", ".join(type(record).__name__ for _, record in said)
            self._wrong(EXTRA_LOOKS, look.customer_id, f"an extra look at {target} said {kinds}")

    def _judge_size(self, customer_id: str) -> None:
        longest = max(map(len, self.engine.stored(customer_id).values()), default=0)
        if longest > STORED_BYTES_MAX:
            self._wrong(BOUNDED, customer_id, f"a record has {longest} bytes")

    def _wrong(self, checker: str, customer_id: str, what: str) -> None:
        self.found.append(Violation(checker, customer_id, self._now_ms, what))


def reacting(react: Callable[[Eligibility], Iterable[Arrival]]) -> React:
    """Reactions to what is sent; what is held out is not sent, so nobody reacts to it."""
    return lambda topic, record: () if topic == HOLDOUT else react(record)
