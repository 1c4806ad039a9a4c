"""
The public API as a type checker sees it.

mypy reads this file in `make types`; nothing runs it.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Hashable, Mapping
from typing import Any, Literal, assert_type

import numpy as np
from numpy.typing import NDArray

import dedupe_news as dn

config = dn.Config.for_recall(threshold=0.7, recall=0.99, prefer="longest")
assert_type(config, dn.Config)
assert_type(config.threshold, float)
assert_type(config.bands, int)
assert_type(config.recall_at(0.5), float)
assert_type(config.replace(num_perm=256), dn.Config)

result = dn.cluster(["a", "b"], config=config, n_jobs=2, progress=False)
assert_type(result, dn.Clustering)
assert_type(result.labels, NDArray[np.int64])
assert_type(result.representatives, NDArray[np.int64])
assert_type(result.clusters, list[dn.Cluster])
assert_type(result.clusters[0].members, tuple[Hashable, ...])
assert_type(result.clusters[0].positions, tuple[int, ...])
assert_type(result.clusters[0].representative, Hashable)
assert_type(result.clusters[0].texts, list[str])
assert_type(result.kept[0], dn.KeptItem)
assert_type(result.removed[0], dn.RemovedItem)
assert_type(result.removed[0].why, str)
assert_type(result.at(min_probability=0.8), dn.Clustering)
assert_type(result.keeping("longest"), dn.Clustering)
assert_type(result.cluster_of("id"), int)
assert_type(dn.deduplicate(["a", "b"], keep="longest"), Any)
assert_type(result.clusters[0].span, dt.timedelta | None)
assert_type(result.stories, list[dn.Story])
assert_type(result.stories[0].clusters, tuple[int, ...])
assert_type(result.templates, list[dn.Template])
assert_type(result.templates[0].pattern, str)
assert_type(result.explain(0, 1), dn.Comparison)
assert_type(result.matches[0], dn.Pair)
assert_type(result.matches[:5], dn.Matches)
assert_type(result.bounded, dn.Bounded)
assert_type(result.report("clusters.html", title="Feed"), None)
assert_type(result.clusters[0].result, Any)
assert_type(result.summary(), str)

comparison = dn.compare("a", dn.Document("b", title="t"))
assert_type(comparison.relation, dn.Relation | None)
assert_type(comparison.jaccard, float)
assert_type(comparison.verdict, str)
assert_type(comparison.why, str)
assert_type(comparison.probabilities["related"], float)

assert_type(comparison.differences, tuple[dn.Difference, ...])
assert_type(comparison.differences[0].left_start, int)
assert_type(comparison.differences[0].left_stop, int)
assert_type(comparison.reasons, tuple[dn.Reason, ...])
assert_type(comparison.reasons[0].contribution, float)
assert_type(comparison.left, str)

session = dn.label(result, "labels.jsonl", n_jobs=1)
assert_type(session, dn.Labelling)
assert_type(session.answer("related"), None)
assert_type(session.undo(), bool)
assert_type(session.labels, list[dn.Label])
label = dn.Label("a", "b", "duplicate")
assert_type(label.label, Literal["duplicate", "related", "template", "different"])
fit = dn.fit_judge(["a", "b"], [label], "judge.json", text=None)
assert_type(fit, dn.JudgeFit)
assert_type(fit.judge, dn.Judge)
assert_type(fit.adapted, dn.Rates | None)
assert_type(fit.gain, float)
assert_type(dn.Config(judge=fit.judge).judge, dn.Judge | str | os.PathLike[str] | None)

estimator = dn.NewsDeduplicator(policy="similar", threshold=0.8, n_jobs=-1)
assert_type(estimator.fit(["a", "b"]), dn.NewsDeduplicator)
assert_type(estimator.labels_, NDArray[np.int64])
assert_type(estimator.clustering_, dn.Clustering)

index = dn.NewsIndex(config)
assert_type(index.add("id", "text", title="title", source=None), list[dn.Match])
added = index.add_many([{"id": 1, "text": "a"}])
assert_type(added, dn.Added)
assert_type(added[0], list[dn.Match])
assert_type(added.skipped, dn.Skipped)
assert_type(added.skipped.counts, Mapping[tuple[str, str], int])
assert_type(added.skipped.examples, tuple[dn.SkippedValue, ...])
assert_type(index.query("text", limit=10, include=("related", "template")), list[dn.Match])
assert_type(index.query("text")[0].id, Hashable)
assert_type("id" in index, bool)
assert_type(len(index), int)
assert_type(index.cluster(), dn.Clustering)
assert_type(index.cluster_of("id"), int)
assert_type(index.expire(before=dt.datetime.now(dt.UTC)), int)
assert_type(index.stats(), dn.IndexStats)
assert_type(next(index.documents()), dn.Document)
assert_type(index.merge(dn.NewsIndex()), int)
assert_type(index.export_to("feed.jsonl"), int)
assert_type(index.import_from("feed.jsonl"), int)
with dn.NewsIndex.open("feed.db", durability="normal", timeout=5) as opened, opened.batch() as same:
    assert_type(opened, dn.NewsIndex)
    assert_type(same, dn.NewsIndex)

# Whoever catches one by its builtin type catches ours.
not_found: tuple[type[KeyError], ...] = (dn.ColumnError, dn.UnknownIdError)
wrong_values: tuple[type[ValueError], ...] = (
    dn.ConfigError,
    dn.DuplicateIdError,
    dn.InputError,
    dn.StoreClosedError,
    dn.StoreDamagedError,
    dn.StoreFormatError,
)
wrong_types: type[TypeError] = dn.InputTypeError
not_installed: type[ImportError] = dn.MissingDependencyError
of_stores: tuple[type[dn.StoreError], ...] = (
    dn.StoreBusyError,
    dn.StoreFullError,
    dn.StoreReadOnlyError,
    dn.StoreUnavailableError,
)
of_the_system: tuple[type[OSError], ...] = (
    dn.StoreError,
    dn.WorkFolderError,
    dn.WorkFolderFullError,
)
every: tuple[type[dn.DedupeNewsError], ...] = (
    *of_stores,
    dn.ColumnError,
    dn.ConfigError,
    dn.InputError,
    dn.InputTypeError,
    dn.MissingDependencyError,
    dn.UnknownIdError,
    dn.WorkFolderError,
)
warning: type[UserWarning] = dn.InputWarning
