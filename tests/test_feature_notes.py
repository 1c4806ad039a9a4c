"""The features of a pair: each has its sentence, in the code and in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dedupe_news._kernels.feature_names import FEATURE_NOTES, FEATURES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "classifier.md"


def test_every_feature_has_its_sentence() -> None:
    """The notes name the features that the classifier reads, in their order."""
    assert tuple(FEATURE_NOTES) == FEATURES


@pytest.mark.parametrize("name", FEATURE_NOTES)
def test_a_note_is_one_sentence(name: str) -> None:
    """A note begins with a capital or a figure and ends with its only full stop."""
    assert re.fullmatch(r"[A-Z0-9][^.]*\.", FEATURE_NOTES[name])


def test_the_documentation_has_the_same_sentences() -> None:
    """The tables of the page on the classifier are the notes."""
    page = PAGE.read_text(encoding="utf-8")

    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE)

    assert len(rows) == len(FEATURE_NOTES)
    assert dict(rows) == FEATURE_NOTES
