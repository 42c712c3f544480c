"""Deployments, as GitHub shows them beside a pull."""

from __future__ import annotations

from workers.github.client import surely
from workers.github.permissions import CREATE_DEPLOYMENT, CREATE_DEPLOYMENT_STATUS, DEPLOYMENTS
from workers.github.session import Session
from workers.ports import DeploymentState, Repository

_DESCRIPTION = 140  # characters


class Deployments:
    """The part of `ports.Host` that tells of applies."""

    session: Session

    def create_deployment(self, repository: Repository, head: str, environment: str) -> int:
        """Open a deployment. By default GitHub would merge the base instead, and wait for every check: both are switched off."""
        sent = {
            "ref": head,
            "environment": environment,
            "task": "schemagate",
            "auto_merge": False,
            "required_contexts": [],
            "description": f"database schema of {environment}"[:_DESCRIPTION],
        }
        before = self._newest(repository, head, environment)
        return surely(
            lambda: self.session.call(CREATE_DEPLOYMENT, repository, body=sent).number("id"),
            lambda: self._other_than(before, self._newest(repository, head, environment)),
        )

    def set_deployment(self, repository: Repository, deployment: int, state: DeploymentState, description: str) -> None:
        """Set a deployment's status."""
        sent = {"state": state.value, "description": description[:_DESCRIPTION]}
        self.session.call(CREATE_DEPLOYMENT_STATUS, repository, id=deployment, body=sent)

    def _newest(self, repository: Repository, head: str, environment: str) -> int | None:
        query = {"sha": head, "environment": environment, "task": "schemagate"}
        found = self.session.every(DEPLOYMENTS, repository, query=query)
        return max((item.number("id") for item in found), default=None)

    @staticmethod
    def _other_than(before: int | None, now: int | None) -> int | None:
        return None if now == before else now
