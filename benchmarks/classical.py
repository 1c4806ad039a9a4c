"""Classical near-duplicate clustering on datasketch: MinHash LSH and connected components."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.peers import NUM_PERM, our_config
from benchmarks.shingles import library_sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def has_datasketch() -> bool:
    """Return whether datasketch is installed."""
    return importlib.util.find_spec("datasketch") is not None


def datasketch_labels(texts: Sequence[str], threshold: float) -> NDArray[np.int64]:
    """
    Return the smallest member of the connected component of each text.

    datasketch sees the word 3-shingles of this library, so that only its way of
    comparing differs, and runs with the banding it chooses itself.
    """
    datasketch = importlib.import_module("datasketch")
    sets = library_sets(texts, our_config(threshold))
    # The shingles are hashes already.
    signatures = datasketch.MinHash.bulk(
        [sorted(sets[place]) for place in range(len(sets))], num_perm=NUM_PERM, hashfunc=int
    )
    index = datasketch.MinHashLSH(threshold=threshold, num_perm=NUM_PERM)
    root = np.arange(len(texts))
    for place in np.flatnonzero(np.diff(sets.offsets)).tolist():
        for other in index.query(signatures[place]):
            a, b = sorted((_root(root, place), _root(root, other)))
            root[b] = a
        index.insert(place, signatures[place], check_duplication=False)
    return np.array([_root(root, place) for place in range(len(texts))], np.int64)


def _root(root: NDArray[np.int64], place: int) -> int:
    while root[place] != place:
        root[place] = root[root[place]]
        place = int(root[place])
    return place
