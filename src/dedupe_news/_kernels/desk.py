"""What the look-ups of an index work with: documents that come, tables, bounds, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from dedupe_news._kernels._jit import TypedList, kernel
from dedupe_news._kernels.alignment import Scratch, Table, make_scratch
from dedupe_news._kernels.buckets import N_PERM
from dedupe_news._kernels.feature_names import N_FEATURES
from dedupe_news._kernels.founders import MOST_TRIED, Founders
from dedupe_news._kernels.staging import make_evidence
from dedupe_news._kernels.trees import N_CLASSES, Trees
from dedupe_news._kernels.votes import MOST_JUDGED, Ballot, make_ballot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.evidence import Evidence
    from dedupe_news._kernels.roles import Roles
    from dedupe_news._kernels.tables import Tables

Held: TypeAlias = "list[tuple[Index, Desk]]"
"""An index and its desk, by address."""


class Arrivals(NamedTuple):
    """
    Documents on their way into an index, or to be looked up.

    Parameters
    ----------
    tokens, flags : ndarray of uint32, shape (n_tokens,)
        Their tokens.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document.
    cut_off, sources, times : ndarray, shape (n_documents,)
        As in `Tables`.
    replaced : ndarray of int64, shape (n_documents,)
        Slot that each document replaces, or `NO_SLOT`.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]
    sources: NDArray[np.int32]
    times: NDArray[np.int64]
    replaced: NDArray[np.int64]


class Index(NamedTuple):
    """
    An index in memory, and what verdicts are made by.

    Parameters
    ----------
    tables, roles, founders : Tables, Roles, Founders
        Its documents.
    trees : Trees
        The classifier.
    """

    tables: Tables
    roles: Roles
    founders: Founders
    trees: Trees


class Bounds(NamedTuple):
    """
    How far a look goes.

    Parameters
    ----------
    insert : bool
        Whether the documents are added.
    first_slot : int
        First free slot before the first of the documents.
    window : int
        Microseconds within which documents can be of one cluster.
    most : int
        Most matches of one document.
    min_probability : float
        From which a pair is a duplicate.
    related, template : bool
        Whether those of the same story and of the same template are wanted.
    """

    insert: bool
    first_slot: Integer
    window: Integer
    most: Integer
    min_probability: float
    related: bool
    template: bool


class Matches(NamedTuple):
    """
    Where matches go.

    Parameters
    ----------
    found : ndarray of int64, shape (n_rows, 2)
        Slot and relation of each match.
    scores : ndarray of float64, shape (n_rows, 4)
        Jaccard similarity, containment, probability, and the probability times
        the share of the document's shingles that the match has.
    """

    found: NDArray[np.int64]
    scores: NDArray[np.float64]


class Desk(NamedTuple):
    """Memory that one document after another is compared in."""

    evidence: Evidence
    scratch: Scratch
    row: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    places: NDArray[np.int64]
    ballot: Ballot
    best_slots: NDArray[np.int64]
    best_votes: NDArray[np.int64]
    tried: NDArray[np.int64]
    asked: Table
    shingles: NDArray[np.uint32]
    signature: NDArray[np.uint32]
    n_cut_short: NDArray[np.int64]


@kernel
def make_desk(longest: Integer) -> Desk:
    """Return memory for documents of at most so many tokens."""
    return Desk(
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
        np.empty(longest + 1, np.uint32),
        np.empty(N_PERM, np.uint32),
        np.zeros(1, np.int64),
    )


@kernel
def hold(index: Index, desk: Desk) -> Held:
    """Return an index and its desk as one object: seventy arrays take long to hand to a kernel."""
    held: Held = TypedList()
    held.append((index, desk))
    return held
