"""The life of a pull request: opened, pushed to, edited, merged, closed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from deploy.demo.github.actions import protection
from deploy.demo.github.bare import ZERO, Signature
from deploy.demo.github.errors import invalid
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import Issue, Json, Moment, Pull, Repo, User
from deploy.demo.github.shapes import pulls as shapes
from deploy.demo.github.shapes.pulls import PullFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPull:
    """What its author says of a pull when it is opened."""

    head_repo: Repo
    head: str
    base: str
    title: str
    body: str = ""
    draft: bool = False
    maintainer_can_modify: bool = True


def open_pull(hub: Hub, repo: Repo, author: User, new: NewPull) -> Pull:
    """Opens a pull; 422 in GitHub's words where a branch is missing, nothing differs or one is open already."""
    head_sha, base_sha = new.head_repo.git.tip(new.head), repo.git.tip(new.base)
    if head_sha is None or base_sha is None:
        raise invalid("PullRequest", "head" if head_sha is None else "base", "", "invalid")
    owner = new.head_repo.owner
    if any(_same(pull, new) for pull in hub.state.pulls(repo)):
        raise invalid("PullRequest", "head", f"A pull request already exists for {owner.login}:{new.head}.")
    if new.head_repo is not repo:
        repo.git.fetch(new.head_repo.git, f"refs/heads/{new.head}")
    if repo.git.is_ancestor(head_sha, base_sha):
        raise invalid("PullRequest", "head", f"No commits between {new.base} and {new.head}")
    issue = new_issue(hub, repo, author, new.title, new.body)
    issue.pull = Pull(
        id=hub.state.next_id(),
        issue=issue,
        head_repo=new.head_repo,
        head_owner=owner,
        head_ref=new.head,
        head_sha=head_sha,
        base_ref=new.base,
        base_sha=base_sha,
        draft=new.draft,
        maintainer_can_modify=new.maintainer_can_modify and new.head_repo is not repo,
    )
    _move_pull_refs(issue.pull)
    announce(hub, issue.pull, "opened", author)
    return issue.pull


def _same(pull: Pull, new: NewPull) -> bool:
    branches = (pull.head_repo, pull.head_ref, pull.base_ref)
    return pull.issue.state == "open" and branches == (new.head_repo, new.head, new.base)


def new_issue(hub: Hub, repo: Repo, author: User, title: str, body: str) -> Issue:
    now = hub.state.now()
    number = max(repo.issues, default=0) + 1
    issue = Issue(
        id=hub.state.next_id(),
        number=number,
        repo=repo,
        user=author,
        title=title,
        body=body,
        created_at=now,
        updated_at=now,
    )
    repo.issues[number] = issue
    return issue


def announce(hub: Hub, pull: Pull, action: str, sender: User, **more: object) -> None:
    """Sends a pull_request event; as on GitHub its `mergeable` is not known yet."""
    unknown = replace(facts_of(hub, pull), mergeable=None)
    shape = shapes.full(hub.state, pull, unknown) | {
        "allow_auto_merge": False,
        "allow_update_branch": False,
        "delete_branch_on_merge": False,
        "merge_commit_message": "PR_TITLE",
        "merge_commit_title": "MERGE_MESSAGE",
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "use_squash_pr_title_as_default": False,
    }
    payload: Json = {"action": action, "number": pull.number, "pull_request": shape, **more}
    hub.emit("pull_request", payload, pull.repo, sender)


def facts_of(hub: Hub, pull: Pull) -> PullFacts:
    """Counts against the merge base, and whether a merge is clean with the base as it is now."""
    git = pull.repo.git
    tip = git.tip(pull.base_ref) if pull.issue.state == "open" else pull.base_sha
    key = (pull.id, tip or "", pull.head_sha)
    if key not in hub.pull_facts:
        start = git.merge_base(pull.base_sha, pull.head_sha)
        files = git.diff(start, pull.head_sha)
        hub.pull_facts[key] = PullFacts(
            commits=git.count(f"{pull.base_sha}..{pull.head_sha}"),
            changed_files=len(files),
            additions=sum(f.additions for f in files),
            deletions=sum(f.deletions for f in files),
            mergeable=tip is not None and git.merge_tree(tip, pull.head_sha) is not None,
        )
    missing = protection.missing_checks(hub, pull.repo, pull.base_ref, pull.head_sha)
    return replace(hub.pull_facts[key], blocked=bool(missing))


def follow_head(hub: Hub, repo: Repo, branch: str, before: str | None, after: str | None, pusher: User) -> None:
    """Lets open pulls follow their head branch; a deleted branch closes them."""
    for pull in list(hub.state.pulls()):
        if pull.head_repo is not repo or pull.head_ref != branch or pull.issue.state != "open":
            continue
        if after is None:
            close(hub, pull, pusher)
            continue
        if pull.repo is not repo:
            pull.repo.git.fetch(repo.git, f"refs/heads/{branch}")
        pull.head_sha = after
        pull.base_sha = pull.repo.git.tip(pull.base_ref) or pull.base_sha
        forced = bool(before) and not repo.git.is_ancestor(before or "", after)
        _note(hub, pull, "force_pushed" if forced else "committed", pusher, before or "", after)
        _move_pull_refs(pull)
        announce(hub, pull, "synchronize", pusher, before=before or ZERO, after=after)


def follow_base(hub: Hub, repo: Repo, branch: str, after: str | None, pusher: User) -> None:
    """A base that now holds a pull's head has merged it, however that came about; a base that is gone closes it."""
    for pull in list(hub.state.pulls(repo)):
        if pull.base_ref != branch or pull.issue.state != "open":
            continue
        if after is None:
            close(hub, pull, pusher)
        elif repo.git.is_ancestor(pull.head_sha, after):
            finish_merge(hub, pull, pusher, after)
        else:
            _move_pull_refs(pull)


def close(hub: Hub, pull: Pull, actor: User) -> None:
    pull.issue.state, pull.issue.closed_at = "closed", hub.state.now()
    _note(hub, pull, "closed", actor)
    announce(hub, pull, "closed", actor)


def reopen(hub: Hub, pull: Pull, actor: User) -> None:
    if pull.merged_at or pull.head_repo is None or pull.head_repo.git.tip(pull.head_ref) is None:
        raise invalid("PullRequest", "state", "state cannot be changed. The pull request cannot be reopened.")
    pull.issue.state, pull.issue.closed_at = "open", None
    pull.head_sha = pull.head_repo.git.tip(pull.head_ref) or pull.head_sha
    _move_pull_refs(pull)
    _note(hub, pull, "reopened", actor)
    announce(hub, pull, "reopened", actor)


def edit(
    hub: Hub, pull: Pull, actor: User, *, title: str | None = None, body: str | None = None, base: str | None = None
) -> None:
    """Changes title, body or base branch; one edited event tells all that changed."""
    changes: Json = {}
    if title is not None and title != pull.issue.title:
        changes["title"] = {"from": pull.issue.title}
        _note(hub, pull, "renamed", actor, pull.issue.title, title)
        pull.issue.title = title
    if body is not None and body != pull.issue.body:
        changes["body"] = {"from": pull.issue.body}
        pull.issue.body = body
    if base is not None and base != pull.base_ref:
        changes["base"] = _retarget(hub, pull, actor, base)
    if changes:
        pull.issue.updated_at = hub.state.now()
        announce(hub, pull, "edited", actor, changes=changes)


def set_draft(hub: Hub, pull: Pull, actor: User, *, draft: bool) -> None:
    if pull.draft == draft:
        return
    pull.draft = draft
    _note(hub, pull, "draft" if draft else "ready", actor)
    announce(hub, pull, "converted_to_draft" if draft else "ready_for_review", actor)


def finish_merge(hub: Hub, pull: Pull, actor: User, commit: str, *, announced: bool = True) -> None:
    """Marks a pull as merged by a commit that its base holds, or is about to hold."""
    now = hub.state.now()
    pull.issue.state, pull.issue.closed_at, pull.merged_at, pull.merged_by, pull.merge_commit_sha = (
        "closed",
        now,
        now,
        actor,
        commit,
    )
    _note(hub, pull, "merged", actor, pull.base_ref, commit)
    if announced:
        announce(hub, pull, "closed", actor)


def _retarget(hub: Hub, pull: Pull, actor: User, base: str) -> Json:
    tip = pull.repo.git.tip(base)
    if tip is None:
        raise invalid("PullRequest", "base", "", "invalid")
    changes = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
    _note(hub, pull, "retargeted", actor, pull.base_ref, base)
    pull.base_ref, pull.base_sha = base, tip
    _move_pull_refs(pull)
    return changes


def _note(hub: Hub, pull: Pull, kind: str, actor: User, before: str = "", after: str = "") -> None:
    now = hub.state.now()
    pull.issue.updated_at = now
    pull.issue.moments.append(Moment(kind=kind, actor=actor, at=now, before=before, after=after))


def _move_pull_refs(pull: Pull) -> None:
    """refs/pull/N/head always, refs/pull/N/merge while the merge is clean."""
    git = pull.repo.git
    refs = [(f"refs/pull/{pull.number}/head", pull.head_sha)]
    tip = git.tip(pull.base_ref)
    tree = git.merge_tree(tip, pull.head_sha) if tip else None
    if tree and tip:
        refs.append((f"refs/pull/{pull.number}/merge", _trial_merge(pull, tree, tip)))
        pull.merge_commit_sha = refs[-1][1]
    git.set_refs(refs)


def _trial_merge(pull: Pull, tree: str, tip: str) -> str:
    by = Signature("GitHub", "noreply@github.com", pull.issue.updated_at)
    return pull.repo.git.write_commit(tree, [tip, pull.head_sha], f"Merge {pull.head_sha} into {tip}", by, by)
