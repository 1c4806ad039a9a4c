"""DataFrames of Spark's to clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from pyspark.sql import types as T  # noqa: N812 - likewise

from dedupe_news._input.reading import read_documents
from dedupe_news._input.rules import reading
from dedupe_news.config import Config, settled
from dedupe_news.documents import AUTO, Choices
from dedupe_news.errors import ColumnError, InputTypeError, listed
from dedupe_news.integrations.spark import tasks

if TYPE_CHECKING:
    import datetime as dt

    from pyspark.sql import Column, DataFrame

    from dedupe_news._input.rules import OnInvalid
    from dedupe_news.documents import ColumnChoice

_IDS = (T.StringType, T.IntegralType, T.BinaryType, T.DecimalType)
_WORDS = (T.StringType, T.NullType, T.ArrayType, T.MapType, T.StructType)


def cluster(
    df: DataFrame,
    *,
    id: ColumnChoice = AUTO,  # noqa: A002 - the settled public name
    title: ColumnChoice = AUTO,
    text: ColumnChoice = AUTO,
    source: ColumnChoice = AUTO,
    published: ColumnChoice = AUTO,
    on_invalid: OnInvalid = "raise",
    timezone: str | dt.tzinfo | None = None,
    date_format: str | None = None,
    config: Config | None = None,
    **settings: Any,
) -> DataFrame:
    """
    Find the near-duplicates of a DataFrame of Spark's.

    One task, on one executor, compares the documents of all partitions. Nothing
    is brought to the driver.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        The documents. Missing texts are empty, and match nothing.
    id, title, text, source, published : str, optional
        Names of the columns; by default those of the usual names, as in
        `dedupe_news.cluster`; None for no column. An id there must be: distinct
        strings, whole numbers, decimals or binary.
    on_invalid, timezone, date_format : str, optional
        How values are read, as in `dedupe_news.cluster`. With ``"drop"`` the
        result has no row for a document that is left out.
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
        If two columns share a name.
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
    choices = Choices(id=id, title=title, text=text, source=source, published=published)
    with reading(on_invalid=on_invalid, timezone=timezone, date_format=date_format):
        id_column, columns = used_columns(df, choices)
    cores = df.sparkSession.conf.get("spark.executor.cores", None)
    options = {
        **{role: choice for role, choice in choices.items() if role != "id"},
        "on_invalid": on_invalid,
        "timezone": timezone,
        "date_format": date_format,
        "config": chosen,
        "n_jobs": int(cores) if cores else -1,
    }
    kind = df.schema[id_column].dataType
    schema = T.StructType(
        [
            T.StructField("id", kind),
            T.StructField("cluster", T.LongType()),
            T.StructField("representative", kind),
            T.StructField("relation", T.StringType()),
        ]
    )
    # Rows of Spark's come in any order, and ties go by position.
    together = df.select(*map(_quoted, columns)).repartition(1)
    return together.sortWithinPartitions(_quoted(id_column)).mapInArrow(
        lambda batches: tasks.clustered(batches, id_column, options), schema
    )


def _quoted(column: str) -> Column:
    return F.col(f"`{column.replace('`', '``')}`")


def used_columns(df: DataFrame, choices: Choices) -> tuple[str, list[str]]:
    """Return the column of ids, and all that are used, refused where they cannot be."""
    if not (hasattr(df, "mapInArrow") and hasattr(df, "schema")):
        message = (
            f"df is of type {type(df).__name__!r}; pass a DataFrame of Spark's, such as "
            "spark.read.parquet(...), or use dedupe_news.cluster for other data"
        )
        raise InputTypeError(message)
    empty = pa.schema([(name, pa.string()) for name in df.columns]).empty_table()
    used = {role: str(name) for role, name in read_documents(empty, **choices).used.items()}
    if "id" not in used:
        message = (
            f"there is no column to take the id from; the columns are {listed(df.columns)}. Rows "
            "of Spark's have no order, so that every document needs one: name it, as in id='...'"
        )
        raise ColumnError(message)
    allowed = {"id": _IDS, "title": _WORDS, "text": _WORDS}
    for role in used.keys() & allowed.keys():
        kind = df.schema[used[role]].dataType
        if not isinstance(kind, allowed[role]):
            words = "strings, whole numbers, decimals or binary" if role == "id" else "strings"
            message = (
                f"the column {used[role]!r} is of type {kind.simpleString()!r}, which cannot be "
                f"the {role}; it must hold {words}. Cast it first"
            )
            raise InputTypeError(message)
    return used["id"], [name for name in df.columns if name in used.values()]
