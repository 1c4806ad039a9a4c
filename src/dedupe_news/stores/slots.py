"""What the index of either policy has in memory: arrays by slot, and clusters."""

from __future__ import annotations

import abc
import copy
from typing import TYPE_CHECKING, Any

from dedupe_news.columns import to_span
from dedupe_news.stores.arrays import UNLIMITED, Room, grown
from dedupe_news.stores.founders import Founders

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dedupe_news.config import Config


class Slots(abc.ABC):
    """
    Token runs by slot, in order of arrival, and what finds them.

    A removed slot is skipped until enough of them have gathered; then all are
    dropped at once and the living ones move together.

    Parameters
    ----------
    config : Config
        The settings.

    Attributes
    ----------
    n_slots : int
        Slots in use.
    founders : Founders
        The clusters.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._room = Room()
        self._window = UNLIMITED if config.window is None else to_span(config.window)
        self.n_slots = 0
        self.founders = Founders()
        self._arrays: dict[str, NDArray[Any]] = {}

    @property
    def n_bytes(self) -> int:
        """
        Memory held by the arrays, in bytes.

        Returns
        -------
        int
            Allotted, whether in use or not.
        """
        return sum(array.nbytes for array in self._arrays.values()) + self.founders.n_bytes

    @property
    def alive(self) -> NDArray[Any]:
        """
        Whether each slot counts.

        Returns
        -------
        ndarray of uint8, shape (capacity,)
            0 for removed and for free slots.
        """
        return self._arrays["alive"]

    @abc.abstractmethod
    def rebuild(self) -> None:
        """Make anew what documents are found by."""

    def place(
        self,
        slots: NDArray[np.int64],
        clusters: NDArray[np.int64],
        are_founders: NDArray[np.bool_],
    ) -> None:
        """
        Put documents that are found already in clusters that others have found for them.

        Parameters
        ----------
        slots : ndarray of int64, shape (n,)
            The documents, in order.
        clusters : ndarray of int64, shape (n,)
            Their clusters, or `dedupe_news.stores.founders.PENDING`.
        are_founders : ndarray of bool, shape (n,)
            Whether they are the founders of these.
        """
        self.founders.place(slots, clusters, are_founders, self.n_slots)

    def _grow(self, names: tuple[str, ...], least: int) -> None:
        """Make arrays of one length longer, if they are shorter than that."""
        if least > len(self._arrays[names[0]]):
            for name in names:
                self._arrays[name] = grown(self._arrays[name], least)

    def mark(self) -> dict[str, Any]:
        """
        Return what `rewind` needs to undo everything that is done from now on.

        Returns
        -------
        dict
            Mostly shared.
        """
        state = vars(self).copy()
        state["_arrays"] = self._arrays.copy()
        state["founders"] = self.founders.mark()
        state["mark"] = self.alive[: self.n_slots].copy()
        return state

    def rewind(self, mark: dict[str, Any]) -> None:
        """
        Undo everything that was done since a mark was made.

        Parameters
        ----------
        mark : dict
            From `mark`; used once.
        """
        founders, alive = self.founders, mark.pop("mark")
        vars(self).update(mark, founders=founders)
        founders.rewind(mark["founders"])
        self.alive[: self.n_slots] = alive
        self.alive[self.n_slots :] = 0
        self.rebuild()

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle.

        Returns
        -------
        dict
            Copies of what changes.
        """
        state = vars(self).copy()
        del state["_room"]
        state["founders"] = copy.copy(self.founders)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """
        Restore the state that `__getstate__` returned.

        Parameters
        ----------
        state : dict
            Settings and arrays.
        """
        vars(self).update(state)
        self._room = Room()
