"""
Classical near-duplicate clustering, for comparison: MinHash LSH and connected components.

On datasketch, with the banding it chooses itself, verified on the signatures
or not; and on exact pairs, which is the best that this way can do.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.peers import NUM_PERM, our_config
from benchmarks.shingles import library_sets
from dedupe_news.kernels._jit import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_BLOCK = 1 << 18
_BETWEEN_LOOKS = 5000


@dataclasses.dataclass(frozen=True, slots=True)
class Partition:
    """
    A clustering by a classical way.

    Attributes
    ----------
    name : str
        Which way.
    threshold : float
        Least similarity of a pair.
    labels : ndarray of int64, shape (n_documents,)
        Smallest member of each document's cluster.
    n_pairs : int
        Pairs it was made of.
    """

    name: str
    threshold: float
    labels: NDArray[np.int64]
    n_pairs: int


class OutOfTimeError(Exception):
    """A peer took longer than it was given."""


def components(n: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Return the connected components of pairs.

    Parameters
    ----------
    n : int
        Documents.
    left, right : ndarray of int64, shape (n_pairs,)
        The pairs.

    Returns
    -------
    ndarray of int64, shape (n,)
        Smallest member of each document's component.
    """
    parent = np.arange(n, dtype=np.int64)
    _join(left.astype(np.int64), right.astype(np.int64), parent)
    return parent


@kernel
def _join(left: NDArray[np.int64], right: NDArray[np.int64], parent: NDArray[np.int64]) -> None:
    """Union by smallest member, then point every document at it."""
    for pair in range(len(left)):
        a, b = left[pair], right[pair]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a < b:
            parent[b] = a
        else:
            parent[a] = b
    for document in range(len(parent)):
        # A parent is smaller, and so points at its root already.
        parent[document] = parent[parent[document]]


def has_datasketch() -> bool:
    """
    Return whether datasketch is installed.

    Returns
    -------
    bool
        True if it can be imported.
    """
    return importlib.util.find_spec("datasketch") is not None


def datasketch_partitions(
    texts: Sequence[str], thresholds: Sequence[float], seconds: float
) -> Iterator[Partition]:
    """
    Cluster with datasketch, as its documentation does, and connected components.

    It sees the word 3-shingles of this library, so that only its way of
    comparing differs.

    Parameters
    ----------
    texts : sequence of str
        The documents.
    thresholds : sequence of float
        Similarities to try, in turn.
    seconds : float
        Time for all of them.

    Yields
    ------
    Partition
        Two a threshold: every pair it proposes, and those whose signatures
        agree to that degree.

    Raises
    ------
    OutOfTimeError
        When the time is up.
    """
    datasketch = importlib.import_module("datasketch")
    deadline = time.monotonic() + seconds
    sets = library_sets(texts, our_config(min(thresholds)))
    documents = (sorted(sets[document]) for document in range(len(sets)))
    # The shingles are hashes already.
    signatures = datasketch.MinHash.bulk(
        _until(documents, deadline), num_perm=NUM_PERM, hashfunc=int
    )
    values = np.array([signature.hashvalues for signature in signatures], np.uint32)
    some = np.flatnonzero(np.diff(sets.offsets)).tolist()
    for threshold in thresholds:
        left, right = _propose(datasketch, signatures, some, threshold, deadline)
        yield Partition(
            "datasketch, as proposed", threshold, components(len(texts), left, right), len(left)
        )
        alike = np.concatenate(
            [
                np.mean(values[left[at : at + _BLOCK]] == values[right[at : at + _BLOCK]], axis=1)
                for at in range(0, len(left), _BLOCK)
            ]
            or [np.empty(0)]
        )
        left, right = left[alike >= threshold], right[alike >= threshold]
        yield Partition(
            "datasketch, verified", threshold, components(len(texts), left, right), len(left)
        )


def _propose(
    datasketch: Any,  # noqa: ANN401 - it ships no types
    signatures: Sequence[Any],
    documents: Sequence[int],
    threshold: float,
    deadline: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that an index proposes, each document asking for those before it."""
    index = datasketch.MinHashLSH(threshold=threshold, num_perm=NUM_PERM)
    left = []
    counts = []
    for document in _until(documents, deadline):
        found = index.query(signatures[document])
        left.append(np.array(found, np.int64))
        counts.append(len(found))
        index.insert(document, signatures[document], check_duplication=False)
    none = np.empty(0, np.int64)
    return np.concatenate([none, *left]), np.repeat(np.array(documents, np.int64), counts)


def _until(items: Any, deadline: float) -> Iterator[Any]:  # noqa: ANN401 - anything
    """Pass items on until the time is up."""
    for number, item in enumerate(items):
        if number % _BETWEEN_LOOKS == 0 and time.monotonic() > deadline:
            message = "datasketch took longer than it was given"
            raise OutOfTimeError(message)
        yield item
