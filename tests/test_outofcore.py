"""Feeds in chunks, whose text goes to a file: as at once."""

from __future__ import annotations

import dataclasses
import mmap
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pds
import pyarrow.parquet as pq
import pytest

import dedupe_news as dn
from dedupe_news._engine import outofcore
from dedupe_news._input.reading import read_documents
from dedupe_news._machine.available_memory import resident_memory
from dedupe_news._machine.space import MEMORY
from dedupe_news.documents import AUTO, Choices
from made_up_news import made_up_news

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dedupe_news._input.columns import Columns
    from dedupe_news.config import Policy

# Copies have one title: another number in it would tell them apart.
ROWS = [{**row, "title": f"Item {row['id'].rpartition('-')[0]}"} for row in made_up_news().rows]
TABLE = pa.Table.from_pylist(ROWS)
NO_CHOICES = Choices(id=AUTO, title=AUTO, text=AUTO, source=AUTO, published=AUTO)


def folder_of(folder: Path) -> Path:
    """Write the table in several files of several row groups."""
    parts = folder / "parts"
    parts.mkdir()
    for number in range(3):
        table = TABLE.slice(number * 15, 15 if number < 2 else None)
        pq.write_table(table, parts / f"part-{number}.parquet", row_group_size=4)
    return parts


def file_of(folder: Path) -> Path:
    """Write the table in one file."""
    pq.write_table(TABLE, folder / "news.pq", row_group_size=10)
    return folder / "news.pq"


KINDS: dict[str, Callable[[Path], Any]] = {
    "mappings": lambda _: iter(ROWS),
    "documents": lambda _: (dn.Document(**row) for row in ROWS),
    "list": lambda _: ROWS,
    "columns": lambda _: {name: [row[name] for row in ROWS] for name in ROWS[0]},
    "pandas": lambda _: pd.DataFrame(ROWS),
    "lazy polars": lambda _: pl.LazyFrame(ROWS),
    "arrow": lambda _: TABLE,
    "stream": lambda _: TABLE.to_reader(max_chunksize=9),
    "data set": lambda _: pds.dataset(TABLE),
    "filtered": lambda folder: pds.dataset(folder_of(folder)).filter(pds.field("id") != "none"),
    "scanner": lambda folder: pds.dataset(folder_of(folder)).scanner(),
    "Parquet data set": lambda folder: pds.dataset(folder_of(folder), format="parquet"),
    "Parquet folder": folder_of,
    "Parquet file": file_of,
}


def read(feed: object, *, chunk_size: int = 7, **choices: Any) -> Columns:
    """Read a feed in small chunks, with its text in a file."""
    given: Any = {**NO_CHOICES, **choices}
    with outofcore.opened(feed, given, dn.Config(), "64GB", None, 1, chunk_size) as (columns, _):
        return columns


def rows_of(columns: Columns) -> list[tuple[Any, ...]]:
    """Return all that columns say of each document."""
    return [
        (columns.id_of(at), columns.content(at), columns.source_of(at), columns.published_at(at))
        for at in range(len(columns))
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_feed_is_read_as_at_once(kind: str, tmp_path: Path) -> None:
    """Every kind of feed has the same columns in chunks as a list of its rows."""
    found, expected = read(KINDS[kind](tmp_path)), read_documents(ROWS)

    assert rows_of(found) == rows_of(expected)
    assert found.titled
    assert list(found.source_names) == list(expected.source_names)


@pytest.mark.parametrize("policy", ["news", "similar"])
@pytest.mark.parametrize("kind", ["mappings", "list", "stream", "Parquet folder", "Parquet file"])
@pytest.mark.usefixtures("compiled")
def test_answers_are_those_of_memory(kind: str, policy: Policy, tmp_path: Path) -> None:
    """Labels, representatives and matches are the same wherever the text is."""
    expected = dn.cluster(ROWS, policy=policy, progress=False)
    found = dn.cluster(
        KINDS[kind](tmp_path),
        policy=policy,
        memory_limit="64GB",
        work_folder=tmp_path / "work",
        progress=False,
    )

    assert len(expected.clusters) > 5
    assert found.labels.tolist() == expected.labels.tolist()
    assert found.representatives.tolist() == expected.representatives.tolist()
    assert found.to_dict()["relation"] == expected.to_dict()["relation"]
    assert [match.probability for match in found.matches] == [
        match.probability for match in expected.matches
    ]
    assert found.columns.content(3) == expected.columns.content(3)


def test_text_is_mapped_from_a_file_that_nobody_sees(tmp_path: Path) -> None:
    """The text is read-only memory of a file without a name in a folder that is made."""
    work = tmp_path / "new" / "work"
    with outofcore.opened(iter(ROWS), NO_CHOICES, dn.Config(), None, work, 1, 7) as (found, _):
        assert [path.name for path in work.glob("**/*") if path.is_file()] == ["owner.json"]
    assert isinstance(found.buffer.base, memoryview)
    assert isinstance(found.buffer.base.obj, mmap.mmap)
    assert not found.buffer.flags.writeable
    assert list(work.iterdir()) == []


def test_one_small_chunk_stays_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A short feed needs no file where neither a limit nor a folder is given."""
    monkeypatch.setattr(tempfile, "TemporaryFile", None)
    pq.write_table(TABLE, tmp_path / "news.parquet")

    feed = tmp_path / "news.parquet"
    with outofcore.opened(feed, NO_CHOICES, dn.Config(), None, None, 1) as (found, where):
        assert where is MEMORY

    assert rows_of(found) == rows_of(read_documents(ROWS))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_of_a_run_that_failed(error: type[BaseException], tmp_path: Path) -> None:
    """A feed that fails in its midst leaves no file, and the folder can be used again."""

    def failing() -> Iterator[dict[str, Any]]:
        yield from ROWS
        raise error

    def read_all(feed: Iterator[Any]) -> int:
        with outofcore.opened(feed, NO_CHOICES, dn.Config(), None, tmp_path, 1, 7) as (found, _):
            return len(found)

    with pytest.raises(error):
        read_all(failing())
    assert list(tmp_path.iterdir()) == []

    assert read_all(iter(ROWS)) == len(ROWS)


@pytest.mark.parametrize("kind", [iter, list, lambda _: TABLE.slice(0, 0).to_reader()])
def test_nothing_at_all_is_read(kind: Callable[[list[str]], object]) -> None:
    """A feed without a document has columns without one."""
    found = read(kind([]))

    assert len(found) == 0
    assert found.buffer.tolist() == []


def test_keys_sources_and_times_may_begin_late() -> None:
    """What the first documents lack is missing in these alone."""
    feed = [{"text": f"item {n}"} for n in range(9)]
    late = {"text": "the last", "source": "paper", "published": "2030-01-01T00:00Z"}

    found = read(iter([*feed, late]))

    assert rows_of(found) == rows_of(read_documents([*feed, late]))


def test_files_may_lack_columns_that_others_have(tmp_path: Path) -> None:
    """A file without titles, and whose numbers are narrower, is read as the others."""
    pq.write_table(pa.table({"id": pa.array([1, 2], pa.int32()), "text": ["a", "b"]}),
                   tmp_path / "a.parquet")  # fmt: skip
    pq.write_table(pa.table({"id": [2**40], "title": ["head"], "text": ["c"]}),
                   tmp_path / "b.parquet")  # fmt: skip

    found = read(tmp_path)

    assert [found.content(at) for at in range(3)] == ["\na", "\nb", "head\nc"]
    assert [found.id_of(at) for at in range(3)] == [1, 2, 2**40]


def test_rows_of_pandas_keep_their_names() -> None:
    """The result has the index of the feed."""
    frame = pd.DataFrame(ROWS[:5], index=list("abcde"))

    found = dn.cluster(frame, memory_limit="64GB", progress=False)

    assert list(found.to_frame().index) == list("abcde")


TEXTS = [{"text": f"item {n}"} for n in range(10)]


@pytest.mark.parametrize(
    ("feed", "choices", "error", "message"),
    [
        ([*TEXTS, {"text": b"bytes"}], {}, dn.InputTypeError, "text of document 10"),
        ([*TEXTS, {"text": "x", "title": "late"}], {}, dn.InputError, "the first title is among"),
        ([*TEXTS, "a text"], {}, dn.InputTypeError, "document 10 .*'str'.*began with mappings"),
        ([dn.Document("a")] * 9, {"id": "key"}, dn.InputError, "cannot be given beside"),
        (["a"] * 9, {"source": "paper"}, dn.ColumnError, "names a column"),
        (
            [{"id": n % 9, "text": ""} for n in range(10)],
            {},
            dn.DuplicateIdError,
            "id of document 9 is 0, which is that of document 0",
        ),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place_in_the_feed(
    feed: list[Any], choices: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Positions count from the beginning of the feed, not of a chunk."""
    with pytest.raises(error, match=message):
        read(iter(feed), **choices)


def test_wrapped_texts_are_read_wherever_a_chunk_begins() -> None:
    """A feed that began with texts goes on as texts."""
    feed = ["a"] * 7 + [{"text": "x"}, "b", None]

    assert [row[1] for row in rows_of(read(iter(feed)))] == ["a"] * 7 + ["x", "b", ""]


def test_ids_of_arrow_may_not_repeat_either() -> None:
    """Two batches of a stream hold one id."""
    again = pa.concat_tables([TABLE, TABLE.slice(3, 1)]).to_reader(max_chunksize=9)

    with pytest.raises(dn.DuplicateIdError, match="is that of document 3 already"):
        read(again)


def test_columns_of_a_file_are_looked_at_before_it_is_read(tmp_path: Path) -> None:
    """Columns that are missing or given as values are refused, and what is no Parquet."""
    file = file_of(tmp_path)
    with pytest.raises(dn.ColumnError, match="no column 'body' to take the text from"):
        read(file, text="body")
    with pytest.raises(dn.InputError, match=r"source=\.\.\. holds values"):
        read(file, source=["paper"])
    with pytest.raises(dn.InputTypeError, match="cannot be the text"):
        read(TABLE.to_reader(), text="published")
    (tmp_path / "empty").mkdir()
    with pytest.raises(dn.InputError, match="holds no Parquet file"):
        read(tmp_path / "empty")
    file.write_text("no Parquet")
    with pytest.raises(dn.InputError, match="is not Parquet that can be read"):
        read(file)


def test_files_that_are_damaged_are_said_to_be(tmp_path: Path) -> None:
    """A page that cannot be decoded is an error of the input."""
    file = file_of(tmp_path)
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)
    file.write_bytes(content)

    with pytest.raises(dn.InputError, match="cannot be read from document 0 on"):
        read(file)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(5, 5), ("7", 7), ("2GB", 2 * 10**9), ("1.5 kb", 1500), ("512MiB", 512 * 2**20)],
)
def test_limits_are_bytes_or_texts(limit: int | str, expected: int) -> None:
    """Units are of 1,000 or 1,024."""
    assert outofcore.parse_limit(limit) == expected


@pytest.mark.parametrize("limit", ["much", "", "-1GB", 0, -5, 2.5, True, "0.1"])
def test_other_limits_are_refused(limit: object) -> None:
    """What is no amount of memory is an error."""
    with pytest.raises(dn.ConfigError, match="is no amount of memory"):
        outofcore.parse_limit(limit)


@pytest.mark.parametrize("kind", ["mappings", "list", "stream", "Parquet folder"])
def test_too_little_memory_is_refused(kind: str, tmp_path: Path) -> None:
    """What is needed, what was given and a remedy are said."""
    work = tmp_path / "work"
    with pytest.raises(
        dn.ConfigError,
        match=r"memory_limit=1,000,000 bytes is too little: .* documents need about .* on disk\. "
        r"Allow at least .* NewsIndex",
    ):
        dn.cluster(KINDS[kind](tmp_path), memory_limit="1MB", work_folder=work, progress=False)
    assert not work.exists(), "it was said before the work began"


def test_a_feed_of_unknown_size_is_refused_as_it_is_read() -> None:
    """Reading stops where what was read needs more than the limit."""
    asked = 0

    def endless() -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield "word " * 1000

    limit = resident_memory() + 97_000_000

    with (
        pytest.raises(dn.ConfigError, match="is too little"),
        outofcore.opened(endless(), NO_CHOICES, dn.Config(), limit, None, 1, 100),
    ):
        pytest.fail("it was read to its end")
    assert asked < 20_000


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    """A file in the place of the folder is said, with a remedy."""
    file = file_of(tmp_path)
    with pytest.raises(dn.WorkFolderError, match=r"news\.pq' cannot be used: .* can be written"):
        dn.cluster(ROWS, work_folder=file, progress=False)


def test_disk_without_room_is_said_before_the_work_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the size of the feed is known."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100))

    with pytest.raises(dn.WorkFolderFullError, match=r"needs about .* bytes of disk .*work_folder"):
        dn.cluster(file_of(tmp_path), work_folder=tmp_path / "work", progress=False)
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_disk_that_fills_up_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """While the text is written."""
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Path("/dev/full").open("w+b", 0))  # noqa: SIM115 - the space closes it

    with pytest.raises(dn.WorkFolderFullError, match="does not fit on the disk"):
        dn.cluster(ROWS, work_folder=tmp_path, progress=False)


def test_results_are_copied_with_their_text() -> None:
    """Columns of a mapped file may be changed in part, and read on."""
    found = read(iter(ROWS))
    some = dataclasses.replace(found, offsets=found.offsets[:4])

    assert [some.content(at) for at in range(3)] == [found.content(at) for at in range(3)]
