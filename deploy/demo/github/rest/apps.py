"""The App's own endpoints: itself, its webhook's deliveries, its installations and their tokens, the manifest flow."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, request

from deploy.demo.github import access
from deploy.demo.github.actions import apps as actions
from deploy.demo.github.errors import ApiError, not_found, unprocessable
from deploy.demo.github.records import App, Delivery, Installation, Json, Repo
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import accounts, repos
from deploy.demo.github.state import iso

api = Blueprint("apps", __name__, url_prefix="/api/v3")


@api.get("/app")
def get_app() -> Response:
    app = call.jwt_app()
    mine = [i for i in call.hub().state.installations.values() if i.app is app]
    return jsonify(accounts.app(call.hub().state, app) | {"installations_count": len(mine)})


@api.get("/app/hook/config")
def get_hook_config() -> Response:
    return jsonify(_hook_config(call.jwt_app()))


@api.patch("/app/hook/config")
def set_hook_config() -> Response:
    app, fields = call.jwt_app(), call.body()
    app.webhook_url = call.text(fields, "url", app.webhook_url)
    app.webhook_secret = call.text(fields, "secret", app.webhook_secret)
    return jsonify(_hook_config(app))


@api.get("/app/hook/deliveries")
def list_deliveries() -> Response:
    """Newest first, by cursor; `status` picks success or failure."""
    app = call.jwt_app()
    wanted, cursor = request.args.get("status"), request.args.get("cursor")
    size = min(max(call.number("per_page", 30), 1), 100)
    found = [
        d for d in call.hub().state.deliveries.values() if d.app is app and (cursor is None or d.id < _cursor(cursor))
    ]
    found = [d for d in found if wanted is None or (200 <= d.status_code < 400) == (wanted == "success")]
    found.sort(key=lambda d: -d.id)
    answer = jsonify([_delivery_item(d) for d in found[:size]])
    if len(found) > size:
        answer.headers["Link"] = f'<{request.base_url}?per_page={size}&cursor=v1_{found[size - 1].id}>; rel="next"'
    return answer


@api.get("/app/hook/deliveries/<int:delivery_id>")
def get_delivery(delivery_id: int) -> Response:
    one = _delivery(delivery_id)
    return jsonify(
        _delivery_item(one)
        | {
            "url": one.app.webhook_url,
            "request": {"headers": one.request_headers, "payload": json.loads(one.body)},
            "response": {"headers": one.response_headers, "payload": one.response_body},
        }
    )


@api.post("/app/hook/deliveries/<int:delivery_id>/attempts")
def redeliver(delivery_id: int) -> Response:
    call.hub().deliveries.redeliver(_delivery(delivery_id))
    return call.created({}, 202)


@api.get("/app/installations")
def list_installations() -> Response:
    app = call.jwt_app()
    found = [i for i in call.hub().state.installations.values() if i.app is app]
    return call.page(found, lambda i: accounts.installation(call.hub().state, i))


@api.get("/app/installations/<int:installation_id>")
def get_installation(installation_id: int) -> Response:
    return jsonify(accounts.installation(call.hub().state, _installation(call.jwt_app(), installation_id)))


@api.get("/repos/<owner>/<name>/installation")
def get_repo_installation(owner: str, name: str) -> Response:
    app, state = call.jwt_app(), call.hub().state
    repo = state.repo(owner, name)
    found = next((i for i in state.installations.values() if i.app is app and i.covers(repo)), None)
    if found is None:
        raise not_found()
    return jsonify(accounts.installation(state, found))


@api.post("/app/installations/<int:installation_id>/access_tokens")
def create_token(installation_id: int) -> Response:
    """A token for an hour; repositories and permissions may be narrowed, never widened."""
    state = call.hub().state
    installation = _installation(call.jwt_app(), installation_id)
    if installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    fields = call.body()
    permissions = _narrowed(installation, fields.get("permissions"))
    chosen = _chosen_repos(installation, fields)
    ids = frozenset(r.id for r in chosen) if chosen is not None else None
    token = access.issue_token(state, installation, ids, permissions)
    shape: Json = {
        "token": token.value,
        "expires_at": token.expires_at and iso(token.expires_at),
        "permissions": permissions,
        "repository_selection": "selected" if chosen is not None else installation.selection,
    }
    if chosen is not None:
        shape["repositories"] = [repos.repository(state, r) for r in chosen]
    return call.created(shape)


@api.get("/installation/repositories")
def list_installation_repos() -> Response:
    state, token = call.hub().state, call.caller()
    if token.installation is None:
        raise ApiError(
            403,
            "You must authenticate with an installation access token in order to list repositories for an installation.",
        )
    found = [r for r in state.repos.values() if token.installation.covers(r) and access.sees(state, token, r)]
    found = [r for r in found if token.repo_ids is None or r.id in token.repo_ids]
    selection = "selected" if token.repo_ids is not None else token.installation.selection
    return call.page(found, lambda r: repos.repository(state, r), name="repositories", repository_selection=selection)


@api.post("/app-manifests/<code>/conversions")
def convert_manifest(code: str) -> Response:
    """Ends the manifest flow: the code is good once, the credentials are shown once."""
    hub = call.hub()
    manifest = hub.state.manifests.pop(code, None)
    if manifest is None:
        raise not_found()
    hook = manifest.get("hook_attributes") or {}
    app = actions.create_app(
        hub,
        hub.state.users[manifest["owner_id"]],
        actions.NewApp(
            name=manifest["name"],
            slug=manifest["slug"],
            keys=access.key_pair(),
            webhook_url=hook.get("url", ""),
            webhook_secret=secrets.token_hex(20),
            permissions=manifest.get("default_permissions") or {},
            events=manifest.get("default_events") or (),
            description=manifest.get("description") or "",
        ),
    )
    return call.created(
        accounts.app(hub.state, app)
        | {
            "client_secret": app.client_secret,
            "webhook_secret": app.webhook_secret,
            "pem": app.private_key_pem,
        }
    )


def _hook_config(app: App) -> Json:
    return {"url": app.webhook_url, "content_type": "json", "insecure_ssl": "0", "secret": "********"}


def _delivery(delivery_id: int) -> Delivery:
    app = call.jwt_app()
    found = call.hub().state.deliveries.get(delivery_id)
    if found is None or found.app is not app:
        raise not_found()
    return found


def _delivery_item(one: Delivery) -> Json:
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": iso(one.delivered_at),
        "redelivery": one.redelivery,
        "duration": one.duration,
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": one.installation_id,
        "repository_id": one.repository_id,
        "throttled_at": None,
    }


def _cursor(text: str) -> int:
    number = text.removeprefix("v1_")
    if not number.isdigit():
        raise ApiError(422, "Invalid cursor", errors=[])
    return int(number)


def _installation(app: App, installation_id: int) -> Installation:
    found = call.hub().state.installations.get(installation_id)
    if found is None or found.app is not app:
        raise not_found()
    return found


def _narrowed(installation: Installation, wanted: object) -> dict[str, str]:
    if wanted is None:
        return dict(installation.permissions)
    if not isinstance(wanted, Mapping):
        raise unprocessable("Invalid permissions")
    for name, level in wanted.items():
        if not access.grants(installation.permissions, (name,), str(level)):
            raise ApiError(422, "The permissions requested are not granted to this installation.", errors=[])
    return {"metadata": "read"} | {str(k): str(v) for k, v in wanted.items()}


def _chosen_repos(installation: Installation, fields: Json) -> list[Repo] | None:
    names, ids = fields.get("repositories"), fields.get("repository_ids")
    if names is None and ids is None:
        return None
    covered = [r for r in call.hub().state.repos.values() if installation.covers(r)]
    chosen = [r for r in covered if r.name in (names or ()) or r.id in (ids or ())]
    if len(chosen) != len(set(names or ())) + len(set(ids or ())):
        raise ApiError(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
            errors=[],
        )
    return chosen
