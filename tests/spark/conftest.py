"""Sessions of Spark's, each started once: they take seconds."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame, SparkSession

SETTINGS = {
    "spark.driver.memory": "4g",
    "spark.executor.memory": "1g",
    # More than the code chooses: what it does not choose itself would be slow.
    "spark.sql.shuffle.partitions": "3",
}
PORT = 17077


def _master(name: str, folder: Path) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """Return the address of a master, and the processes of one that had to be started."""
    if name != "standalone":
        return name, []
    import pyspark  # noqa: PLC0415 - for those who run these

    spark_class = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    address = f"spark://127.0.0.1:{PORT}"
    deploy = "org.apache.spark.deploy"
    host = ["--host", "127.0.0.1"]
    commands = (
        [f"{deploy}.master.Master", *host, "--port", str(PORT), "--webui-port", "0"],
        [f"{deploy}.worker.Worker", *host, "--webui-port", "0", "--cores", "2", "--memory", "1g",
         "--work-dir", str(folder), address],
    )  # fmt: skip
    started = []
    for number, command in enumerate(commands):
        log = folder / f"{number}.log"
        with log.open("wb") as out:
            started.append(subprocess.Popen([spark_class, *command], stdout=out, stderr=out))  # noqa: S603
        wanted = "I have been elected leader" if number == 0 else "Successfully registered"
        while wanted not in log.read_text(errors="replace"):
            assert started[-1].poll() is None, log.read_text(errors="replace")
            time.sleep(0.1)
    return address, started


@pytest.fixture(scope="session", params=["local[2]", "local-cluster[2,1,1024]", "standalone"])
def spark(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkSession]:
    """Yield a session on one kind of cluster after the other."""
    from dedupe_news.spark import local_session  # noqa: PLC0415 - for those who run these

    master, started = _master(request.param, tmp_path_factory.mktemp("cluster"))
    session = local_session(master, SETTINGS)
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
    for process in reversed(started):
        process.terminate()
        process.wait()


@pytest.fixture
def is_local(spark: SparkSession) -> bool:
    """Return whether the session runs in this process, where what needs no cluster is tried."""
    return str(spark.sparkContext.master).startswith("local[")


@pytest.fixture
def frame_of(spark: SparkSession) -> Callable[[list[dict[str, Any]]], DataFrame]:
    """Return what makes a DataFrame of documents."""

    def make(rows: list[dict[str, Any]]) -> DataFrame:
        names = ("id", "title", "text", "source", "published")
        kind = "long" if not rows or isinstance(rows[0]["id"], int) else "string"
        schema = f"id {kind}, title string, text string, source string, published timestamp"
        return spark.createDataFrame([tuple(row.get(n) for n in names) for row in rows], schema)

    return make
