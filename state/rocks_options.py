"""How RocksDB is set up here: every option that matters, said once.

Memory, descriptors and background work are bounded per process or per partition, because a worker may hold
dozens of partitions.
"""

from typing import Final

import rocksdict

MIB: Final = 2**20
MEMORY_BYTES: Final = 128 * MIB
"""Blocks and write buffers of all partitions of a process together."""
WRITE_BUFFERS_BYTES: Final = 48 * MIB
"""Write buffers of all partitions of a process together, a part of the above."""
PARTITION_BUFFER_BYTES: Final = 16 * MIB
TABLE_BYTES: Final = 32 * MIB
TABLES_TO_MERGE: Final = 12
TABLES_TO_SLOW: Final = 36
TABLES_TO_STOP: Final = 60
"""Fresh tables of a partition before they are merged, before writes are slowed for it, and before they wait.

Buffers that many partitions share are small, so a restore makes many tables: merged four at a time, they took
as much of the processor as all else did.
"""
OPEN_FILES_MAX: Final = 128
INFO_LOG_BYTES: Final = MIB
INFO_LOGS_MAX: Final = 2
BACKGROUND_JOBS: Final = 2
BLOOM_BITS: Final = 10
BLOCK_BYTES: Final = 4_096
DEAD_WINDOW: Final = 4096
DEAD_IN_WINDOW: Final = 2048
"""A table with this many deletions in a window is compacted soon, as the head of the wake-up index is."""


class RocksResources:
    """Memory that all stores of a process share: one block cache, and write buffers charged to it.

    Make one per process and hand it to every store.
    """

    __slots__ = ("block_cache", "write_buffers")

    def __init__(
        self, memory_bytes: int = MEMORY_BYTES, write_buffers_bytes: int = WRITE_BUFFERS_BYTES
    ) -> None:
        if not 0 < write_buffers_bytes < memory_bytes:
            raise ValueError("write buffers take a part of the memory of all stores")
        self.block_cache = rocksdict.Cache(memory_bytes)
        self.write_buffers = rocksdict.WriteBufferManager.new_write_buffer_manager_with_cache(
            write_buffers_bytes, allow_stall=False, cache=self.block_cache
        )

    def used_bytes(self) -> int:
        """Memory in use now."""
        return self.block_cache.get_usage()


def database(resources: RocksResources) -> rocksdict.Options:
    """Options of one database."""
    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_paranoid_checks(enabled=True)
    options.set_level_compaction_dynamic_level_bytes(v=True)
    options.set_avoid_unnecessary_blocking_io(val=True)
    options.set_skip_stats_update_on_db_open(skip=True)
    options.set_compression_type(rocksdict.DBCompressionType.lz4())
    options.set_write_buffer_size(PARTITION_BUFFER_BYTES)
    options.set_max_write_buffer_number(3)
    options.set_write_buffer_manager(resources.write_buffers)
    options.set_target_file_size_base(TABLE_BYTES)
    options.set_level_zero_file_num_compaction_trigger(TABLES_TO_MERGE)
    options.set_level_zero_slowdown_writes_trigger(TABLES_TO_SLOW)
    options.set_level_zero_stop_writes_trigger(TABLES_TO_STOP)
    options.set_max_open_files(OPEN_FILES_MAX)
    options.set_max_background_jobs(BACKGROUND_JOBS)
    options.set_max_log_file_size(INFO_LOG_BYTES)
    options.set_keep_log_file_num(INFO_LOGS_MAX)
    options.set_stats_dump_period_sec(0)
    options.set_stats_persist_period_sec(0)
    options.add_compact_on_deletion_collector_factory(DEAD_WINDOW, DEAD_IN_WINDOW, 0.5)
    options.set_block_based_table_factory(_tables(resources))
    return options


def writing(*, write_ahead_log: bool) -> rocksdict.WriteOptions:
    """Options of every write. Nothing waits for the disk: the changelog holds what a crash takes."""
    options = rocksdict.WriteOptions()
    options.disable_wal = not write_ahead_log  # type: ignore[method-assign, assignment] # its stub takes it for a method
    return options


def up_to(end: bytes | None) -> rocksdict.ReadOptions:
    """Options of a read of keys below `end`, None for all. The bound keeps scans off deletions behind it."""
    options = rocksdict.ReadOptions()
    if end is not None:
        options.set_iterate_upper_bound(end)
    return options


def whole_range() -> rocksdict.CompactOptions:
    """Options of a compaction that leaves nothing deleted behind, down to the last level."""
    options = rocksdict.CompactOptions()
    options.set_bottommost_level_compaction(rocksdict.BottommostLevelCompaction.force())
    return options


def _tables(resources: RocksResources) -> rocksdict.BlockBasedOptions:
    tables = rocksdict.BlockBasedOptions()
    tables.set_block_cache(resources.block_cache)
    tables.set_bloom_filter(BLOOM_BITS, block_based=False)
    # In parts, which come and go with the blocks that they lead to. Whole, those of a large state fill the
    # cache that all partitions share: with 1 M customers a read took 75 us instead of 20.
    tables.set_index_type(rocksdict.BlockBasedIndexType.two_level_index_search())
    tables.set_partition_filters(size=True)
    tables.set_metadata_block_size(BLOCK_BYTES)
    tables.set_pin_top_level_index_and_filter(v=True)
    tables.set_cache_index_and_filter_blocks(v=True)
    tables.set_pin_l0_filter_and_index_blocks_in_cache(v=True)
    tables.set_format_version(5)
    return tables
