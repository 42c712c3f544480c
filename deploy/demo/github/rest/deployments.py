"""Deployments, their statuses, environments."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from deploy.demo.github.actions import deployments as actions
from deploy.demo.github.errors import not_found
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import deployments

api = Blueprint("deployments", __name__, url_prefix="/api/v3/repos/<owner>/<name>")


@api.post("/deployments")
def create_deployment(owner: str, name: str) -> Response:
    """201 with a deployment, or 202 with a message where auto_merge changed the branch instead."""
    hub = call.hub()
    repo = call.repo(owner, name, "deployments", "write")
    made = actions.create(hub, repo, call.caller().user, call.caller_app(), call.body())
    if isinstance(made, actions.BaseMerged):
        return call.created({"message": made.message}, 202)
    return call.created(deployments.deployment(hub.state, made))


@api.get("/deployments")
def list_deployments(owner: str, name: str) -> Response:
    state = call.hub().state
    repo = call.repo(owner, name, "deployments")
    wanted = {k: request.args.get(k) for k in ("sha", "ref", "task", "environment")}
    found = [
        d
        for d in reversed(state.deployments.values())
        if d.repo is repo and all(value in (None, "none", getattr(d, key)) for key, value in wanted.items())
    ]
    return call.page(found, lambda d: deployments.deployment(state, d))


@api.get("/deployments/<int:deployment_id>")
def get_deployment(owner: str, name: str, deployment_id: int) -> Response:
    repo = call.repo(owner, name, "deployments")
    return jsonify(deployments.deployment(call.hub().state, actions.find(call.hub(), repo, deployment_id)))


@api.get("/deployments/<int:deployment_id>/statuses")
def list_statuses(owner: str, name: str, deployment_id: int) -> Response:
    repo = call.repo(owner, name, "deployments")
    deployment = actions.find(call.hub(), repo, deployment_id)
    return call.page(deployment.statuses[::-1], lambda s: deployments.status(call.hub().state, deployment, s))


@api.post("/deployments/<int:deployment_id>/statuses")
def create_status(owner: str, name: str, deployment_id: int) -> Response:
    hub = call.hub()
    deployment = actions.find(hub, call.repo(owner, name, "deployments", "write"), deployment_id)
    status = actions.set_status(hub, deployment, call.caller().user, call.body())
    return call.created(deployments.status(hub.state, deployment, status))


@api.get("/environments")
def list_environments(owner: str, name: str) -> Response:
    repo = call.repo(owner, name, ("actions", "environments", "deployments"))
    return call.page(
        list(repo.environments.values()),
        lambda e: deployments.environment(call.hub().state, repo, e),
        name="environments",
    )


@api.get("/environments/<environment>")
def get_environment(owner: str, name: str, environment: str) -> Response:
    repo = call.repo(owner, name, ("actions", "environments", "deployments"))
    if environment not in repo.environments:
        raise not_found()
    return jsonify(deployments.environment(call.hub().state, repo, repo.environments[environment]))
