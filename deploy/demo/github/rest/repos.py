"""Repositories: themselves, their branches, contents, commits and comparisons."""

from __future__ import annotations

import base64
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request

from deploy.demo.github import access
from deploy.demo.github.bare import TreeEntry
from deploy.demo.github.errors import ApiError, not_found
from deploy.demo.github.records import Json, Repo
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import commits, repos

api = Blueprint("repos", __name__, url_prefix="/api/v3/repos/<owner>/<name>")
INLINE_CAP = 1024 * 1024  # bytes; contents of larger files are left out of JSON
COMPARE_CAP = 250
COMPARE_FILES_CAP = 300


@api.get("")
def get_repo(owner: str, name: str) -> Response:
    state, token = call.hub().state, call.caller()
    repo = call.repo(owner, name, "metadata")
    if token.installation is None:
        role = access.role_of(state, token.user, repo)
    else:
        role = "write" if access.grants(token.permissions, ("contents",), "write") else "read"
    return jsonify(repos.full(state, repo, role))


@api.get("/branches")
def list_branches(owner: str, name: str) -> Response:
    repo = call.repo(owner, name, "contents")
    tips = sorted(repo.git.refs("refs/heads/").items())
    return call.page(
        tips, lambda pair: repos.short_branch(call.hub().state, repo, pair[0].removeprefix("refs/heads/"), pair[1])
    )


@api.get("/branches/<path:branch>/protection")
def get_protection(owner: str, name: str, branch: str) -> Response:
    repo = call.repo(owner, name, "administration", person="admin")
    if branch not in repo.protections:
        raise ApiError(404, "Branch not protected")
    return jsonify(repos.protection(call.hub().state, repo, branch))


@api.get("/branches/<path:branch>")
def get_branch(owner: str, name: str, branch: str) -> Response:
    state = call.hub().state
    repo = call.repo(owner, name, "contents")
    sha = repo.git.tip(branch)
    if sha is None:
        raise ApiError(404, "Branch not found")
    protected = branch in repo.protections
    checks = repo.protections.get(branch, {}).get("checks") or []
    return jsonify(
        repos.short_branch(state, repo, branch, sha)
        | {
            "commit": commits.commit(state, repo, repo.git.commit(sha)),
            "_links": {
                "self": f"{repos.api(state, repo)}/branches/{branch}",
                "html": f"{repos.web(state, repo)}/tree/{branch}",
            },
            "protection": {
                "enabled": protected,
                "required_status_checks": {
                    "enforcement_level": "non_admins" if protected else "off",
                    "contexts": [c["context"] for c in checks],
                    "checks": checks,
                },
            },
        }
    )


@api.get("/commits")
def list_commits(owner: str, name: str) -> Response:
    repo = call.repo(owner, name, "contents")
    if not repo.git.refs("refs/heads/"):
        raise ApiError(409, "Git Repository is empty.")
    start = repo.git.resolve(request.args.get("sha") or repo.default_branch)
    if start is None:
        raise not_found()
    paths = [request.args["path"]] if request.args.get("path") else []
    return call.page(repo.git.log(start, paths=paths), lambda c: commits.commit(call.hub().state, repo, c))


@api.get("/commits/<path:ref>")
def get_commit(owner: str, name: str, ref: str) -> Response:
    repo = call.repo(owner, name, "contents")
    sha = repo.git.resolve(ref)
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref}", errors=[])
    if "sha" in request.headers.get("Accept", "").split("github.")[-1].split("+")[0]:
        return Response(sha, mimetype="application/vnd.github.sha")
    commit = repo.git.commit(sha)
    files = repo.git.diff(commit.parents[0] if commit.parents else None, sha)
    return jsonify(commits.commit_with_files(call.hub().state, repo, commit, files))


@api.get("/compare/<path:basehead>")
def compare(owner: str, name: str, basehead: str) -> Response:
    """base...head: the commits of head that base lacks, and what they change since the merge base."""
    state = call.hub().state
    repo = call.repo(owner, name, "contents")
    base_name, _, head_name = basehead.partition("...")
    base, head = repo.git.resolve(base_name.rpartition(":")[2]), repo.git.resolve(head_name.rpartition(":")[2])
    start = repo.git.merge_base(base, head) if base and head else None
    if base is None or head is None or start is None:
        raise not_found()
    ahead = repo.git.log("--reverse", "--topo-order", f"{base}..{head}")
    behind = repo.git.count(f"{head}..{base}")
    api, web = f"{repos.api(state, repo)}/compare/{basehead}", f"{repos.web(state, repo)}/compare/{basehead}"
    status = ("diverged" if behind else "ahead") if ahead else ("behind" if behind else "identical")
    return jsonify(
        {
            "url": api,
            "html_url": web,
            "permalink_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "base_commit": commits.commit(state, repo, repo.git.commit(base)),
            "merge_base_commit": commits.commit(state, repo, repo.git.commit(start)),
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": behind,
            "total_commits": len(ahead),
            "commits": [commits.commit(state, repo, c) for c in ahead[:COMPARE_CAP]],
            "files": [commits.diff_entry(state, repo, f, head) for f in repo.git.diff(start, head)[:COMPARE_FILES_CAP]],
        }
    )


@api.get("/contents/", defaults={"path": ""})
@api.get("/contents/<path:path>")
def get_contents(owner: str, name: str, path: str) -> Response:
    repo = call.repo(owner, name, "contents")
    ref = request.args.get("ref") or repo.default_branch
    sha = repo.git.resolve(ref)
    if sha is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    if not path.strip("/"):
        return jsonify([_content(repo, e, ref) for e in repo.git.tree(sha)])
    entry = repo.git.entry(sha, path)
    if entry is None:
        raise not_found()
    if entry.type == "tree":
        return jsonify([_content(repo, e, ref) for e in repo.git.tree(sha, path)])
    data = (repo.git.read(entry.sha) or ("", b""))[1] if entry.type == "blob" else b""
    if "raw" in request.headers.get("Accept", ""):
        return Response(data, mimetype="application/vnd.github.raw")
    large = len(data) > INLINE_CAP
    return jsonify(
        _content(repo, entry, ref)
        | (
            {}
            if entry.type == "commit"
            else {
                "encoding": "none" if large else "base64",
                "content": "" if large else base64.encodebytes(data).decode(),
            }
        )
    )


def _content(repo: Repo, entry: TreeEntry, ref: str) -> Json:
    state = call.hub().state
    api, web = repos.api(state, repo), repos.web(state, repo)
    kind = {"blob": "symlink" if entry.mode == "120000" else "file", "tree": "dir", "commit": "submodule"}[entry.type]
    path = quote(entry.path)
    links = {
        "self": f"{api}/contents/{path}?ref={quote(ref)}",
        "git": f"{api}/git/{entry.type}s/{entry.sha}",
        "html": f"{web}/{'tree' if kind == 'dir' else 'blob'}/{quote(ref)}/{path}",
    }
    return {
        "type": kind,
        "size": entry.size or 0,
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "url": links["self"],
        "git_url": links["git"],
        "html_url": links["html"],
        "download_url": f"{web}/raw/{quote(ref)}/{path}" if kind == "file" else None,
        "_links": links,
    }
