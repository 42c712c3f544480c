"""Where each environment of a report stands: the one place that turns a decision into the words that people read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workers.core.config import Mode
from workers.core.names import Direction
from workers.core.policy import Blocked
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.rollout import RolloutState
from workers.rendering.views import AppliedView, EnvironmentView, ModuleView, ReportView


class Outlook(StrEnum):
    """Where an environment stands, the most urgent first."""

    HELD = "held"
    FIX = "needs a fix"
    UNKNOWN = "cannot check"
    RUNNING = "applying"
    READY = "ready"
    DECIDE = "needs a decision"
    WATCHED = "watched only"
    WAITS = "waits"
    APPLIED = "applied"
    NOTHING = "nothing to apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An environment of the report as people call it: `prod`, or `shop/prod` where the report has several modules."""

    name: str
    module: ModuleView
    shown: EnvironmentView
    outlook: Outlook

    @property
    def last(self) -> AppliedView | None:
        """The newest rollout of this pull that ended here."""
        return self.shown.applied[-1] if self.shown.applied else None


_CANNOT = frozenset(
    {
        RefusalCode.TARGET_UNREACHABLE,
        RefusalCode.TARGET_VERSION_UNSUPPORTED,
        RefusalCode.SANDBOX_UNAVAILABLE,
        RefusalCode.DEPENDENCIES_UNAVAILABLE,
        RefusalCode.CHECKOUT_FAILED,
        RefusalCode.RULE_ERROR,
        RefusalCode.UNREAD_OBJECT,
        RefusalCode.POOLED_CONNECTION,
    }
)
_TURNS = frozenset({RefusalCode.ENVIRONMENT_ORDER, RefusalCode.OUTSIDE_HOURS})
_SAID_BY_THE_LINE = frozenset(
    {
        RefusalCode.NEEDS_APPROVAL,
        RefusalCode.DESTRUCTIVE_NOT_ALLOWED,
        RefusalCode.BACKUP_NOT_CONFIRMED,
        RefusalCode.STRATEGY_NOT_ALLOWED,
        RefusalCode.DRIFT_PRESENT,
        RefusalCode.APPROVAL_REVOKED,
        RefusalCode.APPROVAL_EXPIRED,
    }
)


def places(view: ReportView) -> tuple[Place, ...]:
    """Every environment of the report, in its order."""
    several = len(view.modules) > 1
    return tuple(
        Place(
            name=f"{module.id}/{shown.environment.name}" if several else shown.environment.name,
            module=module,
            shown=shown,
            outlook=outlook(shown),
        )
        for module in view.modules
        for shown in module.environments
    )


def outlook(shown: EnvironmentView) -> Outlook:
    """Where one environment stands."""
    codes = {item.code for item in refusals(shown)}
    actors = {item.actor for item in refusals(shown)} - {Actor.NOBODY}
    if RefusalCode.ENVIRONMENT_HELD in codes:
        return Outlook.HELD
    if RefusalCode.APPLY_IN_PROGRESS in codes or not isinstance(shown.decision, Blocked):
        return Outlook.RUNNING
    if RefusalCode.NOTHING_TO_APPLY in codes and not actors & {Actor.AUTHOR, Actor.OPERATOR}:
        return Outlook.APPLIED if applied_here(shown) else Outlook.NOTHING
    others = {item.actor for item in refusals(shown) if item.code is not RefusalCode.COMMAND_NOT_ALLOWED}
    if shown.environment.mode is Mode.REPORT and not others & {Actor.AUTHOR, Actor.OPERATOR}:
        return Outlook.WATCHED
    if Actor.AUTHOR in actors or Actor.OPERATOR in actors:
        cannot = {item.code for item in refusals(shown) if item.actor in {Actor.AUTHOR, Actor.OPERATOR}} <= _CANNOT
        return Outlook.UNKNOWN if cannot else Outlook.FIX
    if codes & _TURNS and codes <= _SAID_BY_THE_LINE | _TURNS:
        return Outlook.WAITS
    return Outlook.READY if shown.code and codes <= _SAID_BY_THE_LINE else Outlook.DECIDE


def refusals(shown: EnvironmentView) -> tuple[Refusal, ...]:
    """Everything that is missing here."""
    return shown.decision.refusals if isinstance(shown.decision, Blocked) else ()


def applied_here(shown: EnvironmentView) -> bool:
    """Whether the newest rollout of this pull put its migrations there (a rollback took them away again); half of them counts."""
    done = [item for item in shown.applied if item.rollout.state in {RolloutState.APPLIED, RolloutState.PARTIAL}]
    if not done:
        return False
    return done[-1].direction is not Direction.ROLLBACK or done[-1].rollout.state is RolloutState.PARTIAL
