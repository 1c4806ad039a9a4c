# ruff: noqa: E501 - each case is one line
"""One word for what is written in several ways, and titles without what stands around them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import text_oracle
from dedupe_news import _text as text
from dedupe_news._kernels._jit import COMPILED
from dedupe_news.config import Config

EXAMPLES = 300 if COMPILED else 20
HEADLINE = "Velden Tramways cuts its profit forecast"


def tokens(document: str) -> list[str]:
    """Return the tokens of a text, all rules on."""
    return [word.text for word in text.words(document, Config())]


@pytest.mark.parametrize(
    ("sentence", "spellings"),
    [
        ("The {} sends rain aid", ["U.N.", "UN", "U. N.", "United Nations", "un"]),
        ("{}-led talks on fish", ["US", "U.S.", "USA", "U.S.A.", "United States", "U. S."]),
        ("Talks of {} on fish", ["EU", "E.U.", "European Union"]),
        ("Loss of {} homes", ["4,000", "4.000", "4 000", "4'000", "4’000", "4000", "4\u202f000"]),
        ("Loss of {} homes", ["1234567", "1,234,567", "1.234.567", "1 234 567", "12,34,567"]),
        ("Profit of {} now", ["10bn", "10 bn", "$10B", "US$10 billion", "USD 10 bln", "10-billion"]),
        ("Profit of {} now", ["1.5 million", "1,5 million", "$1.5m", "1.5mn", "1.5 mln"]),
        ("Tax of {} paid", ["500 crore", "Rs 500 cr", "₹500 crores", "Rs. 500 crore", "INR 500 crore"]),
        ("Gewinn von {} Euro", ["5 Mrd.", "5 Milliarden", "5 Mrd"]),
        ("Прибыль {} рублей", ["7 млн", "7 миллионов", "семь миллионов"]),
        ("Meeting at {} here", ["5pm", "5 p.m.", "5 PM", "5p.m.", "5:00 pm", "5.00pm", "5 p. m."]),
        ("Beginn {} heute", ["17 Uhr", "17:00 Uhr", "17.00 Uhr"]),
        ("Rendez-vous à {} ici", ["17 h", "17h", "17h00", "17 heures"]),
        ("Meeting on {} here", ["Sept. 5", "Sep 5", "September 5", "SEPT 5"]),
        ("Le {} ici", ["5 janv.", "5 janvier", "5 JANVIER"]),
        ("Up {} now", ["5%", "5 %", "5 percent", "5 per cent", "5 pct", "5％"]),
        ("Plus {} heute", ["5 Prozent", "5%"]),
        ("{} men rescued", ["Three", "3", "three"]),
        ("The {} of labour", ["centre", "center"]),
        ("Plans to {} it", ["privatise", "privatize"]),
        ("{} says so today", ["Government", "Govt", "Govt."]),
        ("{} cases rise", ["COVID-19", "Covid19", "Covid", "covid 19"]),
        ("Fire in {} again", ["Kyiv", "Kiev"]),
        ("کمیته گرفته {}", ["می‌شود", "می شود", "میشود", "مي شود"]),
        ("{} احمد", ["كتاب‌های", "کتاب های", "کتابهای", "کِتَابـــهای"]),
        ("See {} now", ["example.com/a?utm_source=x", "https://t.co/x", "t.co/y", "example.com?ref=x"]),
    ],
)  # fmt: skip
def test_spellings_are_one(sentence: str, spellings: list[str]) -> None:
    """Every way to write it has the same tokens."""
    written = [sentence.format(spelling) for spelling in spellings]

    found = [tokens(document) for document in written]

    assert found == [found[0]] * len(found)
    assert found[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Loss of 1.5 million", "Loss of 15 million"),
        ("Loss of 4,000 homes", "Loss of 4,0 homes"),
        ("Loss of 4 million", "Loss of 4 billion"),
        ("Rain in May 5", "Rain in March 5"),
        ("Up 5 percent now", "Up 5 now"),
        ("At 5 pm here", "At 5 am here"),
        ("A marine van", "A March van"),
        ("Jan van Eyck", "January van Eyck"),
        ("Two hurt", "Three hurt"),
        ("M and B", "million and billion"),
        ("می روم", "نمی روم"),
        ("Talks per cent", "Talks on cent"),
    ],
)
def test_other_words_stay_others(one: str, other: str) -> None:
    """What may mean something else is left alone."""
    assert tokens(one) != tokens(other)


def test_a_phrase_stands_where_its_words_do() -> None:
    """A word of several has the place of all of them."""
    document = "The United States and 5 per cent of it"

    found = [
        (word.text, document[word.start : word.stop]) for word in text.words(document, Config())
    ]

    assert found == [
        ("the", "The"), ("us", "United States"), ("and", "and"), ("5", "5"),
        ("percent", "per cent"), ("of", "of"), ("it", "it"),
    ]  # fmt: skip


PIECES = (
    "United States", "US", "U.S.", "u s a", "per cent", "per", "%", "5", "10", "$", "US$", "Rs", "pm",
    "p.m.", "00", ":00", "Sept", "Jan", "m", "bn", "k", "three", "Two", "covid", "19", "e-mail", "word",
    "می", "می ", "ها", "های", "کتاب", "\u200c", ".", ". ", "\n", "-", ":", ",",
)  # fmt: skip


@settings(deadline=None, max_examples=EXAMPLES)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14), glue=st.sampled_from(["", " "]))
def test_spellings_equal_the_oracle(pieces: list[str], glue: str) -> None:
    """Any mixture of phrases, numbers and signs is read as a plain second implementation does."""
    plain = Config(
        strip_html=False, strip_cut_off_marks=False, strip_datelines=False, strip_bylines=False,
        strip_publishers=False, strip_links=False, strip_repeated_titles=False,
    )  # fmt: skip
    document = glue.join(pieces)

    found = text.words(document, plain)

    assert [(word.text, word.flags) for word in found] == text_oracle.tokens_of(document)


@pytest.mark.parametrize(
    "around",
    [
        "Watch: {}", "VIDEO: {}", "BREAKING - {}", "LIVE | {}", "Exclusive – {}", "EXCLUSIVE {}",
        "#BREAKING: {}", "🔴 LIVE: {}", "[Video] {}", "(VIDEO) - {}", "UPDATE 2-{}", "RPT-UPDATE 1-{}",
        "Eilmeldung: {}", "EN DIRECT - {}", "VIDÉO. {}", "Última hora: {}", "Срочно! {}", "عاجل: {}",
        "वीडियो: {}", "【速報】{}", "速報：{}", "BBC News - {}", "Reuters | {}", "LIVE: WATCH: {}",
        "{} (3 comments)", "{} [12 Comments]", "{} | 3 Comments", "{} - 12 Kommentare",
        "{} 12 Kommentare", "{} · 1 Kommentar", "{} (Comments: 12)", "{} (1.2k shares)", "{} (Video)",
        "{} [PHOTOS]", "{} – video", "{} | Watch", "{} (AP)", "{} (Reuters)", "{} - Reuters",
        "{} (12 комментариев)", "{} （動画）", "{} (Video) | BBC News",
    ],
)  # fmt: skip
def test_what_stands_around_a_title_is_left_out(around: str) -> None:
    """Labels, counts and credits go, in a title and in one line alone."""
    text_of = "Rain fell on the tracks on Monday."
    assert tokens(around.format(HEADLINE)) == tokens(HEADLINE)
    assert tokens(f"{around.format(HEADLINE)}\n{text_of}") == tokens(f"{HEADLINE}\n{text_of}")


@pytest.mark.parametrize(
    "title",
    [
        "Watch: it rains", "Live: rain", "Video Games: a history of rain", "Live music returns to town",
        "Minister deletes 3 posts", "Bank offers 1,000 shares", "Rain (again) in town",
        "Stocks to watch: rain and wind", "Update: rain", "Breaking Bad: the end of it",
        "Fund buys (2 million shares)", "Star Wars: the rain falls", "Coronavirus: the rain falls",
        "Reuters: the rain falls here", "Live-Ticker im Regen von heute", "VIDEO GAMES ARE BACK IN TOWN",
    ],
)  # fmt: skip
def test_what_belongs_to_a_title_stays(title: str) -> None:
    """Where it may be content, or too little would be left, the title stays whole."""
    labels_kept = Config(strip_publishers=False)

    assert tokens(title) == [word.text for word in text.words(title, labels_kept)]
