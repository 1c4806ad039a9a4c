"""The main job on real input, where it is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedupe_news as dn
from dedupe_news import Clustering, Config

if TYPE_CHECKING:
    from pathlib import Path

CLASSICAL = Config(policy="similar")
NEWS = Config(policy="news")
SEED = 20261123


@pytest.fixture(scope="module")
def teasers(shared_data: Path, *, interpreted: bool) -> pa.Table:
    """Return the first teasers of the feed."""
    file = pq.ParquetFile(shared_data / "newsapi_teasers.parquet")
    return pa.Table.from_batches([next(file.iter_batches(100 if interpreted else 20_000))])


def run(table: pa.Table, n_jobs: int, config: Config = CLASSICAL) -> Clustering:
    """Cluster teasers."""
    return dn.cluster(table, text="description", config=config, n_jobs=n_jobs, progress=False)


policies = pytest.mark.parametrize("config", [CLASSICAL, NEWS], ids=["similar", "news"])


def test_page_of_teasers_has_its_nine_clusters(shared_data: Path) -> None:
    """Lines 1 and 4, 6 and 7, 9 and 10, 12 and 13 are the same items."""
    page = (shared_data / "teasers_page.txt").read_text(encoding="utf-8").splitlines()

    result = dn.cluster(page, progress=False)

    members = [tuple(position + 1 for position in each.positions) for each in result.clusters]
    assert len(page) == 13
    assert len(result.representatives) == 9
    assert members == [(1, 4), (6, 7), (9, 10), (12, 13)]


@policies
def test_threads_do_not_change_a_real_feed(teasers: pa.Table, config: Config) -> None:
    """Groups, whom to keep, and matches are the same for one thread and for two."""
    alone, together = run(teasers, 1, config), run(teasers, 2, config)

    np.testing.assert_array_equal(together.labels, alone.labels)
    np.testing.assert_array_equal(together.representatives, alone.representatives)
    np.testing.assert_array_equal(together.story_of, alone.story_of)
    np.testing.assert_array_equal(together.template_of, alone.template_of)
    np.testing.assert_array_equal(together.matches.left, alone.matches.left)
    np.testing.assert_array_equal(together.matches.right, alone.matches.right)
    np.testing.assert_array_equal(together.matches.jaccard, alone.matches.jaccard)
    np.testing.assert_array_equal(together.matches.probability, alone.matches.probability)


@policies
def test_order_does_not_change_a_real_feed(teasers: pa.Table, config: Config) -> None:
    """The same documents are together, and the same ones are kept of each cluster."""
    order = np.random.default_rng(SEED).permutation(len(teasers))

    straight, shuffled = run(teasers, 1, config), run(teasers.take(order), 2, config)

    # Documents are named by the position at which their cluster first appears.
    labels = np.empty(len(teasers), np.int64)
    labels[order] = shuffled.labels
    _, first, renumbered = np.unique(labels, return_index=True, return_inverse=True)
    np.testing.assert_array_equal(np.argsort(np.argsort(first))[renumbered], straight.labels)
    contents = {straight.columns.content(i) for i in straight.representatives.tolist()}
    assert {shuffled.columns.content(i) for i in shuffled.representatives.tolist()} == contents


def test_members_of_a_real_cluster_match_their_representative(teasers: pa.Table) -> None:
    """By its explanation, each of a sample of members is a duplicate; representatives are not."""
    result = run(teasers, 2, NEWS)

    kept = set(result.representatives.tolist())
    assert not [match for match in result.matches if kept.issuperset(match.positions)]
    clusters = [each for each in result.clusters if len(each) > 1]
    rng = np.random.default_rng(SEED)
    for at in rng.integers(0, len(clusters), min(len(clusters), 200)).tolist():
        cluster = clusters[at]
        member = rng.choice([each for each in cluster.positions if each not in kept])
        item = cluster.members[cluster.positions.index(member)]
        assert result.explain(item, cluster.representative).verdict == "duplicate"


def test_matches_of_a_real_feed_reach_the_threshold(teasers: pa.Table) -> None:
    """Matches of a real feed reach the threshold; a sample of them, compared anew."""
    result = run(teasers, 2)
    n = len(result.matches)
    # With their sources, whose names are left out of texts.
    fields = teasers.select(["title", "description", "source"])
    items = fields.rename_columns(["title", "text", "source"])

    for at in np.random.default_rng(SEED).integers(0, n, min(n, 200)).tolist():
        pair = result.matches[at]
        left, right = items.take(pair.positions).to_pylist()
        assert dn.compare(left, right, config=CLASSICAL).jaccard == pair.jaccard
        assert pair.jaccard >= CLASSICAL.threshold
