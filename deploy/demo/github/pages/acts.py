"""What a person can do on the pages: comment, edit, push a file, open, merge, close, ask for checks again."""

from __future__ import annotations

import json
import re
import secrets
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from deploy.demo.github import access
from deploy.demo.github.actions import checks, comments, merging, pulls, pushes
from deploy.demo.github.errors import ApiError
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import Issue, Json, Pull, Repo, User
from deploy.demo.github.rest import call

acts = Blueprint("acts", __name__, template_folder="templates")


@acts.post("/<owner>/<name>/pull/<int:number>/<any(comment, merge, squash, close, reopen, draft, ready):deed>")
def on_pull(owner: str, name: str, number: int, deed: str) -> Answer:
    hub, repo, who = _scene(owner, name)
    issue = hub.state.issue(repo, number)
    if deed == "comment":
        comments.create(hub, issue, who, _field("body"))
    elif issue.pull is not None:
        if deed in ("merge", "squash") or who is not issue.user:
            _need_write(hub, repo, who)
        _on_pull(hub, issue, who, deed)
    return _back(issue)


@acts.post("/<owner>/<name>/comments/<int:comment_id>/<any(edit, delete, react):deed>")
def on_comment(owner: str, name: str, comment_id: int, deed: str) -> Answer:
    hub, repo, who = _scene(owner, name)
    comment = hub.state.comment(repo, comment_id)
    if deed != "react" and who is not comment.user:
        _need_write(hub, repo, who)
    if deed == "edit":
        comments.edit(hub, comment, who, _field("body"))
    elif deed == "delete":
        comments.delete(hub, comment, who)
    else:
        comments.react(hub, comment, who, _field("content"))
    return _back(comment.issue)


@acts.post("/<owner>/<name>/files")
def push_file(owner: str, name: str) -> Answer:
    """One file on a branch (a new one starts at the default branch); with a title a pull is opened from it."""
    hub, repo, who = _scene(owner, name)
    _need_write(hub, repo, who)
    branch, path = _field("branch"), _field("path").strip("/")
    if not repo.git.names_branch(branch) or not path or ".." in path.split("/"):
        raise ApiError(422, "A branch and a path inside the repository are needed.")
    parent = repo.git.tip(branch) or repo.git.tip(repo.default_branch)
    content = _field("content", required=False).replace("\r\n", "\n")
    by = hub.signature(who)
    sha = repo.git.commit_files(
        parent, {path: content.encode()}, _field("message", required=False) or f"Change {path}", by, by
    )
    pushes.set_branch(hub, repo, branch, sha, who)
    title = _field("title", required=False)
    pull = next((p for p in hub.state.pulls(repo) if p.head_ref == branch and p.issue.state == "open"), None)
    if title and pull is None:
        pull = _open(hub, repo, who, branch, title)
    return _back(pull.issue) if pull else redirect(url_for("pages.tree", owner=owner, name=name, where=branch))


@acts.post("/<owner>/<name>/pulls")
def open_pull(owner: str, name: str) -> Answer:
    hub, repo, who = _scene(owner, name)
    return _back(_open(hub, repo, who, _field("branch"), _field("title")).issue)


@acts.post("/<owner>/<name>/runs/<int:run_id>/rerequest")
def rerequest(owner: str, name: str, run_id: int) -> Answer:
    hub, repo, who = _scene(owner, name)
    checks.rerequest_run(hub, hub.state.run(repo, run_id), who)
    return redirect(url_for("pages.check_run", owner=owner, name=name, run_id=run_id))


@acts.post("/settings/apps/new")
@acts.post("/organizations/<owner>/settings/apps/new")
def ask_for_app(owner: str = "") -> str:
    """The first half of the manifest flow: a form from elsewhere, shown for a person to agree to."""
    state = call.hub().state
    people = [u for u in state.users.values() if u.type == "User" and u not in (state.web_flow, state.ghost)]
    return render_template(
        "manifest.html",
        manifest=_manifest(),
        raw=_field("manifest"),
        owner=owner,
        people=people,
        state=request.args.get("state", ""),
    )


@acts.post("/settings/apps/create")
def create_app() -> Answer:
    """The second half: a code, good once, goes back to where the manifest says."""
    manifest, state = _manifest(), call.hub().state
    owner = state.user(_field("owner", required=False) or _field("as"))
    slug = re.sub(r"[^a-z0-9]+", "-", str(manifest.get("name", "app")).lower()).strip("-")
    code = secrets.token_hex(20)
    state.manifests[code] = manifest | {"owner_id": owner.id, "slug": slug}
    query = {"code": code} | ({"state": _field("state")} if request.form.get("state") else {})
    return redirect(f"{manifest.get('redirect_url', '/')}?{urlencode(query)}")


@acts.errorhandler(ApiError)
def refuse(problem: ApiError) -> tuple[str, int]:
    details = "; ".join(str(e.get("message") or e.get("field")) for e in problem.errors or ())
    return render_template("refused.html", message=problem.message, details=details), problem.status


def _need_write(hub: Hub, repo: Repo, who: User) -> None:
    """Anybody may comment here, so that a bot can be seen to refuse; the rest needs the right that GitHub asks for."""
    if access.role_of(hub.state, who, repo) not in ("write", "maintain", "admin"):
        raise ApiError(403, f"{who.login} has no write access to {repo.full_name}.")


def _on_pull(hub: Hub, issue: Issue, who: User, deed: str) -> None:
    pull = issue.pull
    assert pull is not None  # noqa: S101 - the caller looked
    if deed in ("merge", "squash"):
        merging.merge(hub, pull, who, method=deed)
    elif deed in ("draft", "ready"):
        pulls.set_draft(hub, pull, who, draft=deed == "draft")
    elif deed == "close" and issue.state == "open":
        pulls.close(hub, pull, who)
    elif deed == "reopen" and issue.state == "closed":
        pulls.reopen(hub, pull, who)


def _open(hub: Hub, repo: Repo, who: User, branch: str, title: str) -> Pull:
    new = pulls.NewPull(
        head_repo=repo, head=branch, base=repo.default_branch, title=title, body=_field("description", required=False)
    )
    return pulls.open_pull(hub, repo, who, new)


def _scene(owner: str, name: str) -> tuple[Hub, Repo, User]:
    hub = call.hub()
    return hub, hub.state.repo(owner, name), hub.state.user(_field("as"))


def _field(name: str, *, required: bool = True) -> str:
    value = request.form.get(name, "").strip() if name != "content" else request.form.get(name, "")
    if required and not value:
        raise ApiError(422, f"{name} is missing")
    return value


def _manifest() -> Json:
    try:
        manifest = json.loads(_field("manifest"))
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        raise ApiError(422, "The manifest is not a JSON object.")
    return manifest


def _back(issue: Issue) -> Answer:
    return redirect(
        url_for("pages.conversation", owner=issue.repo.owner.login, name=issue.repo.name, number=issue.number)
    )
