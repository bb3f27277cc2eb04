"""A Kafka as one meets it in production: TLS, a certificate and a password of every client, and rights.

`fortress` is one for the whole run, shared by all workers, like `broker`. It knows the users of `USERS`: the
`admin` may do everything, the others nothing but what a test grants them (`grant`). `environ(user)` are the
settings of a program that comes as that user.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from streams.client_options import client_options
from streams.embedded.broker import Broker
from streams.embedded.jars import Jars
from streams.embedded.launching import SCRAM, launch
from streams.embedded.lease import LOCK_TIMEOUT_S, leased
from streams.embedded.places import locked
from streams.embedded.settings import HOST
from streams.settings import load_settings
from streams.topics.kafka import TopicsClient
from streams.topics.rights import ANY_HOST, Acl

LACKING_MAX = 32
USERS = ("admin", "worker", "canary", "nobody", *(f"lacking-{n}" for n in range(LACKING_MAX)))
KEY_PASSWORD = "opens the key"  # noqa: S105 - of a key that a test has made
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


def password(user: str) -> str:
    """That of a user of every fortress."""
    return f"{user}-secret"


@dataclass(frozen=True)
class Certificates:
    """Files in `folder`: an authority, one of the broker, and one of all clients with an encrypted key."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def broker(self) -> Path:
        return self.folder / "broker.pem"

    @property
    def client(self) -> Path:
        return self.folder / "client.pem"

    @property
    def client_key(self) -> Path:
        return self.folder / "client-key.pem"

    def make(self) -> None:
        """Make them all, unless they are there."""
        if self.authority.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        broker, client = authority.issue_cert(HOST), authority.issue_cert("kairos@example.org")
        chain = b"".join(it.bytes() for it in broker.cert_chain_pems)
        self.broker.write_bytes(pkcs8(broker, None) + chain)
        self.client.write_bytes(b"".join(it.bytes() for it in client.cert_chain_pems))
        self.client_key.write_bytes(pkcs8(client, KEY_PASSWORD))
        authority.cert_pem.write_to_path(self.authority)


def pkcs8(certificate: trustme.LeafCert, word: str | None) -> bytes:
    """The private key in the one form that both Java and Python read."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    how = BestAvailableEncryption(word.encode()) if word else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def overrides(certificates: Certificates) -> dict[str, str]:
    """What makes a broker a fortress."""
    listener = "listener.name.clients."
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:admin",
        f"{listener}ssl.keystore.type": "PEM",
        f"{listener}ssl.keystore.location": str(certificates.broker),
        f"{listener}ssl.truststore.type": "PEM",
        f"{listener}ssl.truststore.location": str(certificates.authority),
        f"{listener}ssl.client.auth": "required",
        f"{listener}sasl.enabled.mechanisms": SCRAM,
        f"{listener}{SCRAM.lower()}.sasl.jaas.config": LOGIN,
    }


@dataclass(frozen=True)
class Fortress:
    """A broker that lets in whoever has a certificate and a password."""

    broker: Broker
    certificates: Certificates

    def environ(self, user: str) -> dict[str, str]:
        """The settings of a program of this user."""
        return {
            "KAIROS_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap,
            "KAIROS_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAIROS_KAFKA_SASL_MECHANISM": SCRAM,
            "KAIROS_KAFKA_SASL_USERNAME": user,
            "KAIROS_KAFKA_SASL_PASSWORD": password(user),
            "KAIROS_KAFKA_SSL_CA_LOCATION": str(self.certificates.authority),
            "KAIROS_KAFKA_SSL_CERTIFICATE_LOCATION": str(self.certificates.client),
            "KAIROS_KAFKA_SSL_KEY_LOCATION": str(self.certificates.client_key),
            "KAIROS_KAFKA_SSL_KEY_PASSWORD": KEY_PASSWORD,
        }

    def grant(self, rights: Mapping[str, Sequence[Acl]]) -> None:
        """Give rights to users."""
        asyncio.run(self._grant(rights))

    async def _grant(self, rights: Mapping[str, Sequence[Acl]]) -> None:
        async with TopicsClient(client_options(load_settings(self.environ("admin")))) as client:
            for user, acls in rights.items():
                await client.grant(acls, f"User:{user}", ANY_HOST)


def fortress_in(folder: Path, jars: Jars, held: contextlib.ExitStack) -> Fortress:
    """The fortress of `folder`, started unless it runs; it ends with the last of its holders."""
    certificates = Certificates(folder / "certificates")
    with locked(folder / "certificates.lock", LOCK_TIMEOUT_S):
        certificates.make()
    broker = Broker(
        folder / "kafka",
        jars=jars,
        security="SASL_SSL",
        overrides=overrides(certificates),
        launcher=partial(launch, users={user: password(user) for user in USERS}),
    )
    return Fortress(held.enter_context(leased(broker)), certificates)


@pytest.fixture(scope="session")
def fortress(tmp_path_factory: pytest.TempPathFactory, kafka_jars: Jars) -> Iterator[Fortress]:
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with contextlib.ExitStack() as held:
        yield fortress_in(shared / "fortress", kafka_jars, held)
