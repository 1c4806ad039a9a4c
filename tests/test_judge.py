"""The judge: features by example, mixtures of models, verdicts that add up."""

from __future__ import annotations

import dataclasses
import json
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import Config, ConfigError, judge, news
from dedupe_news.documents import read_documents
from dedupe_news.judge import Models, load_judge, pair_features, read_judge
from dedupe_news.kernels.features import FEATURES, N_FEATURES
from dedupe_news.kernels.verdict import ASSURANCE, CAUTION, DOUBT, FEW_TEXTS, MANY_TEXTS
from dedupe_news.text import tokenize
from dedupe_news.texts import distinct_texts

BODY = "Ferries to Osmark stand still until the storm in the northern strait has passed"
SERIES = "Prices in Osmark at {} stood at {} crowns a barrel before the exchange in Telby closed"


def examined(texts: list[str], **columns: list[object]) -> tuple[news.Examination, list[int]]:
    """Examine texts, and say which number each has."""
    documents = [
        {"text": text, **{name: values[at] for name, values in columns.items()}}
        for at, text in enumerate(texts)
    ]
    read = read_documents(documents)
    tokens = tokenize(read.buffer, read.offsets, Config())
    found = distinct_texts(read, tokens.hashes, tokens.offsets, "earliest", 1)
    examination = news.examine(read, tokens, found, 1)
    order = examination.order.tolist()
    return examination, [order.index(text) for text in found.text_of.tolist()]


def features(texts: list[str], **columns: list[object]) -> dict[str, float]:
    """Return the features of the first two texts."""
    examination, number = examined(texts, **columns)
    pair = np.array(sorted(number[:2]))
    rows = pair_features(examination.evidence, pair[:1], pair[1:], 1)
    return dict(zip(FEATURES, rows[0].tolist(), strict=True))


def test_a_text_cut_off_lacks_its_end_alone() -> None:
    """Everything of the shorter text is in the longer, from the start, and nothing replaced."""
    found = features([BODY, " ".join(BODY.split()[:9]) + "..."])

    assert found["containment"] == 1.0
    assert found["common_start"] == 1.0
    assert found["only_cut_off"] == 1.0
    assert found["first_replacement"] == 1.0
    assert found["cut_off_marks"] == 1.0
    assert found["tail_length"] == pytest.approx(np.log(1 + 5))
    assert found["numbers_replaced"] == found["short_replacements"] == 0.0


def test_a_form_filled_in_anew_replaces_numbers() -> None:
    """Two numbers stand where two others stood."""
    found = features([SERIES.format(9, 71), SERIES.format(12, 68)])

    assert found["numbers_replaced"] == pytest.approx(np.log(1 + 2))
    assert found["short_replacements"] == pytest.approx(np.log(1 + 2))
    assert found["only_cut_off"] == 0.0
    assert found["first_replacement"] == pytest.approx(4 / 17)
    assert found["longest_run"] == pytest.approx(np.log(1 + 9))


def test_sources_and_times_are_looked_at_where_they_are_known() -> None:
    """Hours between the two, and whether one paper had both."""
    texts = [BODY, BODY + " the harbour master said"]
    known = features(
        texts,
        source=["Gazette", "Gazette"],
        published=["2030-05-01T00:00Z", "2030-05-05T04:00Z"],
    )
    unknown = features(texts)

    assert known["same_source"] == 1.0
    assert known["log_hours"] == pytest.approx(np.log(1 + 100))
    assert known["same_source_log_hours"] == known["log_hours"]
    assert known["over_3_days"] == 1.0
    assert known["over_14_days"] == 0.0
    assert not any(unknown[name] for name in ("same_source", "log_hours", "days", "over_3_days"))


def test_a_pair_that_shares_little_has_no_features() -> None:
    """Two texts of other words are not judged."""
    found = features([BODY, "A comet was seen from three observatories in the south on Friday"])

    assert np.isnan(list(found.values())).all()


LONG_RUN = "the first vessel to leave Osmark since the storm passed"
LEFT = " ".join(f"left{number}" for number in range(40))
RIGHT = " ".join(f"right{number}" for number in range(40))


@pytest.mark.parametrize(("n_shared", "is_judged"), [(9, False), (10, True)])
def test_ten_words_in_a_row_are_enough_to_be_judged(n_shared: int, *, is_judged: bool) -> None:
    """A headline kept word for word is looked at, though everything below it is new."""
    shared = " ".join(LONG_RUN.split()[:n_shared])

    found = features([f"{shared} {LEFT}", f"{shared} {RIGHT}"])

    assert (not np.isnan(found["jaccard"])) == is_judged


def test_ten_words_in_a_row_alone_call_for_caution() -> None:
    """The judge, which was not taught with such pairs, must be surer of them."""
    texts = [f"{LONG_RUN} {LEFT}", f"{LONG_RUN} {RIGHT}", f"{LONG_RUN} {LEFT} once more"]
    examination, number = examined(texts)
    models = Models(np.zeros((2, N_FEATURES)), np.full(2, 5.0), np.zeros(2))
    pairs = np.sort(np.array([(number[0], number[1]), (number[0], number[2])]))

    verdicts = judge.judge_pairs(examination.evidence, pairs[:, 0], pairs[:, 1], models, 1)

    assert verdicts.margins.tolist() == [5.0 - CAUTION, 5.0]


@pytest.mark.parametrize(
    ("end", "is_assured"), [(" ...", True), ("", False), (" and tugs ...", False)]
)
def test_a_text_cut_off_after_the_same_words_is_a_duplicate(end: str, *, is_assured: bool) -> None:
    """It says that more follows, and there is nothing in which the two differ."""
    examination, _ = examined([f"{LONG_RUN} and its crew", f"{LONG_RUN}{end}"])
    models = Models(np.zeros((2, N_FEATURES)), np.full(2, -5.0), np.zeros(2))

    verdicts = judge.judge_pairs(examination.evidence, np.array([0]), np.array([1]), models, 1)

    assert verdicts.margins.tolist() == [ASSURANCE if is_assured else -5.0]


def test_the_stretch_a_teaser_was_cut_from_is_found_deep_in_a_long_text() -> None:
    """Beyond the tokens that an alignment holds, the excerpt is still matched throughout."""
    before = " ".join(f"word{number} pads{number}" for number in range(150))

    found = features([f"{before} {BODY} {before[::-1]}", BODY])

    assert found["containment"] == 1.0


@given(n_texts=st.integers(1, 2 * MANY_TEXTS))
def test_models_fade_in_with_the_number_of_texts(n_texts: int) -> None:
    """Between few and many texts, logits and thresholds are mixed, by the logarithm."""
    shipped = load_judge()

    weights, biases, thresholds = shipped.models(n_texts)

    share = np.log(n_texts / FEW_TEXTS) / np.log(MANY_TEXTS / FEW_TEXTS)
    share = min(1.0, max(0.0, share))
    pairs = ((shipped.full, shipped.cold_full), (shipped.bare, shipped.cold_bare))
    for row, (many, few) in enumerate(pairs):
        assert weights[row] == pytest.approx(share * many.weights + (1 - share) * few.weights)
        assert biases[row] == pytest.approx(share * many.bias + (1 - share) * few.bias)
        logits = [np.log(each.threshold / (1 - each.threshold)) for each in (many, few)]
        assert thresholds[row] == pytest.approx(share * logits[0] + (1 - share) * logits[1])


def test_few_and_many_texts_have_models_of_their_own() -> None:
    """At the ends nothing is mixed in."""
    shipped = load_judge()

    assert (shipped.models(FEW_TEXTS).weights[0] == shipped.cold_full.weights).all()
    assert (shipped.models(MANY_TEXTS).weights[1] == shipped.bare.weights).all()


def test_a_logit_is_the_sum_of_what_features_add() -> None:
    """The verdict is the weighted sum, and its margin what is above the threshold."""
    texts = [SERIES.format(hour, 60 + hour) for hour in range(6)] + [BODY, BODY + " again"]
    examination, _ = examined(texts)
    left, right = examination.left, examination.right
    rng = np.random.default_rng(5)
    models = Models(rng.normal(size=(2, N_FEATURES)), rng.normal(size=2), np.array([0.5, -0.25]))

    verdicts = judge.judge_pairs(examination.evidence, left, right, models, 2)

    rows = pair_features(examination.evidence, left, right, 2).astype(np.float64)
    assert len(rows) > 1
    assert verdicts.logits == pytest.approx(rows @ models.weights[1] + models.biases[1], rel=1e-4)
    assert verdicts.margins == pytest.approx(verdicts.logits - models.thresholds[1], abs=1e-5)
    assert verdicts.overlap == pytest.approx(rows[:, FEATURES.index("containment")])


def test_other_names_are_doubted_whatever_the_sum_says() -> None:
    """Texts that share some of their words, but not who and where, are no duplicates."""
    texts = [
        "on Monday the mayor of Osmark and Petra Lund opened the bridge over the Telby",
        "on Monday the mayor of Birrin and Jonas Falk opened a school beside the Kessa",
    ]
    examination, _ = examined(texts)
    models = Models(np.zeros((2, N_FEATURES)), np.full(2, 9.0), np.zeros(2))

    verdicts = judge.judge_pairs(examination.evidence, np.array([0]), np.array([1]), models, 1)

    assert verdicts.margins.tolist() == [-DOUBT]


def test_the_shipped_judge_says_where_it_comes_from() -> None:
    """Counts, date and digests are beside the weights; no text is."""
    provenance = load_judge().provenance

    assert provenance["made_by"] == "python -m benchmarks fit-judge"
    assert provenance["n_pairs"] > 0
    assert all(0 < each.threshold < 1 for each in (load_judge().full, load_judge().cold_bare))


def test_a_judge_of_other_features_is_refused() -> None:
    """Weights of another version would be taken for those of other features."""
    file = resources.files("dedupe_news") / "data" / "judge.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["features"] = document["features"][1:]

    with pytest.raises(ConfigError, match=r"fitted to 45 other features than the 46 .* fit-judge"):
        read_judge(document)


def test_models_are_frozen() -> None:
    """Nobody changes the judge that everybody reads."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_judge().full.bias = 0.0  # type: ignore[misc]
