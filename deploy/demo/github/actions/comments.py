"""Comments and reactions: written, edited, deleted."""

from __future__ import annotations

from deploy.demo.github.errors import invalid
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import App, Comment, Edit, Issue, Json, Reaction, User
from deploy.demo.github.shapes import pulls as shapes

BODY_CAP = 65_536  # characters


def create(hub: Hub, issue: Issue, author: User, body: str, app: App | None = None) -> Comment:
    _check(body)
    now = hub.state.now()
    comment = Comment(
        id=hub.state.next_id(), issue=issue, user=author, body=body, created_at=now, updated_at=now, app=app
    )
    hub.state.comments[comment.id] = comment
    issue.updated_at = now
    _announce(hub, comment, "created", author)
    return comment


def edit(hub: Hub, comment: Comment, editor: User, body: str) -> None:
    _check(body)
    before, now = comment.body, hub.state.now()
    comment.edits.append(Edit(by=editor, at=now, before=before))
    comment.body, comment.updated_at = body, now
    _announce(hub, comment, "edited", editor, changes={"body": {"from": before}})


def delete(hub: Hub, comment: Comment, actor: User) -> None:
    del hub.state.comments[comment.id]
    _announce(hub, comment, "deleted", actor)


def react(hub: Hub, comment: Comment, user: User, content: str) -> tuple[Reaction, bool]:
    """The person's reaction of that kind, and whether it is new; there are no events for reactions."""
    if content not in shapes.CONTENTS:
        raise invalid("Reaction", "content", f"{content} is not a reaction", "invalid")
    for one in comment.reactions:
        if one.user is user and one.content == content:
            return one, False
    made = Reaction(id=hub.state.next_id(), user=user, content=content, created_at=hub.state.now())
    comment.reactions.append(made)
    hub.state.changed()
    return made, True


def _check(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "body", "body can't be blank", "missing_field")
    if len(body) > BODY_CAP:
        raise invalid("IssueComment", "body", f"body is too long (maximum is {BODY_CAP} characters)")


def _announce(hub: Hub, comment: Comment, action: str, sender: User, **more: object) -> None:
    payload: Json = {
        "action": action,
        "issue": shapes.issue(hub.state, comment.issue),
        "comment": shapes.comment(hub.state, comment),
        **more,
    }
    hub.emit("issue_comment", payload, comment.issue.repo, sender)
