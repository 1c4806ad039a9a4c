"""
Candidates of the policy "news", and the roles of an index's documents, the slow way.

Nothing here imports ``dedupe_news``: sets, dictionaries and loops over all
pairs, of the few texts that a test has.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHINGLE_SIZE = 3
LARGEST_COUNT = 4095


def code(count: int) -> int:
    """Return the byte that stands for a count."""
    return round(16 * math.log(min(count, LARGEST_COUNT))) if count else 0


def n_texts_with(runs: Sequence[Sequence[int]]) -> Counter[int]:
    """Return in how many runs each shingle is."""
    return Counter(shingle for run in runs for shingle in set(run))


def n_days_with(runs: Sequence[Sequence[int]], days: Sequence[int]) -> Counter[int]:
    """Return on how many days each shingle came; a day below 0 is not known."""
    return Counter(
        shingle
        for shingle, _ in {
            (shingle, day)
            for run, day in zip(runs, days, strict=True)
            for shingle in run
            if day >= 0
        }
    )


def related(
    runs: Sequence[Sequence[int]],
    lengths: Sequence[int],
    *,
    most: int,
) -> set[tuple[int, int]]:
    """Return the pairs that share enough shingles of at most `most` texts."""
    frequency = n_texts_with(runs)
    rare = [{shingle for shingle in run if frequency[shingle] <= most} for run in runs]
    return {
        (i, j)
        for i, j in itertools.combinations(range(len(runs)), 2)
        if len(rare[i] & rare[j]) >= least_shared(min(lengths[i], lengths[j]))
    }


def least_shared(shorter: int) -> int:
    """Return the rare shingles to share, by the length of the shorter text."""
    return 1 + sum(shorter > limit for limit in (10, 40, 60))


def of_one_template(
    runs: Sequence[Sequence[int]], *, most: int, share: float
) -> set[tuple[int, int]]:
    """Return the texts of common shingles, each with the first and the last before it of a key."""
    frequency = n_texts_with(runs)
    chains: dict[int, list[int]] = {}
    for text, run in enumerate(runs):
        common = [shingle for shingle in run if frequency[shingle] > most]
        if common and len(common) >= share * len(run):
            for key in {min(common), max(common)}:
                chains.setdefault(key, []).append(text)
    found = set()
    for texts in chains.values():
        found |= {(texts[0], text) for text in texts[1:]}
        found |= set(itertools.pairwise(texts))
    return found


@dataclasses.dataclass(frozen=True)
class Slot:
    """A document that an index has or had, and whether it still counts."""

    run: tuple[int, ...]
    day: int | None
    cluster: int
    alive: bool


@dataclasses.dataclass
class Roles:
    """
    What follows from the documents of an index.

    ``members`` has the primaries of each cluster, oldest first; ``leading``
    the leaders of each place, newest first; ``days`` the days of each place,
    one after another.
    """

    primaries: set[int] = dataclasses.field(default_factory=set)
    copies: dict[tuple[int, ...], list[int]] = dataclasses.field(default_factory=dict)
    members: dict[int, list[int]] = dataclasses.field(default_factory=dict)
    frequency: Counter[int] = dataclasses.field(default_factory=Counter)
    leading: dict[int, list[int]] = dataclasses.field(default_factory=dict)
    days: dict[int, list[int]] = dataclasses.field(default_factory=dict)
    tokens: Counter[int] = dataclasses.field(default_factory=Counter)


def shingles_of(run: tuple[int, ...]) -> set[tuple[int, ...]]:
    """Return the shingles of a run; all of it where it is shorter than one."""
    size = min(SHINGLE_SIZE, len(run))
    return {run[at : at + size] for at in range(len(run) - size + 1)} if run else set()


def roles_of(slots: Sequence[Slot], place_of: Callable[[tuple[int, ...]], int]) -> Roles:
    """Return the roles and counts of the documents of an index, by the place of each shingle."""
    roles = Roles()
    seen = set()
    for number, slot in enumerate(slots):
        if not slot.run:
            continue
        places = {place_of(shingle) for shingle in shingles_of(slot.run)}
        if slot.run not in seen and slot.day is not None:
            for place in places:
                days = roles.days.setdefault(place, [])
                if not days or days[-1] != slot.day:
                    days.append(slot.day)
        seen.add(slot.run)
        if not slot.alive:
            continue
        copies = roles.copies.setdefault(slot.run, [])
        copies.append(number)
        if len(copies) > 1:
            continue
        roles.primaries.add(number)
        roles.frequency.update(places)
        roles.tokens.update(slot.run)
        members = roles.members.setdefault(slot.cluster, [])
        members.append(number)
        if len(members) == 1:
            for place in places:
                roles.leading.setdefault(place, []).insert(0, number)
    return roles
