"""Rows of the user's to rows of tokens, one a document."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import xxhash
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from pyspark.sql import types as T  # noqa: N812 - likewise

from dedupe_news.columns import NO_SOURCE, NO_TIME
from dedupe_news.documents import read_documents
from dedupe_news.errors import (
    ColumnError,
    DedupeNewsError,
    DuplicateIdError,
    InputError,
    InputTypeError,
)
from dedupe_news.kernels import shingling
from dedupe_news.text import tokenize
from dedupe_news.texts import source_digests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from dedupe_news.config import Config
    from dedupe_news.spark.workspace import Workspace

ROLES = ("id", "title", "text", "source", "published")
"""What a column can be."""

_READ = (
    "digest long, check long, n_tokens int, time long, content long, source long, "
    "cut_off int, tokens binary, flags binary"
)
_IDS = (T.StringType, T.IntegralType, T.BinaryType, T.DecimalType)
_TIMES = (T.TimestampType, T.StringType)
_SIGN = np.uint64(1 << 63)


def choose_columns(df: DataFrame, choices: Mapping[str, str | None]) -> DataFrame:
    """
    Return the columns that matter, under the names of their roles.

    Parameters
    ----------
    df : DataFrame
        The user's.
    choices : mapping of str to str or None
        The column of each of `ROLES`; None for the one of that name, if there
        is one.

    Returns
    -------
    DataFrame
        With at least ``id`` and ``text``.

    Raises
    ------
    InputTypeError
        If `df` is no DataFrame of Spark's, or a column is of a wrong type.
    InputError
        If times have no time zone, or two columns have one name.
    ColumnError
        If a column does not exist.
    """
    if not (hasattr(df, "mapInArrow") and hasattr(df, "schema")):
        message = (
            f"df is of type {type(df).__name__!r}; pass a DataFrame of Spark's, such as "
            "spark.read.parquet(...), or use dedupe_news.cluster for what fits in memory"
        )
        raise InputTypeError(message)
    chosen = {}
    for role in ROLES:
        name = choices.get(role)
        if name is not None and not isinstance(name, str):
            message = f"{role}={name!r} is of type {type(name).__name__!r}; pass a column's name"
            raise InputTypeError(message)
        column = role if name is None else name
        if column in df.columns:
            if df.columns.count(column) > 1:
                message = (
                    f"the DataFrame has {df.columns.count(column)} columns of the name "
                    f"{column!r}, so that it is not clear which is the {role}. Rename one"
                )
                raise InputError(message)
            _check_type(role, column, df.schema[column].dataType)
            chosen[role] = column
        elif name is not None or role in {"id", "text"}:
            message = (
                f"there is no column {column!r} to take the {role} from; the columns are "
                f"{', '.join(map(repr, df.columns))}. Name the right one, as in {role}='...'"
            )
            raise ColumnError(message)
    return df.select(*[F.col(f"`{name}`").alias(role) for role, name in chosen.items()])


def _check_type(role: str, column: str, kind: T.DataType) -> None:
    if isinstance(kind, T.TimestampNTZType):
        message = (
            f"the column {column!r} is of type {kind.simpleString()!r}, which has no time zone, "
            "so that the moment is unknown. Say which: "
            f"F.to_utc_timestamp({column!r}, 'Europe/Oslo') after a cast to timestamp"
        )
        raise InputError(message)
    allowed: tuple[Any, ...] = (T.StringType,)
    words = "strings"
    if role == "id":
        allowed, words = _IDS, "strings, whole numbers, decimals or binary"
    elif role == "published":
        allowed, words = _TIMES, "timestamps, or strings with an offset"
    if not isinstance(kind, allowed):
        message = (
            f"the column {column!r} is of type {kind.simpleString()!r}, which cannot be the "
            f"{role}; it must hold {words}. Cast it first"
        )
        raise InputTypeError(message)


def check_ids(documents: DataFrame, space: Workspace) -> None:
    """
    Refuse ids that are missing or repeat.

    Parameters
    ----------
    documents : DataFrame
        With a column ``id``.
    space : Workspace
        Of the run.

    Raises
    ------
    InputError
        If an id is null.
    DuplicateIdError
        If two documents share one.
    """
    refused = (
        documents.groupBy("id").count().where(F.col("id").isNull() | (F.col("count") > 1)).limit(1)
    )
    for row in space.collect(refused, of_messages=False):
        if row["id"] is None:
            message = (
                f"the id is null in {row['count']:,} of the documents; every document needs one. "
                "Fill it in, or drop them: df.dropna(subset=['id'])"
            )
            raise InputError(message)
        message = (
            f"{row['count']:,} documents share the id {row['id']!r}; ids must be unique. Drop "
            "the others: df.dropDuplicates(['id'])"
        )
        raise DuplicateIdError(message)


def read_rows(documents: DataFrame, config: Config) -> DataFrame:
    """
    Read the tokens of every document.

    Parameters
    ----------
    documents : DataFrame
        From `choose_columns`.
    config : Config
        The settings.

    Returns
    -------
    DataFrame
        All columns but the texts, and: ``digest`` of the tokens, which sorts as
        `dedupe_news.texts.Texts` has it once read as signed; ``check``, a
        second digest; ``n_tokens``; ``time`` in microseconds; ``content``, the
        digest of the very bytes; ``source``, that of its name, or `NO_SOURCE`;
        ``cut_off``; ``tokens`` and ``flags``.
    """
    kept = [field for field in documents.schema.fields if field.name not in ROLES[1:]]
    names = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in kept)
    read = partial(_read_batches, config, [field.name for field in kept])
    return documents.mapInArrow(read, f"{names}, {_READ}")


def _read_batches(
    config: Config, kept: list[str], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if batch.num_rows:
            yield _read_batch(config, kept, batch)


def _read_batch(config: Config, kept: list[str], batch: pa.RecordBatch) -> pa.RecordBatch:
    given = [name for name in ROLES[1:] if name in batch.schema.names]
    try:
        columns = read_documents({name: batch.column(name) for name in given})
    except DedupeNewsError as error:
        message = (
            f"{error}. Positions count from the document of the id "
            f"{batch.column('id')[0].as_py()!r} on, with which a batch of Spark's begins"
        )
        raise type(error)(message) from error
    n_documents = len(columns)
    tokens = tokenize(
        columns.buffer, columns.offsets, config, columns.sources, columns.source_names
    )
    digests = np.empty(n_documents, np.uint64)
    shingling.fill_digests(tokens.hashes, tokens.offsets, 0, n_documents, digests)
    if columns.sources is None:
        sources = np.full(n_documents, NO_SOURCE, np.int64)
    else:
        sources = source_digests(columns.source_names)[columns.sources]
    times = columns.published
    arrays = {
        "digest": as_signed(digests),
        "check": _digests(tokens.hashes, tokens.offsets, xxhash.xxh3_64_intdigest).view(np.int64),
        "n_tokens": np.diff(tokens.offsets).astype(np.int32),
        "time": np.full(n_documents, NO_TIME) if times is None else times,
        "content": as_signed(_digests(columns.buffer, columns.offsets, xxhash.xxh64_intdigest)),
        "source": sources,
        "cut_off": tokens.cut_off.astype(np.int32),
    }
    named = {name: batch.column(name) for name in kept}
    named |= {name: pa.array(values) for name, values in arrays.items()}
    named["tokens"] = _as_binary(tokens.hashes, tokens.offsets)
    named["flags"] = _as_binary(tokens.flags, tokens.offsets)
    return pa.RecordBatch.from_pydict(named)


def as_signed(digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """
    Return unsigned digests as signed ones of the same order, or the other way round.

    Parameters
    ----------
    digests : ndarray of uint64, shape (n,)
        Digests; or int64 from this function, viewed as uint64.

    Returns
    -------
    ndarray of int64, shape (n,)
        Spark has no unsigned integers.
    """
    return (digests ^ _SIGN).view(np.int64)


def _digests(
    values: NDArray[Any], offsets: NDArray[np.int64], digest: Callable[[bytes], int]
) -> NDArray[np.uint64]:
    data = values.tobytes()
    bounds = (offsets * values.itemsize).tolist()
    found = [digest(data[start:stop]) for start, stop in pairwise(bounds)]
    return np.array(found, np.uint64)


def _as_binary(values: NDArray[Any], offsets: NDArray[np.int64]) -> pa.Array:
    bounds = ((offsets - offsets[0]) * values.itemsize).astype(np.int32)
    used = np.ascontiguousarray(values[offsets[0] : offsets[-1]])
    return pa.Array.from_buffers(
        pa.binary(), len(offsets) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(used)]
    )
