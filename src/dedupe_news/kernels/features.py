"""What speaks for and against a pair: one alignment, and sums over it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.alignment import MAX_TOKENS, N_PLACES, N_WORDS, align, find_place
from dedupe_news.kernels.folding import CAPITALISED, FIRST_LINE, HAS_DIGIT, STARTS_SENTENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

SHINGLE_SIZE = 3
"""Tokens in the shingles whose frequency and spread are looked at."""

FEATURES = (
    "length",
    "length_ratio",
    "containment",
    "jaccard",
    "title_containment",
    "title_jaccard",
    "text_containment",
    "no_text",
    "weighted_containment",
    "weighted_jaccard",
    "unmatched_weight_least",
    "unmatched_weight_most",
    "numbers_replaced",
    "names_replaced",
    "rare_words_replaced",
    "short_replacements",
    "long_replacements",
    "numbers_changed",
    "names_changed",
    "common_start",
    "common_end",
    "only_cut_off",
    "cut_off_marks",
    "first_replacement",
    "longest_run",
    "title_replacements",
    "frequency_mean",
    "frequency_least",
    "frequency_quartile",
    "share_of_rare",
    "spread_mean",
    "spread_least",
    "share_of_few_days",
    "same_source",
    "log_hours",
    "days",
    "over_3_days",
    "over_14_days",
    "same_source_log_hours",
    "numbers_shared",
    "rare_words_shared",
    "share_of_frequent",
    "share_of_new",
    "tail_length",
    "names_kept_most",
    "names_kept_least",
)
"""Names of the features, in order; docs/explanation/judge.md says what each means."""

N_FEATURES = len(FEATURES)
CONTAINMENT = FEATURES.index("containment")

LEAST_CONTAINMENT = 0.3
"""Share of the shorter text's tokens below which two texts are not compared further."""

LEAST_JACCARD = 0.18
"""Jaccard similarity of the aligned tokens below which they are not, but for excerpts."""

LEAST_EXCERPT = 0.7
"""Share of the shorter text's tokens from which it may be an excerpt of a long one."""

LEAST_RUN = 10
"""Tokens in a row from which two texts are compared however little else they share."""

_CODES = 16.0  # a count is coded as 16 ln(count)
_RARE = 33  # code of 8 texts
_FREQUENT = 64  # code of 55 texts
_FEW_DAYS = 18  # code of 3 days
_COMMON_WORD = 6.2  # a word in more than exp(-6.2), 0.2 %, of the texts
_LEAST_COMMON = 33.0  # code of 8: fewer occurrences do not make a word common
_UNKNOWN_FREQUENCY = 5.0
_UNKNOWN_SPREAD = 4.0
_SHORT_GAP = 4
_NAME = CAPITALISED | STARTS_SENTENCE
_SLACK = 16  # tokens of a long text beyond the length of the short one
_HOUR = 3_600_000_000.0
_LOGS = np.array([math.log(1 + i) for i in range(2 * MAX_TOKENS + 1)])
NO_TIME = np.iinfo(np.int64).min


class Evidence(NamedTuple):
    """
    The arrays that features are computed from.

    Parameters
    ----------
    tokens, flags, commonness : ndarray of uint32, uint8, uint8, shape (n_tokens,)
        Hash, flags and code of the count of each token.
    starts, stops : ndarray of int64, shape (n_texts,)
        Bounds of each text's tokens.
    frequency, spread : ndarray of uint8, shape (n_shingles,)
        Codes of the number of texts and of days with each shingle.
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes, in text order.
    shingle_offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text's shingles.
    cut_off : ndarray of uint8, shape (n_texts,)
        1 where the text ends in a cut-off mark.
    sources : ndarray of int32, shape (n_texts,)
        Source of each text; negative for unknown.
    times : ndarray of int64, shape (n_texts,)
        Microseconds; the least int64 for unknown.
    log_texts : ndarray of float64, shape (1,)
        ``ln(n_texts + 1)``, of the texts that the counts are of.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    commonness: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    frequency: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    shingles: NDArray[np.uint32]
    shingle_offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]
    sources: NDArray[np.int32]
    times: NDArray[np.int64]
    log_texts: NDArray[np.float64]


class Scratch(NamedTuple):
    """
    Memory that one pair after another uses; the fields of `align`, and counters.

    Parameters
    ----------
    prepared, masks, keys, numbers, columns, carries, partner
        As for `dedupe_news.kernels.alignment.align`.
    back : ndarray of int32, shape (MAX_TOKENS,)
        Partner of each token of the right run.
    met : ndarray of uint8, shape (MAX_TOKENS,)
        Whether each distinct token of the left run is in the right run.
    histogram : ndarray of int64, shape (16,)
        Shared shingles by frequency.
    logs : ndarray of float64
        ``ln(1 + i)``.
    """

    prepared: NDArray[np.int64]
    masks: NDArray[np.uint64]
    keys: NDArray[np.uint32]
    numbers: NDArray[np.int32]
    columns: NDArray[np.uint64]
    carries: NDArray[np.uint64]
    partner: NDArray[np.int32]
    back: NDArray[np.int32]
    met: NDArray[np.uint8]
    histogram: NDArray[np.int64]
    logs: NDArray[np.float64]


@inlined
def make_scratch() -> Scratch:
    """
    Return fresh scratch memory.

    Returns
    -------
    Scratch
        For one thread.
    """
    return Scratch(
        np.full(2, -1, np.int64),
        np.zeros((MAX_TOKENS + 1, N_WORDS), np.uint64),
        np.zeros(N_PLACES, np.uint32),
        np.zeros(N_PLACES, np.int32),
        np.zeros((MAX_TOKENS + 1, N_WORDS), np.uint64),
        np.zeros(MAX_TOKENS, np.uint64),
        np.zeros(MAX_TOKENS, np.int32),
        np.zeros(MAX_TOKENS, np.int32),
        np.zeros(MAX_TOKENS, np.uint8),
        np.zeros(16, np.int64),
        _LOGS.copy(),  # to reckon them anew takes as long as to compare two documents
    )


@kernel
def _offset_of(evidence: Evidence, short: Integer, long: Integer) -> int:
    """Return where in a long text the first rare shingle of a short one leads its start."""
    shingle_offsets = evidence.shingle_offsets
    frequencies = evidence.frequency
    shingles = evidence.shingles
    begin = shingle_offsets[short]
    n_looked_at = min(shingle_offsets[short + 1] - begin, MAX_TOKENS)
    best = np.int64(-1)
    for at in range(n_looked_at):
        code = frequencies[begin + at]
        if code > 0 and (best < 0 or code < frequencies[begin + best]):
            best = np.int64(at)
    if best < 0:
        return 0
    wanted = shingles[begin + best]
    first = shingle_offsets[long]
    for at in range(first, shingle_offsets[long + 1]):
        if shingles[at] == wanted:
            return int(max(at - first - best, 0))
    return 0


@inlined
def fill_features(
    evidence: Evidence, scratch: Scratch, x: Integer, y: Integer, row: NDArray[np.float64]
) -> bool:
    """
    Write the features of one pair.

    Of a text longer than `MAX_TOKENS` only a window is compared: its first
    tokens, or, beside a short text, the stretch that the short one may have
    been taken from.

    Parameters
    ----------
    evidence : Evidence
        The texts and their statistics.
    scratch : Scratch
        From `make_scratch`; overwritten.
    x, y : int
        The texts.
    row : ndarray of float64, shape (N_FEATURES,)
        Receives the features, in the order of `FEATURES`.

    Returns
    -------
    bool
        False, with the overlap alone in `row`, for a pair that shares less
        than the pairs that the judge was taught with.
    """
    shift_x = 0
    shift_y = 0
    la = np.int64(evidence.stops[x] - evidence.starts[x])
    lb = np.int64(evidence.stops[y] - evidence.starts[y])
    if la > MAX_TOKENS or lb > MAX_TOKENS:
        if la >= lb:
            shift_x = _offset_of(evidence, y, x)
            la = min(la - shift_x, lb + _SLACK)
        else:
            shift_y = _offset_of(evidence, x, y)
            lb = min(lb - shift_y, la + _SLACK)
        la = min(la, np.int64(MAX_TOKENS))
        lb = min(lb, np.int64(MAX_TOKENS))
    a = np.int64(evidence.starts[x] + shift_x)
    b = np.int64(evidence.starts[y] + shift_y)
    n_matched = _match(evidence, scratch, a, la, b, lb)
    if n_matched < _least_overlap(la, lb) and (
        n_matched < LEAST_RUN or not _has_run(scratch.partner, la)
    ):
        row[2] = 0.0
        return False
    _fill_matched(evidence, scratch, x, shift_x, y, shift_y, la, lb, n_matched, row)
    _fill_gaps(evidence, scratch, a, la, b, lb, row)
    _fill_names(evidence, scratch, a, la, b, lb, row)
    row[22] = evidence.cut_off[x] + evidence.cut_off[y]
    _fill_metadata(evidence, x, y, row)
    return True


@inlined
def _least_overlap(la: Integer, lb: Integer) -> Integer:
    """Return how many tokens a pair must share in order before the judge speaks of it."""
    shorter = min(la, lb)
    # jaccard >= LEAST_JACCARD, or the shorter text is mostly in the longer.
    for_jaccard = np.int64(np.ceil(LEAST_JACCARD / (1.0 + LEAST_JACCARD) * (la + lb)))
    for_excerpt = np.int64(np.ceil(LEAST_EXCERPT * shorter))
    return max(
        np.int64(1), np.int64(np.ceil(LEAST_CONTAINMENT * shorter)), min(for_jaccard, for_excerpt)
    )


@inlined
def _has_run(partner: NDArray[np.int32], la: Integer) -> bool:
    """Return whether `LEAST_RUN` tokens in a row are matched without a difference."""
    stretch = 0
    for i in range(la):
        if partner[i] < 0:
            stretch = 0
            continue
        stretch = stretch + 1 if stretch > 0 and partner[i - 1] + 1 == partner[i] else 1
        if stretch == LEAST_RUN:
            return True
    return False


@inlined
def _common_code(evidence: Evidence) -> float:
    """Return the code above which a word is common."""
    share = _CODES * float(evidence.log_texts[0] - _COMMON_WORD)
    return min(255.0, max(_LEAST_COMMON, share))


@inlined
def _match(
    evidence: Evidence, scratch: Scratch, a: Integer, la: Integer, b: Integer, lb: Integer
) -> int:
    """
    Align two runs, and drop lone matches of common words between differences.

    Returns -1 where the runs have too little in common for the judge.
    """
    commonness = evidence.commonness
    partner, back = scratch.partner, scratch.back
    n_matched = align(
        evidence.tokens,
        a,
        la,
        b,
        lb,
        scratch.prepared,
        scratch.masks,
        scratch.keys,
        scratch.numbers,
        scratch.columns,
        scratch.carries,
        partner,
        min(_least_overlap(la, lb), np.int64(LEAST_RUN)),
    )
    if n_matched < 0:
        return -1
    for j in range(lb):
        back[j] = -1
    for i in range(la):
        if partner[i] >= 0:
            back[partner[i]] = i
    common = _common_code(evidence)
    for i in range(1, la - 1):
        j = partner[i]
        if (
            j > 0
            and j + 1 < lb
            and commonness[a + i] > common
            and partner[i - 1] != j - 1
            and partner[i + 1] != j + 1
        ):
            partner[i] = -1
            back[j] = -1
            n_matched -= 1
    return n_matched


@inlined
def _is_new(evidence: Evidence, text: Integer, at: Integer) -> bool:
    """Return whether no other text has the shingle at a place, or none starts there."""
    first = evidence.shingle_offsets[text]
    if at >= evidence.shingle_offsets[text + 1] - first:
        return True
    return bool(evidence.frequency[first + at] == 0)


@kernel
def _fill_matched(
    evidence: Evidence,
    scratch: Scratch,
    x: Integer,
    shift_x: Integer,
    y: Integer,
    shift_y: Integer,
    la: Integer,
    lb: Integer,
    n_matched: Integer,
    row: NDArray[np.float64],
) -> None:
    """Write what the matched and the unmatched tokens of a pair sum to."""
    all_flags = evidence.flags
    commonness = evidence.commonness
    frequencies = evidence.frequency
    spreads = evidence.spread
    partner, back, histogram, logs = (
        scratch.partner,
        scratch.back,
        scratch.histogram,
        scratch.logs,
    )
    a = evidence.starts[x] + shift_x
    b = evidence.starts[y] + shift_y
    first_shingle = evidence.shingle_offsets[x] + shift_x
    common = _common_code(evidence)
    log_texts = evidence.log_texts[0]
    for place in range(16):
        histogram[place] = 0
    title_a = title_b = title_matched = text_matched = 0
    matched_weight = weight_a = weight_b = unmatched_a = unmatched_b = 0.0
    numbers_a = numbers_b = names_a = names_b = 0
    numbers_shared = rare_shared = n_unmatched = n_new = 0
    n_shingles = n_rare = n_frequent = n_few_days = 0
    frequency_sum = spread_sum = 0.0
    frequency_least = spread_least = 255.0
    stretch = longest = 0
    for i in range(la):
        flags = all_flags[a + i]
        weight = log_texts - commonness[a + i] / _CODES
        weight_a += weight
        in_title = flags & FIRST_LINE != 0
        title_a += in_title
        j = partner[i]
        if j < 0:
            stretch = 0
            unmatched_a += weight
            n_unmatched += 1
            n_new += _is_new(evidence, x, shift_x + i)
            if flags & HAS_DIGIT:
                numbers_a += 1
            elif flags & CAPITALISED and not flags & STARTS_SENTENCE:
                names_a += 1
            continue
        matched_weight += weight
        numbers_shared += flags & HAS_DIGIT != 0
        rare_shared += commonness[a + i] <= common
        in_other_title = all_flags[b + j] & FIRST_LINE != 0
        title_matched += in_title and in_other_title
        text_matched += not in_title and not in_other_title
        stretch = stretch + 1 if stretch > 0 and partner[i - 1] == j - 1 else 1
        longest = max(longest, stretch)
        if stretch >= SHINGLE_SIZE:
            at = first_shingle + i - (SHINGLE_SIZE - 1)
            frequency = float(frequencies[at])
            spread = float(spreads[at])
            n_shingles += 1
            frequency_sum += frequency
            spread_sum += spread
            frequency_least = min(frequency_least, frequency)
            spread_least = min(spread_least, spread)
            n_rare += frequency <= _RARE
            n_frequent += frequency >= _FREQUENT
            n_few_days += spread <= _FEW_DAYS
            histogram[min(np.int64(15), np.int64(frequencies[at]) >> 3)] += 1
    for j in range(lb):
        flags = all_flags[b + j]
        weight = log_texts - commonness[b + j] / _CODES
        weight_b += weight
        title_b += flags & FIRST_LINE != 0
        if back[j] < 0:
            unmatched_b += weight
            n_unmatched += 1
            n_new += _is_new(evidence, y, shift_y + j)
            if flags & HAS_DIGIT:
                numbers_b += 1
            elif flags & CAPITALISED and not flags & STARTS_SENTENCE:
                names_b += 1
    shorter = max(1, min(la, lb))
    longer = max(1, la, lb)
    least_text = min(la - title_a, lb - title_b)
    row[0] = logs[shorter]
    row[1] = logs[longer] - logs[shorter]
    row[2] = n_matched / shorter
    row[3] = n_matched / max(1, la + lb - n_matched)
    row[4] = title_matched / max(1, min(title_a, title_b))
    row[5] = title_matched / max(1, title_a + title_b - title_matched)
    row[6] = text_matched / max(1, least_text)
    row[7] = least_text <= 1
    row[8] = matched_weight / max(1e-6, min(weight_a, weight_b))
    row[9] = matched_weight / max(1e-6, weight_a + weight_b - matched_weight)
    row[10] = np.log(1.0 + max(0.0, min(unmatched_a, unmatched_b)))
    row[11] = np.log(1.0 + max(0.0, unmatched_a, unmatched_b))
    row[17] = logs[max(numbers_a, numbers_b)]
    row[18] = logs[min(names_a, names_b)]
    row[24] = logs[longest]
    quartile = 0
    below = 0
    for place in range(16):
        below += histogram[place]
        if below * 4 >= n_shingles:
            quartile = place
            break
    if n_shingles > 0:
        row[26] = frequency_sum / (n_shingles * _CODES)
        row[27] = frequency_least / _CODES
        row[28] = quartile * 0.5
        row[29] = n_rare / n_shingles
        row[30] = spread_sum / (n_shingles * _CODES)
        row[31] = spread_least / _CODES
        row[32] = n_few_days / n_shingles
        row[41] = n_frequent / n_shingles
    else:
        row[26] = row[27] = row[28] = _UNKNOWN_FREQUENCY
        row[29] = row[32] = row[41] = 0.0
        row[30] = row[31] = _UNKNOWN_SPREAD
    row[39] = logs[numbers_shared]
    row[40] = logs[rare_shared]
    row[42] = n_new / (n_unmatched + 1.0)


@kernel
def _fill_gaps(
    evidence: Evidence,
    scratch: Scratch,
    a: Integer,
    la: Integer,
    b: Integer,
    lb: Integer,
    row: NDArray[np.float64],
) -> None:
    """Write what the gaps between matched tokens say: replaced on both sides, or cut off on one."""
    all_flags = evidence.flags
    commonness = evidence.commonness
    partner, back, logs = scratch.partner, scratch.back, scratch.logs
    common = _common_code(evidence)
    numbers = names = rare = n_short = n_title = 0
    n_long = n_inner = np.int64(0)
    first = np.int64(-1)
    prefix = np.int64(0)
    while prefix < la and partner[prefix] == prefix:
        prefix += 1
    i = prefix
    j = prefix
    gap_a = np.int64(0)
    gap_b = np.int64(0)
    while i < la or j < lb:
        if i < la and partner[i] >= 0 and partner[i] == j:
            i += 1
            j += 1
            continue
        i_stop = i
        while i_stop < la and partner[i_stop] < 0:
            i_stop += 1
        j_stop = np.int64(partner[i_stop]) if i_stop < la else np.int64(lb)
        gap_a = i_stop - i
        gap_b = j_stop - j
        if gap_a > 0 and gap_b > 0:
            numbers_a = names_a = rare_a = title_a = 0
            for at in range(a + i, a + i_stop):
                flags = all_flags[at]
                numbers_a += flags & HAS_DIGIT != 0
                names_a += flags & (HAS_DIGIT | CAPITALISED) == CAPITALISED
                rare_a += commonness[at] <= common
                title_a += flags & FIRST_LINE != 0
            numbers_b = names_b = rare_b = title_b = 0
            for at in range(b + j, b + j_stop):
                flags = all_flags[at]
                numbers_b += flags & HAS_DIGIT != 0
                names_b += flags & (HAS_DIGIT | CAPITALISED) == CAPITALISED
                rare_b += commonness[at] <= common
                title_b += flags & FIRST_LINE != 0
            numbers += min(numbers_a, numbers_b)
            rare += min(rare_a, rare_b)
            if max(gap_a, gap_b) <= _SHORT_GAP:
                n_short += 1
                names += min(names_a, names_b)
            else:
                n_long += min(gap_a, gap_b)
            n_title += title_a > 0 and title_b > 0
            if first < 0:
                first = min(i, j)
        if i_stop < la or j_stop < lb:
            n_inner += min(gap_a, gap_b)
        elif gap_a > 0 and gap_b > 0:
            n_inner += 1
        i = i_stop
        j = j_stop
    suffix = np.int64(0)
    while suffix < la and suffix < lb and partner[la - 1 - suffix] == lb - 1 - suffix:
        suffix += 1
    shorter = max(1, min(la, lb))
    row[12] = logs[numbers]
    row[13] = logs[names]
    row[14] = logs[rare]
    row[15] = logs[n_short]
    row[16] = logs[n_long]
    row[19] = prefix / shorter
    row[20] = suffix / shorter
    row[21] = n_inner == 0
    row[23] = first / shorter if first >= 0 else 1.0
    row[25] = logs[n_title]
    ends_unmatched = partner[la - 1] < 0 or back[lb - 1] < 0
    row[43] = logs[max(gap_a, gap_b)] if ends_unmatched else 0.0


@kernel
def _fill_metadata(evidence: Evidence, x: Integer, y: Integer, row: NDArray[np.float64]) -> None:
    """Write what sources and times say; zeros where they are unknown."""
    same = evidence.sources[x] >= 0 and evidence.sources[x] == evidence.sources[y]
    row[33] = same
    for feature in range(34, 39):
        row[feature] = 0.0
    if evidence.times[x] != NO_TIME and evidence.times[y] != NO_TIME:
        hours = abs(evidence.times[x] - evidence.times[y]) / _HOUR
        row[34] = np.log(1.0 + hours)
        row[35] = min(1.0, hours / 24.0)
        row[36] = hours > 72.0
        row[37] = hours > 336.0
        row[38] = row[34] if same else 0.0


@kernel
def _fill_names(
    evidence: Evidence,
    scratch: Scratch,
    a: Integer,
    la: Integer,
    b: Integer,
    lb: Integer,
    row: NDArray[np.float64],
) -> None:
    """
    Write which share of the names of each text the other has, wherever it has them.

    An item keeps its names however it is edited; a template changes them. A
    name is a capitalised word that does not begin a sentence; a text without
    any keeps them all.
    """
    tokens = evidence.tokens
    flags = evidence.flags
    keys, numbers, met = scratch.keys, scratch.numbers, scratch.met
    for number in range(MAX_TOKENS):
        met[number] = 0
    names_b = 0
    kept_b = 0
    for at in range(b, b + lb):
        number = numbers[find_place(tokens[at], keys, numbers)]
        if number >= 0:
            met[number] = 1
        if flags[at] & _NAME == CAPITALISED:
            names_b += 1
            kept_b += number >= 0
    names_a = 0
    kept_a = 0
    for at in range(a, a + la):
        if flags[at] & _NAME == CAPITALISED:
            names_a += 1
            kept_a += met[numbers[find_place(tokens[at], keys, numbers)]]
    row[44] = row[45] = 1.0
    if names_a > 0 and names_b > 0:
        row[44] = max(kept_a / names_a, kept_b / names_b)
        row[45] = min(kept_a / names_a, kept_b / names_b)
