"""What is wrong with a file, all at once: whoever mends a file wants one list, not one error per attempt."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from streams.errors import Fatal

PRINTED_MAX: Final = 100
"""Problems that the text of an error lists; `LoadError.errors` holds them all."""
VALUE_CHARS_MAX: Final = 60


class Problem(NamedTuple):
    """One thing to mend: the file, the line (0: the file as a whole), the path of the field, and why."""

    file: str
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.reason}" if self.field else f"{place}: {self.reason}"


class LoadError(Fatal):
    """A file that cannot be used as it is. `errors` holds every problem, in the order of the file."""

    def __init__(self, errors: Sequence[Problem]) -> None:
        self.errors = tuple(errors)
        shown = [str(error) for error in self.errors[:PRINTED_MAX]]
        if len(self.errors) > PRINTED_MAX:
            shown.append(f"and {len(self.errors) - PRINTED_MAX} more")
        head = [] if len(shown) == 1 else [f"{len(self.errors)} problems"]
        super().__init__("\n  ".join(head + shown))


def did_you_mean(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """` (did you mean "x"?)` for the nearest known word; empty when none is at least so alike."""
    near = get_close_matches(word, list(known), n=1, cutoff=likeness)
    return f' (did you mean "{near[0]}"?)' if near else ""


def shown(value: object) -> str:
    """A value as it may stand in a message: short, and text in quotes."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= VALUE_CHARS_MAX else f"{text[:VALUE_CHARS_MAX]}…"
