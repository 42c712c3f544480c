"""The one GraphQL mutation that bots commit with: createCommitOnBranch."""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, Response, jsonify

from deploy.demo.github import access
from deploy.demo.github.actions import pushes
from deploy.demo.github.errors import ApiError
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import Json, Repo
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import repos
from deploy.demo.github.state import node_id

api = Blueprint("graphql", __name__)


@api.post("/api/graphql")
def graphql() -> Response:
    """Takes the mutation with its input as a variable; everything else is answered as a GraphQL error, with status 200 as always."""
    fields = call.body()
    call.caller()
    given = _input(fields)
    if given is None:
        return _error(
            "NOT_IMPLEMENTED", "This server knows createCommitOnBranch with its input in a variable, and nothing else."
        )
    try:
        commit = _commit(call.hub(), given)
    except GraphqlError as problem:
        return _error(problem.kind, str(problem))
    except ApiError as problem:
        return _error("FORBIDDEN" if problem.status == 403 else "NOT_FOUND", problem.message)
    return jsonify(
        {"data": {"createCommitOnBranch": {"clientMutationId": given.get("clientMutationId"), "commit": commit}}}
    )


class GraphqlError(Exception):
    """A refusal of the mutation, with GitHub's `type` of it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _input(fields: Json) -> Json | None:
    if "createCommitOnBranch" not in str(fields.get("query")):
        return None
    variables = fields.get("variables")
    values = variables.values() if isinstance(variables, dict) else ()
    return next((v for v in values if isinstance(v, dict) and "branch" in v and "expectedHeadOid" in v), None)


def _commit(hub: Hub, given: Json) -> Json:
    repo, branch = _branch(hub, given["branch"])
    access.require(hub.state, call.caller(), repo, ("contents",), "write")
    tip = repo.git.tip(branch)
    if tip is None:
        raise GraphqlError("NOT_FOUND", f"No branch {branch} found.")
    if tip != given["expectedHeadOid"]:
        raise GraphqlError(
            "STALE_DATA",
            f'Expected branch to point to "{given["expectedHeadOid"]}" but it did not. Pull and try again.',
        )
    message = given.get("message") or {}
    headline, text = str(message.get("headline") or ""), str(message.get("body") or "")
    author = hub.web_signature(call.caller().user)
    sha = repo.git.commit_files(tip, _files(given), f"{headline}\n\n{text}".strip() + "\n", author, hub.own_signature())
    if call.caller().installation is not None:
        repo.verified.add(sha)
    pushes.set_branch(hub, repo, branch, sha, call.caller().user)
    return {"oid": sha, "id": node_id("Commit", int(sha[:8], 16)), "url": f"{repos.web(hub.state, repo)}/commit/{sha}"}


def _branch(hub: Hub, branch: object) -> tuple[Repo, str]:
    if not isinstance(branch, dict) or "repositoryNameWithOwner" not in branch or "branchName" not in branch:
        raise GraphqlError("UNPROCESSABLE", "A branch is named by repositoryNameWithOwner and branchName.")
    owner, _, name = str(branch["repositoryNameWithOwner"]).partition("/")
    return hub.state.repo(owner, name), str(branch["branchName"]).removeprefix("refs/heads/")


def _files(given: Json) -> dict[str, bytes | None]:
    changes = given.get("fileChanges") or {}
    files: dict[str, bytes | None] = {str(one["path"]): None for one in changes.get("deletions") or ()}
    for one in changes.get("additions") or ():
        try:
            files[str(one["path"])] = base64.b64decode(str(one["contents"]), validate=True)
        except binascii.Error:
            raise GraphqlError("UNPROCESSABLE", f"{one['path']}: contents is not Base64") from None
    return files


def _error(kind: str, message: str) -> Response:
    return jsonify(
        {
            "data": {"createCommitOnBranch": None},
            "errors": [{"type": kind, "path": ["createCommitOnBranch"], "message": message}],
        }
    )
