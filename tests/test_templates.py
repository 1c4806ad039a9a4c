"""Templates: texts of one form, its constant words, and what varies."""

from __future__ import annotations

import numpy as np

from dedupe_news import Config
from dedupe_news.documents import read_documents
from dedupe_news.templates import LEAST_MEMBERS, describe, group_templates


def grouped(pairs: dict[tuple[int, int], float], n_texts: int) -> list[int]:
    """Gather texts by the overlap of pairs."""
    packed = np.array([left << 32 | right for left, right in sorted(pairs)], np.uint64)
    overlap = np.array([pairs[pair] for pair in sorted(pairs)], np.float32)
    centres: list[int] = group_templates(packed, overlap, n_texts).tolist()
    return centres


def test_texts_gather_around_the_most_typical() -> None:
    """The one with the most pairs is the centre of its template."""
    pairs = {(0, 2): 0.7, (1, 2): 0.8, (2, 3): 0.9}

    assert grouped(pairs, 5) == [2, 2, 2, 2, -1]


def test_two_texts_are_no_template() -> None:
    """Two of the same form may be chance."""
    chain = {(text, text + 1): 0.9 for text in range(LEAST_MEMBERS - 2)}

    assert grouped(chain, LEAST_MEMBERS) == [-1] * LEAST_MEMBERS


FORM = "Oil closed at {} crowns in {} on day {} of the trading week"
DAYS = [(71, "Osmark", 1), (68, "Telby", 2), (75, "Birrin", 3), (70, "Kessa", 4), (66, "Lund", 5)]


def test_a_template_is_described_by_what_stays_and_what_varies() -> None:
    """Gaps stand where the members differ; the first few show what is there."""
    columns = read_documents([FORM.format(*day) for day in DAYS])

    pattern, variants = describe(columns, Config(), 2, range(len(DAYS)))

    assert pattern == "Oil closed at … crowns in … on day … of the trading week"
    assert variants == ("71 Osmark 1", "68 Telby 2", "70 Kessa 4")


def test_one_odd_member_does_not_take_a_word_out_of_the_pattern() -> None:
    """A word is constant where nearly all have it."""
    texts = [FORM.format(*day) for day in DAYS * 2]
    texts[5] = texts[5].replace("trading", "working")
    columns = read_documents(texts)

    pattern, _ = describe(columns, Config(), 2, range(len(texts)))

    assert pattern.endswith("of the trading week")
