"""The way of a DataFrame: rows to tokens, to texts, to what a policy finds, to clusters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

from dedupe_news.config import Config, settled
from dedupe_news.spark import components, counting, gathering, judging, numbering, pairing, similar
from dedupe_news.spark.bounding import say_bounded
from dedupe_news.spark.documents import to_documents
from dedupe_news.spark.messages import of_kinds
from dedupe_news.spark.numbering import Texts, part_by_time
from dedupe_news.spark.reading import check_ids, choose_columns, read_rows
from dedupe_news.spark.workspace import Workspace

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from dedupe_news.spark.messages import Step


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
        A row a document: ``id``, as it was given; ``cluster`` (long), equal
        for the documents of one cluster; ``representative``, the id of the
        document of the cluster that is kept; ``relation`` (string) to that
        one, null for itself. Computed when the function returns, and kept by
        the executors, or in the folder of checkpoints where one is set.

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
    The partition is that of `dedupe_news.cluster` for the same documents and
    settings. Where that goes by position, between documents of the same words,
    bytes, time and source, the one of the least id is kept here. What large
    buckets left undone is a warning in the log "dedupe_news".
    """
    chosen = settled(config, settings)
    names = {"id": id, "title": title, "text": text, "source": source, "published": published}
    documents = choose_columns(df, names)
    documents = documents.withColumns({"given": F.lit(-1).cast("long"), "founds": F.lit(0)})
    with Workspace(df.sparkSession) as space:
        return _cluster(documents, chosen, space)


def _cluster(documents: DataFrame, config: Config, space: Workspace) -> DataFrame:
    texts = number_texts(documents, config, space)
    if config.policy == "news":
        step = partial(gathering.group, config.prefer)
    else:
        step = partial(similar.group, config)
    found = gathering.as_found(match(texts, config, step, space))
    return space.settle(to_documents(texts, found, config, space))


def number_texts(documents: DataFrame, config: Config, space: Workspace) -> Texts:
    """
    Read documents, and number their distinct texts.

    Parameters
    ----------
    documents : DataFrame
        From `dedupe_news.spark.reading.choose_columns`, with the columns
        ``given``, a cluster or `NOT_GIVEN`, and ``founds``, 0 or 1.
    config : Config
        The settings.
    space : Workspace
        Of the run.

    Returns
    -------
    Texts
        What the policies go on from.

    Raises
    ------
    InputError
        If a value cannot be used, or ids lack or repeat.
    """
    if space.has_fewer_partitions(documents):
        documents = documents.repartition(space.spark.sparkContext.defaultParallelism)
    rows = space.keep(read_rows(documents, config), of_messages=False)
    counted = rows.agg(F.count("*").alias("n"), F.sum("n_tokens").alias("n_tokens"))
    (sizes,) = space.collect(counted, of_messages=False)
    n_tokens = sizes["n_tokens"] or 0
    check_ids(rows, space)
    space.plan(n_tokens)
    if config.window is None:
        rows = rows.withColumn("part", F.lit(0).cast("long"))
    else:
        rows = space.keep(part_by_time(rows, config, space.n_partitions), of_messages=False)
    leaders = space.keep(numbering.distinct(rows, config), of_messages=False)
    blocks, numbers = numbering.block_up(leaders, rows, sizes["n"], n_tokens, space)
    return Texts(rows, leaders, blocks, numbers, n_tokens)


def match(texts: Texts, config: Config, step: Step, space: Workspace) -> DataFrame:
    """
    Find the texts that match, by the policy, and let a step group each component of them.

    Parameters
    ----------
    texts : Texts
        From `number_texts`.
    config : Config
        The settings.
    step : callable
        Takes the messages of some components, as `dedupe_news.spark.gathering`
        sends them.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        Messages: the answers of `step`.
    """
    blocks, numbers = texts.blocks, texts.numbers
    if config.policy == "news":
        token_counts = counting.count_tokens(texts.rows, texts.n_tokens, space)
        described = pairing.describe(blocks, numbers, texts.n_tokens, space)
        candidates = pairing.candidates(described, numbers, space)
        terms = judging.Terms(config, numbers, token_counts)
        judged = judging.judge(candidates, described, terms, space)
        labels = components.label(judged, gathering.matched_of, numbers, space)
        return gathering.gather(judged, labels, texts, config, space, step)
    buckets = similar.bucket(blocks, numbers, config, space)
    judged = similar.verify(buckets, blocks, numbers, config, space)
    edges = judged.unionAll(of_kinds(buckets, similar.LARGE))
    labels = components.label(edges, similar.edges_of, numbers, space)
    large = similar.send_large(buckets, labels, blocks, numbers, space)
    answers = gathering.gather(judged, labels, texts, config, space, step, large)
    return say_bounded(answers, config.bucket_limit, space)
