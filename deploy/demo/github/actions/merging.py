"""Merging a pull: by a merge commit or squashed, with GitHub as the committer."""

from __future__ import annotations

from deploy.demo.github.actions import protection, pulls, pushes
from deploy.demo.github.errors import ApiError, conflict
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import Pull, User


def merge(
    hub: Hub, pull: Pull, actor: User, *, method: str = "merge", title: str = "", message: str = "", sha: str = ""
) -> str:
    """Merges a pull (`method` merge or squash; rebase is done as a squash); the new tip of the base comes back.

    Required checks must have succeeded; required reviews are not asked for, as nobody reviews here.
    """
    git = pull.repo.git
    base = git.tip(pull.base_ref)
    if sha and sha != pull.head_sha:
        raise conflict("Head branch was modified. Review and try the merge again.")
    if pull.issue.state != "open" or pull.draft or base is None:
        raise ApiError(405, "Pull Request is not mergeable")
    missing = protection.missing_checks(hub, pull.repo, pull.base_ref, pull.head_sha)
    if missing:
        raise ApiError(405, f'Required status check "{missing[0]}" is expected.')
    tree = git.merge_tree(base, pull.head_sha)
    if tree is None:
        raise ApiError(405, "Pull Request is not mergeable")
    squash = method != "merge"
    text = _message(pull, title, message, squash=squash)
    parents = [base] if squash else [base, pull.head_sha]
    commit = git.write_commit(
        tree, parents, text, hub.web_signature(pull.issue.user if squash else actor), hub.own_signature()
    )
    pull.repo.verified.add(commit)
    pulls.finish_merge(hub, pull, actor, commit, announced=False)
    git.set_refs([(f"refs/heads/{pull.base_ref}", commit)])
    pushes.moved(hub, pull.repo, f"refs/heads/{pull.base_ref}", base, commit, actor)
    pulls.announce(hub, pull, "closed", actor)
    return commit


def _message(pull: Pull, title: str, message: str, *, squash: bool) -> str:
    usual = f"{pull.issue.title} (#{pull.number})" if squash else _merge_title(pull)
    return f"{title or usual}\n\n{message or (_squashed(pull) if squash else pull.issue.title)}".strip()


def _merge_title(pull: Pull) -> str:
    return f"Merge pull request #{pull.number} from {pull.head_owner.login}/{pull.head_ref}"


def _squashed(pull: Pull) -> str:
    found = pull.repo.git.log(f"{pull.base_sha}..{pull.head_sha}")
    return "\n\n".join(f"* {one.title}" for one in reversed(found))
