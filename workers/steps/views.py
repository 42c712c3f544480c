"""Fill the views of the living report from what was judged: no wording here, and no decision."""

from __future__ import annotations

from dataclasses import replace

from workers.core.approval import Approval
from workers.core.config import WorkdocsTo
from workers.core.names import slug
from workers.core.plan import Plan, StatementKind
from workers.core.policy import Allowed, Standing, code_required, counted, needed_approvals
from workers.core.refusals import Refusal
from workers.core.rollout import Rollout, RolloutState, Step
from workers.ports import Services
from workers.rendering.views import AppliedView, EnvironmentView, ModuleView, ReportView
from workers.steps.approvers import approvers
from workers.steps.ending import stuck
from workers.steps.judge import Judged
from workers.steps.pulls import OpenPull

_ENDED = frozenset({RolloutState.APPLIED, RolloutState.FAILED, RolloutState.PARTIAL, RolloutState.SUPERSEDED})


def report_view(
    opened: OpenPull, judged: tuple[Judged, ...], problems: tuple[Refusal, ...], server_url: str, services: Services
) -> ReportView:
    """The whole report of a pull."""
    pull = opened.pull
    modules = tuple(dict.fromkeys(item.matter.module.id for item in judged))
    return ReportView(
        full_name=opened.repository.full_name,
        pull=pull.number,
        title=pull.title,
        head=pull.head,
        base_branch=pull.base_branch,
        url=pull_url(opened, server_url),
        modules=tuple(_module(opened, module, judged, server_url, services) for module in modules),
        problems=problems,
        merged=pull.merged,
        open=pull.open,
        unmapped=max((item.facts.unmapped for item in judged), default=0),
        tasks=tuple((item.matter.environment.name, task_of(opened, item)) for item in judged),
        workdocs_sentence=_workdocs_sentence(judged),
        other_pulls=_other_pulls(opened, judged, services),
        author_login=pull.author_login,
        checked_at=services.clock.iso(),
    )


def pull_url(opened: OpenPull, server_url: str) -> str:
    """The page of a pull."""
    return f"{server_url.rstrip('/')}/{opened.repository.full_name}/pull/{opened.pull.number}"


def task_of(opened: OpenPull, judged: Judged) -> str:
    """The folder name of the evidence, before any `-2`."""
    return task_name(judged.matter.module.task, opened.pull.number, opened.pull.title, judged.matter.environment.name)


def task_name(pattern: str, number: int, title: str, environment: str) -> str:
    """Fill a task pattern; the result is cut to what a folder name may be."""
    name = pattern.format(number=number, slug=slug(title), environment=environment.lower().replace("_", "-"))
    return name[:63].strip("-")


def check_name(judged: Judged) -> str:
    """The name of an environment's own check run."""
    return f"schemagate: {judged.matter.module.id}/{judged.matter.environment.name}"


def applied_view(opened: OpenPull, rollout: Rollout, plan: Plan, server_url: str, services: Services) -> AppliedView:
    """A rollout of this pull that has ended."""
    base = f"{server_url.rstrip('/')}/{opened.repository.full_name}"
    steps = {item.statement: item for item in services.store.steps(rollout.id) if item.statement is not None}
    there = stuck(rollout, plan, services)
    statements = tuple(
        (statement.parsed.title, _result(number in there, steps.get(number)))
        for number, statement in enumerate(plan.body.statements)
        if statement.parsed.kind is not StatementKind.BOOKKEEPING
    )
    return AppliedView(
        rollout=rollout,
        by=approvers(rollout, services),
        direction=plan.key.direction,
        migrations=tuple(item.id for item in plan.key.pending),
        statements=statements,
        undo_note=plan.body.way_back.note,
        commit_url=f"{base}/commit/{rollout.workdocs_commit}" if rollout.workdocs_commit else "",
        evidence=(),
    )


def _result(committed: bool, step: Step | None) -> str:  # noqa: FBT001 -- a fact about the statement
    """What became of a statement; one that ran well in a transaction that was rolled back left nothing."""
    if step is None:
        return "not run"
    return "rolled back" if step.result.startswith("ok") and not committed else step.result


def _module(
    opened: OpenPull, module: str, judged: tuple[Judged, ...], server_url: str, services: Services
) -> ModuleView:
    mine = [item for item in judged if item.matter.module.id == module]
    first = mine[0].matter.module
    environments = tuple(_environment(opened, item, server_url, services) for item in mine)
    named = (item.examination.source for item in mine if item.examination.source)
    source = next(named, first.source)
    return ModuleView(id=module, path=first.path, source=source.value if source else "", environments=environments)


def _environment(opened: OpenPull, judged: Judged, server_url: str, services: Services) -> EnvironmentView:
    examination, preflight = judged.examination, judged.examination.preflight
    rollouts = services.store.rollouts(opened.repository.id, opened.pull.number)
    here = [
        item for item in rollouts if (item.module, item.environment) == (examination.module, examination.environment)
    ]
    ended = [(item, services.store.plan(item.digest)) for item in here if item.state in _ENDED and item.started_at]
    given = {item.by.id for item in counted(judged.standing)}
    missing = needed_approvals(judged.standing) - len(given)
    return EnvironmentView(
        environment=judged.matter.environment,
        examination=examination,
        decision=judged.decision,
        code=judged.stored.code if judged.stored else "",
        plain_counts=judged.stored is not None and not code_required(judged.standing),
        needed=0 if isinstance(judged.decision, Allowed) else max(missing, 0),
        may_not=_may_not(opened, judged),
        approvals=_as_they_count(judged.standing),
        applied=tuple(
            applied_view(opened, item, stored.plan, server_url, services) for item, stored in ended if stored
        ),
        check_url=f"{pull_url(opened, server_url)}/checks",
        engine_label=f"{examination.engine.value} {preflight.version}" if examination.engine and preflight else "",
        database=preflight.database if preflight else "",
        server=preflight.server if preflight else "",
        needs_module=judged.standing.modules_concerned > 1,
    )


def _as_they_count(standing: Standing) -> tuple[Approval, ...]:
    """The approvals that were given; one that counts no more says so, as a revoked one does."""
    counts = counted(standing)
    return tuple(
        item if item.revoked or item in counts else replace(item, revoked="it is too old, or names no code")
        for item in standing.approvals
    )


def _may_not(opened: OpenPull, judged: Judged) -> tuple[tuple[str, str], ...]:
    if judged.matter.environment.author_may_approve:
        return ()
    others = [str(item) for item in judged.facts.excluded if item != opened.pull.author]
    named = dict(judged.facts.logins)
    return (
        (opened.pull.author_login, "author"),
        *((named.get(int(item), f"id {item}"), "pushed or wrote a commit") for item in others),
    )


def _other_pulls(opened: OpenPull, judged: tuple[Judged, ...], services: Services) -> tuple[tuple[int, str], ...]:
    """The other open pulls that want something of the same environments, with what that means for them."""
    found: dict[int, list[str]] = {}
    for item in judged:
        place = (opened.repository.id, item.matter.module.id, item.matter.environment.name)
        for number in services.store.pulls_with_plans(*place):
            if number != opened.pull.number and item.examination.pending:
                found.setdefault(number, []).append(item.matter.environment.name)
    fate = "has a plan too; when one of the two is applied, the other is planned again"
    return tuple((number, f"{', '.join(dict.fromkeys(found[number]))}: {fate}") for number in sorted(found))


def _workdocs_sentence(judged: tuple[Judged, ...]) -> str:
    if any(item.matter.module.workdocs_to is WorkdocsTo.PULL for item in judged):
        return (
            "The evidence is committed to this branch after an apply: that moves the head, restarts other checks "
            "and may dismiss reviews."
        )
    return "The evidence is committed to a branch of its own." if judged else ""
