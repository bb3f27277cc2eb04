"""Errors, grouped by who must act.

What the caller does with an error depends on who can mend it, not on where it arose, so the classes say
exactly that: a `Rejected` input goes to the dead letters and work goes on, a `Retryable` step is tried again
within its bound, and a `Fatal` error stops the process before it can do harm.
"""

from traceback import extract_tb


def told(error: BaseException) -> str:
    """What failed and where, without the error's message: that may hold what a customer wrote."""
    places = extract_tb(error.__traceback__)
    if not places:
        return type(error).__name__
    *_, folder, module = places[-1].filename.removesuffix(".py").rsplit("/", 2)
    return f"{type(error).__name__} in {folder}.{module}, line {places[-1].lineno}"


class KairosError(Exception):
    """Whatever Kairos raises on purpose. Its text is one clear line for the person who must act."""


class Rejected(KairosError):
    """The sender must act: the input breaks the contract. No state has changed."""


class Retryable(KairosError):
    """Nobody must act: the same step may succeed when it is tried again."""


class Fatal(KairosError):
    """The operator must act: going on would be wrong. The text says what to do."""
