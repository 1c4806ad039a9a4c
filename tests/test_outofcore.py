"""Batches out of core, against the same batches in memory."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news import Config
from dedupe_news.outofcore.limits import resident_memory
from made_up_news import START, made_up_news
from small_steps import assert_same, run, small_steps
from strategies import configs, feeds

if TYPE_CHECKING:
    from collections.abc import Sequence

MADE_UP = made_up_news(n_stories=18, n_forms=2, n_days=24).rows
HOUR = dt.timedelta(hours=1)


def in_memory(feed: object, config: Config, **choices: Any) -> dn.Clustering:
    """Cluster at once."""
    return dn.cluster(feed, config=config, n_jobs=1, progress=False, **choices)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("kept", [False, True], ids=["temporary", "folder"])
@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config(shingle_size=2, prefer="longest"),
        Config(window=dt.timedelta(hours=30), prefer="latest"),
        Config(policy="similar", threshold=0.5),
        Config(policy="similar", threshold=0.3, bucket_limit=3),
        Config(policy="similar", threshold=0.4, window=dt.timedelta(hours=30)),
    ],
    ids=["news", "longest", "window", "similar", "large buckets", "similar in a window"],
)
def test_made_up_feed_is_as_in_memory(config: Config, tmp_path: Path, *, kept: bool) -> None:
    """Copies, edits and forms that recur, in pieces."""
    expected = in_memory(MADE_UP, config)
    assert len(expected.clusters) > 5

    with small_steps():
        found = run(MADE_UP, config, *((tmp_path / "work", 3) if kept else (None, 1)))

    assert_same(found, expected)


@pytest.mark.usefixtures("compiled")
def test_order_of_the_documents_is_no_matter() -> None:
    """Texts are gathered from wherever they are in the file."""
    order = np.random.default_rng(5).permutation(len(MADE_UP)).tolist()
    shuffled = [MADE_UP[place] for place in order]
    for config in (Config(), Config(policy="similar", threshold=0.5)):
        with small_steps():
            found = run(iter(shuffled), config)

        assert_same(found, in_memory(shuffled, config))


@pytest.mark.usefixtures("compiled")
@given(feed=feeds(max_size=24), config=configs, data=st.data())
def test_similar_is_as_in_memory(feed: list[str], config: Config, data: st.DataObject) -> None:
    """Any feed and settings, large buckets among them, with and without times."""
    config = config.replace(bucket_limit=data.draw(st.integers(2, 4)))
    published = data.draw(st.none() | _times(feed))

    with small_steps(), tempfile.TemporaryDirectory() as folder:
        found = run(feed, config, Path(folder) / "work", published=published)

    assert_same(found, in_memory(feed, config, published=published))


@pytest.mark.usefixtures("compiled")
@given(feed=feeds(max_size=24), data=st.data())
def test_news_is_as_in_memory(feed: list[str], data: st.DataObject) -> None:
    """Any feed, with sources and times or without."""
    published = data.draw(st.none() | _times(feed))
    source = data.draw(st.none() | _sources(feed))
    window = data.draw(st.sampled_from([None, HOUR]))

    with small_steps():
        found = run(feed, Config(window=window), published=published, source=source)

    expected = in_memory(feed, Config(window=window), published=published, source=source)
    assert_same(found, expected)


def _times(feed: Sequence[str]) -> st.SearchStrategy[list[dt.datetime | None]]:
    moments = st.integers(0, 50).map(lambda hours: START + hours * HOUR)
    return st.lists(st.none() | moments, min_size=len(feed), max_size=len(feed))


def _sources(feed: Sequence[str]) -> st.SearchStrategy[list[str | None]]:
    names = st.none() | st.sampled_from(["Morning", "Evening", "Nightly"])
    return st.lists(names, min_size=len(feed), max_size=len(feed))


def test_nothing_at_all() -> None:
    """No document, and documents without a word."""
    for feed in ([], ["", "", "..."]):
        for config in (Config(), Config(policy="similar")):
            assert_same(run(feed, config), in_memory(feed, config))


def test_result_outlives_its_work_folder(tmp_path: Path) -> None:
    """Texts are still shown once the files are gone."""
    with small_steps():
        found = run(iter(MADE_UP), Config(), tmp_path / "work")

    assert list((tmp_path / "work").iterdir()) == []
    assert found.columns.content(3) == MADE_UP[3]["text"]
    assert found.columns.id_of(3) == MADE_UP[3]["id"]
    assert "clusters" in repr(found)
    assert found.templates[0].pattern


@pytest.mark.usefixtures("compiled")
def test_a_bucket_of_very_many_is_as_in_memory() -> None:
    """Nearly identical texts, more than a bucket holds."""
    rng = np.random.default_rng(3)
    words = [f"word{number}" for number in range(40)]
    feed = []
    for number in range(200):
        edited = list(words)
        edited[int(rng.integers(40))] = f"other{number}"
        feed.append(" ".join(edited))
    config = Config(policy="similar", threshold=0.6, bucket_limit=20)
    expected = in_memory(feed, config)
    assert expected.bounded.n_large_buckets > 0

    with small_steps():
        found = run(feed, config)

    assert_same(found, expected)


def test_real_feed_is_as_in_memory(shared_data: Path, *, interpreted: bool) -> None:
    """Both policies, within the least memory that does."""
    if interpreted:
        pytest.skip("hundreds of thousands of texts are for compiled kernels")
    path = shared_data / "newsapi_teasers.parquet"
    for policy in ("news", "similar"):
        choices: dict[str, Any] = {"title": "title", "text": "description", "policy": policy}
        expected = dn.cluster(path, progress=False, **choices)

        found = dn.cluster(path, progress=False, memory_limit="3GB", work_folder=None, **choices)
        held = run(
            path,
            Config(policy=policy),
            limit=resident_memory() + 2**30,
            title="title",
            text="description",
        )

        for result in (found, held):
            np.testing.assert_array_equal(result.labels, expected.labels)
            np.testing.assert_array_equal(result.representatives, expected.representatives)
            np.testing.assert_array_equal(result.template_of, expected.template_of)
            np.testing.assert_array_equal(result.story_of, expected.story_of)
            np.testing.assert_array_equal(result.matches.jaccard, expected.matches.jaccard)
