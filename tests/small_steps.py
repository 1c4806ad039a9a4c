"""Runs out of core in which every step is cut into many pieces, as on feeds of millions."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dedupe_news import banding, outofcore, parting
from dedupe_news.outofcore import feeds, held, news, parquet, rare, similar, spill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dedupe_news import Clustering, Config

LIMIT = 2**40
_COLUMNS: dict[str, Any] = dict.fromkeys(("id", "title", "text", "source", "published"))
_ARRAYS = ("labels", "representatives", "template_of", "story_of")
_OF_MATCHES = ("left", "right", "jaccard", "containment", "relation", "probability")


@contextlib.contextmanager
def small_steps() -> Iterator[None]:
    """Let chunks, blocks, parts, groups, ranges and spans be tiny."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held, "_FIRST_CHUNK", 7)
        patch.setattr(held, "_MOST_DOCUMENTS", 5)
        patch.setattr(feeds, "_MANY", 10)
        patch.setattr(parquet, "_BATCH", 6)
        patch.setattr(parting, "_PART_SIZE", 16)
        patch.setattr(rare, "_LEAST_GROUP", 40)
        patch.setattr(rare, "_BYTES_A_POSTING", 10**9)
        patch.setattr(news, "_BYTES_A_SHINGLE", 10**7)
        patch.setattr(news, "_BYTES_A_PAIRED_SHINGLE", 10**7)
        patch.setattr(similar, "_BYTES_A_TOKEN", 10**7)
        patch.setattr(similar, "_BYTES_A_PAIRED_TOKEN", 10**7)
        patch.setattr(spill, "_SPAN", 64)
        patch.setattr(banding, "_PAIRS_AT_A_TIME", 3)
        yield


def run(
    feed: object,
    config: Config,
    work_folder: Path | None = None,
    n_jobs: int = 2,
    limit: int = LIMIT,
    **choices: Any,
) -> Clustering:
    """Cluster a feed out of core, however small it is."""
    opened = outofcore.open_feed(feed, {**_COLUMNS, **choices})  # type: ignore[typeddict-item]
    return outofcore.cluster_feed(opened, config, n_jobs, limit, work_folder, progress=False)


def assert_same(found: Clustering, expected: Clustering) -> None:
    """Compare everything that a result says."""
    for name in _ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    for name in _OF_MATCHES:
        np.testing.assert_array_equal(
            getattr(found.matches, name), getattr(expected.matches, name), name
        )
    assert found.n_candidates == expected.n_candidates
    assert found.bounded == expected.bounded
    columns, others = found.columns, expected.columns
    assert len(columns) == len(others)
    assert columns.titled == others.titled
    for position in range(len(others)):
        assert columns.content(position) == others.content(position)
        assert columns.id_of(position) == others.id_of(position)
        assert columns.source_of(position) == others.source_of(position)
        assert columns.published_at(position) == others.published_at(position)
