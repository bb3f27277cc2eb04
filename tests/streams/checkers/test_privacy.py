from schemas.records import Check
from streams.checkers.privacy import Privacy
from tests.streams.checkers.cases import CHECKS, DAY, Story, T, opened, wrongs

TEXT = "my neighbour must not know of this drill"


def test_an_output_that_says_nothing_of_it_is_right() -> None:
    story = Story()
    story.replies(T, "question", text=TEXT)
    story.look(T, opened(T))
    assert wrongs(Privacy, story) == []


def test_the_text_as_evidence_is_wrong() -> None:
    story = Story()
    story.replies(T, "question", text=TEXT)
    proof = Check(name="personalised", verdict="pass", evidence=(f"said {TEXT}",))
    story.look(T, opened(T, checks=(proof, *CHECKS[1:])))
    assert wrongs(Privacy, story) == ["journey.eligibility repeats what the customer wrote"]


def test_a_text_from_before_an_erasure_is_still_private() -> None:
    story = Story()
    story.replies(T, "question", text=TEXT)
    story.erases(T + 1)
    story.look(T + DAY, opened(T, question=TEXT))
    assert len(wrongs(Privacy, story)) == 1


def test_a_short_text_may_be_a_word_of_the_outputs() -> None:
    story = Story()
    story.replies(T, None, text="no")
    story.look(T, opened(T))
    assert wrongs(Privacy, story) == []
