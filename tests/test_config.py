"""Settings: validated, frozen, serialisable."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import pickle
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import Config, ConfigError
from dedupe_news._input.settings import read_span, write_span
from dedupe_news.config import from_stored
from dedupe_news.errors import shown
from dedupe_news.tuning import candidate_probability, expected_cost
from strategies import configs

if TYPE_CHECKING:
    from collections.abc import Callable

thresholds = st.floats(0.3, 1.0)
recalls = st.floats(0.01, 0.999)


def test_defaults_are_those_of_the_documentation() -> None:
    """Change them on purpose only: indexes and results depend on them."""
    config = Config()

    similar = Config(policy="similar")
    assert (similar.threshold, similar.recall, similar.num_perm) == (0.7, 0.99, 128)
    assert (similar.seed, similar.params, similar.bucket_limit) == (1, None, 1000)
    assert config.to_dict() == {
        "policy": "news",
        "min_probability": 0.5,
        "shingle_size": 3,
        "prefer": "earliest",
        "window": None,
        "judge": None,
        "strip_html": True,
        "strip_cut_off_marks": True,
        "strip_datelines": True,
        "strip_bylines": True,
        "strip_publishers": True,
        "strip_links": True,
        "strip_repeated_titles": True,
    }


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"threshold": 0}, "threshold=0 is out of range; pass a number above 0 and up to 1"),
        ({"threshold": -0.1}, "threshold=-0.1 is out of range"),
        ({"threshold": 1.01}, "threshold=1.01 is out of range"),
        ({"threshold": math.nan}, "threshold=nan is out of range"),
        ({"threshold": math.inf}, "threshold=inf is out of range"),
        ({"threshold": "x"}, "threshold='x' is no number"),
        ({"threshold": None}, "threshold=None is no number"),
        ({"threshold": True}, "threshold=True is no number"),
        ({"recall": 0}, "recall=0 is out of range"),
        ({"recall": 1}, r"recall=1 is out of range; .* up to 1 \(1 excluded\)"),
        ({"recall": 1.5}, "recall=1.5 is out of range"),
        ({"recall": math.nan}, "recall=nan is out of range"),
        ({"recall": "0.9"}, "recall='0.9' is no number"),
        ({"shingle_size": 0}, "shingle_size=0 is out of range; pass a whole number from 1 to 64"),
        ({"shingle_size": 65}, "shingle_size=65 is out of range"),
        ({"shingle_size": 2.0}, "shingle_size=2.0 is no whole number; pass a whole number from 1"),
        ({"num_perm": 0}, "num_perm=0 is out of range; pass a whole number from 1 to 4096"),
        ({"num_perm": 4097}, "num_perm=4097 is out of range"),
        ({"num_perm": "128"}, "num_perm='128' is "),
        ({"num_perm": True}, "num_perm=True is no whole number"),
        ({"num_perm": np.float64(128)}, r"num_perm=np.float64\(128.0\) is no whole number"),
        ({"threshold": np.True_}, "threshold=np.True_ is no number"),
        ({"seed": -1}, "seed=-1 is out of range; pass a whole number from 0 to 4294967295"),
        ({"seed": 2**32}, "seed=4294967296 is out of range"),
        ({"seed": None}, "seed=None is "),
        ({"bucket_limit": 1}, "bucket_limit=1 is out of range; pass a whole number from 2"),
        ({"bucket_limit": 10**7}, "bucket_limit=10000000 is out of range"),
        ({"policy": "old"}, "policy='old' is not known; allowed are 'news', 'similar'"),
        ({"policy": None}, "policy=None is not known"),
        ({"prefer": "first"}, "prefer='first' is not known; allowed are 'earliest', 'latest', "),
        ({"prefer": ["earliest"]}, r"prefer=\['earliest'\] is not known"),
        ({"strip_html": 1}, "strip_html=1 is no switch; pass True or False"),
        ({"strip_cut_off_marks": None}, "strip_cut_off_marks=None is no switch"),
        ({"strip_datelines": "no"}, "strip_datelines='no' is no switch"),
        ({"strip_bylines": 0}, "strip_bylines=0 is no switch"),
        ({"strip_publishers": 0.0}, "strip_publishers=0.0 is no switch"),
        ({"params": (17, 8)}, r"params=\(17, 8\) need 136 permutations, but num_perm=128"),
        ({"params": (0, 4)}, "bands in params=0 is out of range"),
        ({"params": (4, 0)}, "rows_per_band in params=0 is out of range"),
        ({"params": (4, 2.0)}, "rows_per_band in params=2.0 is "),
        ({"params": (True, 4)}, "bands in params=True is "),
        ({"params": (4,)}, r"params=\(4,\) must be a pair \(bands, rows_per_band\)"),
        ({"params": (1, 2, 3)}, r"params=\(1, 2, 3\) must be a pair"),
        ({"params": "17"}, "params='17' must be a pair"),
        ({"params": 17}, "params=17 must be a pair"),
        ({"num_perm": 4, "recall": 0.999999}, "no bands × rows within num_perm=4 reach recall=0.9"),
    ],
)
def test_bad_settings_are_refused(setting: dict[str, Any], message: str) -> None:
    """The message names the setting, its value and what is allowed."""
    with pytest.raises(ConfigError, match=f"^{message}"):
        Config(**{"policy": "similar", **setting})


@pytest.mark.parametrize(
    "make", [Config.from_dict, lambda settings: Config().replace(**settings)], ids=["dict", "copy"]
)
def test_unknown_settings_are_refused_by_name(
    make: Callable[[dict[str, Any]], Config],
) -> None:
    """The message lists those there are."""
    with pytest.raises(ConfigError, match=r"^unknown setting 'bands', 'thresold'; .* threshold, "):
        make({"thresold": 0.5, "bands": 3})


def test_settings_of_odd_names_are_refused() -> None:
    """They need not be texts, nor short."""
    odd: Any = {10**5_000: 1, 3: 2}
    with pytest.raises(ConfigError, match=r"^unknown setting 3, a whole number of 16,610 bits;"):
        Config.from_dict(odd)


def test_numbers_of_any_type_are_taken() -> None:
    """They are kept as Python's own, so that settings stay JSON."""
    config = Config(
        policy="similar",
        threshold=np.float32(0.5),  # type: ignore[arg-type]
        recall=Fraction(3, 4),  # type: ignore[arg-type]
        num_perm=np.int64(64),  # type: ignore[arg-type]
    )
    banded = config.replace(params=(np.int32(4), np.uint8(2)))

    assert config == Config(policy="similar", threshold=0.5, recall=0.75, num_perm=64)
    assert banded == Config(policy="similar", threshold=0.5, num_perm=64, params=(4, 2))
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.recall_at(np.float32(1.0)) == 1.0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("setting", "reader", "other"),
    [
        ({"threshold": 0.7}, "similar", "news"),
        ({"recall": 0.99}, "similar", "news"),
        ({"params": (4, 2)}, "similar", "news"),
        ({"num_perm": 128}, "similar", "news"),
        ({"seed": 1}, "similar", "news"),
        ({"bucket_limit": 1000}, "similar", "news"),
        ({"min_probability": 0.5}, "news", "similar"),
    ],
    ids=str,
)
def test_settings_that_the_policy_does_not_read_are_refused(
    setting: dict[str, Any], reader: str, other: str
) -> None:
    """Also where they are what is the default: who gives them expects something of them."""
    message = rf"is read with policy='{reader}' only, .*Pass policy='{reader}' too, or leave out"

    with pytest.raises(ConfigError, match=message):
        Config(**{"policy": other, **setting})
    with pytest.raises(ConfigError, match=message):
        Config.from_dict({"policy": other, **setting})
    with pytest.raises(ConfigError, match=message):
        Config().replace(**{"policy": other, **setting})
    assert Config(**{"policy": reader, **setting}).policy == reader


def test_another_policy_forgets_what_it_does_not_read() -> None:
    """Another policy forgets what it does not read; it is asked for by itself."""
    strict = Config(policy="similar", threshold=0.9, shingle_size=2)

    assert strict.replace(policy="news") == Config(shingle_size=2)


def test_settings_of_earlier_indexes_are_understood() -> None:
    """Settings of earlier indexes are understood."""
    stored = {"policy": "news", "threshold": 0.7, "num_perm": 128, "window": 259200.0}

    assert from_stored(stored) == Config(window=dt.timedelta(days=3))
    assert from_stored({**stored, "policy": "similar", "threshold": 0.9}).threshold == 0.9


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30 days", dt.timedelta(days=30)),
        ("1 day", dt.timedelta(days=1)),
        ("36h", dt.timedelta(hours=36)),
        ("2 Weeks", dt.timedelta(days=14)),
        ("1.5 hours", dt.timedelta(minutes=90)),
        ("90 min", dt.timedelta(minutes=90)),
        (" 2d 12h ", dt.timedelta(days=2, hours=12)),
        ("1 day, 1 hour and 1 second", dt.timedelta(days=1, seconds=3601)),
        ("3 seconds", dt.timedelta(seconds=3)),
    ],
)
def test_windows_are_written_with_their_unit(text: str, span: dt.timedelta) -> None:
    """Windows are written with their unit, as people write lengths of time."""
    assert Config.from_dict({"window": text}).window == span


@given(st.timedeltas(min_value=dt.timedelta(microseconds=1), max_value=dt.timedelta(10**6)))
def test_spans_come_back_as_they_were_written(span: dt.timedelta) -> None:
    """Spans come back as they were written, to the microsecond."""
    assert read_span(write_span(span)) == span


@pytest.mark.parametrize(
    "window",
    [30, 30.0, True, "30", "thirty days", "1 month", "-3 days", "0 days", "", " ", "300000 years",
     "999999999999 days", "9" * 5000 + " weeks", dt.timedelta(days=300_000 * 365),
     dt.timedelta(0), dt.timedelta(-1), float("nan"), float("inf"), 10**5000, "3 days x"],
    ids=lambda value: ascii(shown(value)),
)  # fmt: skip
def test_windows_that_are_none_are_refused(window: object) -> None:
    """With the remedy, in a line that can be read."""
    with pytest.raises(ConfigError, match=r"^window=.* such as window='30 days'") as refused:
        Config.from_dict({"window": window})
    assert len(str(refused.value)) < 300
    with pytest.raises(ConfigError, match=r"^window="):
        Config(window=window)  # type: ignore[arg-type]


def test_errors_are_value_errors() -> None:
    """Callers who know nothing of this library can catch them."""
    with pytest.raises(ValueError, match="threshold=2 is out of range"):
        Config(policy="similar", threshold=2)


@given(threshold=thresholds, recall=recalls)
def test_bands_reach_the_recall(threshold: float, recall: float) -> None:
    """A pair exactly at the threshold is found with at least that probability."""
    config = Config.for_recall(threshold, recall, num_perm=256)

    assert config.bands * config.rows_per_band <= 256
    assert config.recall_at(threshold) >= recall


@given(threshold=thresholds, recall=recalls)
def test_no_smaller_banding_reaches_the_recall_cheaper(threshold: float, recall: float) -> None:
    """No smaller banding reaches the recall more cheaply."""
    config = Config.for_recall(threshold, recall)
    cost = expected_cost(config.bands, config.rows_per_band)

    assert candidate_probability(threshold, config.bands - 1, config.rows_per_band) < recall
    for rows_per_band in range(1, 129):
        for bands in range(1, 128 // rows_per_band + 1):
            if expected_cost(bands, rows_per_band) < cost:
                assert candidate_probability(threshold, bands, rows_per_band) < recall


def test_for_recall_passes_other_settings_on() -> None:
    """And has the defaults of the class."""
    assert Config.for_recall() == Config(policy="similar")
    assert Config.for_recall(0.5, 0.9, seed=3) == Config(
        policy="similar", threshold=0.5, recall=0.9, seed=3
    )


def test_for_recall_cannot_be_given_params() -> None:
    """`Config.for_recall` cannot be given params; it would not reach what it says."""
    with pytest.raises(ConfigError, match=r"^for_recall chooses params itself .*params=\(3, 2\)"):
        Config.for_recall(0.5, params=(3, 2))


def test_recall_beside_params_is_refused() -> None:
    """Params say the bands, so that recall would not be read; of the two the later one is taken."""
    refused = r"^recall=0.99 is not read where params are given. Leave out one of the two"
    given = {"policy": "similar", "params": (9, 13), "recall": 0.99}
    with pytest.raises(ConfigError, match=refused):
        Config(**given)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=refused):
        Config().replace(**given)

    by_params = Config(policy="similar", recall=0.9).replace(params=(9, 13))
    by_recall = by_params.replace(recall=0.9)

    assert (by_params.bands, by_params.rows_per_band) == (9, 13)
    assert by_params.recall_at(0.7) < 0.9 < by_recall.recall_at(0.7)
    assert by_params.replace(seed=2).params == (9, 13)
    assert "recall" not in by_params.to_dict()
    assert from_stored({**by_params.to_dict(), "recall": 0.99}) == by_params


def test_recall_at_is_the_s_curve() -> None:
    """`recall_at` is the S-curve, of the bands in force."""
    config = Config(policy="similar", params=(2, 2))

    assert config.recall_at(0.5) == pytest.approx(0.4375)
    assert (config.recall_at(0), config.recall_at(1)) == (0, 1)


@pytest.mark.parametrize("jaccard", [-0.1, 1.1, math.nan, "x", None, True])
def test_recall_at_refuses_what_is_no_similarity(jaccard: float) -> None:
    """The message says the range."""
    message = rf"^jaccard={re.escape(repr(jaccard))} is no similarity; pass a number from 0 to 1"
    with pytest.raises(ConfigError, match=message):
        Config().recall_at(jaccard)


@given(config=configs)
def test_round_trip_through_json(config: Config) -> None:
    """What is stored beside an index describes it fully."""
    stored = json.loads(json.dumps(config.to_dict()))

    assert Config.from_dict(stored) == config
    assert Config.from_dict(stored).bands == config.bands


@given(config=configs)
def test_round_trip_through_pickle(config: Config) -> None:
    """Settings survive pickle, for worker processes."""
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - made here


def test_settings_left_out_take_their_defaults() -> None:
    """So that a file of an older release can be read."""
    assert Config.from_dict({"policy": "similar", "threshold": 0.5}) == Config(
        policy="similar", threshold=0.5
    )


def test_settings_cannot_be_changed() -> None:
    """Settings cannot be changed; an index relies on that."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().threshold = 0.5  # type: ignore[misc]


def test_equal_settings_are_one_key() -> None:
    """Params may be given as a list, as JSON has it."""
    from_list = Config.from_dict({"policy": "similar", "params": [4, 2]})

    assert len({from_list, Config(policy="similar", params=(4, 2))}) == 1


def test_settings_are_given_by_name() -> None:
    """Settings are given by name; positions would not survive a new setting."""
    with pytest.raises(TypeError, match="positional argument"):
        Config("similar")  # type: ignore[call-arg]


def test_replace_chooses_the_bands_anew() -> None:
    """Replace chooses the bands anew; they belong to the threshold."""
    config = Config(policy="similar", threshold=0.9)

    assert config.replace(threshold=0.3) == Config(policy="similar", threshold=0.3)
    assert (
        config.replace(threshold=0.3).bands
        == Config(policy="similar", threshold=0.3).bands
        != config.bands
    )


def test_replace_keeps_params_that_were_given() -> None:
    """Replace keeps params that were given; who gave them meant them."""
    config = Config(policy="similar", params=(5, 3)).replace(threshold=0.3)

    assert (config.bands, config.rows_per_band, config.threshold) == (5, 3, 0.3)


def test_replace_validates() -> None:
    """As the class does."""
    with pytest.raises(ConfigError, match="num_perm=0 is out of range"):
        Config().replace(policy="similar", num_perm=0)


def test_banding_cannot_be_given_but_as_params() -> None:
    """Banding cannot be given but as params; two ways would contradict each other."""
    with pytest.raises(TypeError, match="bands"):
        Config(bands=3)  # type: ignore[call-arg]
