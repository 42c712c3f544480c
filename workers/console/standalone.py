"""What a command needs of this machine when there is no service: a folder, the operator's word on the sandbox, engines, a target."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.machine import Machine, databases, find_machine
from workers.ports import Target
from workers.settings import KEY_BYTES, Sandbox, create_key, data_dir, read_keys
from workers.steps.target import database_of


def folder() -> Path:
    """The data folder of this user. Raises ExpectedError(not_configured) where it cannot be made."""
    path = data_dir(os.environ)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o711)
    except OSError as error:
        message = f"{path} cannot be made: {error.strerror}"
        raise ExpectedError(message, "set SCHEMAGATE_DATA_DIR to another", RefusalCode.NOT_CONFIGURED) from error
    return path


def open_machine() -> Machine:
    """The sandbox of this machine, or why there is none."""
    return find_machine(folder(), off=os.environ.get("SCHEMAGATE_SANDBOX") == Sandbox.OFF.value)


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
    """The target of a URL. Raises ExpectedError for an engine that is not served."""
    sound(url)
    served = databases(open_machine(), hash_key())
    database = database_of(served, url)
    if database is None:
        names = ", ".join(f"{item.engine.value}://" for item in served)
        message, advice = "this URL names no engine that is served", f"use one of: {names}"
        raise ExpectedError(message, advice, RefusalCode.TARGET_VERSION_UNSUPPORTED)
    return database.target(url, None)
