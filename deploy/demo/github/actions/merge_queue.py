"""The merge queue: a pull is tried on top of its base on a branch of GitHub's own, and Apps are asked to check that commit."""

from __future__ import annotations

from deploy.demo.github.actions import pulls, pushes, suites
from deploy.demo.github.errors import ApiError
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import Json, Moment, Pull, User
from deploy.demo.github.shapes import commits


def add(hub: Hub, pull: Pull, actor: User) -> str:
    """Makes the merge group of one pull and asks for its checks; the group's head commit comes back."""
    git = pull.repo.git
    base = git.tip(pull.base_ref)
    tree = git.merge_tree(base, pull.head_sha) if base else None
    if base is None or tree is None:
        raise ApiError(405, "Pull Request is not mergeable")
    message = f"Merge pull request #{pull.number} from {pull.head_owner.login}/{pull.head_ref}\n\n{pull.issue.title}"
    head = git.write_commit(tree, [base, pull.head_sha], message, hub.web_signature(actor), hub.own_signature())
    pull.repo.verified.add(head)
    branch = f"gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-{base}"
    git.set_refs([(f"refs/heads/{branch}", head)])
    pull.issue.moments.append(Moment(kind="queued", actor=actor, at=hub.state.now(), after=head))
    suites.request(hub, pull.repo, branch, base, head, actor)
    _announce(hub, pull, head, base, actor, {"action": "checks_requested"})
    return head


def finish(hub: Hub, pull: Pull, head: str, actor: User, *, merged: bool) -> None:
    """Ends a group: its commit becomes the base's tip, or the pull leaves the queue."""
    git = pull.repo.git
    base = git.commit(head).parents[0]
    branch = next(ref for ref, tip in git.refs("refs/heads/gh-readonly-queue/").items() if tip == head)
    if merged:
        pulls.finish_merge(hub, pull, actor, head, announced=False)
        git.set_refs([(f"refs/heads/{pull.base_ref}", head)])
        pushes.moved(hub, pull.repo, f"refs/heads/{pull.base_ref}", base, head, actor)
        pulls.announce(hub, pull, "closed", actor)
    git.set_refs([(branch, "")])
    _announce(hub, pull, head, base, actor, {"action": "destroyed", "reason": "merged" if merged else "dequeued"})


def _announce(hub: Hub, pull: Pull, head: str, base: str, actor: User, payload: Json) -> None:
    group = {
        "head_sha": head,
        "head_ref": f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-{base}",
        "base_sha": base,
        "base_ref": f"refs/heads/{pull.base_ref}",
        "head_commit": commits.simple_commit(pull.repo.git.commit(head)),
    }
    hub.emit("merge_group", payload | {"merge_group": group}, pull.repo, actor)
