"""DataFrames of Spark's to the driver, through the engine in memory, and back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from pyspark.sql import types as T  # noqa: N812 - likewise

from dedupe_news._input.reading import read_documents
from dedupe_news.batch import cluster_columns
from dedupe_news.config import Config, settled
from dedupe_news.errors import (
    ColumnError,
    DedupeNewsError,
    DuplicateIdError,
    InputError,
    InputTypeError,
)
from dedupe_news.phrasing import counted
from dedupe_news.threads import resolve_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

    from dedupe_news.columns import Columns
    from dedupe_news.results import Clustering

_ROLES = ("id", "title", "text", "source", "published")
_IDS = (T.StringType, T.IntegralType, T.BinaryType, T.DecimalType)
_TIMES = (T.TimestampType, T.StringType)

_log = logging.getLogger("dedupe_news")


def cluster(
    df: DataFrame,
    *,
    id: str | None = None,  # noqa: A002 - the settled public name
    title: str | None = None,
    text: str | None = None,
    source: str | None = None,
    published: str | None = None,
    config: Config | None = None,
    **settings: Any,
) -> DataFrame:
    """
    Find the near-duplicates of a DataFrame of Spark's.

    The columns that are needed are brought to the driver, whose memory must
    hold them, and are clustered there by all its processors.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        The documents. Missing texts are empty, and match nothing.
    id, title, text, source, published : str, optional
        Names of the columns; by default those of these names. An id and a text
        there must be; ids are distinct strings, whole numbers, decimals or
        binary; times are timestamps, or strings with an offset.
    config : Config, optional
        The settings; the defaults where it is left out.
    **settings : Any
        Single settings of `Config` that take precedence over `config`.

    Returns
    -------
    pyspark.sql.DataFrame
        A row a document, in the order of ids: ``id``, as it was given;
        ``cluster`` (long), equal for the documents of one cluster;
        ``representative``, the id of the document of the cluster that is kept;
        ``relation`` (string) to that one, null for itself. Computed when the
        function returns.

    Raises
    ------
    InputTypeError
        If `df` is no DataFrame of Spark's, or a column is of a wrong type.
    InputError
        If a value cannot be used, an id is null, or times have no zone.
    DuplicateIdError
        If two documents share an id.
    ColumnError
        If a column does not exist.
    ConfigError
        If a setting is out of range.

    Notes
    -----
    The result is that of `dedupe_news.cluster` for the same documents in the
    order of their ids, with the same settings. Work that was bounded is a
    warning in the log "dedupe_news".
    """
    chosen = settled(config, settings)
    names = {"id": id, "title": title, "text": text, "source": source, "published": published}
    documents = _choose_columns(df, names)
    rows = _collect(documents)
    _check_ids(rows.column("id"))
    # Spark's rows come in any order, and ties go by position.
    rows = rows.sort_by("id") if rows.num_rows else rows
    n_jobs = resolve_jobs(-1)
    found = cluster_columns(_read(rows, n_jobs), chosen, n_jobs, lambda _stage: None)
    _say_bounded(found)
    return _distribute(rows.column("id"), found, documents)


def _choose_columns(df: DataFrame, choices: Mapping[str, str | None]) -> DataFrame:
    """Return the columns that matter, under the names of their roles; times in microseconds."""
    if not (hasattr(df, "mapInArrow") and hasattr(df, "schema")):
        message = (
            f"df is of type {type(df).__name__!r}; pass a DataFrame of Spark's, such as "
            "spark.read.parquet(...), or use dedupe_news.cluster for other data"
        )
        raise InputTypeError(message)
    chosen = []
    for role in _ROLES:
        name = choices[role]
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
            kind = df.schema[column].dataType
            _check_type(role, column, kind)
            values = F.col(f"`{column}`")
            # As numbers, which no time zone of a session moves.
            is_time = isinstance(kind, T.TimestampType)
            chosen.append((F.unix_micros(values) if is_time else values).alias(role))
        elif name is not None or role in {"id", "text"}:
            message = (
                f"there is no column {column!r} to take the {role} from; the columns are "
                f"{', '.join(map(repr, df.columns))}. Name the right one, as in {role}='...'"
            )
            raise ColumnError(message)
    return df.select(*chosen)


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


def _collect(documents: DataFrame) -> pa.Table:
    """Bring rows to the driver, as Arrow whose strings may be more than 2 GB together."""
    if hasattr(documents, "toArrow"):
        table = documents.toArrow()
    else:  # Spark 3.5
        rows = documents.collect()
        listed = {name: [row[name] for row in rows] for name in documents.columns}
        table = pa.table({name: pa.array(values) for name, values in listed.items()})
    # A list without a value is of the type null.
    large = [
        field.with_type(pa.large_string())
        if pa.types.is_string(field.type) or pa.types.is_null(field.type)
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(large))


def _check_ids(ids: pa.ChunkedArray) -> None:
    """Refuse ids that are missing or repeat."""
    if ids.null_count:
        message = (
            f"the id is null in {ids.null_count:,} of the documents; every document needs one. "
            "Fill it in, or drop them: df.dropna(subset=['id'])"
        )
        raise InputError(message)
    if pc.count_distinct(ids).as_py() < len(ids):
        counts = pc.value_counts(ids)
        most = pc.index(counts.field("counts"), pc.max(counts.field("counts"))).as_py()
        message = (
            f"{counts[most]['counts'].as_py():,} documents share the id "
            f"{counts[most]['values'].as_py()!r}; ids must be unique. Drop the others: "
            "df.dropDuplicates(['id'])"
        )
        raise DuplicateIdError(message)


def _read(rows: pa.Table, n_jobs: int) -> Columns:
    feed = {name: rows.column(name) for name in rows.column_names if name != "id"}
    if "published" in feed and pa.types.is_integer(feed["published"].type):
        feed["published"] = feed["published"].cast(pa.timestamp("us", "UTC"))
    try:
        found = {role: role if role in feed else None for role in _ROLES}
        return read_documents(
            feed,
            id=None,
            title=found["title"],
            text=found["text"],
            source=found["source"],
            published=found["published"],
            n_jobs=n_jobs,
        )
    except DedupeNewsError as error:
        message = (
            f"{error}. Positions count the documents in the order of their ids, from "
            f"{rows.column('id')[0].as_py()!r} on"
        )
        raise type(error)(message) from error


def _say_bounded(found: Clustering) -> None:
    bounded = found.bounded
    if bounded:
        _log.warning(
            "work was bounded: %s, %s pairs within not compared, %s representatives passed over",
            counted(bounded.n_large_buckets, "large bucket"),
            f"{bounded.n_pairs_not_compared:,}",
            f"{bounded.n_representatives_passed_over:,}",
        )


def _distribute(ids: pa.ChunkedArray, found: Clustering, documents: DataFrame) -> DataFrame:
    """Return the cluster of every document as a DataFrame of Spark's."""
    kind = documents.schema["id"].dataType
    schema = T.StructType(
        [
            T.StructField("id", kind),
            T.StructField("cluster", T.LongType()),
            T.StructField("representative", kind),
            T.StructField("relation", T.StringType()),
        ]
    )
    table = pa.table(
        {
            "id": ids,
            "cluster": found.labels,
            "representative": ids.take(pa.array(found.representatives[found.labels])),
            "relation": pa.array(found.to_dict()["relation"], pa.string()),
        }
    )
    spark = documents.sparkSession
    if hasattr(documents, "toArrow"):
        return spark.createDataFrame(table, schema)
    return spark.createDataFrame(list(zip(*table.to_pydict().values(), strict=True)), schema)
