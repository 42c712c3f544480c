"""Git objects through the API: blobs, trees, commits, refs."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime

from flask import Blueprint, Response, jsonify, request

from deploy.demo.github.actions import pushes
from deploy.demo.github.bare import GitError, Signature
from deploy.demo.github.errors import ApiError, conflict, invalid, not_found, unprocessable
from deploy.demo.github.records import Repo
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import commits, repos
from deploy.demo.github.state import node_id

api = Blueprint("gitdata", __name__, url_prefix="/api/v3/repos/<owner>/<name>/git")
SHA = re.compile(r"[0-9a-f]{40}")
MODES = ("100644", "100755", "040000", "160000", "120000")
TREE_CAP = 100_000  # entries of a recursive tree
BLOB_CAP = 100 * 1024 * 1024


@api.post("/blobs")
def create_blob(owner: str, name: str) -> Response:
    repo, fields = call.repo(owner, name, "contents", "write"), call.body()
    content = call.text(fields, "content")
    data = _decoded(content) if fields.get("encoding") == "base64" else content.encode()
    sha = repo.git.write_blob(data)
    return call.created({"sha": sha, "url": f"{repos.api(call.hub().state, repo)}/git/blobs/{sha}"})


@api.get("/blobs/<sha>")
def get_blob(owner: str, name: str, sha: str) -> Response:
    repo = call.repo(owner, name, "contents")
    data = _object(repo, sha, "blob")
    if len(data) > BLOB_CAP:
        raise ApiError(403, "This API returns blobs up to 100 MB in size.")
    return jsonify(
        {
            "sha": sha,
            "node_id": node_id("Blob", int(sha[:8], 16)),
            "size": len(data),
            "encoding": "base64",
            "url": f"{repos.api(call.hub().state, repo)}/git/blobs/{sha}",
            "content": base64.encodebytes(data).decode(),
        }
    )


@api.post("/trees")
def create_tree(owner: str, name: str) -> Response:
    """`content` is written as a blob; a sha of null takes the path away; all else of `base_tree` stays."""
    repo, fields = call.repo(owner, name, "contents", "write"), call.body()
    entries = fields.get("tree")
    if not isinstance(entries, list) or not entries:
        raise invalid("Tree", "tree", "Invalid tree info", "invalid")
    base = fields.get("base_tree")
    if base is not None and repo.git.resolve(base) is None:
        _object(repo, base, "tree")
    try:
        sha = repo.git.write_tree(base, [_new_entry(repo, entry) for entry in entries])
    except GitError:
        raise unprocessable("tree.sha does not exist or path is malformed") from None
    return call.created(commits.tree(call.hub().state, repo, sha, repo.git.tree(sha), truncated=False))


@api.get("/trees/<path:treeish>")
def get_tree(owner: str, name: str, treeish: str) -> Response:
    state = call.hub().state
    repo = call.repo(owner, name, "contents")
    sha = _tree_sha(repo, treeish)
    recursive = "recursive" in request.args
    entries = repo.git.tree(sha, recursive=recursive)
    cap = len(entries) // 2 if state.faults.truncated_trees and recursive else TREE_CAP
    return jsonify(commits.tree(state, repo, sha, entries[:cap], truncated=len(entries) > cap))


@api.post("/commits")
def create_commit(owner: str, name: str) -> Response:
    """Signed by GitHub only where the App names no author, committer or signature of its own."""
    hub, fields = call.hub(), call.body()
    repo = call.repo(owner, name, "contents", "write")
    user = call.caller().user
    _object(repo, call.text(fields, "tree"), "tree")
    parents = fields.get("parents") or []
    for parent in parents:
        _object(repo, parent, "commit")
    author = _signature(fields.get("author"), hub.web_signature(user))
    committer = _signature(fields.get("committer"), author if fields.get("author") else hub.own_signature())
    sha = repo.git.write_commit(fields["tree"], parents, call.text(fields, "message"), author, committer)
    custom = any(fields.get(k) for k in ("author", "committer", "signature"))
    if call.caller().installation is not None and not custom:
        repo.verified.add(sha)
    return call.created(commits.git_commit(hub.state, repo, repo.git.commit(sha)))


@api.get("/commits/<sha>")
def get_commit(owner: str, name: str, sha: str) -> Response:
    repo = call.repo(owner, name, "contents")
    _object(repo, sha, "commit")
    return jsonify(commits.git_commit(call.hub().state, repo, repo.git.commit(sha)))


@api.get("/ref/<path:ref>")
def get_ref(owner: str, name: str, ref: str) -> Response:
    repo = call.repo(owner, name, "contents")
    return _ref(repo, f"refs/{ref}")


@api.get("/matching-refs/<path:ref>")
def list_refs(owner: str, name: str, ref: str) -> Response:
    repo = call.repo(owner, name, "contents")
    found = sorted((n, s) for n, s in repo.git.refs().items() if n.startswith(f"refs/{ref}"))
    return call.page(found, lambda pair: commits.ref(call.hub().state, repo, *pair))


@api.post("/refs")
def create_ref(owner: str, name: str) -> Response:
    hub, fields = call.hub(), call.body()
    repo = call.repo(owner, name, "contents", "write")
    ref, sha = call.text(fields, "ref"), call.text(fields, "sha")
    if not re.fullmatch(r"refs/(heads|tags)/.+", ref) or not repo.git.names_branch(ref.split("/", 2)[2]):
        raise unprocessable(f"{ref} is not a valid ref name.")
    if ref in repo.git.refs(ref):
        raise unprocessable("Reference already exists")
    _existing(repo, sha)
    repo.git.set_refs([(ref, sha)])
    pushes.moved(hub, repo, ref, None, sha, call.caller().user)
    return call.created(commits.ref(hub.state, repo, ref, sha))


@api.patch("/refs/<path:ref>")
def update_ref(owner: str, name: str, ref: str) -> Response:
    """Without force only a fast-forward is taken; anything else is a 422."""
    hub, fields = call.hub(), call.body()
    repo = call.repo(owner, name, "contents", "write")
    if f"refs/{ref}" not in repo.git.refs(f"refs/{ref}"):
        raise unprocessable("Reference does not exist")
    sha = _existing(repo, call.text(fields, "sha"))
    if not ref.startswith("heads/"):
        raise unprocessable("Reference cannot be updated")
    pushes.set_branch(
        hub, repo, ref.removeprefix("heads/"), sha, call.caller().user, force=bool(fields.get("force", False))
    )
    return _ref(repo, f"refs/{ref}")


@api.delete("/refs/<path:ref>")
def delete_ref(owner: str, name: str, ref: str) -> Response:
    repo = call.repo(owner, name, "contents", "write")
    if not ref.startswith("heads/"):
        raise unprocessable("Reference does not exist")
    pushes.delete_branch(call.hub(), repo, ref.removeprefix("heads/"), call.caller().user)
    return call.nothing()


def _ref(repo: Repo, ref: str) -> Response:
    sha = repo.git.refs(ref).get(ref)
    if sha is None:
        raise not_found()
    return jsonify(commits.ref(call.hub().state, repo, ref, sha))


def _object(repo: Repo, sha: object, kind: str) -> bytes:
    if not isinstance(sha, str) or not SHA.fullmatch(sha):
        raise ApiError(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].", errors=[])
    found = repo.git.read(sha)
    if found is None or found[0] != kind:
        raise (
            not_found()
            if request.method == "GET"
            else invalid("Commit", kind, f"{kind} {sha} does not exist", "invalid")
        )
    return found[1]


def _existing(repo: Repo, sha: str) -> str:
    if not SHA.fullmatch(sha) or (repo.git.read(sha) or ("", b""))[0] != "commit":
        raise unprocessable("Object does not exist")
    return sha


def _tree_sha(repo: Repo, treeish: str) -> str:
    commit = repo.git.resolve(treeish)
    if commit is not None:
        return repo.git.commit(commit).tree
    if not repo.git.refs():
        raise conflict("Git Repository is empty.")
    if not SHA.fullmatch(treeish):
        raise not_found()
    _object(repo, treeish, "tree")
    return treeish


def _new_entry(repo: Repo, entry: object) -> tuple[str, str, str | None]:
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str) or entry.get("mode") not in MODES:
        raise invalid("Tree", "tree", "tree.mode or tree.path is not valid", "invalid")
    if "content" in entry:
        return entry["mode"], entry["path"], repo.git.write_blob(str(entry["content"]).encode())
    return entry["mode"], entry["path"], entry.get("sha")


def _signature(value: object, default: Signature) -> Signature:
    if not isinstance(value, dict):
        return default
    date = value.get("date")
    at = datetime.fromisoformat(date) if isinstance(date, str) else default.at
    return Signature(str(value.get("name", default.name)), str(value.get("email", default.email)), at)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content)
    except binascii.Error:
        raise unprocessable("content is not valid Base64") from None
