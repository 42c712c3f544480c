"""A GitHub on loopback: started in a thread, driven through `world`, stopped without a trace but its data folder."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from deploy.demo.github.app import create_app
from deploy.demo.github.faults import Faults
from deploy.demo.github.hub import Hub
from deploy.demo.github.world import World


class StandIn:
    """`with StandIn() as github: github.world.create_user("alice")`.

    `folder` holds repositories and logs (a temporary one, removed at the end, when left out); `clock` gives aware UTC datetimes.
    """

    def __init__(self, folder: Path | None = None, clock: Callable[[], datetime] | None = None) -> None:
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="github-"))
        self.hub = Hub(self.folder, clock)
        self.world = World(self.hub)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def api_url(self) -> str:
        return self.hub.state.api_url

    @property
    def server_url(self) -> str:
        return self.hub.state.server_url

    @property
    def faults(self) -> Faults:
        return self.hub.state.faults

    @property
    def exchange_log(self) -> Path:
        return self.hub.exchange_log.path

    @property
    def delivery_log(self) -> Path:
        return self.hub.delivery_log.path

    def start(self, port: int = 0) -> StandIn:
        """Binds 127.0.0.1 (0: a free port) and serves from threads of its own."""
        self._server = make_server("127.0.0.1", port, create_app(self.hub), threaded=True, request_handler=_Quiet)
        self.hub.state.server_url = f"http://127.0.0.1:{self._server.port}"
        self.hub.deliveries.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="github", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self.hub.close()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Quiet(WSGIRequestHandler):
    """Speaks HTTP/1.1, as large pushes come in chunks, and prints no line per request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
