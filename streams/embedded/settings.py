"""What the broker is told: a single KRaft node on the loopback interface, small, and quick to be back.

Three listeners. Clients use `CLIENTS`, whose security protocol a test may choose; the broker itself and the
probe for readiness use `INTERNAL`, which stays plain; the controller has its own. All are bound to loopback.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
NODE_ID = 1


@dataclass(frozen=True)
class Ports:
    """The ports of one broker."""

    clients: int
    internal: int
    controller: int


def properties(
    ports: Ports, data: Path, *, security: str = "PLAINTEXT", overrides: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The broker's properties; `overrides` win."""
    return {**_network(ports, security), **_small(), **_quick(), "log.dirs": str(data), **(overrides or {})}


def _network(ports: Ports, security: str) -> dict[str, str]:
    brokers = f"CLIENTS://{HOST}:{ports.clients},INTERNAL://{HOST}:{ports.internal}"
    return {
        "process.roles": "broker,controller",
        "node.id": str(NODE_ID),
        "controller.quorum.voters": f"{NODE_ID}@{HOST}:{ports.controller}",
        "listeners": f"{brokers},CONTROLLER://{HOST}:{ports.controller}",
        "advertised.listeners": brokers,
        "listener.security.protocol.map": f"CLIENTS:{security},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "super.users": "User:ANONYMOUS",  # the node to itself; read only where an authorizer is set
    }


def _small() -> dict[str, str]:
    """One replica of everything, few threads and few internal partitions: each costs files and start time."""
    return {
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
        "log.cleaner.dedupe.buffer.size": str(8 << 20),  # 128 MB by default, a third of the heap
    }


def _quick() -> dict[str, str]:
    """No waiting where a single node has nobody to wait for, and topics only for who creates them."""
    return {
        "auto.create.topics.enable": "false",  # a misspelt topic is an error, as in production
        "broker.session.timeout.ms": "2000",  # a broker that was killed is let back in after this
        "broker.heartbeat.interval.ms": "400",
        "controller.quorum.append.linger.ms": "0",  # 25 ms of every topic and right, to gather more of them
        "metadata.max.idle.interval.ms": "0",  # nobody follows, so nobody needs a sign of life on the disk
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        "log.cleaner.backoff.ms": "1000",
        "log.segment.delete.delay.ms": "1000",
    }


def as_text(values: Mapping[str, str]) -> str:
    """A file that Java reads as properties: backslashes and line breaks are the only traps in our values."""
    escaped = {key: value.replace("\\", "\\\\").replace("\n", "\\n") for key, value in values.items()}
    return "".join(f"{key}={value}\n" for key, value in escaped.items())


LOG_BYTES_MAX = "4MB"
"""Of one file; there are two at most."""


def log_settings(file: Path) -> dict[str, str]:
    """Warnings and what the broker says about its own start, into `file` of bounded size."""
    return {
        "status": "error",
        "appender.file.type": "RollingFile",
        "appender.file.name": "file",
        "appender.file.fileName": str(file),
        "appender.file.filePattern": f"{file}.%i",
        "appender.file.layout.type": "PatternLayout",
        "appender.file.layout.pattern": "%d{ISO8601} %p %c{1} %m%n",
        "appender.file.policies.type": "Policies",
        "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
        "appender.file.policies.size.size": LOG_BYTES_MAX,
        "appender.file.strategy.type": "DefaultRolloverStrategy",
        "appender.file.strategy.max": "1",
        "rootLogger.level": "warn",
        "rootLogger.appenderRef.file.ref": "file",
    }
