"""A stage of pyspark.ml pipelines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from pyspark.ml import Transformer
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

from dedupe_news.config import Config, settled
from dedupe_news.documents import AUTO, Choices
from dedupe_news.errors import ConfigError, InputError
from dedupe_news.integrations.spark.clustering import cluster, used_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame

_ROLES = ("id", "title", "text", "source", "published")
_READING = ("on_invalid", "timezone", "date_format")
_ADDED = ("cluster", "representative", "relation")


def _param(
    name: str, doc: str, convert: Callable[[Any], Any] = TypeConverters.toString
) -> Param[Any]:
    return Param(Params._dummy(), name, doc, convert)  # noqa: SLF001 - as pyspark's own stages do


class Deduplicator(Transformer, DefaultParamsReadable["Deduplicator"], DefaultParamsWritable):
    """
    Adds the cluster of every document to a DataFrame, or leaves one a cluster.

    A transformer: there is nothing to fit, and it can stand in a Pipeline. It
    is saved and loaded as any stage, alone or in a Pipeline, with all its
    settings.

    Parameters
    ----------
    config : Config, optional
        The settings; the defaults where it is left out.
    idCol, titleCol, textCol, sourceCol, publishedCol : str, optional
        Names of the columns; by default those of the usual names.
    clusterCol, representativeCol, relationCol : str, optional
        Names of the columns to add; by default ``cluster``, ``representative``
        and ``relation``.
    dropDuplicates : bool, default False
        Whether only the documents that are kept are returned, without the
        column of relations.
    **settings : Any
        Single settings of `Config` that take precedence over `config`, and
        ``on_invalid``, ``timezone`` and ``date_format`` of `dedupe_news.cluster`.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Examples
    --------
    >>> from dedupe_news.integrations.spark import Deduplicator
    >>> Deduplicator(textCol="body", policy="similar", threshold=0.8).getOrDefault("textCol")
    'body'
    """

    idCol = _param("idCol", "column of ids")  # noqa: N815 - as pyspark names Params
    titleCol = _param("titleCol", "column of titles")  # noqa: N815
    textCol = _param("textCol", "column of texts")  # noqa: N815
    sourceCol = _param("sourceCol", "column of sources")  # noqa: N815
    publishedCol = _param("publishedCol", "column of times of publication")  # noqa: N815
    clusterCol = _param("clusterCol", "column of clusters to add")  # noqa: N815
    representativeCol = _param("representativeCol", "column of the ids kept to add")  # noqa: N815
    relationCol = _param("relationCol", "column of relations to add")  # noqa: N815
    dropDuplicates = _param(  # noqa: N815
        "dropDuplicates", "whether only what is kept is returned", TypeConverters.toBoolean
    )
    settings = _param("settings", "the settings, as JSON of Config.to_dict()")
    reading = _param("reading", "how values are read, as JSON")

    def __init__(
        self,
        config: Config | None = None,
        *,
        idCol: str | None = None,  # noqa: N803 - as pyspark names Params
        titleCol: str | None = None,  # noqa: N803
        textCol: str | None = None,  # noqa: N803
        sourceCol: str | None = None,  # noqa: N803
        publishedCol: str | None = None,  # noqa: N803
        clusterCol: str = "cluster",  # noqa: N803
        representativeCol: str = "representative",  # noqa: N803
        relationCol: str = "relation",  # noqa: N803
        dropDuplicates: bool = False,  # noqa: N803
        **settings: Any,
    ) -> None:
        super().__init__()
        read = {name: settings.pop(name) for name in _READING if name in settings}
        given = {
            "idCol": idCol,
            "titleCol": titleCol,
            "textCol": textCol,
            "sourceCol": sourceCol,
            "publishedCol": publishedCol,
            "clusterCol": clusterCol,
            "representativeCol": representativeCol,
            "relationCol": relationCol,
            "dropDuplicates": dropDuplicates,
            "settings": json.dumps(settled(config, settings).to_dict()),
            "reading": json.dumps(read),
        }
        for name, value in given.items():
            if value is not None:
                self.set(self.getParam(name), value)

    @property
    def config(self) -> Config:
        """
        The settings in force, as given or loaded.

        Returns
        -------
        Config
            `ConfigError` is raised if the Param ``settings`` was set to something else.
        """
        text = self.getOrDefault("settings")
        try:
            settings = json.loads(text)
        except ValueError as error:
            message = (
                f"the Param settings is {text!r}, which is no JSON. Set it to "
                "json.dumps(config.to_dict()), or pass config=... to a new Deduplicator"
            )
            raise ConfigError(message) from error
        return Config.from_dict(settings)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        columns = {role: self.getParam(f"{role}Col") for role in _ROLES}
        named = {
            role: self.getOrDefault(param) if self.isDefined(param) else AUTO
            for role, param in columns.items()
        }
        choices = cast("Choices", named)
        added = {name: str(self.getOrDefault(f"{name}Col")) for name in _ADDED}
        for name in added.values():
            if name in dataset.columns:
                message = (
                    f"the DataFrame has a column {name!r} already, which is to be added. Drop it, "
                    "or choose other names: clusterCol, representativeCol, relationCol"
                )
                raise InputError(message)
        config = self.config
        id_column, _ = used_columns(dataset, choices)
        read = json.loads(self.getOrDefault("reading"))
        clusters = cluster(dataset, **choices, **read, config=config)
        if self.getOrDefault("dropDuplicates"):
            clusters = clusters.where(F.col("id") == F.col("representative"))
            added = {"cluster": added["cluster"]}
        renamed = [F.col(name).alias(alias) for name, alias in added.items()]
        return dataset.join(clusters.select(F.col("id").alias(id_column), *renamed), id_column)
