"""What the look-ups of an index work with: items that come, the index, bounds, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from dedupe_news._kernels._jit import TypedList, kernel, plainly
from dedupe_news._kernels.alignment import Scratch, Table, make_scratch
from dedupe_news._kernels.feature_names import N_FEATURES
from dedupe_news._kernels.index_candidates import MOST_JUDGED, Ballot, make_ballot
from dedupe_news._kernels.pair_evidence import make_evidence
from dedupe_news._kernels.representatives import MOST_TRIED, Clusters
from dedupe_news._kernels.trees import N_CLASSES, Trees

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.evidence import Evidence
    from dedupe_news._kernels.index_roles import Roles
    from dedupe_news._kernels.index_tables import Tables

Held: TypeAlias = "list[tuple[Index, Workspace]]"
"""An index and its workspace, by address."""


class Arrivals(NamedTuple):
    """
    Items on their way into an index, or to be looked up.

    Parameters
    ----------
    tokens, flags : ndarray of uint32, shape (n_tokens,)
        Their tokens.
    offsets : ndarray of int64, shape (n_items + 1,)
        Bounds of each item.
    cut_off, sources, times : ndarray, shape (n_items,)
        As in `Tables`.
    replaced : ndarray of int64, shape (n_items,)
        Row that each item replaces, or -1.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]
    sources: NDArray[np.int32]
    times: NDArray[np.int64]
    replaced: NDArray[np.int64]


class Index(NamedTuple):
    """An index in memory, and what judges its pairs: trees, or without them their similarity."""

    tables: Tables
    roles: Roles
    clusters: Clusters
    trees: Trees | None


class Bounds(NamedTuple):
    """
    How far a look goes.

    Parameters
    ----------
    insert : bool
        Whether the items are added.
    first_row : int
        First free row before the first of the items.
    window : int
        Microseconds within which items can be of one cluster.
    most : int
        Most matches of one item.
    bucket_limit : int
        Leaders of a bucket that are met: the newest.
    least : float
        Probability, or Jaccard similarity, from which a pair is a duplicate.
    related, template : bool
        Whether those of the same story and of the same template are wanted.
    """

    insert: bool
    first_row: Integer
    window: Integer
    most: Integer
    bucket_limit: Integer
    least: float
    related: bool
    template: bool


class Workspace(NamedTuple):
    """
    Memory in which one item after another is compared.

    Parameters
    ----------
    evidence, scratch, features, probabilities
        For the classifier. `features` has the similarity of a pair without it, too.
    places : ndarray of int64
        Places of the item's shingles.
    ballot, best_rows, best_votes
        For its candidates.
    tried : ndarray of int64, shape (MOST_TRIED,)
        Representatives that it was compared with.
    asked : Table
        Its tokens with their number, or its shingles with the last candidate that has them.
    n_asked : ndarray of int64, shape (2,)
        Distinct shingles in `asked`, 0 before it is filled, and candidates so far.
    lowest : ndarray of int64, shape (n_bands,)
        Oldest row that was met of a bucket left at the limit, else 0.
    shingles, signature : ndarray of uint32
        Those of the item.
    n_cut_short : ndarray of int64, shape (1,)
        Look-ups in which something was left out.
    """

    evidence: Evidence
    scratch: Scratch
    features: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    places: NDArray[np.int64]
    ballot: Ballot
    best_rows: NDArray[np.int64]
    best_votes: NDArray[np.int64]
    tried: NDArray[np.int64]
    asked: Table
    n_asked: NDArray[np.int64]
    lowest: NDArray[np.int64]
    shingles: NDArray[np.uint32]
    signature: NDArray[np.uint32]
    n_cut_short: NDArray[np.int64]


@plainly
@kernel
def make_workspace(longest: Integer, n_bands: Integer, signature_size: Integer) -> Workspace:
    """Return memory for items of at most so many tokens."""
    return Workspace(
        make_evidence(2 * longest + 2),
        make_scratch(longest + 1),
        np.zeros(N_FEATURES, np.float64),
        np.zeros(N_CLASSES, np.float64),
        np.empty(longest + 1, np.int64),
        make_ballot(),
        np.empty(MOST_JUDGED, np.int64),
        np.empty(MOST_JUDGED, np.int64),
        np.empty(MOST_TRIED, np.int64),
        make_scratch(longest + 1).table,
        np.zeros(2, np.int64),
        np.zeros(n_bands, np.int64),
        np.empty(longest + 1, np.uint32),
        np.empty(signature_size, np.uint32),
        np.zeros(1, np.int64),
    )


@kernel
def hold(index: Index, space: Workspace) -> Held:
    """Return both as one object: seventy arrays take long to hand to a kernel."""
    held: Held = TypedList()
    held.append((index, space))
    return held
