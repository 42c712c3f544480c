"""What a command needs of this machine when there is no service: a folder, the operator's word on the sandbox, engines, a target."""

from __future__ import annotations

import os
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.machine import Machine, databases, find_machine
from workers.ports import Target
from workers.settings import Sandbox, data_dir
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


def open_target(url: str) -> Target:
    """The target of a URL. Raises ExpectedError for an engine that is not served."""
    served = databases(open_machine())
    database = database_of(served, url)
    if database is None:
        names = ", ".join(f"{item.engine.value}://" for item in served)
        message, advice = "this URL names no engine that is served", f"use one of: {names}"
        raise ExpectedError(message, advice, RefusalCode.TARGET_VERSION_UNSUPPORTED)
    return database.target(url, None)
