"""How workers log: a JSON object a line on stderr, with every secret we know or recognise taken out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from workers.core.redact import redact


def configure_logs(secrets: tuple[str, ...] = ()) -> None:
    """Set up structlog and the standard library's loggers (RQ, SQLAlchemy) for this process and those it forks."""

    def hide(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 -- structlog's protocol
        return {key: _hidden(value, secrets) for key, value in event.items()}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, hide, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    lines = logging.StreamHandler(sys.stderr)
    renderers: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        hide,
        structlog.processors.JSONRenderer(),
    ]
    lines.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=renderers))
    logging.basicConfig(handlers=[lines], level=logging.WARNING, force=True)


def _hidden(value: Any, secrets: tuple[str, ...]) -> Any:  # noqa: ANN401 -- any value of a log line
    if isinstance(value, str):
        return redact(value, secrets)
    return value if isinstance(value, int | float | bool | None) else redact(repr(value), secrets)
