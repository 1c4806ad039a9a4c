"""Near-duplicates of DataFrames of Apache Spark's."""

from __future__ import annotations

import importlib.util

from dedupe_news.errors import MissingDependencyError

__all__ = ["Deduplicator", "cluster", "local_session"]

for _name in ("pyspark", "pyarrow", "pandas"):
    if importlib.util.find_spec(_name) is None:
        _message = (
            f"dedupe_news.integrations.spark needs {_name}, which is not installed; "
            "pip install 'dedupe-news[spark]'"
        )
        raise MissingDependencyError(_message)

from dedupe_news.integrations.spark.clustering import cluster  # noqa: E402 - once it is known that it can be
from dedupe_news.integrations.spark.deduplicator import Deduplicator  # noqa: E402
from dedupe_news.integrations.spark.session import local_session  # noqa: E402
