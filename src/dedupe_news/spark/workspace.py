"""What a run keeps in the cluster while it lasts, and how Spark is set for it."""

from __future__ import annotations

import contextlib
import math
import re
from typing import TYPE_CHECKING, Any, Self

from dedupe_news import errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from pyspark.sql import DataFrame, Row, SparkSession

_ADAPTIVE = "spark.sql.adaptive.enabled"
_BROADCAST = "spark.sql.autoBroadcastJoinThreshold"
_SHUFFLE_PARTITIONS = "spark.sql.shuffle.partitions"
_ROWS_A_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
_MESSAGES_A_BATCH = "16"
_OURS = re.compile(r"^dedupe_news\.errors\.(\w+): (.*?)(?=^\S*\s*at |\Z)", re.DOTALL | re.MULTILINE)
_TOKENS_A_PARTITION = 1 << 20


class Workspace:
    """
    Intermediate results, which are let go at the end.

    Parameters
    ----------
    spark : SparkSession
        The session.

    Attributes
    ----------
    n_partitions : int
        Over which groups are spread; see `plan`.
    """

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.n_partitions = spark.sparkContext.defaultParallelism
        self._kept: list[DataFrame] = []

    def plan(self, n_tokens: int) -> None:
        """
        Choose over how many partitions to spread the work.

        Parameters
        ----------
        n_tokens : int
            Of all documents.
        """
        n_partitions = math.ceil(n_tokens / _TOKENS_A_PARTITION)
        if n_partitions < self.n_partitions:
            # Little is done sooner in few places.
            self.n_partitions = max(1, n_partitions)
        else:
            self.n_partitions = math.ceil(n_partitions / self.n_partitions) * self.n_partitions

    def has_fewer_partitions(self, frame: DataFrame) -> bool:
        """
        Return whether a DataFrame has fewer partitions than could be read at once.

        Parameters
        ----------
        frame : DataFrame
            Any; it is not computed.

        Returns
        -------
        bool
            False also where there are as many.
        """
        # An adaptive plan would be computed to find out.
        with self._sized(of_messages=False):
            return frame.rdd.getNumPartitions() < self.spark.sparkContext.defaultParallelism

    def keep(self, frame: DataFrame, *, of_messages: bool = True) -> DataFrame:
        """
        Let Spark keep what the next steps read.

        Its plan is cut off there: Spark would go through all that came before
        at each step that follows, which takes longer than the steps.

        Parameters
        ----------
        frame : DataFrame
            Computed when it is first read, and kept by the executors, in memory
            or on disk; at once, in the folder of checkpoints, where one is set.
        of_messages : bool, default True
            Whether its plan moves messages, which are large rows.

        Returns
        -------
        DataFrame
            The same rows.

        Raises
        ------
        DedupeNewsError
            If a worker raised one.
        """
        with self._sized(of_messages=of_messages), translated():
            if self.spark.sparkContext.getCheckpointDir() is not None:
                return frame.checkpoint()
            kept = frame.localCheckpoint(eager=False)
        self._kept.append(kept)
        return kept

    def collect(self, frame: DataFrame, *, of_messages: bool = True) -> list[Row]:
        """
        Bring a few rows to the driver.

        Parameters
        ----------
        frame : DataFrame
            Of few rows, whatever the size of the data.
        of_messages : bool, default True
            As for `keep`.

        Returns
        -------
        list of Row
            All of them.

        Raises
        ------
        DedupeNewsError
            If a worker raised one.
        """
        with self._sized(of_messages=of_messages), translated():
            rows: list[Row] = frame.collect()
            return rows

    def settle(self, frame: DataFrame) -> DataFrame:
        """
        Compute a result for good, so that nothing else needs to be kept.

        Parameters
        ----------
        frame : DataFrame
            The result.

        Returns
        -------
        DataFrame
            The same rows, in the folder of checkpoints where one is set, else
            in the executors.

        Raises
        ------
        DedupeNewsError
            If a worker raised one.
        """
        with self._sized(of_messages=True), translated():
            if self.spark.sparkContext.getCheckpointDir() is not None:
                return frame.checkpoint()
            return frame.localCheckpoint()

    def drop(self, frame: DataFrame) -> None:
        """
        Let go of a DataFrame that no further step reads.

        Parameters
        ----------
        frame : DataFrame
            From `keep`.
        """
        self._kept = [kept for kept in self._kept if kept is not frame]
        _let_go(frame)

    @contextlib.contextmanager
    def _sized(self, *, of_messages: bool) -> Iterator[None]:
        settings = {
            _SHUFFLE_PARTITIONS: str(self.n_partitions),
            _ADAPTIVE: "false",
            _BROADCAST: "-1",  # a table that is small today passes through the driver
        }
        if of_messages:
            # A batch of ten thousand messages would be many gigabytes.
            settings[_ROWS_A_BATCH] = _MESSAGES_A_BATCH
        conf = self.spark.conf
        before = {name: conf.get(name) for name in settings}
        try:
            for name, value in settings.items():
                conf.set(name, value)
            yield
        finally:
            for name, former in before.items():
                conf.set(name, str(former))

    def __enter__(self) -> Self:
        """
        Begin a run.

        Returns
        -------
        Workspace
            This one.
        """
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """
        Let go of all that was kept.

        Parameters
        ----------
        kind, error, traceback : object
            What left the block; not looked at.
        """
        for frame in self._kept:
            _let_go(frame)


def _let_go(frame: DataFrame) -> None:
    """Let the executors drop what they keep of a local checkpoint, for which there is no name."""
    frame._jdf.queryExecution().logical().rdd().unpersist(False)  # noqa: FBT003, SLF001


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """
    Raise an error of ours that a worker raised as what it is.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    DedupeNewsError
        The worker's, instead of Spark's, which holds it as text.
    """
    try:
        yield
    except Exception as error:
        found = _OURS.search(str(error))
        kind: Any = getattr(errors, found[1], None) if found else None
        if found is None or kind is None:
            raise
        raise kind(found[2].strip()) from error
