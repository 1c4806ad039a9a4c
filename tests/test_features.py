"""The features of a pair, against a plain computation of each."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine_oracle
from dedupe_news._kernels.evidence import NO_TIME, Evidence
from dedupe_news._kernels.feature_names import FEATURES
from dedupe_news._kernels.features import fill_feature_rows
from dedupe_news._kernels.text.fold import CAPITALISED, FIRST_LINE, HAS_DIGIT, STEM_SHIFT
from engine_oracle import Item, Statistics, Word, shingles_of

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3_600_000_000
N_TOKENS = 6
ALL_TOKENS = range(N_TOKENS)

flags = st.tuples(st.booleans(), st.booleans())
sources = st.none() | st.integers(0, 1)
times = st.none() | st.integers(0, 80).map(lambda half_hours: half_hours * HOUR // 2)


@st.composite
def items(draw: st.DrawFn, max_size: int = 24) -> Item:
    """Draw a text of few different words whose first ones may be a title."""
    tokens = draw(st.lists(st.integers(0, N_TOKENS - 1), min_size=1, max_size=max_size))
    return item_of(draw, tokens)


def item_of(draw: st.DrawFn, tokens: Sequence[int]) -> Item:
    """Draw how tokens are written, and where and when they were published."""
    n_title = draw(st.integers(0, len(tokens)))
    written = draw(st.lists(flags, min_size=len(tokens), max_size=len(tokens)))
    words = tuple(
        Word(token, *flag, place < n_title, stem_of(token))
        for place, (token, flag) in enumerate(zip(tokens, written, strict=True))
    )
    return Item(words, draw(st.booleans()), draw(sources), draw(times))


def stem_of(token: int) -> int:
    """Return the stem of a token: two tokens share one."""
    return 1000 + token // 2


def plain(tokens: Sequence[int]) -> Item:
    """Return a text of small letters of which nothing else is known."""
    word = functools.partial(Word, has_digit=False, is_capitalised=False, is_in_title=False)
    words = tuple(word(token, stem=stem_of(token)) for token in tokens)
    return Item(words, is_cut_off=False, source=None, time=None)


@st.composite
def edited_pairs(draw: st.DrawFn) -> tuple[Item, Item]:
    """Draw a text and the same text with some of its words replaced, left out or put in."""
    tokens = draw(st.lists(st.integers(0, N_TOKENS - 1), min_size=1, max_size=40))
    others = list(tokens)
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(others)))
        stop = at + draw(st.integers(0, 3))
        new = draw(st.lists(st.integers(0, N_TOKENS - 1), max_size=3))
        others[at:stop] = new
    return item_of(draw, tokens), item_of(draw, others or tokens)


pairs = st.tuples(items(), items()) | edited_pairs()


@st.composite
def counted_pairs(draw: st.DrawFn) -> tuple[Item, Item, Statistics]:
    """Draw two texts and how often their words and shingles are used."""
    one, other = draw(pairs)
    codes = st.sampled_from([0, 11, 12, 13, 18, 19, 21, 22, 40, 133])
    shingles = sorted({*shingles_of(one.tokens), *shingles_of(other.tokens)})
    per_shingle = st.lists(codes, min_size=len(shingles), max_size=len(shingles))
    per_token = st.lists(codes, min_size=N_TOKENS, max_size=N_TOKENS)
    return (
        one,
        other,
        Statistics(
            n_texts=draw(st.sampled_from([2, 198, 199, 500, 100_000])),
            n_days=draw(st.integers(0, 5)),
            tokens=dict(zip(ALL_TOKENS, draw(per_token), strict=True)),
            days=dict(zip(shingles, draw(per_shingle), strict=True)),
        ),
    )


def evidence_of(texts: Sequence[Item], statistics: Statistics) -> Evidence:
    """Arrange texts as the library does."""
    words = [word for item in texts for word in item.words]
    stops = np.cumsum([len(item.words) for item in texts])
    shingles = [shingle for item in texts for shingle in shingles_of(item.tokens)]
    numbers = {shingle: number for number, shingle in enumerate(sorted(set(shingles)))}
    return Evidence(
        tokens=np.array([word.token for word in words], np.uint32),
        flags=np.array(
            [
                HAS_DIGIT * word.has_digit
                | CAPITALISED * word.is_capitalised
                | FIRST_LINE * word.is_in_title
                | word.stem << STEM_SHIFT
                for word in words
            ],
            np.uint32,
        ),
        commonness=np.array([statistics.tokens[word.token] for word in words], np.uint8),
        starts=np.concatenate(([0], stops[:-1])).astype(np.int64),
        stops=stops.astype(np.int64),
        spread=np.array([statistics.days[shingle] for shingle in shingles], np.uint8),
        shingles=np.array([numbers[shingle] for shingle in shingles], np.uint32),
        shingle_offsets=np.cumsum(
            [0, *(len(shingles_of(item.tokens)) for item in texts)], dtype=np.int64
        ),
        cut_off=np.array([item.is_cut_off for item in texts], np.uint8),
        sources=np.array([-1 if item.source is None else item.source for item in texts], np.int32),
        times=np.array([NO_TIME if item.time is None else item.time for item in texts], np.int64),
        totals=np.array([np.log(statistics.n_texts + 1.0), float(statistics.n_days)]),
    )


def features(one: Item, other: Item, statistics: Statistics) -> dict[str, float]:
    """Return the features of a pair by name."""
    evidence = evidence_of([one, other], statistics)
    rows = np.full((1, len(FEATURES)), np.nan)
    longest = max(len(one.words), len(other.words))
    fill_feature_rows(evidence, np.array([[0, 1]]), longest, 0, 1, rows)
    return dict(zip(FEATURES, rows[0].tolist(), strict=True))


@given(drawn=counted_pairs())
def test_features_are_those_of_the_oracle(drawn: tuple[Item, Item, Statistics]) -> None:
    """Every feature is what its plain definition says."""
    expected = engine_oracle.features(*drawn)

    found = features(*drawn)

    assert set(expected) == set(FEATURES)
    wrong = {
        name: (value, expected[name])
        for name, value in found.items()
        if not math.isclose(value, expected[name], rel_tol=1e-9, abs_tol=1e-9)
    }
    assert wrong == {}


@given(drawn=counted_pairs())
def test_features_do_not_depend_on_which_text_comes_first(
    drawn: tuple[Item, Item, Statistics],
) -> None:
    """A pair and the same pair the other way round have the same features, bit for bit."""
    one, other, statistics = drawn

    assert features(one, other, statistics) == features(other, one, statistics)


@given(drawn=counted_pairs())
def test_every_feature_is_a_number_and_missing_is_minus_one(
    drawn: tuple[Item, Item, Statistics],
) -> None:
    """No feature is infinite or not a number; below 0 there is the mark of a missing one alone."""
    found = features(*drawn)

    assert all(math.isfinite(value) and (value >= 0 or value == -1) for value in found.values())


@pytest.mark.parametrize("n_texts", [2, 100_000])
def test_long_texts_have_features_too(n_texts: int, *, interpreted: bool) -> None:
    """Texts longer than what is aligned are compared with memory enough."""
    n = 100 if interpreted else 3_000
    rng = np.random.default_rng(7)
    one, other = (plain(rng.integers(0, 900, n).tolist()) for _ in range(2))
    shingles = {*shingles_of(one.tokens), *shingles_of(other.tokens)}
    statistics = Statistics(
        n_texts,
        9,
        dict.fromkeys(range(900), 30),
        dict.fromkeys(shingles, 0),
    )

    found = features(one, other, statistics)

    expected = engine_oracle.features(one, other, statistics)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_one_row_after_another_uses_the_same_memory() -> None:
    """Pairs that are done together have the features that each has alone."""
    runs = ([1, 2, 3, 4], [1, 2, 5, 4], [5, 5, 5], [4, 3, 2, 1, 0, 1, 2])
    draws = [plain(tokens) for tokens in runs]
    every = {shingle for item in draws for shingle in shingles_of(item.tokens)}
    zeros = dict.fromkeys(every, 0)
    statistics = Statistics(2, 0, dict.fromkeys(ALL_TOKENS, 0), zeros)
    evidence = evidence_of(draws, statistics)
    numbers = np.array([(i, j) for i in range(4) for j in range(4) if i != j])
    rows = np.empty((len(numbers), len(FEATURES)))

    fill_feature_rows(evidence, numbers, 7, 0, len(numbers), rows)

    for row, (i, j) in zip(rows.tolist(), numbers.tolist(), strict=True):
        assert dict(zip(FEATURES, row, strict=True)) == features(draws[i], draws[j], statistics)
