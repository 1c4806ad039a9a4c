"""Find near-duplicate news items: add, query, cluster."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING

from dedupe_news._input.labels import Label
from dedupe_news._input.skipped import Skipped, SkippedValue
from dedupe_news.config import Config
from dedupe_news.errors import (
    ColumnError,
    ConfigError,
    DedupeNewsError,
    DuplicateIdError,
    InputError,
    InputTypeError,
    InputWarning,
    MissingDependencyError,
    StoreBusyError,
    StoreClosedError,
    StoreDamagedError,
    StoreError,
    StoreFormatError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
    UnknownIdError,
    WorkFolderError,
    WorkFolderFullError,
)
from dedupe_news.judges import Judge
from dedupe_news.results.matches import Matches
from dedupe_news.results.parts import Cluster, Story, Template
from dedupe_news.results.records import (
    Bounded,
    Comparison,
    Difference,
    IndexStats,
    KeptItem,
    Match,
    Pair,
    Reason,
    Relation,
    RemovedItem,
)
from dedupe_news.results.result import Clustering

if TYPE_CHECKING:
    from dedupe_news._index.added import Added
    from dedupe_news._learning.labelling import Labelling
    from dedupe_news._learning.learning import JudgeFit, Rates, fit_judge, label
    from dedupe_news.api import cluster, compare, deduplicate
    from dedupe_news.documents import Document
    from dedupe_news.index import NewsIndex
    from dedupe_news.integrations.sklearn import NewsDeduplicator

__all__ = [
    "Added",
    "Bounded",
    "Cluster",
    "Clustering",
    "ColumnError",
    "Comparison",
    "Config",
    "ConfigError",
    "DedupeNewsError",
    "Difference",
    "Document",
    "DuplicateIdError",
    "IndexStats",
    "InputError",
    "InputTypeError",
    "InputWarning",
    "Judge",
    "JudgeFit",
    "KeptItem",
    "Label",
    "Labelling",
    "Match",
    "Matches",
    "MissingDependencyError",
    "NewsDeduplicator",
    "NewsIndex",
    "Pair",
    "Rates",
    "Reason",
    "Relation",
    "RemovedItem",
    "Skipped",
    "SkippedValue",
    "StoreBusyError",
    "StoreClosedError",
    "StoreDamagedError",
    "StoreError",
    "StoreFormatError",
    "StoreFullError",
    "StoreReadOnlyError",
    "StoreUnavailableError",
    "Story",
    "Template",
    "UnknownIdError",
    "WorkFolderError",
    "WorkFolderFullError",
    "cluster",
    "compare",
    "deduplicate",
    "fit_judge",
    "label",
]

# Quiet unless the user's program asks: what it says goes to the logger of this name.
logging.getLogger("dedupe_news").addHandler(logging.NullHandler())

# These bring numba, half a second; so they come when first asked for (PEP 562).
_HOMES = {
    "Added": "_index.added",
    "Document": "documents",
    "JudgeFit": "_learning.learning",
    "Labelling": "_learning.labelling",
    "NewsDeduplicator": "integrations.sklearn",
    "NewsIndex": "index",
    "Rates": "_learning.learning",
    "cluster": "api",
    "compare": "api",
    "deduplicate": "api",
    "fit_judge": "_learning.learning",
    "label": "_learning.learning",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module 'dedupe_news' has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(importlib.import_module(f"dedupe_news.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
