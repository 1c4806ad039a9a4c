"""A Redis server that may be slow, away or restarting: calls that end within a stated time."""

from __future__ import annotations

import importlib
import random
import time
from typing import TYPE_CHECKING, Any

from dedupe_news.errors import (
    ConfigError,
    MissingDependencyError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 1.0
_WAITING = ("LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN")


class Server:
    """
    A connection that mends itself.

    Parameters
    ----------
    url : str
        As redis-py takes it.
    name : str
        For messages: without a password.
    timeout : float
        Seconds after which a call fails.

    Raises
    ------
    MissingDependencyError
        If redis-py is not installed.
    ConfigError
        If the address cannot be understood.
    """

    def __init__(self, url: str, name: str, timeout: float) -> None:
        try:
            self._redis: Any = importlib.import_module("redis")
        except ImportError as error:
            message = (
                "an index on a Redis server needs redis, which is not installed; "
                "pip install 'dedupe-news[redis]'"
            )
            raise MissingDependencyError(message) from error
        self._name, self._timeout = name, timeout
        no_retry = self._redis.retry.Retry(self._redis.backoff.NoBackoff(), 0)
        try:
            self._client = self._redis.Redis.from_url(
                url,
                socket_timeout=max(timeout, 0.1),
                socket_connect_timeout=max(timeout, 0.1),
                retry=no_retry,
            )
        except ValueError as error:
            message = f"{name!r} is no address of a Redis server: {error}"
            raise ConfigError(message) from error
        self._digests: dict[str, str] = {}

    def run(self, script: str, prefix: str, arguments: Sequence[bytes | str | int]) -> list[Any]:
        """
        Run a script in the server.

        It is run again where no answer came: a script must do no harm twice.

        Parameters
        ----------
        script : str
            In Lua.
        prefix : str
            Its one key.
        arguments : sequence of bytes, str or int
            Its arguments.

        Returns
        -------
        list
            Its answer.

        Raises
        ------
        StoreError
            If the server refuses, or does not answer in time.
        """

        def _call() -> list[Any]:
            digest = self._digests.get(script)
            if digest is None:
                digest = self._digests[script] = self._client.script_load(script)
            try:
                answer: list[Any] = self._client.evalsha(digest, 1, prefix, *arguments)
            except self._redis.exceptions.NoScriptError:  # it was restarted
                answer = self._client.eval(script, 1, prefix, *arguments)
            return answer

        return self.attempt(_call)  # type: ignore[no-any-return]

    def hashes(self, keys: Sequence[str]) -> list[dict[bytes, bytes]]:
        """
        Return whole hashes.

        Parameters
        ----------
        keys : sequence of str
            Their keys.

        Returns
        -------
        list of dict
            Empty for keys that are not there.
        """

        def _call() -> list[dict[bytes, bytes]]:
            with self._client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.hgetall(key)
                found: list[dict[bytes, bytes]] = pipeline.execute()
            return found

        return self.attempt(_call)  # type: ignore[no-any-return]

    def fields(self, key: str, names: Sequence[int]) -> list[bytes | None]:
        """
        Return some fields of a hash.

        Parameters
        ----------
        key : str
            Its key.
        names : sequence of int
            The fields.

        Returns
        -------
        list of bytes or None
            In the same order.
        """
        return self.attempt(lambda: self._client.hmget(key, names))  # type: ignore[no-any-return]

    def names(self, key: str) -> list[bytes]:
        """
        Return the names of the fields of a hash.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        list of bytes
            In no order.
        """
        return self.attempt(lambda: self._client.hkeys(key))  # type: ignore[no-any-return]

    def memory(self) -> dict[str, Any]:
        """
        Return what the server says of itself.

        Returns
        -------
        dict
            Version and memory in use.
        """
        return self.attempt(  # type: ignore[no-any-return]
            lambda: {
                "redis": self._client.info("server")["redis_version"],
                "server_bytes": self._client.info("memory")["used_memory"],
            }
        )

    def attempt(self, call: Any) -> Any:  # noqa: ANN401 - whatever the call returns
        """
        Call until there is an answer, or the time is up.

        Parameters
        ----------
        call : callable
            Talks to the server; harmless to repeat.

        Returns
        -------
        object
            Its answer.

        Raises
        ------
        StoreUnavailableError
            If none came in time.
        StoreFullError
            If the server has no memory left.
        StoreError
            If it refuses for another reason.
        """
        errors = self._redis.exceptions
        until = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE_S
        while True:
            try:
                return call()
            except errors.AuthenticationError as error:
                message = f"{self._name!r} refuses the user or password: {error}"
                raise StoreError(message) from error
            except errors.OutOfMemoryError as error:
                raise self._full(error) from error
            except (errors.ConnectionError, errors.TimeoutError) as error:
                reason = error
            except errors.RedisError as error:
                text = str(error)
                if "OOM" in text:
                    raise self._full(error) from error
                if not text.startswith(_WAITING):
                    message = f"{self._name!r} refuses: {text}"
                    raise StoreError(message) from error
                reason = error
            if time.monotonic() + pause > until:
                message = (
                    f"{self._name!r} has not answered for timeout={self._timeout:g} seconds: "
                    f"{reason}. What was asked is done wholly or not at all. Start the server, "
                    "or open the index with a longer timeout"
                )
                raise StoreUnavailableError(message) from reason
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - so that workers part
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _full(self, error: Exception) -> StoreFullError:
        return StoreFullError(
            f"{self._name!r} has no memory left: {error}. Nothing of the change was kept, and "
            "queries go on. Raise its maxmemory, or let documents expire"
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
