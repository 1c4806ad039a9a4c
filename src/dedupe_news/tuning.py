"""How bands and rows decide what becomes a candidate pair: the S-curve, and the choice on it."""

from __future__ import annotations

# Costs of one document in nanoseconds, measured on teasers of 40 shingles; only
# their ratios matter. A band is a sort and a scan, a permutation a pass over
# the shingles, a candidate the exact comparison of two shingle sets.
_PERMUTATION_COST = 4.0
_BAND_COST = 40.0
_CANDIDATE_COST = 120.0

# Pairs a document of a feed of 100,000 teasers forms at each Jaccard
# similarity: most pairs that share anything share little. Measured, rounded.
_PAIRS_PER_DOCUMENT = (
    (0.02, 400.0),
    (0.05, 60.0),
    (0.1, 8.0),
    (0.2, 2.0),
    (0.4, 1.0),
    (0.6, 0.5),
)


def candidate_probability(jaccard: float, bands: int, rows_per_band: int) -> float:
    """
    Return the probability that a pair of a Jaccard similarity shares a bucket: the S-curve.

    It is ``1 - (1 - jaccard ** rows_per_band) ** bands`` [1]_.

    References
    ----------
    .. [1] J. Leskovec, A. Rajaraman and J. D. Ullman, "Mining of Massive
       Datasets", 3rd ed., section 3.4.2.
    """
    miss: float = (1.0 - jaccard**rows_per_band) ** bands
    return 1.0 - miss


def expected_cost(bands: int, rows_per_band: int) -> float:
    """Return the estimated work a document causes, in nanoseconds: signing, sorting, verifying."""
    candidates = sum(
        pairs * candidate_probability(jaccard, bands, rows_per_band)
        for jaccard, pairs in _PAIRS_PER_DOCUMENT
    )
    return (
        _PERMUTATION_COST * bands * rows_per_band
        + _BAND_COST * bands
        + _CANDIDATE_COST * candidates
    )


def choose_bands(threshold: float, recall: float, num_perm: int) -> tuple[int, int] | None:
    """
    Return the cheapest bands and rows per band that reach `recall` at `threshold`.

    `recall` is the least probability that a pair exactly at `threshold` becomes a
    candidate. None where `num_perm`, at least ``bands * rows_per_band``, does not suffice.
    """
    best: tuple[float, int, int] | None = None
    for rows_per_band in range(1, num_perm + 1):
        # More bands than needed only cost; so the least sufficient number is the one.
        for bands in range(1, num_perm // rows_per_band + 1):
            if candidate_probability(threshold, bands, rows_per_band) >= recall:
                cost = expected_cost(bands, rows_per_band)
                if best is None or cost < best[0]:
                    best = (cost, bands, rows_per_band)
                break
    return None if best is None else best[1:]
