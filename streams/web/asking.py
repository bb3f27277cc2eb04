"""Asks a worker about a customer, for `kairos explain --live`."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Final
from urllib.parse import quote

import msgspec

from streams.configuration.secret import Secret
from streams.errors import Fatal, Retryable
from streams.replay.explanation import Explanation, Gone

WITHIN_S: Final = 10.0
BODY_BYTES_MAX: Final = 16 * 1024 * 1024


def ask(url: str, customer_id: str, items: int, token: Secret | None) -> bytes:
    """The answer, as JSON. Fatal: the worker refuses, or does not answer. Retryable: not now."""
    if not url.startswith(("http://", "https://")):
        raise Fatal(f"{url} is no address of a worker: it begins with http:// or https://")
    address = f"{url.rstrip('/')}/customers/{quote(customer_id, safe='')}?items={items}"
    request = urllib.request.Request(address)  # noqa: S310 - checked above
    if token is not None:
        request.add_header("Authorization", f"Bearer {token.reveal()}".encode().decode("latin-1"))
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:  # noqa: S310 - as above
            return bytes(answer.read(BODY_BYTES_MAX))
    except urllib.error.HTTPError as error:
        why = f"{url}: {_why(error.read(BODY_BYTES_MAX)) or error.reason}"
        raise (Retryable if error.code == 503 else Fatal)(why) from error
    except (OSError, ValueError) as error:
        raise Fatal(f"no worker answers at {url}: {getattr(error, 'reason', error)}") from error


def understood(body: bytes) -> Explanation | Gone:
    """The explanation in an answer. Fatal: whoever answered is no worker, or one of another version."""
    try:
        plain = msgspec.json.decode(body)
        if isinstance(plain, dict) and "erased_at" in plain:
            return msgspec.convert(plain, Gone)
        return msgspec.convert(plain, Explanation)
    except msgspec.MsgspecError as error:
        raise Fatal(f"the answer is none of a worker of this version: {error}") from error


def _why(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body, type=dict[str, str]).get("error", ""))
    except msgspec.MsgspecError:
        return ""
