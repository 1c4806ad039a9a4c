"""The features of a pair: the place of each in a row, and its name."""

from __future__ import annotations

# Numba takes plain whole numbers of a module for constants, which members of an enum are not.
(
    JACCARD,
    CONTAINMENT,
    ORDER_SHORT,
    ORDER_LONG,
    RUN_SHARE,
    RUN_LENGTH,
    LENGTH,
    LENGTH_RATIO,
    TITLE_OVERLAP,
    TITLE_JACCARD,
    TEXT_OVERLAP,
    TEXT_JACCARD,
    WEIGHT_SHORT,
    WEIGHT_LONG,
    FRESH_SHORT,
    FRESH_JACCARD,
    FRESH_MATCHED,
    FRESH_RARE,
    BAG_SHORT,
    NUMBERS_REPLACED,
    NUMBERS_SINGLE,
    NUMBERS_MISSING,
    NAMES_REPLACED,
    NAMES_MISSING,
    NAMES_KEPT,
    RESPELLED,
    TITLE_TOLD,
    WEIGHT_REPLACED,
    REPLACEMENTS,
    REPLACED_SHARE,
    REPEATED_REPLACEMENT,
    INSERTED_SHARE,
    COMMON_START,
    COMMON_END,
    HEAD,
    TAIL,
    CUT_OFF,
    FIRST_REPLACEMENT,
    TITLE_REPLACED,
    LEAD_MATCHED,
    UNMATCHED_SHORT,
    UNMATCHED_LONG,
    SAME_SOURCE,
    HOURS,
    TIME_OF_DAY,
    DAYS,
    DAYS_LEAST,
    TEXTS_A_DAY,
    STANDING,
    SHARED_WITH_OTHERS,
) = range(50)

FEATURES = tuple(name.lower() for name in tuple(globals()) if name.isupper())
"""Names of the features, in the order of a row."""

N_FEATURES = len(FEATURES)

MISSING = -1.0
"""Stands for a feature that cannot be told: no other value is below 0."""
