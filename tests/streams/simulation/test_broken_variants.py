"""Every rule that is broken on purpose must be noticed: else its checker judges nothing."""

import pytest

from streams.checkers.judge import CHECKERS
from streams.simulation.broken import try_variant
from streams.simulation.broken_variants import SHOWN_BY, VARIANTS, Variant


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_broken_rule_is_caught(variant: Variant) -> None:
    verdict = try_variant(variant)
    assert verdict.caught, f"{variant.what}: not noticed on {verdict.seeds_tried} seeds"


def test_variants_have_names_of_their_own_and_seeds_belong_to_them() -> None:
    names = [variant.name for variant in VARIANTS]
    assert len(set(names)) == len(names)
    assert set(SHOWN_BY) <= set(names)
    assert len(names) >= 20
    assert len(CHECKERS) >= 20
