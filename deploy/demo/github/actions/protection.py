"""What branch protection asks for before a branch may move."""

from __future__ import annotations

from deploy.demo.github import access
from deploy.demo.github.errors import unprocessable
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import Repo, User

GOOD = ("success", "neutral", "skipped")


def missing_checks(hub: Hub, repo: Repo, branch: str, sha: str) -> tuple[str, ...]:
    """The required contexts that have not succeeded on a commit; one bound to an App counts from that App alone."""
    wanted = repo.protections.get(branch, {}).get("checks") or ()
    return tuple(one["context"] for one in wanted if not _succeeded(hub, repo, sha, one["context"], one.get("app_id")))


def refuse_push(hub: Hub, repo: Repo, branch: str, sha: str, pusher: User, *, forced: bool) -> None:
    """Stops a direct push that protection forbids; administrators pass unless they are included."""
    settings = repo.protections.get(branch)
    if settings is None:
        return
    if access.role_of(hub.state, pusher, repo) == "admin" and not settings.get("enforce_admins"):
        return
    if settings.get("reviews"):
        raise unprocessable("Changes must be made through a pull request.")
    if forced and not settings.get("allow_force_pushes"):
        raise unprocessable("Cannot force-push to this branch")
    missing = missing_checks(hub, repo, branch, sha)
    if missing:
        raise unprocessable(f'Required status check "{missing[0]}" is expected.')


def _succeeded(hub: Hub, repo: Repo, sha: str, context: str, app_id: int | None) -> bool:
    runs = [
        r for r in hub.state.runs.values() if r.suite.repo is repo and r.suite.head_sha == sha and r.name == context
    ]
    runs = [r for r in runs if app_id in (None, -1, r.suite.app.id)]
    if runs:
        return runs[-1].conclusion in GOOD
    statuses = [s for s in hub.state.statuses if s.repo is repo and s.sha == sha and s.context == context]
    return bool(statuses) and statuses[-1].state == "success" and app_id in (None, -1)
