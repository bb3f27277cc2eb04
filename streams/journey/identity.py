"""Pure. Ids and hashes of a customer that name nobody.

Everything derives from a secret key, so an output id can be recomputed by Kairos and by no one else, and a
customer id cannot be read back from it.
"""

from __future__ import annotations

from hashlib import blake2b


class Identity:
    """Keyed hashes over a customer. `key` is the installation's secret, 1 to 64 bytes."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if not 1 <= len(key) <= 64:
            raise ValueError("the identity key must have 1 to 64 bytes")
        self._key = key

    def eligibility_id(self, customer_id: str, epoch: int, about: str, placement: int, attempt: int) -> str:
        """32 hexadecimal digits, a pure function of what the eligibility is about."""
        text = f"{customer_id}\x1f{epoch}\x1f{about}\x1f{placement}\x1f{attempt}"
        return blake2b(text.encode(), digest_size=16, key=self._key).hexdigest()

    def event_id(self, customer_id: str, sequence: int) -> str:
        """32 hexadecimal digits that name one record of a customer; sequences outlive an erasure."""
        text = f"{customer_id}\x1f{sequence}"
        return blake2b(text.encode(), digest_size=16, key=self._key, person=b"event").hexdigest()

    def forgotten_key(self, customer_id: str) -> bytes:
        """16 bytes under which an erased customer's opt-outs are kept."""
        return blake2b(customer_id.encode(), digest_size=16, key=self._key, person=b"forgotten").digest()

    def logged_key(self, customer_id: str) -> str:
        """16 hexadecimal digits that stand for a customer in a log."""
        return blake2b(
            customer_id.encode("utf-8", "replace"), digest_size=8, key=self._key, person=b"logged"
        ).hexdigest()

    def raised_key(self, customer_id: str) -> bytes:
        """8 bytes that stand for a customer where it is counted who has a flag."""
        return blake2b(customer_id.encode(), digest_size=8, key=self._key, person=b"raised").digest()

    def share(self, customer_id: str, salt: str) -> float:
        """A number in [0, 1) that is stable for the customer and the salt."""
        return self.spread(customer_id, salt) / 2**32

    def spread(self, customer_id: str, salt: str) -> int:
        """32 bits that are stable for the customer and the salt."""
        digest = blake2b(f"{salt}\x1f{customer_id}".encode(), digest_size=4, key=self._key).digest()
        return int.from_bytes(digest, "big")
