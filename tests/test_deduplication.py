"""A feed without its duplicates, in the type that it came in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import dedupe_news as dn

if TYPE_CHECKING:
    from collections.abc import Callable

STORM = "A storm cut the power of 4,000 homes in Tarnby on Sunday night, the grid operator said."
ROWS = [
    {"id": 7, "text": f"{STORM}", "published": "2026-03-02T05:00:00Z", "views": 3.5},
    {"id": 8, "text": "Nothing else happened.", "published": "2026-03-02T04:00:00Z", "views": None},
    {"id": 9, "text": f"{STORM}!!", "published": "2026-03-02T06:00:00Z", "views": 9.0},
    {"id": 6, "text": f"{STORM}", "published": None, "views": 1.0},
]
TEXTS = [str(row["text"]) for row in ROWS]


def quiet(feed: object, **options: Any) -> Any:  # noqa: ANN401 - of the type of the feed
    """Deduplicate without a bar, in one thread."""
    return dn.deduplicate(feed, progress=False, n_jobs=1, **options)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("preferred", [7, 8]),
        ("earliest", [7, 8]),
        ("latest", [8, 9]),
        ("longest", [8, 9]),
        ("views", [8, 9]),
        (lambda row: -row["views"], [8, 6]),
        (lambda row: row["text"].endswith("!"), [8, 9]),
        (lambda _row: None, [7, 8]),
    ],
)
@pytest.mark.parametrize(
    "make",
    [list, pd.DataFrame, pl.DataFrame, pa.Table.from_pylist, iter],
    ids=["list", "pandas", "polars", "arrow", "iterator"],
)
def test_whom_to_keep(make: Callable[[Any], Any], keep: object, expected: list[int]) -> None:
    """Whom to keep, by a rule, a column or a function of a row, in every kind of feed."""
    rows = quiet(make(ROWS), keep=keep)

    found = [row["id"] for row in rows] if isinstance(rows, list) else None
    if found is None:
        found = rows["id"].to_pylist() if isinstance(rows, pa.Table) else list(rows["id"])
    assert found == expected


def test_pandas_keeps_index_types_and_order() -> None:
    """What is left is a part of the table that came in."""
    feed = pd.DataFrame(ROWS, index=pd.Index(list("wxyz"), name="key")).astype({"id": "int16"})
    feed["published"] = pd.to_datetime(feed["published"])

    pd.testing.assert_frame_equal(quiet(feed), feed.loc[["w", "x"]])
    pd.testing.assert_series_equal(quiet(feed["text"]), feed["text"].loc[["w", "x"]])


def test_polars_keeps_its_schema() -> None:
    """Polars keeps the schema of frames, lazy frames and series."""
    feed = pl.DataFrame(ROWS)

    assert quiet(feed).equals(feed[[0, 1]])
    lazy = quiet(feed.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(feed[[0, 1]])
    assert quiet(feed["text"]).to_list() == TEXTS[:2]


def test_arrow_keeps_its_schema() -> None:
    """Of tables, record batches, arrays, and what gives them by the PyCapsule interface."""
    feed = pa.Table.from_pylist(ROWS)

    class Capsule:
        def __arrow_c_stream__(self, requested: object = None) -> object:
            return feed.__arrow_c_stream__(requested)

    assert quiet(feed).equals(feed.take([0, 1]))
    batch = feed.to_batches()[0]
    assert quiet(batch).equals(batch.take(pa.array([0, 1])))
    assert quiet(feed["text"]).to_pylist() == TEXTS[:2]
    assert quiet(pa.array(TEXTS)).to_pylist() == TEXTS[:2]
    assert quiet(Capsule()).equals(feed.take([0, 1]))


def test_plain_python_comes_back_as_it_came() -> None:
    """The very rows: lists of texts, mappings and documents, arrays, and columns in a dict."""
    assert quiet(TEXTS) == TEXTS[:2]
    assert quiet(tuple(TEXTS)) == TEXTS[:2]
    assert quiet(text for text in TEXTS) == TEXTS[:2]
    assert quiet(np.array(TEXTS)).tolist() == TEXTS[:2]
    kept = quiet(ROWS)
    assert [row is original for row, original in zip(kept, ROWS, strict=False)] == [True, True]
    documents = [dn.Document(text) for text in TEXTS]
    assert quiet(documents) == documents[:2]
    assert quiet(documents, keep=lambda document: len(document.text)) == documents[1:3]
    columns = {"text": TEXTS, "views": np.array([3, 1, 9, 1])}
    found = quiet(columns, keep="views")
    assert (found["text"], found["views"].tolist()) == (TEXTS[1:3], [1, 9])


def test_the_answer_of_a_server_comes_back_as_the_list_of_its_items() -> None:
    """Its other keys belong to no item."""
    items = [{"title": text} for text in TEXTS]

    assert quiet({"status": "ok", "articles": items}) == items[:2]


def test_all_that_cluster_takes_can_be_given() -> None:
    """Columns and settings; by similarity there are other clusters."""
    feed = [{"body": text} for text in (STORM, f"{STORM} More rain is expected.")]

    assert len(quiet(feed, text="body", policy="similar", threshold=0.5)) == 1
    assert len(quiet(feed, text="body", policy="similar", threshold=0.9)) == 2


@pytest.mark.parametrize("keep", ["preferred", "longest", "views", lambda row: row["views"] or 0])
def test_rows_fit_where_items_were_left_out(keep: object) -> None:
    """What cannot be read and is dropped does not come back, and moves nothing else."""
    feed = [{**ROWS[0], "id": 1, "published": "no time at all"}, *ROWS]

    kept = quiet(feed, keep=keep, on_invalid="drop", published="published")

    assert [row["id"] for row in kept] == [row["id"] for row in quiet(ROWS, keep=keep)]


def test_empty_feeds_come_back() -> None:
    """Empty feeds come back, in their types."""
    assert quiet([]) == []
    assert quiet(pd.DataFrame({"text": []})).empty


@pytest.mark.parametrize(
    ("feed", "keep", "error", "message"),
    [
        (ROWS, "best", dn.ColumnError, r"keep='best' is neither .* the columns are 'id', 'text'"),
        (TEXTS, "best", dn.ColumnError, r"keep='best' is neither a rule .* the feed has none"),
        (TEXTS, 3, dn.InputTypeError, "keep=3 is no rule, column or function; rules are 'pref"),
        (TEXTS, "latest", dn.InputError, "keep='latest' needs to know when items were published"),
        (Path("feed.parquet"), "latest", dn.InputTypeError, "has no rows in memory to give back"),
        ("text", "latest", dn.InputTypeError, "the feed is one str, not a collection"),
        (
            [{"text": STORM, "v": 1}, {"text": STORM, "v": "a"}],
            "v",
            dn.InputError,
            "keep cannot choose between 'a' of item 1 and 1, which cannot be compared",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(
    feed: object, keep: object, error: type[Exception], message: str
) -> None:
    """The message says what is allowed."""
    with pytest.raises(error, match=message):
        quiet(feed, keep=keep)


def test_the_preferred_item_is_always_kept() -> None:
    """Of a hundred copies and revisions, in any order, the earliest."""
    rng = np.random.default_rng(20261130)
    feed = [
        {
            "id": number,
            "text": f"{STORM} Part {number % 7} of the report follows." if number % 3 else STORM,
            "published": dt.datetime(2026, 3, 2, tzinfo=dt.UTC) + dt.timedelta(hours=number),
        }
        for number in range(100)
    ]
    for _ in range(5):
        mixed = [feed[at] for at in rng.permutation(100)]
        result = dn.cluster(mixed, progress=False, n_jobs=1)
        kept = set(result.kept.ids)
        assert kept == {row["id"] for row in quiet(mixed)}
        assert {min(cluster.members) for cluster in result.clusters} <= kept  # type: ignore[type-var]
