"""Show a report: the check runs that carry every byte first, then the one living comment, and only then do codes count as shown."""

from __future__ import annotations

from dataclasses import replace

from workers.core.codec import sha256
from workers.core.config import Mode
from workers.core.plan import StoredPlan
from workers.core.policy import Allowed, Blocked
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.ports import Annotation, Check, CheckState, Comment, Services
from workers.rendering.checks import aggregate, environment_check, plan_pages
from workers.rendering.report import MARKER, report
from workers.rendering.views import CheckTexts, ReportView
from workers.steps.judge import Judged
from workers.steps.pulls import OpenPull
from workers.steps.views import check_name, report_view

AGGREGATE = "schemagate"
# GitHub asks for at most 80 new things a minute, and a pull may have several environments:
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
MOST_PAGES = 20


def in_progress(opened: OpenPull, services: Services) -> None:
    """Say on the pull's aggregate check that we are at work."""
    texts = CheckTexts(title="Looking at the schema", summary="Reading the code and the databases.")
    set_check(opened, AGGREGATE, CheckState.IN_PROGRESS, texts, services)


def nothing_touched(opened: OpenPull, why: str, services: Services) -> None:
    """End the aggregate check where nothing of ours is concerned."""
    set_check(opened, AGGREGATE, CheckState.SUCCESS, CheckTexts(title=why, summary=why + "."), services)


def publish(opened: OpenPull, judged: tuple[Judged, ...], problems: tuple[Refusal, ...], services: Services) -> str:
    """Publish everything; returns the report's text."""
    judged = tuple(_readable(item) for item in judged)
    view = report_view(opened, judged, problems, services.server_url, services)
    for item in judged:
        _publish_environment(opened, view, item, services)
    body = report(view)
    stable = report(replace(view, checked_at=""))
    _publish_comment(opened, body, sha256(stable.encode()), services)
    for item in judged:
        if item.stored is not None and _code_is_shown(item):
            services.store.mark_shown(item.stored.plan.digest)
    set_check(opened, AGGREGATE, overall(judged, problems), aggregate(view), services)
    return body


def overall(judged: tuple[Judged, ...], problems: tuple[Refusal, ...]) -> CheckState:
    """The aggregate's state: the worst of the environments that block a merge."""
    if problems:
        return CheckState.FAILURE
    states = {state_of(item) for item in judged if item.matter.environment.blocks_merge}
    order = (CheckState.FAILURE, CheckState.ACTION_REQUIRED, CheckState.IN_PROGRESS)
    return next((state for state in order if state in states), CheckState.SUCCESS)


def state_of(judged: Judged) -> CheckState:
    """One environment's state: done, a person's word is missing, or something needs a fix.

    One that another pipeline applies waits for nobody here: it fails only where somebody must mend something.
    """
    if isinstance(judged.decision, Allowed):
        return CheckState.ACTION_REQUIRED if not judged.standing.in_progress else CheckState.IN_PROGRESS
    actors = {item.actor for item in judged.decision.refusals}
    codes = {item.code for item in judged.decision.refusals}
    if judged.matter.environment.mode is Mode.REPORT:
        others = {item.actor for item in judged.decision.refusals if item.code is not RefusalCode.COMMAND_NOT_ALLOWED}
        return CheckState.FAILURE if others & {Actor.AUTHOR, Actor.OPERATOR} else CheckState.SUCCESS
    if RefusalCode.NOTHING_TO_APPLY in codes and not actors & {Actor.AUTHOR, Actor.OPERATOR}:
        return CheckState.SUCCESS
    if actors & {Actor.AUTHOR, Actor.OPERATOR}:
        return CheckState.FAILURE
    return CheckState.IN_PROGRESS if codes == {RefusalCode.APPLY_IN_PROGRESS} else CheckState.ACTION_REQUIRED


def set_check(opened: OpenPull, name: str, state: CheckState, texts: CheckTexts, services: Services) -> int:
    """Set one of our check runs on the pull's head."""
    annotations = tuple(
        Annotation(path=item.path, line=item.line, level=item.level, title=item.title, message=item.message)
        for item in texts.annotations
    )
    check = Check(
        name=name,
        state=state,
        title=texts.title,
        summary=texts.summary,
        text=texts.text,
        annotations=annotations,
    )
    return services.host.set_check(opened.repository, opened.pull.head, check)


def _publish_environment(opened: OpenPull, view: ReportView, judged: Judged, services: Services) -> None:
    module = next(item for item in view.modules if item.id == judged.matter.module.id)
    shown = next(item for item in module.environments if item.environment.name == judged.matter.environment.name)
    set_check(opened, check_name(judged), state_of(judged), environment_check(view, module, shown), services)
    if judged.stored is None:
        return
    pages = plan_pages(judged.stored.plan)
    for number, page in enumerate(pages, 1):
        name = f"{check_name(judged)} · plan {judged.stored.code}"
        name += f" page {number} of {len(pages)}" if len(pages) > 1 else ""
        texts = CheckTexts(title=f"Every byte of plan {judged.stored.code}", summary="What the code covers.", text=page)
        set_check(opened, name, CheckState.SUCCESS, texts, services)


def _readable(judged: Judged) -> Judged:
    """A plan too long for the check runs gets no code: nobody can approve what cannot be read."""
    if judged.stored is None or len(plan_pages(judged.stored.plan)) <= MOST_PAGES:
        return judged
    message = f"the plan does not fit into {MOST_PAGES} pages, so nobody can read what they would approve"
    refusal = Refusal(code=RefusalCode.PLAN_UNREADABLE, message=message, fix="bring the migrations in several pulls")
    before = judged.decision.refusals if isinstance(judged.decision, Blocked) else ()
    return replace(judged, stored=None, decision=Blocked((*before, refusal)))


def _code_is_shown(judged: Judged) -> bool:
    return judged.stored is not None and _has_code(judged.stored) and state_of(judged) is CheckState.ACTION_REQUIRED


def _has_code(stored: StoredPlan) -> bool:
    return bool(stored.code) and not stored.retired


def _publish_comment(opened: OpenPull, body: str, digest: str, services: Services) -> None:
    memory = services.store.pull(opened.repository.id, opened.pull.number)
    comment = find_report(opened, memory.report_comment, services)
    if comment is None:
        posted = services.host.post_comment(opened.repository, opened.pull.number, body)
        _remember(opened, posted.id, digest, body, services)
    elif memory.report_hash != digest or memory.report_comment != comment.id:
        # Whoever looks while GitHub has one text and our memory the other must know both as ours.
        both = f"{body_hash(body)} {memory.report_text}".strip()
        services.store.remember_pull(replace(memory, report_text=both))
        services.host.edit_comment(opened.repository, comment.id, body)
        _remember(opened, comment.id, digest, body, services)


def find_report(opened: OpenPull, known: int, services: Services) -> Comment | None:
    """Our report: by its id, else by marker and author."""
    if known:
        comment = services.host.comment(opened.repository, known)
        if comment is not None and comment.by_us:
            return comment
    comments = services.host.comments(opened.repository, opened.pull.number)
    return next((item for item in comments if item.by_us and item.body.rstrip().endswith(MARKER)), None)


def _remember(opened: OpenPull, comment: int, digest: str, body: str, services: Services) -> None:
    memory = services.store.pull(opened.repository.id, opened.pull.number)
    written = body_hash(body)
    services.store.remember_pull(replace(memory, report_comment=comment, report_hash=digest, report_text=written))


def body_hash(body: str) -> str:
    """The hash by which we know a text that we wrote; line ends and outer white space aside."""
    return sha256(body.replace("\r\n", "\n").strip().encode())
