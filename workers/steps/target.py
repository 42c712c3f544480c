"""Which engine an environment's URL names, and how its target is reached."""

from __future__ import annotations

from workers.core.config import Environment
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.ports import Database, Services, Target


def database_of(databases: tuple[Database, ...], url: str) -> Database | None:
    """Return the engine that a URL's scheme names, None where none of ours serves it."""
    scheme = url.split(":", 1)[0].split("+", 1)[0].lower()
    name = {"postgres": "postgresql"}.get(scheme, scheme)
    return next((item for item in databases if item.engine.value == name), None)


def reach(environment: Environment, services: Services) -> tuple[Database, Target]:
    """Return engine and target of an environment; connects only when asked something.

    Raises ExpectedError(not_configured) without a URL, ExpectedError(target_version_unsupported) for an engine that is not served.
    """
    if environment.url is None:
        message = f"{environment.name} has no URL"
        raise ExpectedError(message, "name it under `repositories:` in the server config", RefusalCode.NOT_CONFIGURED)
    url = services.secrets.resolve(environment.url.text)
    database = database_of(services.databases, url)
    if database is None:
        served = ", ".join(item.engine.value for item in services.databases)
        message = f"the engine of {environment.name} is not served"
        raise ExpectedError(message, f"use one of: {served}", RefusalCode.TARGET_VERSION_UNSUPPORTED)
    read_url = services.secrets.resolve(environment.read_url.text) if environment.read_url else None
    if environment.scratch is not None:
        database = database.with_scratch(services.secrets.resolve(environment.scratch.text))
    return database, database.target(url, read_url)


def target_key(target: Target) -> str:
    """The text under which holds, rollouts and the chain of evidence know a database."""
    identity = target.identity
    return f"{identity.engine.value}:{identity.server}/{identity.database}"
