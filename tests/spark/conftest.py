"""A session of Spark's, started once: it takes seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame, SparkSession

SETTINGS = {"spark.driver.memory": "2g", "spark.sql.shuffle.partitions": "3"}


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Yield a session on this machine."""
    from dedupe_news.integrations.spark import local_session  # noqa: PLC0415 - for those who run these

    session = local_session("local[2]", SETTINGS)
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture
def frame_of(spark: SparkSession) -> Callable[[list[dict[str, Any]]], DataFrame]:
    """Return what makes a DataFrame of documents, in several partitions."""

    def make(rows: list[dict[str, Any]]) -> DataFrame:
        names = ("id", "title", "text", "source", "published")
        kind = "long" if not rows or isinstance(rows[0]["id"], int) else "string"
        schema = f"id {kind}, title string, text string, source string, published timestamp"
        made = spark.createDataFrame([tuple(row.get(n) for n in names) for row in rows], schema)
        return made.repartition(3)

    return make
