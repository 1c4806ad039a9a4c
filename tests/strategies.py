"""Hypothesis strategies that several tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from dedupe_news import Config

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Few words, so that texts overlap; plain, so that a text is its words between spaces.
WORDS = ("ka", "lo", "mi", "nu", "po", "ra")

texts = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
"""Short texts of a few words, some of them empty."""

_EDITS = ("same", "drop", "replace", "append", "spaced")


@st.composite
def feeds(draw: st.DrawFn, max_size: int = 10) -> list[str]:
    """Draw a feed in which texts are copied, edited and cut off."""
    stems = draw(st.lists(st.lists(st.sampled_from(WORDS), max_size=9), min_size=1, max_size=3))
    feed = []
    for _ in range(draw(st.integers(0, max_size))):
        words = list(draw(st.sampled_from(stems)))
        edit = draw(st.sampled_from(_EDITS))
        at = draw(st.integers(0, len(words)))
        if edit == "drop":
            del words[at : at + 1]
        elif edit == "replace":
            words[at : at + 1] = [draw(st.sampled_from(WORDS))]
        elif edit == "append":
            words.append(draw(st.sampled_from(WORDS)))
        # The same words in other bytes.
        feed.append(("  " if edit == "spaced" else " ").join(words))
    return feed


configs = st.builds(
    Config,
    policy=st.just("similar"),
    threshold=st.sampled_from([0.2, 0.5, 0.6, 0.8, 1.0]),
    shingle_size=st.integers(1, 3),
    num_perm=st.just(8),
    params=st.sampled_from([(8, 1), (4, 2), (2, 3), (1, 8)]),
    seed=st.integers(0, 3),
    prefer=st.sampled_from(["earliest", "latest", "longest"]),
)
"""Configurations with few permutations, of which some bands miss pairs."""

times = st.none() | st.integers(-3, 3)
"""Publication times that tie and lack; microseconds."""

token_runs = st.lists(st.integers(0, 3), max_size=9)
"""Token hashes from a tiny alphabet."""


def ragged(runs: list[list[int]]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return runs one after another, and the bounds of each."""
    offsets = np.zeros(len(runs) + 1, np.int64)
    np.cumsum([len(run) for run in runs], out=offsets[1:])
    return np.array([value for run in runs for value in run], np.uint32), offsets
