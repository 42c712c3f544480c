"""What a connection check says; used by the documents and by the command line."""

from __future__ import annotations

from workers.core.examination import Preflight
from workers.rendering.phrases import encryption, engine_name, size
from workers.rendering.templates import render


def connection_check(preflight: Preflight, heading: str = "Connection check", checked_at: str = "") -> str:
    """Return `00-connection-check.md`: what was found out about a database, with no secret in it."""
    return render(
        "workdocs/00-connection-check.md.j2",
        heading=heading,
        checked_at=checked_at,
        found=preflight,
        engine=engine_name(preflight.engine, preflight.version),
        encryption=encryption(preflight),
        size=size(preflight.bytes),
        rights=tuple(preflight.rights),
    )
