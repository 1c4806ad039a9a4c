"""
Time the import of the library, and the import and first call together.

Imports nothing else that takes time: that would be missing from the figures.
"""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Print one JSON object: ``import_s``, ``first_cluster_s``."""
    started = time.perf_counter()
    import dedupe_news as dn  # noqa: PLC0415 - this is what is measured

    imported = time.perf_counter()
    dn.cluster(["one text of several words", "One text of several words!", "another one"])
    done = time.perf_counter()
    outcome = {"import_s": imported - started, "first_cluster_s": done - started}
    sys.stdout.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main()
