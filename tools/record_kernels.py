"""
Write which kernels each operation calls, and with what types: ``data/kernels.json``.

An operation compiles these before it begins, on several processors. Run it as
``python tools/record_kernels.py`` after a change of what kernels there are, of
their arguments, or of who calls them; tests/test_jit.py notices.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dedupe_news as dn
from dedupe_news._kernels import _interpreting, _jit, _preparing

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = Path(__file__).parents[1] / "src" / "dedupe_news" / "data" / "kernels.json"

# Copies, a teaser, a report of its own, a form filled in anew; with and without each value.
_STORY = (
    "The harbour council voted on Tuesday evening to rebuild the eastern pier, which a storm tore "
    "away in March, for 12,500 crowns; boats of the island line moor at the fish market till then."
)
_FORM = "Water level at {} on Monday morning: {} cm, {} cm more than the day before. Next at noon."
FULL = [
    {"id": "a", "title": "Eastern pier", "text": _STORY, "source": "Harbour Post"},
    {"id": "b", "title": "Pier is rebuilt", "text": _STORY.upper(), "source": "Island News"},
    {"id": "c", "title": "Eastern pier", "text": _STORY[:120] + "...", "source": "Coast Today"},
    {"id": "d", "title": "Pier vote", "text": "Council votes to rebuild the eastern pier.",
     "source": "The Gull"},
    *(
        {"id": f"e{n}", "title": f"Level at {town}", "text": _FORM.format(town, 210 + n, n),
         "source": "Water Office"}
        for n, town in enumerate(("Aldermouth", "Brockham", "Culverton", "Dunmere"), 2)
    ),
]  # fmt: skip
for _place, _item in enumerate(FULL):
    _item["published"] = f"2026-03-{2 + _place:02}T08:00:00Z"
BARE = [item["text"] for item in FULL]
# So many shingles occur twice that they are sorted by a kernel.
LONG = [" ".join(f"word{n}" for n in range(first, first + 3000)) for first in range(2)]


def _cluster(**settings: Any) -> None:
    for feed in (FULL, BARE, LONG):
        for n_jobs in (1, 2):
            dn.cluster(feed, n_jobs=n_jobs, progress=False, **settings)


def _marked(**settings: Any) -> None:
    feed = [f"<p>{text} &amp; more</p>" for text in BARE]
    for n_jobs in (1, 2):
        dn.cluster(feed, n_jobs=n_jobs, progress=False, **settings)


def _compare(**settings: Any) -> None:
    dn.compare(FULL[0], FULL[1], **settings)
    dn.compare(BARE[0], BARE[2], **settings)


def _index(**settings: Any) -> None:
    for n_jobs in (1, 2):
        index = dn.NewsIndex(**settings)
        for item in FULL[:4]:
            index.add(**item)
        index.add_many(FULL[2:], n_jobs=n_jobs)
        index.add("f", BARE[0])
        index.query(BARE[0])
        index.query_many(BARE, n_jobs=n_jobs)
        index.cluster_of("a")
        index.remove("a")


def _stored(**settings: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(2):
            with dn.NewsIndex.open(Path(folder) / "index.db", **settings) as index:
                index.add_many([{**item, "id": f"{item['id']}{turn}"} for item in FULL])
                index.cluster(progress=False)
                index.query(BARE[0])
                index.remove(f"a{turn}")


OPERATIONS: dict[str, Callable[..., None]] = {
    "cluster": _cluster,
    "compare": _compare,
    "index": _index,
    # Of no operation: what only some texts need is compiled with them, or by a warm-up.
    "markup": _marked,
    # Likewise: what only an index that was opened again needs, or all of its documents at once.
    "stored": _stored,
}
POLICIES = ("news", "similar")


def record(operation: str) -> list[Any]:
    """Return the kernels of an operation, as a process of its own calls them."""
    code = f"import runpy; runpy.run_path({__file__!r})['run']({operation!r})"
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    rows: list[Any] = json.loads(done.stdout)
    return rows


def run(operation: str) -> None:
    """Carry an operation out, and print the kernels that it called."""
    _preparing.manifest().clear()  # what is listed is not thereby called
    _interpreting.MOST_BYTES = -1  # what is interpreted calls no kernel
    name, _, policy = operation.partition("-")
    OPERATIONS[name](policy=policy)
    print(json.dumps(_jit.used()))


def main() -> None:
    """Write the file."""
    # One kernel a line, so that branches merge.
    parts = []
    for operation in (f"{name}-{policy}" for name in OPERATIONS for policy in POLICIES):
        rows = ",\n".join(json.dumps(row) for row in record(operation))
        parts.append(f'"{operation}": [\n{rows}\n]')
    TARGET.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8", newline="\n")
    print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
