"""
Reuters-21578: a sample of verdicts to read.

The stories are long, dated and templated, and nobody labelled them: what is
said of them is for reading. The sample holds texts, and stays on the machine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.datasets import SEED
from benchmarks.report import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmarks.report import Report

N_READ = 100
"""Predicted duplicates, and as many predicted templates, to read."""

_SHOWN_CHARACTERS = 1500
_MEMBERS_SHOWN = 3


def sample_verdicts(report: Report, stories: pa.Table, path: Path, n_jobs: int) -> None:
    """
    Cluster the stories, and write verdicts to read.

    Parameters
    ----------
    report : Report
        Gets the counts.
    stories : pyarrow.Table
        ``title, text, date``.
    path : Path
        The file to read; it holds texts and must not be passed on.
    n_jobs : int
        Threads.
    """
    api = importlib.import_module("dedupe_news.api")
    texts = stories["text"].to_pylist()
    result = api.cluster(texts, policy="news", n_jobs=n_jobs, progress=False)
    rng = np.random.default_rng(SEED)
    matches = result.matches
    pairs = rng.permutation(len(matches))[:N_READ].tolist()
    parts = [
        f"DUPLICATE {number} of {len(pairs)}: {matches[pair].relation.name} "
        f"p={matches[pair].probability:.3f} J={matches[pair].jaccard:.2f}\n"
        + _shown(stories, list(matches[pair].positions))
        for number, pair in enumerate(pairs, 1)
    ]
    templates = result.templates
    chosen = rng.permutation(len(templates))[:N_READ].tolist()
    for number, place in enumerate(chosen, 1):
        each = templates[place]
        members = rng.permutation(np.array(each.positions))[:_MEMBERS_SHOWN].tolist()
        parts.append(
            f"TEMPLATE {number} of {len(chosen)}: {len(each.members)} stories\n"
            + _shown(stories, sorted(members))
        )
    path.write_text("\n".join(parts), encoding="utf-8")
    counts = {
        "n_stories": stories.num_rows,
        "n_clusters": len(result.clusters),
        "n_duplicates": stories.num_rows - len(result.representatives),
        "n_matches": len(matches),
        "n_templates": len(templates),
        "n_in_templates": sum(len(each.members) for each in templates),
    }
    report.rows.append(counts)
    report.figures |= {name: float(count) for name, count in counts.items()}
    words = {
        "n_stories": "stories",
        "n_clusters": "clusters of two and more",
        "n_duplicates": "duplicates to leave out",
        "n_matches": "matching pairs",
        "n_templates": "templates",
        "n_in_templates": "stories of a template",
    }
    rows = [[words[name], f"{count:,}"] for name, count in counts.items()]
    rows += [
        [f"pairs: {name}", f"{count:,}"] for name, count in _by_relation(matches.relation).items()
    ]
    note = f"No gold: read {path.name} and count. Texts alone, without times."
    report.tables.append(Table("Reuters-21578", ("", "count"), rows, note))


def _by_relation(relation: NDArray[np.uint8]) -> dict[str, int]:
    names = importlib.import_module("dedupe_news.results.records").Relation
    values, counts = np.unique(relation, return_counts=True)
    pairs = zip(values.tolist(), counts.tolist(), strict=True)
    return {names(value).name: count for value, count in pairs}


def _shown(stories: pa.Table, positions: Sequence[int]) -> str:
    shown = []
    for position in positions:
        text = " ".join((stories["text"][position].as_py() or "").split())
        date = stories["date"][position].as_py() if "date" in stories.column_names else ""
        shown.append(f"  [{position}, {date}] {text[:_SHOWN_CHARACTERS]}\n")
    return "".join(shown)
