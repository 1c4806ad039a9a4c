"""What of a feed cannot be read: refused at once, or passed over and reported."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from dedupe_news._input.rules import COMMAND_LINE, in_force
from dedupe_news.errors import DedupeNewsError, InputError, InputTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING = "is missing"
"""The reason that there is nothing, where something has to be."""

_MOST_EXAMPLES = 5  # of each column and reason


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
            if seen[example.column, example.reason] <= _MOST_EXAMPLES:
                examples.append(example)
        counts = dict(Counter(self.counts) + Counter(other.counts))
        return Skipped(counts, tuple(examples), self.n_dropped + other.n_dropped)

    def __str__(self) -> str:
        """Return the report."""
        if not self:
            return ""
        is_one, n_dropped = len(self) == 1, self.n_dropped
        head = "1 value was not read" if is_one else f"{len(self):,} values were not read"
        if n_dropped:
            items = "1 item was" if n_dropped == 1 else f"{n_dropped:,} items were"
            lines = [f"{head}; {items} left out"]
        else:
            lines = [f"{head} and {'counts' if is_one else 'count'} as missing"]
        for (column, reason), count in self.counts.items():
            lines.append(f"  {count:,} {column}: {reason}")
            lines += [
                f"    {example}"
                for example in self.examples
                if (example.column, example.reason) == (column, reason)
            ]
        return "\n".join(lines)


class UnusableError(Exception):
    """A value that cannot be used: why, what helps, and the error that it is."""

    def __init__(
        self, reason: str, remedy: str = "", kind: type[DedupeNewsError] = InputError
    ) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.kind = reason, remedy, kind

    def said_of(self, value: object) -> str:
        """Return what a value is, after "it"."""
        return MISSING if self.reason == MISSING else f"is {shown(value)}, which {self.reason}"


class Faults:
    """The values of one column that cannot be read: refused at once, or counted."""

    def __init__(self, role: str, column: object = None, *, is_lenient: bool = False) -> None:
        column = role if column is None else column
        self.role = role
        self.column = column if isinstance(column, str) else shown(column)
        self.positions: list[int] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.examples: list[SkippedValue] = []
        self.remedy = ""
        self.is_strict = in_force().on_invalid == "raise" and not is_lenient

    def add(self, position: int, value: object, fault: UnusableError) -> None:
        """Refuse a value, or a line of a file, or note it."""
        if self.is_strict:
            raise fault.kind(self._message(position, value, fault)) from None
        rules = in_force()
        self.positions.append(position)
        self.remedy = self.remedy or fault.remedy
        self.counts[self.column, fault.reason] += 1
        if self.counts[self.column, fault.reason] <= _MOST_EXAMPLES:
            says = "" if self.role == "line" else shown(value)
            place = rules.in_feed(position), rules.where(position)
            self.examples.append(SkippedValue(*place, self.column, says, fault.reason))

    def _message(self, position: int, value: object, fault: UnusableError) -> str:
        """Return what is wrong with a value, where it is, and what helps."""
        rules, speech = in_force(), in_force().speech
        where, remedy = rules.where(position), fault.remedy
        if self.role in {"item", "line"}:
            says = fault.reason if self.role == "line" else fault.said_of(value)
            return f"{where} {says}{_sentence(remedy)}"
        what = "published time" if self.role == "published" else self.role
        if self.column != self.role:
            what = f"{what} {self.column!r}"
        policy = speech.policy
        if self.role != "text":
            policy += speech.opt_out.format(role=self.role, column=self.column)
        # What to pass instead is for who passes values.
        is_code = fault.kind is InputTypeError and speech is COMMAND_LINE
        remedy = "correct it" if is_code or not remedy else remedy
        subject = speech.subject.format(what=what, where=where)
        remedies = ", ".join(filter(None, (remedy, policy)))
        return f"{subject} {fault.said_of(value)}{_sentence(remedies)}"

    def skipped(self) -> Skipped:
        """Return what was noted."""
        return Skipped(dict(self.counts), tuple(self.examples))


def _sentence(words: str) -> str:
    return words and f". {words[:1].upper()}{words[1:]}"
