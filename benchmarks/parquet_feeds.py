"""
Made-up feeds of tens of millions of items, as Parquet files with the truth beside the texts.

A feed lies in files of `PART` items which depend on the seed and their number alone: longer
feeds begin with the files of shorter ones. Several processes make them, and none holds more
than `_ROWS` items.
"""

from __future__ import annotations

import concurrent.futures
import functools
import itertools
import multiprocessing
import os
from typing import TYPE_CHECKING

from benchmarks import corpora
from benchmarks.corpora import CHUNK

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from benchmarks.corpora import Feed

PART = 16 * CHUNK
"""Items of a file: whole chunks, so that a copy is in the file of what it copies."""

_ROWS = 4 * CHUNK  # of a row group


def feed_files(n: int, seed: int, folder: Path) -> list[Path]:
    """Return the files of a feed of `n` items, made unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, n, PART)
    stops = [min(start + PART, n) for start in starts]
    files = [
        folder / f"feed-{seed}-{start}-{stop}.parquet"
        for start, stop in zip(starts, stops, strict=True)
    ]
    parts = zip(starts, stops, files, strict=True)
    missing = [part for part in parts if not part[2].exists()]
    write = functools.partial(_write_part, seed)
    if len(missing) <= 1:
        for part in missing:
            write(part)
        return files
    n_processes = os.cpu_count() or 1
    # Not forked: Arrow has threads of its own.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(n_processes, mp_context=context) as pool:
        # Neighbours share templates, which are dear: each process makes a run of them.
        list(pool.map(write, missing, chunksize=-(-len(missing) // n_processes)))
    return files


def _write_part(seed: int, part: tuple[int, int, Path]) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    start, stop, file = part
    # Under another name until it is whole: a run that ends early leaves no half of a feed.
    unfinished = file.with_suffix(f".{os.getpid()}.unfinished")
    chunks = corpora.feed_chunks(stop, seed, first=start // CHUNK)
    try:
        with pq.ParquetWriter(unfinished, _schema()) as writer:
            while group := list(itertools.islice(chunks, _ROWS // CHUNK)):
                table = _table(group, start)
                writer.write_table(table)
                start += table.num_rows
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _schema() -> pa.Schema:
    import pyarrow as pa  # noqa: PLC0415 - optional, and slow to import

    texts = {name: pa.string() for name in ("title", "description", "source")}
    truth = {"story": pa.int64(), "template": pa.int64(), "kind": pa.uint8()}
    published = pa.timestamp("us", tz="UTC")
    return pa.schema({"id": pa.int64(), **texts, "published": published, **truth}.items())


def _table(chunks: list[Feed], start: int) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - optional, and slow to import

    tables = []
    for chunk in chunks:
        ids = range(start, start + len(chunk.title))
        tables.append(pa.table({"id": ids, **chunk._asdict()}, _schema()))
        start += len(ids)
    return pa.concat_tables(tables)
