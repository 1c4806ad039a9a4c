"""The two functions of notebooks and batch jobs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given

import dedupe_news as dn
import oracles
from dedupe_news import Config, ConfigError, Difference, Document, InputTypeError, Relation
from strategies import texts

STORM = "a storm shut the northern harbour on monday evening"
SIMILAR: dict[str, Any] = {"policy": "similar", "progress": False}
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def labels(feed: object, **options: Any) -> list[int]:
    """Return the labels of a feed."""
    found: list[int] = dn.cluster(feed, **SIMILAR, **options).labels.tolist()
    return found


def test_settings_are_given_by_keyword() -> None:
    """Settings are given by keyword, without making a Config first."""
    feed = [STORM, STORM + " again"]

    assert labels(feed, threshold=0.5) == [0, 0]
    assert labels(feed, threshold=1.0) == [0, 1]


def test_settings_take_precedence_over_the_config() -> None:
    """The rest of the config stays."""
    config = Config(policy="similar", threshold=0.5, shingle_size=2)

    result = dn.cluster([STORM], config=config, threshold=1.0, progress=False)

    assert result.config == Config(policy="similar", threshold=1.0, shingle_size=2)


def test_defaults_are_those_of_config() -> None:
    """Config is their only home."""
    assert dn.cluster([STORM], progress=False).config == Config()


def test_unknown_setting_is_refused() -> None:
    """A slip of the pen is no setting."""
    with pytest.raises(ConfigError, match=r"^unknown setting 'treshold'; the settings are"):
        dn.cluster([STORM], treshold=0.5)


@pytest.mark.parametrize("config", [{"threshold": 0.5}, 0.5, "similar", Config])
def test_config_of_another_type_is_refused(config: Config) -> None:
    """The message says what to pass."""
    for call in (
        lambda: dn.cluster([STORM], config=config),
        lambda: dn.compare("", "", config=config),
    ):
        with pytest.raises(ConfigError, match=r"of type .*; pass a dn\.Config, or settings by"):
            call()


def test_no_jobs_are_refused() -> None:
    """Before any work."""
    with pytest.raises(ConfigError, match=r"^n_jobs=0 means no thread at all"):
        dn.cluster([STORM], n_jobs=0)


def test_bad_feed_is_refused_with_its_message() -> None:
    """Bad feed is refused with its message; the reader's errors reach the user."""
    with pytest.raises(InputTypeError, match=r"^the feed is one str"):
        dn.cluster(STORM)


def test_title_belongs_to_the_text() -> None:
    """The same words are the same item, wherever the line breaks."""
    feed = {"title": ["A storm", "Sun"], "text": ["shut the harbour", "at last"]}

    assert labels({**feed, "text": [*feed["text"]]}) == [0, 1]
    assert labels(["a storm shut the harbour", "a storm\nshut the harbour"]) == [0, 0]


def test_result_shows_no_sign_of_life_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Result shows no sign of life in a pipe; neither on standard output nor on standard error."""
    dn.cluster([STORM] * 3, progress=True)

    assert capsys.readouterr() == ("", "")


@given(left=texts, right=texts)
def test_comparison_has_the_scores_of_the_oracle(left: str, right: str) -> None:
    """A pair below the threshold has no relation."""
    config = Config(policy="similar", threshold=0.4, shingle_size=2, params=(1, 1))

    comparison = dn.compare(left, right, config=config)

    runs = oracles.tokens_of(left), oracles.tokens_of(right)
    sets = [set(oracles.shingle_hashes(run, 2)) for run in runs]
    assert comparison.jaccard == oracles.jaccard(*sets)
    assert comparison.containment == oracles.containment(*sets)
    if comparison.jaccard >= 0.4:
        assert comparison.relation == oracles.relation(*runs, 2)
    else:
        assert comparison.relation is None


@given(left=texts, right=texts)
def test_comparison_agrees_with_clustering(left: str, right: str) -> None:
    """With one row a band and all permutations, a candidate is hardly ever missed."""
    config = Config(policy="similar", threshold=0.5, shingle_size=1, num_perm=64, params=(64, 1))

    found = dn.cluster([left, right], config=config, progress=False)
    together = found.labels.tolist() == [0, 0]

    assert together == (dn.compare(left, right, config=config).relation is not None)


@given(left=texts, right=texts)
def test_differences_turn_one_text_into_the_other(left: str, right: str) -> None:
    """Differences turn one text into the other; words removed and added account for the lengths."""
    differences = dn.compare(left, right).differences

    removed = [word for each in differences for word in each.left.split()]
    added = [word for each in differences for word in each.right.split()]
    assert len(left.split()) - len(removed) == len(right.split()) - len(added)
    assert (not differences) == (left.split() == right.split())


def test_differences_are_words_as_written() -> None:
    """Differences are words as written, case and accents too."""
    comparison = dn.compare("Rain floods the old town", "RAIN floods the New Zürich town today")

    assert comparison.differences == (
        Difference("replace", "old", "New Zürich", 16, 16),
        Difference("insert", "", "today", 24, 32),
    )


def test_comparison_says_how_texts_are_related() -> None:
    """Comparison says how texts are related, by example."""
    assert dn.compare(STORM, STORM.upper() + "!", policy="similar").relation is Relation.EXACT
    assert dn.compare(STORM, STORM + " again", policy="similar").relation is Relation.TRUNCATED
    assert dn.compare(STORM, "sun at last", policy="similar").relation is None


@pytest.mark.parametrize("empty", ["", "...", " \n"])
def test_texts_without_tokens_match_nothing(empty: str) -> None:
    """Texts without tokens match nothing, not even one another."""
    comparison = dn.compare(empty, "", policy="similar")

    assert (comparison.relation, comparison.jaccard, comparison.containment) == (None, 0.0, 0.0)


@pytest.mark.parametrize(
    "document",
    [
        {"title": "A storm", "text": "shut the harbour"},
        Document("shut the harbour", title="A storm"),
        "A storm\nshut the harbour",
        {"title": "A storm", "text": "shut the harbour", "published": NOON},
    ],
    ids=["mapping", "document", "text", "with a time"],
)
def test_documents_of_any_kind_are_compared(document: str | Document) -> None:
    """Titles count as words."""
    assert (
        dn.compare(document, "a storm shut the harbour", policy="similar").relation
        is Relation.EXACT
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"text", "of type 'bytes' cannot be compared; pass str, a mapping"),
        (None, "None of type 'NoneType' cannot be compared"),
        (["text"], "of type 'list' cannot be compared"),
        (("text",), "of type 'tuple' cannot be compared"),
        (5, "5 of type 'int'"),
    ],
)
def test_other_documents_are_refused(document: str, message: str) -> None:
    """Other documents are refused, on either side."""
    for pair in ((document, "text"), ("text", document)):
        with pytest.raises(InputTypeError, match=message):
            dn.compare(*pair)


def test_documents_without_text_are_refused() -> None:
    """The message says what is missing."""
    with pytest.raises(dn.ColumnError, match=r"the key 'body'; its keys may be"):
        dn.compare({"body": "a"}, "a")
