"""Pairs that a user is sure of: these must be in one cluster, those cannot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe_news._input.values import fault_of_id
from dedupe_news.errors import ConfigError, InputError, InputTypeError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns

_PAIR = 2


class Constraints(NamedTuple):
    """Pairs of documents, or of texts, by number: arrays of int64, shape (n, 2)."""

    must: NDArray[np.int64]
    cannot: NDArray[np.int64]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return len(self.must) + len(self.cannot) > 0


NONE = Constraints(np.empty((0, _PAIR), np.int64), np.empty((0, _PAIR), np.int64))
"""No constraint."""


def read_constraints(columns: Columns, must: object, cannot: object, policy: str) -> Constraints:
    """Return constraints as positions of documents."""
    pairs = {"must": _pairs("must", must), "cannot": _pairs("cannot", cannot)}
    if not any(pairs.values()):
        return NONE
    if policy != "news":
        message = (
            f"must and cannot were given with the policy {policy!r}, which matches all that is "
            "similar; they are obeyed by the policy 'news'"
        )
        raise ConfigError(message)
    ids = range(len(columns)) if columns.ids is None else columns.ids
    place = {id_: at for at, id_ in enumerate(ids)}
    found = [
        np.array([[_place(name, id_, place) for id_ in pair] for pair in given], np.int64).reshape(
            -1, _PAIR
        )
        for name, given in pairs.items()
    ]
    return Constraints(*found)


def _pairs(name: str, given: object) -> list[tuple[Any, Any]]:
    remedy = f"pass pairs of ids, such as {name}=[('a', 'b')]"
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        message = f"{name} is of type {type(given).__name__!r}; {remedy}"
        raise InputTypeError(message)
    pairs = []
    for pair in given:
        if isinstance(pair, str | bytes) or not isinstance(pair, Iterable):
            message = f"{name} holds {shown(pair)}; {remedy}"
            raise InputTypeError(message)
        ids = tuple(pair)
        if len(ids) != _PAIR or (not any(map(fault_of_id, ids)) and ids[0] == ids[1]):
            message = f"{name} holds {shown(pair)}, which is not two different items; {remedy}"
            raise InputError(message)
        pairs.append(ids)
    return pairs


def _place(name: str, id_: Any, place: dict[Any, int]) -> int:
    found = place.get(id_) if fault_of_id(id_) is None else None
    if found is None:
        message = (
            f"{name} names the item {shown(id_)}, which the feed does not have; pass ids of the "
            "feed, or positions where its items have no ids"
        )
        raise InputError(message)
    return found


def part_texts(text_of: NDArray[np.int64], n_texts: int, cannot: NDArray[np.int64]) -> int:
    """Give documents of the same words that cannot be together texts of their own."""
    for first, second in np.sort(cannot, axis=1).tolist():
        if text_of[first] == text_of[second] >= 0:
            text_of[second] = n_texts
            n_texts += 1
    return n_texts


def of_texts(constraints: Constraints, text_of: NDArray[np.int64], columns: Columns) -> Constraints:
    """Return constraints on documents as constraints on their texts."""
    must = text_of[constraints.must]
    for row in np.flatnonzero((must < 0).any(axis=1)).tolist():
        left, right = (columns.id_of(at) for at in constraints.must[row].tolist())
        message = (
            f"must names the pair ({shown(left)}, {shown(right)}), of which one item has no words "
            "and matches nothing. Leave that pair out"
        )
        raise InputError(message)
    root = _joined(must)
    cannot = text_of[constraints.cannot]
    for (left, right), texts in zip(constraints.cannot.tolist(), cannot.tolist(), strict=True):
        first, second = (root.get(text, text) for text in texts)
        if first == second >= 0:
            names = ", ".join(shown(columns.id_of(at)) for at in (left, right))
            message = (
                f"cannot names the pair ({names}), which must binds together, directly, through "
                "other items, or through items of the same words. Leave out one of these pairs"
            )
            raise InputError(message)
    bound = np.array([[text, lead] for text, lead in root.items() if text != lead], np.int64)
    known = (cannot >= 0).all(axis=1)
    return Constraints(bound.reshape(-1, _PAIR), cannot[known])


def _joined(pairs: NDArray[np.int64]) -> dict[int, int]:
    """Return one text for all that pairs join, by text."""
    root: dict[int, int] = {}

    def find(text: int) -> int:
        while root.setdefault(text, text) != text:
            root[text] = root[root[text]]
            text = root[text]
        return text

    for first, second in pairs.tolist():
        a, b = find(first), find(second)
        root[max(a, b)] = min(a, b)
    return {text: find(text) for text in list(root)}
