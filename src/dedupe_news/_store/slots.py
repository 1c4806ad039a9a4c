"""What the index of either policy has in memory: arrays by slot, and clusters."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Any

from dedupe_news._input.columns import to_span
from dedupe_news._store.arrays import UNLIMITED, grown
from dedupe_news._store.founders import Founders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.config import Config


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """
    When removed items are dropped, and how large arrays are at first.

    Parameters
    ----------
    removed : int
        Least number of removed items to drop; they must be as many as the others, too.
    slots, tokens, places, token_places : int
        Slots, tokens, places for shingles and counters of tokens of an empty index.
    several : int
        Items from which on several threads are worth it.
    """

    removed: int = 4096
    slots: int = 1024
    tokens: int = 1 << 16
    places: int = 1 << 17
    token_places: int = 1 << 20
    several: int = 1024


LIMITS = Limits()


class Slots(abc.ABC):
    """
    Token runs by slot, in order of arrival, and what finds them.

    A removed slot is skipped until enough of them have gathered; then all are
    dropped at once and the living ones move together.

    Attributes
    ----------
    n_slots : int
        Slots in use.
    founders : Founders
        The clusters.
    """

    def __init__(self, config: Config, limits: Limits) -> None:
        self._config, self._limits = config, limits
        self._window = UNLIMITED if config.window is None else to_span(config.window)
        self.n_slots = 0
        self.founders = Founders(limits.slots)
        self._arrays: dict[str, NDArray[Any]] = {}

    @property
    def n_bytes(self) -> int:
        """Memory held by the arrays, in bytes, whether in use or not."""
        return sum(array.nbytes for array in self._arrays.values()) + self.founders.n_bytes

    @property
    def alive(self) -> NDArray[Any]:
        """Whether each slot counts: 0 for removed and for free slots."""
        return self._arrays["alive"]

    @abc.abstractmethod
    def arrays_in_use(self) -> dict[str, NDArray[Any]]:
        """Return all there is of the slots in use, by name, for `restore`."""

    @abc.abstractmethod
    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over what `arrays_in_use` returned."""

    @abc.abstractmethod
    def rebuild(self) -> None:
        """Make anew what items are found by."""

    def _grow(self, names: tuple[str, ...], least: int) -> None:
        """Make arrays of one length longer, if they are shorter than that."""
        if least > len(self._arrays[names[0]]):
            for name in names:
                self._arrays[name] = grown(self._arrays[name], least)
