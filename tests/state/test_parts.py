"""The parts of a record are bytes until somebody asks for them."""

import pytest

from state.codec import DueCodec
from state.errors import Damaged
from state.layouts import Codecs
from state.records.customer import Consent, CustomerRecord

CODEC: DueCodec[CustomerRecord] = Codecs().customer


def stored() -> bytes:
    customer = CustomerRecord(brand="acme", sequence=3)
    customer.facts.time_zone = "Europe/Vienna"
    customer.past.asks = 2
    return CODEC.encode(customer)


def test_what_nobody_asks_for_stays_the_bytes_that_it_was() -> None:
    customer = CODEC.decode(stored())
    assert type(customer.stored_facts) is type(customer.stored_past) is bytes
    customer.sequence = 4
    again = CODEC.decode(CODEC.encode(customer))
    assert (again.sequence, again.facts.time_zone, again.past.asks) == (4, "Europe/Vienna", 2)


def test_to_look_at_a_part_changes_no_bytes() -> None:
    customer = CODEC.decode(stored())
    assert (customer.facts.time_zone, customer.past.asks) == ("Europe/Vienna", 2)
    assert CODEC.encode(customer) == stored()


def test_a_part_that_was_changed_is_stored_so() -> None:
    customer = CODEC.decode(stored())
    customer.facts.consents.append(Consent("email", state="granted"))
    assert customer.facts is customer.facts
    again = CODEC.decode(CODEC.encode(customer))
    assert [consent.channel for consent in again.facts.consents] == ["email"]
    assert again.past == customer.past


def test_a_damaged_part_is_told_by_whoever_asks_for_it() -> None:
    customer = CODEC.decode(stored())
    customer.stored_facts = b"\xc1"
    again = CODEC.decode(CODEC.encode(customer))
    assert again.past.asks == 2
    with pytest.raises(Damaged, match="a stored CustomerFacts cannot be read"):
        _ = again.facts


def test_what_is_no_part_is_refused() -> None:
    customer = CODEC.decode(stored())
    customer.stored_facts = object()  # type: ignore[assignment]
    with pytest.raises(NotImplementedError, match="a record holds no object"):
        CODEC.encode(customer)
