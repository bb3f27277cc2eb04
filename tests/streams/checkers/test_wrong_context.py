from streams.checkers.wrong_context import WrongContext
from tests.streams.checkers.cases import Story, T, opened, wrongs


def test_the_channels_of_the_placement_are_right() -> None:
    story = Story()
    story.look(T, opened(T), opened(T, "e-2", placement="essential", channels=("shipping_update", "email")))
    assert wrongs(WrongContext, story) == []


def test_a_channel_that_the_placement_does_not_list_is_wrong() -> None:
    story = Story()
    story.look(T, opened(T, channels=("email", "sms")))
    assert wrongs(WrongContext, story) == ["next_step e-1 uses sms, which its placement does not list"]


def test_a_shipping_update_carries_nothing_but_an_essential() -> None:
    story = Story()
    story.look(T, opened(T, channels=("shipping_update",)))
    assert "next_step e-1 may not use shipping_update" in wrongs(WrongContext, story)


def test_the_page_of_an_order_carries_nothing_but_its_add_on() -> None:
    story = Story()
    story.look(T, opened(T, placement="refill", channels=("order_page",)))
    assert "refill e-1 may not use order_page" in wrongs(WrongContext, story)


def test_an_offer_to_someone_who_came_for_the_status_is_wrong() -> None:
    story = Story()
    essential = opened(T, "e-2", placement="essential")
    story.tell(T, story.status(T, "update_opened"), opened(T), essential)
    assert wrongs(WrongContext, story) == ["next_step e-1 opened upon a shipping update"]


def test_a_channel_to_use_and_to_avoid_is_wrong() -> None:
    story = Story()
    story.look(T, opened(T, avoid_channels=("email",)))
    assert wrongs(WrongContext, story) == ["next_step e-1 would use and avoid email"]
