"""Why two items are what they are to each other, in a sentence that anyone understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dedupe_news.results.phrasing import counted, time_apart
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from dedupe_news.results.differences import Block, Wording

_VERDICTS = {
    "duplicate": "Duplicate",
    "related": "Same story",
    "template": "Template",
    "none": "No match",
}
_MOST_EXAMPLES = 2
_LONGEST_EXAMPLE = 24  # characters
_MOSTLY = 0.6  # a run of such a share of the shorter text says enough by itself
_SURE = 0.75


class Circumstances(NamedTuple):
    """What is known of a pair beside its words; None where it is not known."""

    relation: Relation | None  # None for no match
    probability: float | None = None  # of the verdict
    apart: dt.timedelta | None = None  # time between the two
    same_source: bool | None = None  # whether one outlet published both
    window: dt.timedelta | None = None  # the window, where the two are too far apart for it
    overruled: str | None = None  # what made them duplicates, where the judge alone did not


def sentence(left: Wording, right: Wording, blocks: Sequence[Block], about: Circumstances) -> str:
    """Return the verdict on two items and what speaks for it."""
    verdict = "none" if about.relation is None else about.relation.verdict
    facts = [_words(left, right, blocks, about.relation)]
    if left.n_title and right.n_title and left.hashes != right.hashes:
        is_same = left.hashes[: left.n_title] == right.hashes[: right.n_title]
        facts.append("same headline" if is_same else "other headline")
    if verdict != "none" and about.relation != Relation.EXACT:
        facts += _replacements(left, right, blocks, verdict)
    if about.window is not None and about.apart is not None:
        facts.append(
            f"{time_apart(about.apart)} apart, more than the window of {time_apart(about.window)}"
        )
    elif about.apart is not None:
        facts.append(f"{time_apart(about.apart)} apart" if about.apart else "at the same time")
    if about.same_source is not None:
        facts.append("the same outlet" if about.same_source else "another outlet")
    if about.overruled is not None:
        facts.append(about.overruled)
    said = f"{_VERDICTS[verdict]}: {'; '.join(facts)}"
    if about.probability is not None and about.probability < _SURE:
        said += f" (not sure: {100 * about.probability:.0f} %)"
    return f"{said}."


def _words(
    left: Wording, right: Wording, blocks: Sequence[Block], relation: Relation | None
) -> str:
    """Return how much of the two is the same."""
    if not left.hashes or not right.hashes:
        return "one of the two has no words" if left.hashes or right.hashes else "neither has words"
    if left.hashes == right.hashes:
        return "the same text" if left.text == right.text else "the same words"
    if _same_text(left, right):
        return f"the same {counted(len(left.hashes) - left.n_title, 'word')} in a row"
    runs = [block.left_stop - block.left_start for block in blocks if block.kind == "equal"]
    n_words = min(len(left.hashes), len(right.hashes))
    return _overlap(sum(runs), max(runs, default=0), n_words, relation)


def _overlap(n_shared: int, longest: int, n_words: int, relation: Relation | None) -> str:
    """Return how many of the words of the shorter text are in the other, and how."""
    shared = f"{n_shared} of {counted(n_words, 'word')} in the same order"
    of_all = f"all {n_words} words" if n_shared >= n_words else f"{n_shared} of {n_words} words"
    if not n_shared:
        said = "no words in the same order"
    elif relation is Relation.TRUNCATED:
        said = f"one is cut off: {of_all} of the shorter begin the longer"
    elif relation is Relation.CONTAINED:
        said = f"one holds the other: {of_all} of the shorter are in the longer"
    elif relation is Relation.TEMPLATE:
        said = f"the same template, {shared}"
    elif relation in (None, Relation.RELATED):
        said = f"only {shared}" if n_shared < n_words / 2 else shared
    elif longest >= _MOSTLY * n_words:
        said = f"the same {counted(longest, 'word')} in a row"
    else:
        said = f"{shared}, up to {longest} in a row"
    return said


def _same_text(left: Wording, right: Wording) -> bool:
    """Return whether two items with titles have the same words after them."""
    one, other = left.hashes[left.n_title :], right.hashes[right.n_title :]
    return bool(left.n_title and right.n_title and one and one == other)


def _replacements(
    left: Wording, right: Wording, blocks: Sequence[Block], verdict: str
) -> list[str]:
    """Return what stands in the place of what; of a story in words of its own the numbers alone."""
    examples: dict[str, None] = {}
    are_numbers = True
    for block in blocks:
        in_titles = block.left_stop <= left.n_title and block.right_stop <= right.n_title
        if block.kind != "replace" or (in_titles and verdict != "template"):
            continue
        pair = (
            left.said(block.left_start, block.left_stop),
            right.said(block.right_start, block.right_stop),
        )
        is_number = all(any(letter.isdigit() for letter in words) for words in pair)
        if (is_number or verdict != "related") and max(map(len, pair)) <= _LONGEST_EXAMPLE:
            examples[" → ".join(pair)] = None
            are_numbers = are_numbers and is_number
    if not examples:
        return []
    shown = [*examples][:_MOST_EXAMPLES]
    more = " and others" if len(examples) > len(shown) else ""
    what = "numbers" if are_numbers else "words"
    return [f"other {what}: {', '.join(shown)}{more}"]
