"""A Redis server for a test: its own, on a free port, stopped by its process id."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_START_S = 20.0


class RedisServer:
    """
    A server that can be stopped, killed and started again, and keeps its documents.

    Parameters
    ----------
    folder : Path
        Where it keeps them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, prefix: str) -> str:
        """Return the address of an index."""
        return f"redis://127.0.0.1:{self.port}/0?prefix={prefix}"

    def start(self, *options: str, persistent: bool = True) -> None:
        """Start it, and wait until it answers."""
        program = shutil.which("redis-server")
        assert program is not None, "redis-server is missing: apt-get install -y redis-server"
        self._process = subprocess.Popen(  # noqa: S603 - of our own making
            [
                program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                "--dir", str(self._folder), "--appendonly", "yes" if persistent else "no",
                "--appendfsync", "always" if persistent else "no", *options,
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + _LONGEST_START_S
        while not self._answers():
            assert self._process.poll() is None, "redis-server ended at once"
            assert time.monotonic() < until, "redis-server does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), 1) as to,
        ):
            to.sendall(b"PING\r\n")
            return to.recv(64).startswith(b"+PONG")
        return False

    def stop(self, *, kill: bool = False) -> None:
        """Stop it as an operator would, or at once."""
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def running() -> Iterator[RedisServer]:
    """Run a server for the time of a block."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop(kill=True)
