"""How the documents of an index belong together: clusters, their members, all of them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._engine import batch
from dedupe_news._index import arrivals, exchange
from dedupe_news._index.lookups import Lookups, unknown
from dedupe_news._input.columns import from_microseconds
from dedupe_news._input.constraints import read_constraints
from dedupe_news._input.settings import whole_number
from dedupe_news._machine.progress import ready, stages
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news.errors import InputError, shown
from dedupe_news.results.records import IndexStats

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Iterable, Sequence

    from dedupe_news.results.result import Clustering


class Clusters(Lookups):
    """The part of `dedupe_news.NewsIndex` that knows clusters, and changes nothing."""

    def cluster_of(self, id: Hashable) -> int:  # noqa: A002 - the settled public name
        """
        Return the cluster that a document belongs to.

        A document joins the cluster of its best match whose representative it
        matches too, and else begins one, which it represents. It stays there:
        clusters never meet, and keep their numbers while they grow and when
        documents leave. Once its representative has left, a cluster takes in no
        document any more; one that is added again under its id represents it still.

        Parameters
        ----------
        id : hashable
            Its id.

        Returns
        -------
        int
            Running number of the cluster, the same in every process, and after
            opening the index again. Documents that match nothing have clusters
            of their own.

        Raises
        ------
        InputTypeError
            If `id` is not hashable.
        UnknownIdError
            If no document has it.
        """
        arrivals.check_hashable(id)
        with self._lock:
            state = self._store.refresh()
            if id not in state.row_of:
                raise unknown(id)
            return state.cluster_of(id)

    def members(self, cluster: int) -> list[Hashable]:
        """
        Return the documents of a cluster.

        Parameters
        ----------
        cluster : int
            Its number, from `cluster_of`.

        Returns
        -------
        list of hashable
            Their ids, in order of arrival; empty if there is no such cluster.

        Raises
        ------
        InputError
            If it is no whole number.
        """
        if whole_number(cluster) is None:
            message = f"cluster={shown(cluster)} is no whole number; pass one from `cluster_of`"
            raise InputError(message)
        with self._lock:
            state = self._store.refresh()
            clusters = state.texts.clusters.arrays.clusters[: state.texts.n_rows]
            members: list[Hashable] = state.ids[: state.texts.n_rows][
                (clusters == cluster) & state.alive
            ].tolist()
        return members

    def cluster(
        self,
        *,
        must: Iterable[tuple[Hashable, Hashable]] = (),
        cannot: Iterable[tuple[Hashable, Hashable]] = (),
        n_jobs: int | None = -1,
        progress: bool = True,
    ) -> Clustering:
        """
        Cluster all documents of the index, as `dedupe_news.cluster` does.

        Parameters
        ----------
        must, cannot : iterable of (id, id), optional
            As for `dedupe_news.cluster`. They hold for this result alone: `add`,
            `query` and `cluster_of` go by the settings of the index.
        n_jobs : int, default -1
            Threads.
        progress : bool, default True
            Whether a long run shows a bar.

        Returns
        -------
        Clustering
            Positions count the documents in order of arrival; ``columns.ids``
            has their ids.

        Raises
        ------
        InputError
            If pairs of `must` and `cannot` are unknown, or contradict one another.
        ConfigError
            If `must` or `cannot` is given with the policy ``"similar"``.
        """
        threads = resolve_jobs(n_jobs)
        # What a small index has was interpreted as well.
        n_bytes = 0 if self._is_small() else None
        with ready("cluster", self._config.policy, n_jobs, n_bytes=lambda: n_bytes, show=progress):
            with self._lock:
                columns = arrivals.as_columns(list(self._store.items()))
            constraints = read_constraints(columns, must, cannot, self._config.policy)
            with stages(batch.STAGES, show=progress) as ended:
                return batch.cluster_columns(columns, self._config, threads, ended, constraints)

    def export_to(self, path: str | os.PathLike[str]) -> int:
        """
        Write all documents to a file.

        Parameters
        ----------
        path : str or path
            Ends in ``.jsonl``, ``.jsonl.gz`` or ``.parquet``. Replaced if it
            exists, once all is written. Parquet holds clusters too.

        Returns
        -------
        int
            How many documents were written.

        Raises
        ------
        InputError
            If the suffix is another.
        InputTypeError
            If the format cannot hold an id.
        MissingDependencyError
            If Parquet is asked for and pyarrow is not installed.
        """
        return exchange.write(path, self._store.items(), self._places)

    def _places(self, ids: Sequence[Hashable]) -> tuple[list[int | None], list[bool]]:
        """Return the cluster of each document, and whether it represents it."""
        with self._lock:
            state = self._store.refresh()
            rows = [state.row_of.get(each) for each in ids]
            arrays = state.texts.clusters.arrays
            clusters = [None if row is None else int(arrays.clusters[row]) for row in rows]
            leads = [row is not None and int(arrays.representatives[row]) == row for row in rows]
        return clusters, leads

    def stats(self) -> IndexStats:
        """
        Return size and age of the index.

        Returns
        -------
        IndexStats
            As of now.
        """
        with self._lock:
            state = self._store.refresh()
            moments = state.moments[state.alive]
            return IndexStats(
                n_documents=len(state),
                n_removed=state.texts.n_rows - len(state),
                memory_bytes=state.texts.n_bytes,
                oldest=from_microseconds(int(moments.min())) if len(moments) else None,
                newest=from_microseconds(int(moments.max())) if len(moments) else None,
                details=self._store.log.details(),
            )


def leads_of(index: Clusters, ids: Sequence[Hashable]) -> list[Hashable]:
    """Return the representatives of some ids, None where these or the documents have left."""
    with index._lock:  # noqa: SLF001 - our own
        state = index._store.refresh()  # noqa: SLF001 - our own
        return [state.lead_of(each) if each in state.row_of else None for each in ids]
