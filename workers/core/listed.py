"""Who stands in the lists of approvers of an environment."""

from __future__ import annotations

from workers.core.approval import Person, Role
from workers.core.config import Approver, ApproverKind, Environment


def approver_names(environment: Environment) -> tuple[str, ...]:
    """The entries of every list of approvers, once each, without `@` so that a report pings nobody."""
    prefix = {ApproverKind.USER: "", ApproverKind.TEAM: "team ", ApproverKind.ROLE: "anyone with role "}
    names = (prefix[item.kind] + item.name for group in environment.approver_sets for item in group)
    return tuple(dict.fromkeys(names))


def is_listed(person: Person, environment: Environment) -> bool:
    """Whether every list of approvers has an entry that is this person, a team or a role of theirs."""
    return bool(environment.approver_sets) and all(
        any(_is(person, item) for item in group) for group in environment.approver_sets
    )


def _is(person: Person, approver: Approver) -> bool:
    if approver.kind is ApproverKind.USER:
        return person.login.lower() == approver.name.lower()
    if approver.kind is ApproverKind.TEAM:
        return approver.name.lower() in {team.lower() for team in person.teams}
    order = list(Role)
    return order.index(person.role) <= order.index(Role(approver.name))
