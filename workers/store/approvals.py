"""Approvals, sealed; which command lines were counted; and who was refused quietly."""

from __future__ import annotations

import json
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, RowMapping, select, update

from workers.core.approval import Approval
from workers.core.codec import from_json, to_json
from workers.store.ground import Ground, add
from workers.store.inbox import reading
from workers.store.seal import StoreTamperedError
from workers.store.tables import approvals, commands, refusals


class Approvals(Ground):
    """The part of the store that knows who said what."""

    def count_command(self, comment: int, line: int, delivery: str) -> bool:
        this = (commands.c.comment == comment) & (commands.c.line == line)
        with self._engine.begin() as connection:
            add(connection, commands, {"comment": comment, "line": line, "delivery": delivery})
            counted: str | None = connection.scalar(select(commands.c.delivery).where(this))
        return counted == delivery

    def keep_approval(self, repository: int, pull: int, approval: Approval) -> None:
        """A comment approves a digest once; a second time changes nothing, so that a revoked approval stays revoked."""
        text = json.dumps(to_json(approval))
        row = {
            "digest": approval.digest,
            "comment": approval.comment,
            "repository": repository,
            "pull": pull,
            "approval": text,
            "seal": self._approval_seal(repository, pull, text),
        }
        with self._engine.begin() as connection:
            add(connection, approvals, row)

    def approvals(self, digest: str) -> tuple[Approval, ...]:
        with reading(self._engine) as connection:
            return self._of(connection, approvals.c.digest == digest)

    def approvals_by_comment(self, comment: int) -> tuple[Approval, ...]:
        with reading(self._engine) as connection:
            return self._of(connection, approvals.c.comment == comment)

    def revoke(self, digest: str, comment: int, why: str) -> None:
        """The first reason stays."""
        this = (approvals.c.digest == digest) & (approvals.c.comment == comment)
        with self._engine.begin() as connection:
            row = connection.execute(select(approvals).where(this).with_for_update()).mappings().first()
            if row is None or (approval := self._approval(row)).revoked:
                return
            text = json.dumps(to_json(replace(approval, revoked=why or "revoked")))
            seal = self._approval_seal(row["repository"], row["pull"], text)
            connection.execute(update(approvals).where(this).values(approval=text, seal=seal))

    def note_refusal(self, repository: int, pull: int, environment: str, text: str) -> None:
        row = {
            "repository": repository,
            "pull": pull,
            "environment": environment,
            "at": self._clock.iso(),
            "text": text,
        }
        with self._engine.begin() as connection:
            add(connection, refusals, row)

    def refusals(self, repository: int, pull: int) -> tuple[tuple[str, str, str], ...]:
        of_pull = (refusals.c.repository == repository) & (refusals.c.pull == pull)
        columns = (refusals.c.at, refusals.c.environment, refusals.c.text)
        query = select(*columns).where(of_pull).order_by(refusals.c.number.desc()).limit(50)
        with reading(self._engine) as connection:
            return tuple((at, environment, text) for at, environment, text in connection.execute(query))

    def _of(self, connection: Connection, condition: ColumnElement[bool]) -> tuple[Approval, ...]:
        rows = connection.execute(select(approvals).where(condition).order_by(approvals.c.number)).mappings()
        return tuple(self._approval(row) for row in rows)

    def _approval(self, row: RowMapping) -> Approval:
        self._seal.check(row["seal"], "approvals", row["repository"], row["pull"], row["approval"])
        approval = from_json(Approval, json.loads(row["approval"]))
        if (approval.digest, approval.comment) != (row["digest"], row["comment"]):
            raise StoreTamperedError("an approval in the state stands under a plan or comment that is not its own")
        return approval

    def _approval_seal(self, repository: int, pull: int, text: str) -> str:
        return self._seal.sign("approvals", repository, pull, text)
