"""The picture of a result: what the probability of duplicates trades."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

import dedupe_news as dn
from shown_feed import make_feed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dedupe_news import Clustering

mpl.use("Agg")


@pytest.fixture(scope="module")
def result() -> Clustering:
    """Return a clustering that the tests of this module only read."""
    return dn.cluster(make_feed(), progress=False, n_jobs=1)


@pytest.fixture
def ax() -> Axes:
    """Return axes that no window shows."""
    return Figure().subplots()


def test_the_trade_off_is_drawn(result: Clustering, ax: Axes) -> None:
    """Removed items and clusters on one axis, expected precision on the other."""
    curve = result.trade_off()

    assert result.plot("trade-off", ax) is ax
    right = ax.figure.axes[1]
    lines = {line.get_label(): line for line in (*ax.get_lines(), *right.get_lines())}
    assert [*lines] == ["items removed", "clusters", "this result, 0.5", "expected precision"]
    assert [*lines["items removed"].get_ydata()] == curve["n_removed"]
    assert [*lines["clusters"].get_ydata()] == curve["n_clusters"]
    shares = [value / 100 for value in lines["expected precision"].get_ydata() if value == value]  # noqa: PLR0124
    assert shares == pytest.approx([each for each in curve["precision"] if each is not None])


def test_new_axes_are_made(result: Clustering) -> None:
    """Where none are given; it is the one picture there is."""
    assert result.plot().get_xlabel() == "min_probability"


def test_results_without_a_pair_are_drawn(ax: Axes) -> None:
    """An empty curve is no error."""
    assert dn.cluster(["ka", "lo"], progress=False).plot(ax=ax) is ax


def test_unusable_requests_are_refused(result: Clustering) -> None:
    """The message says what is allowed, or what is lacking."""
    with pytest.raises(dn.InputError, match="kind='pie' is not known; allowed is 'trade-off'"):
        result.plot("pie")
    with pytest.raises(dn.ConfigError, match="with policy='similar' pairs have no probability"):
        dn.cluster(["ka"], policy="similar", progress=False).plot()


def test_matplotlib_must_be_there(result: Clustering, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the extra."""
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    with pytest.raises(dn.MissingDependencyError, match=r"pip install 'dedupe-news\[plot\]'"):
        result.plot()
