"""Commits, changed files, trees and refs as GitHub's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from deploy.demo.github.bare import TreeEntry
from deploy.demo.github.commits import Commit
from deploy.demo.github.diffs import FileDiff
from deploy.demo.github.records import Json, Repo
from deploy.demo.github.shapes import accounts, repos
from deploy.demo.github.state import State, node_id

PATCH_CAP = 100_000  # characters; GitHub leaves `patch` out of large files


def verification(repo: Repo, commit: Commit) -> Json:
    """Only commits that GitHub itself made here are signed; a pushed commit never is."""
    good = commit.sha in repo.verified
    return {
        "verified": good,
        "reason": "valid" if good else "unsigned",
        "signature": "-----BEGIN PGP SIGNATURE-----\n\nstand-in\n-----END PGP SIGNATURE-----" if good else None,
        "payload": f"tree {commit.tree}" if good else None,
        "verified_at": commit.committed_at if good else None,
    }


def commit(state: State, repo: Repo, one: Commit) -> Json:
    """The REST commit; author and committer are null where the address belongs to no account."""
    base = repos.api(state, repo)
    author, committer = state.user_by_email(one.author_email), state.user_by_email(one.committer_email)
    return {
        "url": f"{base}/commits/{one.sha}",
        "sha": one.sha,
        "node_id": node_id("Commit", int(one.sha[:8], 16)),
        "html_url": f"{repos.web(state, repo)}/commit/{one.sha}",
        "comments_url": f"{base}/commits/{one.sha}/comments",
        "commit": {
            "url": f"{base}/git/commits/{one.sha}",
            "message": one.message,
            "comment_count": 0,
            "author": {"name": one.author_name, "email": one.author_email, "date": one.authored_at},
            "committer": {"name": one.committer_name, "email": one.committer_email, "date": one.committed_at},
            "tree": {"url": f"{base}/git/trees/{one.tree}", "sha": one.tree},
            "verification": verification(repo, one),
        },
        "author": accounts.user(state, author) if author else None,
        "committer": accounts.user(state, committer) if committer else None,
        "parents": _parents(state, repo, one),
    }


def commit_with_files(state: State, repo: Repo, one: Commit, files: Sequence[FileDiff]) -> Json:
    added, deleted = sum(f.additions for f in files), sum(f.deletions for f in files)
    return commit(state, repo, one) | {
        "stats": {"additions": added, "deletions": deleted, "total": added + deleted},
        "files": [diff_entry(state, repo, f, one.sha) for f in files],
    }


def git_commit(state: State, repo: Repo, one: Commit) -> Json:
    base = repos.api(state, repo)
    return {
        "sha": one.sha,
        "node_id": node_id("Commit", int(one.sha[:8], 16)),
        "url": f"{base}/git/commits/{one.sha}",
        "html_url": f"{repos.web(state, repo)}/commit/{one.sha}",
        "message": one.message,
        "author": {"name": one.author_name, "email": one.author_email, "date": one.authored_at},
        "committer": {"name": one.committer_name, "email": one.committer_email, "date": one.committed_at},
        "tree": {"url": f"{base}/git/trees/{one.tree}", "sha": one.tree},
        "parents": _parents(state, repo, one),
        "verification": verification(repo, one),
    }


def simple_commit(one: Commit) -> Json:
    return {
        "id": one.sha,
        "tree_id": one.tree,
        "message": one.message,
        "timestamp": one.committed_at,
        "author": {"name": one.author_name, "email": one.author_email},
        "committer": {"name": one.committer_name, "email": one.committer_email},
    }


def pushed_commit(state: State, repo: Repo, one: Commit, files: Sequence[FileDiff]) -> Json:
    """A commit as a push event carries it: with the paths it added, removed and modified."""
    people = {"author": (one.author_name, one.author_email), "committer": (one.committer_name, one.committer_email)}
    shape = simple_commit(one) | {"distinct": True, "url": f"{repos.web(state, repo)}/commit/{one.sha}"}
    for part, (name, email) in people.items():
        account = state.user_by_email(email)
        shape[part] = {"name": name, "email": email} | ({"username": account.login} if account else {})
    added = [f.path for f in files if f.status in ("added", "renamed", "copied")]
    removed = [f.path for f in files if f.status == "removed"] + [
        f.previous for f in files if f.status == "renamed" and f.previous
    ]
    return shape | {
        "added": added,
        "removed": removed,
        "modified": [f.path for f in files if f.status in ("modified", "changed")],
    }


def diff_entry(state: State, repo: Repo, one: FileDiff, at: str) -> Json:
    path = quote(one.path)
    web = repos.web(state, repo)
    shape: Json = {
        "sha": one.sha,
        "filename": one.path,
        "status": one.status,
        "additions": one.additions,
        "deletions": one.deletions,
        "changes": one.additions + one.deletions,
        "blob_url": f"{web}/blob/{at}/{path}",
        "raw_url": f"{web}/raw/{at}/{path}",
        "contents_url": f"{repos.api(state, repo)}/contents/{path}?ref={at}",
    }
    if one.patch is not None and len(one.patch) <= PATCH_CAP:
        shape["patch"] = one.patch
    if one.previous is not None:
        shape["previous_filename"] = one.previous
    return shape


def tree(state: State, repo: Repo, sha: str, entries: Sequence[TreeEntry], *, truncated: bool) -> Json:
    base = repos.api(state, repo)
    return {
        "sha": sha,
        "url": f"{base}/git/trees/{sha}",
        "truncated": truncated,
        "tree": [_tree_entry(base, entry) for entry in entries],
    }


def ref(state: State, repo: Repo, name: str, sha: str) -> Json:
    base = repos.api(state, repo)
    return {
        "ref": name,
        "node_id": node_id("Ref", int(sha[:8], 16)),
        "url": f"{base}/git/{name}",
        "object": {"type": "commit", "sha": sha, "url": f"{base}/git/commits/{sha}"},
    }


def _tree_entry(base: str, entry: TreeEntry) -> Json:
    shape: Json = {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.sha}
    if entry.type == "blob":
        shape["size"] = entry.size
    if entry.type != "commit":
        shape["url"] = f"{base}/git/{entry.type}s/{entry.sha}"
    return shape


def _parents(state: State, repo: Repo, one: Commit) -> list[Json]:
    base, web = repos.api(state, repo), repos.web(state, repo)
    return [{"sha": sha, "url": f"{base}/commits/{sha}", "html_url": f"{web}/commit/{sha}"} for sha in one.parents]
