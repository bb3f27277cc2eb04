"""An explanation as text and tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from streams.replay.explanation import (
    Cap,
    Explanation,
    Fact,
    FlagNow,
    Gone,
    ItemNow,
    Known,
    OpenNow,
    OrderNow,
    ParcelNow,
    Withheld,
)

DAY_MS = 86_400_000
FACTS_MAX = 8
"""Facts of one item that a page shows, the newest; JSON has all."""

WHY = {
    "friction": "something is wrong and not solved yet",
    "cooling_off": "something was wrong until a short time ago",
    "already_open": "another move of its kind is open",
    "outranked": "something of greater priority was opened",
    "offer_gap": "too soon after the last offer",
    "offer_cap": "enough offers for now",
    "daily_cap": "enough for one day",
    "family_rests": "offers of its family rest after a no",
    "offers_rest": "offers rest after a no",
    "asked_recently": "asked a short time ago",
    "asks_rest": "questions went unanswered",
    "fresh_answer": "the goal is known",
    "waiting_for_answer": "the goal question is still unanswered",
    "help_recently": "helped a short time ago",
    "agent_holds": "a person is on it",
    "crowded_out": "the waiting list is full",
    "guide_first": "the guide comes first",
    "generic": "nothing makes it personal",
    "no_candidate": "nothing that fits may be offered",
    "no_consent": "no consent to offers or questions",
    "no_channel": "no channel is left",
    "wrong_context": "a shipping update was opened to be read",
    "covered": "already bought, or on its way",
    "quiet_hours": "it is night where the customer is",
    "paused": "the operator paused it",
    "before_live": "it happened before going live",
    "ramping_up": "the share of customers still grows",
    "catching_up": "inputs are still being read",
    "inputs_stale": "a source is silent",
    "mass_incident": "many customers have the same problem",
    "too_late": "its window was over",
}
CAPS = {
    "offer_gap": "offers (service aside), the gap",
    "offer_cap": "offers (service aside)",
    "daily_cap": "all moves",
}


def page(found: Explanation) -> Group:
    """Everything about one customer."""
    parts: list[RenderableType] = [_title(found), _known(found.known)]
    parts += list(_sections(found))
    return Group(*parts)


def gone(found: Gone) -> str:
    """What is left of somebody who was forgotten."""
    stopped = f"opted out of {', '.join(found.stopped)}" if found.stopped else "no opt-outs"
    return (
        f"{found.customer_id} was forgotten at {when(found.erased_at)}: everything was removed but a keyed "
        f"hash that holds {stopped}"
    )


def when(at_ms: int) -> str:
    """A time as people read it, in UTC; a dash for none."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M") if at_ms else "-"


def _title(found: Explanation) -> Text:
    text = Text()
    text.append(found.customer_id, style="bold")
    text.append(f"  as of {when(found.as_of)} UTC, policy {found.policy_version}, ")
    text.append(f"catalogue {found.catalogue_version}\n")
    counts = ", ".join(f"{count} in {stage}" for stage, count in found.stages.items()) or "none"
    text.append(f"items by stage: {counts}\n")
    text.append(f"next look: {when(found.next_look_at)}" if found.next_look_at else "no look is planned")
    return text


def _known(known: Known) -> Table:
    table = _table("known", "what", "is")
    profile = [
        f"{name} {value}"
        for name, value in (
            ("time zone", known.time_zone), ("locale", known.locale), ("market", known.market),
            ("brand", known.brand),
        ) if value
    ]  # fmt: skip
    table.add_row("profile", ", ".join(profile) or ("empty" if known.profiled_at else "none was ever sent"))
    for channel in known.channels:
        style = {"granted": "green", "denied": "red"}.get(channel.holds, "")
        table.add_row(channel.channel, Text(f"{channel.holds}: {channel.why}", style=style))
    if not known.channels:
        table.add_row("consent", "unknown on every channel: no offers and no questions")
    for goal in known.goals:
        table.add_row("goal", f"{goal.what} ({when(goal.at)})")
    for name, answers in (("prefers", known.preferences), ("rules out", known.constraints)):
        for answer in answers:
            table.add_row(name, answer)
    return table


def _sections(found: Explanation) -> Iterator[RenderableType]:
    yield _friction(found.friction)
    yield _open(found.open)
    yield _waiting(found)
    yield _limits(found.caps, [(rest.what, rest.until) for rest in found.rests])
    yield _ahead(found.ahead)
    if found.orders:
        yield _orders(found.orders, found.orders_total)
    if found.items:
        yield _items(found.items, found.items_total)


def _friction(flags: Sequence[FlagNow]) -> RenderableType:
    if not flags:
        return Text("\nfriction: none", style="green")
    table = _table("friction", "flag", "state", "about", "since", "until at the latest", "cause", "blocks")
    for flag in flags:
        notes = [flag.state.replace("_", " ")]
        notes += ["severe"] * flag.severe + ["inferred"] * flag.inferred
        notes += ["a person is on it"] * flag.held_by_agent
        table.add_row(
            Text(flag.flag, style="red" if flag.state == "open" else "yellow"), ", ".join(notes),
            flag.about or "the customer", when(flag.since), when(flag.until), flag.cause,
            "\n".join(flag.blocks) or "nothing",
        )  # fmt: skip
    return table


def _open(opened: Sequence[OpenNow]) -> RenderableType:
    if not opened:
        return Text("\nopen: nothing")
    table = _table(
        "open", "placement", "move", "about", "candidate", "since", "send by", "answer until", "now"
    )
    for held in opened:
        if held.sent_at:
            now = f"sent {when(held.sent_at)}"
        else:
            now = "may be sent" if held.may_be_sent else "never reported sent"
        table.add_row(
            held.placement, held.move, held.about, held.candidate or "", when(held.opened_at),
            when(held.send_by), when(held.answer_until), now + " (holdout)" * held.holdout,
        )  # fmt: skip
    return table


def _waiting(found: Explanation) -> RenderableType:
    if not found.waiting and not found.withheld:
        return Text("\nwaiting: nothing")
    table = _table("waiting", "placement", "move", "about", "because", "looked at again", "until")
    for one in found.waiting:
        again = when(one.look_again_at) if one.look_again_at else "if an event lifts it"
        table.add_row(one.placement, one.move, one.about, _because(one.reason), again, when(one.ends_at))
    for seen in found.withheld:
        if not any(one.placement == seen.placement for one in found.waiting):
            table.add_row(seen.placement, "ask", "the customer", _because(seen.reason), "with its item", "")
    return table


def _because(reason: str) -> str:
    return f"{reason}: {WHY[reason]}" if reason in WHY else reason


def _limits(caps: Iterable[Cap], rests: Iterable[tuple[str, int]]) -> Table:
    table = _table("limits", "what", "used", "room for one more")
    for cap in caps:
        full = cap.used >= cap.most
        used = f"{cap.used} of {cap.most} in {_days(cap.within_ms)}"
        table.add_row(
            CAPS.get(cap.name, cap.name),
            Text(used, style="yellow" if full else ""),
            when(cap.next_at) if full else "now",
        )
    for what, until in rests:
        table.add_row(what, Text("rests", style="yellow"), when(until))
    return table


def _days(length_ms: int) -> str:
    if length_ms % DAY_MS or length_ms == DAY_MS:
        return f"{length_ms / 3_600_000:g} h"
    return f"{length_ms // DAY_MS} d"


def _ahead(ahead: Sequence[Fact]) -> RenderableType:
    if not ahead:
        return Text("\nif nothing happens, nothing changes")
    table = _table("if nothing happens", "when", "what")
    for fact in ahead:
        table.add_row(when(fact.at), fact.what)
    return table


def _orders(orders: Sequence[OrderNow], total: int) -> Table:
    table = _table(
        _of("orders still open", len(orders), total), "order", "placed", "lines", "parcels", "moments"
    )
    for order in orders:
        parcels = "\n".join(_parcel(parcel) for parcel in order.parcels) or "none heard of"
        placed = when(order.placed_at) + (" (cancelled)" if order.cancelled_at else "")
        moments = "\n".join(_moments(order.said, order.withheld))
        table.add_row(order.order_id, placed, str(order.lines), parcels, moments)
    return table


def _parcel(parcel: ParcelNow) -> str:
    text = f"{parcel.parcel_id} {parcel.status}"
    if parcel.delivered_at:
        return f"{text} {when(parcel.delivered_at)}"
    if parcel.estimate_on:
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=parcel.estimate_on)
        text += f", expected {day:%Y-%m-%d}"
    return text


def _items(items: Sequence[ItemNow], total: int) -> Table:
    table = _table(_of("items", len(items), total), "item", "stage", "facts", "moments")
    for item in items:
        stage = f"{item.stage}{' (inferred)' * item.inferred}\nsince {when(item.since)}"
        if item.changes_at:
            stage += f"\n{item.changes_to} at {when(item.changes_at)}"
        facts = [f"{when(fact.at)} {fact.what}" for fact in item.facts]
        if len(facts) > FACTS_MAX:
            facts = [f"({len(facts) - FACTS_MAX} earlier facts)", *facts[-FACTS_MAX:]]
        name = f"{item.product_id} {item.unit_id or ''}".strip() + (f"\n{item.name}" if item.name else "")
        table.add_row(name, stage, "\n".join(facts), "\n".join(_moments(item.said, item.withheld)))
    return table


def _moments(said: Iterable[Fact], withheld: Iterable[Withheld]) -> Iterator[str]:
    for fact in said:
        yield f"{when(fact.at)} {fact.what}"
    for seen in withheld:
        yield f"{seen.placement} withheld: {seen.reason}"


def _of(name: str, shown: int, total: int) -> str:
    return (
        f"{name} ({total})" if shown == total else f"{name} (newest {shown} of {total}, --all for the rest)"
    )


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=f"\n{title}", title_justify="left", title_style="bold", show_lines=title[:4] == "item"
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
