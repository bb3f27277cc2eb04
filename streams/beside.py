"""What runs beside a live application, on its inputs: a replay, or a shadow. It has names of its own.

    application id   consumer group, changelog, transactional ids: shared ones would fence the live workers
    output prefix    outputs and dead letters: a subscriber of the live topics must see nothing of it
    state directory  a folder of that application id

Nobody else writes under these names, so missing topics are created without asking.
"""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec.structs import replace

from streams.client_options import client_options
from streams.errors import Fatal
from streams.settings import Settings
from streams.topics.applying import carry_out, look, look_after
from streams.topics.kafka import TopicsClient
from streams.topics.plan import Asked, Finding, Verdict
from streams.topics.start import check_inputs
from streams.topics.wanted import Role, Wanted, worker_topics

OWN: Final = (Role.OUTPUT, Role.DEAD_LETTERS, Role.CHANGELOG)


def apart(live: Settings, application_id: str, output_prefix: str) -> Settings:
    """The settings of what runs beside. Fatal: it would be, or write to, what is live."""
    if application_id == live.engine.application_id:
        raise Fatal(f"{application_id} is the live application: name another with --application-id")
    if output_prefix == live.engine.topic_prefix:
        raise Fatal(f'"{output_prefix}" stands before the live topics: name another with --output-prefix')
    return replace(
        live,
        engine=replace(live.engine, application_id=application_id),
        kafka=replace(live.kafka, transactional_id_prefix=None),
        state=replace(live.state, dir=live.state.dir / application_id),
    )


async def own_topics(settings: Settings, output_prefix: str) -> int:
    """Make sure that its topics are there. Returns the partition count of the inputs.

    NotReady, NotAllowed: an input is missing, or what is missing may not be created.
    """
    count = await check_inputs(settings, (Role.INPUT, Role.GLOBAL))
    wanted = worker_topics(settings, output_prefix)
    async with TopicsClient(client_options(settings)) as client:
        missing = _missing(wanted, await look(client, wanted, Asked(count)))
        if missing:
            await carry_out(client, missing)
            await look_after(client, [it for it in wanted if it.role in OWN], Asked(count))
    return count


def _missing(wanted: tuple[Wanted, ...], findings: tuple[Finding, ...]) -> list[Finding]:
    own = {topic.name for topic in wanted if topic.role in OWN}
    wrong = [it for it in findings if it.topic in own and it.verdict is Verdict.REFUSED]
    if wrong:
        raise Fatal("; ".join(f"{it.topic} {it.found}: {it.todo}" for it in wrong))
    return [it for it in findings if it.topic in own and it.verdict is Verdict.CREATE]


def checked(settings: Settings, output_prefix: str) -> int:
    """`own_topics`, for who has no loop yet."""
    return asyncio.run(own_topics(settings, output_prefix))
