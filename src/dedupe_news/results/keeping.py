"""Which item of a cluster is kept: by a rule, a column, or a function of an item."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dedupe_news._input import native
from dedupe_news._input.columns import NO_TIME
from dedupe_news._input.python import is_missing, numbered
from dedupe_news.errors import InputError, InputTypeError, shown
from dedupe_news.results.membership import gathered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.results.grouping import Groups

Keep: TypeAlias = str | Callable[[Any], Any]
"""A rule, a column, or a function of an item."""

RULES = ("preferred", "earliest", "latest", "longest")
"""Rules that need no column."""


def choose(result: Groups, keep: Keep, feed: Any) -> NDArray[np.int64]:
    """Return the place of the item of each cluster that is kept; `feed` may be None."""
    if isinstance(keep, str) and keep == "preferred":
        return result.representatives
    rank = _ranking(result, keep, feed)
    kept = result.representatives.copy()
    sizes = np.bincount(result.labels, minlength=len(kept))
    for members in gathered(np.where(sizes[result.labels] > 1, result.labels, -1)):
        label = result.labels[members[0]]
        kept[label] = _largest(result, members.tolist(), int(kept[label]), rank)
    return kept


def _ranking(result: Groups, keep: Keep, feed: Any) -> Callable[[int], Any]:
    """Return what ranks the item at a place; the one of the highest rank is kept."""
    columns = result.columns

    def position_at(place: int) -> int:
        return place if columns.rows is None else int(columns.rows[place])

    if callable(keep):
        if feed is None:
            return lambda place: keep(columns.content(place))
        row_of = native.row_getter(feed)
        return lambda place: keep(row_of(position_at(place)))
    if not isinstance(keep, str):
        message = (
            f"keep={shown(keep)} is no rule, column or function; rules are "
            f"{', '.join(map(repr, RULES))}"
        )
        raise InputTypeError(message)
    if keep not in RULES:
        value_of = native.value_getter([] if feed is None else feed, keep)
        return lambda place: value_of(position_at(place))
    if keep == "longest":
        return lambda place: len(columns.content(place))
    times = columns.published
    if times is None:
        message = (
            f"keep={shown(keep)} needs to know when items were published; name the column, "
            "as in published='...'"
        )
        raise InputError(message)
    sign = -1 if keep == "earliest" else 1
    return lambda place: None if times[place] == NO_TIME else sign * int(times[place])


def _largest(result: Groups, members: list[int], first: int, rank: Callable[[int], Any]) -> int:
    """Return the member of the highest rank; `first` where several are equal."""
    best, highest = first, rank(first)
    for member in members:
        value = rank(member)
        if is_missing(value):
            continue
        try:
            if is_missing(highest) or value > highest:
                best, highest = member, value
        except TypeError as error:
            position = int(result.in_feed(np.array([member]))[0])
            message = (
                f"keep cannot choose between {shown(value)} of item {numbered(position)} and "
                f"{shown(highest)}, which cannot be compared. Give values of one type"
            )
            raise InputError(message) from error
    return best
