"""A worker with a mistake: what Python runs first when this folder is on its path.

Folding the profile of one customer in a hundred fails, as a rule would that somebody wrote wrongly.
"""

from typing import Any

from schemas.records import Profile
from streams.journey.folding import FOLDS

fold = FOLDS[Profile]


def folded_wrongly(step: Any, event: Any) -> None:
    """One in a hundred fails."""
    if event.customer_id.endswith("77"):
        raise ZeroDivisionError("a mistake that was made on purpose")
    fold(step, event)


FOLDS[Profile] = folded_wrongly
