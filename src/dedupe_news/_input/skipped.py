"""What of a feed was passed over, because it could not be read."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_EXAMPLES = 5
"""Values shown of each column and reason."""


@dataclasses.dataclass(frozen=True, slots=True)
class SkippedValue:
    """
    A value that could not be read.

    Parameters
    ----------
    position : int
        Position of its item in the feed.
    place : str
        Where that is, in words: ``"document 3"``, or file and line.
    column : str
        The column, or the key, that it is in.
    value : str
        The value, shortened.
    reason : str
        Why it could not be read.
    """

    position: int
    place: str
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        """Return it in words."""
        if not self.value:  # the line of a file
            return f"{self.place} {self.reason}"
        if self.reason.endswith("missing"):
            return f"{self.place}: {self.column} {self.reason}"
        return f"{self.place}: {self.column} is {self.value}, which {self.reason}"


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """
    What of a feed was passed over: false where nothing was.

    Parameters
    ----------
    counts : mapping of (str, str) to int
        For each column and reason how many values were not read.
    examples : tuple of SkippedValue
        The first of each column and reason.
    n_dropped : int
        Items that were left out, with ``on_invalid="drop"``.

    Examples
    --------
    >>> import dedupe_news as dn
    >>> feed = [{"text": "Rain again", "published": "2026-02-30T07:00Z"}]
    >>> print(dn.cluster(feed, on_invalid="ignore").skipped)
    1 value was not read and counts as missing
      1 published: is no date that can be read
        document 0: published is '2026-02-30T07:00Z', which is no date that can be read
    """

    counts: Mapping[tuple[str, str], int] = dataclasses.field(default_factory=dict, hash=False)
    examples: tuple[SkippedValue, ...] = ()
    n_dropped: int = 0

    def __len__(self) -> int:
        """Return how many values were not read."""
        return sum(self.counts.values())

    def __add__(self, other: Skipped) -> Skipped:
        """Return both together."""
        seen: Counter[tuple[str, str]] = Counter()
        examples = []
        for example in (*self.examples, *other.examples):
            seen[example.column, example.reason] += 1
            if seen[example.column, example.reason] <= MOST_EXAMPLES:
                examples.append(example)
        counts = dict(Counter(self.counts) + Counter(other.counts))
        return Skipped(counts, tuple(examples), self.n_dropped + other.n_dropped)

    def __str__(self) -> str:
        """Return the report."""
        if not self:
            return ""
        n_values = len(self)
        done = "counts as missing" if n_values == 1 else "count as missing"
        if self.n_dropped:
            items = "1 item was" if self.n_dropped == 1 else f"{self.n_dropped:,} items were"
            done = f"{items} left out"
        lines = [f"{'1 value was' if n_values == 1 else f'{n_values:,} values were'} not read"]
        lines[0] += f"; {done}" if self.n_dropped else f" and {done}"
        for (column, reason), count in self.counts.items():
            lines.append(f"  {count:,} {column}: {reason}")
            lines += [
                f"    {example}"
                for example in self.examples
                if (example.column, example.reason) == (column, reason)
            ]
        return "\n".join(lines)
