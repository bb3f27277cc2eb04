"""Worlds for stories that need other numbers, other products, or only a few of the moments."""

from __future__ import annotations

from typing import Any

from schemas.records import Control, Product
from streams.journey.advance import Journey
from streams.journey.control import ControlState
from streams.journey.policy_set import PolicySet
from streams.journey.step import World
from streams.journey.words import Placement
from streams.loading.policy_file import policy_of_text
from tests.streams.journey.story import PRODUCTS, Story, world


def policy(text: str = "") -> PolicySet:
    """The shipped policy with this TOML over it."""
    return policy_of_text(f'version = "test"\n{text}', "test.toml").policies()


def only(*placements: str, more: str = "") -> PolicySet:
    """A policy in which nothing but these moments is enabled."""
    off = [p.word for p in Placement if p.word not in placements]
    return policy("".join(f"[moments.{word}]\nenabled = false\n" for word in off) + more)


def world_of(
    *placements: str,
    products: tuple[Product, ...] = PRODUCTS,
    more: str = "",
    version: int = 1,
    **control: Any,
) -> World:
    """A world with these moments only (all, when none is named) and one control record, if any."""
    said = (Control(control_id="c1", **control),) if control else ()
    given = only(*placements, more=more) if placements else policy(more)
    made = world(given, products, ControlState(said))
    return World(made.policies, made.catalogue, made.identity, made.control, version)


def change_world(story: Story, given: World) -> None:
    """From now on the story happens in this world, under the next version."""
    version = story.world.version + 1
    story.world = World(given.policies, given.catalogue, given.identity, given.control, version)
    story.journey = Journey(story.world)
