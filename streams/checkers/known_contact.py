"""What a customer said about being reached, and what a reply means; see `known_orders` for "surely"."""

from schemas.records import Consent, Profile, Reply, Ticket
from streams.checkers.limits import Limits

ACTIVE = frozenset({"new", "open", "pending", "hold"})
REMAINING = ("yes", "no", "not_now", "stop", "start", "help", "frustrated")
"""Intents that a text alone can tell."""


class Channels:
    """What a customer said about being reached: zone, consents, STOP and START. STOP outlives an erasure."""

    __slots__ = ("consents", "profiles", "starts", "stops")

    def __init__(self) -> None:
        self.profiles: list[Profile] = []
        self.consents: dict[str, list[Consent]] = {}
        self.stops: dict[str, int] = {}
        self.starts: dict[str, int] = {}

    def take_profile(self, event: Profile) -> None:
        """Add a profile."""
        self.profiles.append(event)
        for consent in event.consents:
            self.consents.setdefault(consent.channel, []).append(consent)
            if consent.explicit and consent.state == "granted":
                self._start(consent.channel, consent.at)

    def take_reply(self, event: Reply, limits: Limits) -> None:
        """Add a STOP or START; other replies say nothing about channels."""
        intent = intent_of(event, limits)
        if event.channel is None or intent not in {"stop", "start"}:
            return
        for channel in limits.opt_out_channels.get(event.channel, frozenset({event.channel})):
            if intent == "stop":
                self.stops[channel] = max(event.occurred_at, self.stops.get(channel, 0))
            else:
                self._start(channel, event.occurred_at)

    def forget(self) -> None:
        """An erasure: everything goes but the opt-outs."""
        self.stops = {channel: at for channel, at in self.stops.items() if self.opted_out(channel)}
        self.profiles, self.consents, self.starts = [], {}, {}

    def opted_out(self, channel: str) -> bool:
        """Whether STOP was the last word on the channel; at the same time, doubt speaks for the opt-in."""
        return self.stops.get(channel, 0) > self.starts.get(channel, 0)

    def may_be_granted(self, channel: str) -> bool:
        """Whether the latest statement about the channel is a consent, or ties with one."""
        stated = self.consents.get(channel, [])
        latest = max((consent.at for consent in stated), default=0)
        return (
            any(consent.state == "granted" and consent.at == latest for consent in stated)
            or self.starts.get(channel, -1) >= latest
        )

    def named(self) -> set[str]:
        """Channels that the customer or a profile ever spoke of."""
        return {*self.consents, *self.stops, *self.starts}

    def surely_denied(self, channel: str) -> bool:
        """Whether every latest statement about the channel is a refusal."""
        stated = self.consents.get(channel, [])
        latest = max((consent.at for consent in stated), default=0)
        last = {consent.state for consent in stated if consent.at == latest}
        return last == {"denied"} or self.opted_out(channel)

    def zones(self) -> set[str]:
        """Time zones that may hold: of the latest profile that names one, and of those at the same time."""
        named = [profile for profile in self.profiles if profile.time_zone]
        latest = max((profile.occurred_at for profile in named), default=0)
        return {p.time_zone for p in named if p.time_zone and p.occurred_at == latest}

    def _start(self, channel: str, at_ms: int) -> None:
        self.starts[channel] = max(at_ms, self.starts.get(channel, 0))


def stamp(event: Ticket | Reply | Profile) -> tuple[int, str]:
    """(occurred_at, event_id): the later wins."""
    return event.occurred_at, event.event_id


def intent_of(reply: Reply, limits: Limits) -> str | None:
    """The stated intent, else what the whole text means as a keyword, else None."""
    if reply.intent is not None:
        return reply.intent
    words = (reply.text or "").strip().lower()
    for intent in REMAINING:
        if words in limits.keywords.get(intent, frozenset()):
            return intent
    return None
