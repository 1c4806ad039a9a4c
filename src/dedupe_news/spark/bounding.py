"""Large buckets: counted where they are worked on, said by the driver."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

from dedupe_news.phrasing import counted
from dedupe_news.similar import LargeBuckets
from dedupe_news.spark.messages import Message, of_kinds, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from dedupe_news.spark.workspace import Workspace

BOUNDED = 80
"""Kind of messages: the counts of the large buckets of some components."""

_log = logging.getLogger("dedupe_news")


def count_large(
    key: int, large: list[NDArray[np.int64]], n_compared: int = 0, n_passed_over: int = 0
) -> Iterator[Message]:
    """
    Count the large buckets of some components; no bucket is of two.

    Parameters
    ----------
    key : int
        The part of the components.
    large : list of ndarray of int64
        Texts of each bucket.
    n_compared, n_passed_over : int, default 0
        As in `dedupe_news.similar.LargeBuckets`.

    Yields
    ------
    Message
        Of the kind `BOUNDED`; none where there is no bucket.
    """
    if large:
        counts = LargeBuckets.of(large, n_compared, n_passed_over)
        yield Message(key, BOUNDED, 0, [np.array(counts, np.int64)])


def say_bounded(answers: DataFrame, limit: int, space: Workspace) -> DataFrame:
    """
    Log what large buckets left undone, as `Clustering.bounded` has it.

    Parameters
    ----------
    answers : DataFrame
        Messages, those of `count_large` among them.
    limit : int
        `Config.bucket_limit`.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        The other messages, kept: they are not made a second time.
    """
    kept = space.keep(answers)
    counts = [unpack(row["payload"])[0] for row in space.collect(of_kinds(kept, BOUNDED))]
    if counts:
        bounded = LargeBuckets(*np.sum(counts, axis=0).tolist()).bounded()
        _log.warning(
            "work was bounded: %s of more than %s texts, %s pairs within not compared, "
            "%s representatives passed over",
            counted(bounded.n_large_buckets, "bucket"),
            f"{limit:,}",
            f"{bounded.n_pairs_not_compared:,}",
            f"{bounded.n_representatives_passed_over:,}",
        )
    return kept.where(F.col("kind") != BOUNDED)
