"""Every accepted input becomes the same columns."""

from __future__ import annotations

import collections
import datetime as dt
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import ColumnError, Document, DuplicateIdError, InputError, InputTypeError
from dedupe_news._input.reading import read_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from dedupe_news._input.columns import Columns

TEXTS = ["Rain floods the old town", "", "Überschwemmung in 東京", "Sun"]
GIVEN = [TEXTS[0], None, *TEXTS[2:]]
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
ROWS = {
    "id": ["a", "b", "c"],
    "title": ["Rain", None, "Sun"],
    "text": ["It pours", "It snows", None],
    "source": ["Post", None, "Post"],
    "published": [NOON, None, NOON - dt.timedelta(days=1)],
}
CONTENTS = ["Rain\nIt pours", "\nIt snows", "Sun\n"]


class Stream:
    """Something with the Arrow PyCapsule stream and nothing else."""

    def __init__(self, data: pa.Array | pa.Table) -> None:
        self._data = data

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the capsule."""
        capsule: object = self._data.__arrow_c_stream__(requested_schema)
        return capsule


class Block:
    """Something with the Arrow PyCapsule array and nothing else."""

    def __init__(self, data: pa.Array | pa.Table) -> None:
        self._data = data

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        """Return the capsules."""
        capsules: object = self._data.__arrow_c_array__(requested_schema)
        return capsules


def contents(columns: Columns) -> list[str]:
    """Return the documents as text."""
    return [columns.content(position) for position in range(len(columns))]


def as_rows() -> list[dict[str, Any]]:
    """Return the table as mappings, one a document."""
    return [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)]


def sliced(array: pa.Array) -> pa.Array:
    """Return Arrow data with an offset: the same values, cut out of more."""
    more = pa.concat_arrays([pa.array(["before"], array.type), array, pa.array(["x"], array.type)])
    return more.slice(1, len(array))


@pytest.mark.parametrize(
    "feed",
    [
        pytest.param(list, id="list"),
        pytest.param(tuple, id="tuple"),
        pytest.param(iter, id="iterator"),
        pytest.param(lambda texts: (text for text in texts), id="generator"),
        pytest.param(lambda texts: dict(enumerate(texts)).values(), id="view"),
        pytest.param(collections.deque, id="deque"),
        pytest.param(lambda texts: np.array(texts, object), id="numpy object"),
        pytest.param(lambda texts: np.array(texts, object)[::1], id="numpy slice"),
        pytest.param(
            lambda texts: np.array(texts, np.dtypes.StringDType(na_object=None)), id="numpy string"
        ),
        pytest.param(lambda texts: pd.Series(texts, dtype=object), id="pandas object"),
        pytest.param(lambda texts: pd.Series(texts, dtype="str"), id="pandas str"),
        pytest.param(lambda texts: pd.Series(texts, dtype="string"), id="pandas string"),
        pytest.param(
            lambda texts: pd.Series(texts, dtype="string[python]"), id="pandas string[python]"
        ),
        pytest.param(
            lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())), id="pandas arrow"
        ),
        pytest.param(
            lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.large_string())),
            id="pandas large arrow",
        ),
        pytest.param(lambda texts: pd.Series(texts, dtype="category"), id="pandas category"),
        pytest.param(lambda texts: pd.Series(texts, index=[7, 7, 1, 0]), id="pandas any index"),
        pytest.param(pd.Index, id="pandas index"),
        pytest.param(pl.Series, id="polars"),
        pytest.param(lambda texts: pl.Series(texts, dtype=pl.Categorical), id="polars category"),
        pytest.param(
            lambda texts: pl.Series(texts, dtype=pl.Enum(sorted({*texts} - {None}))),
            id="polars enum",
        ),
        pytest.param(lambda texts: pl.Series(["x", *texts]).slice(1), id="polars slice"),
        pytest.param(lambda texts: pa.array(texts, pa.string()), id="arrow string"),
        pytest.param(lambda texts: pa.array(texts, pa.large_string()), id="arrow large"),
        pytest.param(lambda texts: pa.array(texts, pa.string_view()), id="arrow view"),
        pytest.param(lambda texts: pa.array(texts).dictionary_encode(), id="arrow dictionary"),
        pytest.param(
            lambda texts: pa.array(texts, pa.large_string()).dictionary_encode(),
            id="arrow large dictionary",
        ),
        pytest.param(lambda texts: sliced(pa.array(texts, pa.string())), id="arrow slice"),
        pytest.param(lambda texts: sliced(pa.array(texts, pa.large_string())), id="large slice"),
        pytest.param(lambda texts: pa.chunked_array([texts]), id="arrow chunk"),
        pytest.param(
            lambda texts: pa.chunked_array([texts[:1], [], texts[1:]], pa.string()),
            id="arrow chunks",
        ),
        pytest.param(
            lambda texts: pa.chunked_array([texts, ["x"]], pa.large_string()).slice(0, 4),
            id="arrow chunks slice",
        ),
        pytest.param(lambda texts: Stream(pa.chunked_array([texts])), id="stream capsule"),
        pytest.param(lambda texts: Block(pa.array(texts)), id="array capsule"),
        pytest.param(lambda texts: [{"text": text} for text in texts], id="mappings"),
        pytest.param(lambda texts: [Document(text) for text in texts], id="documents"),
        pytest.param(
            lambda texts: np.array([{"text": text} for text in texts], object),
            id="numpy of mappings",
        ),
        pytest.param(
            lambda texts: pd.Series([{"text": text} for text in texts]), id="pandas of mappings"
        ),
        pytest.param(lambda texts: ({"text": text} for text in texts), id="mappings generator"),
        pytest.param(lambda texts: (Document(text) for text in texts), id="documents generator"),
        pytest.param(
            lambda texts: [collections.ChainMap({"text": text}) for text in texts],
            id="any mapping",
        ),
    ],
)
def test_texts_of_any_kind(feed: Callable[[list[str | None]], object]) -> None:
    """A missing text is an empty one."""
    assert contents(read_documents(feed(list(GIVEN)))) == TEXTS


@pytest.mark.parametrize(
    "feed",
    [
        pytest.param(lambda: ROWS, id="mapping of columns"),
        pytest.param(as_rows, id="mappings"),
        pytest.param(
            lambda: [{k: v for k, v in row.items() if v is not None} for row in as_rows()],
            id="mappings with gaps",
        ),
        pytest.param(lambda: [Document(**row) for row in as_rows()], id="documents"),
        pytest.param(lambda: pd.DataFrame(ROWS), id="pandas"),
        pytest.param(lambda: pd.DataFrame(ROWS, index=[5, 5, 1]), id="pandas any index"),
        pytest.param(lambda: pd.DataFrame(ROWS).convert_dtypes(), id="pandas nullable"),
        pytest.param(
            lambda: pd.DataFrame(ROWS).convert_dtypes(dtype_backend="pyarrow"), id="pandas arrow"
        ),
        pytest.param(lambda: pl.DataFrame(ROWS), id="polars"),
        pytest.param(lambda: pl.LazyFrame(ROWS), id="polars lazy"),
        pytest.param(lambda: pa.table(ROWS), id="arrow table"),
        pytest.param(lambda: pa.record_batch(ROWS), id="arrow batch"),
        pytest.param(
            lambda: pa.concat_tables([pa.table(ROWS)] * 2).slice(3, 3), id="arrow table slice"
        ),
        pytest.param(
            lambda: pa.concat_batches([pa.record_batch(ROWS)] * 2).slice(3, 3),
            id="arrow batch slice",
        ),
        pytest.param(lambda: Stream(pa.table(ROWS)), id="stream capsule"),
        pytest.param(lambda: Block(pa.record_batch(ROWS)), id="array capsule"),
    ],
)
def test_tables_of_any_kind(feed: Callable[[], object]) -> None:
    """Columns of the known names are taken without being named."""
    columns = read_documents(feed())

    assert contents(columns) == CONTENTS
    assert columns.titled
    assert columns.ids is not None
    assert list(columns.ids) == ROWS["id"]
    assert [columns.id_of(position) for position in range(3)] == ROWS["id"]
    assert [columns.source_of(position) for position in range(3)] == ROWS["source"]
    assert [columns.published_at(position) for position in range(3)] == ROWS["published"]


@pytest.mark.parametrize(
    "library",
    [pd.DataFrame, pl.DataFrame, pa.table, dict],
    ids=["pandas", "polars", "arrow", "mapping"],
)
def test_columns_by_other_names(library: Callable[[dict[str, Any]], object]) -> None:
    """Named by keyword; the column of the usual name is then another's."""
    table = library(
        {"key": [1, 2], "head": ["A", "B"], "body": ["a", "b"], "text": ["no", "no"], "id": [0, 0]}
    )

    columns = read_documents(table, id="key", title="head", text="body")

    assert contents(columns) == ["A\na", "B\nb"]
    assert [columns.id_of(position) for position in range(2)] == [1, 2]


def test_keys_by_other_names() -> None:
    """Mappings have keys for columns."""
    feed = [{"body": "a", "when": NOON}, {"body": "b"}]

    columns = read_documents(feed, text="body", published="when")

    assert contents(columns) == ["a", "b"]
    assert [columns.published_at(position) for position in range(2)] == [NOON, None]


@pytest.mark.parametrize(
    "wrap",
    [
        list,
        tuple,
        iter,
        lambda values: np.array(values, object),
        lambda values: pd.Series(values, index=[3, 3]),
        pl.Series,
        pa.array,
        lambda values: Stream(pa.chunked_array([values])),
    ],
    ids=["list", "tuple", "iterator", "numpy", "pandas", "polars", "arrow", "capsule"],
)
def test_values_beside_texts(wrap: Callable[[list[Any]], Any]) -> None:
    """Columns may come from anywhere, as long as they have the length."""
    columns = read_documents(
        ["a", "b"],
        id=wrap(["x", "y"]),
        title=wrap(["A", None]),
        source=wrap(["Post", None]),
        published=wrap([NOON, None]),
    )

    assert contents(columns) == ["A\na", "\nb"]
    assert [columns.id_of(position) for position in range(2)] == ["x", "y"]
    assert [columns.source_of(position) for position in range(2)] == ["Post", None]
    assert [columns.published_at(position) for position in range(2)] == [NOON, None]


def test_values_beside_a_table() -> None:
    """A sequence stands for a column, also beside others by name."""
    columns = read_documents(pd.DataFrame({"body": ["a", "b"]}), text="body", id=[7, 8])

    assert columns.ids == [7, 8]


@given(rows=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=5))
def test_title_and_text_are_joined_by_a_newline(rows: list[tuple[str, str]]) -> None:
    """For any Unicode, on any number of threads."""
    feed = [{"title": title, "text": text} for title, text in rows]

    columns = read_documents(feed or [{"title": "", "text": ""}], n_jobs=2)

    expected = [(title.replace("\n", " "), text) for title, text in rows or [("", "")]]
    assert contents(columns) == [f"{title}\n{text}" for title, text in expected]


@given(texts=st.lists(st.text(max_size=20), max_size=6))
def test_texts_come_back_as_they_were(texts: list[str]) -> None:
    """Nothing is folded or lost on the way in."""
    assert contents(read_documents(texts)) == texts
    assert contents(read_documents(pa.array(texts, pa.string()))) == texts


def test_ids_of_any_hashable_kind() -> None:
    """They come back as they were given."""
    ids = ["a", 1, 2.5, (1, "b"), NOON]

    assert read_documents(["x"] * 5, id=ids).ids == ids


def test_positions_stand_for_ids() -> None:
    """Where none were given."""
    columns = read_documents(["a", "b"])

    assert columns.ids is None
    assert [columns.id_of(position) for position in range(2)] == [0, 1]


def test_documents_without_titles_are_texts_alone() -> None:
    """No newline is put before them."""
    columns = read_documents([Document("a"), Document("b")])

    assert not columns.titled
    assert contents(columns) == ["a", "b"]
    assert (columns.ids, columns.published, columns.sources) == (None, None, None)


def test_large_strings_are_not_copied() -> None:
    """The bytes already lie as UTF-8 there."""
    array = pa.array(TEXTS, pa.large_string())
    memory = np.frombuffer(array.buffers()[2], np.uint8)

    for feed in (array, pa.chunked_array([array]), pa.table({"text": array}), array[1:]):
        assert np.shares_memory(read_documents(feed).buffer, memory)


@pytest.mark.parametrize(
    "feed",
    [
        [],
        (),
        iter([]),
        np.array([], object),
        np.array([], str),
        pd.Series([], dtype=object),
        pd.DataFrame({"text": []}),
        pl.DataFrame({"text": []}),
        pl.Series([], dtype=pl.String),
        pa.array([], pa.string()),
        pa.array([]),
        pa.chunked_array([], pa.large_string()),
        pa.table({"text": pa.array([], pa.large_string())}),
        {"text": []},
    ],
)
def test_empty_feeds_have_no_documents(feed: object) -> None:
    """An empty batch is no error."""
    assert contents(read_documents(feed)) == []


@pytest.mark.parametrize(
    "feed",
    [
        [None, None],
        [float("nan"), None],
        np.array([None, np.nan], object),
        pd.Series([pd.NA, pd.NaT], dtype=object),
        pd.Series([None, None], dtype="string"),
        pl.Series([None, None]),
        pl.Series([None, None], dtype=pl.String),
        pa.nulls(2),
        pa.nulls(2, pa.large_string()),
        pa.chunked_array([pa.nulls(1, pa.string()), pa.nulls(1, pa.string())]),
        [{"text": None}, {"text": float("nan")}],
        [np.float64("nan"), pd.NA],
        [np.float32("nan"), np.datetime64("NaT")],
    ],
)
def test_missing_texts_of_any_kind_are_empty(feed: object) -> None:
    """None, NaN, NaT, NA and nulls."""
    assert contents(read_documents(feed)) == ["", ""]


def test_nul_characters_are_text() -> None:
    """They end nothing."""
    texts = ["a\0b", "\0", "a"]

    assert contents(read_documents(texts)) == texts


def test_texts_of_ten_megabytes_are_read() -> None:
    """One beside a short one."""
    columns = read_documents(["word " * 2_000_000, "short"])

    assert np.diff(columns.offsets).tolist() == [10_000_000, 5]


def test_lists_are_read_without_pyarrow(root: Path) -> None:
    """In a process that has none of the optional libraries, with the same errors."""
    code = """
import sys

sys.modules.update(dict.fromkeys(("pandas", "polars", "pyarrow"), None))
from dedupe_news import InputTypeError
from dedupe_news._input.reading import read_documents

texts = ["a", None, "\\u6771\\u4eac \\U0001f327", float("nan"), ""]
columns = read_documents(texts, title=["A", None, "B", "C", ""])
print(ascii([columns.content(position) for position in range(5)]))
try:
    read_documents(["a", b"b"])
except InputTypeError as error:
    print(error)
"""
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{root / 'src'}:{':'.join(sys.path)}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == [
        ascii(["A\na", "\n", "B\n東京 🌧", "C\n", "\n"]),
        (
            "the text of document 1 is b'b', which is of type 'bytes' and no text. Decode it "
            "first: value.decode('utf-8', 'replace'), or pass on_invalid=\"ignore\" to do without "
            'such values, "drop" without the items'
        ),
    ]


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        ("one text", r"^the feed is one str, .* Pass a list of texts, such as \[text\]"),
        (b"one text", "^the feed is one bytes, not a collection of documents"),
        (bytearray(b"x"), "^the feed is one bytearray"),
        (None, "^a feed of type 'NoneType' cannot be read; allowed are iterables of str"),
        (5, "^a feed of type 'int' cannot be read"),
        (object(), "^a feed of type 'object' cannot be read"),
        ([1, 2], "^the text of document 0 is 1, which is of type 'int' and no text. Pass str, or"),
        (["a", 2.5], "^the text of document 1 is 2.5, which is of type 'float'"),
        (
            ["a", b"b"],
            r"^the text of document 1 is b'b', which is of type 'bytes'.* value\.decode\('utf-8'",
        ),
        ([b"a"], "^the text of document 0 is b'a', which is of type 'bytes'"),
        ([bytearray(b"a")], r"^the text of document 0 is bytearray\(b'a'\)"),
        (np.array([b"a"]), "^the text of document 0 is b'a', which is of type 'bytes'"),
        (np.array([1, 2]), "^the text of document 0 is 1, which is of type 'int'"),
        (range(3), "^the text of document 0 is 0, which is of type 'int'"),
        ([["a"]], r"^document 0 is a list, \['a'\]; a document is a text, a mapping"),
        ([True], "^the text of document 0 is True, which is of type 'bool'"),
        (
            ["a", {"words": "b"}],
            r"^the text of document 1 is \{'words': 'b'\}, which is of type 'd",
        ),
        (
            [{"text": "a"}, "b"],
            "^document 1 is 'b', which is of type 'str', but the feed began with mappings",
        ),
        (
            [Document("a"), {}],
            "^document 1 is {}, which is of type 'dict', but the feed began with dn",
        ),
        (
            {"text": "hello"},
            r"^the feed is a mapping whose 'text' is 'hello', not a col.* \[item\]",
        ),
        ({"text": 5}, "^a column of type 'int' cannot be read"),
        (pd.Series([1, 2]), "^the text of document 0 is 1, which is of type 'int'"),
        (pd.Series([1, 2], dtype="Int64"), "^the text of document 0 is 1, which is of type 'int'"),
        (pl.Series([1.5]), "^the text of document 0 is 1.5, which is of type 'float'"),
        (pa.array([b"a"]), "^the text of document 0 is b'a', which is of type 'bytes'"),
        (pa.array([1]).dictionary_encode(), "^the text of document 0 is 1, which is of type 'int'"),
        (pa.table({"text": [[1]]}), r"^the text of document 0 is \[1\], which is of type 'list'"),
    ],
)
def test_feeds_of_wrong_types_are_refused(feed: object, message: str) -> None:
    """The message says which document, what it is and what is allowed."""
    with pytest.raises(InputTypeError, match=message):
        read_documents(feed)


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        (np.array([["a"], ["b"]]), r"^an array of 2 dimensions is no column .* array\[:, 0\]"),
        (np.array([["a"], ["b"]], object), "^an array of 2 dimensions is no column"),
        (np.array("a"), "^an array of 0 dimensions is no column"),
        (np.array(None, object), "^an array of 0 dimensions is no column"),
    ],
)
def test_values_that_cannot_be_used_are_refused(feed: object, message: str) -> None:
    """The message has the place and the remedy."""
    with pytest.raises(InputError, match=message):
        read_documents(feed)


@pytest.mark.parametrize(
    ("feed", "named", "message"),
    [
        (
            pd.DataFrame({"words": ["a"], "author": ["b"]}),
            {},
            (
                "^there is no column 'text', 'full_text', 'main_text', 'article_text' or the like "
                "to take the text from; the columns are 'words', 'author'. "
                r"Name the right one, as in text='\.\.\.'$"
            ),
        ),
        (pl.DataFrame({"text": ["a"]}), {"title": "head"}, "no column 'head' to take the title"),
        (pl.LazyFrame({"text": ["a"]}), {"id": "key"}, "no column 'key' to take the id from"),
        (pa.table({"text": ["a"]}), {"source": "x"}, "no column 'x' to take the source from"),
        (pa.record_batch({"text": ["a"]}), {"text": "x"}, "no column 'x' to take the text from"),
        ({"text": ["a"]}, {"published": "x"}, "no column 'x' to take the published from"),
        ([{"a": 1}, {"b": 2}], {}, "no column 'text', .*; the columns are 'a', 'b'"),
        ([{}], {}, "no column 'text', .*; the columns are none at all"),
        (pd.DataFrame(), {}, "the columns are none at all"),
        (pd.DataFrame([["a"]]), {"text": "0"}, "there is no column '0'"),
        (["a"], {"title": "head"}, "^title='head' names a column, but the feed is a sequence of"),
        (iter(["a"]), {"text": "body"}, "^text='body' names a column"),
    ],
)
def test_columns_that_do_not_exist_are_refused(
    feed: object, named: dict[str, str], message: str
) -> None:
    """The message lists those there are."""
    with pytest.raises(ColumnError, match=message):
        read_documents(feed, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["id", "title", "source", "published"])
@pytest.mark.parametrize("n_values", [0, 1, 3])
def test_lengths_that_differ_are_refused(name: str, n_values: int) -> None:
    """The message has both."""
    message = f"^column '{name}' has {n_values} values, but there are 2 texts; .* Pass None for"
    with pytest.raises(InputError, match=message):
        read_documents(["a", "b"], **{name: ["x", "y", "z"][:n_values]})  # type: ignore[arg-type]


def test_columns_of_a_mapping_that_differ_in_length_are_refused() -> None:
    """As beside a sequence."""
    with pytest.raises(InputError, match=r"^column 'id' has 1 values, but there are 2 texts"):
        read_documents({"text": ["a", "b"], "id": [1]})


def test_texts_twice_are_refused() -> None:
    """It is not clear which are meant."""
    with pytest.raises(InputError, match=r"^the feed is a sequence of texts already; text="):
        read_documents(["a"], text=["b"])


def test_columns_beside_documents_are_refused() -> None:
    """A Document says itself what it is."""
    with pytest.raises(InputError, match=r"^title=\.\.\. cannot be given beside a feed of dn.Doc"):
        read_documents([Document("a")], title=["A"])


@pytest.mark.parametrize(
    "ids",
    [["x", "y", "x"], np.array([1, 2, 1]), pd.Series([1, 2, 1]), pl.Series([1, 2, 1]),
     pa.array([1, 2, 1]), [1, 2, 1.0]],
    ids=["list", "numpy", "pandas", "polars", "arrow", "equal"],
)  # fmt: skip
def test_repeated_ids_are_refused(ids: Sequence[object]) -> None:
    """The message names both documents."""
    message = r"^the id of document 2 is .*, which is that of document 0 already\. Ids must be un"
    with pytest.raises(DuplicateIdError, match=message):
        read_documents(["a", "b", "c"], id=ids)


def test_more_documents_than_a_batch_holds_are_refused() -> None:
    """The message says how many there are, and how many are allowed."""
    with pytest.raises(InputError, match=r"^the feed has 3 documents, but one batch holds at most"):
        read_documents(["a", "b", "c"], most=2)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame([["a", "b"]], columns=["text", "text"]),
        pa.Table.from_arrays([pa.array(["a"])] * 2, ["text", "text"]),
        pa.RecordBatch.from_arrays([pa.array(["a"])] * 2, ["text", "text"]),
    ],
    ids=["pandas", "arrow table", "arrow batch"],
)
def test_two_columns_of_one_name_are_refused(table: object) -> None:
    """It is not clear which is meant."""
    with pytest.raises(InputError, match=r"(?s)'text'.* Rename its columns, or drop some"):
        read_documents(table)


class ListedKeys(dict[str, str]):
    """A dictionary whose keys come as a list, as those of some databases do."""

    def keys(self) -> list[str]:  # type: ignore[override]
        """Return the keys."""
        return list(self)


def test_mappings_need_no_view_of_their_keys() -> None:
    """A mapping is what can be iterated and looked up; later ones may have more keys."""
    feed = [ListedKeys(text="a b"), ListedKeys(text="c d", title="e"), {"text": "f"}]

    columns = read_documents(feed)

    assert [columns.content(at) for at in range(3)] == ["\na b", "e\nc d", "\nf"]
