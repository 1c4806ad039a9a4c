"""
Suite ``speed``: documents a second from texts to duplicates, beside the peers.

Its parts are ``contest`` (the peers), ``whole-feed`` (Parquet to clusters), ``million`` (a
large made-up feed) and ``start`` (import and first call of a process).
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import checks, contest, datasets, parquet_feeds, process, timing
from benchmarks.peers import CONTESTANTS, THRESHOLD, clustering_keys, our_config
from benchmarks.process import Entry, Process
from benchmarks.report import Report, Table, number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterator, Sequence

SUMMARY = "documents a second from texts to duplicates, memory and start-up, beside peers"
NEEDS = "nothing; the real feed where it is there, and gaoya, rensa, datasketch, matplotlib"
TAKES = "7 minutes, 4 of them the contest (2 processors)"

PARTS = ("contest", "whole-feed", "million", "start")
QUICK = {"documents": 5_000, "peer_documents": 2_000, "repetitions": 2, "n_cold": 0}

_COLUMNS = ["id", "title", "description", "source", "published"]
_SAMPLE = 200
_FIGURES = {
    "seconds": ("seconds", ".2f"),
    "documents_per_s": ("documents/s", ",.0f"),
    "peak_gb": ("peak memory, GB", ".2f"),
    "n_clusters": ("clusters of two or more", ",.0f"),
    "n_duplicates": ("duplicates", ",.0f"),
}
# Nothing else is imported that takes time: that would be missing from the figures.
_START = """
import json, time
# So many that they are not interpreted.
texts = [f"text {n} of several words, of which no other text has number {n}" for n in range(1000)]
began = time.perf_counter()
import dedupe_news as dn
imported = time.perf_counter()
dn.cluster(texts)
ended = time.perf_counter()
print(json.dumps({"import_s": imported - began, "first_cluster_s": ended - began}))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--part", action="append", choices=PARTS, help="may be repeated")
    parser.add_argument("--documents", type=int, help="of a made-up feed in place of all others")
    parser.add_argument("--repetitions", type=int, default=3, help="runs in turn (default: 3)")
    parser.add_argument(
        "--contestants", nargs="*", choices=[*CONTESTANTS], help="peers (default: all)"
    )
    parser.add_argument(
        "--peer-documents", type=int, default=100_000, help="most for a peer (default: 100000)"
    )
    parser.add_argument("--n-cold", type=int, default=1, help="starts that compile (default: 1)")
    parser.add_argument(
        "--against", type=Path, help="a checkout of another version, measured in turn with this"
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Run the chosen parts."""
    with tempfile.TemporaryDirectory(prefix="dedupe-news-bench-") as folder:
        for part in options.part or PARTS:
            yield from _PARTS[part](options, Path(folder))


def batch(settings: dict[str, Any]) -> Generator[dict[str, Any], str, None]:
    """Probe: cluster a Parquet file or a JSON list of texts, once."""
    import dedupe_news as dn  # noqa: PLC0415 - what is measured is loaded here

    source, config = Path(settings["source"]), our_config(THRESHOLD, settings["policy"])

    def read() -> Any:  # noqa: ANN401 - pyarrow ships no types
        if source.suffix == ".json":
            return json.loads(source.read_text(encoding="utf-8"))
        import pyarrow.parquet as pq  # noqa: PLC0415 - optional

        return pq.read_table(source, columns=_COLUMNS)

    named: dict[str, Any] = {} if source.suffix == ".json" else {"text": "description"}
    texts = read()
    # Fewer may be interpreted.
    dn.cluster(texts[:2_000], config=config, progress=False, **named)
    timing.forget_peak()
    yield {}
    if source.suffix == ".json":
        outcome = timing.timed(lambda: dn.cluster(texts, config=config, progress=False))
    else:
        del texts
        outcome = timing.timed(lambda: dn.cluster(read(), config=config, progress=False, **named))
    peak = timing.peak_resident_bytes()  # before the check below takes memory of its own
    result = outcome.value
    np.save(settings["keys_file"], clustering_keys(result, len(result.labels)))
    yield {
        "wall_s": outcome.wall_s,
        "peak_bytes": peak,
        "n_documents": len(result.labels),
        "n_clusters": len(result.clusters),
        "n_duplicates": len(result.labels) - len(result.representatives),
        "bounded": str(result.bounded) if result.bounded else "",
    }


def _whole_feed(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    name, notes = "speed-whole-feed", []
    if options.documents is None and datasets.has_real_data():
        path = datasets.shared_file(datasets.TEASERS)
    else:
        n = min(options.documents or parquet_feeds.PART, parquet_feeds.PART)
        (path,) = parquet_feeds.feed_files(n, datasets.SEED, folder)
        name = f"speed-made-up-feed-{n}"
        notes = ["A made-up feed stands in for the real one."]
    table = datasets.read(path, _COLUMNS)
    texts = datasets.joined(table["title"].to_pylist(), table["description"].to_pylist())
    title = f"Speed: a whole feed of {len(texts):,}, from Parquet to clusters"
    report = Report(name, title, {}, notes=notes)
    yield _measure(report, options, folder, path, texts, ("similar", "news"))


def _million(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    corpus = datasets.made_up(options.documents or 1_000_000)
    path = folder / "million.json"
    path.write_text(json.dumps(corpus.texts), encoding="utf-8")
    title = f"Speed: {corpus.description}, from str to clusters"
    report = Report(f"speed-batch-{corpus.name}", title, {})
    yield _measure(report, options, folder, path, corpus.texts, ("similar",))


def _measure(
    report: Report, options: argparse.Namespace, folder: Path, source: Path,
    texts: Sequence[str], policies: Sequence[str],
) -> Report:  # fmt: skip
    """Fill a report with each policy, all in turn, with the version before if asked."""
    entries, keys_file = {}, folder / f"{report.name}.npy"
    for policy in policies:
        for version, environment in process.against(options.against).items():
            settings = {
                "source": str(source), "policy": policy,
                # The last to run writes it: only one entry may.
                "keys_file": str(keys_file if not version and policy == "similar"
                                 else folder / "other.npy"),
            }  # fmt: skip
            start = functools.partial(Process, batch, settings, environment)
            entries[policy, version] = Entry(f"{policy} {version}", start)
    process.take_turns(list(entries.values()), options.repetitions)
    report.settings |= {"repetitions": options.repetitions, "threshold": THRESHOLD}
    for policy in policies:
        _enter(report, policy, entries[policy, ""])
        if (policy, "before") in entries:
            times = entries[policy, "before"].times(entries[policy, ""]).median
            report.figures[f"{policy}.times_before"] = times
            report.notes.append(f"`{policy}`: the version before takes {times:.2f} times as long.")
    if "news" in policies:
        times = entries["news", ""].times(entries["similar", ""]).median
        report.figures["times_similar"] = times
        report.notes.append(f"The default takes {times:.2f} times as long as `similar`, in turn.")
    report.failures += checks.sample_failures(report, texts, np.load(keys_file), THRESHOLD, _SAMPLE)
    rows = [
        [words, *(f"{report.figures[f'{policy}.{figure}']:{form}}" for policy in policies)]
        for figure, (words, form) in _FIGURES.items()
    ]
    note = (
        f"Median of {options.repetitions} runs, each in a fresh process that clustered a few "
        "documents before the clock started, so that nothing compiles on it. Peak memory is of "
        "the whole process, input included."
    )
    headings = ("", *(f"policy `{policy}`" for policy in policies))
    report.tables.append(Table("", headings, rows, note))
    return report


def _enter(report: Report, policy: str, entry: Entry) -> None:
    """Add what the runs of a policy tell."""
    seconds, first = timing.summary(entry.seconds()), entry.runs[0]
    figures = {
        "seconds": seconds.median,
        "documents_per_s": first["n_documents"] / seconds.median,
        "peak_gb": max(run["peak_bytes"] for run in entry.runs) / 1e9,
        "n_clusters": first["n_clusters"],
        "n_duplicates": first["n_duplicates"],
    }
    report.figures |= {f"{policy}.{name}": value for name, value in figures.items()}
    report.rows.append({"policy": policy, "seconds": seconds.as_dict(), "runs": entry.runs})
    if first["bounded"]:
        report.notes.append(f"`{policy}`: {first['bounded']}")


def _start(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    report = Report(
        name="speed-start",
        title="Speed: import and first call of a process",
        settings={"repetitions": options.repetitions, "n_cold": options.n_cold},
    )
    # Compiling takes many seconds and varies little.
    cold = [_first_call(folder / f"cache-{number}") for number in range(options.n_cold)]
    cache = folder / "cache-0" if cold else None
    _first_call(cache)
    warm = [_first_call(cache) for _ in range(options.repetitions)]
    rows = []
    for words, figure, runs, what in (
        ("import dedupe_news", "import_s", warm, "import_s"),
        ("import and first cluster(), warm cache", "warm_s", warm, "first_cluster_s"),
        ("import and first cluster(), cold cache", "cold_s", cold, "first_cluster_s"),
    ):
        if runs:
            seconds = timing.summary([run[what] for run in runs])
            report.figures[figure] = seconds.median
            report.rows.append({"what": figure, "seconds": seconds.as_dict()})
            spread = f"{number(seconds.least)} to {number(seconds.most)}"
            rows.append([words, number(seconds.median), spread, str(seconds.n)])
    report.tables.append(Table("Start", ("", "median s", "range", "processes"), rows))
    if cold:
        is_said = all(run["said"] for run in cold)
        report.figures["cold_said"] = float(is_said)
        said = "is" if is_said else "is not"
        report.notes.append(f"Compilation {said} said to the user, on standard error.")
    yield report


def _first_call(cache: Path | None) -> dict[str, Any]:
    """Return the seconds of a first call in a fresh process, and whether it said anything."""
    environment = dict(os.environ) | ({"NUMBA_CACHE_DIR": str(cache)} if cache else {})
    command = [sys.executable, "-c", _START]
    done = subprocess.run(  # noqa: S603 - this very interpreter
        command, env=environment, cwd=datasets.ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        message = f"the first call failed with exit code {done.returncode}:\n{done.stderr}"
        raise process.ProbeError(message)
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome | {"said": "compiling" in done.stderr}


_PARTS = {"contest": contest.run, "whole-feed": _whole_feed, "million": _million, "start": _start}
