"""Who wrote and pushed what a pull holds: our own commits and merges that are nothing but git's own work do not count."""

from __future__ import annotations

from workers.core.errors import ExpectedError
from workers.ports import CommitAuthors, Pull, Repository, SeenPush, Services


def written(
    repository: Repository, pull: Pull, commits: tuple[CommitAuthors, ...], services: Services
) -> tuple[CommitAuthors, ...]:
    """The commits of a pull that somebody wrote. A merge that holds anything but git's own result was written by its author."""
    theirs = [item for item in commits if not services.store.our_commit(repository.id, item.sha)]
    if all(item.parents < 2 for item in theirs):
        return tuple(theirs)
    own_work = set(services.code.authors(repository, pull.base, pull.head))
    return tuple(item for item in theirs if item.parents < 2 or item.sha in own_work)


def counted_pushes(
    repository: Repository,
    pull: Pull,
    commits: tuple[CommitAuthors, ...],
    theirs: tuple[CommitAuthors, ...],
    services: Services,
) -> tuple[SeenPush, ...]:
    """The pushes to a pull's branch that brought something which somebody wrote; one that cannot be looked into counts."""
    heard = services.store.pushes(repository.id, f"refs/heads/{pull.head_branch}")
    merges = {item.sha for item in commits if item.parents > 1} - {item.sha for item in theirs}
    shas = {item.sha for item in theirs}
    return tuple(
        push
        for push in heard
        if not services.store.our_commit(repository.id, push.sha)
        and not (push.sha in merges and _brings_none(repository, push, shas, services))
    )


def _brings_none(repository: Repository, push: SeenPush, shas: set[str], services: Services) -> bool:
    try:
        brought = services.code.authors(repository, push.before, push.sha)
    except ExpectedError:
        return False
    return not shas & set(brought)
