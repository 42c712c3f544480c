"""What a command needs of this machine when there is no service: a folder, the operator's word on the sandbox, engines, a target."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.settings import KEY_BYTES, Sandbox, create_key, data_dir, read_keys

if TYPE_CHECKING:
    from workers.ports import Target
    from workers.sandbox.machine import Machine

# Nothing in such a URL can be read in two ways.
_PLAIN = re.compile(r"[a-z]+://(?:[\w.~%-]+(?::[\w.~%!*-]*)?@)?[\w.-]*(?::\d{1,5})?(?:/[\w./~ -]*)?")


def folder() -> Path:
    """The data folder of this user. Raises ExpectedError(not_configured) where it cannot be made."""
    path = data_dir(os.environ)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o711)
    except OSError as error:
        message = f"{path} cannot be made: {error.strerror}"
        raise ExpectedError(message, "set SCHEMAGATE_DATA_DIR to another", RefusalCode.NOT_CONFIGURED) from error
    return path


def open_machine(*, remembered: bool = False) -> Machine:
    """The sandbox of this machine, or why there is none."""
    from workers.sandbox.machine import find_machine  # noqa: PLC0415 -- a server is asked without it

    off = os.environ.get("SCHEMAGATE_SANDBOX") == Sandbox.OFF.value
    return find_machine(folder(), off=off, remembered=remembered)


def hash_key() -> bytes:
    """The key of the hashes that stand in for secrets in snapshots: the service's where it is here, else one of this user's own, kept."""
    named = os.environ.get("SCHEMAGATE_STATE_KEY", "")
    path = Path(named.removeprefix("file:")) if named else folder() / "state.key"
    if not path.exists():
        path = folder() / "hashes.key"
        create_key(path, secrets.token_bytes(KEY_BYTES))
    return read_keys(path)[0].secret


def sound(url: str) -> str:
    """The URL itself. Raises ExpectedError where it is none, or where a part of its password would be read, and shown, as the server's name."""
    if _PLAIN.fullmatch(url):
        return url
    from sqlalchemy import make_url  # noqa: PLC0415 -- large, and rarely needed
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    scheme, _, rest = url.partition("://")
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        advice = "write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:///FILE"
        raise ExpectedError("the URL cannot be read", advice, RefusalCode.NOT_CONFIGURED) from None
    if not scheme.startswith("sqlite") and rest.count("@") > 1:
        message, advice = "the URL has more than one @", "write an @ that belongs to the password as %40"
        raise ExpectedError(message, advice, RefusalCode.NOT_CONFIGURED)
    return url


def open_target(url: str) -> Target:
    """The target of a URL; only its own engine is imported. Raises ExpectedError for an engine that is not served."""
    word = sound(url).partition(":")[0].partition("+")[0].lower()
    match {"postgres": "postgresql"}.get(word, word):
        case Engine.POSTGRESQL.value:
            from workers.core.hidden import Hiding  # noqa: PLC0415 -- see above
            from workers.databases.postgresql.target import PostgresqlTarget  # noqa: PLC0415

            return PostgresqlTarget(url, None, (), Hiding(hash_key()))
        case Engine.MYSQL.value | Engine.MARIADB.value:
            from workers.core.hidden import Hiding  # noqa: PLC0415
            from workers.databases.mysql.target import MysqlTarget  # noqa: PLC0415

            return MysqlTarget(url, None, Hiding(hash_key()))
        case Engine.SQLITE.value:
            from workers.databases.sqlite.target import sqlite_target  # noqa: PLC0415

            machine = open_machine(remembered=True)
            return sqlite_target(url, machine.area, machine.sandbox)
    message, advice = (
        "this URL names no engine that is served",
        f"use one of: {', '.join(f'{item.value}://' for item in Engine)}",
    )
    raise ExpectedError(message, advice, RefusalCode.TARGET_VERSION_UNSUPPORTED)
