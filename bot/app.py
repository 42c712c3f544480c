"""The webhook service as a Flask application: one route that hears, two that say how it is."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import structlog
from flask import Flask, Response, request

from bot.dispatch import Dispatcher, Sending
from bot.settings import Settings
from bot.webhook import LARGEST_BODY, Receiver
from workers.queue import RedisQueue
from workers.store.inbox import Inbox, connect


def create_app(settings: Settings | None = None, queue: Sending | None = None) -> Flask:
    """Make the application; servers call it without arguments and the environment is read here, once.

    The state's tables must be there already (`schemagate web` sees to it): this process has no right to make any.
    """
    if settings is None:
        _log_lines()
        settings = Settings.from_env(os.environ)
    queue = queue or RedisQueue.from_url(settings.redis_url)
    inbox = Inbox(connect(settings.state_url))
    dispatcher = Dispatcher(inbox, queue)
    receiver = Receiver(settings=settings, inbox=inbox, dispatcher=dispatcher, now=_now)

    app = Flask("bot", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions.update(inbox=inbox, dispatcher=dispatcher)

    @app.post("/webhook")
    def webhook() -> Response:
        return receiver.receive(request)

    @app.get("/healthz")
    def health() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readiness() -> Response:
        return _readiness(state=inbox.ready(), queue=queue.ready())

    return app


def _log_lines() -> None:
    """A JSON object a line on stderr. What is logged here are ids that were checked and words of our own."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _readiness(*, state: bool, queue: bool) -> Response:
    """Without the state nothing can be kept. Without the queue deliveries are kept and wait, but somebody should look."""
    lines = f"state {_word(state)}\nqueue {_word(queue)}\n"
    return Response(lines, status=200 if state and queue else 503, mimetype="text/plain")


def _word(answers: bool) -> str:  # noqa: FBT001 -- one value, one word
    return "ok" if answers else "down"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
