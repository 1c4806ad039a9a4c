"""DataFrames of Spark's to clusters: every worker tokenises, one compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from pyspark.sql import types as T  # noqa: N812 - likewise

from dedupe_news.config import Config, settled
from dedupe_news.errors import ColumnError, InputError, InputTypeError
from dedupe_news.integrations.spark import tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

_ROLES = ("id", "title", "text", "source", "published")
_IDS = (T.StringType, T.IntegralType, T.BinaryType, T.DecimalType)
_TIMES = (T.TimestampType, T.StringType)

_TOKENS = {
    "id": None,
    "source": T.StringType(),
    "published": T.LongType(),
    "hashes": T.BinaryType(),
    "flags": T.BinaryType(),
    "cut_off": T.BooleanType(),
    "digest": T.LongType(),
}
_FOUND = {
    "id": None,
    "cluster": T.LongType(),
    "representative": None,
    "relation": T.StringType(),
}


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

    Every worker tokenises the documents of its partitions; one task, on one
    executor, compares the texts of all. Nothing is brought to the driver.

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
        A row a document: ``id``, as it was given; ``cluster`` (long), equal for
        the documents of one cluster; ``representative``, the id of the document
        of the cluster that is kept; ``relation`` (string) to that one, null for
        itself. Computed when it is asked for, and anew each time: ``cache()`` it
        to use it twice.

    Raises
    ------
    InputTypeError
        If `df` is no DataFrame of Spark's, or a column is of a wrong type.
    InputError
        If a column of times has no zone, or two columns share a name.
    ColumnError
        If a column does not exist.
    ConfigError
        If a setting is out of range.

    Notes
    -----
    The result is that of `dedupe_news.cluster` for the same documents in the
    order of their ids, with the same settings. Ids that are null or repeat, and
    times without a zone, are found when it is computed: Spark's exception then
    ends with that of this library. Work that was bounded is a warning in the log
    "dedupe_news" of the worker.
    """
    chosen = settled(config, settings)
    names = {"id": id, "title": title, "text": text, "source": source, "published": published}
    documents = _choose_columns(df, names)
    kind = documents.schema["id"].dataType
    n_jobs = _cores_of_an_executor(documents.sparkSession)
    tokens = documents.mapInArrow(
        lambda batches: tasks.tokenised(batches, chosen), _schema(_TOKENS, kind)
    )
    # Rows of Spark's come in any order, and ties go by position.
    together = tokens.repartition(1).sortWithinPartitions("id")
    return together.mapInArrow(
        lambda batches: tasks.clustered(batches, chosen, n_jobs), _schema(_FOUND, kind)
    )


def _schema(fields: Mapping[str, T.DataType | None], id_kind: T.DataType) -> T.StructType:
    """Return the schema of fields; those without a type are of that of ids."""
    return T.StructType([T.StructField(name, kind or id_kind) for name, kind in fields.items()])


def _cores_of_an_executor(spark: SparkSession) -> int:
    """Return the threads that the one task that compares texts may use; -1 for all."""
    cores = spark.conf.get("spark.executor.cores", None)
    return int(cores) if cores else -1


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
