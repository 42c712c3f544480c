"""Values behind `env:NAME` and `file:PATH`: environment values are taken once at start, files are read at each use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode


@dataclass(frozen=True, slots=True)
class SecretValues:
    """The `Secrets` of the service; its representation never shows a value."""

    environment: Mapping[str, str] = field(repr=False)

    def resolve(self, reference: str) -> str:
        """Return the secret. Raises ExpectedError(not_configured) that names the reference, never the value."""
        kind, _, name = reference.partition(":")
        value = self.environment.get(name) if kind == "env" else _read(Path(name)) if kind == "file" else None
        if not value:
            message = f"{reference} holds no value"
            raise ExpectedError(message, "set it where the worker is started", RefusalCode.NOT_CONFIGURED)
        return value


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
