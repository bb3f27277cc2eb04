"""In which partition a key lies.

All records of a customer must lie in one partition number, on every topic: one customer in two partitions
would silently lose friction. So the partitioner of the producers is computed again for every record. Java's
default is murmur2; producers built on librdkafka use CRC-32 unless they are told otherwise.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

Partitioner: TypeAlias = Callable[[bytes, int], int]
"""The partition of a key, among so many partitions."""

KEYS_KEPT_MAX: Final = 65_536
_MASK: Final = 0xFFFF_FFFF
_M: Final = 0x5BD1_E995
_SEED: Final = 0x9747_B28C


def murmur2(data: bytes) -> int:
    """The hash of `data` as `org.apache.kafka.common.utils.Utils.murmur2` has it, as 32 bits without sign."""
    words, left = divmod(len(data), 4)
    value = _SEED ^ len(data)
    for word in struct.unpack_from(f"<{words}I", data):
        mixed = word * _M & _MASK
        mixed = (mixed ^ mixed >> 24) * _M & _MASK
        value = value * _M & _MASK ^ mixed
    if left:
        value = (value ^ int.from_bytes(data[-left:], "little")) * _M & _MASK
    value = (value ^ value >> 13) * _M & _MASK
    return value ^ value >> 15


@lru_cache(KEYS_KEPT_MAX)
def murmur2_partition(key: bytes, partitions: int) -> int:
    """Where Kafka's Java clients put `key` by default. Customers come again, so the answer is kept."""
    return (murmur2(key) & 0x7FFF_FFFF) % partitions


def crc32_partition(key: bytes, partitions: int) -> int:
    """Where librdkafka's `consistent` and `consistent_random` put a key that is not empty."""
    return zlib.crc32(key) % partitions


PARTITIONERS: Final[Mapping[str, Partitioner]] = {"murmur2": murmur2_partition, "crc32": crc32_partition}
"""The partitioners by the name that settings use."""
