"""Erasure: what was open is closed, and nothing of the customer stays but a keyed hash."""

from __future__ import annotations

from schemas.records import Consent, Erasure, Purchase
from state import keys
from state.layouts import Codecs
from state.overlay import Overlay
from state.store import scan_all
from tests.streams.journey.story import DAY, DAY_0, Story
from tests.streams.journey.worlds import world_of


def known() -> Story:
    """A customer of whom a lot is known, with something open and something waiting."""
    story = (
        Story().profile(time_zone="Europe/Berlin").order("kettle", "lamp", "coffee").at(days=1).delivered()
    )
    return story.at(days=5).use("result").ticket("new").at(days=6).ticket("solved").at(days=9)


def stored(story: Story) -> list[tuple[bytes, bytes]]:
    """Everything in the store, the index of wake-ups included."""
    kinds = (keys.RECORDS, keys.FORGOTTEN, keys.WAKEUPS)
    return [entry for kind in kinds for entry in scan_all(story.store, kind)]


def test_everything_that_was_open_is_revoked_as_erased() -> None:
    story = known()
    records = Overlay(story.store, Codecs())
    held = [open_.eligibility_id for open_ in records.customer("anna").open]
    story.erase()
    ended = [r for r in story.of("journey.eligibility") if r.reason == "erased"]
    assert held
    assert [r.eligibility_id for r in ended] == held
    assert {r.status for r in ended} == {"revoked"}


def test_nothing_stays_but_one_keyed_hash() -> None:
    story = known().erase()
    ((key, value),) = stored(story)
    assert key == keys.forgotten(story.world.identity.forgotten_key("anna"))
    assert b"anna" not in key + value
    assert b"kettle" not in value


def test_no_wake_up_stays() -> None:
    story = known().erase()
    assert story.store.next_due() is None


def test_the_hash_holds_the_opt_out_the_epoch_and_the_sequence() -> None:
    story = known().reply("stop", channel="sms").erase()
    left = Overlay(story.store, Codecs()).forgotten(story.world.identity.forgotten_key("anna"))
    assert left is not None
    assert (left.stopped, left.epoch, left.sequence) == (["sms"], 1, story.said[-1][2].sequence)
    assert left.erased_at == story.now


def test_the_opt_out_holds_when_the_customer_comes_back() -> None:
    story = (
        known().reply("stop", channel="email").erase().at(days=20).profile().order("kettle", order_id="n1")
    )
    assert "no_consent" in [r.reason for r in story.of("journey.decisions") if r.order_id == "n1"]


def test_an_explicit_opt_in_after_the_erasure_lifts_the_opt_out() -> None:
    story = known().reply("stop", channel="email").erase().at(days=20)
    story.profile(consents=(Consent(channel="email", state="granted", at=story.now, explicit=True),))
    story.order("kettle", order_id="n1")
    assert story.opened("order_add_on")[-1].order_id == "n1"


def test_nothing_repeats_after_an_erasure() -> None:
    story = Story(world_of("setup_guide")).profile().order("kettle").delivered().at(hours=1).erase()
    story.at(hours=2).profile().order("kettle").delivered()
    first, second = story.opened("setup_guide")
    assert first.eligibility_id != second.eligibility_id


def test_the_sequence_goes_on_after_an_erasure() -> None:
    story = known().erase().at(days=20).profile().order("kettle", order_id="n1").at(days=40)
    assert [r.sequence for _, _, r in story.said] == list(range(1, len(story.said) + 1))


def test_what_happened_before_the_erasure_and_comes_late_is_forgotten_too() -> None:
    for ms, remembered in ((-1, False), (0, False), (1, True)):
        story = known().erase()
        erased_at = story.now
        story.at(days=12)
        late = {**story._stamp(), "occurred_at": erased_at + ms}
        story.send(Purchase(**late, type="order_placed", order_id="late"))
        assert bool(list(scan_all(story.store, keys.RECORDS))) is remembered


def test_an_erasure_that_is_repeated_changes_nothing() -> None:
    story = known().erase()
    before, said = stored(story), len(story.said)
    story.at(days=10)
    story.send(Erasure(event_id="again", customer_id="anna", occurred_at=DAY_0 + 9 * DAY))
    assert stored(story) == before
    assert len(story.said) == said


def test_a_second_erasure_forgets_what_came_after_the_first() -> None:
    story = known().erase().at(days=20).profile().order("kettle", order_id="n1").at(days=21).erase()
    ((_, _),) = stored(story)
    left = Overlay(story.store, Codecs()).forgotten(story.world.identity.forgotten_key("anna"))
    assert left is not None
    assert left.epoch == 2


def test_the_erasure_of_nobody_we_know_is_remembered_all_the_same() -> None:
    story = Story().erase()
    assert len(stored(story)) == 1
    assert story.said == []


def test_one_customer_is_forgotten_and_no_other() -> None:
    story = known()
    story.customer = "ann"
    story.profile().order("lamp", order_id="x1")
    story.customer = "anna"
    story.erase()
    assert {keys.decode_record(key)[0] for key, _ in scan_all(story.store, keys.RECORDS)} == {"ann"}
