"""A source: input events in the total order of a replay, with the catalogue they need.

A source is iterated, not loaded: a year of a shop is more than a million events, and a replay looks at one
after the other. The order is (occurred_at, rank of the topic, event_id), the order in which a replay takes
the events of one customer, here over all customers.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, get_args

from schemas.records import Delivery, Eligibility, Erasure, Product, Profile, Purchase, Reply, Ticket, Usage
from schemas.topics import journey_inputs

Event = Purchase | Delivery | Usage | Ticket | Reply | Profile | Erasure
"""Any input event about a customer."""

Responder = Callable[[Eligibility], tuple[Event, ...]]
"""What a sender and a customer do about an opened eligibility: events in order of time, none before
`opens_at`.
"""

_TOPICS = {topic.schema: topic for topic in journey_inputs()}
TOPICS: Mapping[type[Event], str] = {kind: _TOPICS[kind.__name__].name for kind in get_args(Event)}
"""The input topic of an event, without prefix."""
TOPIC_RANKS: Mapping[type[Event], int] = {kind: _TOPICS[kind.__name__].rank or 0 for kind in get_args(Event)}
"""The order of the topics at equal time."""

MADE_UP = "made-up:"
"""Every event that no file says has a `source` that begins so."""


@dataclass(slots=True)
class Counts:
    """What a source read, left out, and has handed out.

    `read` and `left_out` count the whole file, whatever customers were asked for. `real` and `made_up` count
    the events handed out so far, by record name in lower case, and are complete when `events()` has ended;
    `after_the_end` counts made-up events that would lie after `ends_at_ms` and were not handed out.
    """

    read: Mapping[str, int]
    left_out: Mapping[str, int]
    real: Counter[str] = field(default_factory=Counter)
    made_up: Counter[str] = field(default_factory=Counter)
    after_the_end: int = 0

    def start(self) -> None:
        """Begin to count what is handed out anew."""
        self.real.clear()
        self.made_up.clear()
        self.after_the_end = 0

    def add(self, event: Event) -> None:
        """Count `event` as handed out."""
        made_up = event.source is not None and event.source.startswith(MADE_UP)
        (self.made_up if made_up else self.real)[type(event).__name__.lower()] += 1


class Source(Protocol):
    """What a replay needs of a history."""

    @property
    def catalogue(self) -> tuple[Product, ...]:
        """All products, in order of their ids; the same whatever customers were asked for."""

    @property
    def counts(self) -> Counts:
        """What was read, left out, and handed out so far."""

    @property
    def responder(self) -> Responder | None:
        """Who answers opened eligibilities; None when nobody does."""

    @property
    def ends_at_ms(self) -> int:
        """No event lies at or after this time; the history is known until then."""

    def events(self) -> Iterator[Event]:
        """All events in the order (occurred_at, rank of the topic, event_id); each call begins anew."""
