"""Pure. What a reply means that is only text, by the phrases of the policy.

A phrase without a star is the whole reply, as carriers read STOP. A star at its end (`stop *`,
`* please stop`, `* stop texting *`) stands for any words or none of the same sentence. `frustrated` and
`friction_question` phrases count anywhere. Case, accents, punctuation and the apostrophe of "doesn't" are
ignored on both sides.

Phrases rather than a model, because a wrong STOP costs a customer and a wrong "yes" costs trust: whoever is
asked why must be able to point at a line of the policy. Where it is unclear the cautious reading wins, in
this order:

1. a request to stop, in the customer's language or with the English words that carriers honour everywhere;
2. the whole text is a phrase: `start`, `help`, `no`, `not_now`, `yes`;
3. frustration, then a question about something that went wrong;
4. a phrase with a star: `start`, `help`, `not_now`, `no`, `yes`, so a "yes, but later" is no yes;
5. any other question.

A reply that says nothing in the customer's language is read once more in English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from streams.journey.policy import Keywords

TEXT_CHARS_MAX: Final = 4_096
"""A reply is read up to here; what matters stands at its beginning."""
FALLBACK: Final = "en"
MATCHERS_MAX: Final = 256

_WHOLE_ORDER: Final = ("stop", "start", "help", "no", "not_now", "yes")
_FOUND_ORDER: Final = ("frustrated", "friction_question", "start", "help", "not_now", "no", "yes")
_FRICTION: Final = ("frustrated", "friction_question")
_SENTENCE_END: Final = re.compile(r"[.!?;:…\n\r。！？¿¡]+")
_QUESTION: Final = re.compile(r"[?？؟]")
_CONTRACTION: Final = re.compile(r"['’ʼ`´](?=(?:t|m|s|d|re|ve|ll)\b)", re.IGNORECASE)
_WORD: Final = re.compile("[^\\W_]+|[\U0001f44d\U0001f44e\U0001f621\U0001f620\U0001f92c\U0001f595\u2764]")
"""A word, or one of the signs that people send instead of one: thumbs, anger, a heart."""


class Matcher(Struct, frozen=True, gc=False):
    """The phrases of one language, made ready.

    `whole`: words of a reply to intent. `within`: the first word of a phrase to what it is a phrase of, and
    how it stands in `Reading.marked`; so the cost goes with the words of the reply, not with the policy.
    """

    whole: dict[str, str]
    within: dict[str, tuple[tuple[str, str], ...]]


class Reading(Struct, gc=False):
    """A text made ready: its words, the same with `|` around every sentence, and whether it asks."""

    words: str
    marked: str
    asks: bool


def intent_of(text: str, locale: str | None, keywords: Mapping[str, Keywords]) -> tuple[str | None, bool]:
    """The intent of a reply (None: it says none that we know), and whether it signals friction.

    `locale` is a tag such as "de-AT"; `keywords` are the policy's tables by language, of which "en" is one.
    """
    reading = read(text[:TEXT_CHARS_MAX])
    english = matcher(keywords[FALLBACK])
    own = matcher(keywords.get(language(locale), keywords[FALLBACK]))
    intent, signals = _intent(own, reading)
    if own is not english and intent != "stop":
        other, also_signals = _intent(english, reading)
        signals = signals or also_signals
        intent = other if intent is None or other == "stop" else intent
    return (intent or ("question" if reading.asks else None)), signals


def language(locale: str | None) -> str:
    """The language of a locale tag: "de" of "de-AT", "de_AT" or "DE"."""
    return (locale or FALLBACK).replace("_", "-").split("-", 1)[0].lower()


@lru_cache(maxsize=1_024)
def normal(phrase: str) -> str:
    """A phrase as it is compared: words without case, accents and punctuation, one space between them."""
    return " ".join(_words(phrase))


def read(text: str) -> Reading:
    """A text made ready for every language."""
    sentences = [" ".join(words) for part in _SENTENCE_END.split(text) if (words := _words(part))]
    return Reading(
        words=" ".join(sentences),
        marked=f"| {' | '.join(sentences)} |",
        asks=_QUESTION.search(text) is not None,
    )


@lru_cache(maxsize=MATCHERS_MAX)
def matcher(keywords: Keywords) -> Matcher:
    """The phrases of one language, made ready; kept, because a policy has few languages and many replies."""
    tables: dict[str, tuple[str, ...]] = msgspec.structs.asdict(keywords)
    within: dict[str, list[tuple[str, str]]] = {}
    for name, phrases in tables.items():
        for phrase in phrases:
            if "*" in phrase or name in _FRICTION:
                within.setdefault(normal(phrase).split(" ")[0], []).append((name, _marked(phrase, name)))
    return Matcher(
        whole={normal(p): name for name in reversed(_WHOLE_ORDER) for p in tables[name] if "*" not in p},
        within={word: tuple(found) for word, found in within.items()},
    )


def _marked(phrase: str, name: str) -> str:
    """A phrase as it stands in `Reading.marked`; an end without a star is the end of a sentence."""
    before, after = phrase.lstrip().startswith("*"), phrase.rstrip().endswith("*")
    anywhere = name in _FRICTION
    return f"{'' if before or anywhere else '|'} {normal(phrase)} {'' if after or anywhere else '|'}"


def _intent(phrases: Matcher, reading: Reading) -> tuple[str | None, bool]:
    found = _found(phrases, reading)
    signals = not found.isdisjoint(_FRICTION)
    if "stop" in found:
        return "stop", signals
    whole = phrases.whole.get(reading.words)
    if whole is not None:
        return whole, signals
    first = next((name for name in _FOUND_ORDER if name in found), None)
    return ("question" if first == "friction_question" else first), signals


def _found(phrases: Matcher, reading: Reading) -> set[str]:
    """What the reply holds phrases of."""
    return {
        name
        for word in set(reading.words.split(" "))
        for name, phrase in phrases.within.get(word, ())
        if phrase in reading.marked
    }


def _words(text: str) -> list[str]:
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _WORD.findall(_CONTRACTION.sub("", text).casefold())
