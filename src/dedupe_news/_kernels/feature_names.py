"""The features of a pair: the place of each in a row, its name, and what it means."""

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
    LEAD_SHORT,
    LEAD_LONG,
    CUT_OFF,
    SAME_SOURCE,
    HOURS,
    TIME_OF_DAY,
    DAYS,
) = range(23)

FEATURES = tuple(name.lower() for name in tuple(globals()) if name.isupper())
"""Names of the features, in the order of a row."""

N_FEATURES = len(FEATURES)

MISSING = -1.0
"""Stands for a feature that cannot be told: no other value is below 0."""

FEATURE_NOTES: dict[str, str] = {
    "jaccard": "Shared 3-shingles over all 3-shingles of both texts.",
    "containment": "Shared 3-shingles over those of the text that has fewer.",
    "order_short": "Share of the shorter text's tokens that are matched in order.",
    "run_share": "Tokens of the longest run of matches, over those of the shorter text.",
    "length": "Logarithm of the tokens of the shorter text.",
    "length_ratio": "Logarithm of how many times longer the longer text is.",
    "title_overlap": "Tokens matched between the titles, over those of the shorter title.",
    "title_jaccard": "Tokens matched between the titles, over all tokens of both titles.",
    "fresh_short": "Matched fresh tokens, over those of the text that has fewer.",
    "fresh_matched": "Logarithm of the number of matched fresh tokens.",
    "bag_short": "Share of the shorter text's weight that the longer text has, in any order.",
    "names_kept": "Share of the shorter text's rare words that the longer has; 1 if it has none.",
    "numbers_replaced": "Logarithm of how many numbers were replaced by another number.",
    "repeated_replacement": "Logarithm of how often one word was again replaced by the same word.",
    "head": "Logarithm of the tokens that only one text has before the first match.",
    "tail": "Logarithm of the unmatched tokens after the last match.",
    "lead_short": "Share of the shorter text's first 32 tokens after its title that are matched.",
    "lead_long": "The same of the longer text.",
    "cut_off": "Which text ends in a cut-off mark: 0 none, 1 the shorter, 2 the longer, 3 both.",
    "same_source": "1 if both items have the same source, 0 if they do not.",
    "hours": "Logarithm of the hours between the two items, at most a day.",
    "time_of_day": "Hours between the two times of day, if the items are over 18 hours apart.",
    "days": "Mean logarithm of the number of days on which a matched shingle occurs.",
}
"""A sentence for each feature, in their order."""
