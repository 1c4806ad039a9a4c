"""Texts kept one after another: what comes out is what went in."""

from __future__ import annotations

import copy

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import arrivals
from dedupe_news.stores.contents import Contents
from strategies import texts


def contents_of(kept: list[str]) -> Contents:
    """Return these texts, taken in one by one."""
    contents = Contents()
    for text in kept:
        contents.append(arrivals.one("id", text, None, None, None))
    return contents


def listed(contents: Contents, slots: list[int]) -> list[str]:
    """Return the texts of some slots."""
    buffer, offsets = contents.gather(np.array(slots, np.int64))
    whole = buffer.tobytes()
    return [
        whole[start:stop].decode()
        for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]


@given(feed=st.lists(texts, max_size=8), data=st.data())
def test_any_texts_can_be_asked_for(feed: list[str], data: st.DataObject) -> None:
    """In any order, some of them twice."""
    slots = data.draw(st.lists(st.integers(0, len(feed) - 1), max_size=8) if feed else st.just([]))

    assert listed(contents_of(feed), slots) == [feed[slot] for slot in slots]


@given(feed=st.lists(texts, max_size=8), kept=st.sets(st.integers(0, 7)))
def test_what_stays_is_found_by_new_slots(feed: list[str], kept: set[int]) -> None:
    """And more can be taken in behind it."""
    slots = sorted(slot for slot in kept if slot < len(feed))

    fewer = contents_of(feed).keep(np.array(slots, np.int64))
    fewer.append(arrivals.one("id", "behind", None, None, None))

    assert listed(fewer, list(range(len(slots) + 1))) == [*(feed[s] for s in slots), "behind"]


@given(feed=st.lists(texts, max_size=8), n_kept=st.integers(0, 8))
def test_the_last_texts_are_forgotten(feed: list[str], n_kept: int) -> None:
    """A copy that was made before does not change."""
    contents = contents_of(feed)
    n_kept = min(n_kept, len(feed))
    copied = copy.copy(contents)

    contents.cut(n_kept)
    contents.append(arrivals.one("id", "after", None, None, None))

    assert listed(contents, list(range(n_kept + 1))) == [*feed[:n_kept], "after"]
    assert listed(copied, list(range(len(feed)))) == feed
