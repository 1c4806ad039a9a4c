"""What an index asks of the store that keeps its documents."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from contextlib import AbstractContextManager

    from dedupe_news._text import Tokens
    from dedupe_news.records import Match
    from dedupe_news.stores.replica import Replica
    from dedupe_news.stores.rows import Rows


class Store(abc.ABC):
    """
    Documents in one order that all who share the store agree on.

    Callers see to it that one thread at a time asks.

    Attributes
    ----------
    replica : Replica
        The index in memory, as of the last call.
    """

    replica: Replica

    def refresh(self) -> None:
        """Apply to the replica what other processes did."""
        self._refresh()

    @abc.abstractmethod
    def _refresh(self) -> None: ...

    def add(self, rows: Rows, tokens: Tokens, n_jobs: int = 1) -> list[list[Match]]:
        """
        Add documents, all or none.

        Parameters
        ----------
        rows : Rows
            The documents; their ids are distinct.
        tokens : Tokens
            Theirs.
        n_jobs : int, default 1
            Threads.

        Returns
        -------
        list of list of Match
            For each document those it matches among the documents before it.
        """
        return self._add(rows, tokens, n_jobs)

    @abc.abstractmethod
    def _add(self, rows: Rows, tokens: Tokens, n_jobs: int) -> list[list[Match]]: ...

    def remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        """
        Remove a document.

        Parameters
        ----------
        id : hashable
            Its id.

        Returns
        -------
        bool
            False if there is none.
        """
        return self._remove(id)

    @abc.abstractmethod
    def _remove(self, id: Hashable) -> bool: ...  # noqa: A002 - an id, as everywhere

    def expire(self, before: int) -> int:
        """
        Remove all documents of an earlier time.

        Parameters
        ----------
        before : int
            Microseconds since 1970.

        Returns
        -------
        int
            How many left.
        """
        return self._expire(before)

    @abc.abstractmethod
    def _expire(self, before: int) -> int: ...

    def rows(self) -> Iterator[Rows]:
        """
        Return all documents, some at a time.

        Returns
        -------
        iterator of Rows
            In order of arrival.
        """
        return self._rows()

    @abc.abstractmethod
    def _rows(self) -> Iterator[Rows]: ...

    def cluster_of(self, id: Hashable) -> int:  # noqa: A002 - an id, as everywhere
        """
        Return the cluster of a document.

        Parameters
        ----------
        id : hashable
            The id of a document that is there.

        Returns
        -------
        int
            Its number.
        """
        return self._cluster_of(id)

    def _cluster_of(self, id: Hashable) -> int:  # noqa: A002 - an id, as everywhere
        return self.replica.cluster_of(id)

    def batch(self) -> AbstractContextManager[None]:
        """
        Return a block whose changes are made all or not at all.

        Returns
        -------
        context manager
            Undoes the changes where an error leaves the block.
        """
        return self._batch()

    @abc.abstractmethod
    def _batch(self) -> AbstractContextManager[None]: ...

    def details(self) -> dict[str, object]:
        """
        Return what is worth knowing of the store.

        Returns
        -------
        dict
            By name.
        """
        return self._details()

    @abc.abstractmethod
    def _details(self) -> dict[str, object]: ...

    def close(self) -> None:
        """Let go of files and connections."""
        self._close()

    @abc.abstractmethod
    def _close(self) -> None: ...
