"""The features of a pair: the place of each in a row, and its name."""

from __future__ import annotations

# Numba takes plain whole numbers of a module for constants, which members of an enum are not.
(
    JACCARD,
    CONTAINMENT,
    ORDER_SHORT,
    RUN_SHARE,
    LENGTH,
    LENGTH_RATIO,
    TITLE_OVERLAP,
    TITLE_JACCARD,
    FRESH_SHORT,
    FRESH_MATCHED,
    BAG_SHORT,
    NAMES_KEPT,
    NUMBERS_REPLACED,
    REPEATED_REPLACEMENT,
    HEAD,
    TAIL,
    CUT_OFF,
    SAME_SOURCE,
    HOURS,
    TIME_OF_DAY,
    DAYS,
) = range(21)

FEATURES = tuple(name.lower() for name in tuple(globals()) if name.isupper())
"""Names of the features, in the order of a row."""

N_FEATURES = len(FEATURES)

MISSING = -1.0
"""Stands for a feature that cannot be told: no other value is below 0."""
