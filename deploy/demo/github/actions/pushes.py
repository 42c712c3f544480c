"""Branches move: by a push, by the API or by a merge; pulls and check suites follow."""

from __future__ import annotations

from deploy.demo.github.actions import protection, pulls, suites
from deploy.demo.github.bare import ZERO
from deploy.demo.github.commits import Commit
from deploy.demo.github.errors import unprocessable
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import Json, Repo, User
from deploy.demo.github.shapes import commits, repos

EVENT_COMMITS = 20  # a push event lists no more


def set_branch(hub: Hub, repo: Repo, branch: str, sha: str, pusher: User, *, force: bool = False) -> None:
    """Moves (or makes) a branch; refuses what is not a fast-forward unless forced."""
    before = repo.git.tip(branch)
    if before == sha:
        return
    forced = before is not None and not repo.git.is_ancestor(before, sha)
    if forced and not force:
        raise unprocessable("Update is not a fast forward")
    protection.refuse_push(hub, repo, branch, sha, pusher, forced=forced)
    repo.git.set_refs([(f"refs/heads/{branch}", sha)])
    moved(hub, repo, f"refs/heads/{branch}", before, sha, pusher)


def delete_branch(hub: Hub, repo: Repo, branch: str, pusher: User) -> None:
    before = repo.git.tip(branch)
    if before is None:
        raise unprocessable("Reference does not exist")
    repo.git.set_refs([(f"refs/heads/{branch}", "")])
    moved(hub, repo, f"refs/heads/{branch}", before, None, pusher)


def moved(hub: Hub, repo: Repo, ref: str, before: str | None, after: str | None, pusher: User) -> None:
    """Announces a ref that git has moved already, and lets pulls follow."""
    repo.pushed_at = hub.state.now()
    forced = bool(before and after and not repo.git.is_ancestor(before, after))
    _remember_pusher(repo, ref, before, after, pusher)
    hub.emit("push", _payload(hub, repo, ref, before, after, pusher, forced=forced), repo, pusher)
    if not ref.startswith("refs/heads/"):
        return
    branch = ref.removeprefix("refs/heads/")
    if after is not None:
        suites.request(hub, repo, branch, before, after, pusher)
    pulls.follow_head(hub, repo, branch, before, after, pusher)
    pulls.follow_base(hub, repo, branch, after, pusher)


def _remember_pusher(repo: Repo, ref: str, before: str | None, after: str | None, pusher: User) -> None:
    """Whoever pushes a commit first is its pusher; of a new branch, the commits that no other branch has."""
    if after is None:
        return
    others = [f"^{before}"] if before else ["--not", f"--exclude={ref.removeprefix('refs/heads/')}", "--branches"]
    for line in repo.git.text("rev-list", after, *others).splitlines():
        repo.pushers.setdefault(line, pusher.id)


def _payload(
    hub: Hub, repo: Repo, ref: str, before: str | None, after: str | None, pusher: User, *, forced: bool
) -> Json:
    state = hub.state
    listed: list[Json] = []
    head = None
    if after is not None:
        span = [f"{before}..{after}"] if before else [after]
        found = repo.git.log(*span, limit=EVENT_COMMITS)
        listed = [_pushed(hub, repo, one) for one in reversed(found)] if before else []
        head = _pushed(hub, repo, found[0] if found else repo.git.commit(after))
    web = repos.web(state, repo)
    repository = repos.repository(state, repo) | {
        "created_at": int(repo.created_at.timestamp()),
        "pushed_at": int(repo.pushed_at.timestamp()),
        "master_branch": repo.default_branch,
        "stargazers": 0,
    }
    return {
        "ref": ref,
        "before": before or ZERO,
        "after": after or ZERO,
        "repository": repository,
        "pusher": {"name": pusher.login, "email": pusher.email},
        "created": before is None,
        "deleted": after is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{web}/compare/{(before or ZERO)[:12]}...{(after or ZERO)[:12]}",
        "commits": listed,
        "head_commit": head,
    }


def _pushed(hub: Hub, repo: Repo, one: Commit) -> Json:
    files = repo.git.diff(one.parents[0] if one.parents else None, one.sha)
    return commits.pushed_commit(hub.state, repo, one, files)
