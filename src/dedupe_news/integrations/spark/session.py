"""A session of Spark's on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import SparkSession

from dedupe_news.errors import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEAST_JAVA = 17
_SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
}


def local_session(
    master: str = "local[*]", settings: Mapping[str, str] | None = None
) -> SparkSession:
    """
    Return a session on this machine, for trying out and for tests.

    It listens on the loopback device alone, has no web page, and its workers
    run this Python.

    Parameters
    ----------
    master : str, default "local[*]"
        Spark's master: ``local[2]`` for two threads, ``local-cluster[2,1,1024]``
        for two processes of one core and 1,024 MB each.
    settings : mapping of str to str, optional
        Further settings of Spark's, which take precedence.

    Returns
    -------
    SparkSession
        The one that is running, if there is one, with these settings as far as
        they can still be changed.

    Raises
    ------
    MissingDependencyError
        If there is no Java, or one that is too old.
    """
    if SparkSession.getActiveSession() is None:
        check_java()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(master).appName("dedupe_news")
    for name, value in {**_SETTINGS, **(settings or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def check_java() -> None:
    """Refuse a machine without the Java that Spark needs."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if java is None:
        fault = f"JAVA_HOME is {home!r}" if home else "there is no java on the PATH"
    else:
        asked = [java, "-version"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stderr  # noqa: S603 - the machine's
        version = re.search(r'version "(?:1\.)?(\d+)', said)
        if version is not None and int(version[1]) >= _LEAST_JAVA:
            return
        fault = f"{java} says {said.strip()!r}"
    message = (
        f"Spark needs Java {_LEAST_JAVA} or later, but {fault}. Install it (Debian and Ubuntu: "
        "apt-get install openjdk-17-jre-headless), and let JAVA_HOME name its folder if it is not "
        "the system's"
    )
    raise MissingDependencyError(message)
