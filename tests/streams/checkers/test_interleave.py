from streams.checkers.interleave import interleaved
from tests.streams.checkers.cases import HOUR, LIMITS, Story, T, ended, guide, opened


def test_outputs_go_to_the_event_that_caused_them_and_the_rest_are_looks() -> None:
    story = Story()
    story.tell(T, story.order(T, "drill"), guide(T))
    story.look(T, opened(T))
    story.look(T + HOUR, ended(opened(T), "expired"))
    story.ticket(T + 2 * HOUR, "open")
    story.look(T + 3 * HOUR, ended(guide(T), "revoked"))
    inputs = [(step.at_ms, step.event, step.current) for step in story.steps if step.event is not None]
    outputs = [said for step in story.steps for said in step.said]
    assert interleaved(inputs, outputs, LIMITS) == story.steps


def test_customers_do_not_mix() -> None:
    anna, otto = Story(), Story("customer-otto")
    anna.orders(T, "drill")
    otto.look(T, guide(T, customer_id="customer-otto"))
    steps = interleaved([(T, anna.steps[0].event, True)], otto.steps[0].said, LIMITS)  # type: ignore[list-item]
    assert steps == anna.steps + otto.steps
