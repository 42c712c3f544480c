"""What is remembered of repositories, pulls, pushes, commits of ours and the latest reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import OperationalError

from workers.core.codec import from_json, to_json
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.ports import PullMemory, Repository, SeenPush
from workers.store.ground import Ground, add, put
from workers.store.inbox import reading
from workers.store.tables import commits, pulls, repositories, views


class Pulls(Ground):
    """The part of the store that knows pulls."""

    def want_plan(self, repository: int, pull: int) -> int:
        with self._engine.begin() as connection:
            add(connection, pulls, {"repository": repository, "number": pull})
            wish = update(pulls).where(_this(repository, pull)).values(wanted=pulls.c.wanted + 1)
            return int(connection.scalar(wish.returning(pulls.c.wanted)) or 0)

    @contextmanager
    def take_plan(self, repository: int, pull: int, owner: str, seconds: float) -> Iterator[int | None]:
        taken = self._lease(repository, pull, owner, seconds)
        if taken is None:
            yield None
            return
        over = Event()
        keeper = Thread(target=self._keep_lease, args=(repository, pull, owner, seconds, over), daemon=True)
        keeper.start()
        try:
            yield taken
        finally:
            over.set()
            keeper.join()
            self._give_back(repository, pull, owner)

    def planned(self, repository: int, pull: int, counter: int) -> bool:
        with self._engine.begin() as connection:
            further = _this(repository, pull) & (pulls.c.planned < counter)
            connection.execute(update(pulls).where(further).values(planned=counter))
            wanted = connection.scalar(select(pulls.c.wanted).where(_this(repository, pull)))
            return (wanted or 0) <= counter

    def unplanned(self, repository: int) -> tuple[int, ...]:
        free = or_(pulls.c.lease_owner == "", pulls.c.lease_until <= self._clock.now())
        waiting = (pulls.c.repository == repository) & (pulls.c.wanted > pulls.c.planned) & pulls.c.closed.is_(False)
        with reading(self._engine) as connection:
            return tuple(connection.scalars(select(pulls.c.number).where(waiting, free).order_by(pulls.c.number)))

    def pull(self, repository: int, pull: int) -> PullMemory:
        with reading(self._engine) as connection:
            text = connection.scalar(select(pulls.c.remembered).where(_this(repository, pull)))
        return _memory(text) if text else PullMemory(repository=repository, number=pull)

    def remember_pull(self, memory: PullMemory) -> None:
        row = {
            "repository": memory.repository,
            "number": memory.number,
            "remembered": json.dumps(to_json(memory)),
            "closed": memory.closed,
        }
        with self._engine.begin() as connection:
            put(connection, pulls, row)

    def pulls(self, repository: int) -> tuple[PullMemory, ...]:
        known = (pulls.c.repository == repository) & (pulls.c.remembered != "") & pulls.c.closed.is_(False)
        with reading(self._engine) as connection:
            rows = connection.scalars(select(pulls.c.remembered).where(known).order_by(pulls.c.number))
            return tuple(_memory(text) for text in rows)

    def remember_repository(self, repository: Repository) -> None:
        """A rename keeps the id and is followed; another repository under a known name is somebody else's."""
        with self._engine.begin() as connection:
            named = connection.scalar(select(repositories.c.id).where(repositories.c.name == repository.full_name))
            if named is not None and named != repository.id:
                raise _changed(repository, named)
            put(connection, repositories, {"id": repository.id, "name": repository.full_name})

    def repositories(self) -> tuple[int, ...]:
        """The ids of every repository seen so far."""
        with reading(self._engine) as connection:
            return tuple(connection.scalars(select(repositories.c.id).order_by(repositories.c.id)))

    def comments_read(self, repository: int) -> str:
        with reading(self._engine) as connection:
            known = select(repositories.c.comments_read).where(repositories.c.id == repository)
            return connection.scalar(known) or ""

    def note_comments_read(self, repository: int, until: str) -> None:
        with self._engine.begin() as connection:
            this = repositories.c.id == repository
            connection.execute(update(repositories).where(this).values(comments_read=until))

    def pushes(self, repository: int, ref: str) -> tuple[SeenPush, ...]:
        """From `push` and `pull_request` deliveries alike, each commit and sender once, in the order in which they came."""
        heard = (json.loads(text) for text in self._inbox.heard_on(repository, ref))
        seen = (
            SeenPush(
                sha=str(item["after"]),
                before=str(item["before"]),
                sender=int(item["sender"]),
                sender_login=str(item["sender_login"]),
            )
            for item in heard
        )
        return tuple(dict.fromkeys(seen))

    def our_commit(self, repository: int, sha: str) -> bool:
        known = (commits.c.repository == repository) & (commits.c.sha == sha)
        with reading(self._engine) as connection:
            return connection.execute(select(commits.c.sha).where(known)).first() is not None

    def remember_commit(self, repository: int, sha: str) -> None:
        with self._engine.begin() as connection:
            add(connection, commits, {"repository": repository, "sha": sha})

    def keep_view(self, repository: int, pull: int, module: str, environment: str, text: str) -> None:
        row = {"repository": repository, "pull": pull, "module": module, "environment": environment, "text": text}
        with self._engine.begin() as connection:
            put(connection, views, row)

    def view(self, repository: int, pull: int, module: str, environment: str) -> str | None:
        wanted = (
            (views.c.repository == repository)
            & (views.c.pull == pull)
            & (views.c.module == module)
            & (views.c.environment == environment)
        )
        with reading(self._engine) as connection:
            return connection.scalar(select(views.c.text).where(wanted))

    def _lease(self, repository: int, pull: int, owner: str, seconds: float) -> int | None:
        """One UPDATE decides between workers; the lease of a dead one runs out."""
        now = self._clock.now()
        free = or_(pulls.c.lease_owner == "", pulls.c.lease_until <= now, pulls.c.lease_owner == owner)
        take = update(pulls).where(_this(repository, pull), free).values(lease_owner=owner, lease_until=now + seconds)
        with self._engine.begin() as connection:
            add(connection, pulls, {"repository": repository, "number": pull})
            wanted: int | None = connection.scalar(take.returning(pulls.c.wanted))
            return wanted

    def _keep_lease(self, repository: int, pull: int, owner: str, seconds: float, over: Event) -> None:
        """Renew the lease for as long as its job lives; a state that does not answer now is asked again in time."""
        ours = _this(repository, pull) & (pulls.c.lease_owner == owner)
        while not over.wait(seconds / 3):
            with suppress(OperationalError), self._engine.begin() as connection:
                connection.execute(update(pulls).where(ours).values(lease_until=self._clock.now() + seconds))

    def _give_back(self, repository: int, pull: int, owner: str) -> None:
        ours = _this(repository, pull) & (pulls.c.lease_owner == owner)
        with self._engine.begin() as connection:
            connection.execute(update(pulls).where(ours).values(lease_owner="", lease_until=0))


def _this(repository: int, pull: int) -> ColumnElement[bool]:
    return (pulls.c.repository == repository) & (pulls.c.number == pull)


def _memory(text: str) -> PullMemory:
    return from_json(PullMemory, json.loads(text))


def _changed(repository: Repository, known: int) -> ExpectedError:
    return ExpectedError(
        f"{repository.full_name} is repository {repository.id} now; it was {known} when it was first seen",
        "if it was replaced on purpose, put the new id into the server config under another entry or start a new state",
        RefusalCode.REPOSITORY_CHANGED,
    )
