"""Pure. What a reply says, from its fields or, when it is only text, from its words.

Facts must not depend on what arrived first, so the words are read in every language of the base policy
rather than in the one that the profile names by now, and the most cautious reading wins.
"""

from __future__ import annotations

from schemas.records import Reply
from streams.journey.policy import Policy
from streams.journey.reply_text import intent_of

CAUTIOUS_FIRST = ("stop", "frustrated", "question", "no", "not_now", "help", "start", "yes")


def meaning_of(event: Reply, policy: Policy) -> tuple[str | None, bool]:
    """(intent or None, whether it signals friction)."""
    intent: str | None = event.intent
    signals = bool(event.signals_friction)
    if event.text and event.feedback is None and (intent is None or event.signals_friction is None):
        read, signals_too = _read(event.text, policy)
        intent = intent or read
        signals = signals or (event.signals_friction is None and signals_too)
    if event.rating is not None and event.rating <= policy.help.bad_rating_max:
        return "frustrated", signals
    if intent is None and event.answers:
        return "answer", signals
    return intent, signals


def _read(text: str, policy: Policy) -> tuple[str | None, bool]:
    readings = [intent_of(text, language, policy.keywords) for language in policy.keywords]
    found = {intent for intent, _ in readings}
    intent = next((word for word in CAUTIOUS_FIRST if word in found), None)
    return intent, any(signals for _, signals in readings)
