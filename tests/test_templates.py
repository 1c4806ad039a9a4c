"""Templates: texts of one form, its constant words, and what varies."""

from __future__ import annotations

from dedupe_news import Config
from dedupe_news._engine.templates import describe
from dedupe_news._input.reading import read_documents

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
