"""Columns of ids, sources and times, one at a time."""

from __future__ import annotations

import datetime as dt
import time
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import InputError, InputTypeError, MissingDependencyError
from dedupe_news.columns import NO_SOURCE, NO_TIME, from_microseconds, to_microseconds
from dedupe_news._input.values import id_column, source_column, text_column
from dedupe_news._input.arrow import require_pyarrow
from dedupe_news._input.times import moment, time_column

NOON = dt.datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=dt.UTC)
MICROSECONDS = 1_795_435_200_250_000
WHOLE = MICROSECONDS - 250_000
NAIVE = dt.datetime(2026, 11, 23, 12)  # noqa: DTZ001 - what is refused
OSLO = zoneinfo.ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOON, MICROSECONDS),
        (NOON.astimezone(OSLO), MICROSECONDS),
        (NOON.astimezone(dt.timezone(dt.timedelta(hours=-9, minutes=-30))), MICROSECONDS),
        (pd.Timestamp(NOON), MICROSECONDS),
        (pd.Timestamp(NOON).tz_convert("Asia/Kathmandu"), MICROSECONDS),
        ("2026-11-23T12:00:00.250000+00:00", MICROSECONDS),
        ("2026-11-23T12:00:00.25Z", MICROSECONDS),
        (" 2026-11-23 13:00:00+01:00\n", WHOLE),
        ("20261123T120000Z", WHOLE),
        ("Mon, 23 Nov 2026 12:00:00 GMT", WHOLE),
        ("Mon, 23 Nov 2026 07:00:00 -0500", WHOLE),
        ("23 Nov 2026 12:00 +0000", WHOLE),
        (time.struct_time((2026, 11, 23, 12, 0, 0, 0, 327, 0)), WHOLE),
        (time.gmtime(0), 0),
        (dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC), -1),
        (dt.datetime(1, 1, 1, tzinfo=dt.UTC), -62_135_596_800_000_000),
    ],
)
def test_moments_of_any_kind(value: object, expected: int) -> None:
    """In microseconds since 1970, in UTC."""
    assert moment(value) == expected
    assert time_column([None, value]) is not None
    np.testing.assert_array_equal(time_column([None, value]), [NO_TIME, expected])


@given(st.datetimes(timezones=st.timezones()))
def test_any_datetime_comes_back_as_the_same_moment(value: dt.datetime) -> None:
    """To the microsecond."""
    try:
        expected = value.astimezone(dt.UTC)
    except OverflowError:  # before the year 1 or after 9999 in UTC
        return
    assert from_microseconds(moment(value)) == expected
    assert to_microseconds(expected) == moment(value)


def test_no_time_is_none() -> None:
    """As in the columns."""
    assert from_microseconds(NO_TIME) is None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([NOON, None], id="list"),
        pytest.param([NOON, float("nan")], id="NaN"),
        pytest.param([NOON, pd.NaT], id="NaT"),
        pytest.param([NOON, pd.NA], id="NA"),
        pytest.param(np.array([NOON, None], object), id="numpy object"),
        pytest.param(pd.Series([NOON, None]), id="pandas"),
        pytest.param(pd.Series([NOON, None], index=[3, 3]), id="pandas any index"),
        pytest.param(pd.Series([NOON, None]).dt.tz_convert("Asia/Tokyo"), id="pandas zone"),
        pytest.param(pd.Series([NOON, None]).astype("datetime64[ns, UTC]"), id="pandas ns"),
        pytest.param(pd.Series([NOON, None], dtype=object), id="pandas object"),
        pytest.param(
            pd.Series([NOON, None], dtype=pd.ArrowDtype(pa.timestamp("ns", "UTC"))),
            id="pandas arrow",
        ),
        pytest.param(pd.Series([NOON.isoformat(), None], dtype="string"), id="pandas string"),
        pytest.param(pd.DatetimeIndex([NOON, None]), id="pandas index"),
        pytest.param(pl.Series([NOON, None]), id="polars"),
        pytest.param(
            pl.Series([NOON, None], dtype=pl.Datetime("ms", "Asia/Tokyo")), id="polars ms"
        ),
        pytest.param(pl.Series([NOON.isoformat(), None]), id="polars string"),
        pytest.param(pa.array([NOON, None], pa.timestamp("ms", "UTC")), id="arrow ms"),
        pytest.param(pa.array([NOON, None], pa.timestamp("us", "+03:00")), id="arrow us"),
        pytest.param(pa.array([NOON, None], pa.timestamp("ns", "Europe/Oslo")), id="arrow ns"),
        pytest.param(pa.array([NOON.isoformat(), None]), id="arrow string"),
        pytest.param(
            pa.chunked_array([[NOON], [None]], pa.timestamp("us", "UTC")), id="arrow chunks"
        ),
        pytest.param(pa.array([None, NOON, None], pa.timestamp("us", "UTC"))[1:], id="arrow slice"),
    ],
)
def test_columns_of_times_of_any_kind(values: object) -> None:
    """A missing time is no time."""
    times = time_column(values)

    assert times is not None
    assert times.dtype == np.int64
    assert times.tolist() == [MICROSECONDS, NO_TIME]


def test_arrow_times_of_whole_seconds() -> None:
    """The coarsest unit."""
    times = time_column(pa.array([NOON, None], pa.timestamp("s", "UTC")))

    assert times is not None
    assert times.tolist() == [WHOLE, NO_TIME]


@pytest.mark.parametrize("values", [[], pd.Series([], dtype="datetime64[us, UTC]"), pa.nulls(0)])
def test_columns_of_no_times(values: object) -> None:
    """An empty batch."""
    times = time_column(values)

    assert times is not None
    assert times.tolist() == []


def test_no_column_is_no_column() -> None:
    """Of times, ids or sources."""
    assert time_column(None) is None
    assert id_column(None) is None
    assert source_column(None) == (None, [])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([NOON, NAIVE], r"^the published time of document 1 is .* value\.replace\(tzinfo="),
        (["2026-11-23T12:00"], "^the published time of document 0 is '2026-11-23T12:00', which"),
        (["2026-11-23"], "which has no time zone"),
        (["Mon, 23 Nov 2026 12:00:00 -0000"], "which has no time zone"),
        (["Mon, 23 Nov 2026 12:00:00"], "which has no time zone"),
        ([pd.Timestamp(NAIVE)], "which has no time zone"),
        (
            np.array([NAIVE], "M8[us]"),
            r"^the published times are of type 'datetime64\[us\]', which",
        ),
        (pd.Series([NAIVE]), r"which has no time zone, .* times\.dt\.tz_localize\('UTC'\)"),
        (pd.DatetimeIndex([NAIVE]), "which has no time zone"),
        (pd.Series([NAIVE], dtype=object), "which has no time zone"),
        (
            pd.Series([NAIVE], dtype=pd.ArrowDtype(pa.timestamp("us"))),
            r"^the published times are of Arrow type 'timestamp\[us\]', which has no time zone",
        ),
        (pl.Series([NAIVE]), "which has no time zone"),
        (pa.array([NAIVE]), "which has no time zone, .*assume_timezone"),
        (pa.chunked_array([[NAIVE]]), "which has no time zone"),
        (["yesterday"], "^the published time of document 0 is 'yesterday', which is neither ISO"),
        ([""], "is '', which is neither ISO 8601 nor RFC 2822. Pass a datetime"),
        (["2026-13-01T00:00Z"], "which is neither ISO 8601 nor RFC 2822"),
        (["x" * 50], "^the published time of document 0 is 'x{38}…, which"),
    ],
)
def test_times_without_a_zone_or_sense_are_refused(values: object, message: str) -> None:
    """Guessing a zone would put them hours off."""
    with pytest.raises(InputError, match=message):
        time_column(values)


@pytest.mark.parametrize(
    "values",
    [
        [1_795_435_200],
        [1_795_435_200.0],
        [True],
        np.array([1_795_435_200]),
        pd.Series([1_795_435_200]),
        pl.Series([1_795_435_200]),
        pa.array([1_795_435_200]),
        [dt.date(2026, 11, 23)],
        pl.Series([dt.date(2026, 11, 23)]),
        [dt.time(12)],
        [b"2026-11-23T12:00Z"],
        [np.datetime64("2026-11-23")],
    ],
)
def test_what_is_no_time_is_refused(values: object) -> None:
    """Numbers may be seconds or milliseconds; the message says how to convert them."""
    message = r"^the published time of document 0 is .* datetime\.fromtimestamp\(value, tz="
    with pytest.raises(InputTypeError, match=message):
        time_column(values)


@pytest.mark.parametrize(
    "values",
    [
        ["Post", None, "Times", "Post"],
        ["Post", float("nan"), "Times", "Post"],
        np.array(["Post", None, "Times", "Post"], object),
        pd.Series(["Post", None, "Times", "Post"]),
        pd.Series(["Post", None, "Times", "Post"], dtype="category"),
        pl.Series(["Post", None, "Times", "Post"]),
        pl.Series(["Post", None, "Times", "Post"], dtype=pl.Categorical),
        pa.array(["Post", None, "Times", "Post"]),
        pa.array(["Post", None, "Times", "Post"], pa.large_string()),
        pa.array(["Post", None, "Times", "Post"], pa.string_view()),
        pa.array(["Post", None, "Times", "Post"]).dictionary_encode(),
        pa.array(["x", "Post", None, "Times", "Post"])[1:],
        pa.chunked_array([["Post", None], [], ["Times", "Post"]], pa.string()),
        pa.chunked_array([["Post", None], ["Times", "Post"]]).dictionary_encode(),
    ],
)
def test_sources_of_any_kind(values: object) -> None:
    """Numbered by first appearance; a missing one has no number."""
    codes, names = source_column(values)

    assert codes is not None
    assert codes.dtype == np.int32
    assert codes.tolist() == [0, NO_SOURCE, 1, 0]
    assert names == ["Post", "Times"]


@pytest.mark.parametrize(
    "values", [[], pa.array([], pa.string()), pa.chunked_array([], pa.string())]
)
def test_no_sources(values: object) -> None:
    """An empty batch."""
    codes, names = source_column(values)

    assert codes is not None
    assert (codes.tolist(), names) == ([], [])


@pytest.mark.parametrize("values", [["Post", 5], pa.array([5, 6]), [b"Post"]])
def test_sources_that_are_no_text_are_refused(values: object) -> None:
    """The message says how to make them text."""
    message = r"^the source of document \d is .*; sources are str. Pass str\(value\), or None"
    with pytest.raises(InputTypeError, match=message):
        source_column(values)


@pytest.mark.parametrize(
    "values",
    [["x", None], ["x", float("nan")], pd.Series(["x", pd.NA]), pl.Series([1, None]),
     pa.array(["x", None])],
    ids=["None", "NaN", "NA", "polars", "arrow"],
)  # fmt: skip
def test_missing_ids_are_refused(values: object) -> None:
    """The message says that positions would do."""
    message = r"^the id of document 1 is missing; every .* leave out id=\.\.\. to use positions"
    with pytest.raises(InputError, match=message):
        id_column(values)


@pytest.mark.parametrize("value", [[1], {}, {1}, ("a", [1])], ids=str)
def test_ids_that_cannot_be_hashed_are_refused(value: object) -> None:
    """Also where only a part of one cannot."""
    message = "^the id of document 1 is .*, which is not hashable; pass str or int"
    with pytest.raises(InputTypeError, match=message):
        id_column(["x", value])


@pytest.mark.parametrize(
    "values",
    [np.array([3, 1, 2]), pd.Series([3, 1, 2]), pl.Series([3, 1, 2]), pa.array([3, 1, 2]),
     pa.chunked_array([[3], [1, 2]])],
    ids=["numpy", "pandas", "polars", "arrow", "arrow chunks"],
)  # fmt: skip
def test_ids_come_back_as_python_values(values: object) -> None:
    """So that they equal those the user has."""
    ids = id_column(values)

    assert ids is not None
    assert list(ids) == [3, 1, 2]
    assert [ids[0], ids[-1], *ids[:2]] == [3, 2, 3, 1]
    assert {type(each) for each in ids} == {int}


@given(values=st.lists(st.none() | st.text(max_size=9), max_size=6))
def test_text_columns_are_utf8(values: list[str | None]) -> None:
    """Whether pyarrow encodes them or this library."""
    expected = b"".join((value or "").encode() for value in values)

    column = text_column(values, "text")

    assert column.buffer[column.offsets[0] : column.offsets[-1]].tobytes() == expected
    assert np.diff(column.offsets).tolist() == [len((value or "").encode()) for value in values]


FAR = dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=1)))
LONG_AGO = dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=1)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([None, FAR], "^the published time of document 1 is .*, which is outside the years 1 to"),
        ([LONG_AGO], "which is outside the years 1 to 9999 in UTC. Pass None if it is not known"),
        (["0001-01-01T00:00+05:00"], "is '0001-01-01T00:00.05:00', which is outside the years"),
        ([time.struct_time((10**4, 1, 1, 0, 0, 0, 0, 1, 0))], "which is outside the years 1 to"),
        ([time.struct_time((10**12, 1, 1, 0, 0, 0, 0, 1, 0))], "which is outside the years 1 to"),
        ([time.struct_time((0, 1, 1, 0, 0, 0, 0, 1, 0))], "which is outside the years 1 to"),
        (["Mon, 23 Nov 2026 12:00:00 +99999999999999"], "which is neither ISO 8601 nor RFC 2822"),
        (
            pa.array([2**60, None], pa.timestamp("s", "UTC")),
            r"^a published time of Arrow type 'tim",
        ),
        (pa.chunked_array([[2**43]], pa.timestamp("s", "UTC")), "outside the years 1 to 9999;"),
        (pa.array([-(2**62)], pa.timestamp("us", "UTC")), "outside the years 1 to 9999; check its"),
    ],
)
def test_times_that_no_datetime_holds_are_refused(values: object, message: str) -> None:
    """Neither an overflow nor another year."""
    with pytest.raises(InputError, match=message):
        time_column(values)


def test_moments_that_no_datetime_holds_are_refused() -> None:
    """On the way back, too."""
    with pytest.raises(InputError, match=r"^253402300800000000 microseconds since 1970 are outsid"):
        from_microseconds(253_402_300_800_000_000)


def test_strings_of_pandas_need_no_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read value by value."""
    values = pd.Series(["ka", None, "lo"], dtype="string[python]")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    column = text_column(values, "text")

    assert column.buffer.tobytes() == b"kalo"
    assert column.offsets.tolist() == [0, 2, 2, 4]


@given(text=st.text(max_size=5), surrogate=st.integers(0xD800, 0xDFFF))
def test_lone_surrogates_are_refused_with_their_place(text: str, surrogate: int) -> None:
    """UTF-8 cannot hold them."""
    message = rf"^the title of document 1 holds .* U\+{surrogate:04X}, at character {len(text)}, "
    with pytest.raises(InputError, match=message):
        text_column(["a", text + chr(surrogate) + "b"], "title")


def test_missing_pyarrow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(MissingDependencyError, match=r"^pyarrow is needed to .*: pip install py"):
        require_pyarrow("read Arrow data")
