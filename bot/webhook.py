"""How a delivery is received: capped, verified, kept, answered, sent on; in this order and no other."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from flask import Request, Response
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from bot.dispatch import Dispatcher
from bot.events import Event, Unknown
from bot.github import read_event
from bot.routing import Routed, route
from bot.settings import Settings
from workers.messages import encode, encode_heard
from workers.store.inbox import Delivery, Inbox

# GitHub sends no larger payload: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
LARGEST_BODY = 25 * 1024 * 1024
BODY_SECONDS = 10.0
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,64}")
_EVENT = re.compile(r"[a-z0-9_]{1,64}")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """What it takes to receive a delivery; `now` gives ISO 8601 in UTC."""

    settings: Settings
    inbox: Inbox
    dispatcher: Dispatcher
    now: Callable[[], str]

    def receive(self, request: Request) -> Response:
        """Answer one delivery."""
        try:
            body = _read_body(request)
        except RequestEntityTooLarge:
            return _answer(413, "the body is larger than GitHub sends")
        except (ClientDisconnected, OSError):
            return _answer(400, "the body ended early")
        if not is_signed(body, request.headers.get("X-Hub-Signature-256", ""), self.settings.webhook_secret):
            return _answer(401, "X-Hub-Signature-256 is missing or wrong")
        delivery, name = request.headers.get("X-GitHub-Delivery", ""), request.headers.get("X-GitHub-Event", "")
        if not (_DELIVERY.fullmatch(delivery) and _EVENT.fullmatch(name)):
            return _answer(400, "X-GitHub-Delivery or X-GitHub-Event is missing or odd")
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            return _answer(400, "the body is no JSON that can be read")
        if not isinstance(payload, dict):
            return _answer(400, "the body is no JSON object")
        return self._take(read_event(name, payload, delivery), delivery, body)

    def _take(self, event: Event, delivery: str, body: bytes) -> Response:
        if isinstance(event, Unknown):
            log.info("delivery_ignored", delivery=delivery, why=event.why)
            return _answer(202, "ignored")
        repository = event.origin.repository
        if not self.settings.serves(repository.id, repository.name):
            log.info("delivery_ignored", delivery=delivery, why="repository not configured", repository=repository.id)
            return _answer(202, "ignored")
        routed = route(event)
        if routed.heard is None:
            return _answer(202, "ignored")
        try:
            new = self._keep(routed, delivery, body)
        except SQLAlchemyError as error:
            log.warning("delivery_not_kept", delivery=delivery, error=type(error).__name__)
            return _answer(503, "not kept; deliver again")
        self.dispatcher.wake()
        log.info("delivery_kept" if new else "delivery_repeated", delivery=delivery, messages=len(routed.messages))
        return _answer(202, "kept" if new else "known")

    def _keep(self, routed: Routed, delivery: str, body: bytes) -> bool:
        heard = routed.heard
        if heard is None:
            return False
        kept = Delivery(
            id=delivery,
            body_hash=hashlib.sha256(body).hexdigest(),
            repository=heard.repository,
            ref=heard.ref,
            received_at=self.now(),
            comment=heard.comment,
            heard=encode_heard(heard),
        )
        return self.inbox.keep(kept, tuple(encode(message) for message in routed.messages))


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """Whether the header is the HMAC-SHA256 of exactly these bytes; takes the same time whatever the header holds."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "surrogatepass"))


def _read_body(request: Request) -> bytes:
    """Read at most the cap, whatever Content-Length promises, and not for ever where less arrives."""
    socket = request.environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(BODY_SECONDS)
    request.max_content_length = LARGEST_BODY
    return request.get_data(cache=False)


def _answer(status: int, line: str) -> Response:
    return Response(line + "\n", status=status, mimetype="text/plain")
