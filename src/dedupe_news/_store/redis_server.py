"""
A Redis server that may be slow, away or restarting, and the scripts that run inside it.

A call ends within a stated time. A script runs all at once or not at all; it is
told how far its caller has read the log, and refuses to go on where the server's
log is another one, or shorter, or holds another event there, so that no loss of
the server passes unnoticed.
"""

from __future__ import annotations

import contextlib
import importlib
import random
import re
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from dedupe_news.errors import (
    ConfigError,
    MissingDependencyError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 1.0
# What a server says while it cannot do a command yet, and has done none of it. redis-py has
# classes for some words, and drops them from the text; of a script they stand within the text.
_PASSING = re.compile(
    r"\b(?:LOADING|BUSY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|READONLY|NOREPLICAS|MISCONF)\b"
    "|max number of clients"
)
_PASSING_ERRORS = (
    "BusyLoadingError", "MasterDownError", "TryAgainError", "ClusterDownError", "ReadOnlyError",
)  # fmt: skip
_ELSEWHERE = ("MovedError", "AskError", "ClusterCrossSlotError")
NOTHING_KEPT = "Nothing of the change was kept"
UNKNOWN = (
    "It is not known whether the change was kept: all of it was, or nothing; "
    "`id in index` tells once the server answers"
)

# KEYS: meta, events, lock, token. ARGV[1..3]: incarnation, position, checksum of the event before.
_BEGIN = """
local function now() local t = redis.call('TIME'); return t[1] * 1000000 + t[2] end
local m = redis.call('HMGET', KEYS[1], 'incarnation', 'end', 'base')
if not m[1] then return {'gone', string.format('%.0f', now())} end
if m[1] ~= ARGV[1] then return {'other', string.format('%.0f', now())} end
local stop, base, at = tonumber(m[2]), tonumber(m[3]), tonumber(ARGV[2])
local function id(position) return string.format('%.0f-0', position + 1) end
local function answer(status, found)
  return {status, string.format('%.0f', now()), redis.call('PTTL', KEYS[1]), stop, base, found}
end
if at > stop then return {'lost'} end
if at > 0 then
  local last = redis.call('XRANGE', KEYS[2], id(at - 1), id(at - 1))
  if last[1] and string.sub(last[1][2][2], 1, 8) ~= ARGV[3] then return {'lost'} end
end
"""

# ARGV[4]: most events to return.
_READ = """
local found = {}
if at < stop then found = redis.call('XRANGE', KEYS[2], id(at), '+', 'COUNT', ARGV[4]) end
return answer('ok', found)
"""
PULL = _BEGIN + _READ

# ARGV[5..6]: token and lease of the lock.
LOCK = f"""{_BEGIN}
if not redis.call('SET', KEYS[3], ARGV[5], 'NX', 'PX', ARGV[6]) then
  if redis.call('GET', KEYS[3]) ~= ARGV[5] then return {{'held'}} end
end
{_READ}"""

RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"
UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

# ARGV[4..8]: token of the lock, milliseconds that the token of this append is remembered,
# milliseconds to live or 0, base or -1, number of discarded positions; these, and the events.
APPEND = f"""{_BEGIN}
if redis.call('EXISTS', KEYS[4]) == 1 then return answer('ok', {{}}) end
if at ~= stop then return answer('conflict', {{}}) end
local n_discarded = tonumber(ARGV[8])
for each = 9 + n_discarded, #ARGV do
  redis.call('XADD', KEYS[2], id(stop), 'e', ARGV[each])
  stop = stop + 1
end
for each = 9, 8 + n_discarded do redis.call('XDEL', KEYS[2], id(tonumber(ARGV[each]))) end
redis.call('HSET', KEYS[1], 'end', string.format('%.0f', stop))
if ARGV[7] ~= '-1' then redis.call('HSET', KEYS[1], 'base', ARGV[7]) end
redis.call('SET', KEYS[4], '', 'PX', ARGV[5])
if ARGV[6] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
end
if redis.call('GET', KEYS[3]) == ARGV[4] then redis.call('DEL', KEYS[3]) end
return answer('ok', {{}})
"""

# ARGV: names and values of a new index.
CREATE = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], unpack(ARGV))
end
return redis.call('HGETALL', KEYS[1])
"""


def split_url(url: str) -> tuple[str, str, str]:
    """Return the address as redis-py takes it, the prefix in braces, and a name for messages."""
    split = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(split.query, keep_blank_values=True)
    prefix = query.pop("prefix", ["dedupe_news"])[-1]
    if not prefix or set("{}") & set(prefix):
        message = (
            f"the prefix {prefix!r} of {split.hostname!r} cannot begin the keys of an index; give "
            "one without braces, such as ?prefix=feed"
        )
        raise ConfigError(message)
    address = split._replace(query=urllib.parse.urlencode(query, doseq=True)).geturl()
    try:
        port = f":{split.port}" if split.port else ""
    except ValueError as error:
        message = f"the address of the Redis server cannot be understood: {error}"
        raise ConfigError(message) from error
    name = f"{split.scheme}://{split.hostname or ''}{port}{split.path}?prefix={prefix}"
    return address, f"{{{prefix}}}", name


class Server:
    """
    A connection that mends itself; `timeout` is in seconds, `name` for messages.

    `MissingDependencyError` if redis-py is not installed, `ConfigError` if the
    address cannot be understood.
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
            self.client = self._redis.Redis.from_url(
                url,
                socket_timeout=max(timeout, 0.1),
                socket_connect_timeout=max(timeout, 0.1),
                retry=no_retry,
            )
        except ValueError as error:
            message = f"{name!r} is no address of a Redis server: {error}"
            raise ConfigError(message) from error
        self._digests: dict[str, str] = {}

    def check_alone(self) -> None:
        """Refuse a node of a Redis Cluster, which may send any key elsewhere at any time."""
        try:
            found = self.attempt(lambda: self.client.info("cluster"))
        except StoreUnavailableError:
            raise
        except StoreError:
            return  # a user who may not ask
        if int(found.get("cluster_enabled", 0)):
            message = (
                f"{self._name!r} is a node of a Redis Cluster, which is not supported: an index "
                "lies on one server. Give the address of one that runs without cluster mode, "
                "replicated or not"
            )
            raise StoreError(message)

    def run(
        self,
        script: str,
        keys: Sequence[str],
        arguments: Sequence[bytes | str | int],
        kept: str = "",
    ) -> list[Any]:
        """
        Run a script in the server, again where no answer came: it must do no harm twice.

        `kept` is what errors say of the change that was asked for.
        """

        def _call() -> list[Any]:
            digest = self._digests.get(script)
            if digest is None:
                digest = self._digests[script] = self.client.script_load(script)
            try:
                answer: list[Any] = self.client.evalsha(digest, len(keys), *keys, *arguments)
            except self._redis.exceptions.NoScriptError:  # it was restarted
                answer = self.client.eval(script, len(keys), *keys, *arguments)
            return answer

        return self.attempt(_call, kept)  # type: ignore[no-any-return]

    def attempt(self, call: Callable[[], Any], kept: str = "") -> Any:  # noqa: ANN401 - any answer
        """Call until there is an answer, or the time is up."""
        errors = self._redis.exceptions
        until = time.monotonic() + self._timeout
        pause, said = _FIRST_PAUSE_S, NOTHING_KEPT if kept else "Nothing was changed"
        while True:
            try:
                return call()
            except errors.AuthenticationError as error:
                message = f"{self._name!r} refuses the user or password: {error}"
                raise StoreError(message) from error
            except errors.RedisError as error:
                reason, text = error, str(error)
                if isinstance(error, errors.OutOfMemoryError) or "OOM" in text:
                    raise self._full(error, said) from error
                is_passing = type(error).__name__ in _PASSING_ERRORS or _PASSING.search(text)
                if is_passing:  # the name may lead to another master by now
                    self.client.connection_pool.disconnect()
                elif isinstance(error, (errors.ConnectionError, errors.TimeoutError)):
                    said = kept or said  # from now on
                else:
                    raise self._refused(error, said) from error
            if time.monotonic() + pause > until:
                what, remedy = "not answered", "Start the server"
                if is_passing:
                    what, remedy = "refused", "Mend what it says"
                message = (
                    f"{self._name!r} has {what} for timeout={self._timeout:g} seconds: "
                    f"{text.rstrip('.')}. "
                    f"{said}. {remedy}, or open the index with a longer timeout"
                )
                raise StoreUnavailableError(message) from reason
            # A random part, so that workers do not retry at the same moment.
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _refused(self, error: Exception, said: str) -> StoreError:
        text = str(error)
        if type(error).__name__ in _ELSEWHERE:
            return StoreError(
                f"{self._name!r} is a node of a Redis Cluster, which is not supported ({text}). "
                "Give the address of a server that runs without cluster mode"
            )
        return StoreError(f"{self._name!r} refuses: {text}. {said}")

    def _full(self, error: Exception, said: str) -> StoreFullError:
        return StoreFullError(
            f"{self._name!r} has no memory left: {error}. {said}. Queries go on. "
            "Raise its maxmemory, or let documents expire"
        )

    def memory(self) -> dict[str, Any]:
        """Return version and memory in use."""
        return self.attempt(  # type: ignore[no-any-return]
            lambda: {
                "redis": self.client.info("server")["redis_version"],
                "server_bytes": self.client.info("memory")["used_memory"],
            }
        )

    def close(self) -> None:
        """Close the connections."""
        with contextlib.suppress(self._redis.exceptions.RedisError):
            self.client.close()
