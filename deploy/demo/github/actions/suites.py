"""Check suites: one for each App that writes checks and each pushed commit."""

from __future__ import annotations

from deploy.demo.github.access import grants
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import App, CheckSuite, Repo, User
from deploy.demo.github.shapes import checks


def request(hub: Hub, repo: Repo, branch: str, before: str | None, sha: str, sender: User) -> None:
    """Makes the suites of a pushed commit and asks each App for its checks."""
    for installation in hub.state.installations_on(repo):
        if grants(installation.permissions, ("checks",), "write") and find(hub, repo, installation.app, sha) is None:
            suite = create(hub, repo, installation.app, sha, branch, before)
            announce(hub, suite, "requested", sender)


def find(hub: Hub, repo: Repo, app: App, sha: str) -> CheckSuite | None:
    return next((s for s in hub.state.suites.values() if s.repo is repo and s.app is app and s.head_sha == sha), None)


def create(hub: Hub, repo: Repo, app: App, sha: str, branch: str | None, before: str | None) -> CheckSuite:
    now = hub.state.now()
    suite = CheckSuite(
        id=hub.state.next_id(),
        repo=repo,
        app=app,
        head_sha=sha,
        head_branch=branch,
        before=before,
        created_at=now,
        updated_at=now,
    )
    hub.state.suites[suite.id] = suite
    return suite


def announce(hub: Hub, suite: CheckSuite, action: str, sender: User) -> None:
    payload = {"action": action, "check_suite": checks.sent_suite(hub.state, suite)}
    hub.emit("check_suite", payload, suite.repo, sender, only=suite.app)
