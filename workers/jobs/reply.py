"""Answer what changes nothing: `/status`, `/help`, a malformed command, a secret that somebody pasted."""

from __future__ import annotations

from workers.core.names import CommandName
from workers.messages import Heard, Reply
from workers.ports import Services
from workers.rendering.comments import help_text, secret_seen, status
from workers.rendering.views import NoticeView, StatusView
from workers.steps.command import Asked, asked_by
from workers.steps.judge import judge
from workers.steps.pulls import read_pull, read_trees, touched
from workers.steps.views import pull_url, report_view


def reply(message: Reply, services: Services) -> None:
    """Answer once."""
    heard = services.inbox.heard(message.delivery)
    if heard is None:
        return
    if heard.secret_seen and not message.line:
        _warn(message, heard, services)
        return
    asked = asked_by(message, services)
    if asked is None:
        return
    text = help_text() if asked.command.name is CommandName.HELP else _status(asked, services)
    services.host.post_comment(asked.opened.repository, asked.opened.pull.number, text)


def _warn(message: Reply, heard: Heard, services: Services) -> None:
    if not services.store.count_command(heard.comment, 0, heard.delivery):
        return
    opened = read_pull(message.repository, message.pull, services)
    url = pull_url(opened, services.server_url)
    view = NoticeView(by=heard.sender_login, subject="", report_url=url)
    services.host.post_comment(opened.repository, opened.pull.number, secret_seen(view))


def _status(asked: Asked, services: Services) -> str:
    opened = asked.opened
    if opened.configuration is None:
        raise ValueError(opened.pull.number)
    trees = read_trees(opened, services)
    base = trees.checkout.merge_base or trees.checkout.base.commit
    paths = services.code.changed(opened.repository, base, opened.pull.head)
    modules = touched(opened.configuration, paths, services) or opened.configuration.modules
    wanted = asked.command.environment
    judged = tuple(
        judge(opened, trees, asked.facts, module, environment, services, stored_only=True)
        for module in modules
        for environment in module.environments
        if wanted in {"", environment.name}
    )
    view = StatusView(
        report=report_view(opened, judged, (), services.server_url, services),
        refused=services.store.refusals(opened.repository.id, opened.pull.number),
        config_commit=opened.tip,
    )
    return status(view)
