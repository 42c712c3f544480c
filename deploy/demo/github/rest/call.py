"""What every endpoint asks of the request at hand: who calls, on what, with what body, which page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast
from urllib.parse import urlencode

from flask import Response, current_app, g, jsonify, request

from deploy.demo.github import access
from deploy.demo.github.errors import ApiError, forbidden, not_found
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import App, Json, Repo, Token

T = TypeVar("T")


def hub() -> Hub:
    return cast("Hub", current_app.extensions["hub"])


def caller() -> Token:
    """The bearer of this request; looked up once."""
    if "token" not in g:
        if hub().state.faults.take("expired_token"):
            raise ApiError(401, "Bad credentials")
        g.token = access.token_of(hub().state, request.headers.get("Authorization"))
    return cast("Token", g.token)


def caller_app() -> App | None:
    """The App on whose behalf an installation token speaks."""
    installation = caller().installation
    return installation.app if installation else None


def app_only() -> App:
    """The App of a request that wants an installation token, such as all writes of checks."""
    app = caller_app()
    if app is None:
        raise forbidden("You must authenticate via a GitHub App.")
    return app


def jwt_app() -> App:
    return access.app_of(hub().state, request.headers.get("Authorization"))


def repo(owner: str, name: str, permission: str | Sequence[str], level: str = "read", *, person: str = "") -> Repo:
    """The repository, once the caller was found to hold one of the permissions (a person: the role) there."""
    token = caller()
    found = hub().state.repo(owner, name)
    names = (permission,) if isinstance(permission, str) else permission
    access.require(hub().state, token, found, names, person if person and token.installation is None else level)
    return found


def organization_permission(permission: str, level: str, login: str) -> None:
    """Organization endpoints: the token must be of that organization, else nothing there exists for it."""
    token = caller()
    owner = hub().state.user(login)
    if token.installation is None:
        if token.user.id not in owner.members:
            raise not_found()
    elif token.installation.account is not owner:
        raise not_found()
    elif not access.grants(token.permissions, (permission,), level):
        raise forbidden()


def body() -> Json:
    """The JSON object sent; no body counts as an empty one."""
    if not request.get_data():
        return {}
    value = request.get_json(force=True, silent=True)
    if not isinstance(value, dict):
        raise ApiError(400, "Problems parsing JSON" if value is None else "Body should be a JSON object")
    return value


def text(fields: Json, name: str, default: str = "") -> str:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ApiError(422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not a string.", errors=[])
    return value


def page(
    items: Sequence[T], shape: Callable[[T], Json], *, name: str = "", cap: int | None = None, **more: object
) -> Response:
    """One page of a list (30 by default, 100 at most), with a Link header; `name` wraps it with total_count."""
    items = items[:cap] if cap is not None else items
    size = min(max(number("per_page", 30), 1), 100)
    at = max(number("page", 1), 1)
    shown = [shape(item) for item in items[(at - 1) * size : at * size]]
    answer = jsonify({"total_count": len(items), name: shown, **more} if name else shown)
    link = _links(at, size, len(items))
    if link:
        answer.headers["Link"] = link
    return answer


def number(name: str, default: int) -> int:
    """A number of the query; what is no number counts as not given."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else default


def created(value: Json, status: int = 201) -> Response:
    answer = jsonify(value)
    answer.status_code = status
    if isinstance(value.get("url"), str):
        answer.headers["Location"] = value["url"]
    return answer


def nothing() -> Response:
    return Response(status=204)


def _links(at: int, size: int, total: int) -> str:
    last = max((total + size - 1) // size, 1)
    targets = {
        "prev": at - 1 if at > 1 else 0,
        "next": at + 1 if at < last else 0,
        "last": last if at < last else 0,
        "first": 1 if at > 1 else 0,
    }
    links = []
    for rel, target in targets.items():
        if target:
            query = urlencode(request.args.to_dict() | {"page": str(target)})
            links.append(f'<{request.base_url}?{query}>; rel="{rel}"')
    return ", ".join(links)
