"""New texts to the clusters of earlier batches, which stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.spark.bounding import count_large
from dedupe_news.spark.gathering import JOINED, members_of
from dedupe_news.spark.messages import Message, joined
from dedupe_news.spark.numbering import NOT_GIVEN
from dedupe_news.spark.similar import LARGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dedupe_news.spark.gathering import Members

PLACED = (
    "digest long, check long, part long, joined long, kept_digest long, kept_check long, "
    "kept_part long, relation int"
)
"""Columns of a new text that joins a cluster: its key, the number of the cluster where an earlier
batch made it, the key of the text that founded it, their relation."""

_PLACED = 70
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def join(key: int, messages: list[Message]) -> Iterator[Message]:
    """
    Let every new text of some components join a cluster, or found one.

    One after another, by time: a text joins the cluster of its best match among
    those before it, and among all of earlier batches, whose founder it matches
    too; else it founds one.

    Parameters
    ----------
    key : int
        The part of the components.
    messages : list of Message
        Their texts and judged pairs.

    Yields
    ------
    Message
        Of arrays that are the columns of `PLACED`, and of the kind
        `dedupe_news.spark.bounding.BOUNDED`.
    """
    members = members_of(messages)
    pairs, margins, relation = joined(messages, JOINED, ("u8", "f4", "u1"))
    pairs, leads = np.unique(pairs, return_index=True)
    matched = margins[leads] >= 0
    pairs, margins, relation = pairs[matched], margins[leads][matched], relation[leads][matched]
    left = np.searchsorted(members.numbers, (pairs >> _HALF).astype(np.int64))
    right = np.searchsorted(members.numbers, (pairs & _LOW).astype(np.int64))
    founder, relations = _founders(members, left, right, margins, relation)
    moved = np.flatnonzero(
        (members.given == NOT_GIVEN) & (founder != np.arange(len(members.numbers)))
    )
    kept = founder[moved]
    keys = (members.digests, members.checks, members.parts)
    own: list[NDArray[Any]] = [column[moved] for column in keys]
    theirs = [column[kept] for column in keys]
    columns = [*own, members.given[kept], *theirs, relations[moved].astype(np.int32)]
    yield Message(key, _PLACED, 0, columns)
    # No pairs are made of these, and founders are not looked for in them.
    large = [message.arrays[0] for message in messages if message.kind == LARGE]
    yield from count_large(key, large)


def _founders(
    members: Members,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    margins: NDArray[np.float32],
    relation: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the founder of each text's cluster, and the relation of the two."""
    n_members = len(members.numbers)
    founder = np.arange(n_members)
    relations = np.zeros(n_members, np.uint8)
    given = members.given != NOT_GIVEN
    founding = np.flatnonzero(members.founds == 1)
    founder_of = dict(zip(members.given[founding].tolist(), founding.tolist(), strict=True))
    founder[given] = [founder_of.get(each, -1) for each in members.given[given].tolist()]
    # Best first; among equals the one that came first.
    text, other = np.concatenate((left, right)), np.concatenate((right, left))
    scores, kinds = np.tile(margins, 2), np.tile(relation, 2)
    order = np.lexsort((other, -scores, text))
    text, other, kinds = text[order], other[order], kinds[order]
    bounds = np.searchsorted(text, np.arange(n_members + 1))
    for member in np.flatnonzero(~given).tolist():
        own = slice(bounds[member], bounds[member + 1])
        matches = dict(zip(other[own].tolist(), kinds[own].tolist(), strict=True))
        for match in matches:
            if match > member and not given[match]:
                continue  # it is to be placed yet
            chosen = int(founder[match])
            if chosen in matches:
                founder[member], relations[member] = chosen, matches[chosen]
                break
    return founder, relations
