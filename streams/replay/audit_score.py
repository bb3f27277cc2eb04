"""What an audit counts: offers judged, traps found, and some examples of each with why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from streams.replay.audit import Finding, Offer, Trap

EXAMPLES_MAX = 5
"""Examples of each trap that are kept."""


class Example(Struct, frozen=True):
    """One offer that fell into a trap. `line` 0: it stands in no file."""

    trap: str
    customer_id: str
    at_ms: int
    product_id: str
    name: str
    line: int
    why: str


class Score(Struct):
    """Counts of one set of offers; scores of partitions are added up."""

    judged: int = 0
    clean: int = 0
    traps: Counter[str] = field(default_factory=Counter)
    """Offers by trap; one offer may fall into several."""
    unknown_customers: int = 0
    """Offers to customers that the history does not know: not judged."""
    outside: int = 0
    """Offers before the history begins or after it ends: not judged."""
    no_offers: Counter[str] = field(default_factory=Counter)
    """Messages of another move: not judged."""
    examples: list[Example] = field(default_factory=list)

    def add(self, offer: Offer, findings: Sequence[Finding]) -> None:
        """Count one judged offer."""
        self.judged += 1
        self.clean += not findings
        for finding in findings:
            trap = finding.trap.value
            self.traps[trap] += 1
            if self.traps[trap] <= EXAMPLES_MAX:
                self.examples.append(
                    Example(
                        trap, offer.customer_id, offer.at_ms, offer.product_id, offer.name, offer.line,
                        finding.why,
                    )
                )  # fmt: skip

    def found(self, trap: Trap) -> int:
        """Offers that fell into a trap."""
        return self.traps[trap.value]


def total(scores: Iterable[Score]) -> Score:
    """The sum of several scores, with the earliest examples of each trap."""
    whole = Score()
    for score in scores:
        whole.judged += score.judged
        whole.clean += score.clean
        whole.unknown_customers += score.unknown_customers
        whole.outside += score.outside
        whole.traps.update(score.traps)
        whole.no_offers.update(score.no_offers)
        whole.examples.extend(score.examples)
    kept: Counter[str] = Counter()
    examples = []
    for example in sorted(whole.examples, key=lambda one: (one.at_ms, one.customer_id, one.trap, one.line)):
        kept[example.trap] += 1
        if kept[example.trap] <= EXAMPLES_MAX:
            examples.append(example)
    order = [trap.value for trap in Trap]
    whole.examples = sorted(examples, key=lambda one: order.index(one.trap))
    return whole


def plain(score: Score) -> dict[str, Any]:
    """A score for JSON: counts, shares of what was judged, examples."""
    judged = max(1, score.judged)
    return {
        "judged": score.judged,
        "clean": score.clean,
        "clean_share": round(score.clean / judged, 4),
        "traps": {
            trap.value: {"offers": score.found(trap), "share": round(score.found(trap) / judged, 4)}
            for trap in Trap
        },
        "not_judged": {
            "unknown_customers": score.unknown_customers,
            "outside_of_the_history": score.outside,
            "no_offers": dict(sorted(score.no_offers.items())),
        },
        "examples": score.examples,
    }
