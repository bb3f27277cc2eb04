"""Random lives of one customer, as scripts: a list of (time, what happens), for claims about every life."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from schemas.records import Answer, Consent, OrderLine
from streams.journey.step import World
from tests.streams.journey.story import DAY_0, GRANTED, HOUR, Story

ITEMS = ("kettle", "lamp", "coffee", "teapot")
Act = Callable[[Story], Any]
Script = list[tuple[int, Act]]
"""Milliseconds after DAY_0, in order of time, and what happens then."""


def _refund(product_id: str, order_id: str) -> Act:
    line = OrderLine(line_id="1", product_id=product_id, quantity=1)
    return lambda s: s.purchase("order_refunded", line, order_id=order_id)


def _answer(kind: Any, key: str, value: str) -> Act:
    return lambda s: s.reply("answer", answers=(Answer(kind=kind, key=key, value=value),))


def _reply_to_newest(intent: str | None, **more: Any) -> Act:
    def act(story: Story) -> None:
        opened = [r for r in story.of("journey.eligibility") if r.status == "opened"]
        if opened:
            story.reply(intent, opened[-1], **more)

    return act


def _consent(state: Any) -> Act:
    return lambda s: s.profile(consents=(Consent(channel="email", state=state, at=s.now),))


orders = st.sampled_from(("o1", "o2", "o3"))
items = st.sampled_from(ITEMS)
uses: st.SearchStrategy[Act] = st.builds(
    lambda kind, item: lambda s: s.use(kind, item, name="brewed" if kind == "milestone" else None),
    st.sampled_from(("session", "result", "milestone", "limit_reached", "setup_completed", "site_visit")),
    items,
)
acts: st.SearchStrategy[Act] = st.one_of(
    st.builds(
        lambda order_id, names: lambda s: s.order(*names, order_id=order_id),
        orders, st.lists(items, min_size=1, max_size=3, unique=True),
    ),
    st.builds(
        lambda order_id, status: lambda s: s.parcel(status, order_id, f"p{order_id}"),
        orders,
        st.sampled_from(("in_transit", "delivered", "delivered", "exception", "update_opened", "lost")),
    ),
    uses,
    st.builds(
        lambda status, topic, held: lambda s: s.ticket(status, topic, agent_holds=held),
        st.sampled_from(("new", "solved")),
        st.sampled_from(("troubleshooting", "shipping", "return")),
        st.booleans(),
    ),
    st.builds(
        lambda intent: lambda s: s.reply(intent),
        st.sampled_from(("no", "yes", "frustrated", "question", "stop", "start")),
    ),
    st.builds(lambda: lambda s: s.reply("question", signals_friction=True)),
    st.builds(lambda: lambda s: s.reply("answered")),
    st.builds(_reply_to_newest, st.sampled_from(("yes", "no", "not_now"))),
    st.builds(lambda word: _reply_to_newest(None, feedback=word), st.sampled_from(("sent", "failed"))),
    st.builds(lambda value: lambda s: s.goal(value), st.sampled_from(("better tea", "less noise"))),
    st.builds(_answer, st.just("constraint"), st.just("price_max"), st.sampled_from(("500", "100000"))),
    st.builds(_consent, st.sampled_from(("granted", "denied"))),
    st.builds(lambda zone: lambda s: s.profile(time_zone=zone), st.sampled_from(("Asia/Tokyo", "UTC"))),
    st.builds(_refund, items, orders),
    st.builds(
        lambda kind: lambda s: s.subscription(
            kind, "coffee", term_starts_at=s.now, renews_at=s.now + 720 * HOUR
        ),
        st.sampled_from(("subscription_started", "subscription_cancelled")),
    ),
)  # fmt: skip


@st.composite
def scripts(draw: st.DrawFn, most: int = 14, of: st.SearchStrategy[Act] = acts) -> Script:
    """A life of such acts that begins with consent, an order and its delivery."""
    at = 0
    script: Script = [
        (0, lambda s: s.profile(consents=GRANTED)),
        (0, lambda s: s.order("kettle", "lamp", "coffee")),
        (HOUR, lambda s: s.delivered("o1", "po1")),
    ]
    for act in draw(st.lists(of, min_size=1, max_size=most)):
        at += draw(st.sampled_from((0, HOUR, 7 * HOUR, 26 * HOUR, 80 * HOUR, 200 * HOUR, 700 * HOUR)))
        script.append((max(at, HOUR), act))
    return script


def live(script: Script, given: World | None = None, until: int = 60 * 24 * HOUR) -> Story:
    """The story of a script, and so long after its last event."""
    story = Story(given)
    for at, act in script:
        story.at(ms=at)
        act(story)
    return story.at(ms=story.now - DAY_0 + until)
