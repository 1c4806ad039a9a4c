"""Replay: what is made at once is what was made in turn."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import Config, NewsIndex
from dedupe_news._store.limits import Limits
from limited import in_memory
from strategies import feeds

if TYPE_CHECKING:
    from dedupe_news import Match
    from dedupe_news._store.index_texts import IndexTexts


# Tables grow all the time.
SMALL = Limits(removed=5, rows=2, tokens=4, places=4, token_places=64)


def tables_of(index: NewsIndex) -> dict[str, Any]:
    """Return all that the tables of an index say of documents that count."""
    store: IndexTexts = index._store.refresh().texts  # noqa: SLF001
    tables, roles = store._tables, store._roles  # noqa: SLF001
    n_slots = store.n_rows
    chains = []
    for head in tables.places[:, 0].tolist():
        chain, posting = [], head - 1
        while posting >= 0:
            slot, posting = tables.postings[posting].tolist()
            if slot >= 0 and tables.leads[slot]:
                chain.append(slot)
        chains.append(chain)
    used = int(tables.starts[n_slots])
    return {
        "chains": chains,
        "n_texts": int(tables.counters[0]),
        "days": tables.counters[2:].tolist(),
        "counts": tables.places[:, 1:].tolist(),
        "token_counts": tables.token_counts.tolist(),
        **{
            name: getattr(tables, name)[:n_slots].tolist()
            for name in ("lengths", "alive", "leads", "cut_off", "times", "sources")
        },
        **{
            f"{kind} {name}": getattr(getattr(roles, kind), name)[:n_slots].tolist()
            for kind in ("texts", "clusters")
            for name in ("older", "newer")
        },
        "tokens": tables.tokens[:used].tolist(),
    }


def dated(feed: list[str]) -> list[dict[str, object]]:
    """Return texts as documents of ever later days, some of which replace others."""
    return [
        {"id": i % 7, "text": text, "published": f"2026-01-{1 + i:02d}T00:00Z"}
        for i, text in enumerate(feed)
    ]


@given(feed=feeds(max_size=15), split=st.integers(0, 15))
def test_tables_do_not_depend_on_batches(feed: list[str], split: int) -> None:
    """Whether in turn, in parts, or made anew from the documents."""
    rows = dated(feed)
    one, many = in_memory(Config(), SMALL), in_memory(Config(), SMALL)
    for row in rows:
        one.add(row["id"], str(row["text"]), published=row["published"])
    for start in range(0, len(rows), 7):
        part = rows[start : start + 7]
        for some in (part[:split], part[split:]):
            if some:
                many.add_many(some, n_jobs=1)

    expected = tables_of(one)
    assert tables_of(many) == expected
    many._store.known.texts.rebuild()  # noqa: SLF001
    assert tables_of(many) == expected


@given(
    feed=feeds(max_size=12), kept=st.integers(0, 12), policy=st.sampled_from(["news", "similar"])
)
def test_what_is_undone_leaves_no_trace(feed: list[str], kept: int, policy: str) -> None:
    """Additions, replacements, and the dropping of what was replaced."""
    rows = dated(feed)
    config = Config(policy=policy)  # type: ignore[arg-type]
    index, fresh = in_memory(config, SMALL), in_memory(config, SMALL)

    def add(to: NewsIndex, some: list[dict[str, object]]) -> None:
        for row in some:
            to.add(row["id"], str(row["text"]), published=row["published"])

    def fail() -> None:
        with index.batch():
            add(index, rows[kept:])
            raise ZeroDivisionError

    add(index, rows[:kept])
    add(fresh, rows[:kept])
    with pytest.raises(ZeroDivisionError):
        fail()

    assert list(index.documents()) == list(fresh.documents())
    if policy == "news":
        assert tables_of(index) == tables_of(fresh)
    add(index, rows[kept:])
    add(fresh, rows[kept:])
    assert [index.query(text) for text in feed] == [fresh.query(text) for text in feed]
    assert [index.cluster_of(each) for each in index] == [fresh.cluster_of(each) for each in fresh]


@given(feed=feeds(max_size=24), split=st.integers(0, 24), window=st.sampled_from([None, 3]))
def test_batches_on_several_threads_answer_as_single_additions(
    feed: list[str], split: int, window: int | None
) -> None:
    """With documents that are replaced in the middle of a batch, and a window."""
    span = None if window is None else dt.timedelta(days=window)
    config = Config(policy="similar", threshold=0.4, shingle_size=2, bucket_limit=3, window=span)
    one = in_memory(config, SMALL)
    many = in_memory(config, Limits(removed=5, rows=2, several=1))
    rows = [{**row, "id": at % 9} for at, row in enumerate(dated(feed))]
    expected = [one.add(row["id"], str(row["text"]), published=row["published"]) for row in rows]
    found: list[list[Match]] = []
    for start in range(0, len(rows), 9):
        part = rows[start : start + 9]
        for some in (part[:split], part[split:]):
            if some:
                found += many.add_many(some, n_jobs=3)
    asked = many.query_many(feed, n_jobs=3)

    assert found == expected
    assert asked == [one.query(text) for text in feed]
    assert [many.cluster_of(each) for each in many] == [one.cluster_of(each) for each in one]
    assert many.bounded == one.bounded
