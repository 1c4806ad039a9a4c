"""What was found of texts, said of documents."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from pyspark.sql.window import Window

from dedupe_news.columns import NO_TIME, to_span
from dedupe_news.records import Relation
from dedupe_news.spark.messages import of_kinds, read
from dedupe_news.spark.numbering import KEYS, TEXT_KEY, number_rows, preference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyspark.sql import Column, DataFrame

    from dedupe_news.config import Config
    from dedupe_news.spark.numbering import Numbers, Texts
    from dedupe_news.spark.workspace import Workspace

COLUMNS = ("id", "cluster", "representative", "relation")
"""Of the result."""

_NUMBERED = "digest long, check long, part long, number long"


def to_documents(texts: Texts, found: DataFrame, config: Config, space: Workspace) -> DataFrame:
    """
    Return the cluster of every document.

    Parameters
    ----------
    texts : Texts
        Documents and texts.
    found : DataFrame
        Texts that others represent, of `dedupe_news.spark.gathering.FOUND`.
    config : Config
        The settings.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        Of `COLUMNS`. A cluster has the number of the text that represents it.
    """
    key = list(TEXT_KEY)
    rows, leaders, numbers = texts.rows, texts.leaders, texts.numbers
    led = leaders.select(*key, "id", "time").join(name_texts(texts), key)
    led = led.withColumnsRenamed({"id": "leader", "time": "leader_time", "number": "own"})
    led = space.keep(led)
    kept = led.withColumnsRenamed(
        {name: f"kept_{name}" for name in key}
        | {"leader": "kept", "leader_time": "kept_time", "own": "cluster"}
    )
    represented = found.join(kept, [f"kept_{name}" for name in key]).select(
        *key, "kept", "kept_time", "cluster", "relation"
    )
    light = rows.select("id", *key, "time", "content", "source", "n_tokens")
    together = (
        light.where("n_tokens > 0")
        .join(led, key)
        .join(represented, key, "left")
        .withColumn("relation", F.coalesce("relation", F.lit(int(Relation.EXACT))))
        .withColumn("cluster", F.coalesce("cluster", "own"))
        .withColumn("kept_time", F.coalesce("kept_time", "leader_time"))
        .withColumn("kept", F.coalesce("kept", "leader"))
    )
    n_numbers = numbers.n_texts
    result = None
    if config.window is not None:
        together = space.keep(together, of_messages=False)
        near = _are_near(config)
        apart = space.keep(_led_apart(together.where(~near), config), of_messages=False)
        leading = apart.where(F.col("id") == F.col("kept")).select("id")
        numbered = number_rows(leading, "id", n_numbers, space)
        numbered = numbered.withColumnsRenamed({"id": "kept", "number": "cluster"})
        result = _as_result(apart.join(numbered, "kept"))
        n_numbers += apart.count()
        together = together.where(near)
    # A document without a token stands alone.
    empty = number_rows(rows.where("n_tokens = 0").select("id"), "id", n_numbers, space)
    empty = empty.withColumnsRenamed({"number": "cluster"})
    alone = empty.withColumns({"kept": F.col("id"), "relation": F.lit(int(Relation.EXACT))})
    others = _as_result(together).unionByName(_as_result(alone))
    return others if result is None else others.unionByName(result)


def name_texts(texts: Texts) -> DataFrame:
    """
    Return the number of every text.

    Parameters
    ----------
    texts : Texts
        The texts.

    Returns
    -------
    DataFrame
        Of the columns ``digest``, ``check``, ``part`` and ``number``.
    """
    return of_kinds(texts.blocks, KEYS).mapInArrow(partial(_name, texts.numbers), _NUMBERED)


def relation_words() -> Column:
    """
    Return a column of relations in words.

    Returns
    -------
    Column
        Of the column ``relation``, which holds values of `Relation`.
    """
    names = F.array(*[F.lit(relation.name.lower()) for relation in sorted(Relation)])
    return F.element_at(names, F.col("relation").cast("int") + 1)


def _name(numbers: Numbers, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Return key and number of every text."""
    for message in read(batches):
        digests, checks, parts = message.arrays[:3]
        first = numbers.firsts[message.key]
        named = np.arange(first, first + len(digests))
        columns = [pa.array(each) for each in (digests, checks, parts, named)]
        yield pa.RecordBatch.from_arrays(columns, [*TEXT_KEY, "number"])


def _are_near(config: Config) -> Column:
    """Return whether documents are near enough in time to the one that is kept."""
    window = to_span(config.window or dt.timedelta.max)
    known = (F.col("time") != NO_TIME) & (F.col("kept_time") != NO_TIME)
    return ~known | (F.abs(F.col("time") - F.col("kept_time")) <= window)


def _led_apart(apart: DataFrame, config: Config) -> DataFrame:
    """Let the preferred of the documents of the same words that are too far keep the others."""
    preferred = F.min(preference(config)).over(Window.partitionBy(*TEXT_KEY))
    return (
        apart.drop("cluster")
        .withColumn("kept", preferred["id"])
        .withColumn("relation", F.lit(int(Relation.EXACT)))
    )


def _as_result(documents: DataFrame) -> DataFrame:
    return documents.select(
        "id",
        F.col("cluster").cast("long").alias("cluster"),
        F.col("kept").alias("representative"),
        F.when(F.col("id") != F.col("kept"), relation_words()).alias("relation"),
    )
