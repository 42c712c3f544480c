"""Commit the evidence of an ended rollout: one commit on the pull's branch, or on a branch of ours where that cannot be written."""

from __future__ import annotations

import json
from dataclasses import replace

from workers.core.config import WorkdocsTo
from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.rollout import UNFINISHED, Rollout, RolloutState
from workers.messages import CommitWorkdocs, PlanPull
from workers.ports import CommitFile, Pull, Repository, Services
from workers.rendering.comments import ended
from workers.rendering.report import MARKER
from workers.rendering.workdocs import workdocs
from workers.steps.announce import ended_view
from workers.steps.evidence import Context, context_of, link, workdocs_view

TOLD = "told"
TRIES = 4
SOON = 15.0


def commit_workdocs(message: CommitWorkdocs, services: Services) -> None:
    """Render, sign, chain and commit the documents once; then say once that the apply ended, also where a worker died between the two."""
    rollout = services.store.rollout(message.rollout)
    if rollout is None or TOLD in dict(services.store.documents(rollout.id)):
        return
    if not rollout.workdocs_commit:
        _wait_for_earlier(rollout, services)
    if rollout.state is RolloutState.SUPERSEDED:
        rollout = replace(
            rollout, state=RolloutState.PARTIAL
        )  # so it ended; that it was carried on since is the next one's evidence
    context = context_of(rollout, services)
    repository = services.host.repository(rollout.repository)
    pull = services.host.pull(repository, rollout.pull)
    if not rollout.workdocs_commit:
        rollout = _keep_evidence(rollout, repository, pull, context, services)
    _tell(rollout, repository, pull, context, services)
    services.queue.send(PlanPull(repository=rollout.repository, pull=rollout.pull))


def _keep_evidence(
    rollout: Rollout, repository: Repository, pull: Pull, context: Context, services: Services
) -> Rollout:
    _remember_checks(rollout, repository, context, services)
    task = _task(rollout, repository, pull, context, services)
    view = replace(workdocs_view(rollout, services), task=task)
    documents = workdocs(view, services.signer.sign)
    files = tuple(CommitFile(path, text) for path, text in documents.files)
    commit = _commit(rollout, repository, pull, context, files, services)
    link(rollout, documents.section, services)
    services.store.save_rollout(replace(services.store.rollout(rollout.id) or rollout, workdocs_commit=commit))
    return replace(rollout, workdocs_commit=commit)


def _tell(rollout: Rollout, repository: Repository, pull: Pull, context: Context, services: Services) -> None:
    """Say how it ended, unless a worker that died right after has said it; our report names the same commit and is another thing."""
    view = ended_view(rollout, repository, pull, context, services)
    ours = (item.body for item in services.host.comments(repository, rollout.pull) if item.by_us)
    if not any(f"({view.commit_url})" in body and not body.rstrip().endswith(MARKER) for body in ours):
        services.host.post_comment(repository, rollout.pull, ended(view))
    services.store.keep_document(rollout.id, TOLD, services.clock.iso())


def _wait_for_earlier(rollout: Rollout, services: Services) -> None:
    """The chain of a database is in the order of its rollouts, whichever commit is quicker."""
    for item in services.store.unfinished():
        if (
            item.target == rollout.target
            and item.sequence < rollout.sequence
            and item.state not in UNFINISHED
            and not item.workdocs_commit
        ):
            services.queue.send(CommitWorkdocs(rollout=item.id))
            message = f"the evidence of rollout {item.sequence} of the same database comes first"
            raise InterruptedWorkError(message, SOON)


def _commit(
    rollout: Rollout,
    repository: Repository,
    pull: Pull,
    context: Context,
    files: tuple[CommitFile, ...],
    services: Services,
) -> str:
    message = f"workdocs: {rollout.module} {rollout.environment} {rollout.state.value} (#{rollout.pull})"
    if pull.open and not pull.fork and context.workdocs_to is WorkdocsTo.PULL:
        try:
            return _on_branch(repository, pull.head_branch, message, files, services)
        except ExpectedError:
            pass
    return _on_own_branch(rollout, repository, pull, message, files, services)


def _on_branch(
    repository: Repository, branch: str, message: str, files: tuple[CommitFile, ...], services: Services
) -> str:
    """Put one commit on the tip, wherever it is by now. Only what we make here is ours: a tip that has the files may be somebody's on top."""
    for attempt in range(1, TRIES + 1):
        tip = services.host.branch_tip(repository, branch)
        if services.host.file(repository, tip, files[0].path) == files[0].text.encode():
            return tip
        try:
            commit = services.host.commit_files(repository, branch, tip, message, files)
        except ExpectedError:
            if attempt == TRIES:
                raise
        else:
            services.store.remember_commit(repository.id, commit)
            return commit
    raise AssertionError(branch)


def _on_own_branch(
    rollout: Rollout,
    repository: Repository,
    pull: Pull,
    message: str,
    files: tuple[CommitFile, ...],
    services: Services,
) -> str:
    branch = f"schemagate/workdocs-{rollout.pull}-{rollout.environment.lower()}-{rollout.sequence}"
    start = services.host.branch_tip(repository, pull.base_branch)
    services.host.create_branch(repository, branch, start)
    commit = _on_branch(repository, branch, message, files, services)
    title = f"Evidence of #{rollout.pull} on {rollout.environment}"
    body = f"The evidence of #{rollout.pull} on {rollout.environment}; its own branch could not be written."
    services.host.open_pull(repository, title, body, branch, pull.base_branch)
    return commit


def _task(rollout: Rollout, repository: Repository, pull: Pull, context: Context, services: Services) -> str:
    """A folder that was committed is never rewritten: the next rollout of the same name gets `-2`, `-3`, …."""
    kept = dict(services.store.documents(rollout.id))
    if "task" in kept:
        return kept["task"]
    earlier = [
        item
        for item in services.store.rollouts(rollout.repository, rollout.pull)
        if (item.module, item.environment) == (rollout.module, rollout.environment) and item.id < rollout.id
    ]
    used = {dict(services.store.documents(item.id)).get("task") for item in earlier}
    task, number = context.task, 1
    while task in used or _there(repository, pull, rollout.module, task, services):
        number += 1
        task = f"{context.task[: 62 - len(str(number))]}-{number}"
    services.store.keep_document(rollout.id, "task", task)
    return task


def _there(repository: Repository, pull: Pull, module: str, task: str, services: Services) -> bool:
    path = f"modules/{module}/workdocs/active/{task}/db/03-execution-log.md"
    return services.host.file(repository, pull.head, path) is not None


def _remember_checks(rollout: Rollout, repository: Repository, context: Context, services: Services) -> None:
    if "checks.json" in dict(services.store.documents(rollout.id)):
        return
    checks = services.host.other_checks(repository, context.head)
    text = json.dumps([[item.name, item.conclusion, item.id] for item in checks])
    services.store.keep_document(rollout.id, "checks.json", text)
