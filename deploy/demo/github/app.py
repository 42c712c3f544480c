"""The Flask application: routes together, one lock, only loopback hosts, limits and faults on the API, every exchange logged."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from deploy.demo.github.control import control
from deploy.demo.github.errors import ApiError
from deploy.demo.github.exchanges import redacted
from deploy.demo.github.githttp import git
from deploy.demo.github.hub import Hub
from deploy.demo.github.pages.acts import acts
from deploy.demo.github.pages.views import pages
from deploy.demo.github.records import Json
from deploy.demo.github.rest import apps, checks, comments, deployments, gitdata, graphql, people, pulls, repos

API = (apps.api, people.api, pulls.api, comments.api, checks.api, deployments.api, gitdata.api, repos.api, graphql.api)
HOSTS = ("127.0.0.1", "localhost", "::1")
WRITES = ("POST", "PATCH", "PUT", "DELETE")
HOUR = 3600


class Locked(Flask):
    """Serves one request at a time; git transfers take the lock themselves and only briefly."""

    def dispatch_request(self) -> ResponseReturnValue:
        if request.blueprint == "git":
            return super().dispatch_request()
        with self.extensions["hub"].state.lock:
            return super().dispatch_request()


def create_app(hub: Hub) -> Flask:
    app = Locked(__name__, static_folder=None)
    app.extensions["hub"] = hub
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.before_request(_refuse_foreign_hosts)
    for blueprint in (*API, control, git, pages, acts):
        app.register_blueprint(blueprint)
    app.before_request(lambda: _strike(hub))
    app.after_request(lambda answer: _finish(hub, answer))
    app.register_error_handler(ApiError, _refuse)
    app.register_error_handler(HTTPException, _unknown)
    return app


def _refuse_foreign_hosts() -> Response | None:
    """A page elsewhere that points its own name here (DNS rebinding) gets nothing."""
    if (urlsplit(f"//{request.host}").hostname or "") not in HOSTS:
        g.refused = True
        return Response("This server answers to loopback names only.\n", 421, mimetype="text/plain")
    origin = request.headers.get("Origin")
    if request.method in WRITES and origin and not _same_site(origin):
        g.refused = True
        return Response("Cross-site requests are refused.\n", 403, mimetype="text/plain")
    return None


def _same_site(origin: str) -> bool:
    """The manifest flow alone begins with a form of somebody else, and asks before it does anything."""
    return urlsplit(origin).netloc == request.host or request.path.endswith("/settings/apps/new")


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _is_token_request() -> bool:
    """Never faulted: whether a client asks for a new token just then would decide where a fault strikes."""
    return request.path.endswith("/access_tokens")


def _strike(hub: Hub) -> Response | None:
    """The faults that end a request before anything is done."""
    if not _is_api() or _is_token_request():
        return None
    faults = hub.state.faults
    if faults.slow:
        time.sleep(faults.slow)
    for name, make in _LIMITS.items():
        if faults.take(name):
            g.fault = name
            return make(hub)
    return None


def _limited(status: int, message: str, headers: dict[str, str]) -> Response:
    answer = jsonify(
        {
            "message": message,
            "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
        }
    )
    answer.status_code = status
    answer.headers.update(headers)
    return answer


SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
_LIMITS: dict[str, Callable[[Hub], Response]] = {
    "fail_before": lambda _: _limited(502, "Server Error", {}),
    "rate_limit": lambda hub: _limited(
        403,
        "API rate limit exceeded for installation ID 1.",
        {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int(hub.state.now().timestamp()) + 2),
        },
    ),
    "secondary_limit": lambda _: _limited(403, SECONDARY, {"Retry-After": "1"}),
    "secondary_limit_bare": lambda _: _limited(403, SECONDARY, {}),
    "too_many": lambda _: _limited(429, SECONDARY, {"Retry-After": "1"}),
}


def _finish(hub: Hub, answer: Response) -> Response:
    if not _is_api() or "refused" in g:
        return answer
    written = request.method in WRITES and answer.status_code < 300 and not _is_token_request()
    if written and hub.state.faults.take("fail_after_write"):
        g.fault = "fail_after_write"
        answer = _limited(502, "Server Error", {})
    _log(hub, answer)
    if "fault" not in g:
        answer.headers.setdefault("X-RateLimit-Limit", "5000")
        answer.headers.setdefault("X-RateLimit-Remaining", "4999")
        answer.headers.setdefault("X-RateLimit-Reset", str(int(hub.state.now().timestamp()) + HOUR))
    answer.headers["X-GitHub-Request-Id"] = str(uuid.uuid4())
    answer.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
    if request.method == "GET" and answer.status_code == 200:
        answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest(), weak=True)
        answer.make_conditional(request)
    return answer


def _log(hub: Hub, answer: Response) -> None:
    record: Json = {
        "method": request.method,
        "path": request.path.removeprefix("/api/v3"),
        "query": request.args.to_dict(),
        "status": answer.status_code,
        "content_type": answer.mimetype,
        "request": redacted(_json(request.get_data())),
        "response": redacted(_json(answer.get_data())),
    }
    hub.exchange_log.append(record | ({"fault": g.fault} if "fault" in g else {}))


def _json(data: bytes) -> object:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return None


def _refuse(problem: ApiError) -> Response:
    answer = jsonify(problem.body())
    answer.status_code = problem.status
    return answer


def _unknown(problem: HTTPException) -> Response | HTTPException:
    """The API speaks JSON even of paths that it does not have."""
    return _refuse(ApiError(problem.code or 500, problem.description or problem.name)) if _is_api() else problem
