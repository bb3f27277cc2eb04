"""The embedded registry: the real one, and its archive over a fake repository."""

import json
import tarfile
import urllib.request
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from streams.cli import main
from streams.embedded.broker import State
from streams.embedded.errors import Unavailable
from streams.embedded.pins import REGISTRY_FILE, Pin, read_pins
from streams.embedded.program import MAIN, Program
from streams.embedded.registry import Registry
from tests.streams.embedded.loopback import listening_beyond_loopback


def archive(name: str = MAIN) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        member = tarfile.TarInfo(name)
        member.size = 4
        made.addfile(member, BytesIO(b"main"))
    return out.getvalue()


class Repository:
    """Brings the archive from memory, and counts."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.fetched = 0

    def __call__(self, pin: Pin, folder: Path) -> Path:
        self.fetched += 1
        path = folder / pin.filename
        path.write_bytes(self.content)
        return path


def program(cache: Path, content: bytes, pinned: bytes) -> Program:
    pin = Pin("group", "artifact", "1", sha256(pinned).hexdigest(), "tar.gz", "all")
    return Program(cache, pin, Repository(content))


def test_the_archive_is_fetched_once_and_unpacked(tmp_path: Path) -> None:
    made = program(tmp_path, archive(), archive())
    assert made.ready().read_bytes() == b"main"
    assert made.ready().parent == made.folder
    assert isinstance(made.fetch, Repository)
    assert made.fetch.fetched == 1


def test_what_is_not_as_pinned_is_never_unpacked(tmp_path: Path) -> None:
    made = program(tmp_path, archive("other"), archive())
    with pytest.raises(Unavailable, match=r"group:artifact:tar\.gz:all:1 is something else"):
        made.ready()
    assert not made.here
    assert list(tmp_path.glob("fetching-*")) == []


def test_an_archive_reaches_no_file_outside_of_its_folder(tmp_path: Path) -> None:
    evil = archive("../../outside")
    with pytest.raises(tarfile.OutsideDestinationError):
        program(tmp_path, evil, evil).ready()
    assert not (tmp_path.parent / "outside").exists()


def test_one_archive_is_pinned_as_maven_names_it() -> None:
    (pin,) = read_pins(REGISTRY_FILE)
    assert pin.coordinate == f"io.apicurio:apicurio-registry-app:tar.gz:all:{pin.version}"
    assert pin.filename == f"apicurio-registry-app-{pin.version}-all.tar.gz"


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=20) as answer:  # noqa: S310
        return json.loads(answer.read())


@pytest.mark.registry
@pytest.mark.slow
def test_a_registry_keeps_its_data_and_address_and_is_reached_on_loopback_alone(
    private_registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = {"schema": '{"type": "string"}'}
    given = ask(f"{private_registry.url}/subjects/here-value/versions", schema)
    process = private_registry.process
    assert process is not None
    assert listening_beyond_loopback(process.pid) == []
    words = ["--dir", str(private_registry.directory)]
    assert main(["registry", "status", *words]) == 0
    assert f"address  {private_registry.url}\n" in capsys.readouterr().out
    assert main(["registry", "stop", *words]) == 0
    assert main(["registry", "status", *words]) == 1
    assert private_registry.state() is State.STOPPED
    before = private_registry.url
    assert main(["registry", "start", *words]) == 0
    assert private_registry.url == before
    assert ask(f"{before}/schemas/ids/{given['id']}")["schema"] in ('"string"', '{"type":"string"}')
