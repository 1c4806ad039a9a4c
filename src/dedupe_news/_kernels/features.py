"""What speaks for and against a pair: one alignment, and sums over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import (
    IN_LEFT,
    IN_RIGHT,
    MOST_REPLACED,
    Scratch,
    align,
    is_used,
    make_scratch,
    place_of,
    put,
)
from dedupe_news._kernels.text.fold import CAPITALISED, FIRST_LINE, HAS_DIGIT, STEM_SHIFT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

SHINGLE_SIZE = 3
"""Tokens in the shingles whose texts and days are counted."""

FEATURES = (
    "jaccard",
    "containment",
    "order_short",
    "order_long",
    "run_share",
    "run_length",
    "length",
    "length_ratio",
    "title_overlap",
    "title_jaccard",
    "text_overlap",
    "text_jaccard",
    "weight_short",
    "weight_long",
    "fresh_short",
    "fresh_jaccard",
    "fresh_matched",
    "fresh_rare",
    "bag_short",
    "numbers_replaced",
    "numbers_single",
    "numbers_missing",
    "names_replaced",
    "names_missing",
    "names_kept",
    "respelled",
    "title_told",
    "weight_replaced",
    "replacements",
    "replaced_share",
    "repeated_replacement",
    "inserted_share",
    "common_start",
    "common_end",
    "head",
    "tail",
    "cut_off",
    "first_replacement",
    "title_replaced",
    "lead_matched",
    "unmatched_short",
    "unmatched_long",
    "same_source",
    "hours",
    "time_of_day",
    "days",
    "days_least",
    "texts_a_day",
    "standing",
    "shared_with_others",
)
"""Names of the features, in the order of a row."""

N_FEATURES = len(FEATURES)

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
) = range(N_FEATURES)

MISSING = -1.0
"""Stands for a feature that cannot be told: no other value is below 0."""

COUNTED_TEXTS = 200
"""Texts from which counts tell a rare word from a common one."""

COUNTED_DAYS = 5
"""Days that the texts must span before recurrence is looked at: a story lasts fewer."""

NO_TIME = np.iinfo(np.int64).min

_LOG_COUNTED = float(np.log(COUNTED_TEXTS))

_CODES = 16.0  # a count is coded as 16 ln(count)
_STANDING = 26  # code of 5 days
_OTHERS = 12  # codes above: more texts than two
_LEAST_WEIGHT, _MOST_WEIGHT = 0.3, 9.2  # minus the logarithms of 74 % and of one in 10,000
_RARE = 4.6  # minus the logarithm of 1 %
_FEW = 18  # code of 3: what occurs no oftener is rare
_LEAD = 12  # words of a text that tell what it is about
_HOUR = 3_600_000_000.0
_DAY = 24.0  # hours; how long a feed waits with a re-post, or fills in a form anew, is its own
_MOST_WORDS = 16  # words of a gap whose other forms are looked for


class Evidence(NamedTuple):
    """
    The arrays that features are computed from.

    Parameters
    ----------
    tokens, flags, commonness : ndarray of uint32, uint32, uint8, shape (n_tokens,)
        Hash, flags with stem, and code of the count of each token.
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
    totals : ndarray of float64, shape (2,)
        ``ln(n_texts + 1)`` and the number of days from the first text to the
        last, of the texts that the counts are of.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint32]
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
    totals: NDArray[np.float64]


class Side(NamedTuple):
    """
    One text of a pair.

    Parameters
    ----------
    text : int
        Its number.
    first, length : int
        Its first token, and how many there are.
    capitals : bool
        Whether capitals tell names: some words have them, most do not.
    written : bool
        Whether it has capitals at all.
    """

    text: Integer
    first: Integer
    length: Integer
    capitals: bool
    written: bool


@inlined
def _side(evidence: Evidence, text: Integer) -> Side:
    first = evidence.starts[text]
    length = evidence.stops[text] - first
    n_capitals = 0
    for at in range(first, first + length):
        n_capitals += evidence.flags[at] & CAPITALISED != 0
    return Side(text, first, length, 2 * n_capitals < length, n_capitals > 0)


@inlined
def weight_of(evidence: Evidence, at: Integer) -> float:
    """Return how much a token tells, in [0.03, 1]: minus the log of its share of the texts."""
    log_texts = evidence.totals[0]
    if log_texts < _LOG_COUNTED:
        return 1.0
    rarity = log_texts - evidence.commonness[at] / _CODES
    return float(min(_MOST_WEIGHT, max(_LEAST_WEIGHT, rarity)) / _MOST_WEIGHT)


@inlined
def is_rare(evidence: Evidence, side: Side, at: Integer) -> bool:
    """Return whether a token may be a name: seldom used, or where nothing is counted, a capital."""
    log_texts = evidence.totals[0]
    if log_texts >= _LOG_COUNTED:
        code = evidence.commonness[at]
        return bool(code <= _FEW or log_texts - code / _CODES > _RARE)
    if not side.written:
        return True
    return bool(evidence.flags[at] & (CAPITALISED | HAS_DIGIT) != 0)


@inlined
def _counts_days(evidence: Evidence) -> bool:
    """Return whether the texts are so many, over so long, that recurrence can be told."""
    return bool(evidence.totals[0] >= _LOG_COUNTED and evidence.totals[1] >= COUNTED_DAYS)


@inlined
def _is_standing(evidence: Evidence, side: Side, place: Integer) -> bool:
    """Return whether a shingle over this token is used on more days than a story lasts."""
    if not _counts_days(evidence):
        return False
    first = evidence.shingle_offsets[side.text]
    n_shingles = evidence.shingle_offsets[side.text + 1] - first
    for at in range(max(place - SHINGLE_SIZE + 1, 0), min(place + 1, n_shingles)):
        if evidence.spread[first + at] >= _STANDING:
            return True
    return False


@inlined
def _comes_second(evidence: Evidence, x: Integer, y: Integer) -> bool:
    """Return whether `x` is the longer text; texts of one length are ordered by what they say."""
    length = evidence.stops[x] - evidence.starts[x]
    other_length = evidence.stops[y] - evidence.starts[y]
    if length != other_length:
        return bool(length > other_length)
    first, other_first = evidence.starts[x], evidence.starts[y]
    for place in range(length):
        token, other = evidence.tokens[first + place], evidence.tokens[other_first + place]
        if token != other:
            return bool(token > other)
    for place in range(length):
        flag, other_flag = evidence.flags[first + place], evidence.flags[other_first + place]
        if flag != other_flag:
            return bool(flag > other_flag)
    return bool(evidence.cut_off[x] > evidence.cut_off[y])


@kernel
def fill_features(
    evidence: Evidence, scratch: Scratch, x: Integer, y: Integer, row: NDArray[np.float64]
) -> None:
    """Write the features of one pair, in either order of its texts; neither text is empty."""
    if _comes_second(evidence, x, y):
        x, y = y, x
    short = _side(evidence, x)
    long = _side(evidence, y)
    for feature in range(N_FEATURES):
        row[feature] = 0.0
    _fill_sets(evidence, scratch, short, long, row)
    n_matched = align(
        evidence.tokens, short.first, short.length, long.first, long.length, scratch
    ) - _drop_lone(evidence, scratch, short, long)
    row[ORDER_SHORT] = n_matched / short.length
    row[ORDER_LONG] = n_matched / long.length
    row[LENGTH] = np.log(1.0 + short.length)
    row[LENGTH_RATIO] = np.log(long.length / short.length)
    _fill_matched(evidence, scratch, short, long, row)
    _fill_gaps(evidence, scratch, short, long, row)
    _fill_found(evidence, scratch, short, long, row)
    _fill_told(evidence, scratch, short, long, row)
    row[CUT_OFF] = evidence.cut_off[x] + 2 * evidence.cut_off[y]
    _fill_metadata(evidence, x, y, row)


@inlined
def _fill_sets(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write Jaccard similarity and containment of the whole texts."""
    table = scratch.table
    table.age[0] += 1
    offsets = evidence.shingle_offsets
    n_short = n_long = n_shared = 0
    for at in range(offsets[short.text], offsets[short.text + 1]):
        place = place_of(table, evidence.shingles[at])
        if not is_used(table, place):
            put(table, place, evidence.shingles[at], IN_LEFT)
            n_short += 1
    for at in range(offsets[long.text], offsets[long.text + 1]):
        place = place_of(table, evidence.shingles[at])
        if not is_used(table, place):
            put(table, place, evidence.shingles[at], IN_RIGHT)
            n_long += 1
        elif table.values[place] == IN_LEFT:
            table.values[place] = IN_LEFT | IN_RIGHT
            n_long += 1
            n_shared += 1
    row[JACCARD] = n_shared / max(1, n_short + n_long - n_shared)
    row[CONTAINMENT] = n_shared / max(1, min(n_short, n_long))


@inlined
def _drop_lone(evidence: Evidence, scratch: Scratch, short: Side, long: Side) -> int:
    """Undo matches of common words that stand alone between differences; return how many."""
    partner, back = scratch.partner, scratch.back
    n_dropped = 0
    if short.length <= SHINGLE_SIZE:
        return 0
    for i in range(short.length):
        j = partner[i]
        if j < 0 or is_rare(evidence, short, short.first + i):
            continue
        follows = i > 0 and j > 0 and partner[i - 1] == j - 1
        leads = i + 1 < short.length and j + 1 < long.length and partner[i + 1] == j + 1
        if not follows and not leads:
            partner[i] = -1
            back[j] = -1
            n_dropped += 1
    return n_dropped


@kernel
def _fill_matched(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write what the matched and the unmatched tokens of a pair sum to."""
    partner = scratch.partner
    flags = evidence.flags
    first_shingle = evidence.shingle_offsets[short.text]
    n_shingles = evidence.shingle_offsets[short.text + 1] - first_shingle
    title_a = title_b = title_matched = text_matched = n_text = lead_matched = 0
    weight_a = weight_b = weight_matched = 0.0
    fresh_a = fresh_b = fresh_matched = fresh_rare = 0
    stretch = longest = n_counted = n_others = n_standing = 0
    days = texts = 0.0
    days_least = 255.0
    for i in range(short.length):
        at = short.first + i
        in_title = flags[at] & FIRST_LINE != 0
        weight = weight_of(evidence, at)
        fresh = not _is_standing(evidence, short, i)
        title_a += in_title
        weight_a += weight
        fresh_a += fresh
        n_text += not in_title
        j = np.int64(partner[i])
        if j < 0:
            stretch = 0
            continue
        in_other_title = flags[long.first + j] & FIRST_LINE != 0
        weight_matched += weight
        title_matched += in_title and in_other_title
        text_matched += not in_title and not in_other_title
        lead_matched += not in_title and n_text <= _LEAD
        fresh_matched += fresh
        fresh_rare += fresh and is_rare(evidence, short, at)
        stretch = stretch + 1 if stretch > 0 and partner[i - 1] == j - 1 else 1
        longest = max(longest, stretch)
        begin = i + 1 - min(stretch, SHINGLE_SIZE)
        if (stretch >= SHINGLE_SIZE or stretch == short.length) and begin < n_shingles:
            spread = evidence.spread[first_shingle + begin]
            frequency = evidence.frequency[first_shingle + begin]
            n_counted += 1
            days += spread
            texts += frequency
            days_least = min(days_least, float(spread))
            n_standing += spread >= _STANDING
            n_others += frequency > _OTHERS
    for place in range(long.length):
        weight_b += weight_of(evidence, long.first + place)
        title_b += flags[long.first + place] & FIRST_LINE != 0
        fresh_b += not _is_standing(evidence, long, place)
    row[RUN_SHARE] = longest / short.length
    row[RUN_LENGTH] = np.log(1.0 + longest)
    shorter_title = min(title_a, title_b)
    row[TITLE_OVERLAP] = row[TITLE_JACCARD] = row[TEXT_OVERLAP] = row[TEXT_JACCARD] = MISSING
    if shorter_title > 0:
        row[TITLE_OVERLAP] = title_matched / shorter_title
        row[TITLE_JACCARD] = title_matched / (title_a + title_b - title_matched)
        text_a = short.length - title_a
        text_b = long.length - title_b
        if min(text_a, text_b) > 1:
            row[TEXT_OVERLAP] = text_matched / min(text_a, text_b)
            row[TEXT_JACCARD] = text_matched / (text_a + text_b - text_matched)
    row[WEIGHT_SHORT] = weight_matched / min(weight_a, weight_b)
    row[WEIGHT_LONG] = weight_matched / max(weight_a, weight_b)
    row[UNMATCHED_SHORT] = np.log(1.0 + max(0.0, min(weight_a, weight_b) - weight_matched))
    row[UNMATCHED_LONG] = np.log(1.0 + max(0.0, max(weight_a, weight_b) - weight_matched))
    row[FRESH_SHORT] = fresh_matched / max(1, min(fresh_a, fresh_b), fresh_matched)
    row[FRESH_JACCARD] = fresh_matched / max(1, fresh_a + fresh_b - fresh_matched)
    row[FRESH_MATCHED] = np.log(1.0 + fresh_matched)
    row[FRESH_RARE] = np.log(1.0 + fresh_rare)
    row[LEAD_MATCHED] = lead_matched / min(_LEAD, n_text) if n_text > 0 else MISSING
    if n_counted > 0 and _counts_days(evidence):
        row[DAYS] = days / (n_counted * _CODES)
        row[DAYS_LEAST] = days_least / _CODES
        row[TEXTS_A_DAY] = max(0.0, texts - days) / (n_counted * _CODES)
        row[STANDING] = n_standing / n_counted
        row[SHARED_WITH_OTHERS] = n_others / n_counted
    else:
        row[DAYS] = row[DAYS_LEAST] = row[TEXTS_A_DAY] = MISSING
        row[STANDING] = row[SHARED_WITH_OTHERS] = MISSING


class Gap(NamedTuple):
    """
    What lies between two matches on one side.

    Parameters
    ----------
    length, numbers, names, title : int
        Its tokens; those with digits, other rare ones, and those of the title.
    weight : float
        What the tokens tell together.
    """

    length: Integer
    numbers: Integer
    names: Integer
    title: Integer
    weight: float


@inlined
def _gap(evidence: Evidence, side: Side, start: Integer, stop: Integer) -> Gap:
    numbers = names = title = 0
    weight = 0.0
    for at in range(side.first + start, side.first + stop):
        has_digit = evidence.flags[at] & HAS_DIGIT != 0
        numbers += has_digit
        names += not has_digit and is_rare(evidence, side, at)
        title += evidence.flags[at] & FIRST_LINE != 0
        weight += weight_of(evidence, at)
    return Gap(stop - start, numbers, names, title, weight)


@inlined
def _respelled(
    evidence: Evidence,
    short: Side,
    long: Side,
    bounds: tuple[Integer, Integer, Integer, Integer],
) -> Gap:
    """Return what of a gap, (start, stop) on either side, is words in another form."""
    n_words = names = title = 0
    weight = 0.0
    for at in range(short.first + bounds[0], short.first + min(bounds[1], bounds[0] + _MOST_WORDS)):
        if evidence.flags[at] & HAS_DIGIT != 0:
            continue
        stem = evidence.flags[at] >> np.uint32(STEM_SHIFT)
        stop = long.first + min(bounds[3], bounds[2] + _MOST_WORDS)
        for other in range(long.first + bounds[2], stop):
            if evidence.flags[other] >> np.uint32(STEM_SHIFT) == stem:
                n_words += 1
                names += is_rare(evidence, short, at)
                title += evidence.flags[at] & FIRST_LINE != 0
                weight += weight_of(evidence, at)
                break
    return Gap(n_words, 0, names, title, weight)


@kernel
def _fill_gaps(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write what the gaps between matches say: replaced on both sides, or missing on one."""
    partner, back = scratch.partner, scratch.back
    replaced = scratch.replaced
    n_pairs = n_repeated = 0
    numbers: Integer = 0
    single: Integer = 0
    names: Integer = 0
    respelled: Integer = 0
    n_tokens: Integer = 0
    inserted: Integer = 0
    head: Integer = 0
    tail: Integer = 0
    n_replaced = 0
    weight = title_weight = lost = 0.0
    first: Integer = -1
    i: Integer = 0
    j: Integer = 0
    while i < short.length or j < long.length:
        if i < short.length and partner[i] == j:
            i += 1
            j += 1
            continue
        i_stop = i
        while i_stop < short.length and partner[i_stop] < 0:
            i_stop += 1
        j_stop = np.int64(partner[i_stop]) if i_stop < short.length else np.int64(long.length)
        a = _gap(evidence, short, i, i_stop)
        b = _gap(evidence, long, j, j_stop)
        at_end = i_stop >= short.length and j_stop >= long.length
        if a.length > 0 and b.length > 0:
            n_replaced += 1
            same = _respelled(evidence, short, long, (i, i_stop, j, j_stop))
            respelled += same.length
            numbers += min(a.numbers, b.numbers)
            single += max(a.numbers, b.numbers) - min(a.numbers, b.numbers)
            names += max(0, min(a.names, b.names) - same.names)
            lost = max(0.0, min(a.weight, b.weight) - same.weight)
            weight += lost
            n_tokens += min(a.length, b.length)
            if a.title > 0 and b.title > 0:
                title_weight += lost
            if first < 0:
                first = i
            if at_end:
                tail = b.length
            left = evidence.tokens[short.first + i]
            right = evidence.tokens[long.first + j]
            for k in range(n_pairs):
                n_repeated += replaced[k, 0] == left and replaced[k, 1] == right
            if n_pairs < MOST_REPLACED:
                replaced[n_pairs, 0] = left
                replaced[n_pairs, 1] = right
                n_pairs += 1
        elif i == 0 and j == 0:
            head = max(a.length, b.length)
        elif at_end:
            tail = max(a.length, b.length)
        else:
            inserted += max(a.length, b.length)
            single += a.numbers + b.numbers
        i = i_stop
        j = j_stop
    n_start = 0
    while n_start < short.length and partner[n_start] == n_start:
        n_start += 1
    n_end = 0
    while n_end < short.length and back[long.length - 1 - n_end] == short.length - 1 - n_end:
        n_end += 1
    row[NUMBERS_REPLACED] = np.log(1.0 + numbers)
    row[NUMBERS_SINGLE] = np.log(1.0 + single)
    row[NAMES_REPLACED] = np.log(1.0 + names)
    row[WEIGHT_REPLACED] = weight / short.length
    row[REPLACEMENTS] = np.log(1.0 + n_replaced)
    row[REPLACED_SHARE] = n_tokens / short.length
    row[RESPELLED] = np.log(1.0 + respelled)
    row[REPEATED_REPLACEMENT] = np.log(1.0 + n_repeated)
    row[INSERTED_SHARE] = min(3.0, inserted / short.length)
    row[COMMON_START] = n_start / short.length
    row[COMMON_END] = n_end / short.length
    row[HEAD] = np.log(1.0 + head)
    row[TAIL] = np.log(1.0 + tail)
    row[FIRST_REPLACEMENT] = first / short.length if first >= 0 else 1.0
    row[TITLE_REPLACED] = title_weight


@inlined
def _fill_found(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write which words of the shorter text the longer one has anywhere, in whatever form."""
    table = scratch.table
    table.age[0] += 1
    for at in range(long.first, long.first + long.length):
        key = _key(evidence, at)
        put(table, place_of(table, key), key, IN_RIGHT)
    weight = found = 0.0
    names = names_kept = numbers_missing = 0
    for at in range(short.first, short.first + short.length):
        is_found = is_used(table, place_of(table, _key(evidence, at)))
        own = weight_of(evidence, at)
        weight += own
        found += own if is_found else 0.0
        if evidence.flags[at] & HAS_DIGIT != 0:
            numbers_missing += not is_found
        elif is_rare(evidence, short, at):
            names += 1
            names_kept += is_found
    row[BAG_SHORT] = found / weight
    row[NUMBERS_MISSING] = np.log(1.0 + numbers_missing)
    row[NAMES_MISSING] = np.log(1.0 + names - names_kept)
    row[NAMES_KEPT] = names_kept / names if names > 0 else 1.0


@inlined
def _key(evidence: Evidence, at: Integer) -> np.uint32:
    """Return what two forms of one word share: its stem; of a number the whole."""
    flag = evidence.flags[at]
    if flag & HAS_DIGIT != 0:
        return np.uint32(evidence.tokens[at])
    return np.uint32(flag >> np.uint32(STEM_SHIFT))


@inlined
def _fill_told(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write how much of the titles the matched text tells: a notice is about no title."""
    table = scratch.table
    table.age[0] += 1
    n_matched = 0
    for i in range(short.length):
        at = short.first + i
        j = np.int64(scratch.partner[i])
        if j >= 0 and (evidence.flags[at] | evidence.flags[long.first + j]) & FIRST_LINE == 0:
            key = _key(evidence, at)
            put(table, place_of(table, key), key, IN_LEFT)
            n_matched += 1
    row[TITLE_TOLD] = MISSING
    if n_matched > 0:
        told = min(_told(evidence, scratch, short), _told(evidence, scratch, long))
        row[TITLE_TOLD] = told


@kernel
def _told(evidence: Evidence, scratch: Scratch, side: Side) -> float:
    """Return the share of a title's weight that is in the table; `MISSING` without a title."""
    weight = told = 0.0
    for at in range(side.first, side.first + side.length):
        if evidence.flags[at] & FIRST_LINE != 0:
            own = weight_of(evidence, at)
            weight += own
            if is_used(scratch.table, place_of(scratch.table, _key(evidence, at))):
                told += own
    return float(told / weight) if weight > 0.0 else MISSING


@inlined
def _fill_metadata(evidence: Evidence, x: Integer, y: Integer, row: NDArray[np.float64]) -> None:
    """Write what sources and times say."""
    row[SAME_SOURCE] = row[HOURS] = row[TIME_OF_DAY] = MISSING
    if evidence.sources[x] >= 0 and evidence.sources[y] >= 0:
        row[SAME_SOURCE] = evidence.sources[x] == evidence.sources[y]
    if evidence.times[x] != NO_TIME and evidence.times[y] != NO_TIME:
        hours = abs(evidence.times[x] - evidence.times[y]) / _HOUR
        row[HOURS] = np.log(1.0 + min(hours, _DAY))
        if hours > 18.0:
            row[TIME_OF_DAY] = abs((hours + 12.0) % 24.0 - 12.0)


@kernel
def fill_feature_rows(
    evidence: Evidence,
    pairs: NDArray[np.int64],
    longest: Integer,
    start: Integer,
    stop: Integer,
    features: NDArray[np.float64],
) -> None:
    """Write the features of pairs ``start`` to ``stop - 1``, each a row of two texts."""
    scratch = make_scratch(longest)
    for pair in range(start, stop):
        fill_features(evidence, scratch, pairs[pair, 0], pairs[pair, 1], features[pair])
