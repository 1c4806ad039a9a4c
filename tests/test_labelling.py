"""A labelling session: what it asks, what it writes, and what notebooks get of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import dedupe_news as dn
from dedupe_news.display import widget
from made_up_news import made_up_news

if TYPE_CHECKING:
    from pathlib import Path

MADE = made_up_news(n_stories=6, n_forms=4, n_days=8)


@pytest.fixture(scope="module")
def result() -> dn.Clustering:
    """Return the made-up feed, clustered."""
    return dn.cluster(MADE.rows, n_jobs=1, progress=False)


def shown(session: dn.Labelling) -> list[tuple[int, int]]:
    """Return the pairs of a session by position."""
    return [(question.left, question.right) for question in session.questions]


def test_of_a_template_few_pairs_are_shown(result: dn.Clustering) -> None:
    """Though most candidates of this feed are pairs of a template."""
    session = dn.label(result, None, n_jobs=1)

    of_template = [
        left
        for left, right in shown(session)
        if MADE.what[left] == MADE.what[right] and MADE.what[left][0] == "form"
    ]
    assert len(shown(session)) > 5
    numbers = [MADE.what[left][1] for left in of_template]
    assert np.bincount(numbers).max() <= 2
    assert shown(session) == shown(dn.label(result, None, n_jobs=2))
    assert all(left < right for left, right in shown(session))


def test_probabilities_are_those_of_the_judge(result: dn.Clustering) -> None:
    """As an explanation says."""
    for question in dn.label(result, None, n_jobs=1).questions[:5]:
        explained = result.explain(
            result.columns.id_of(question.left), result.columns.id_of(question.right)
        )
        assert question.probability == pytest.approx(explained.probability)


def test_sessions_go_on_where_the_last_one_ended(result: dn.Clustering, tmp_path: Path) -> None:
    """What was labelled is in the file, and is not asked again; what was skipped is."""
    path = tmp_path / "labels.jsonl"
    session = dn.label(result, path, n_jobs=1)
    first = shown(session)
    session.answer("duplicate")
    session.answer("template")
    session.skip()
    assert "2 labels (1 duplicate, 0 same story, 1 template, 0 different)" in repr(session)
    assert session.undo()
    assert session.undo()
    assert session.counts == {"duplicate": 1, "related": 0, "template": 0, "different": 0}
    assert session.question == session.questions[1]

    later = dn.label(result, path, n_jobs=1)

    ids = [row["id"] for row in MADE.rows]
    assert later.labels == [dn.Label(ids[first[0][0]], ids[first[0][1]], "duplicate")]
    assert first[0] not in shown(later)
    assert not later.undo()  # of an earlier session nothing is taken back
    assert len(later.labels) == 1


def test_at_the_end_nothing_is_shown(result: dn.Clustering) -> None:
    """And nothing can be labelled."""
    session = dn.label(result, None, n_jobs=1)
    while session.question is not None:
        session.skip()

    with pytest.raises(dn.InputError, match="no pair is left"):
        session.answer("duplicate")
    assert widget.state(session)["allowed"] == ["undo"]
    assert session.labels == []


def test_a_feed_without_candidates_asks_nothing() -> None:
    """Nor does an empty one."""
    for feed in ([], ["one thing", "another matter"]):
        session = dn.label(dn.cluster(feed, progress=False), None)
        assert session.questions == []
        assert session.question is None


def test_widget_shows_the_pair_and_what_went_wrong(result: dn.Clustering, tmp_path: Path) -> None:
    """Differing words are marked; a file that cannot be written is said, and nothing lost."""
    session = dn.label(result, tmp_path / "no" / "labels.jsonl", n_jobs=1)

    before = widget.state(session)
    after = widget.act(session, "duplicate")

    assert before["allowed"] == ["duplicate", "related", "template", "different", "skip"]
    assert "<del>" in before["html"] or "<ins>" in before["html"]
    assert '<time datetime="2030-01-' in before["html"]
    assert "cannot write the labels to" in after["html"]
    assert session.question == session.questions[0]
    assert widget.act(session, "nonsense") == before
    assert widget.act(session, "undo") == before


def test_without_anywidget_a_notebook_says_how_to_get_it(
    result: dn.Clustering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session itself works, in programs and terminals."""
    monkeypatch.setitem(sys.modules, "anywidget", None)
    session = dn.label(result, None, n_jobs=1)

    shown_as = session._repr_mimebundle_()

    assert list(shown_as) == ["text/plain"]
    assert "pip install 'dedupe-news[notebook]'" in shown_as["text/plain"]
    with pytest.raises(dn.MissingDependencyError, match="needs anywidget"):
        widget.make_widget(session)
