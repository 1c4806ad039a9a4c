"""Batch after batch: what was clustered so far, as a Parquet dataset."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

from dedupe_news.config import settled
from dedupe_news.errors import ColumnError, InputTypeError
from dedupe_news.records import Relation
from dedupe_news.spark.clustering import match, number_texts
from dedupe_news.spark.documents import name_texts, relation_words
from dedupe_news.spark.gathering import as_rows
from dedupe_news.spark.joining import PLACED, join
from dedupe_news.spark.numbering import NOT_GIVEN, TEXT_KEY, number_rows
from dedupe_news.spark.reading import ROLES, choose_columns
from dedupe_news.spark.workspace import Workspace

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from dedupe_news.config import Config
    from dedupe_news.spark.numbering import Texts

COLUMNS = ("id", "title", "text", "source", "published", "arrived", "cluster", "founder")
"""Of a state."""


def read_state(spark: SparkSession, path: str) -> DataFrame:
    """
    Read what was clustered so far.

    Parameters
    ----------
    spark : SparkSession
        The session.
    path : str
        Parquet: what `update` returned, written, or a file of
        `NewsIndex.export_to`.

    Returns
    -------
    pyspark.sql.DataFrame
        For `update`.

    Raises
    ------
    ColumnError
        If it lacks the columns of a state.
    """
    state = spark.read.parquet(path)
    _check_state(state)
    return state


def update(
    df: DataFrame,
    state: DataFrame | None = None,
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
    Add a batch of documents to what was clustered so far.

    New documents join the clusters of earlier ones, or one another's; the
    clusters that there are neither change nor meet. As in an index, a document
    joins the cluster of its best match whose founder it matches too, and else
    founds one.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        The new documents, as for `cluster`.
    state : pyspark.sql.DataFrame, optional
        All before, from `read_state`; none for the first batch.
    id, title, text, source, published : str, optional
        Names of the columns of `df`, as for `cluster`.
    config : Config, optional
        The settings; the defaults where it is left out. Its ``prefer`` is not
        read: the first is the founder.
    **settings : Any
        Single settings of `Config` that take precedence over `config`.

    Returns
    -------
    pyspark.sql.DataFrame
        The new state, to be written as Parquet: ``id``, ``title``, ``text``,
        ``source``, ``published``, ``arrived`` (when it was added), ``cluster``
        (long), ``founder`` (whether it founded its cluster) of all documents,
        and of the new ones ``representative``, the id of the founder, and
        ``relation`` (string) to it.

    Raises
    ------
    InputTypeError
        If a column is of a wrong type, or the ids of both are of different ones.
    InputError
        If a value cannot be used, an id is null, or times have no zone.
    DuplicateIdError
        If two documents share an id, in the batch or with the state.
    ColumnError
        If a column does not exist.
    ConfigError
        If a setting is out of range.
    """
    chosen = settled(config, settings)
    names = {"id": id, "title": title, "text": text, "source": source, "published": published}
    new = _completed(choose_columns(df, names))
    new = new.withColumns(
        {"arrived": F.current_timestamp(), "given": F.lit(NOT_GIVEN).cast("long")}
    ).withColumn("founds", F.lit(0))
    documents = new
    if state is not None:
        _check_state(state)
        kinds = [frame.schema["id"].dataType.simpleString() for frame in (state, new)]
        if kinds[0] != kinds[1]:
            message = (
                f"the ids of the state are of type {kinds[0]!r}, but those of the batch of type "
                f"{kinds[1]!r}; cast one of them"
            )
            raise InputTypeError(message)
        former = _completed(choose_columns(state, {})).join(
            state.select("id", "arrived", "cluster", "founder"), "id"
        )
        former = former.withColumns(
            {"given": F.col("cluster"), "founds": F.col("founder").cast("int")}
        ).drop("cluster", "founder")
        documents = former.unionByName(new)
    with Workspace(df.sparkSession) as space:
        documents = space.keep(documents, of_messages=False)
        texts = number_texts(documents.drop("arrived"), chosen, space)
        placed = match(texts, chosen, join, space)
        placed = space.keep(placed.mapInArrow(partial(as_rows, PLACED), PLACED))
        return space.settle(_as_state(documents, texts, placed, space))


def _check_state(state: DataFrame) -> None:
    missing = [name for name in ("id", "text", *COLUMNS[-3:]) if name not in state.columns]
    if missing:
        message = (
            f"the state has no column {missing[0]!r}; its columns are "
            f"{', '.join(map(repr, state.columns))}. Pass what `update` returned, or an index's "
            "export_to of this version"
        )
        raise ColumnError(message)


def _completed(documents: DataFrame) -> DataFrame:
    """Return documents with all columns, in their order; texts of time as timestamps."""
    for name in ROLES:
        if name not in documents.columns:
            kind = "timestamp" if name == "published" else "string"
            documents = documents.withColumn(name, F.lit(None).cast(kind))
    return documents.select(*ROLES)


def _as_state(documents: DataFrame, texts: Texts, placed: DataFrame, space: Workspace) -> DataFrame:
    key = list(TEXT_KEY)
    (highest,) = space.collect(texts.rows.agg(F.max("given").alias("given")), of_messages=False)
    # Numbers of new clusters come after those of all that there are.
    base = (highest["given"] or 0) + 1
    named = name_texts(texts).join(texts.leaders.select(*key, "id", "given"), key)
    own = named.select(
        *key,
        F.col("id").alias("leader"),
        F.col("given").alias("own_given"),
        (F.col("number") + base).alias("own"),
    )
    theirs = own.select(
        *[F.col(name).alias(f"kept_{name}") for name in key],
        F.col("leader").alias("kept_leader"),
        F.col("own").alias("kept_own"),
    )
    placed = placed.join(theirs, [f"kept_{name}" for name in key]).drop("own_given")
    placed = placed.select(*key, "joined", "kept_leader", "kept_own", "relation")
    rows = texts.rows.select("id", *key, "n_tokens", "given", "founds")
    founders = rows.where("founds = 1").select(
        F.col("given").alias("cluster"), F.col("id").alias("founder_id")
    )
    has_joined = F.col("joined") != NOT_GIVEN
    new_cluster = F.coalesce(F.when(has_joined, F.col("joined")), "kept_own", "own")
    found = (
        rows.where("n_tokens > 0")
        .join(own, key)
        .join(placed, key, "left")
        .withColumn("is_copy", F.col("own_given") != NOT_GIVEN)
        .withColumn(
            "cluster",
            F.when(F.col("given") != NOT_GIVEN, F.col("given"))
            .when(F.col("is_copy"), F.col("own_given"))
            .otherwise(new_cluster),
        )
        .join(founders, "cluster", "left")
        .withColumn("representative", F.coalesce("founder_id", "kept_leader", "leader"))
        .withColumn("relation", F.coalesce("relation", F.lit(int(Relation.EXACT))))
        .select("id", "cluster", "representative", "relation", "given", "founds")
    )
    n_numbers = base + texts.numbers.n_texts
    empty = number_rows(
        rows.where("n_tokens = 0").select("id", "given", "founds"), "id", n_numbers, space
    )
    alone = empty.select(
        "id",
        F.when(F.col("given") != NOT_GIVEN, F.col("given"))
        .otherwise(F.col("number"))
        .alias("cluster"),
        F.col("id").alias("representative"),
        F.lit(int(Relation.EXACT)).alias("relation"),
        "given",
        "founds",
    )
    is_new = F.col("given") == NOT_GIVEN
    is_founder = F.when(is_new, F.col("id") == F.col("representative"))
    together = documents.drop("given", "founds").join(found.unionByName(alone), "id")
    return together.withColumn("founder", is_founder.otherwise(F.col("founds") == 1)).select(
        *COLUMNS,
        F.when(is_new, F.col("representative")).alias("representative"),
        F.when(is_new & (F.col("id") != F.col("representative")), relation_words()).alias(
            "relation"
        ),
    )
