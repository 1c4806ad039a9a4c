"""What a policy finds among the distinct texts of a batch."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from dedupe_news.results.records import Bounded


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """
    Matches and clusters of texts.

    Parameters
    ----------
    representative : ndarray of int64, shape (n_texts,)
        The text that represents each text; itself where it stands alone.
    left, right : ndarray of int64, shape (n_matches,)
        The texts of each match.
    jaccard, containment : ndarray of float64, shape (n_matches,)
        Exact, in [0, 1].
    relation : ndarray of uint8, shape (n_matches,)
        Values of `Relation`.
    probability : ndarray of float64, shape (n_matches,)
        That the two are duplicates, in [0, 1].
    n_candidates : int
        Pairs that were compared.
    bounded : Bounded
        Work that was bounded.
    template_of, story_of : ndarray of int64, shape (n_texts,)
        Typical text of each text's template, lead text of its story, or -1.
    regroup : callable, optional
        Groups the same texts at another probability; None with "similar".
    """

    representative: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]
    probability: NDArray[np.float64]
    n_candidates: int
    bounded: Bounded
    template_of: NDArray[np.int64]
    story_of: NDArray[np.int64]
    regroup: Callable[[float], Outcome] | None = None
