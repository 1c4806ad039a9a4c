"""A segment: what is counted of its texts, and that no order of documents changes it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import engine_oracle
import oracles
from dedupe_news._kernels.evidence import NO_TIME
from engine_oracle import SHINGLE_SIZE
from segments import runs_of, segment_of
from strategies import feeds

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
HOUR = 3_600_000_000

hours = st.none() | st.integers(-30, 80)
sources = st.sampled_from([None, "Gazette", "Post"])

Document = dict[str, Any]


@st.composite
def documents(draw: st.DrawFn) -> list[Document]:
    """Draw documents that share texts, days and sources, and lack times."""
    feed = draw(feeds(max_size=12))
    drawn = [(draw(hours), draw(sources)) for _ in feed]
    return [
        {
            "text": text,
            "published": None if hour is None else EPOCH + dt.timedelta(hours=hour),
            "source": source,
        }
        for text, (hour, source) in zip(feed, drawn, strict=True)
    ]


def distinct(drawn: list[Document]) -> list[tuple[tuple[int, ...], int | None]]:
    """Return the tokens and the earliest time, in microseconds, of each text, by first position."""
    found: dict[tuple[int, ...], int | None] = {}
    for document in drawn:
        tokens = oracles.tokens_of(document["text"])
        if tokens:
            moment = document["published"]
            time = None if moment is None else int((moment - EPOCH) / dt.timedelta(hours=1)) * HOUR
            before = found.get(tokens)
            known = [each for each in (time, before) if each is not None]
            found[tokens] = min(known, default=None)
    return list(found.items())


@given(drawn=documents(), n_jobs=st.integers(1, 3))
def test_texts_are_distinct_and_by_time(drawn: list[Document], n_jobs: int) -> None:
    """Documents of the same words are one text, whose time is that of the earliest."""
    segment = segment_of(drawn, n_jobs)

    times = [None if time == NO_TIME else time for time in segment.evidence.times.tolist()]
    assert sorted(zip(runs_of(segment), times, strict=True), key=str) == sorted(
        distinct(drawn), key=str
    )
    assert segment.evidence.times.tolist() == sorted(segment.evidence.times.tolist())
    assert segment.longest == max(map(len, runs_of(segment)), default=1)


@given(drawn=documents(), n_jobs=st.integers(1, 3))
def test_shingles_count_the_distinct_days_of_distinct_texts(
    drawn: list[Document], n_jobs: int
) -> None:
    """Copies count once, and texts without a time count for no day."""
    segment = segment_of(drawn, n_jobs)

    texts = distinct(drawn)
    runs = [oracles.shingle_hashes(tokens, SHINGLE_SIZE) for tokens, _ in texts]
    days = [-1 if time is None else time // (24 * HOUR) + 2 for _, time in texts]
    n_days = engine_oracle.n_days_with(runs, days)
    shingles = segment.evidence.shingles.tolist()
    assert sorted(shingles) == sorted(shingle for run in runs for shingle in run)
    assert segment.evidence.spread.tolist() == [
        engine_oracle.code(n_days[shingle]) for shingle in shingles
    ]
    known = [day for day in days if day >= 0]
    n_spanned = max(known) - min(known) + 1 if known else 0
    assert segment.evidence.totals.tolist() == [np.log(len(texts) + 1), n_spanned]


@given(drawn=documents(), data=st.data())
def test_any_order_of_the_documents_makes_the_same_segment(
    drawn: list[Document], data: st.DataObject
) -> None:
    """Texts, counts, times, and the pairs that share rare shingles are numbered alike."""
    one = segment_of(drawn)
    other = segment_of(data.draw(st.permutations(drawn)))

    assert runs_of(one) == runs_of(other)
    for name in ("shingles", "shingle_offsets", "spread", "cut_off", "times"):
        np.testing.assert_array_equal(getattr(one.evidence, name), getattr(other.evidence, name))
    np.testing.assert_array_equal(one.evidence.totals, other.evidence.totals)
    np.testing.assert_array_equal(one.rare_pairs, other.rare_pairs)


@given(drawn=documents(), copies=st.lists(st.integers(0, 99), max_size=6))
def test_copies_change_no_count_of_shingles(drawn: list[Document], copies: list[int]) -> None:
    """Documents that are added again leave texts and counts of shingles as they are."""
    one = segment_of(drawn)
    other = segment_of([*drawn, *(drawn[at % len(drawn)] for at in copies if drawn)])

    assert runs_of(one) == runs_of(other)
    np.testing.assert_array_equal(one.evidence.spread, other.evidence.spread)
