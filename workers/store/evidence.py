"""The chain of a database's rollouts, and the documents that wait for their commit."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from workers.ports import Evidence
from workers.store.ground import Ground, put
from workers.store.inbox import reading
from workers.store.tables import documents, evidence


class EvidenceKept(Ground):
    """The part of the store that knows what happened."""

    def append_evidence(self, evidence: Evidence) -> None:
        """Raises ValueError for a link that does not follow the newest one. The same link again changes nothing."""
        last = self.last_evidence(evidence.target)
        if last == evidence:
            return
        if last and (evidence.sequence <= last.sequence or evidence.previous != last.section):
            raise ValueError(f"evidence {evidence.sequence} does not follow {last.sequence}")
        try:
            self._add_link(evidence)
        except IntegrityError as error:
            raise ValueError(f"evidence {evidence.sequence} is there already") from error

    def last_evidence(self, target: str) -> Evidence | None:
        query = select(evidence).where(evidence.c.target == target).order_by(evidence.c.sequence.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        return Evidence(**row) if row else None

    def keep_document(self, rollout: int, name: str, text: str) -> None:
        with self._engine.begin() as connection:
            put(connection, documents, {"rollout": rollout, "name": name, "text": text})

    def documents(self, rollout: int) -> tuple[tuple[str, str], ...]:
        query = select(documents.c.name, documents.c.text).where(documents.c.rollout == rollout)
        with reading(self._engine) as connection:
            return tuple((name, text) for name, text in connection.execute(query.order_by(documents.c.name)))

    def _add_link(self, link: Evidence) -> None:
        row = {
            "target": link.target,
            "sequence": link.sequence,
            "rollout": link.rollout,
            "section": link.section,
            "previous": link.previous,
        }
        with self._engine.begin() as connection:
            connection.execute(insert(evidence).values(row))
