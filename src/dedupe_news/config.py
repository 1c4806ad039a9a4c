"""Every setting and its default; nothing else in the library holds one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import numbers
import operator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard, get_args

from dedupe_news import tuning
from dedupe_news._input.spans import read_span, write_span
from dedupe_news.errors import ConfigError, listed, shown
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


READ_BY_ONE: Mapping[str, Policy] = {
    "threshold": "similar",
    "recall": "similar",
    "params": "similar",
    "num_perm": "similar",
    "seed": "similar",
    "bucket_limit": "similar",
    "min_probability": "news",
    "judge": "news",
}
"""Settings that one policy reads and the other does not."""

_LONGEST = dt.timedelta(days=3_652_058)  # from the first datetime to the last


class _UnsaidNumber(float):
    """A default that nobody has asked for."""


class _UnsaidInt(int):
    """The same for a whole number."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """
    Settings of a run or an index: immutable, validated, serialisable.

    Parameters
    ----------
    policy : {"news", "similar"}, default "news"
        ``"news"`` tells duplicates, related items and items of one template
        apart. ``"similar"`` matches every pair whose exact Jaccard similarity
        reaches `threshold`. A setting that the policy does not read is refused.
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
        MinHash permutations available to the bands, in [1, 4096]; with the
        policy ``"similar"``.
    seed : int, default 1
        Seed of the permutations, in [0, 2**32); with the policy ``"similar"``.
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
        compared. In a larger bucket each text is compared with the four most
        preferred and with four others; then its representatives meet. Results
        say what was bounded. With the policy ``"similar"``; ``"news"`` has a bound
        of its own.
    window : datetime.timedelta or str, optional
        A length of time such as ``"30 days"`` or ``"36h"``, of at most 9,998
        years. Only documents published within so long of each other, or exactly
        so long, can be duplicates; by default all can. Documents without a time
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

    policy: Policy = "news"
    threshold: float = _UnsaidNumber(0.7)
    recall: float = _UnsaidNumber(0.99)
    min_probability: float = _UnsaidNumber(0.5)
    shingle_size: int = 3
    num_perm: int = _UnsaidInt(128)
    seed: int = _UnsaidInt(1)
    params: tuple[int, int] | None = None
    prefer: Prefer = "earliest"
    bucket_limit: int = _UnsaidInt(1000)
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
        """Validate every setting, then settle the banding."""
        _require_choice("policy", self.policy, get_args(Policy))
        self._refuse_unread()
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
            object.__setattr__(self, name, int(number))
        self._settle_window()
        self._settle_judge()
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                message = f"{name}={shown(getattr(self, name))} is no switch; pass True or False"
                raise ConfigError(message)
        bands, rows_per_band = self._settle_params()
        object.__setattr__(self, "bands", bands)
        object.__setattr__(self, "rows_per_band", rows_per_band)

    def _refuse_unread(self) -> None:
        for name, policy in READ_BY_ONE.items():
            value = getattr(self, name)
            is_given = value is not None and not isinstance(value, (_UnsaidNumber, _UnsaidInt))
            if is_given and self.policy != policy:
                message = (
                    f"{name}={shown(value)} is read with policy={policy!r} only, and the policy "
                    f"is {self.policy!r}. Pass policy={policy!r} too, or leave out {name}"
                )
                raise ConfigError(message)

    def _settle_window(self) -> None:
        given: object = self.window
        if given is None:
            return
        fault, window = "no length of time", given
        try:
            window = read_span(given) if isinstance(given, str) else given
        except OverflowError:
            fault, window = "out of range", None
        if _is_number(given):
            fault = "a number without a unit"
        if isinstance(window, dt.timedelta):
            if dt.timedelta() < window <= _LONGEST:
                object.__setattr__(self, "window", window)
                return
            fault = "out of range"
        message = (
            f"window={shown(given)} is {fault}; pass a length of time above 0 and up to 9,998 "
            "years, such as window='30 days', '36h' or timedelta(days=30), or None for no window"
        )
        raise ConfigError(message)

    def _settle_judge(self) -> None:
        if self.judge is not None:
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
            message = (
                f"params={shown(params)} must be a pair (bands, rows_per_band), such as (17, 4)"
            )
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
                f"params={shown(settings['params'])}. Use Config(params=...) to set them"
            )
            raise ConfigError(message)
        chosen = {"policy": "similar", "threshold": threshold, "recall": recall}
        return from_settings({**chosen, **settings})

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
            message = f"jaccard={shown(jaccard)} is no similarity; pass a number from 0 to 1"
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
            The bands are chosen again unless ``params`` was given. Settings
            that another policy does not read are forgotten.

        Raises
        ------
        ConfigError
            If a setting is unknown or out of range.
        """
        current = {**self.to_dict(), "judge": self.judge}
        policy = settings.get("policy", self.policy)
        kept = {
            name: value
            for name, value in current.items()
            if READ_BY_ONE.get(name, policy) == policy
        }
        return from_settings({**kept, **settings})

    def to_dict(self) -> dict[str, Any]:
        """
        Return the settings as JSON-ready values.

        Returns
        -------
        dict
            One entry for each setting that the policy reads, in the order of
            the class; `from_dict` reads it.
        """
        settings = {
            name: getattr(self, name)
            for name in _SETTINGS
            if READ_BY_ONE.get(name, self.policy) == self.policy
        }
        if self.params is not None:
            settings["params"] = list(self.params)
        if isinstance(self.judge, Judge):
            settings["judge"] = self.judge.document()
        if self.window is not None:
            settings["window"] = write_span(self.window)
        return settings

    def shown(self) -> dict[str, Any]:
        """
        Return the settings for people.

        Returns
        -------
        dict
            As `to_dict`, but of a judge its digest.
        """
        settings = self.to_dict()
        if "judge" in settings:
            judge = self.judge
            settings["judge"] = judge.digest if isinstance(judge, Judge) else "of the package"
        return settings

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
    unknown = sorted(map(str, set(settings) - set(_SETTINGS)))
    if unknown:
        message = f"unknown setting {listed(unknown)}; the settings are {', '.join(_SETTINGS)}"
        raise ConfigError(message)
    values = dict(settings)
    if isinstance(values.get("params"), list):
        values["params"] = tuple(values["params"])
    return Config(**values)


def from_stored(settings: Mapping[str, Any]) -> Config:
    """
    Return the configuration of an index, also as earlier versions wrote it.

    Parameters
    ----------
    settings : mapping
        Of `Config.to_dict`: once with every setting, and the window in seconds.

    Returns
    -------
    Config
        The validated configuration.

    Raises
    ------
    ConfigError
        If a setting is unknown or out of range.
    """
    policy = settings.get("policy", "news")
    values = {
        name: value for name, value in settings.items() if READ_BY_ONE.get(name, policy) == policy
    }
    if _is_number(values.get("window")):
        values["window"] = f"{values['window']:f} seconds"
    return from_settings(values)


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
            f"config={shown(config)} is of type {type(config).__name__!r}; pass a dn.Config, "
            "or settings by keyword, such as prefer='latest'"
        )
        raise ConfigError(message)
    if config is None:
        return from_settings(settings)
    return config.replace(**settings) if settings else config


def _require_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        message = f"{name}={shown(value)} is not known; allowed are {', '.join(map(repr, allowed))}"
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
        message = f"{name}={shown(value)} is no number; {remedy}"
        raise ConfigError(message)
    if math.isnan(value) or value <= 0 or value > 1 or (value == 1 and not one_allowed):
        message = f"{name}={shown(value)} is out of range; {remedy}"
        raise ConfigError(message)
    return float(value)


def _required_int(name: str, value: object, least: int, most: int) -> int:
    number = whole_number(value)
    if number is None or not least <= number <= most:
        fault = "no whole number" if number is None else "out of range"
        message = f"{name}={shown(value)} is {fault}; pass a whole number from {least} to {most}"
        raise ConfigError(message)
    return number
