"""Pull requests: listed, opened, changed, merged; their files and commits."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, jsonify, request

from deploy.demo.github import access
from deploy.demo.github.actions import merging
from deploy.demo.github.actions import pulls as actions
from deploy.demo.github.errors import ApiError, invalid, not_found
from deploy.demo.github.records import Pull, Repo
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import commits, pulls

api = Blueprint("pulls", __name__, url_prefix="/api/v3/repos/<owner>/<name>")
FILES_CAP = 3_000
COMMITS_CAP = 250


@api.get("/pulls")
def list_pulls(owner: str, name: str) -> Response:
    state = call.hub().state
    repo = call.repo(owner, name, "pull_requests")
    wanted = {k: request.args.get(k) for k in ("state", "head", "base")}
    found = [p for p in state.pulls(repo) if _matches(p, wanted)]
    found.sort(key=lambda p: p.number, reverse=request.args.get("direction", "desc") == "desc")
    return call.page(found, lambda p: pulls.simple(state, p))


@api.post("/pulls")
def open_pull(owner: str, name: str) -> Response:
    hub, fields = call.hub(), call.body()
    repo = call.repo(owner, name, "pull_requests", "write", person="read")
    head_owner, _, head = call.text(fields, "head").rpartition(":")
    head_repo = _head_repo(repo, head_owner)
    title = call.text(fields, "title")
    if not title:
        raise invalid("PullRequest", "title", "title is missing", "missing_field")
    new = actions.NewPull(
        head_repo=head_repo,
        head=head,
        base=call.text(fields, "base"),
        title=title,
        body=call.text(fields, "body"),
        draft=bool(fields.get("draft", False)),
        maintainer_can_modify=bool(fields.get("maintainer_can_modify", True)),
    )
    pull = actions.open_pull(hub, repo, call.caller().user, new)
    return call.created(pulls.full(hub.state, pull, actions.facts_of(hub, pull)))


@api.get("/pulls/<int:number>")
def get_pull(owner: str, name: str, number: int) -> Response:
    pull = _pull(owner, name, number)
    return jsonify(pulls.full(call.hub().state, pull, actions.facts_of(call.hub(), pull)))


@api.patch("/pulls/<int:number>")
def edit_pull(owner: str, name: str, number: int) -> Response:
    hub, fields = call.hub(), call.body()
    repo = call.repo(owner, name, "pull_requests", "write")
    pull, who = hub.state.pull(repo, number), call.caller().user
    texts = {k: call.text(fields, k) if fields.get(k) is not None else None for k in ("title", "body", "base")}
    actions.edit(hub, pull, who, title=texts["title"], body=texts["body"], base=texts["base"])
    wanted = fields.get("state")
    if wanted == "closed" and pull.issue.state == "open":
        actions.close(hub, pull, who)
    elif wanted == "open" and pull.issue.state == "closed":
        actions.reopen(hub, pull, who)
    return jsonify(pulls.full(hub.state, pull, actions.facts_of(hub, pull)))


@api.get("/pulls/<int:number>/files")
def list_files(owner: str, name: str, number: int) -> Response:
    pull = _pull(owner, name, number)
    git = pull.repo.git
    found = git.diff(git.merge_base(pull.base_sha, pull.head_sha), pull.head_sha)
    return call.page(found, lambda f: commits.diff_entry(call.hub().state, pull.repo, f, pull.head_sha), cap=FILES_CAP)


@api.get("/pulls/<int:number>/commits")
def list_commits(owner: str, name: str, number: int) -> Response:
    """Oldest first, 250 at most."""
    pull = _pull(owner, name, number)
    found = pull.repo.git.log("--reverse", "--topo-order", f"{pull.base_sha}..{pull.head_sha}")
    return call.page(found, lambda c: commits.commit(call.hub().state, pull.repo, c), cap=COMMITS_CAP)


@api.get("/pulls/<int:number>/merge")
def is_merged(owner: str, name: str, number: int) -> Response:
    if _pull(owner, name, number).merged_at is None:
        raise not_found()
    return call.nothing()


@api.put("/pulls/<int:number>/merge")
def merge_pull(owner: str, name: str, number: int) -> Response:
    hub, fields = call.hub(), call.body()
    repo = call.repo(owner, name, "contents", "write")
    sha = merging.merge(
        hub,
        hub.state.pull(repo, number),
        call.caller().user,
        method=call.text(fields, "merge_method", "merge"),
        title=call.text(fields, "commit_title"),
        message=call.text(fields, "commit_message"),
        sha=call.text(fields, "sha"),
    )
    return jsonify({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@api.get("/commits/<sha>/pulls")
def list_pulls_of_commit(owner: str, name: str, sha: str) -> Response:
    state = call.hub().state
    repo = call.repo(owner, name, "pull_requests")
    commit = repo.git.resolve(sha)
    if commit is None:
        raise ApiError(422, f"No commit found for SHA: {sha}", errors=[])
    found = [p for p in state.pulls(repo) if commit in (p.head_sha, p.merge_commit_sha) or _holds(p, commit)]
    return call.page(found, lambda p: pulls.simple(state, p))


def _pull(owner: str, name: str, number: int) -> Pull:
    """The pull, unless it is so new that GitHub would not find it yet."""
    state = call.hub().state
    pull = state.pull(call.repo(owner, name, "pull_requests"), number)
    if state.now() - pull.issue.created_at < timedelta(seconds=state.faults.not_found_after_open):
        raise not_found()
    return pull


def _matches(pull: Pull, wanted: dict[str, str | None]) -> bool:
    return (
        (wanted["state"] in ("all", pull.issue.state) or (wanted["state"] is None and pull.issue.state == "open"))
        and wanted["head"] in (None, "", f"{pull.head_owner.login}:{pull.head_ref}")
        and wanted["base"] in (None, "", pull.base_ref)
    )


def _head_repo(repo: Repo, owner: str) -> Repo:
    if not owner or owner.lower() == repo.owner.login.lower():
        return repo
    state = call.hub().state
    forks = [
        r
        for r in state.repos.values()
        if r.fork_of is repo and r.owner.login.lower() == owner.lower() and not r.deleted
    ]
    if not forks or not access.sees(state, call.caller(), forks[0]):
        raise invalid("PullRequest", "head", "", "invalid")
    return forks[0]


def _holds(pull: Pull, commit: str) -> bool:
    git = pull.repo.git
    return git.is_ancestor(commit, pull.head_sha) and not git.is_ancestor(commit, pull.base_sha)
