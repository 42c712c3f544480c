"""Deployments and commit statuses, with GitHub's surprising defaults kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.demo.github.actions import pushes
from deploy.demo.github.errors import conflict, invalid, not_found, unprocessable
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import App, CommitStatus, Deployment, DeploymentStatus, Environment, Repo, User
from deploy.demo.github.shapes import checks

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
COMMIT_STATES = ("error", "failure", "pending", "success")


@dataclass(frozen=True, slots=True)
class BaseMerged:
    """`auto_merge` brought the ref up to date instead of deploying it."""

    message: str


def create(hub: Hub, repo: Repo, creator: User, app: App | None, fields: Mapping[str, Any]) -> Deployment | BaseMerged:
    """Creates a deployment: auto_merge defaults to true and required_contexts to every context of the commit, as on GitHub."""
    ref = fields.get("ref")
    sha = repo.git.resolve(ref) if isinstance(ref, str) else None
    if not isinstance(ref, str) or sha is None:
        raise invalid("Deployment", "ref", f"No ref found for: {ref}", "custom")
    if fields.get("auto_merge", True):
        merged = _bring_up_to_date(hub, repo, ref, sha, creator)
        if merged is not None:
            return merged
    _require_contexts(hub, repo, sha, fields.get("required_contexts"))
    environment = fields.get("environment") or "production"
    now = hub.state.now()
    deployment = Deployment(
        id=hub.state.next_id(),
        repo=repo,
        sha=sha,
        ref=ref,
        task=fields.get("task") or "deploy",
        payload=fields.get("payload") or {},
        environment=environment,
        description=fields.get("description"),
        transient=bool(fields.get("transient_environment", False)),
        production=bool(fields.get("production_environment", environment == "production")),
        creator=creator,
        app=app,
        created_at=now,
        updated_at=now,
    )
    hub.state.deployments[deployment.id] = deployment
    repo.environments.setdefault(environment, Environment(id=hub.state.next_id(), name=environment, created_at=now))
    hub.state.changed()
    return deployment


def set_status(hub: Hub, deployment: Deployment, creator: User, fields: Mapping[str, Any]) -> DeploymentStatus:
    if fields.get("state") not in STATES:
        raise invalid("DeploymentStatus", "state", "state is not included in the list", "invalid")
    description = fields.get("description") or ""
    if len(description) > 140:
        raise invalid("DeploymentStatus", "description", "description is too long (maximum is 140 characters)")
    status = DeploymentStatus(
        id=hub.state.next_id(),
        state=fields["state"],
        description=description,
        environment=fields.get("environment") or deployment.environment,
        environment_url=fields.get("environment_url") or "",
        log_url=fields.get("log_url") or fields.get("target_url") or "",
        creator=creator,
        created_at=hub.state.now(),
    )
    if status.state == "success" and fields.get("auto_inactive", True):
        _retire_older(hub, deployment, creator)
    deployment.statuses.append(status)
    deployment.updated_at = status.created_at
    hub.state.changed()
    return status


def set_commit_status(hub: Hub, repo: Repo, sha: str, creator: User, fields: Mapping[str, Any]) -> CommitStatus:
    if repo.git.resolve(sha) is None:
        raise unprocessable(f"No commit found for SHA: {sha}")
    if fields.get("state") not in COMMIT_STATES:
        raise invalid("Status", "state", "state is not included in the list", "invalid")
    status = CommitStatus(
        id=hub.state.next_id(),
        repo=repo,
        sha=sha,
        state=fields["state"],
        context=fields.get("context") or "default",
        description=fields.get("description"),
        target_url=fields.get("target_url"),
        creator=creator,
        created_at=hub.state.now(),
    )
    hub.state.statuses.append(status)
    hub.state.changed()
    return status


def find(hub: Hub, repo: Repo, deployment_id: int) -> Deployment:
    deployment = hub.state.deployments.get(deployment_id)
    if deployment is None or deployment.repo is not repo:
        raise not_found()
    return deployment


def _bring_up_to_date(hub: Hub, repo: Repo, ref: str, sha: str, creator: User) -> BaseMerged | None:
    """Merges the default branch into a branch that lacks it, which is what a caller gets who forgot auto_merge=false."""
    base = repo.git.tip(repo.default_branch)
    if base is None or repo.git.tip(ref) != sha or repo.git.is_ancestor(base, sha):
        return None
    tree = repo.git.merge_tree(sha, base)
    if tree is None:
        raise conflict(f"Conflict merging {repo.default_branch} into {ref}.")
    message = f"Merge branch '{repo.default_branch}' into {ref}"
    commit = repo.git.write_commit(tree, [sha, base], message, hub.web_signature(creator), hub.own_signature())
    repo.verified.add(commit)
    pushes.set_branch(hub, repo, ref, commit, creator)
    return BaseMerged(f"Auto-merged {repo.default_branch} into {ref} on deployment.")


def _require_contexts(hub: Hub, repo: Repo, sha: str, wanted: list[str] | None) -> None:
    states = {s["context"]: s["state"] for s in checks.combined_status(hub.state, repo, sha)["statuses"]}
    for run in hub.state.runs.values():
        if run.suite.repo is repo and run.suite.head_sha == sha:
            states[run.name] = "success" if run.conclusion in ("success", "neutral", "skipped") else "pending"
    needed = states if wanted is None else wanted
    if any(states.get(context) != "success" for context in needed):
        raise conflict("Conflict: Commit status checks failed for " + sha[:7] + ".")


def _retire_older(hub: Hub, deployment: Deployment, creator: User) -> None:
    for other in hub.state.deployments.values():
        same = other.repo is deployment.repo and other.environment == deployment.environment and other is not deployment
        if (
            same
            and not other.transient
            and not other.production
            and other.statuses
            and other.statuses[-1].state == "success"
        ):
            set_status(hub, other, creator, {"state": "inactive"})
