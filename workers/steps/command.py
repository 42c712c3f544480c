"""From a signed delivery to a command that may be acted on: counted once, by a person with the right, on an environment that exists."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from workers.core.approval import Person
from workers.core.config import Configuration, Environment, Module
from workers.core.names import CommandName
from workers.core.policy import PullFacts, may_approve
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.messages import Command, Fault, Heard, PlanPull, RecordApproval, RecoverRollout, Reply, RevokeApproval
from workers.ports import Reaction, Services
from workers.rendering.comments import refused
from workers.rendering.views import RefusedView
from workers.steps.pulls import OpenPull, read_pull
from workers.steps.standing import pull_facts, team_names
from workers.steps.views import pull_url

Asking = PlanPull | RecordApproval | RevokeApproval | RecoverRollout | Reply
_APPROVERS_ONLY = frozenset(
    {CommandName.APPROVE, CommandName.ROLLBACK, CommandName.MARK_APPLIED, CommandName.BASELINE, CommandName.UNLOCK}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command that passed: who asked, about what. `environment` is None where the command names none."""

    opened: OpenPull
    heard: Heard
    command: Command
    person: Person
    facts: PullFacts
    module: Module | None
    environment: Environment | None


def asked_by(message: Asking, services: Services) -> Asked | None:
    """Check everything about a command but the plan; say the refusal, or acknowledge it."""
    heard = services.inbox.heard(message.delivery)
    command = next((item for item in heard.commands if item.line == message.line), None) if heard else None
    if heard is None or command is None or heard.pull != message.pull or heard.repository != message.repository:
        return None
    if not services.store.count_command(heard.comment, command.line, heard.delivery):
        return None
    opened = read_pull(message.repository, message.pull, services)
    if command.fault is not None:
        refuse(opened, heard, command, (_faulty(command),), services)
        return None
    if opened.configuration is None:
        if heard.sender_is_person:  # a program that is answered may answer
            refuse(opened, heard, command, opened.loaded.problems or (_not_configured(),), services)
        return None
    return _with_rights(opened, opened.configuration, heard, command, services)


def overtaken(asked: Asked, services: Services) -> Refusal | None:
    """Refuse a word that was written before a rollout began there, and came late: it was said of another state. None where none did."""
    if asked.module is None or asked.environment is None:
        return None
    place = (asked.module.id, asked.environment.name)
    rollouts = services.store.rollouts(asked.opened.repository.id, asked.opened.pull.number)
    began = [item.started_at for item in rollouts if (item.module, item.environment) == place and item.started_at]
    if not began or _second(asked.heard.at) >= _second(max(began)):
        return None
    message = f"a rollout began on {asked.environment.name} after this was written"
    return _refusal(RefusalCode.APPROVAL_EXPIRED, message, "read the report as it is now, and write it again")


def refuse(
    opened: OpenPull,
    heard: Heard,
    command: Command,
    refusals: tuple[Refusal, ...],
    services: Services,
    instead: str = "",
) -> None:
    """Say publicly why a command is refused, with every reason and the way forward."""
    services.host.react(opened.repository, heard.comment, Reaction.CONFUSED)
    view = RefusedView(
        command=said(command),
        by=heard.sender_login,
        refusals=refusals,
        instead=instead,
        report_url=pull_url(opened, services.server_url),
    )
    services.host.post_comment(opened.repository, opened.pull.number, refused(view))


def refuse_quietly(opened: OpenPull, heard: Heard, command: Command, refusal: Refusal, services: Services) -> None:
    """A person without the right gets one reaction; the code is stored and shown by `/status`."""
    services.host.react(opened.repository, heard.comment, Reaction.NO)
    text = f"{heard.sender_login}: {said(command)}: {refusal.code.value}: {refusal.message}"
    services.store.note_refusal(opened.repository.id, opened.pull.number, command.environment, text)


def said(command: Command) -> str:
    """The command as a person would type it again."""
    words = [f"/{command.name.value}", command.environment, command.revision, command.code]
    return " ".join(word for word in words if word)


def _with_rights(
    opened: OpenPull, configuration: Configuration, heard: Heard, command: Command, services: Services
) -> Asked | None:
    found = _resolve(configuration, command)
    if isinstance(found, Refusal):
        teams: tuple[str, ...] = ()
        module = environment = None
    else:
        module, environment = found
        teams = team_names(environment) if environment else ()
    person = services.host.person(opened.repository, heard.sender, teams)
    facts = pull_facts(opened.repository, opened.pull, services)
    denied = _denied(command, person, facts, environment, is_author=heard.sender == opened.pull.author)
    if denied is not None:
        refuse_quietly(opened, heard, command, denied, services)
        return None
    if isinstance(found, Refusal):
        refuse(opened, heard, command, (found,), services)
        return None
    services.host.react(opened.repository, heard.comment, Reaction.SEEN)
    return Asked(
        opened=opened,
        heard=heard,
        command=command,
        person=person,
        facts=facts,
        module=module,
        environment=environment,
    )


def _denied(
    command: Command, person: Person, facts: PullFacts, environment: Environment | None, *, is_author: bool
) -> Refusal | None:
    """Why this person may not give this command at all; None where they may."""
    if command.name in {CommandName.STATUS, CommandName.HELP}:
        return None
    if not person.is_person:
        return _not_authorised(person, command)
    if command.name is CommandName.PLAN:
        return None if person.role.writes else _not_authorised(person, command)
    if command.name is CommandName.REJECT and is_author:
        return None
    if environment is None:
        return None if person.role.writes else _not_authorised(person, command)
    refusal = may_approve(person, environment, facts)
    if refusal is not None and command.name not in _APPROVERS_ONLY | {CommandName.REJECT}:
        return None
    authors_word = refusal is not None and refusal.code is RefusalCode.AUTHOR_MAY_NOT_APPROVE
    return None if authors_word and command.name is not CommandName.APPROVE else refusal


def _resolve(configuration: Configuration, command: Command) -> tuple[Module | None, Environment | None] | Refusal:
    if not command.environment:
        return None, None
    modules = [item for item in configuration.modules if command.module in {"", item.id}]
    found = [(item, item.environment(command.environment)) for item in modules]
    there = [(module, environment) for module, environment in found if environment is not None]
    if len(there) == 1:
        return there[0]
    if there:
        lines = " · ".join(f"`{said(command)} --module {module.id}`" for module, _ in there)
        return _refusal(
            RefusalCode.MODULE_REQUIRED, f"{command.environment} exists in several modules", f"write one of {lines}"
        )
    names = sorted({item.name for module in configuration.modules for item in module.environments})
    near = get_close_matches(command.environment, names, n=1)
    fix = f"did you mean `{near[0]}`?" if near else "use one of: " + ", ".join(names)
    return _refusal(RefusalCode.UNKNOWN_ENVIRONMENT, f"there is no environment {command.environment}", fix)


def _faulty(command: Command) -> Refusal:
    code = RefusalCode.COMMAND_NOT_ALONE if command.fault is Fault.NOT_ALONE else RefusalCode.COMMAND_MALFORMED
    message = (
        "a command stands on a line of its own, in a comment of its own"
        if command.fault is Fault.NOT_ALONE
        else "this is not a command as it stands"
    )
    return _refusal(code, message, command.advice or "see `/help`")


def _not_configured() -> Refusal:
    return _refusal(RefusalCode.NOT_CONFIGURED, "the default branch has no `.github/schemagate.yml`", "merge one first")


def _second(iso: str) -> str:
    """GitHub's times have no more than seconds."""
    return iso[:19]


def _not_authorised(person: Person, command: Command) -> Refusal:
    message = f"{person.login} may not use /{command.name.value} here"
    return _refusal(RefusalCode.NOT_AUTHORISED, message, "ask somebody with write access")


def _refusal(code: RefusalCode, message: str, fix: str) -> Refusal:
    return Refusal(code=code, message=message, fix=fix, actor=Actor.APPROVER)
