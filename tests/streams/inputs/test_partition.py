import random
import zlib

import pytest

from streams.inputs.partition import PARTITIONERS, crc32_partition, murmur2, murmur2_partition


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_the_hashes_of_kafkas_own_tests(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed & 0xFFFF_FFFF


def java_murmur2(data: bytes) -> int:
    """The loop of `Utils.murmur2`, byte by byte, with 32-bit overflow."""
    h = 0x9747B28C ^ len(data)
    for at in range(0, len(data) // 4 * 4, 4):
        k = data[at] + (data[at + 1] << 8) + (data[at + 2] << 16) + (data[at + 3] << 24)
        k = k * 0x5BD1E995 & 0xFFFFFFFF
        k ^= k >> 24
        k = k * 0x5BD1E995 & 0xFFFFFFFF
        h = (h * 0x5BD1E995 & 0xFFFFFFFF) ^ k
    left = len(data) % 4
    tail = data[len(data) - left :]
    for place in range(left):
        h ^= tail[place] << 8 * place
    if left:
        h = h * 0x5BD1E995 & 0xFFFFFFFF
    h ^= h >> 13
    h = h * 0x5BD1E995 & 0xFFFFFFFF
    return h ^ h >> 15


def test_murmur2_gives_what_javas_loop_gives_for_keys_of_every_length() -> None:
    chance = random.Random(1)
    for length in range(70):
        key = chance.randbytes(length)
        assert murmur2(key) == java_murmur2(key)


def test_a_partition_is_the_hash_without_its_sign_by_the_count() -> None:
    assert murmur2_partition(b"foobar", 12) == (-790332482 & 0x7FFF_FFFF) % 12


def test_customers_spread_over_all_partitions() -> None:
    for partition in PARTITIONERS.values():
        counts = [0] * 12
        for number in range(12_000):
            counts[partition(f"customer-{number}".encode(), 12)] += 1
        assert min(counts) > 800


def test_librdkafka_takes_crc32() -> None:
    assert crc32_partition(b"foobar", 12) == zlib.crc32(b"foobar") % 12
