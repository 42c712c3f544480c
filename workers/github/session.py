"""Who we are at GitHub: the App by its key, an installation by a token that reaches one repository."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import jwt
from githubkit.auth import AppAuthStrategy
from githubkit.auth.app import AppAuth

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.answers import Answer
from workers.github.client import Client, NotFoundError, RefusedError, UnauthorizedError
from workers.github.permissions import APP_ITSELF, CREATE_TOKEN, INSTALLATIONS, REPOSITORY_INSTALLATION, Endpoint
from workers.ports import Repository

_TOKEN_AGE = 50 * 60  # seconds; GitHub accepts a token for an hour, and a fetch may take some of it


class Session:
    """Calls in the name of the App. Tokens live in this object only; one that is refused is replaced once, then GitHub is believed."""

    def __init__(self, client: Client, app_id: int, private_key: str) -> None:
        self.client, self.app_id = client, app_id
        flow = AppAuthStrategy(str(app_id), private_key).get_auth_flow(client.github)
        if not isinstance(flow, AppAuth):
            raise TypeError(flow)
        self._flow = flow
        self._tokens: dict[tuple[int, int], tuple[str, float]] = {}
        self._login = ""

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.__exit__(kind, error, trace)

    def call(
        self,
        endpoint: Endpoint,
        repository: Repository,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        **parts: object,
    ) -> Answer:
        """Ask with the token of one repository. Errors as in `Client.send`."""
        everything = {"repo": repository.full_name, **parts}
        return self._with_token(repository.installation, repository.id, endpoint, everything, query, body)

    def call_for_teams(self, endpoint: Endpoint, installation: int, **parts: object) -> Answer:
        """Ask with a token that reads members and nothing else; one that is limited to a repository would find no team."""
        return self._with_token(installation, 0, endpoint, parts, None, None)

    def every(
        self,
        endpoint: Endpoint,
        repository: Repository,
        *,
        query: Mapping[str, str | int] | None = None,
        **parts: object,
    ) -> tuple[Answer, ...]:
        """Every item of a list."""
        return tuple(
            self.client.pages(
                lambda page: self._with_token(
                    repository.installation,
                    repository.id,
                    endpoint,
                    {"repo": repository.full_name, **parts},
                    {**(query or {}), **page},
                    None,
                ).items()
            )
        )

    def login(self) -> str:
        """The login of the App's own account, which no other account can have."""
        if not self._login:
            self._login = f"{self._as_app(APP_ITSELF).text('slug')}[bot]"
        return self._login

    def granted(self) -> tuple[tuple[str, str], ...]:
        """(permission, level) of everything that the App's settings give it."""
        return self._as_app(APP_ITSELF).texts("permissions")

    def token(self, repository: Repository) -> str:
        """An installation token for git, limited to the repository."""
        return self._token(repository.installation, repository.id)

    def find(self, repository: int) -> Repository:
        """Return a repository by id, wherever the App is installed. Raises ExpectedError(not_configured) where it is nowhere."""
        for installation in self.client.pages(lambda page: self._as_app(INSTALLATIONS, query=page).items()):
            found = self._opened(installation.number("id"), {"repository_ids": [repository]})
            if found is not None:
                return found
        message = f"the App is not installed on repository {repository}"
        advice = "install it there, or take the repository out of the server config"
        raise ExpectedError(message, advice, RefusalCode.NOT_CONFIGURED)

    def find_named(self, full_name: str) -> Repository | None:
        """Return a repository by owner/name; None where the App is not installed on it."""
        try:
            installation = self._as_app(REPOSITORY_INSTALLATION, repo=full_name).number("id")
        except NotFoundError:
            return None
        return self._opened(installation, {"repositories": [full_name.partition("/")[2]]})

    def _opened(self, installation: int, chosen: Mapping[str, object]) -> Repository | None:
        """A repository by the answer to a token made for it alone; None where it is not in this installation, or that is suspended."""
        try:
            answer = self._as_app(CREATE_TOKEN, body=chosen, installation=installation)
        except (NotFoundError, RefusedError):
            return None
        shown = answer.items("repositories")[0]
        found = Repository(
            id=shown.number("id"),
            full_name=shown.text("full_name"),
            default_branch=shown.text("default_branch"),
            installation=installation,
        )
        self._tokens[installation, found.id] = (answer.text("token"), time.monotonic())
        return found

    def _with_token(
        self,
        installation: int,
        repository: int,
        endpoint: Endpoint,
        parts: Mapping[str, object],
        query: Mapping[str, str | int] | None,
        body: Mapping[str, object] | None,
    ) -> Answer:
        """A 401 means that nothing was done: any call may be made again with a new token."""
        try:
            return self.client.send(
                endpoint, f"Bearer {self._token(installation, repository)}", parts, query=query, body=body
            )
        except UnauthorizedError:
            self._tokens.pop((installation, repository), None)
        return self.client.send(
            endpoint, f"Bearer {self._token(installation, repository)}", parts, query=query, body=body
        )

    def _token(self, installation: int, repository: int) -> str:
        kept, made = self._tokens.get((installation, repository), ("", 0.0))
        return kept if kept and time.monotonic() - made < _TOKEN_AGE else self._create_token(installation, repository)

    def _create_token(self, installation: int, repository: int) -> str:
        """`repository` 0: for teams."""
        body: dict[str, object] = (
            {"repository_ids": [repository]} if repository else {"permissions": {"members": "read"}}
        )
        token = self._as_app(CREATE_TOKEN, body=body, installation=installation).text("token")
        self._tokens[installation, repository] = (token, time.monotonic())
        return token

    def _as_app(
        self,
        endpoint: Endpoint,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        **parts: object,
    ) -> Answer:
        try:
            proof = self._flow.get_jwt()
        except (ValueError, TypeError, jwt.PyJWTError):
            message = "the App's private key cannot be used"
            raise ExpectedError(
                message, "put the PEM file that GitHub gave out into SCHEMAGATE_PRIVATE_KEY", RefusalCode.NOT_CONFIGURED
            ) from None
        return self.client.send(endpoint, f"Bearer {proof}", parts, query=query, body=body)
