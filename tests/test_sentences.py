"""Why two items are what they are to each other, in a sentence."""

from __future__ import annotations

import datetime as dt

import pytest

import dedupe_news as dn
from dedupe_news import Config, Relation
from dedupe_news.results import differences
from dedupe_news.results.sentences import Circumstances, sentence

STORM = (
    "Engineers in Velden worked all night to mend what the storm had cut and four thousand homes "
    "on the coast were without heating, the harbour board said."
)
BULLETIN = (
    "Weather in {}: rain in the morning, dry from noon, the highest temperature is {} degrees."
)
MINUTES = dt.timedelta(minutes=40)


def said(left: str, right: str, relation: Relation | None, **known: object) -> str:
    """Return the sentence on two texts; of two lines the first is a headline."""
    titled = "\n" in left and "\n" in right
    one, other = differences.read([left, right], Config(), titled=titled)
    about = Circumstances(relation, **known)  # type: ignore[arg-type]
    return sentence(one, other, differences.aligned(one, other), about)


@pytest.mark.parametrize(
    ("left", "right", "relation", "known", "expected"),
    [
        (
            f"Storm cuts power\n{STORM}",
            f"Thousands without heating\n{STORM}",
            Relation.NEAR,
            {"apart": MINUTES, "same_source": False, "probability": 0.97},
            (
                "Duplicate: the same 27 words in a row; other headline; 40 minutes apart; another "
                "outlet."
            ),
        ),
        (STORM, STORM, Relation.EXACT, {}, "Duplicate: the same text."),
        (STORM, STORM.upper(), Relation.EXACT, {}, "Duplicate: the same words."),
        (
            STORM,
            f"{STORM} More rain is expected.",
            Relation.TRUNCATED,
            {"same_source": True},
            (
                "Duplicate: one is cut off: all 27 words of the shorter begin the longer; the same "
                "outlet."
            ),
        ),
        (
            "the storm had cut and four thousand homes",
            STORM,
            Relation.CONTAINED,
            {"apart": dt.timedelta(0)},
            (
                "Duplicate: one holds the other: all 8 words of the shorter are in the longer; "
                "at the same time."
            ),
        ),
        (
            "ka 4 lo mi nu so fa re",
            "ka 5 lo mi nu so fa re",
            Relation.NEAR,
            {"probability": 0.55},
            "Duplicate: the same 6 words in a row; other numbers: 4 → 5 (not sure: 55 %).",
        ),
        (
            "ka lo mi nu so fa re do ka lo",
            "ka lo mi x so fa re y ka lo",
            Relation.NEAR,
            {},
            (
                "Duplicate: 8 of 10 words in the same order, up to 3 in a row; other words: "
                "nu → x, do → y."
            ),
        ),
        (
            f"Storm in Velden\n{STORM}",
            "Velden in the dark\nA storm has cut off the coast, the mayor of Velden wrote.",
            Relation.RELATED,
            {"apart": dt.timedelta(hours=26), "same_source": False},
            (
                "Same story: only 6 of 16 words in the same order; other headline; 26 hours apart; "
                "another outlet."
            ),
        ),
        (
            BULLETIN.format("Velden", 12),
            BULLETIN.format("Ostrand", 15),
            Relation.TEMPLATE,
            {"apart": dt.timedelta(days=2)},
            (
                "Template: the same template, 14 of 16 words in the same order; other words: "
                "Velden → Ostrand, 12 → 15; 2 days apart."
            ),
        ),
        ("ka lo mi", "so fa re", None, {}, "No match: no words in the same order."),
        (
            STORM,
            "the harbour of Ostrand",
            None,
            {},
            "No match: 2 of 4 words in the same order.",
        ),
        ("", "ka", None, {}, "No match: one of the two has no words."),
        ("", "...", None, {}, "No match: neither has words."),
        (
            STORM,
            STORM,
            None,
            {"apart": dt.timedelta(days=12), "window": dt.timedelta(days=7)},
            "No match: the same text; 12 days apart, more than the window of 7 days.",
        ),
    ],
)
def test_sentences(
    left: str, right: str, relation: Relation | None, known: dict[str, object], expected: str
) -> None:
    """For every verdict, with what speaks for it and what is known beside the words."""
    assert said(left, right, relation, **known) == expected


def test_examples_of_replacements_are_few_and_short() -> None:
    """Two are enough; long ones say nothing in a sentence."""
    left = "1 ka 2 lo 3 mi " + "long" * 10 + "1 nu so"
    right = "4 ka 5 lo 6 mi " + "long" * 10 + "2 nu so"

    assert "other numbers: 1 → 4, 2 → 5 and others" in said(left, right, Relation.NEAR)
    assert "longlong" not in said(left, right, Relation.NEAR)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.5, "less than a second"), (1, "1 second"), (60, "1 minute"), (90, "90 seconds"),
     (3600, "1 hour"), (7000, "117 minutes"), (86400, "1 day"), (100_000, "28 hours"),
     (2 * 86400, "2 days")],
)  # fmt: skip
def test_times_are_in_words(seconds: float, expected: str) -> None:
    """Of the largest unit of which there are two, or exactly one."""
    assert f"; {expected} apart." in said(
        "ka lo", "ka lo", Relation.EXACT, apart=dt.timedelta(seconds=seconds)
    )


def test_the_library_says_the_same_of_every_verdict() -> None:
    """`compare` begins with the word of its verdict."""
    words = {"duplicate": "Duplicate: ", "related": "Same story: ", "template": "Template: ",
             "none": "No match: "}  # fmt: skip
    pairs = [
        (STORM, f"BERN - {STORM}"),
        (STORM, "The harbour board says power is back in Velden after the storm."),
        (BULLETIN.format("Velden", 12), BULLETIN.format("Ostrand", 15)),
        (STORM, "Markets fell on Monday."),
    ]

    for left, right in pairs:
        found = dn.compare(left, right)
        assert found.why.startswith(words[found.verdict])
        assert str(found).startswith(found.why)
