"""Near-duplicates of DataFrames of Apache Spark's: the same clusters, on many machines."""

from __future__ import annotations

from dedupe_news.spark.clustering import cluster

__all__ = ["cluster"]
