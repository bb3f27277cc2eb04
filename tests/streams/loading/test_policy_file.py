from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.journey.policy_set import Tree
from streams.journey.words import Flag, Placement
from streams.loading.policy_constraints import CONSTRAINTS
from streams.loading.policy_file import PolicyError, load_policies, policy_of_text, read_policy
from streams.loading.policy_judging import select
from streams.loading.policy_shape import write_path
from streams.loading.problems import Problem

DAY_MS = 86_400_000
CLEARED_BY_DEFAULT = {"friction.*.open_blocks|cooling_blocks.help"}
"""Patterns of values that only a careless file has."""


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        policy_of_text('version = "mine"\n' + text, "mine.toml")
    return caught.value.errors


def base(text: str) -> Tree:
    return policy_of_text('version = "mine"\n' + text, "mine.toml").base


def test_the_shipped_default_is_valid_and_complete() -> None:
    policies = load_policies()
    assert set(policies.base.moments) == {placement.word for placement in Placement}
    assert set(policies.base.friction) == {flag.word for flag in Flag}
    assert policies.version.startswith("default-1+")


def test_every_constraint_is_about_something_that_the_default_has() -> None:
    tree = read_policy().base
    idle = {row.where for row in CONSTRAINTS if not list(select(tree, tuple(row.where.split("."))))}
    assert idle == CLEARED_BY_DEFAULT


def test_a_file_is_laid_over_the_shipped_default() -> None:
    changed = base('[moments.refill]\nwindow = "10 d"\n')
    expected = read_policy().base
    expected["moments"]["refill"]["window_ms"] = 10 * DAY_MS
    assert changed == expected


def test_a_list_is_replaced_and_a_table_merged() -> None:
    changed = base('[sending]\npush_channels = ["sms"]\nopt_out_channels = { sms = ["sms", "push"] }\n')
    assert changed["sending"]["push_channels"] == ["sms"]
    assert changed["sending"]["opt_out_channels"]["sms"] == ["sms", "push"]
    assert changed["sending"]["opt_out_channels"]["email"] == ["email"]


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
        ('"2026-03-01T02:00:00+02:00"', datetime(2026, 3, 1, tzinfo=UTC)),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_going_live_is_a_date_time_with_an_offset_or_never_set(written: str, at: datetime) -> None:
    assert base(f"[live]\nfrom = {written}\n")["live"]["from_ms"] == at.timestamp() * 1000


INTENTS = ("start", "help", "yes", "no", "not_now", "frustrated", "friction_question")
LANGUAGE = "\n".join(["stop = ['stop']", *(f"{intent} = []" for intent in INTENTS)])

SHAPE = [
    ("[stages]\ncare_afterr = '3 d'", "stages.care_afterr", 'did you mean "care_after"'),
    ("[stages]\ncare_after_ms = 3", "stages.care_after_ms", "unknown field"),
    ("[stagse]\n", "stagse", 'did you mean "stages"'),
    ("versoin = 'x'", "versoin", 'did you mean "version"'),
    ("stages = 3", "stages", "must be a table"),
    ("[stages]\ncare_after = 3", "stages.care_after", "duration as text"),
    ("[stages]\ncare_after = '3 weeks'", "stages.care_after", "not a duration"),
    ("[stages]\ncare_after = '-3 d'", "stages.care_after", "negative"),
    ("[stages]\nsessions_for_first_value = 2.0", "stages.sessions_for_first_value", "whole number"),
    ("[stages]\nsessions_for_first_value = true", "stages.sessions_for_first_value", "whole number"),
    ("[holdout]\nshare = '0.1'", "holdout.share", "a number"),
    ("[holdout]\nshare = nan", "holdout.share", "finite"),
    ("[holdout]\nshare = true", "holdout.share", "a number"),
    ("[deliveries]\nfeed = 1", "deliveries.feed", "true or false"),
    ("[asks]\nquestion = 1", "asks.question", "text"),
    ("[moments.refil]\nenabled = true", "moments.refil", 'did you mean "refill"'),
    ("[friction.bad_mood]\ncool_off = '1 d'", "friction.bad_mood", "unknown name"),
    ("[friction.troubleshooting]\nopen_blocks = { sell = 'none' }", "open_blocks.sell", "unknown name"),
    ("[sources]\nsilent_after = { delivery = '3 d' }", "silent_after.delivery", 'did you mean "deliveries"'),
    ("[sources]\nsilent_after = { usage = 3 }", "silent_after.usage", "duration as text"),
    ("[moments.refill]\nchannels = 'email'", "moments.refill.channels", "list of texts"),
    ("[moments.refill]\nchannels = [1]", "moments.refill.channels", "every item must be text"),
    ("[live]\nfrom = 2026-03-01", "live.from", "date-time"),
    ("[live]\nfrom = 2026-03-01T00:00:00", "live.from", "offset"),
    ("[live]\nfrom = 'soon'", "live.from", "date-time"),
    ("[live]\nfrom = 1772323200000", "live.from", "date-time"),
    ("[live]\nfrom = 1969-12-31T23:59:59Z", "live.from", "1970"),
    ("[keywords.it]\nstop = ['stop']", "keywords.it.start", "missing"),
]

VALUES = [
    ("[holdout]\nshare = 1.01", "holdout.share", "0 to 1"),
    ("[holdout]\nshare = -0.01", "holdout.share", "0 to 1"),
    ("[stages]\nrenewal_within_term_share = 2", "stages.renewal_within_term_share", "0 to 1"),
    ("[mass_incident]\nshare = 0", "mass_incident.share", "more than 0"),
    ("[caps]\ndaily_moves = 0", "caps.daily_moves", "1 or more"),
    ("[caps]\nwaiting_max = 1000", "caps.waiting_max", "from 1 to"),
    ("[sending]\nquiet_from_minute = 1440", "sending.quiet_from_minute", "0 to 1439"),
    ("[sending]\nquiet_until_minute = -1", "sending.quiet_until_minute", "0 to 1439"),
    ("[sending]\ndefault_time_zone = 'Mars/Base'", "sending.default_time_zone", "time zone"),
    ("[sending]\ndefault_time_zone = '../etc/passwd'", "sending.default_time_zone", "time zone"),
    ("[sending]\npush_channels = ['fax']", "sending.push_channels", "unknown"),
    ("[sending]\nopt_out_channels = { fax = ['fax'] }", "opt_out_channels.fax", "unknown"),
    ("[sending]\nopt_out_channels = { sms = ['email'] }", "sending.opt_out_channels", "that channel"),
    ("[moments.refill]\nchannels = ['emial']", "moments.refill.channels", 'did you mean "email"'),
    ("[moments.refill]\nchannels = []", "moments.refill.channels", "name a channel"),
    ("[moments.refill]\nwindow = '0 d'", "moments.refill.window", "1 min or more"),
    ("[moments.refill]\npriority = 50", "moments.goal_question.priority", "which wins"),
    ("[moments.refill]\npriority = 101", "moments.help.priority", "outranks"),
    ("[friction.troubleshooting]\ncooling_blocks = { ask = 'oder' }", "cooling_blocks.ask", "order"),
    ("[help]\nescalate_priorities = ['severe']", "help.escalate_priorities", "unknown"),
    ("[help]\nbad_rating_max = 5", "help.bad_rating_max", "1 to 4"),
    ("[keywords.en]\nyes = ['yes', 'stop']", "keywords.en", "two intents"),
    ("[keywords.en]\nyes = ['*']", "keywords.en.yes", "must be words"),
    ("[keywords.en]\nyes = ['a*b']", "keywords.en.yes", "must be words"),
    ("[keywords.en]\nstop = ['stop', 'end']", "keywords.en.stop", "unsubscribe"),
    ("[keywords.de]\nstop = ['abmelden']", "keywords.de.stop", '"stop"'),
    (f"[keywords.German]\n{LANGUAGE}", "keywords.German", "language code"),
]

GUARD_RAILS = [
    *((f"[friction.{flag.word}]\nopen_blocks.offer = 'none'", "offer", "during friction") for flag in Flag),
    ("[friction.negative_reply]\nopen_blocks = { offer = 'order' }", "open_blocks.offer", "during friction"),
    ("[friction.billing_problem]\nstale_after = '0 d'", "stale_after", "during friction"),
    ("[friction.billing_problem]\nopen_blocks = { help = 'order' }", "open_blocks.help", "never blocked"),
    ("[help]\nnegative_for = '0 d'", "help.negative_for", "during friction"),
    ("[stages]\nsessions_for_first_value = 0", "stages.sessions_for_first_value", "before first value"),
    ("[stages]\ninferred_first_value_after = '23 h'", "inferred_first_value_after", "before first value"),
    ("[stages]\noffers_before_first_value = true", "stages.offers_before_first_value", "unknown field"),
    ("[moments.upgrade]\nservice = true", "moments.upgrade.service", "exempt from caps"),
    ("[moments.upgrade]\nchannels = ['shipping_update']", "moments.upgrade.channels", "something else"),
    ("[moments.refill]\nchannels = ['order_page']", "moments.refill.channels", "something else"),
]


@pytest.mark.parametrize(("text", "path", "why"), SHAPE + VALUES + GUARD_RAILS)
def test_what_may_not_be_is_named_with_its_path_and_reason(text: str, path: str, why: str) -> None:
    found = problems(text + "\n")
    assert any(problem.field.endswith(path) and why in problem.reason for problem in found), found
    assert {problem.file for problem in found} == {"mine.toml"}


BY_BRAND = [case for case in VALUES + GUARD_RAILS if "mass_incident" not in case[0]]


@pytest.mark.parametrize(("text", "path", "why"), BY_BRAND)
def test_an_override_is_judged_like_the_base(text: str, path: str, why: str) -> None:
    found = problems(text.replace("[", '[brand."acme shoes".', 1) + "\n")
    assert any(problem.field.endswith(path) and why in problem.reason for problem in found), found
    assert all(problem.field.startswith('brand."acme shoes".') for problem in found)


def test_all_problems_are_reported_at_once() -> None:
    text = "[caps]\ndaily_moves = 0\ndayly_moves = 1\noffer_gap = '-1 d'\n[brand.a.caps]\ndaily_moves = -1"
    assert {problem.field for problem in problems(text)} == {
        "caps.daily_moves",
        "caps.dayly_moves",
        "caps.offer_gap",
        "brand.a.caps.daily_moves",
    }


def test_a_problem_of_the_base_is_not_repeated_for_each_override() -> None:
    found = problems("[moments.refill]\npriority = 50\n[brand.a.moments.refill]\nwindow = '3 d'\n")
    assert {problem.field for problem in found} == {
        "moments.refill.priority",
        "moments.goal_question.priority",
    }


def test_overrides_that_are_valid_alone_are_refused_when_they_break_a_rule_together() -> None:
    text = "[brand.a.moments.upgrade]\npriority = 31\n[product.p.moments.subscribe]\npriority = 31\n"
    found = problems(text)
    assert {problem.field for problem in found} == {
        "product.p.moments.upgrade.priority",
        "product.p.moments.subscribe.priority",
    }
    assert all("with brand.a" in problem.reason for problem in found)


def test_overrides_that_only_a_third_makes_clash_are_refused() -> None:
    text = (
        "[brand.a.moments.upgrade]\npriority = 31\n"
        "[category.c.moments.maintain]\npriority = 32\n"
        "[product.p.moments.maintain]\npriority = 31\n"
    )
    assert any(problem.field.startswith("product.p") for problem in problems(text))


def test_more_combinations_than_can_be_judged_are_refused() -> None:
    brands = "".join(f"[brand.b{n}.moments.upgrade]\npriority = {1000 + n}\n" for n in range(101))
    products = "".join(f"[product.p{n}.moments.refill]\npriority = {200 + n}\n" for n in range(101))
    lower = brands.replace("1000", "500") + products + "[moments.help]\npriority = 9999\n"
    assert any("combinations" in problem.reason for problem in problems(lower))


@pytest.mark.parametrize(
    "text",
    [
        "brand = 3",
        "[brand]\nacme = 3",
        '[brand."".stages]\ncare_after = "3 d"',
        "[brand.acme.mass_incident]\nshare = 0.1",
        '[product.p.sources]\nlook_again = "2 h"',
        "[category.c.keywords.en]\nyes = []",
        "[category.c.caps]\ndaily_moves = 1",
        "[product.p.moments.help]\nenabled = false",
    ],
)
def test_what_cannot_be_overridden_is_refused(text: str) -> None:
    assert problems(text)


def test_what_rules_a_customer_differs_by_brand_only() -> None:
    text = 'version = "mine"\n[brand.a.caps]\ndaily_moves = 1\n[brand.a.moments.help]\nenabled = false\n'
    rules = policy_of_text(text, "mine.toml").policies().rules("a", "", "")
    assert (rules.caps.daily_moves, rules.moments["help"].enabled) == (1, False)


def test_a_version_must_be_stated() -> None:
    with pytest.raises(PolicyError, match="version"):
        policy_of_text("", "mine.toml")


@pytest.mark.parametrize("version", ["3", "''", "'two words'", f"'{'x' * 65}'"])
def test_a_version_is_a_short_word(version: str) -> None:
    with pytest.raises(PolicyError, match="version"):
        policy_of_text(f"version = {version}", "mine.toml")


@pytest.mark.parametrize("content", [b"version = ", b"\xff\xfe", b"a = " + b"[" * 100_000])
def test_a_file_that_is_not_toml_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match=r"broken\.toml"):
        read_policy(path)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.toml: cannot be read"):
        read_policy(tmp_path / "none.toml")


def test_a_path_is_written_as_toml_writes_it() -> None:
    assert write_path(("brand", "acme shoes", "caps")) == 'brand."acme shoes".caps'
