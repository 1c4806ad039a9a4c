"""
Command ``fit-classifier``: fits the classifier of the policy ``news``, and writes its file.

It is fitted to all labelled pairs, each counted within its whole feed, with less and less known
of it; and to pairs made of the feeds' texts. ``quality --leave-one-out`` measures such
classifiers on feeds that they have not seen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import examples, gold, synthetic
from benchmarks.process import say
from dedupe_news._engine.classifier import read_classifier

if TYPE_CHECKING:
    import argparse

SUMMARY = "the classifier of the package, fitted to the labelled pairs and written"
NEEDS = "the real feeds and their labelled pairs; scikit-learn"
TAKES = "a minute (2 processors)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--jobs", type=int, default=2, help="threads (default: 2)")
    parser.add_argument("--write", type=Path, metavar="FILE", required=True, help="where it goes")
    parser.add_argument("--without", choices=tuple(gold.FEEDS), help="fit to no pair of this feed")


def run(options: argparse.Namespace) -> int:
    """Fit and write; return 0."""
    from benchmarks import fitting  # noqa: PLC0415 - scikit-learn is optional

    labelled = examples.read_examples(options.jobs, say)
    made = synthetic.make_examples(options.jobs, say)
    chosen = labelled.feed != (options.without or "")
    document = fitting.export(
        fitting.fit(fitting.training(labelled, chosen, made, options.without))
    )
    read_classifier(document)
    options.write.write_text(json.dumps(document), encoding="utf-8")
    say(f"the classifier {document['digest']} was written to {options.write}")
    return 0
