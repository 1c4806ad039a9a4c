"""The roles of an index's documents, the slow way; nothing here imports ``dedupe_news``."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHINGLE_SIZE = 3


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
