"""Deployments, their statuses and environments as GitHub's JSON."""

from __future__ import annotations

from deploy.demo.github.records import Deployment, DeploymentStatus, Environment, Json, Repo
from deploy.demo.github.shapes import accounts, repos
from deploy.demo.github.state import State, iso, node_id


def deployment(state: State, one: Deployment) -> Json:
    base = repos.api(state, one.repo)
    return {
        "url": f"{base}/deployments/{one.id}",
        "id": one.id,
        "node_id": node_id("Deployment", one.id),
        "sha": one.sha,
        "ref": one.ref,
        "task": one.task,
        "payload": one.payload,
        "original_environment": one.environment,
        "environment": one.environment,
        "description": one.description,
        "creator": accounts.user(state, one.creator),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "statuses_url": f"{base}/deployments/{one.id}/statuses",
        "repository_url": base,
        "transient_environment": one.transient,
        "production_environment": one.production,
        "performed_via_github_app": accounts.app(state, one.app) if one.app else None,
    }


def status(state: State, parent: Deployment, one: DeploymentStatus) -> Json:
    base = repos.api(state, parent.repo)
    api = f"{base}/deployments/{parent.id}"
    return {
        "url": f"{api}/statuses/{one.id}",
        "id": one.id,
        "node_id": node_id("DeploymentStatus", one.id),
        "state": one.state,
        "creator": accounts.user(state, one.creator),
        "description": one.description,
        "environment": one.environment,
        "target_url": one.log_url,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
        "deployment_url": api,
        "repository_url": base,
        "environment_url": one.environment_url,
        "log_url": one.log_url,
        "performed_via_github_app": accounts.app(state, parent.app) if parent.app else None,
    }


def environment(state: State, repo: Repo, one: Environment) -> Json:
    return {
        "id": one.id,
        "node_id": node_id("Environment", one.id),
        "name": one.name,
        "url": f"{repos.api(state, repo)}/environments/{one.name}",
        "html_url": f"{repos.web(state, repo)}/deployments/activity_log?environments_filter={one.name}",
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
        "protection_rules": [],
        "deployment_branch_policy": None,
    }
