"""
The engine of the policy "news" the obvious way.

Nothing here imports ``dedupe_news``: lists, sets and loops over all pairs, of
the few texts that a test has.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Shingle = tuple[int, ...]
Pairs = set[tuple[int, int]]

SHINGLE_SIZE = 3
LARGEST_COUNT = 4095
MOST_ALIGNED = 1024


# ---- Counts.


def code(count: int) -> int:
    """Return the byte that stands for a count."""
    return round(16 * math.log(min(count, LARGEST_COUNT))) if count else 0


def shingles_of(tokens: Sequence[int]) -> list[Shingle]:
    """Return the shingles of a text in order, with repeats."""
    last = max(len(tokens) - SHINGLE_SIZE, 0)
    return [tuple(tokens[start : start + SHINGLE_SIZE]) for start in range(last + 1)]


def n_texts_with(runs: Sequence[Sequence[int]]) -> Counter[int]:
    """Return in how many runs each shingle is."""
    return Counter(shingle for run in runs for shingle in set(run))


def n_days_with(runs: Sequence[Sequence[int]], days: Sequence[int]) -> Counter[int]:
    """Return on how many days each shingle came; a day below 0 is not known."""
    return Counter(
        shingle
        for shingle, _ in {
            (shingle, day)
            for run, day in zip(runs, days, strict=True)
            for shingle in run
            if day >= 0
        }
    )


# ---- Candidates.


def least_shared(shorter: int) -> int:
    """Return the rare shingles to share, by the length of the shorter text."""
    return 1 + sum(shorter > limit for limit in (10, 40, 60))


def related(runs: Sequence[Sequence[int]], lengths: Sequence[int], *, most: int) -> Pairs:
    """Return the pairs that share enough shingles of at most `most` texts."""
    frequency = n_texts_with(runs)
    rare = [{shingle for shingle in run if frequency[shingle] <= most} for run in runs]
    return {
        (i, j)
        for i, j in itertools.combinations(range(len(runs)), 2)
        if len(rare[i] & rare[j]) >= least_shared(min(lengths[i], lengths[j]))
    }


def bucket_pairs(
    keys: Sequence[Sequence[int]], limit: int, n_first: int, n_previous: int
) -> tuple[Pairs, int]:
    """
    Return the pairs that buckets make, and how many of the buckets are large.

    `keys` has a row for each band: texts of equal keys in it share a bucket. All
    texts of a bucket of at most `limit` are paired; in a larger one each text is
    paired with the first ones and with those just before it.
    """
    pairs: Pairs = set()
    n_large = 0
    for band in keys:
        for key in set(band):
            members = [text for text, other in enumerate(band) if other == key]
            is_large = len(members) > limit
            n_large += is_large
            for place, later in enumerate(members):
                near = set(members[:n_first]) | set(members[max(0, place - n_previous) : place])
                pairs |= {
                    (earlier, later)
                    for earlier in members[:place]
                    if not is_large or earlier in near
                }
    return pairs, n_large


def share_enough(
    left: set[Shingle], right: set[Shingle], least_jaccard: float, least_containment: float
) -> bool:
    """Return whether two sets reach a Jaccard similarity or a containment."""
    shared = len(left & right)
    return shared >= least_jaccard * len(left | right) or shared >= least_containment * min(
        len(left), len(right)
    )


# ---- Alignment.


def alignment(left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
    """
    Return the places that are matched.

    The common start, the common end, and a longest common subsequence of what
    lies between. Of several, the one found by going back through the table of
    the textbook, leaving out a token of the left wherever that costs nothing.
    """
    shorter = min(len(left), len(right))
    n_start = 0
    while n_start < shorter and left[n_start] == right[n_start]:
        n_start += 1
    n_end = 0
    while n_end < shorter - n_start and left[-1 - n_end] == right[-1 - n_end]:
        n_end += 1
    a = left[n_start : len(left) - n_end][:MOST_ALIGNED]
    b = right[n_start : len(right) - n_end][:MOST_ALIGNED]
    table = [[0] * (len(b) + 1)]
    for token in a:
        above, row = table[-1], [0]
        for j, other in enumerate(b):
            row.append(above[j] + 1 if token == other else max(above[j + 1], row[j]))
        table.append(row)
    middle = []
    i, j = len(a), len(b)
    while i and j:
        if table[i][j] == table[i - 1][j]:
            i -= 1
        elif table[i][j] == table[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            middle.append((n_start + i, n_start + j))
    start = [(place, place) for place in range(n_start)]
    end = [(len(left) - back, len(right) - back) for back in range(n_end, 0, -1)]
    return start + middle[::-1] + end


# ---- Features.


class Word(NamedTuple):
    """A token with what is known of how it was written."""

    token: int
    has_digit: bool
    is_capitalised: bool
    is_in_title: bool
    stem: int

    @property
    def key(self) -> tuple[bool, int]:
        """Return what two forms of a word share, or a number as a whole."""
        return self.has_digit, self.token if self.has_digit else self.stem


class Item(NamedTuple):
    """A text as the features see it; times in microseconds."""

    words: tuple[Word, ...]
    is_cut_off: bool
    source: int | None
    time: int | None

    @property
    def tokens(self) -> list[int]:
        """Return the tokens."""
        return [word.token for word in self.words]


class Statistics(NamedTuple):
    """Codes of the counts of tokens, and of days with a shingle."""

    n_texts: int
    n_days: int
    tokens: Mapping[int, int]
    days: Mapping[Shingle, int]

    @property
    def tell_words_apart(self) -> bool:
        """Return whether there are enough texts for counts to mean something."""
        return math.log(self.n_texts + 1) >= math.log(200)

    def weight(self, word: Word) -> float:
        """Return how much a word tells."""
        if not self.tell_words_apart:
            return 1.0
        rarity = math.log(self.n_texts + 1) - self.tokens[word.token] / 16
        return min(9.2, max(0.3, rarity)) / 9.2

    def is_rare(self, word: Word, item: Item) -> bool:
        """Return whether a word may be a name."""
        if self.tell_words_apart:
            count = self.tokens[word.token]
            return count <= 18 or math.log(self.n_texts + 1) - count / 16 > 4.6
        if not any(each.is_capitalised for each in item.words):
            return True
        return word.is_capitalised or word.has_digit

    def is_fresh(self, item: Item, place: int) -> bool:
        """Return whether no shingle over a word came on more days than a story lasts."""
        if not self.tell_words_apart or self.n_days < 5:
            return True
        return all(
            self.days[shingle] < 26
            for start, shingle in enumerate(shingles_of(item.tokens))
            if start <= place < start + SHINGLE_SIZE
        )


class Gap(NamedTuple):
    """Words between two matches, and which texts of the two they are in."""

    left: range
    right: range


def gaps_of(pairs: Sequence[tuple[int, int]], n_left: int, n_right: int) -> list[Gap]:
    """Return what lies before, between and after the matches, where there is anything."""
    bounds = [(-1, -1), *pairs, (n_left, n_right)]
    gaps = [
        Gap(range(i + 1, next_i), range(j + 1, next_j))
        for (i, j), (next_i, next_j) in itertools.pairwise(bounds)
    ]
    return [gap for gap in gaps if gap.left or gap.right]


def without_lone(
    pairs: Sequence[tuple[int, int]], short: Item, statistics: Statistics
) -> list[tuple[int, int]]:
    """Leave out matches of common words without a matched neighbour, front to back."""
    if len(short.words) <= SHINGLE_SIZE:
        return list(pairs)
    kept = set(pairs)
    for i, j in pairs:
        has_neighbour = (i - 1, j - 1) in kept or (i + 1, j + 1) in kept
        if not has_neighbour and not statistics.is_rare(short.words[i], short):
            kept.remove((i, j))
    return sorted(kept)


def order_of(item: Item) -> tuple[object, ...]:
    """Return the key by which the first text of a pair is chosen."""
    flags = [
        (word.is_in_title, word.is_capitalised, word.has_digit) for word in item.words
    ]  # fmt: skip
    return len(item.words), item.tokens, flags, item.is_cut_off


def features(one: Item, other: Item, statistics: Statistics) -> dict[str, float]:
    """Return the features of a pair by name."""
    short, long = sorted((one, other), key=order_of)
    pairs = without_lone(alignment(short.tokens, long.tokens), short, statistics)
    return {
        **of_sets(short, long),
        **of_matches(short, long, pairs, statistics),
        **of_recurrence(short, pairs, statistics),
        **of_gaps(short, long, pairs),
        **of_words(short, long, statistics),
        **of_metadata(short, long),
    }


def of_sets(short: Item, long: Item) -> dict[str, float]:
    """Return what the shingle sets and the lengths say."""
    left, right = set(shingles_of(short.tokens)), set(shingles_of(long.tokens))
    return {
        "jaccard": len(left & right) / len(left | right),
        "containment": len(left & right) / min(len(left), len(right)),
        "length": math.log(1 + len(short.words)),
        "length_ratio": math.log(len(long.words) / len(short.words)),
        "cut_off": short.is_cut_off + 2 * long.is_cut_off,
    }


def runs_of(pairs: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Return the stretches of matches that follow one another in both texts."""
    runs: list[list[tuple[int, int]]] = []
    for i, j in pairs:
        if runs and runs[-1][-1] == (i - 1, j - 1):
            runs[-1].append((i, j))
        else:
            runs.append([(i, j)])
    return runs


def of_matches(
    short: Item, long: Item, pairs: Sequence[tuple[int, int]], statistics: Statistics
) -> dict[str, float]:
    """Return what the matched words say."""
    longest = max(map(len, runs_of(pairs)), default=0)
    title = sum(short.words[i].is_in_title and long.words[j].is_in_title for i, j in pairs)
    titles = [sum(word.is_in_title for word in item.words) for item in (short, long)]
    fresh = [
        sum(statistics.is_fresh(item, place) for place in range(len(item.words)))
        for item in (short, long)
    ]
    n_fresh = sum(statistics.is_fresh(short, i) for i, _ in pairs)
    return {
        "order_short": len(pairs) / len(short.words),
        "run_share": longest / len(short.words),
        "title_overlap": title / min(titles) if min(titles) > 0 else -1.0,
        "title_jaccard": title / (sum(titles) - title) if min(titles) > 0 else -1.0,
        "lead_short": lead_matched(short, {i for i, _ in pairs}),
        "lead_long": lead_matched(long, {j for _, j in pairs}),
        "fresh_short": n_fresh / max(1, min(fresh), n_fresh),
        "fresh_matched": math.log(1 + n_fresh),
    }


def lead_matched(item: Item, matched: set[int]) -> float:
    """Return the share of the words after the title, 32 at most, that are matched."""
    body = [place for place, word in enumerate(item.words) if not word.is_in_title]
    lead = (body or list(range(len(item.words))))[:32]
    return len(matched.intersection(lead)) / len(lead)


def of_recurrence(
    short: Item, pairs: Sequence[tuple[int, int]], statistics: Statistics
) -> dict[str, float]:
    """Return on how many days the shingles that both have came."""
    size = min(SHINGLE_SIZE, len(short.words))
    shared = [
        tuple(short.tokens[i] for i, _ in run[start : start + size])
        for run in runs_of(pairs)
        for start in range(len(run) - size + 1)
    ]
    if not shared or not statistics.tell_words_apart or statistics.n_days < 5:
        return {"days": -1.0}
    return {"days": sum(statistics.days[shingle] for shingle in shared) / len(shared) / 16}


def of_gaps(short: Item, long: Item, pairs: Sequence[tuple[int, int]]) -> dict[str, float]:
    """Return what was replaced, and what only one text has at its ends."""

    def numbers(item: Item, places: range) -> int:
        return sum(item.words[at].has_digit for at in places)

    gaps = gaps_of(pairs, len(short.words), len(long.words))
    replaced = [gap for gap in gaps if gap.left and gap.right]
    lonely = [gap for gap in gaps if not gap.left or not gap.right]

    def is_head(gap: Gap) -> bool:
        return gap.left.start == gap.right.start == 0

    def is_tail(gap: Gap) -> bool:
        return gap.left.stop == len(short.words) and gap.right.stop == len(long.words)

    heads = [gap for gap in lonely if is_head(gap)]
    tails = [gap for gap in lonely if is_tail(gap) and not is_head(gap)]
    first_words = [(short.words[a.start].token, long.words[b.start].token) for a, b in replaced]
    n_repeated = sum(
        each == earlier
        for at, each in enumerate(first_words)
        for earlier in first_words[: min(at, 16)]
    )
    head = sum(len(gap.left) + len(gap.right) for gap in heads)
    tail = sum(len(gap.left) + len(gap.right) for gap in tails)
    tail += sum(len(gap.right) for gap in replaced if is_tail(gap))
    return {
        "numbers_replaced": math.log(
            1
            + sum(
                min(numbers(short, a), numbers(long, b))
                for a, b in replaced
                if max(len(a), len(b)) <= 8
            )
        ),
        "repeated_replacement": math.log(1 + n_repeated),
        "head": math.log(1 + head),
        "tail": math.log(1 + tail),
    }


def of_words(short: Item, long: Item, statistics: Statistics) -> dict[str, float]:
    """Return which words of the shorter text the longer one has anywhere."""
    there = {word.key for word in long.words}
    weights = [statistics.weight(word) for word in short.words]
    are_found = [word.key in there for word in short.words]
    names = [
        word.key in there
        for word in short.words
        if statistics.is_rare(word, short) and not word.has_digit
    ]
    return {
        "bag_short": sum(itertools.compress(weights, are_found)) / sum(weights),
        "names_kept": names.count(True) / len(names) if names else 1.0,
    }


def of_metadata(one: Item, other: Item) -> dict[str, float]:
    """Return what sources and times say; -1 where one is missing."""
    found = {"same_source": -1.0, "hours": -1.0, "time_of_day": -1.0}
    if one.source is not None and other.source is not None:
        found["same_source"] = float(one.source == other.source)
    if one.time is not None and other.time is not None:
        hours = abs(one.time - other.time) / 3.6e9
        found["hours"] = math.log(1 + min(hours, 24))
        if hours > 18:
            found["time_of_day"] = min(hours % 24, 24 - hours % 24)
    return found


# ---- Trees.


class Leaf(NamedTuple):
    """An end of a tree."""

    value: float


class Branch(NamedTuple):
    """A node that looks at a feature; its value is that of the whole tree below."""

    feature: int
    threshold: float
    left: Branch | Leaf
    right: Branch | Leaf
    value: float


Tree = Branch | Leaf


def path(tree: Tree, row: Sequence[float]) -> list[Tree]:
    """Return the nodes that a row passes, from the root to a leaf."""
    passed = [tree]
    while isinstance(tree, Branch):
        tree = tree.left if row[tree.feature] <= tree.threshold else tree.right
        passed.append(tree)
    return passed


def scores(trees: Sequence[Tree], baseline: Sequence[float], row: Sequence[float]) -> list[float]:
    """Return the score of each class; trees of the classes alternate."""
    n = len(baseline)
    return [
        start + sum(path(tree, row)[-1].value for tree in trees[which::n])
        for which, start in enumerate(baseline)
    ]


def probabilities(values: Sequence[float]) -> list[float]:
    """Return the softmax of scores."""
    powers = [math.exp(value - max(values)) for value in values]
    return [power / sum(powers) for power in powers]


def contributions(
    trees: Sequence[Tree], n_classes: int, row: Sequence[float]
) -> dict[tuple[int, int], float]:
    """Return what each feature adds to the score of each class, where it adds anything."""
    found: dict[tuple[int, int], float] = {}
    for number, tree in enumerate(trees):
        for above, below in itertools.pairwise(path(tree, row)):
            assert isinstance(above, Branch)
            key = above.feature, number % n_classes
            found[key] = found.get(key, 0.0) + below.value - above.value
    return found


# ---- Assignment.


def leaders(order: Sequence[int], scores_of: Mapping[tuple[int, int], float]) -> list[int]:
    """
    Return the leader of each text.

    In order of preference a text joins the leader that it matches best, of
    equals the most preferred, or becomes one.
    """
    leader: dict[int, int] = {}
    for text in order:
        among = [
            other
            for other in order
            if leader.get(other) == other and (min(text, other), max(text, other)) in scores_of
        ]
        leader[text] = max(
            among,
            key=lambda other: scores_of[min(text, other), max(text, other)],
            default=text,
        )
    return [leader[text] for text in range(len(order))]
