"""Feeds in chunks: every kind is read as it would be at once."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pds
import pyarrow.parquet as pq
import pytest

import dedupe_news as dn
from dedupe_news import Config, Document
from dedupe_news.errors import ColumnError, DuplicateIdError, InputError, InputTypeError
from made_up_news import made_up_news
from small_steps import assert_same, run, small_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("compiled")

ROWS = [{**row, "title": f"Item {n % 5}"} for n, row in enumerate(made_up_news().rows)]
TABLE = pa.Table.from_pylist(ROWS)
CONFIG = Config(policy="similar", threshold=0.4)


def files(folder: Path) -> Path:
    """Write the table in several files of several row groups."""
    parts = folder / "parts"
    parts.mkdir()
    for number in range(3):
        table = TABLE.slice(number * 15, 15 if number < 2 else None)
        pq.write_table(table, parts / f"part-{number}.parquet", row_group_size=4)
    return parts


KINDS: dict[str, Callable[[Path], Any]] = {
    "mappings": lambda _: iter(ROWS),
    "documents": lambda _: (Document(**row) for row in ROWS),
    "list": lambda _: ROWS,
    "columns": lambda _: {name: [row[name] for row in ROWS] for name in ROWS[0]},
    "pandas": lambda _: pd.DataFrame(ROWS),
    "polars": lambda _: pl.DataFrame(ROWS),
    "lazy polars": lambda _: pl.LazyFrame(ROWS),
    "arrow": lambda _: TABLE,
    "stream": lambda _: TABLE.to_reader(max_chunksize=9),
    "data set": lambda _: pds.dataset(TABLE),
    "filtered": lambda folder: pds.dataset(files(folder)).filter(pds.field("id") != "no such"),
    "scanner": lambda folder: pds.dataset(files(folder)).scanner(),
    "Parquet data set": lambda folder: pds.dataset(files(folder), format="parquet"),
    "Parquet folder": files,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_feed(kind: str, tmp_path: Path) -> None:
    """Whatever holds the documents; they are shown as they were given."""
    with small_steps():
        found = run(KINDS[kind](tmp_path), CONFIG)

    assert len(found) == len(ROWS)
    assert_same(found, dn.cluster(ROWS, config=CONFIG, progress=False))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_feed_is_read_at_once_where_it_fits(kind: str, tmp_path: Path) -> None:
    """A limit alone does not send a small feed to the disk."""
    found = dn.cluster(KINDS[kind](tmp_path), config=CONFIG, memory_limit="30GB", progress=False)

    assert_same(found, dn.cluster(ROWS, config=CONFIG, progress=False))


def test_one_file_by_its_path(tmp_path: Path) -> None:
    """A path is a feed; other columns by name."""
    path = tmp_path / "feed.parquet"
    pq.write_table(TABLE.rename_columns({"text": "body"}), path)

    for work_folder in (None, tmp_path / "work"):
        found = dn.cluster(
            path, text="body", config=CONFIG, work_folder=work_folder, progress=False
        )

        assert_same(found, dn.cluster(ROWS, config=CONFIG, progress=False))


def test_values_beside_texts_are_cut_with_them() -> None:
    """Of a list and of an iterator."""
    texts = [row["text"] for row in ROWS]
    choices: dict[str, Any] = {
        name: [row[name] for row in ROWS] for name in ("id", "title", "source", "published")
    }
    expected = dn.cluster(texts, config=CONFIG, progress=False, **choices)

    for feed in (texts, iter(texts)):
        with small_steps():
            assert_same(run(feed, CONFIG, **choices), expected)


def test_rows_of_pandas_keep_their_names(tmp_path: Path) -> None:
    """The index of the frame is that of the result."""
    frame = pd.DataFrame(ROWS).set_index(pd.Index([f"row {n}" for n in range(len(ROWS))]))

    found = dn.cluster(frame, config=CONFIG, work_folder=tmp_path / "work", progress=False)

    assert found.to_frame().index.equals(frame.index)


def test_ids_are_numbers_too() -> None:
    """Whole numbers come back as Python's own."""
    texts = [row["text"] for row in ROWS]
    ids = [7 * n - 2**40 for n in range(len(texts))]

    with small_steps():
        found = run(iter(texts), CONFIG, id=ids)

    assert found.to_dict()["id"] == ids
    assert_same(found, dn.cluster(texts, id=ids, config=CONFIG, progress=False))


def test_sources_and_times_may_begin_late() -> None:
    """A key that only later mappings have is missing in those before."""
    feed = [
        {key: value for key, value in row.items() if n >= 20 or key in ("text", "title", "id")}
        for n, row in enumerate(ROWS)
    ]

    with small_steps():
        found = run(iter(feed), CONFIG)

    assert_same(found, dn.cluster(feed, config=CONFIG, progress=False))


def with_value(place: int, **changed: object) -> Iterator[dict[str, Any]]:
    """Give the rows, one of them changed."""
    for number, row in enumerate(ROWS):
        yield {**row, **changed} if number == place else row


@pytest.mark.parametrize(
    ("feed", "error", "message"),
    [
        (lambda: with_value(33, text=3), InputTypeError, "text of document 33 is 3 of type 'int'"),
        (lambda: with_value(33, text="\ud800"), InputError, "text of document 33 holds a lone"),
        (lambda: with_value(33, published="soon"), InputError, "time of document 33 is 'soon'"),
        (lambda: with_value(33, source=4), InputTypeError, "source of document 33 is 4"),
        (lambda: with_value(33, id=None), InputError, "id of document 33 is missing"),
        (lambda: with_value(33, id=("a", 1)), InputTypeError, "id of document 33 is .*'tuple'"),
        (
            lambda: with_value(33, id=ROWS[2]["id"]),
            DuplicateIdError,
            "documents 2 and 33 share the id",
        ),
        (lambda: (*ROWS[:30], "text"), InputTypeError, "document 30 is of type 'str'"),
        (
            lambda: ({"text": "a", **({"title": "b"} if n > 20 else {})} for n in range(30)),
            InputError,
            "the first title is among the documents from .*Give every document one",
        ),
        (lambda: ({"body": "a"} for _ in range(30)), ColumnError, "no column 'text'"),
        (lambda: "one text", InputTypeError, "not a collection"),
        (lambda: 3, InputTypeError, "'int' cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place_in_the_feed(
    feed: Callable[[], Any], error: type[Exception], message: str
) -> None:
    """Documents are counted from the first of the feed, not of a chunk."""
    made = feed()
    with small_steps(), pytest.raises(error, match=message):
        run(iter(made) if isinstance(made, tuple) else made, CONFIG)


def test_number_ids_that_repeat_or_do_not_fit() -> None:
    """Said with both places, and the value."""
    texts = ["a b c"] * 30
    with small_steps(), pytest.raises(DuplicateIdError, match="documents 4 and 29 share the id 4"):
        run(iter(texts), CONFIG, id=[*range(29), 4])
    with small_steps(), pytest.raises(InputTypeError, match="id of document 29 is 9223372036854"):
        run(iter(texts), CONFIG, id=[*range(29), 2**63])
    with small_steps(), pytest.raises(InputTypeError, match="id of document 29 is 'x'"):
        run(iter(texts), CONFIG, id=[*range(29), "x"])


def test_paths_that_hold_no_parquet(tmp_path: Path) -> None:
    """No file, another file, an empty folder, values beside a file."""
    with pytest.raises(InputError, match=r"none\.parquet cannot be read as Parquet"):
        dn.cluster(tmp_path / "none.parquet")
    (tmp_path / "feed.parquet").write_text("no", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        dn.cluster(tmp_path / "feed.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no Parquet file"):
        dn.cluster(tmp_path / "empty")
    with pytest.raises(InputError, match=r"source=\.\.\. holds values"):
        dn.cluster(files(tmp_path), source=["a"] * len(ROWS))


def test_documents_are_unchanged_by_chunks() -> None:
    """A dn.Document says itself what it is: choices beside it are refused as ever."""
    documents = [Document(**row) for row in ROWS]
    with pytest.raises(InputError, match=r"cannot be given beside a feed of dn\.Document"):
        run(iter(documents), CONFIG, title="title")
    assert dataclasses.asdict(documents[0])["title"] == "Item 0"
