"""Near-duplicates of DataFrames of Apache Spark's: the same clusters, on many machines."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

from dedupe_news.errors import MissingDependencyError

if TYPE_CHECKING:
    from dedupe_news.spark.clustering import cluster
    from dedupe_news.spark.deduplicator import Deduplicator
    from dedupe_news.spark.session import local_session
    from dedupe_news.spark.state import read_state, update

__all__ = ["Deduplicator", "cluster", "local_session", "read_state", "update"]

for _name in ("pyspark", "pyarrow", "pandas"):
    if importlib.util.find_spec(_name) is None:
        _message = (
            f"dedupe_news.spark needs {_name}, which is not installed; "
            "pip install 'dedupe-news[spark]'"
        )
        raise MissingDependencyError(_message)

# When first asked for: a worker needs none of them, and pyspark.ml alone takes most of a second.
_HOMES = {
    "Deduplicator": "deduplicator",
    "cluster": "clustering",
    "local_session": "session",
    "read_state": "state",
    "update": "state",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module 'dedupe_news.spark' has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(importlib.import_module(f"dedupe_news.spark.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
