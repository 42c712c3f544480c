"""Comments of issues and pulls, and their reactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, jsonify, request

from deploy.demo.github import access
from deploy.demo.github.actions import comments as actions
from deploy.demo.github.errors import forbidden, not_found
from deploy.demo.github.records import Comment, Repo
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import pulls

api = Blueprint("comments", __name__, url_prefix="/api/v3/repos/<owner>/<name>/issues")
EITHER = ("issues", "pull_requests")  # a pull's conversation answers to both permissions


@api.get("/<int:number>/comments")
def list_comments(owner: str, name: str, number: int) -> Response:
    state = call.hub().state
    found = state.comments_of(state.issue(call.repo(owner, name, EITHER), number))
    return call.page(_since(found), lambda c: pulls.comment(state, c))


@api.post("/<int:number>/comments")
def create_comment(owner: str, name: str, number: int) -> Response:
    hub = call.hub()
    issue = hub.state.issue(call.repo(owner, name, EITHER, "write", person="read"), number)
    comment = actions.create(hub, issue, call.caller().user, call.text(call.body(), "body"), call.caller_app())
    return call.created(pulls.comment(hub.state, comment))


@api.get("/comments")
def list_all_comments(owner: str, name: str) -> Response:
    """Those of every issue and pull, oldest first."""
    state = call.hub().state
    repo = call.repo(owner, name, EITHER)
    return call.page(
        _since([c for c in state.comments.values() if c.issue.repo is repo]), lambda c: pulls.comment(state, c)
    )


@api.get("/comments/<int:comment_id>")
def get_comment(owner: str, name: str, comment_id: int) -> Response:
    state = call.hub().state
    return jsonify(pulls.comment(state, state.comment(call.repo(owner, name, EITHER), comment_id)))


@api.patch("/comments/<int:comment_id>")
def edit_comment(owner: str, name: str, comment_id: int) -> Response:
    hub = call.hub()
    comment = _own(owner, name, comment_id)
    actions.edit(hub, comment, call.caller().user, call.text(call.body(), "body"))
    return jsonify(pulls.comment(hub.state, comment))


@api.delete("/comments/<int:comment_id>")
def delete_comment(owner: str, name: str, comment_id: int) -> Response:
    actions.delete(call.hub(), _own(owner, name, comment_id), call.caller().user)
    return call.nothing()


@api.get("/comments/<int:comment_id>/reactions")
def list_reactions(owner: str, name: str, comment_id: int) -> Response:
    state = call.hub().state
    comment = state.comment(call.repo(owner, name, EITHER), comment_id)
    wanted = request.args.get("content")
    return call.page([r for r in comment.reactions if wanted in (None, r.content)], lambda r: pulls.reaction(state, r))


@api.post("/comments/<int:comment_id>/reactions")
def create_reaction(owner: str, name: str, comment_id: int) -> Response:
    hub = call.hub()
    comment = hub.state.comment(call.repo(owner, name, EITHER, "write", person="read"), comment_id)
    reaction, new = actions.react(hub, comment, call.caller().user, call.text(call.body(), "content"))
    return call.created(pulls.reaction(hub.state, reaction), 201 if new else 200)


@api.delete("/comments/<int:comment_id>/reactions/<int:reaction_id>")
def delete_reaction(owner: str, name: str, comment_id: int, reaction_id: int) -> Response:
    state = call.hub().state
    comment = state.comment(call.repo(owner, name, EITHER, "write", person="read"), comment_id)
    mine = [r for r in comment.reactions if r.id == reaction_id and r.user is call.caller().user]
    if not mine:
        raise not_found()
    comment.reactions.remove(mine[0])
    state.changed()
    return call.nothing()


def _since(found: Sequence[Comment]) -> Sequence[Comment]:
    since = request.args.get("since")
    return [c for c in found if c.updated_at >= datetime.fromisoformat(since)] if since else found


def _own(owner: str, name: str, comment_id: int) -> Comment:
    """One's own comment, or anybody's for those who may write the repository (an App: only through its write permission)."""
    repo: Repo = call.repo(owner, name, EITHER, "write", person="read")
    comment = call.hub().state.comment(repo, comment_id)
    token = call.caller()
    role = access.role_of(call.hub().state, token.user, repo)
    if token.installation is None and comment.user is not token.user and role not in ("write", "maintain", "admin"):
        raise forbidden("Must have push access to repository")
    return comment
