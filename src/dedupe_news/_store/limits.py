"""Sizes and counts at which an index does something; tests hand in small ones."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """
    When removed items are dropped, how large arrays are at first, what is done at once.

    Parameters
    ----------
    removed : int
        Least number of removed items to drop; they must be as many as the others, too.
    rows, tokens, places, token_places : int
        Rows, tokens, places for shingles and counters of tokens of an empty index.
    several : int
        Items looked up from which on several threads are worth it.
    sealed : int
        Items from which on a state is sealed: fewer are read from the log as soon.
    events : int
        Events read from a log at a time.
    sent : int
        Events of one answer of a server, which does nothing else meanwhile.
    """

    removed: int = 4096
    rows: int = 1024
    tokens: int = 1 << 16
    places: int = 1 << 17
    token_places: int = 1 << 20
    several: int = 1024
    sealed: int = 20_000
    events: int = 20_000
    sent: int = 2000


LIMITS = Limits()
