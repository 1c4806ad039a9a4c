"""Every setting: its default, what is allowed, and which policy reads it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from dedupe_news import tuning
from dedupe_news._input.settings import (
    fraction,
    is_number,
    one_of,
    pair,
    refuse,
    span,
    switch,
    whole_from,
    write_span,
)
from dedupe_news.errors import ConfigError, listed, shown
from dedupe_news.judges import Judge, read_judge

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Mapping

    from dedupe_news._input.settings import Check

Policy: TypeAlias = Literal["news", "similar"]
"""What gives the verdict on a pair: ``"similar"`` Jaccard alone, ``"news"`` the classifier."""

Prefer: TypeAlias = Literal["earliest", "latest", "longest"]
"""Which document of a cluster represents it."""


class _DefaultFloat(float):
    """A default, told apart from the same number when a user passes it."""


class _DefaultInt(int):
    """The same for a whole number."""


# All others are switches.
_CHECKS: Mapping[str, Check] = {
    "policy": one_of(Policy),
    "threshold": fraction("included"),
    "recall": fraction("excluded"),
    "min_probability": fraction("excluded"),
    "shingle_size": whole_from(1, 64),
    "num_perm": whole_from(1, 4096),
    "seed": whole_from(0, 2**32 - 1),
    "params": pair,
    "prefer": one_of(Prefer),
    "bucket_limit": whole_from(2, 1_000_000),
    "window": span,
    "judge": lambda _, value: None if value is None else read_judge(value),
}

READ_BY_ONE: Mapping[str, Policy] = {
    **dict.fromkeys(
        ("threshold", "recall", "params", "num_perm", "seed", "bucket_limit"), "similar"
    ),
    **dict.fromkeys(("min_probability", "judge"), "news"),
}
"""Settings that one policy reads and the other does not."""


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
        becomes a candidate; with the policy ``"similar"``, and without `params`.
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
    threshold: float = _DefaultFloat(0.7)
    recall: float = _DefaultFloat(0.99)
    min_probability: float = _DefaultFloat(0.5)
    shingle_size: int = 3
    num_perm: int = _DefaultInt(128)
    seed: int = _DefaultInt(1)
    params: tuple[int, int] | None = None
    prefer: Prefer = "earliest"
    bucket_limit: int = _DefaultInt(1000)
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
        """Validate every setting in the order of the class, then settle the banding."""
        for name in _SETTINGS:
            value, reader = getattr(self, name), READ_BY_ONE.get(name)
            is_default = value is None or isinstance(value, (_DefaultFloat, _DefaultInt))
            if reader not in (None, self.policy) and not is_default:
                fault = (
                    f"is read with policy={reader!r} only, and the policy is {self.policy!r}. "
                    f"Pass policy={reader!r} too, or leave out {name}"
                )
                refuse(name, value, fault)
            if name == "recall" and self.params is not None and not is_default:
                fault = "is not read where params are given. Leave out one of the two"
                refuse(name, value, fault)
            object.__setattr__(self, name, _CHECKS.get(name, switch)(name, value))
        if self.params is None:
            banding = tuning.choose_bands(self.threshold, self.recall, self.num_perm)
            if banding is None:
                message = (
                    f"no bands × rows within num_perm={self.num_perm} reach "
                    f"recall={self.recall} at threshold={self.threshold}. "
                    "Raise num_perm, or lower recall"
                )
                raise ConfigError(message)
        else:
            banding = self._checked_params(*self.params)
            object.__setattr__(self, "params", banding)
        object.__setattr__(self, "bands", banding[0])
        object.__setattr__(self, "rows_per_band", banding[1])

    def _checked_params(self, bands: int, rows_per_band: int) -> tuple[int, int]:
        check = whole_from(1, self.num_perm)
        params = check("bands in params", bands), check("rows_per_band in params", rows_per_band)
        if params[0] * params[1] > self.num_perm:
            message = (
                f"params={params} need {params[0] * params[1]} permutations, "
                f"but num_perm={self.num_perm}. Raise num_perm, or choose fewer bands or rows"
            )
            raise ConfigError(message)
        return params

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
            If a setting is out of range, `params` is given, or ``num_perm`` is too small.
        """
        if "params" in settings:
            message = (
                "for_recall chooses params itself and cannot be given "
                f"params={shown(settings['params'])}. Use Config(params=...) to set them"
            )
            raise ConfigError(message)
        chosen = {"policy": "similar", "threshold": threshold, "recall": recall}
        return cls.from_dict({**chosen, **settings})

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
        if not is_number(jaccard) or not 0.0 <= jaccard <= 1.0:
            refuse("jaccard", jaccard, "is no similarity; pass a number from 0 to 1")
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
            that another policy does not read are forgotten, and of ``params`` and
            ``recall`` the one that was there.

        Raises
        ------
        ConfigError
            If a setting is unknown or out of range.
        """
        current = {**self.to_dict(), "judge": self.judge}
        current = _read_by(settings.get("policy", self.policy), current)
        if settings.get("recall") is not None:
            current.pop("params", None)
        if settings.get("params") is not None:
            current.pop("recall", None)
        return self.from_dict({**current, **settings})

    def to_dict(self) -> dict[str, Any]:
        """
        Return the settings as JSON-ready values.

        Returns
        -------
        dict
            One entry for each setting that is read, in the order of the class;
            `from_dict` reads it.
        """
        settings = _read_by(self.policy, {name: getattr(self, name) for name in _SETTINGS})
        if self.params is not None:
            settings["params"] = list(self.params)
            del settings["recall"]
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
        unknown = sorted(set(settings) - set(_SETTINGS), key=shown)
        if unknown:
            message = f"unknown setting {listed(unknown)}; the settings are {', '.join(_SETTINGS)}"
            raise ConfigError(message)
        return cls(**settings)


_SETTINGS = tuple(field.name for field in dataclasses.fields(Config) if field.init)


def _read_by(policy: object, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a policy reads, and unknown ones."""
    return {
        name: value for name, value in settings.items() if READ_BY_ONE.get(name, policy) == policy
    }


def from_stored(settings: Mapping[str, Any]) -> Config:
    """Return the configuration of an index; 0.1 wrote every setting, and the window in seconds."""
    values = _read_by(settings.get("policy", "news"), settings)
    if values.get("params") is not None:
        values.pop("recall", None)
    if is_number(values.get("window")):
        values["window"] = f"{values['window']:f} seconds"
    return Config.from_dict(values)


def settled(config: Config | None, settings: Mapping[str, Any]) -> Config:
    """Return the configuration in force: single settings take precedence."""
    if config is None:
        return Config.from_dict(settings)
    if not isinstance(config, Config):
        fault = (
            f"is of type {type(config).__name__!r}; pass a dn.Config, or settings by keyword, "
            "such as prefer='latest'"
        )
        refuse("config", config, fault)
    return config.replace(**settings) if settings else config
