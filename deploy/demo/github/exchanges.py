"""The logs of everything that went over the wire, one JSON object a line: API exchanges and webhook deliveries."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from deploy.demo.github.records import Json

SECRET = ("token", "pem", "client_secret", "webhook_secret", "secret")


class JsonLines:
    """An append-only file of JSON lines, safe to write from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        path.chmod(0o600)

    def append(self, record: Json) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            if not self._file.closed:
                self._file.write(line + "\n")
                self._file.flush()

    def close(self) -> None:
        with self._lock:
            self._file.close()


def redacted(value: object) -> object:
    """The same JSON with credentials masked: logs outlive the process."""
    if isinstance(value, dict):
        return {k: "***" if k in SECRET and isinstance(v, str) else redacted(v) for k, v in value.items()}
    if isinstance(value, list):
        return [redacted(v) for v in value]
    return value
