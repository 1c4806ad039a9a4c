"""Frozen records: what one match, pair or comparison says."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from dedupe_news.results.displayable import Displayable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Hashable, Mapping


class Relation(enum.IntEnum):
    """How two items are related: the first four are duplicates."""

    EXACT = 0
    """The same words."""
    NEAR = 1
    """Nearly the same words."""
    TRUNCATED = 2
    """One is the other, cut off."""
    CONTAINED = 3
    """One is an excerpt of the other."""
    RELATED = 4
    """Reports of their own on the same event: not duplicates."""
    TEMPLATE = 5
    """Made from the same recurring template: not duplicates."""

    @property
    def verdict(self) -> str:  # numpydoc ignore=RT01
        """The verdict that it belongs to: "duplicate", "related" or "template"."""
        return "duplicate" if self < Relation.RELATED else self.name.lower()


@dataclasses.dataclass(frozen=True, slots=True)
class Match(Displayable):
    """
    An item of an index that matches.

    Parameters
    ----------
    id : hashable
        Its id.
    jaccard, containment : float
        Shingles that the two share, of all and of those of the smaller set: exact,
        in [0, 1].
    relation : Relation
        How the two are related.
    probability : float
        Probability that the two are duplicates, in [0, 1].
    """

    id: Hashable
    jaccard: float
    containment: float
    relation: Relation
    probability: float = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """
    Two items of a batch that match.

    Parameters
    ----------
    left, right : hashable
        Their ids, in the order of the feed; their positions where it has no ids.
    jaccard, containment, relation, probability : object
        As of a `Match`.
    positions : tuple of int
        Their positions in the feed as it was given, the lower first.
    """

    left: Hashable
    right: Hashable
    jaccard: float
    containment: float
    relation: Relation
    probability: float
    positions: tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class KeptItem:
    """
    An item that is kept.

    Parameters
    ----------
    item : hashable
        Its id; its position where the feed has no ids.
    position : int
        Its position in the feed as it was given.
    text : str
        Its title and its text, on lines of their own.
    n_duplicates : int
        How many items are removed for it.
    """

    item: Hashable
    position: int
    text: str
    n_duplicates: int


@dataclasses.dataclass(frozen=True, slots=True)
class RemovedItem:
    """
    An item that is removed as a duplicate.

    Parameters
    ----------
    item, position, text : object
        As of a `KeptItem`.
    duplicate_of, duplicate_of_position : hashable, int
        Id and position of the item that is kept in its place.
    relation : Relation
        How it stands to the representative of its cluster. That is the item
        which is kept, unless another was asked for: then the representative
        itself is compared with that one.
    probability, score : float
        Probability that the two are duplicates, and their exact Jaccard
        similarity, in [0, 1].
    why : str
        The same in a sentence.
    """

    item: Hashable
    position: int
    text: str
    duplicate_of: Hashable
    duplicate_of_position: int
    relation: Relation
    probability: float
    score: float
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Bounded:
    """
    Work that was bounded, so that nothing is passed over in silence.

    Parameters
    ----------
    n_large_buckets : int
        Buckets of more distinct texts than the policy compares with one
        another: with ``"similar"``, than ``Config.bucket_limit``.
    n_pairs_not_compared : int
        Pairs of their texts that were not compared, those that share several
        such buckets counted in each; `Matches` may lack matches among them.
    n_representatives_passed_over : int
        Those of them that are pairs of representatives. Clusters may be split
        where this is not 0.
    """

    n_large_buckets: int = 0
    n_pairs_not_compared: int = 0
    n_representatives_passed_over: int = 0

    def __bool__(self) -> bool:
        """Return whether anything was bounded."""
        return self.n_large_buckets > 0

    def __str__(self) -> str:
        """Return what was not compared; empty where everything was."""
        if not self:
            return ""
        if self.n_representatives_passed_over:
            return (
                f"Work was bounded: {self.n_representatives_passed_over:,} comparisons with "
                "representatives were left out, so that clusters may be split."
            )
        return (
            f"Work was bounded: {self.n_pairs_not_compared:,} pairs within large groups of alike "
            "texts were not compared. Clusters are complete; matches may lack pairs."
        )


@dataclasses.dataclass(frozen=True, slots=True)
class IndexStats:
    """
    Size and age of an index.

    Parameters
    ----------
    n_documents : int
        Items in it.
    n_removed : int
        Items that left and still take room: they are dropped together
        once they are as many as the others.
    memory_bytes : int
        Memory of the arrays that items are found by, in bytes.
    oldest, newest : datetime.datetime, optional
        Earliest and latest time of an item, in UTC: of publication, or of
        arrival where there is none. None for an empty index.
    details : mapping of str to object
        What its store has to say: where it is, its size, its version.
    """

    n_documents: int
    n_removed: int
    memory_bytes: int
    oldest: dt.datetime | None
    newest: dt.datetime | None
    details: Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """
    A place where two items differ.

    Parameters
    ----------
    kind : {"replace", "delete", "insert"}
        What turns the first item into the second.
    left, right : str
        The words there, as written; empty for an insertion or a deletion.
    left_start, right_start : int
        Where they begin in each item, in characters.
    """

    kind: str
    left: str
    right: str
    left_start: int
    right_start: int

    @property
    def left_stop(self) -> int:  # numpydoc ignore=RT01
        """Where the words end in the first item."""
        return self.left_start + len(self.left)

    @property
    def right_stop(self) -> int:  # numpydoc ignore=RT01
        """Where the words end in the second item."""
        return self.right_start + len(self.right)


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """
    What one feature of a pair adds to the verdict of the classifier.

    Parameters
    ----------
    feature : str
        Its name; docs/explanation/classifier.md says what each means.
    value : float
        Its value for the pair.
    contribution : float
        What it adds to the score of a duplicate, less what it adds to those of
        the other verdicts on average: above 0 for duplicates, below against.
    """

    feature: str
    value: float
    contribution: float


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison(Displayable):
    """
    How two items are related.

    Parameters
    ----------
    relation : Relation or None
        None where the two are no match of any kind.
    jaccard, containment, probability : float
        As of a `Match`.
    reasons : tuple of Reason
        What decided, the weightiest first; empty with the policy "similar".
    differences : tuple of Difference
        The words that differ, in order.
    left, right : str
        The items, title and text on lines of their own.
    verdict : {"duplicate", "related", "template", "none"}
        What the two are to each other.
    probabilities : mapping of str to float
        Probability of "duplicate", "related", "template" and "different".
    why : str
        The verdict and what speaks for it, in a sentence.
    """

    relation: Relation | None
    jaccard: float
    containment: float
    probability: float
    reasons: tuple[Reason, ...]
    differences: tuple[Difference, ...]
    left: str
    right: str
    verdict: str
    probabilities: Mapping[str, float] = dataclasses.field(hash=False)
    why: str

    def __str__(self) -> str:
        """Return the sentence that says why, scores, probabilities, reasons and differences."""
        shares = ", ".join(f"{name} {value:.3f}" for name, value in self.probabilities.items())
        lines = [
            self.why,
            f"  scores: Jaccard {self.jaccard:.3f}, containment {self.containment:.3f}",
            f"  probability: {shares}",
        ]
        lines += [
            f"  {reason.contribution:+6.2f}  {reason.feature.replace('_', ' ')} {reason.value:.2f}"
            for reason in self.reasons
        ]
        lines += [
            f"  {difference.kind:7s} {difference.left!r} -> {difference.right!r}"
            for difference in self.differences
        ]
        return "\n".join(lines)
