"""What suite ``scale`` says of its runs: figures, checks and tables."""

from __future__ import annotations

import dataclasses
import math
import statistics
from typing import TYPE_CHECKING, Any

from benchmarks import truth
from benchmarks.report import Table, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.report import Report
    from benchmarks.truth import Score
    from benchmarks.watching import Watched

_SLACK = 0.02  # precision and recall that a larger feed may lose against the smallest
# Of the pairs of "similar" many are of one template, more and more until templates change.
_LASTING = {"news": ("precision", "recall"), "similar": ("recall",)}
_MIB, _MILLION = 2**20, 1e6


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """
    One thing to measure.

    Attributes
    ----------
    n : int
        Documents.
    limit : str
        ``memory_limit`` of the library; empty for all memory of the machine.
    mark : str
        What the figures of the run end in; empty for the runs of all sizes.
    """

    n: int
    limit: str
    mark: str = ""

    @property
    def key(self) -> str:
        """Return what the figures of the run end in."""
        return f"{self.n}.{self.mark}" if self.mark else str(self.n)

    def __str__(self) -> str:
        """Return the run for people."""
        kept = ", work folder" if self.mark == "kept" else ""
        return f"{self.n:,}, {self.limit or 'unlimited'}{kept}"


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """
    What came of a plan.

    Attributes
    ----------
    outcomes : list of dict
        As `benchmarks.scale_worker` writes them, one a repetition.
    watched : list of Watched
        Beside them.
    checksums : set of str
        Of the partitions.
    score : Score
        The last partition beside the truth.
    """

    outcomes: list[dict[str, Any]]
    watched: list[Watched]
    checksums: set[str]
    score: Score

    @property
    def seconds(self) -> float:
        """Return the median."""
        seconds: float = statistics.median(outcome["wall_s"] for outcome in self.outcomes)
        return seconds

    @property
    def peak_bytes(self) -> int:
        """Return the most memory of any repetition."""
        return max(watched.peak_bytes for watched in self.watched)

    @property
    def disk_bytes(self) -> int:
        """Return the most disk of any repetition."""
        return max(watched.disk_bytes for watched in self.watched)


def fill(report: Report, measured: Mapping[Plan, Measured]) -> None:
    """
    Write figures, tables and failed checks into a report.

    Parameters
    ----------
    report : Report
        Of one policy.
    measured : mapping of Plan to Measured
        What was run, the runs of all sizes first.
    """
    for plan, each in measured.items():
        _add_figures(report, plan, each)
    growing = [plan for plan in measured if not plan.mark]
    first, last = (report.figures[f"seconds_a_million.{growing[k].key}"] for k in (0, -1))
    report.figures["growth"] = last / first
    marked = {plan.mark: each for plan, each in measured.items() if plan.mark}
    for mark in ("tight", "kept"):
        if {"unlimited", mark} <= marked.keys():
            times = marked[mark].seconds / marked["unlimited"].seconds
            report.figures[f"times_unlimited.{mark}"] = times
    _check(report, measured)
    _check_quality(report, measured)
    _add_tables(report, measured)


def _add_figures(report: Report, plan: Plan, each: Measured) -> None:
    seconds, pairs = each.seconds, each.score.pairs
    report.figures.update(
        {
            f"seconds.{plan.key}": seconds,
            f"documents_per_s.{plan.key}": plan.n / seconds,
            f"seconds_a_million.{plan.key}": seconds / (plan.n / _MILLION),
            f"peak_bytes.{plan.key}": each.peak_bytes,
            f"disk_bytes.{plan.key}": each.disk_bytes,
            f"precision.{plan.key}": pairs.precision,
            f"recall.{plan.key}": pairs.recall,
        }
    )
    report.rows.append(
        {
            **dataclasses.asdict(plan),
            "runs": each.outcomes,
            "watched": [dataclasses.asdict(watched) for watched in each.watched],
            "checksums": sorted(each.checksums),
            "pairs": pairs.as_dict(),
            "found": {kind.name.lower(): part for kind, part in each.score.found.items()},
        }
    )


def _check(report: Report, measured: Mapping[Plan, Measured]) -> None:
    """Say what must not be: partitions that differ, documents that are lost."""
    checksums: dict[int, set[str]] = {}
    for plan, each in measured.items():
        checksums.setdefault(plan.n, set()).update(each.checksums)
        for outcome in each.outcomes:
            if outcome["n_documents"] != plan.n:
                message = f"{plan}: {outcome['n_documents']:,} documents came back"
                report.failures.append(message)
    for n, found in checksums.items():
        n_runs = sum(len(each.outcomes) for plan, each in measured.items() if plan.n == n)
        if len(found) > 1:
            message = f"{n:,}: {len(found)} different partitions, where all must be one"
            report.failures.append(message)
        elif n_runs > 1:
            report.words.append(f"{n_runs} partitions of {n:,} documents are equal.")


def _check_quality(report: Report, measured: Mapping[Plan, Measured]) -> None:
    """Say where a larger feed is clustered worse than the smallest."""
    pairs = {plan: each.score.pairs for plan, each in measured.items() if not plan.mark}
    base = next(iter(pairs.values()))
    for plan, own in pairs.items():
        for name in _LASTING[report.settings["policy"]]:
            value, before = getattr(own, name), getattr(base, name)
            # Three standard errors beside it: a small feed has few pairs.
            error = math.sqrt(before * (1 - before) / max(1, base.n_exact))
            least = before - _SLACK - 3 * error
            if value < least:
                message = f"{plan}: {name} {value:.3f} is below {least:.3f}"
                report.failures.append(message)


def _add_tables(report: Report, measured: Mapping[Plan, Measured]) -> None:
    note = (
        "Each run in a fresh process that clustered a few documents before the clock started. "
        "Seconds are from Parquet to the result. Peak memory is of the whole process, interpreter "
        "and libraries included, as the system says from outside; disk is the most that its "
        "temporary files held. Unlimited is `memory_limit` set to the memory of the machine; with "
        "a work folder all goes to disk, so that a run that was killed can be gone on with."
    )
    figures = report.figures
    rows = [
        [
            str(plan),
            number(figures[f"seconds.{plan.key}"]),
            number(statistics.median(outcome["cpu_s"] for outcome in each.outcomes)),
            number(figures[f"documents_per_s.{plan.key}"]),
            number(figures[f"seconds_a_million.{plan.key}"]),
            number(figures[f"peak_bytes.{plan.key}"] / _MIB),
            number(figures[f"disk_bytes.{plan.key}"] / _MIB),
        ]
        for plan, each in measured.items()
    ]
    headings = (
        *("documents, memory limit", "seconds", "CPU s", "documents/s", "s a million"),
        *("peak memory, MiB", "disk, MiB"),
    )
    report.tables.append(Table("Runs", headings, rows, note))
    kinds = [kind.name.lower().replace("_", " ") for kind in truth.COPIES]
    quality = [
        [
            f"{plan.n:,}",
            *(f"{value:.4f}" for value in (each.score.pairs.precision, each.score.pairs.recall)),
            *(
                "—" if kind not in each.score.found else f"{each.score.found[kind]:.4f}"
                for kind in truth.COPIES
            ),
        ]
        for plan, each in measured.items()
        if not plan.mark
    ]
    note = (
        "Pairs of documents held against the truth of the made-up feed; then, by the way a copy "
        "was made, the part of the copies that are in one cluster with their original."
    )
    report.tables.append(
        Table("Quality", ("documents", "precision", "recall", *kinds), quality, note)
    )
    spent = {plan: each.outcomes[0]["stages_s"] for plan, each in measured.items()}
    stages = list(dict.fromkeys(stage for each in spent.values() for stage in each))
    rows = [
        [
            str(plan),
            *(number(own[stage] * _MILLION / plan.n) if stage in own else "" for stage in stages),
        ]
        for plan, own in spent.items()
    ]
    note = "Seconds a million documents; runs that spill have stages of their own."
    report.tables.append(Table("Stages", ("documents, memory limit", *stages), rows, note))
