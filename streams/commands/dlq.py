"""`kairos dlq`: what was refused and why, whether it would be accepted now, and sending it back once."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from schemas.errors import Reason
from schemas.topics import DEAD_LETTERS, inputs, journey_inputs
from streams.client_options import client_options, consumer_options, producer_options
from streams.commands.printing import print_line, print_table
from streams.configuration.arguments import add_arguments, settings_of
from streams.dlq import replaying
from streams.dlq.letters import NO_LETTER, Judge, Letter, Wanted, counted, letter_of
from streams.dlq.reading import one, read
from streams.engine.clients import Clients, stop
from streams.engine.clock import wall_ms
from streams.engine.overrides import partitions_of
from streams.errors import Fatal
from streams.inputs.decode import InputDecoder
from streams.inputs.partition import PARTITIONERS
from streams.inputs.records import InputRecord, Rejection
from streams.loading.durations import NotADuration, parse_duration
from streams.settings import Settings
from streams.topics.kafka import TopicsClient

HELP = "look at dead letters (list, show), and send them back after the mistake is mended (replay)"

RATE: Final = 200
OPTIONS: Final = {"bootstrap_server": "kafka.bootstrap.servers", "prefix": "engine.topic.prefix"}
"""Options that stand for a setting."""
MARKED: Final = "sent back already"
ACCEPTED: Final = "would be accepted"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `kairos dlq`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="how many there are by topic and reason, and since when")
    shown = actions.add_parser("show", help="one of them: its headers, its bytes, and what it would be now")
    replay = actions.add_parser("replay", help="what would be sent back; --yes does it, each letter once")
    for action in (listed, replay):
        action.add_argument("--topic", metavar="NAME", help="of the refused records, with prefix or without")
        action.add_argument("--reason", choices=[it.value for it in Reason], metavar="REASON")
        action.add_argument(
            "--since", metavar="TIME", help='refused since then: "2026-03-01T12:00Z", or "24 h" ago'
        )
    shown.add_argument(
        "place",
        metavar="WHERE",
        nargs="+",
        help="PARTITION OFFSET of the dead letter, or TOPIC PARTITION OFFSET of the refused record",
    )
    replay.add_argument("--yes", action="store_true", help="do it; otherwise it is only said")
    replay.add_argument("--force", action="store_true", help="also those that would be refused again")
    replay.add_argument(
        "--rate", metavar="N", type=int, default=RATE, help="letters in a second: %(default)s"
    )
    for action in (listed, shown, replay):
        action.add_argument("--json", action="store_true", help="for machines")
        action.add_argument("--bootstrap-server", metavar="HOST:PORT", help="brokers, with commas between")
        action.add_argument("--prefix", metavar="TEXT", help="before every name of a topic")
        add_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Do what `args.action` says."""
    said = {setting: getattr(args, option) for option, setting in OPTIONS.items()}
    settings = settings_of(args, {name: value for name, value in said.items() if value is not None}).settings
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it says is raised as well
    desk = Desk(settings)
    if args.action == "list":
        return asyncio.run(desk.counts(_wanted(args, settings), as_json=args.json))
    if args.action == "show":
        return asyncio.run(desk.show(args.place, as_json=args.json))
    if args.rate < 1:
        raise Fatal("--rate is 1 or more")
    return asyncio.run(
        desk.replay(
            _wanted(args, settings), yes=args.yes, force=args.force, rate=args.rate, as_json=args.json
        )
    )


class Desk:
    """Where the letters of one application are looked through."""

    def __init__(self, settings: Settings) -> None:
        engine = settings.engine
        self._settings = settings
        self._prefix = engine.topic_prefix
        self._topic = self._prefix + DEAD_LETTERS
        self._app = engine.application_id
        group = {"session_timeout_ms", "heartbeat_interval_ms", "max_poll_interval_ms"}
        reading = {name: value for name, value in consumer_options(settings).items() if name not in group}
        self._clients = Clients(
            client_options(settings), consumer=reading, producer=producer_options(settings)
        )

    async def counts(self, wanted: Wanted, *, as_json: bool) -> int:
        """Print counts."""
        async with self._consumer() as consumer:
            counts = counted([it async for it in self._letters(consumer, wanted)])
        if as_json:
            print_line(msgspec.json.encode(counts).decode())
            return 0
        rows = [
            (it.topic or "-", it.reason, str(it.letters), _when(it.first_at), _when(it.last_at))
            for it in counts
        ]
        letters = sum(it.letters for it in counts)
        print_table(f"{letters} dead letters", ("topic", "reason", "letters", "first", "last"), rows)
        return 0

    async def show(self, place: list[str], *, as_json: bool) -> int:
        """Print one letter. Fatal: there is none."""
        async with self._consumer() as consumer:
            letter = await self._one(consumer, place)
            judge = await self._judge(consumer)
        again = judge.again(letter, wall_ms())
        refused = None if again is None else judge.refused(again)
        now = "has no topic to go back to" if again is None else _word(refused)
        value = letter.value or b""
        found = {
            "dead_letter": letter.place.decode(),
            "headers": {name: raw.decode(errors="replace") for name, raw in letter.headers},
            "key": None if letter.key is None else _text(letter.key)[1],
            _text(value)[0]: None if letter.value is None else _text(value)[1],
            "now": now,
        }
        if as_json:
            print_line(msgspec.json.encode(found).decode())
            return 0
        for name, said in found.items():
            parts = said.items() if isinstance(said, dict) else [("", said)]
            for part, text in parts:
                print_line(f"{f'{name} {part}'.strip():<18} {'-' if text is None else text}")
        return 0

    async def replay(self, wanted: Wanted, *, yes: bool, force: bool, rate: int, as_json: bool) -> int:
        """Send back what would be accepted, or say what would be sent."""
        outcomes: Counter[tuple[str, str]] = Counter()
        markers = replaying.markers_topic(self._app)
        producer, sent = None, 0
        try:
            if yes:
                producer = await self._producer(markers)
            async with self._consumer() as consumer, self._consumer() as other:
                judge = await self._judge(other)
                there = await partitions_of(other, markers)
                marked = await replaying.marked(other, markers) if there else set()
                batch: list[replaying.Again] = []
                async for letter in self._letters(consumer, wanted):
                    again = judge.again(letter, wall_ms())
                    if again is None or letter.marker in marked:
                        outcomes[_outcome(again)] += 1
                        continue
                    refused = judge.refused(again)
                    outcomes[again.topic, _word(refused)] += 1
                    if refused is None or force:
                        batch.append((letter, again))
                        if producer is not None and len(batch) >= min(rate, replaying.BATCH_MAX):
                            sent += await _sent(producer, batch, markers, rate)
                            batch = []
                        elif producer is None:
                            sent, batch = sent + 1, []
                if producer is not None and batch:
                    sent += await _sent(producer, batch, markers, rate)
        finally:
            if producer is not None:
                await stop(producer)
        _print_outcomes(outcomes, sent, yes=yes, as_json=as_json)
        return 0

    async def _producer(self, markers: str) -> Any:
        """A producer that fences every other run, with the topic of markers there."""
        async with TopicsClient(client_options(self._settings)) as client:
            await replaying.make_markers_topic(client, markers, self._topic)
        try:
            return await self._clients.producer(replaying.transactional_id(self._app))
        except KafkaError as error:
            raise self._unreachable(error) from error

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        try:
            consumer = await self._clients.consumer([])
        except (KafkaError, OSError) as error:
            raise self._unreachable(error) from error
        try:
            yield consumer
        except KafkaError as error:
            raise Fatal(f"the dead letters cannot be read: {error!r}") from error
        finally:
            await stop(consumer)

    def _unreachable(self, error: Exception) -> Fatal:
        servers = ", ".join(self._settings.kafka.bootstrap_servers)
        return Fatal(f"Kafka at {servers} cannot be used: {error!r}; see kafka.* in `kairos config`")

    async def _letters(self, consumer: AIOKafkaConsumer, wanted: Wanted) -> AsyncIterator[Letter]:
        async for records in read(consumer, self._topic, wanted.since_ms):
            for record in records:
                letter = letter_of(record)
                if wanted.holds(letter):
                    yield letter

    async def _one(self, consumer: AIOKafkaConsumer, place: list[str]) -> Letter:
        *topic, partition, offset = place if len(place) in (2, 3) else ["", "", "", ""]
        if not (partition.isdecimal() and offset.isdecimal()):
            raise Fatal("write PARTITION OFFSET of a dead letter, or TOPIC PARTITION OFFSET of the record")
        if not topic:
            record = await one(consumer, self._topic, int(partition), int(offset))
            if record is None:
                raise Fatal(f"{self._topic} holds nothing at partition {partition}, offset {offset}")
            return letter_of(record)
        name = _full(topic[0], self._prefix)
        async for letter in self._letters(consumer, Wanted(topic=name)):
            said = letter.account
            if said and (said.partition, said.offset) == (int(partition), int(offset)):
                return letter
        raise Fatal(f"no dead letter tells of {name}, partition {partition}, offset {offset}")

    async def _judge(self, consumer: AIOKafkaConsumer) -> Judge:
        every = frozenset(it.full_name(self._prefix) for it in inputs().values())
        co_partitioned = frozenset(
            it.full_name(self._prefix) for it in inputs().values() if it.co_partitioned
        )
        name = journey_inputs()[0].full_name(self._prefix)
        partitions = len(await partitions_of(consumer, name))
        if not partitions:
            raise Fatal(f"the topic {name} does not exist: `kairos topics apply` makes it")
        partitioner = PARTITIONERS[self._settings.engine.partitioner]
        decoder = InputDecoder(prefix=self._prefix, partitions=partitions, partitioner=partitioner)
        return Judge(decoder, every, co_partitioned, partitioner, partitions)


async def _sent(producer: Any, batch: list[replaying.Again], markers: str, rate: int) -> int:
    """Send a batch, and wait until as many may be sent again."""
    begun = monotonic()
    await replaying.send(producer, batch, markers)
    await asyncio.sleep(max(0.0, len(batch) / rate - (monotonic() - begun)))
    return len(batch)


def _print_outcomes(outcomes: Counter[tuple[str, str]], sent: int, *, yes: bool, as_json: bool) -> None:
    if as_json:
        rows = [{"topic": topic, "now": now, "letters": n} for (topic, now), n in sorted(outcomes.items())]
        print_line(msgspec.json.encode({"sent": sent if yes else 0, "letters": rows}).decode())
        return
    table = [(topic, now, str(count)) for (topic, now), count in sorted(outcomes.items())]
    print_table(f"{outcomes.total()} dead letters", ("topic", "now", "letters"), table)
    print_line(f"{sent} sent back" if yes else f"{sent} would be sent back: --yes does it")


def _outcome(again: InputRecord | None) -> tuple[str, str]:
    """Of what is not sent, whatever it holds."""
    return ("-", NO_LETTER) if again is None else (again.topic, MARKED)


def _word(refused: Rejection | None) -> str:
    if refused is None:
        return ACCEPTED
    return f"would be refused: {refused.reason.value}" + (f" at {refused.field}" if refused.field else "")


def _wanted(args: argparse.Namespace, settings: Settings) -> Wanted:
    topic = None if args.topic is None else _full(args.topic, settings.engine.topic_prefix)
    return Wanted(topic, args.reason, None if args.since is None else _since(args.since))


def _full(topic: str, prefix: str) -> str:
    return prefix + topic if topic in inputs() else topic


def _since(text: str) -> int:
    try:
        return wall_ms() - parse_duration(text)
    except NotADuration:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Fatal(
            f'--since "{text}": write a time as 2026-03-01T12:00Z, or how long ago as "24 h"'
        ) from error
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _text(raw: bytes) -> tuple[str, str]:
    """Bytes as text where they are, else in hexadecimal digits."""
    try:
        return "value", raw.decode()
    except UnicodeDecodeError:
        return "value_hex", raw.hex()


def _when(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
