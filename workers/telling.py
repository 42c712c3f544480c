"""How trouble reaches the people of a pull: one comment for who gave a command, the check for everybody else."""

from __future__ import annotations

from workers.core.errors import ExpectedError
from workers.core.refusals import Actor, Refusal
from workers.messages import Message, PlanPull, Triage
from workers.ports import Check, CheckState, Services
from workers.rendering.comments import apology, refused
from workers.rendering.views import NoticeView, RefusedView


class PullTelling:
    """Fills `run.Telling`."""

    def expected(self, message: Message, error: ExpectedError, services: Services) -> None:
        """Say what is in the way and what to do."""
        repository, pull = _where(message)
        if not pull:
            return
        refusal = Refusal(code=error.code, message=error.message, fix=error.advice, actor=Actor.OPERATOR)
        found = services.host.repository(repository)
        if isinstance(message, PlanPull | Triage):
            head = services.host.pull(found, pull).head
            text = f"{error.message}\n\n{error.advice} (`{error.code.value}`)"
            check = Check(name="schemagate", state=CheckState.FAILURE, title="Cannot check", summary=text)
            services.host.set_check(found, head, check)
        if not isinstance(message, Triage) and _delivery(message):
            url = f"{services.server_url}/{found.full_name}/pull/{pull}"
            view = RefusedView(command="", by="", refusals=(refusal,), instead="", report_url=url)
            services.host.post_comment(found, pull, refused(view))

    def apology(self, message: Message, job: str, services: Services) -> None:
        """Say that something broke, with the id under which the log has it."""
        repository, pull = _where(message)
        if not pull:
            return
        found = services.host.repository(repository)
        if isinstance(message, PlanPull | Triage):
            head = services.host.pull(found, pull).head
            summary = f"Something broke here. Job `{job}`; an operator finds it in the log under that id."
            check = Check(name="schemagate", state=CheckState.FAILURE, title="Something broke here", summary=summary)
            services.host.set_check(found, head, check)
        if _delivery(message) and not isinstance(message, Triage):
            services.host.post_comment(found, pull, apology(NoticeView(by="", subject="", job=job)))


def _where(message: Message) -> tuple[int, int]:
    return int(getattr(message, "repository", 0)), int(getattr(message, "pull", 0))


def _delivery(message: Message) -> str:
    return str(getattr(message, "delivery", ""))
