"""A pull's conversation in order: its commits, comments and moments as frozen views for the templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.demo.github.commits import Commit
from deploy.demo.github.hub import Hub
from deploy.demo.github.pages.markdown import comment_html
from deploy.demo.github.records import CheckRun, Comment, Issue, Moment, Pull, Repo, User

EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "confused": "😕",
    "heart": "❤️",
    "hooray": "🎉",
    "eyes": "👀",
    "rocket": "🚀",
}


@dataclass(frozen=True, slots=True)
class CommitLine:
    sha: str
    title: str
    who: str
    verified: bool


@dataclass(frozen=True, slots=True)
class ReactionCount:
    emoji: str
    count: int
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One block of the timeline; `kind` is comment, commits, or that of a moment."""

    kind: str
    at: datetime
    actor: User
    comment_id: int = 0
    html: str = ""
    source: str = ""
    edited: bool = False
    edited_by: str = ""  # somebody else
    app: bool = False
    reactions: tuple[ReactionCount, ...] = ()
    commits: tuple[CommitLine, ...] = ()
    before: str = ""
    after: str = ""


def of_issue(hub: Hub, issue: Issue) -> tuple[Entry, ...]:
    """The opening text, then everything that happened, oldest first."""
    entries = [_comment(one) for one in hub.state.comments_of(issue)]
    if issue.pull is not None:
        entries += _commits(hub, issue.pull)
    entries += [_moment(one) for one in issue.moments if one.kind != "committed"]
    entries.sort(key=lambda entry: entry.at)
    opening = Entry(
        kind="comment",
        at=issue.created_at,
        actor=issue.user,
        html=comment_html(issue.body or "*No description provided.*"),
    )
    return (opening, *entries)


def lines(repo: Repo, commits: Sequence[Commit], hub: Hub) -> tuple[CommitLine, ...]:
    found = []
    for one in commits:
        account = hub.state.user_by_email(one.author_email)
        found.append(
            CommitLine(one.sha, one.title, account.login if account else one.author_name, one.sha in repo.verified)
        )
    return tuple(found)


def latest_runs(hub: Hub, repo: Repo, sha: str) -> tuple[CheckRun, ...]:
    """The newest run of each name and App on a commit."""
    runs = [r for r in hub.state.runs.values() if r.suite.repo is repo and r.suite.head_sha == sha]
    return tuple({(r.suite.app.id, r.name): r for r in runs}.values())


def _comment(one: Comment) -> Entry:
    edited = one.edits[-1].by.login if one.edits else ""
    return Entry(
        kind="comment",
        at=one.created_at,
        actor=one.user,
        comment_id=one.id,
        html=comment_html(one.body),
        source=one.body,
        edited=bool(one.edits),
        edited_by="" if edited == one.user.login else edited,
        app=one.app is not None,
        reactions=_reactions(one),
    )


def _reactions(one: Comment) -> tuple[ReactionCount, ...]:
    kinds = dict.fromkeys(r.content for r in one.reactions)
    people = {kind: [r.user.login for r in one.reactions if r.content == kind] for kind in kinds}
    return tuple(ReactionCount(EMOJI[kind], len(who), ", ".join(who)) for kind, who in people.items())


def _commits(hub: Hub, pull: Pull) -> list[Entry]:
    git = pull.repo.git
    pushes = [m for m in pull.issue.moments if m.kind in ("committed", "force_pushed")]
    first = pushes[0].before if pushes else pull.head_sha
    opened = git.log("--reverse", f"{pull.base_sha}..{first}") or (git.commit(first),)
    entries = [
        Entry(kind="commits", at=pull.issue.created_at, actor=pull.issue.user, commits=lines(pull.repo, opened, hub))
    ]
    for push in (p for p in pushes if p.kind == "committed"):
        found = git.log("--reverse", f"{push.before}..{push.after}")
        entries.append(Entry(kind="commits", at=push.at, actor=push.actor, commits=lines(pull.repo, found, hub)))
    return entries


def _moment(one: Moment) -> Entry:
    return Entry(kind=one.kind, at=one.at, actor=one.actor, before=one.before, after=one.after)
