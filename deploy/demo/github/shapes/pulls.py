"""Pull requests, issues, comments and reactions as GitHub's JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deploy.demo.github.access import association
from deploy.demo.github.records import Comment, Issue, Json, Pull, Reaction, Repo
from deploy.demo.github.shapes import accounts, repos
from deploy.demo.github.state import State, iso, node_id

CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullFacts:
    """What only git can tell of a pull."""

    commits: int
    additions: int
    deletions: int
    changed_files: int
    mergeable: bool | None  # None: not known yet
    blocked: bool = False  # a required check is missing


def simple(state: State, pull: Pull) -> Json:
    issue = pull.issue
    base, page = repos.api(state, pull.repo), repos.web(state, pull.repo)
    api = f"{base}/pulls/{pull.number}"
    return {
        "url": api,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": f"{page}/pull/{pull.number}",
        "diff_url": f"{page}/pull/{pull.number}.diff",
        "patch_url": f"{page}/pull/{pull.number}.patch",
        "issue_url": f"{base}/issues/{pull.number}",
        "commits_url": f"{api}/commits",
        "review_comments_url": f"{api}/comments",
        "review_comment_url": f"{base}/pulls/comments{{/number}}",
        "comments_url": f"{base}/issues/{pull.number}/comments",
        "statuses_url": f"{base}/statuses/{pull.head_sha}",
        "number": pull.number,
        "state": issue.state,
        "locked": False,
        "title": issue.title,
        "user": accounts.user(state, issue.user),
        "body": issue.body or None,
        "labels": [],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": iso(issue.created_at),
        "updated_at": iso(issue.updated_at),
        "closed_at": _maybe(issue.closed_at),
        "merged_at": _maybe(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _head(state, pull),
        "base": _side(state, pull.repo, pull.base_ref, pull.base_sha),
        "_links": _links(api, base, page, pull),
        "author_association": association(state, issue.user, pull.repo),
        "auto_merge": None,
        "draft": pull.draft,
    }


def full(state: State, pull: Pull, facts: PullFacts) -> Json:
    open_ = pull.issue.state == "open"
    judged = {True: "blocked" if facts.blocked else "clean", False: "dirty", None: "unknown"}[facts.mergeable]
    mergeable = facts.mergeable if open_ else None
    comments = len(state.comments_of(pull.issue))
    return simple(state, pull) | {
        "merged": pull.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": ("draft" if pull.draft and facts.mergeable else judged) if open_ else "unknown",
        "merged_by": accounts.user(state, pull.merged_by) if pull.merged_by else None,
        "comments": comments,
        "review_comments": 0,
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": facts.commits,
        "additions": facts.additions,
        "deletions": facts.deletions,
        "changed_files": facts.changed_files,
    }


def reference(state: State, pull: Pull) -> Json:
    """The short form inside check runs and suites."""
    head = pull.head_repo or pull.repo
    return {
        "id": pull.id,
        "number": pull.number,
        "url": f"{repos.api(state, pull.repo)}/pulls/{pull.number}",
        "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": _repo_reference(state, head)},
        "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": _repo_reference(state, pull.repo)},
    }


def issue(state: State, one: Issue) -> Json:
    base, page = repos.api(state, one.repo), repos.web(state, one.repo)
    api = f"{base}/issues/{one.number}"
    kind = "pull" if one.pull else "issues"
    shape: Json = {
        "url": api,
        "repository_url": base,
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "html_url": f"{page}/{kind}/{one.number}",
        "id": one.id,
        "node_id": node_id("Issue", one.id),
        "number": one.number,
        "title": one.title,
        "user": accounts.user(state, one.user),
        "labels": [],
        "state": one.state,
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(state.comments_of(one)),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "closed_at": _maybe(one.closed_at),
        "author_association": association(state, one.user, one.repo),
        "active_lock_reason": None,
        "body": one.body or None,
        "reactions": rollup(api, ()),
        "timeline_url": f"{api}/timeline",
        "performed_via_github_app": None,
        "state_reason": None,
    }
    if one.pull is not None:
        shape["draft"] = one.pull.draft
        shape["pull_request"] = {
            "url": f"{base}/pulls/{one.number}",
            "html_url": f"{page}/pull/{one.number}",
            "diff_url": f"{page}/pull/{one.number}.diff",
            "patch_url": f"{page}/pull/{one.number}.patch",
            "merged_at": _maybe(one.pull.merged_at),
        }
    return shape


def comment(state: State, one: Comment) -> Json:
    base, page = repos.api(state, one.issue.repo), repos.web(state, one.issue.repo)
    kind = "pull" if one.issue.pull else "issues"
    api = f"{base}/issues/comments/{one.id}"
    return {
        "url": api,
        "html_url": f"{page}/{kind}/{one.issue.number}#issuecomment-{one.id}",
        "issue_url": f"{base}/issues/{one.issue.number}",
        "id": one.id,
        "node_id": node_id("IssueComment", one.id),
        "user": accounts.user(state, one.user),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "author_association": association(state, one.user, one.issue.repo),
        "body": one.body,
        "reactions": rollup(api, one.reactions),
        "performed_via_github_app": accounts.app(state, one.app) if one.app else None,
    }


def reaction(state: State, one: Reaction) -> Json:
    return {
        "id": one.id,
        "node_id": node_id("Reaction", one.id),
        "user": accounts.user(state, one.user),
        "content": one.content,
        "created_at": iso(one.created_at),
    }


def rollup(api: str, reactions: list[Reaction] | tuple[()]) -> Json:
    counts = {content: sum(1 for r in reactions if r.content == content) for content in CONTENTS}
    return {"url": f"{api}/reactions", "total_count": len(reactions), **counts}


def _head(state: State, pull: Pull) -> Json:
    gone = state.faults.head_repo_null or pull.head_repo is None or pull.head_repo.deleted
    side = _side(state, pull.head_repo or pull.repo, pull.head_ref, pull.head_sha)
    side["label"] = f"{pull.head_owner.login}:{pull.head_ref}"
    side["user"] = accounts.user(state, pull.head_owner)
    return side | {"repo": None} if gone else side


def _side(state: State, repo: Repo, ref: str, sha: str) -> Json:
    return {
        "label": f"{repo.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": accounts.user(state, repo.owner),
        "repo": repos.repository(state, repo),
    }


def _links(api: str, base: str, page: str, pull: Pull) -> Json:
    links = {
        "self": api,
        "html": f"{page}/pull/{pull.number}",
        "issue": f"{base}/issues/{pull.number}",
        "comments": f"{base}/issues/{pull.number}/comments",
        "review_comments": f"{api}/comments",
        "review_comment": f"{base}/pulls/comments{{/number}}",
        "commits": f"{api}/commits",
        "statuses": f"{base}/statuses/{pull.head_sha}",
    }
    return {name: {"href": href} for name, href in links.items()}


def _repo_reference(state: State, repo: Repo) -> Json:
    return {"id": repo.id, "url": repos.api(state, repo), "name": repo.name}


def _maybe(at: datetime | None) -> str | None:
    return iso(at) if at else None
