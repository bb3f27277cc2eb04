import pytest

from schemas.compat import Rule, check
from schemas.model import contract, documents
from schemas.topics import Compatibility
from tests.schemas.changes import Change, adding, changed, renamed, setting, symbols, without

BACKWARD: Compatibility = "backward_transitive"
FULL: Compatibility = "full_transitive"
SECONDS = {"type": "long", "logicalType": "timestamp-micros"}

BREAKS_OLD_DATA: list[tuple[str, Change, str, Rule]] = [
    ("Usage", adding(name="more", type="int"), "Usage.more", Rule.FIELD_WITHOUT_DEFAULT),
    ("Usage", renamed("Use"), "kairos.journey.v1.Usage", Rule.NAME_DIFFERS),
    ("Usage", setting("amount", type=["null", "long"]), "Usage.amount", Rule.BRANCH_MISSING),
    ("Usage", setting("unit_id", type="string"), "Usage.unit_id", Rule.BRANCH_MISSING),
    ("Usage", setting("product_id", type="long"), "Usage.product_id", Rule.TYPE_DIFFERS),
    ("Usage", symbols("type", lambda words: words.remove("result")), "Usage.type", Rule.SYMBOL_MISSING),
    ("Usage", setting("occurred_at", type=SECONDS), "Usage.occurred_at", Rule.MEANING_DIFFERS),
    ("Usage", setting("name", max_chars=127), "Usage.name", Rule.LIMIT_NARROWER),
    ("Usage", setting("name", form="id"), "Usage.name", Rule.LIMIT_NARROWER),
    ("Purchase", setting("lines", max_items=1_999), "Purchase.lines", Rule.LIMIT_NARROWER),
    ("Purchase", setting("lines.quantity", type="int"), "Purchase.lines.quantity", Rule.TYPE_DIFFERS),
    (
        "Ticket",
        symbols("satisfaction", lambda words: words.remove("bad")),
        "Ticket.satisfaction",
        Rule.SYMBOL_MISSING,
    ),
    (
        "Purchase",
        setting("subscription.subscription_id", name="id"),
        "Purchase.subscription.id",
        Rule.FIELD_WITHOUT_DEFAULT,
    ),
]
BREAKS_OLD_READERS: list[tuple[str, Change, str, Rule]] = [
    ("StageChange", without("to_stage"), "StageChange.to_stage", Rule.FIELD_WITHOUT_DEFAULT),
    ("StageChange", setting("since", type=["null", "long"]), "StageChange.since", Rule.BRANCH_MISSING),
    ("CustomerSnapshot", without("items.since"), "CustomerSnapshot.items.since", Rule.FIELD_WITHOUT_DEFAULT),
    (
        "CustomerSnapshot",
        setting("stages.items", type="double"),
        "CustomerSnapshot.stages.items",
        Rule.TYPE_DIFFERS,
    ),
]
FINE_FOR_BOTH: list[tuple[str, Change]] = [
    ("Usage", adding(name="more", type="int", default=0)),
    ("StageChange", adding(name="more", type=["null", "string"], default=None)),
    ("StageChange", without("unit_id")),
    ("StageChange", setting("to_stage", doc="other words")),
    ("StageChange", setting("to_stage", max_chars=129)),
]
FINE_FOR_OLD_DATA: list[tuple[str, Change]] = [
    ("Usage", without("product_id")),
    ("Usage", symbols("type", lambda words: words.append("shared"))),
    ("Delivery", setting("parcels_total", type=["null", "long"])),
    ("Usage", setting("product_id", type=["null", "string"])),
    ("Purchase", without("lines.quantity")),
]


@pytest.mark.parametrize(("name", "change", "field", "rule"), BREAKS_OLD_DATA)
@pytest.mark.parametrize("mode", [BACKWARD, FULL])
def test_a_change_that_old_data_does_not_survive_is_caught(
    name: str, change: Change, field: str, rule: Rule, mode: Compatibility
) -> None:
    found = check(documents()[name], changed(name, change), mode)
    assert (field, rule) in {(it.field, it.rule) for it in found}


@pytest.mark.parametrize(("name", "change", "field", "rule"), BREAKS_OLD_READERS)
def test_a_change_that_old_subscribers_do_not_survive_is_caught_on_outputs_only(
    name: str, change: Change, field: str, rule: Rule
) -> None:
    old, new = documents()[name], changed(name, change)
    assert check(old, new, BACKWARD) == []
    assert [(it.field, it.rule) for it in check(old, new, FULL)] == [(field, rule)]


@pytest.mark.parametrize(("name", "change"), FINE_FOR_BOTH)
@pytest.mark.parametrize("mode", [BACKWARD, FULL])
def test_a_change_that_everybody_survives_passes(name: str, change: Change, mode: Compatibility) -> None:
    assert check(documents()[name], changed(name, change), mode) == []


@pytest.mark.parametrize(("name", "change"), FINE_FOR_OLD_DATA)
def test_a_change_that_old_data_survives_passes_on_inputs(name: str, change: Change) -> None:
    assert check(documents()[name], changed(name, change), BACKWARD) == []


def test_a_symbol_may_go_where_the_enumeration_has_a_default() -> None:
    def change(schema: dict[str, object]) -> None:
        symbols("type", lambda words: words.remove("result"))(schema)
        schema["fields"][4]["type"]["default"] = "session"  # type: ignore[index]

    assert check(documents()["Usage"], changed("Usage", change), BACKWARD) == []


def test_a_field_may_be_renamed_where_the_old_name_stays_as_an_alias() -> None:
    new = changed("Usage", setting("product_id", name="product", aliases=["product_id"]))
    assert check(documents()["Usage"], new, BACKWARD) == []


def test_a_fixed_keeps_its_size() -> None:
    def fixed(size: int) -> dict[str, object]:
        kind = {"type": "fixed", "name": "F", "size": size}
        return {"type": "record", "name": "R", "fields": [{"name": "x", "type": kind}]}

    assert [it.rule for it in check(fixed(4), fixed(8), BACKWARD)] == [Rule.SIZE_DIFFERS]


def test_a_record_within_itself_is_compared_once() -> None:
    chain = {"type": "record", "name": "R", "fields": [{"name": "x", "type": ["null", "R"], "default": None}]}
    assert check(chain, chain, FULL) == []


@pytest.mark.parametrize("name", sorted(contract()))
def test_every_schema_can_replace_itself(name: str) -> None:
    assert check(documents()[name], documents()[name], FULL) == []


def test_a_topic_without_schema_has_nothing_to_break() -> None:
    assert check(documents()["Usage"], changed("Usage", renamed("Use")), "none") == []


def test_a_break_reads_as_a_sentence() -> None:
    (found,) = check(documents()["Usage"], changed("Usage", setting("product_id", type="long")), BACKWARD)
    assert str(found) == (
        "Usage.product_id: string cannot be read as long (a type must stay or be promoted, as int to long)"
    )
