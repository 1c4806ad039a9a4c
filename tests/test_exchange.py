"""Files that other programs write and read: folders of Parquet, times of Spark's, clusters."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedupe_news as dn

if TYPE_CHECKING:
    from pathlib import Path

NOON = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)


def write(path: Path, names: list[str]) -> None:
    """Write documents of these ids, as Spark does: times as INT96, without a zone."""
    table = pa.table(
        {
            "id": names,
            "text": [f"what {name} has to say" for name in names],
            "published": pa.array([NOON] * len(names), pa.timestamp("us", "UTC")),
        }
    )
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)


def test_a_folder_of_files_is_read_in_their_order(tmp_path: Path) -> None:
    """But for what writers leave beside them; times are in UTC."""
    folder = tmp_path / "state.parquet"
    folder.mkdir()
    write(folder / "part-1.parquet", ["c"])
    write(folder / "part-0.parquet", ["a", "b"])
    (folder / "_SUCCESS").touch()
    (folder / "._part.parquet").write_bytes(b"no Parquet")
    index = dn.NewsIndex()

    assert index.import_from(folder) == 3

    assert list(index) == ["a", "b", "c"]
    assert {each.published for each in index.documents()} == {NOON}


def test_an_import_that_fails_says_what_came_before(tmp_path: Path) -> None:
    """The first part is in the index; within a batch nothing is."""
    folder = tmp_path / "state.parquet"
    folder.mkdir()
    write(folder / "part-0.parquet", ["a", "b"])
    write(folder / "part-1.parquet", ["c"])
    path = tmp_path / "feed.db"
    with dn.NewsIndex.open(path, policy="similar") as index:
        index.add("a", "something")
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TRIGGER third BEFORE INSERT ON events WHEN NEW.position = 3 "
        "BEGIN SELECT RAISE(ABORT, 'no third'); END"
    )
    connection.commit()
    connection.close()

    with dn.NewsIndex.open(path) as index:
        with pytest.raises(dn.StoreError, match=r"after the first 2 documents, which are in the"):
            index.import_from(folder)
        assert list(index) == ["a", "b"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """It is not a dataset of no documents, but a wrong path."""
    (tmp_path / "state.parquet").mkdir()
    with pytest.raises(dn.InputError, match=r"state\.parquet' holds no Parquet file"):
        dn.NewsIndex().import_from(tmp_path / "state.parquet")


def test_parquet_holds_the_clusters(tmp_path: Path) -> None:
    """Number and representative, also after representatives left and came again."""
    index = dn.NewsIndex()
    for name in ("a", "b", "c"):
        index.add(name, "Rain floods the old town and its market on Monday")
    index.add("d", "An item of its own about nothing that was there before")
    index.add("a", "Rain floods the old town and its market on Monday")
    index.remove("d")

    index.export_to(tmp_path / "index.parquet")

    table = pq.read_table(tmp_path / "index.parquet").to_pydict()
    clusters = dict(zip(table["id"], table["cluster"], strict=True))
    assert clusters == {name: index.cluster_of(name) for name in ("a", "b", "c")}
    representatives = [
        name for name, is_one in zip(table["id"], table["representative"], strict=True) if is_one
    ]
    assert representatives == ["a"]
