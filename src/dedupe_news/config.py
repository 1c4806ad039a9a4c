"""Every setting and its default; nothing else in the library holds one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import numbers
import operator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard, cast, get_args

from dedupe_news import tuning
from dedupe_news.errors import ConfigError
from dedupe_news.judges import Judge, read_judge

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

Policy: TypeAlias = Literal["news", "similar"]
"""What gives the verdict on a pair: ``"similar"`` Jaccard alone, ``"news"`` the classifier."""

Prefer: TypeAlias = Literal["earliest", "latest", "longest"]
"""Which document of a cluster represents it."""

_MAX_NUM_PERM = 4096
_MAX_SHINGLE_SIZE = 64
_MAX_BUCKET_LIMIT = 1_000_000
_WHOLE_NUMBERS = (
    ("shingle_size", 1, _MAX_SHINGLE_SIZE),
    ("num_perm", 1, _MAX_NUM_PERM),
    ("seed", 0, 2**32 - 1),
    ("bucket_limit", 2, _MAX_BUCKET_LIMIT),
)


class _UnsaidNumber(float):
    """A default that nobody has asked for."""


class _UnsaidText(str):
    """The same for a text."""

    __slots__ = ()


_UNSAID_POLICY = cast("Policy", _UnsaidText("news"))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """
    Settings of a run or an index: immutable, validated, serialisable.

    Parameters
    ----------
    policy : {"news", "similar"}, optional
        ``"news"`` tells duplicates, related items and items of one template
        apart. ``"similar"`` matches every pair whose exact Jaccard similarity
        reaches `threshold`. By default
        ``"news"``, but ``"similar"`` where `threshold`, `recall` or `params`
        is given, which only that policy reads.
    threshold : float, default 0.7
        Least Jaccard similarity of a match, in (0, 1], inclusive; with the
        policy ``"similar"``.
    recall : float, default 0.99
        Least probability, in (0, 1), that a pair exactly at `threshold`
        becomes a candidate. Not used where `params` is given.
    min_probability : float, default 0.5
        Least probability, in (0, 1), from which a pair is a duplicate; with the
        policy ``"news"``. More makes fewer mistakes and misses more.
    shingle_size : int, default 3
        Tokens in a shingle, in [1, 64].
    num_perm : int, default 128
        MinHash permutations available to the bands, in [1, 4096].
    seed : int, default 1
        Seed of the permutations, in [0, 2**32).
    params : (int, int), optional
        Bands and rows per band, as in datasketch, with ``bands * rows_per_band
        <= num_perm``. By default the cheapest pair that reaches `recall`.
    prefer : {"earliest", "latest", "longest"}, default "earliest"
        The document that represents a cluster: first or last published, or
        longest. Documents without a time come after those with one. Ties go
        to the longer, or among the longest to the earliest; then to the
        smaller content digest.
    bucket_limit : int, default 1000
        Largest number of distinct texts in one bucket whose pairs are all
        compared. In a larger bucket each document is compared with the
        representatives found there, at most this many of them. Results say
        what was bounded. With the policy ``"similar"``; ``"news"`` has a bound
        of its own.
    window : datetime.timedelta, optional
        Only documents published within so long of each other, or exactly so
        long, can be duplicates; by default all can. Documents without a time
        are within reach of all others in `cluster`; in an index they have
        their time of arrival. From an index with a window documents leave by
        themselves, once the newest is so much later.
    judge : Judge, str or path-like, optional
        Weights that `fit_judge` fitted to a feed, or the file of such; by
        default those of the package. With the policy ``"news"``. The file is
        read at once: it may be gone later, and an index keeps its content.
    strip_html : bool, default True
        Decode HTML entities and skip tags.
    strip_cut_off_marks : bool, default True
        Skip marks of a cut-off text such as ``[+1234 chars]``.
    strip_datelines : bool, default True
        Skip credits and datelines such as ``OSLO (Agency) -``.
    strip_bylines : bool, default True
        Skip ``By Jane Doe`` at the start of a text.
    strip_publishers : bool, default True
        Skip a publisher's name at the end of a title, and the document's own
        source at the end of its title or text.
    strip_links : bool, default True
        Skip links such as ``https://example.org/a`` and ``t.co/a``.
    strip_repeated_titles : bool, default True
        Skip the title where the text begins with it.

    Attributes
    ----------
    bands, rows_per_band : int
        The banding in force.

    Raises
    ------
    ConfigError
        If a setting is out of range, or settings contradict each other.
    """

    policy: Policy = _UNSAID_POLICY
    threshold: float = _UnsaidNumber(0.7)
    recall: float = _UnsaidNumber(0.99)
    min_probability: float = 0.5
    shingle_size: int = 3
    num_perm: int = 128
    seed: int = 1
    params: tuple[int, int] | None = None
    prefer: Prefer = "earliest"
    bucket_limit: int = 1000
    window: dt.timedelta | None = None
    judge: Judge | str | os.PathLike[str] | None = None
    strip_html: bool = True
    strip_cut_off_marks: bool = True
    strip_datelines: bool = True
    strip_bylines: bool = True
    strip_publishers: bool = True
    strip_links: bool = True
    strip_repeated_titles: bool = True
    bands: int = dataclasses.field(init=False, compare=False)
    rows_per_band: int = dataclasses.field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Validate every setting, then settle the policy and the banding."""
        self._settle_policy()
        _require_choice("policy", self.policy, get_args(Policy))
        _require_choice("prefer", self.prefer, get_args(Prefer))
        for name, one_allowed in (
            ("threshold", True),
            ("recall", False),
            ("min_probability", False),
        ):
            fraction = _required_fraction(name, getattr(self, name), one_allowed=one_allowed)
            object.__setattr__(self, name, fraction)
        for name, least, most in _WHOLE_NUMBERS:
            number = _required_int(name, getattr(self, name), least, most)
            object.__setattr__(self, name, number)
        self._check_window()
        self._settle_judge()
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                message = f"{name}={getattr(self, name)!r} is no switch; pass True or False"
                raise ConfigError(message)
        bands, rows_per_band = self._settle_params()
        object.__setattr__(self, "bands", bands)
        object.__setattr__(self, "rows_per_band", rows_per_band)

    def _settle_policy(self) -> None:
        """Choose the policy that reads what was said, and forget what was not."""
        if isinstance(self.policy, _UnsaidText):
            is_unsaid = (
                isinstance(self.threshold, _UnsaidNumber)
                and isinstance(self.recall, _UnsaidNumber)
                and self.params is None
            )
            object.__setattr__(self, "policy", "news" if is_unsaid else "similar")
        for name in ("threshold", "recall"):
            if isinstance(getattr(self, name), _UnsaidNumber):
                object.__setattr__(self, name, float(getattr(self, name)))

    def _check_window(self) -> None:
        window: object = self.window
        if window is None or (isinstance(window, dt.timedelta) and window > dt.timedelta()):
            return
        fault = "out of range" if isinstance(window, dt.timedelta) else "no length of time"
        message = (
            f"window={window!r} is {fault}; pass a datetime.timedelta above 0, such as "
            "timedelta(days=30), or None for no window"
        )
        raise ConfigError(message)

    def _settle_judge(self) -> None:
        if self.judge is None:
            return
        if self.policy != "news":
            message = (
                f"judge={self.judge!r} was given, but the policy {self.policy!r} asks no judge. "
                "Leave it out, or leave out threshold, recall and params for the policy 'news'"
            )
            raise ConfigError(message)
        object.__setattr__(self, "judge", read_judge(self.judge))

    def _settle_params(self) -> tuple[int, int]:
        if self.params is None:
            chosen = tuning.choose_bands(self.threshold, self.recall, self.num_perm)
            if chosen is None:
                message = (
                    f"no bands × rows within num_perm={self.num_perm} reach "
                    f"recall={self.recall} at threshold={self.threshold}. "
                    "Raise num_perm, or lower recall"
                )
                raise ConfigError(message)
            return chosen
        params: object = self.params
        if not isinstance(params, (tuple, list)) or len(params) != _PARAMS_LENGTH:
            message = f"params={params!r} must be a pair (bands, rows_per_band), such as (17, 4)"
            raise ConfigError(message)
        bands = _required_int("bands in params", params[0], 1, self.num_perm)
        rows_per_band = _required_int("rows_per_band in params", params[1], 1, self.num_perm)
        if bands * rows_per_band > self.num_perm:
            message = (
                f"params={(bands, rows_per_band)} need {bands * rows_per_band} permutations, "
                f"but num_perm={self.num_perm}. Raise num_perm, or choose fewer bands or rows"
            )
            raise ConfigError(message)
        object.__setattr__(self, "params", (bands, rows_per_band))
        return bands, rows_per_band

    @classmethod
    def for_recall(cls, threshold: float = 0.7, recall: float = 0.99, **settings: Any) -> Config:
        """
        Return a configuration whose bands reach `recall` at `threshold`.

        Parameters
        ----------
        threshold : float, default 0.7
            Least Jaccard similarity of a match, in (0, 1].
        recall : float, default 0.99
            Least probability that a pair exactly at `threshold` is found, in (0, 1).
        **settings : Any
            Any other setting of `Config` but `params`.

        Returns
        -------
        Config
            With the cheapest bands × rows that reach it within ``num_perm``.

        Raises
        ------
        ConfigError
            If a setting is out of range, `params` is given, or ``num_perm``
            is too small for that recall.
        """
        if "params" in settings:
            message = (
                "for_recall chooses params itself and cannot be given "
                f"params={settings['params']!r}. Use Config(params=...) to set them"
            )
            raise ConfigError(message)
        return from_settings({"threshold": threshold, "recall": recall, **settings})

    def recall_at(self, jaccard: float) -> float:
        """
        Return the probability that a pair of this similarity becomes a candidate.

        Parameters
        ----------
        jaccard : float
            Jaccard similarity, in [0, 1].

        Returns
        -------
        float
            In [0, 1]: the S-curve of the bands in force.

        Raises
        ------
        ConfigError
            If `jaccard` is outside [0, 1].
        """
        if not _is_number(jaccard) or not 0.0 <= jaccard <= 1.0:
            message = f"jaccard={jaccard!r} is no similarity; pass a number from 0 to 1"
            raise ConfigError(message)
        return tuning.candidate_probability(jaccard, self.bands, self.rows_per_band)

    def replace(self, **settings: Any) -> Config:
        """
        Return a copy with some settings changed, validated anew.

        Parameters
        ----------
        **settings : Any
            Settings of `Config`.

        Returns
        -------
        Config
            The bands are chosen again unless ``params`` was given.

        Raises
        ------
        ConfigError
            If a setting is unknown or out of range.
        """
        current = {**self.to_dict(), "judge": self.judge}
        if "policy" not in settings and {"threshold", "recall", "params"} & set(settings):
            current["policy"] = "similar"
        return from_settings({**current, **settings})

    def to_dict(self) -> dict[str, Any]:
        """
        Return the settings as JSON-ready values.

        Returns
        -------
        dict
            One entry a setting, in the order of the class; `from_dict` reads it.
        """
        settings = {name: getattr(self, name) for name in _SETTINGS}
        settings["params"] = None if self.params is None else list(self.params)
        settings["judge"] = self.judge.document() if isinstance(self.judge, Judge) else None
        settings["window"] = None if self.window is None else self.window.total_seconds()
        return settings

    def shown(self) -> dict[str, Any]:
        """
        Return the settings for people.

        Returns
        -------
        dict
            As `to_dict`, but of a judge its digest.
        """
        judge = self.judge.digest if isinstance(self.judge, Judge) else "of the package"
        return {**self.to_dict(), "judge": judge}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Config:
        """
        Return the configuration that `to_dict` described.

        Parameters
        ----------
        settings : mapping
            Settings by name; those left out take their defaults.

        Returns
        -------
        Config
            The validated configuration.

        Raises
        ------
        ConfigError
            If a setting is unknown or out of range.
        """
        return from_settings(settings)


_SETTINGS = tuple(field.name for field in dataclasses.fields(Config) if field.init)
_SWITCHES = tuple(name for name in _SETTINGS if name.startswith("strip_"))
_PARAMS_LENGTH = 2


def from_settings(settings: Mapping[str, Any]) -> Config:
    """
    Return a configuration from settings by name, refusing unknown names.

    Parameters
    ----------
    settings : mapping
        Settings of `Config`.

    Returns
    -------
    Config
        The validated configuration.

    Raises
    ------
    ConfigError
        If a setting is unknown or out of range.
    """
    unknown = sorted(set(settings) - set(_SETTINGS))
    if unknown:
        message = (
            f"unknown setting {', '.join(map(repr, unknown))}; "
            f"the settings are {', '.join(_SETTINGS)}"
        )
        raise ConfigError(message)
    values = dict(settings)
    if isinstance(values.get("params"), list):
        values["params"] = tuple(values["params"])
    if _is_number(values.get("window")):
        values["window"] = _seconds(values["window"])
    return Config(**values)


def settled(config: Config | None, settings: Mapping[str, Any]) -> Config:
    """
    Return the configuration in force.

    Parameters
    ----------
    config : Config or None
        The settings; the defaults for None.
    settings : mapping
        Single settings that take precedence.

    Returns
    -------
    Config
        Both together.

    Raises
    ------
    ConfigError
        If `config` is something else, or a setting is unknown or out of range.
    """
    if config is not None and not isinstance(config, Config):
        message = (
            f"config={config!r} is of type {type(config).__name__!r}; pass a dn.Config, "
            "or settings by keyword, such as threshold=0.8"
        )
        raise ConfigError(message)
    if config is None:
        return from_settings(settings)
    return config.replace(**settings) if settings else config


def _seconds(number: float) -> dt.timedelta:
    """Return a window that `Config.to_dict` wrote."""
    try:
        return dt.timedelta(seconds=float(number))
    except (OverflowError, ValueError) as error:
        message = f"window={number!r} is no length of time in seconds; pass a datetime.timedelta"
        raise ConfigError(message) from error


def _require_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        message = f"{name}={value!r} is not known; allowed are {', '.join(map(repr, allowed))}"
        raise ConfigError(message)


def _is_number(value: object) -> TypeGuard[float]:
    # NumPy's numbers are Real too, its booleans are not.
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def whole_number(value: object) -> int | None:
    """
    Return a whole number of any type as Python's own.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    int or None
        None for what is no whole number by its type: 2.0, True and "2".
    """
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _required_fraction(name: str, value: object, *, one_allowed: bool) -> float:
    bound = "1 included" if one_allowed else "1 excluded"
    remedy = f"pass a number above 0 and up to 1 ({bound})"
    if not _is_number(value):
        message = f"{name}={value!r} is no number; {remedy}"
        raise ConfigError(message)
    if math.isnan(value) or value <= 0 or value > 1 or (value == 1 and not one_allowed):
        message = f"{name}={value!r} is out of range; {remedy}"
        raise ConfigError(message)
    return float(value)


def _required_int(name: str, value: object, least: int, most: int) -> int:
    number = whole_number(value)
    if number is None or not least <= number <= most:
        fault = "no whole number" if number is None else "out of range"
        message = f"{name}={value!r} is {fault}; pass a whole number from {least} to {most}"
        raise ConfigError(message)
    return number
