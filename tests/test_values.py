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
from dedupe_news._input.arrow import plain, require_pyarrow
from dedupe_news._input.columns import NO_SOURCE, NO_TIME, from_microseconds, to_microseconds
from dedupe_news._input.rules import reading
from dedupe_news._input.times import moment, time_column
from dedupe_news._input.values import check_id, id_column, source_column, text_column

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
    times = time_column(plain(values))

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
    times = time_column(plain(values))

    assert times is not None
    assert times.tolist() == []


def test_no_column_is_no_column() -> None:
    """Of times, ids or sources."""
    assert time_column(None) is None
    assert id_column(None) is None
    assert source_column(None) == (None, [])


@pytest.mark.parametrize(
    "values",
    [
        [None, NAIVE],
        [None, "2026-11-23T12:00"],
        [None, "2026-11-23"],
        [None, "Mon, 23 Nov 2026 12:00:00"],
        [None, "23 November 2026, 12:00"],
        [None, dt.date(2026, 11, 23)],
        [None, pd.Timestamp(NAIVE)],
        [None, 20261123],
        [None, "20261123120000"],
        np.array(["NaT", NAIVE], "M8[us]"),
        np.array(["NaT", "2026-11-23"], "M8[D]"),
        pd.Series([None, NAIVE]),
        pd.DatetimeIndex([None, NAIVE]),
        pd.Series([None, NAIVE], dtype=object),
        pd.Series([pd.NaT, NAIVE], dtype=pd.ArrowDtype(pa.timestamp("us"))),
        pl.Series([None, NAIVE]),
        pl.Series([None, dt.date(2026, 11, 23)]),
        pa.array([None, NAIVE]),
        pa.array([None, dt.date(2026, 11, 23)]),
        pa.chunked_array([[None], [NAIVE]], pa.timestamp("us")),
    ],
    ids=lambda values: f"{type(values)} {getattr(values, 'dtype', '')} {values[1]!r}",
)
def test_times_without_a_zone_need_one(values: object) -> None:
    """Guessing it would put them hours off; the message says how to say it."""
    message = (
        r"^the published time of document 1 is .*, which has no time zone, so that the moment is "
        r'unknown\. Say which: timezone="UTC" or another, such as "Europe/Berlin"'
    )
    with pytest.raises(InputError, match=message):
        time_column(plain(values))
    with reading(timezone="Europe/Oslo"):
        times = time_column(plain(values))

    assert times is not None
    assert times[0] == NO_TIME
    midnight = WHOLE - 13 * 3600 * 1_000_000
    assert times[1] in (WHOLE - 3600 * 1_000_000, midnight)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-23 12:00:00 UTC", WHOLE),
        ("2026-11-23T12:00:00+0000", WHOLE),
        ("2026-11-23T13:00:00+01", WHOLE),
        ("2026-11-23T12:00:00-00:00", WHOLE),
        ("2026-11-23t12:00:00z", WHOLE),
        ("2026-11-23T12:00:00.25Z", MICROSECONDS),
        ("2026-11-23T12:00:00,25Z", MICROSECONDS),
        ("2026-11-23 12:00:00.250000999 Z", MICROSECONDS),
        ("2026-11-23T12:00:00.25+00:00[UTC]", MICROSECONDS),
        ("2026-11-23T13:00:00+01:00[Europe/Oslo]", WHOLE),
        ("2026-11-23T13:00 Europe/Oslo", WHOLE),
        ("2026-W48-1T12:00Z", WHOLE),
        ("2026-327T12:00Z", WHOLE),
        ("20261123T120000Z", WHOLE),
        ("2026-11-22T36:00:00Z", None),
        ("2026-11-22T24:00:00Z", WHOLE - 12 * 3600 * 1_000_000),
        ("Mon, 23 Nov 2026 12:00:00 -0000", WHOLE),
        ("Mon, 23 Nov 2026 13:00:00 +01:00", WHOLE),
        ("Mon, 23 Nov 2026 12:00 UT", WHOLE),
        ("23 Nov 26 07:00 EST", WHOLE),
        ("Monday, 23-Nov-26 12:00:00 GMT", WHOLE),
        ("Mon Nov 23 12:00:00 +0000 2026", WHOLE),
        ("Mon Nov 23 12:00:00 UTC 2026", WHOLE),
        ("Mon Nov 23 2026 13:00:00 GMT+0100 (Central European Standard Time)", WHOLE),
        ("Mon, 23 Nov 2026 11:59:60 GMT", WHOLE),
        ("23 November 2026 12:00 GMT", WHOLE),
        ("23rd of November 2026 at 12:00 p.m. UTC", WHOLE),
        ("November 23, 2026, 7 AM EST", WHOLE),
        ("Nov. 23, 2026 12:00 Z", WHOLE),
        ("12:00 GMT, 23 November 2026", WHOLE),
        ("11/23/2026 12:00 PM UTC", WHOLE),
        ("23/11/2026 12:00 UTC", WHOLE),
        ("23.11.2026 12:00 Uhr UTC", WHOLE),
        ("2026/11/23 12:00:00 +0000", WHOLE),
        ("1795435200", WHOLE),
        ("1795435200.25", MICROSECONDS),
        ("1795435200250", MICROSECONDS),
        ("1795435200250000", MICROSECONDS),
        ("1795435200250000000", MICROSECONDS),
        (1_795_435_200, WHOLE),
        (1_795_435_200.25, MICROSECONDS),
        (1_795_435_200_250, MICROSECONDS),
        (np.int64(1_795_435_200_250_000), MICROSECONDS),
        ([2026, 11, 23, 12, 0, 0, 0, 327, 0], WHOLE),
        ({"$date": "2026-11-23T12:00:00Z"}, WHOLE),
        ({"$date": 1_795_435_200_250}, MICROSECONDS),
    ],
    ids=repr,
)
def test_dates_are_read_as_feeds_and_people_write_them(
    written: object, expected: int | None
) -> None:
    """All of these are the same moment, with a quarter of a second or without."""
    if expected is None:
        with pytest.raises(InputError, match="no date that can be read"):
            time_column([written])
        return
    times = time_column([written])

    assert times is not None
    assert times.tolist() == [expected]


@pytest.mark.parametrize(
    ("written", "month"),
    [
        ("Montag, 5. Jänner 2026, 12:00 Uhr", 1),
        ("Do, 05 Mär 2026 12:00:00 +0000", 3),
        ("5 févr. 2026 12:00", 2),
        ("vendredi 5 juin 2026 à 12h00", 6),
        ("1er août 2026 12:00", 8),
        ("lunes, 5 de enero de 2026 12:00", 1),
        ("5 de dic. de 2026 12:00", 12),
        ("mercoledì 5 agosto 2026, 12.00 pm", 8),
        ("segunda-feira, 5 de outubro de 2026 12h00", 10),
        ("5 mrt 2026 om 12:00", 3),
        ("tisdag 5 maj 2026 kl. 12.00", 5),
        ("fredag den 5. marts 2026 kl. 12:00", 3),
        ("lørdag 5. desember 2026 12:00", 12),
        ("5 października 2026 12:00", 10),
        ("2026. szeptember 5. 12:00", 9),
        ("5 Ağustos 2026 12:00", 8),
        ("5 декабря 2026 г. в 12:00", 12),
        ("5 мая 2026 12:00", 5),
        ("5 лютого 2026 р. о 12:00", 2),
        ("2026年1月5日 12:00", 1),
        ("2026年11月5日（木）午後0時00分", 11),
        ("2026年7月5日 下午12:00", 7),
        ("2026년 4월 5일 오후 12:00", 4),
        ("５ Ｊｕｎｅ ２０２６ １２：００", 6),
        ("5. 4. 2026 12:00", 4),
        ("15. 4. 2026 12:00", 4),
        ("2026. 4. 15. 12:00", 4),
        ("5 April 2026 12.00pm", 4),
        ("April 5, 2026, 8 a.m. ET", 4),
        ("2026-04-05 14:00:00 +0200 CEST", 4),
    ],
)
def test_dates_are_read_in_other_languages(written: str, month: int) -> None:
    """By names of months and signs of dates, whatever the day of the week is called."""
    with reading(timezone="UTC"):
        times = time_column([written])

    assert times is not None
    found = from_microseconds(int(times[0]))
    assert found is not None
    assert (found.year, found.month, found.hour) == (2026, month, 12)
    assert found.day in (1, 5, 15)


@pytest.mark.parametrize(
    "written",
    [
        "26年1月05日",
        "令和8年1月5日",
        "5 jui 2026",
        "5 foo 2026",
        "soon 5 foo 2026",
        "2026年13月1日",
    ],
)
def test_what_may_be_another_date_is_refused(written: str) -> None:
    """A year of another era, a month that may be one of two, or none."""
    with pytest.raises(InputError, match="no date that can be read"), reading(timezone="UTC"):
        time_column([written])


ENGLISH = [
    "%d %B %Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p",
    "%A %d. %B %Y, %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%a %b %d %H:%M:%S %Y",
    "%d-%b-%Y %H:%M:%S", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S", "%G-W%V-%uT%H:%M:%S",
    "%Y%m%dT%H%M%S",
]  # fmt: skip


@given(
    moment_=st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2099, 12, 31)),  # noqa: DTZ001
    pattern=st.sampled_from(ENGLISH),
)
def test_what_strftime_writes_is_read(moment_: dt.datetime, pattern: str) -> None:
    """To the second, whatever the order of the parts."""
    whole_second = moment_.replace(microsecond=0)
    with reading(timezone="UTC"):
        times = time_column([whole_second.strftime(pattern)])

    assert times is not None
    assert from_microseconds(int(times[0])) == whole_second.replace(tzinfo=dt.UTC)


@given(st.text(max_size=40) | st.from_regex(r"\A[0-9 :./,+TZ-]{1,30}\Z"))
def test_any_text_is_a_date_or_refused(written: str) -> None:
    """With an error of the library, and never another year than 1 to 9999."""
    with reading(timezone="UTC"):
        try:
            times = time_column([written])
        except InputError:
            return
    assert times is not None
    from_microseconds(int(times[0]))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["yesterday"], "^the published time of document 0 is 'yesterday', which is no date that"),
        (["2 hours ago"], "which is no date that can be read. Say how dates are written: date_fo"),
        (["2026-13-01T00:00Z"], "which is no date that can be read"),
        (["2026-02-30"], "which is no date that can be read"),
        (["0000-01-01T00:00Z"], "which is no date that can be read"),
        (["10000-01-01T00:00Z"], "which is no date that can be read"),
        (["03/04/2026"], "which may be day/month or month/day. Say which comes first: date_format"),
        (["x" * 50], "^the published time of document 0 is 'x{38}…, which"),
        ([0], "which is too small a number for seconds since 1970"),
        ([46083.29], "which is too small a number for seconds since 1970"),
        (["2026"], "which is too small a number for seconds since 1970"),
        ([10**5000], "is a whole number of .* bits, which is outside the years 1 to 9999"),
        (["9" * 5000], "which is no date that can be read"),
        ([float("inf")], "which is no date that can be read"),
        ([time.struct_time((2026, 13, 1, 0, 0, 0, 0, 1, 0))], "which is no date that can be read"),
    ],
)
def test_what_is_no_date_is_refused(values: object, message: str) -> None:
    """With the value, shortened, and what helps."""
    with pytest.raises(InputError, match=message):
        time_column(plain(values))


@pytest.mark.parametrize(
    ("date_format", "written", "expected"),
    [
        ("dmy", "03/04/2026", "2026-04-03"),
        ("mdy", "03/04/2026", "2026-03-04"),
        ("mdy", "3.4.2026", "2026-03-04"),
        ("%d|%m|%Y", "03|04|2026", "2026-04-03"),
        ("%Y%m%d", "20260403", "2026-04-03"),
    ],
)
def test_the_order_of_day_and_month_can_be_said(
    date_format: str, written: str, expected: str
) -> None:
    """By its letters, or by a whole format."""
    with reading(timezone="UTC", date_format=date_format):
        times = time_column([written])

    assert times is not None
    assert from_microseconds(int(times[0])) == dt.datetime.fromisoformat(f"{expected}T00:00Z")


@pytest.mark.parametrize(
    "value", [True, dt.time(12), b"2026-11-23T12:00Z", object(), ["x"], {"a": 1}, (1, 2)], ids=str
)
def test_what_is_no_time_is_refused(value: object) -> None:
    """The message says what is one."""
    message = "^the published time of document 0 is .*, which is of type .* and no time. Times are"
    with pytest.raises(InputTypeError, match=message):
        time_column([value])


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
    codes, names = source_column(plain(values))

    assert codes is not None
    assert codes.dtype == np.int32
    assert codes.tolist() == [0, NO_SOURCE, 1, 0]
    assert names == ["Post", "Times"]


@pytest.mark.parametrize(
    "values", [[], pa.array([], pa.string()), pa.chunked_array([], pa.string())]
)
def test_no_sources(values: object) -> None:
    """An empty batch."""
    codes, names = source_column(plain(values))

    assert codes is not None
    assert (codes.tolist(), names) == ([], [])


@pytest.mark.parametrize("values", [["Post", 5], pa.array([5, 6]), [b"Post"]])
def test_sources_that_are_no_text_are_refused(values: object) -> None:
    """The message says how to make them text."""
    message = (
        r"^the source of document \d is .*, which is of type .* and no name of a source. Pass str"
    )
    with pytest.raises(InputTypeError, match=message):
        source_column(plain(values))


@pytest.mark.parametrize(
    "values",
    [["x", None], ["x", float("nan")], pd.Series(["x", pd.NA]), pl.Series([1, None]),
     pa.array(["x", None]), ["x", ""], pa.array(["x", ""]), [1, ""]],
    ids=["None", "NaN", "NA", "polars", "arrow", "empty", "empty in arrow", "empty beside 1"],
)  # fmt: skip
def test_missing_ids_are_refused(values: object) -> None:
    """The message says that positions would do."""
    message = r"^the id of document 1 is missing\. Every document needs one, or pass .* id=None"
    with pytest.raises(InputError, match=message):
        id_column(plain(values))


@pytest.mark.parametrize("value", [[1], {}, {1}, ("a", [1])], ids=str)
def test_ids_that_cannot_be_hashed_are_refused(value: object) -> None:
    """Also where only a part of one cannot."""
    message = "^the id of document 1 is .*, which is of type .* and not hashable. Pass str or int"
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
    ids = id_column(plain(values))

    assert ids is not None
    assert list(ids) == [3, 1, 2]
    assert [ids[0], ids[-1], *ids[:2]] == [3, 2, 3, 1]
    assert {type(each) for each in ids} == {int}


@given(values=st.lists(st.none() | st.text(max_size=9), max_size=6))
def test_text_columns_are_utf8(values: list[str | None]) -> None:
    """Whether pyarrow encodes them or this library."""
    expected = b"".join((value or "").encode() for value in values)

    column = text_column(plain(values), "text")

    assert column.buffer[column.offsets[0] : column.offsets[-1]].tobytes() == expected
    assert np.diff(column.offsets).tolist() == [len((value or "").encode()) for value in values]


FAR = dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=1)))
LONG_AGO = dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=1)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([None, FAR], "^the published time of document 1 is .*, which is outside the years 1 to"),
        ([LONG_AGO], "which is outside the years 1 to 9999 in UTC"),
        (["0001-01-01T00:00+05:00"], "is '0001-01-01T00:00.05:00', which is outside the years"),
        ([time.struct_time((10**4, 1, 1, 0, 0, 0, 0, 1, 0))], "which is outside the years 1 to"),
        ([time.struct_time((10**12, 1, 1, 0, 0, 0, 0, 1, 0))], "which is outside the years 1 to"),
        ([time.struct_time((0, 1, 1, 0, 0, 0, 0, 1, 0))], "which is outside the years 1 to"),
        (["Mon, 23 Nov 2026 12:00:00 +99999999999999"], "which is no date that can be read"),
        (pa.array([2**60, None], pa.timestamp("s", "UTC")), "^the published time of document 0"),
        (pa.chunked_array([[2**43]], pa.timestamp("s", "UTC")), "outside the years 1 to 9999"),
        (pa.array([-(2**62)], pa.timestamp("us", "UTC")), "outside the years 1 to 9999"),
    ],
)
def test_times_that_no_datetime_holds_are_refused(values: object, message: str) -> None:
    """Neither an overflow nor another year."""
    with pytest.raises(InputError, match=message):
        time_column(plain(values))


def test_moments_that_no_datetime_holds_are_refused() -> None:
    """On the way back, too."""
    with pytest.raises(InputError, match=r"^253402300800000000 microseconds since 1970 are outsid"):
        from_microseconds(253_402_300_800_000_000)


def test_strings_of_pandas_need_no_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read value by value."""
    values = pd.Series(["ka", None, "lo"], dtype="string[python]")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    column = text_column(plain(values), "text")

    assert column.buffer.tobytes() == b"kalo"
    assert column.offsets.tolist() == [0, 2, 2, 4]


@given(text=st.text(max_size=5), surrogate=st.integers(0xD800, 0xDFFF))
def test_halves_of_characters_are_replaced(text: str, surrogate: int) -> None:
    """UTF-8 cannot hold them, and nothing is lost with them."""
    column = text_column(["a", text + chr(surrogate) + "b"], "title")

    assert column.buffer.tobytes().decode() == f"a{text}\ufffdb"


def test_two_halves_are_one_character() -> None:
    """As JavaScript and JSON write them."""
    assert text_column(["\ud83d\ude00"], "text").buffer.tobytes().decode() == "😀"
    codes, names = source_column(["\ud83d\ude00", "😀", "\ud83d"])
    assert codes is not None
    assert (codes.tolist(), names) == ([0, 0, 1], ["😀", "\ufffd"])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([{"type": "text/html", "value": "one"}, {"value": "two"}], "one\ntwo"),
        ({"rendered": "one"}, "one"),
        ({"#text": "one", "@isPermaLink": "false"}, "one"),
        (["one", "two"], "one\ntwo"),
        (("one",), "one"),
        ({"main": "one", "kicker": None}, "one"),
        (np.array(["one", "two"], object), "one\ntwo"),
        ([], None),
        ({"a": "b"}, None),
        ([1], None),
        ([["one", b"two"]], None),
    ],
    ids=str,
)
def test_texts_may_be_wrapped(value: object, words: str | None) -> None:
    """As feedparser, WordPress, xmltodict and news APIs have them."""
    if words is None:
        with pytest.raises(InputTypeError, match=r"^the text of document 0 is .* and no text"):
            text_column([value], "text")
    else:
        assert text_column([value], "text").buffer.tobytes().decode() == words


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"title": "Velden Post", "href": "https://x.example"}, "Velden Post"),
        ({"href": "https://x.example"}, "https://x.example"),
        ({"id": None, "name": "Velden Post"}, "Velden Post"),
        ({"id": "velden-post", "name": "Velden Post"}, "Velden Post"),
        ({"#text": "Velden Post", "@url": "https://x.example"}, "Velden Post"),
        (["Velden Post"], "Velden Post"),
        ({}, None),
        ([], None),
        (None, None),
    ],
    ids=str,
)
def test_sources_may_be_wrapped(value: object, name: str | None) -> None:
    """As feedparser and news APIs have them."""
    codes, names = source_column([value, "x"])

    assert codes is not None
    assert names == ([name, "x"] if name else ["x"])


DEEP: tuple[object, ...] = ("a",)
for _ in range(2000):
    DEEP = (DEEP,)


@pytest.mark.parametrize(
    "value",
    [10**200_000, -(10**200_000), DEEP, "half \ud83d", ("a", "\ud83d")],
    ids=["long", "negative", "deep", "half", "half in a tuple"],
)
def test_ids_that_nobody_can_keep_are_refused(value: object) -> None:
    """In a line that can be read, and without an error of somebody else's."""
    with pytest.raises(InputError, match=r"^the id of document 0 is ") as refused:
        id_column([value, "x"])
    assert len(str(refused.value)) < 400
    with pytest.raises(InputError, match=r"^the id is "):
        check_id(value)


def test_missing_pyarrow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(MissingDependencyError, match=r"^pyarrow is needed to .*: pip install py"):
        require_pyarrow("read Arrow data")
