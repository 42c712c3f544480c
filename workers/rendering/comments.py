"""The short comments: made only where somebody must be told now, because an edited comment notifies nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.core.config import Environment, Origin
from workers.core.names import Direction
from workers.core.refusals import Refusal
from workers.core.rollout import RolloutState
from workers.rendering.issues import code_link
from workers.rendering.markdown import code, link, plain, prose
from workers.rendering.outlook import places, refusals
from workers.rendering.phrases import count, joined, seconds, some
from workers.rendering.templates import render
from workers.rendering.verdict import headline, next_step
from workers.rendering.views import EndedView, NoticeView, RefusedView, StatusView, VoidedView

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")  # a bot's name has brackets and is not mentioned


@dataclass(frozen=True, slots=True)
class Usage:
    """How a command is written, and what it does."""

    line: str
    does: str


USAGE = (
    Usage("/approve <env> [plan code]", "apply exactly that plan"),
    Usage("/plan [env]", "look again and plan again"),
    Usage("/status [env]", "say where everything stands, with each reason"),
    Usage('/reject <env> ["why"]', "stop this pull from being applied there"),
    Usage("/rollback <env> [plan code]", "plan the way back from what was applied"),
    Usage("/mark-applied <env> <revision>", "plan to record a migration whose effect is already there"),
    Usage("/baseline <env> <revision>", "plan to record where a database without history stands"),
    Usage('/unlock <env> "why"', "release an environment that was repaired by hand"),
    Usage("/help", "this list"),
)
OPTIONS = (
    Usage("--module ID", "where several modules have that environment; for every command"),
    Usage("--allow-destructive", "something is deleted, and that is wanted"),
    Usage(
        '--backup REF | --accept-risk "why"', "what a destructive plan can be repaired from, or why nothing is needed"
    ),
    Usage("--accept drift-1,…", "drift at these numbers is known and fine"),
    Usage('--allow-push "why"', "where the config chose `strategy: push`"),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """A refusal as a short comment says it."""

    message: str
    fix: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPlace:
    """One environment in the answer to `/status`."""

    name: str
    state: str
    plan: str
    reasons: tuple[Reason, ...]
    approvals: tuple[str, ...]
    rules: tuple[str, ...]


def refused(view: RefusedView) -> str:
    """A command that was refused: every reason, and the line to paste instead."""
    return _said(
        "comments/refused.md.j2",
        command=code(view.command) if view.command else "",
        by=plain(view.by),
        reasons=_reasons(view.refusals),
        instead=view.instead,
        report=link("report", view.report_url),
    )


def ended(view: EndedView) -> str:
    """An apply that ended; the one mention goes to the author when it is the author's turn."""
    name = {
        RolloutState.APPLIED: "comments/applied.md.j2",
        RolloutState.FAILED: "comments/failed.md.j2",
        RolloutState.PARTIAL: "comments/partial.md.j2",
    }[view.rollout.state]
    done = {
        Direction.ROLLBACK: "rolled back",
        Direction.BASELINE: "baseline recorded",
        Direction.MARK_APPLIED: "migration recorded",
    }
    back = view.direction is Direction.ROLLBACK
    links = [link("report", view.report_url), *([link("evidence", view.commit_url)] if view.commit_url else [])]
    return _said(
        name,
        environment=plain(view.environment),
        done=done.get(view.direction, "applied"),
        took=seconds(view.seconds),
        by=joined([plain(item) for item in view.by]) or "nobody",
        links=" · ".join(links),
        author=view.author if _LOGIN.fullmatch(view.author) and not (view.merged or back) else "",
        waiting=f", and {count(view.waiting_pulls, 'other pull waits', 'other pulls wait')} for it"
        if view.waiting_pulls
        else "",
        outcome=prose(view.rollout.outcome),
        carries_on=view.carries_on,
        stuck=tuple(plain(item) for item in view.stuck),
        missing=tuple(plain(item) for item in view.missing),
        again=f"/plan {view.environment}",
        unlock=f'/unlock {view.environment} "…"',
    )


def voided(view: VoidedView) -> str:
    """An approval that no longer counts."""
    return _said(
        "comments/voided.md.j2",
        environment=plain(view.environment),
        by=plain(view.by),
        reasons=_reasons(view.reasons),
        report=link("report", view.report_url),
    )


def status(view: StatusView) -> str:
    """The answer to `/status`: each rule, where it was written, and what was refused quietly."""
    step = next_step(view.report)
    shown = [
        StatusPlace(
            name=plain(place.name),
            state=place.outlook.value,
            plan=plain(place.shown.code),
            reasons=_reasons(refusals(place.shown)),
            approvals=tuple(
                f"{plain(item.by.login)} at {plain(item.at)}"
                + (f", void: {prose(item.revoked)}" if item.revoked else "")
                for item in place.shown.approvals
            ),
            rules=tuple(_rule(item, view) for item in _origins(place.shown.environment)),
        )
        for place in places(view.report)
    ]
    return _said(
        "comments/status.md.j2",
        heading=headline(view.report),
        step=step,
        places=shown,
        problems=_reasons(view.report.problems),
        refused=tuple(
            f"{plain(at)} {plain(environment)}: {plain(text)}".strip() for at, environment, text in view.refused
        ),
        commit=code(view.config_commit[:12]) if view.config_commit else "",
    )


def help_text() -> str:
    """The answer to `/help`."""
    return _said("comments/help.md.j2", commands=USAGE, options=OPTIONS)


def secret_seen(view: NoticeView) -> str:
    """Somebody pasted what looks like a secret."""
    return _notice("comments/secret_seen.md.j2", view)


def tampered(view: NoticeView) -> str:
    """Our report was edited by somebody else."""
    return _notice("comments/tampered.md.j2", view)


def unheard(view: NoticeView) -> str:
    """A command stands in the pull, and its delivery never came: it is not acted on."""
    return _notice("comments/unheard.md.j2", view)


def apology(view: NoticeView) -> str:
    """Something of ours broke; the job id leads the operator to the log."""
    return _notice("comments/apology.md.j2", view)


def _notice(name: str, view: NoticeView) -> str:
    label = (
        link(plain(view.subject), view.subject)
        if view.subject.startswith(("https://", "http://"))
        else plain(view.subject)
    )
    return _said(
        name,
        by=plain(view.by),
        subject=label,
        command=code(view.subject),
        report=link("report", view.report_url),
        comment=link("comment", view.comment_url),
        job=code(view.job),
    )


def _said(name: str, **values: object) -> str:
    return render(name, **values).strip() + "\n"


def _reasons(found: tuple[Refusal, ...]) -> tuple[Reason, ...]:
    return tuple(Reason(prose(item.message), prose(item.fix), code_link(item)) for item in found)


def _origins(environment: Environment) -> tuple[Origin, ...]:
    return environment.origins


def _rule(origin: Origin, view: StatusView) -> str:
    commit = f" at {code(view.config_commit[:12])}" if view.config_commit and origin.file != "server config" else ""
    return f"{code(origin.key)}: {plain(some([origin.file]))} line {origin.line}{commit}"
