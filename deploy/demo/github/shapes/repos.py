"""Repositories, branches and their protection as GitHub's JSON."""

from __future__ import annotations

from deploy.demo.github.records import ROLES, Json, Repo
from deploy.demo.github.shapes import accounts
from deploy.demo.github.state import State, iso, node_id

PLAIN = (
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "hooks",
    "languages",
    "merges",
    "stargazers",
    "subscribers",
    "subscription",
    "tags",
    "teams",
)
TEMPLATED = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "statuses_url": "statuses/{sha}",
    "trees_url": "git/trees{/sha}",
}


def api(state: State, repo: Repo) -> str:
    return f"{state.api_url}/repos/{repo.full_name}"


def web(state: State, repo: Repo) -> str:
    return f"{state.server_url}/{repo.full_name}"


def minimal(state: State, repo: Repo) -> Json:
    base, page = api(state, repo), web(state, repo)
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": accounts.user(state, repo.owner),
        "html_url": page,
        "description": repo.description or None,
        "fork": repo.fork_of is not None,
        "url": base,
        **{f"{name}_url": f"{base}/{name}" for name in PLAIN},
        **{name: f"{base}/{tail}" for name, tail in TEMPLATED.items()},
    }


def repository(state: State, repo: Repo) -> Json:
    """What events and most answers carry."""
    page = web(state, repo)
    issues = sum(1 for issue in repo.issues.values() if issue.state == "open")
    forks = sum(1 for other in state.repos.values() if other.fork_of is repo and not other.deleted)
    return minimal(state, repo) | {
        "git_url": f"git://{page.partition('://')[2]}.git",
        "ssh_url": f"git@{page.partition('://')[2]}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "created_at": iso(repo.created_at),
        "updated_at": iso(repo.pushed_at),
        "pushed_at": iso(repo.pushed_at),
        "size": 1,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "forks_count": forks,
        "forks": forks,
        "open_issues_count": issues,
        "open_issues": issues,
        "default_branch": repo.default_branch,
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": True,
        "has_discussions": False,
        "archived": False,
        "disabled": False,
        "license": None,
        "is_template": False,
        "topics": [],
        "visibility": "private" if repo.private else "public",
        "allow_forking": True,
        "web_commit_signoff_required": False,
    }


def full(state: State, repo: Repo, role: str) -> Json:
    """What `GET /repos/{owner}/{repo}` answers, with the asker's own rights."""
    have = ROLES.index(role)
    rights = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    shape = repository(state, repo) | {
        "permissions": {name: have >= ROLES.index(needed) for name, needed in rights.items()},
        "allow_squash_merge": True,
        "allow_merge_commit": True,
        "allow_rebase_merge": True,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
        "allow_update_branch": False,
        "use_squash_pr_title_as_default": False,
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "merge_commit_message": "PR_TITLE",
        "merge_commit_title": "MERGE_MESSAGE",
        "subscribers_count": 0,
        "network_count": 0,
    }
    if repo.owner.type == "Organization":
        shape["organization"] = accounts.user(state, repo.owner)
    if repo.fork_of is not None:
        shape["parent"] = shape["source"] = repository(state, repo.fork_of)
    return shape


def short_branch(state: State, repo: Repo, name: str, sha: str) -> Json:
    protection = f"{api(state, repo)}/branches/{name}/protection"
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{api(state, repo)}/commits/{sha}"},
        "protected": name in repo.protections,
        "protection_url": protection,
    }


def protection(state: State, repo: Repo, branch: str) -> Json:
    """Branch protection as stored by the world: required checks (optionally bound to an App), reviews, admins, force pushes."""
    settings = repo.protections[branch]
    base = f"{api(state, repo)}/branches/{branch}/protection"
    shape: Json = {
        "url": base,
        "enforce_admins": {"url": f"{base}/enforce_admins", "enabled": bool(settings.get("enforce_admins", False))},
        "required_signatures": {"url": f"{base}/required_signatures", "enabled": False},
        **{
            name: {"enabled": bool(settings.get(name, False))}
            for name in (
                "required_linear_history",
                "allow_force_pushes",
                "allow_deletions",
                "block_creations",
                "required_conversation_resolution",
                "lock_branch",
                "allow_fork_syncing",
            )
        },
    }
    checks = settings.get("checks")
    if checks is not None:
        shape["required_status_checks"] = {
            "url": f"{base}/required_status_checks",
            "strict": bool(settings.get("strict", False)),
            "contexts": [c["context"] for c in checks],
            "contexts_url": f"{base}/required_status_checks/contexts",
            "checks": checks,
        }
    if settings.get("reviews"):
        shape["required_pull_request_reviews"] = {
            "url": f"{base}/required_pull_request_reviews",
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": False,
            "required_approving_review_count": settings["reviews"],
            "require_last_push_approval": False,
        }
    return shape
