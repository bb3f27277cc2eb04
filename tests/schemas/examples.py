"""The golden records that ship with the contract."""

import json
from pathlib import Path
from typing import Any

from schemas.model import FOLDER
from schemas.topics import Topic, topics

EXAMPLES = FOLDER / "examples"


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def paths(prefix: str, direction: str) -> list[Path]:
    """The examples whose name begins with `prefix`, of the topics with a schema in `direction`."""
    chosen = [topic for topic in topics().values() if topic.schema and topic.direction == direction]
    return [path for topic in chosen for path in sorted((EXAMPLES / topic.name).glob(f"{prefix}-*.json"))]


def topic_of(path: Path) -> Topic:
    return topics()[path.parent.name]


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"
