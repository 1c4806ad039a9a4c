"""Where two texts differ, word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import Config
from dedupe_news.results import differences

if TYPE_CHECKING:
    from dedupe_news.results.differences import Change

CONFIG = Config()
WORDS = st.lists(st.sampled_from(["ka", "lo", "mi", "nü", "😀", "新", "\n"]), max_size=12).map(
    " ".join
)


def compare(left: str, right: str) -> list[Change]:
    """Return the changes between two texts."""
    one, other = differences.read([left, right], CONFIG, titled=True)
    return differences.changes(one, other, differences.aligned(one, other))


@given(left=WORDS, right=WORDS)
def test_blocks_cover_both_texts(left: str, right: str) -> None:
    """Every word of each is in one block, in order; equal blocks have equal words."""
    one, other = differences.read([left, right], CONFIG, titled=True)

    blocks = differences.aligned(one, other)

    at = (0, 0)
    for kind, *places in blocks:
        assert (places[0], places[2]) == at
        words = one.hashes[places[0] : places[1]], other.hashes[places[2] : places[3]]
        assert (kind == "equal") == (words[0] == words[1])
        at = (places[1], places[3])
    assert at == (len(one.hashes), len(other.hashes))


@given(left=WORDS, right=WORDS)
def test_changes_turn_one_text_into_the_other(left: str, right: str) -> None:
    """Without what the changes name, the same words are left of both."""
    found = compare(left, right)

    rest_left, rest_right = list(left), list(right)
    for change in found:
        rest_left[change.left_start : change.left_stop] = " " * (
            change.left_stop - change.left_start
        )
        rest_right[change.right_start : change.right_stop] = " " * (
            change.right_stop - change.right_start
        )
    assert "".join(rest_left).replace("😀", "").split() == (
        "".join(rest_right).replace("😀", "").split()
    )


@given(left=WORDS, right=WORDS)
def test_changes_come_in_order_and_say_what_they_are(left: str, right: str) -> None:
    """Each begins after the one before; an insertion takes nothing away, and so on."""
    at = (0, 0)
    for kind, *places in compare(left, right):
        left_start, left_stop, right_start, right_stop = places
        assert at[0] <= left_start <= left_stop
        assert at[1] <= right_start <= right_stop
        has = (left_start < left_stop, right_start < right_stop)
        assert kind == {(True, True): "replace", (True, False): "delete"}.get(has, "insert")
        assert any(has)
        at = (left_stop, right_stop)


@given(text=WORDS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    """Nor from itself in other letters."""
    assert compare(text, text) == []
    assert compare(text, text.upper()) == []


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("the old town", "the new town", [("replace", "old", "new")]),
        ("the old town", "the town", [("delete", "old", "")]),
        ("the town", "the fine old town", [("insert", "", "fine old")]),
        ("ka lo ka lo", "ka lo", [("delete", "ka lo", "")]),
        ("", "ka", [("insert", "", "ka")]),
        ("ka 😀 lo", "ka 😀 mi lo", [("insert", "", "mi")]),
        ("ka lo\nmi nu", "ka\nlo mi nu", []),
        (
            "ka lo\nmi nu",
            "ka\nlo mi",
            [("delete", "lo", ""), ("insert", "", "lo"), ("delete", "nu", "")],
        ),
        ("ka lo\nmi nu", "\nka lo mi", [("delete", "nu", "")]),
    ],
)
def test_changes_of_known_pairs(
    left: str, right: str, expected: list[tuple[str, str, str]]
) -> None:
    """Each names the words of both, as written."""
    found = [
        (change.kind, left[change.left_start : change.left_stop],
         right[change.right_start : change.right_stop])
        for change in compare(left, right)
    ]  # fmt: skip

    assert found == expected
