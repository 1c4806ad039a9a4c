"""Seals: an index that was closed opens as it was, and a seal of anything else is of no use."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING

import pytest

from dedupe_news import Config, NewsIndex
from dedupe_news._store import replay
from dedupe_news._store.limits import Limits
from limited import opened

if TYPE_CHECKING:
    from pathlib import Path

FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
CONFIGS = (
    Config(policy="similar", threshold=0.5, shingle_size=2),
    Config(),
    Config(window=dt.timedelta(days=9)),
)


FEW = Limits(sealed=5)


def add_some(index: NewsIndex, first: int, *, text_ids: bool) -> None:
    """Add, replace and remove items."""
    for at in range(first, first + 12):
        index.add(
            f"é{at}" if text_ids else at,
            f"a storm shut harbour number {at % 5} on monday evening",
            source=("Post", None, "Times")[at % 3],
            published=FIRST + dt.timedelta(days=at),
        )
    for name in (first + 9, first + 10):
        index.add(
            f"é{name}" if text_ids else name,
            "the sun came out at last over the harbour",
            published=FIRST + dt.timedelta(days=name),
        )
    index.remove(f"é{first + 11}" if text_ids else first + 11)


def answers(index: NewsIndex) -> list[object]:
    """Return all that can be asked of an index."""
    documents = list(index.documents())
    clusters = [index.cluster_of(each) for each in index]
    queries = [index.query(each.text, source="Post") for each in documents]
    return [list(index), documents, clusters, queries, index.stats().n_removed]


@pytest.mark.parametrize("text_ids", [True, False])
@pytest.mark.parametrize("config", CONFIGS, ids=["similar", "news", "window"])
def test_a_sealed_index_goes_on_as_one_that_was_not(
    tmp_path: Path, config: Config, *, text_ids: bool
) -> None:
    """What is added after it was opened, too, and after it was sealed again."""
    paths = tmp_path / "plain.db", tmp_path / "sealed.db"
    found = []
    for path, limits in zip(paths, (Limits(), FEW), strict=True):
        for first in (0, 7, 30):
            with opened(path, limits, config) as index:
                add_some(index, first, text_ids=text_ids)
        with opened(path, limits) as index:
            found.append(answers(index))

    assert not (tmp_path / "plain.db-sealed").exists()
    assert (tmp_path / "sealed.db-sealed").exists()
    assert found[0][0] == found[1][0]
    assert found[0][2:] == found[1][2:]


def test_a_seal_spares_the_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of what was sealed is tokenized again."""
    with opened(tmp_path / "feed.db", FEW, CONFIGS[1]) as index:
        add_some(index, 0, text_ids=True)
        expected = list(index)
    monkeypatch.setattr(replay, "tokens_of", None)

    assert list(NewsIndex.open(tmp_path / "feed.db")) == expected


@pytest.mark.parametrize("fault", ["missing", "damaged", "cut", "empty", "of another log", "old"])
def test_a_seal_of_no_use_is_passed_over(tmp_path: Path, fault: str) -> None:
    """The index is made of its log."""
    path, seal = tmp_path / "feed.db", tmp_path / "feed.db-sealed"
    with opened(path, FEW, CONFIGS[1]) as index:
        add_some(index, 0, text_ids=True)
        expected = answers(index)
    data = seal.read_bytes()
    if fault == "missing":
        seal.unlink()
    elif fault == "damaged":
        seal.write_bytes(data[:999] + bytes([data[999] ^ 1]) + data[1000:])
    elif fault in {"cut", "empty"}:
        seal.write_bytes(data[: len(data) // 2 if fault == "cut" else 0])
    elif fault == "of another log":
        with opened(tmp_path / "other.db", FEW, CONFIGS[1]) as other:
            add_some(other, 3, text_ids=True)
        shutil.copy(tmp_path / "other.db-sealed", seal)
    else:
        seal.write_bytes(data.replace(b'"layout": 2', b'"layout": 0'))

    with NewsIndex.open(path) as index:
        assert answers(index) == expected
