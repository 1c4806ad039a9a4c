"""
Made-up feeds of tens of millions of items, as Parquet files with the truth beside the texts.

A feed lies in files of `PART` items which depend on the seed and their number
alone: longer feeds begin with the files of shorter ones, and only the last file
of each is its own. Several processes make them, each a run of neighbouring files,
and none holds more than `_ROWS` items.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import itertools
import multiprocessing
import os
import time
from typing import TYPE_CHECKING

from benchmarks import corpora
from benchmarks.corpora import CHUNK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from benchmarks.corpora import Feed

PART = 16 * CHUNK
"""Items of a file: whole chunks, so that a copy is in the file of what it copies."""

TRUTH = ("story", "template", "kind")
"""Columns that the texts are not clustered by, but held against."""

_ROWS = 4 * CHUNK  # of a row group


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """
    A feed on disk.

    Attributes
    ----------
    files : list of Path
        In the order of the feed.
    n_made : int
        Items that were not there already.
    seconds : float
        Time to make these.
    """

    files: list[Path]
    n_made: int
    seconds: float


def feed_files(n: int, seed: int, folder: Path, *, n_processes: int | None = None) -> Made:
    """
    Make a feed on disk, or take the one that is there.

    Parameters
    ----------
    n : int
        Number of items, at least 1.
    seed : int
        At least 0.
    folder : Path
        Where the files are; made if it is not there.
    n_processes : int, optional
        As many as there are processors by default.

    Returns
    -------
    Made
        Columns ``id`` (int64), ``title``, ``description``, ``source``,
        ``published`` (timestamp in UTC), and those of `TRUTH`.
    """
    started = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    bounds = [(start, min(start + PART, n)) for start in range(0, n, PART)]
    files = [folder / f"feed-{seed}-{start}-{stop}.parquet" for start, stop in bounds]
    missing = [k for k, file in enumerate(files) if not file.exists()]
    if n_processes is None:
        n_processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    # Neighbours share templates, which are dear: each process makes a run of them.
    length = -(-len(missing) // n_processes) or 1
    runs = [missing[k : k + length] for k in range(0, len(missing), length)]
    tasks = [([bounds[k] for k in run], seed, [files[k] for k in run]) for run in runs]
    if len(tasks) > 1:
        # Not forked: Arrow has threads of its own.
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(n_processes, mp_context=context) as pool:
            list(pool.map(_write_parts, *zip(*tasks, strict=True)))
    else:
        for task in tasks:
            _write_parts(*task)
    n_made = sum(bounds[k][1] - bounds[k][0] for k in missing)
    return Made(files, n_made, time.perf_counter() - started)


def _write_parts(bounds: Sequence[tuple[int, int]], seed: int, files: Sequence[Path]) -> None:
    for (start, stop), file in zip(bounds, files, strict=True):
        _write_part(start, stop, seed, file)


def _write_part(start: int, stop: int, seed: int, file: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

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

    types = {
        "id": pa.int64(),
        "title": pa.string(),
        "description": pa.string(),
        "source": pa.string(),
        "published": pa.timestamp("us", tz="UTC"),
        "story": pa.int64(),
        "template": pa.int64(),
        "kind": pa.uint8(),
    }
    return pa.schema(types.items())


def _table(chunks: Sequence[Feed], start: int) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - optional, and slow to import

    tables = []
    for chunk in chunks:
        columns = {field.name: getattr(chunk, field.name) for field in dataclasses.fields(chunk)}
        columns["id"] = range(start, start + len(chunk))
        tables.append(pa.table(columns, _schema()))
        start += len(chunk)
    return pa.concat_tables(tables)
