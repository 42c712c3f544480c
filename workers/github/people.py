"""People and their live rights: what GitHub does not say is no right."""

from __future__ import annotations

from workers.core.approval import Person, Role
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.answers import Answer
from workers.github.client import NotFoundError
from workers.github.permissions import COLLABORATOR, TEAM_MEMBER, USER
from workers.github.session import Session
from workers.ports import Clock, Repository


class People:
    """The part of `ports.Host` that looks people up."""

    session: Session
    clock: Clock

    def person(self, repository: Repository, user: int, teams: tuple[str, ...]) -> Person:
        """Return a person by numeric id with the live role and which of `teams` (org/slug) they are active members of."""
        looked_up = self.clock.iso()
        try:
            account = self.session.call(USER, repository, id=user)
        except NotFoundError:
            return Person(id=user, login="ghost", is_person=False, looked_up=looked_up)
        if account.number("id") != user:
            raise ExpectedError("GitHub answers with another account", "comment again", RefusalCode.NOT_AUTHORISED)
        login = account.text("login")
        return Person(
            id=user,
            login=login,
            is_person=account.text("type") == "User",
            role=self._role(repository, user, login),
            teams=tuple(team for team in teams if self._is_member(repository, team, login)),
            looked_up=looked_up,
        )

    def _role(self, repository: Repository, user: int, login: str) -> Role:
        """A login may have been taken over by another account between two calls: then there is no right."""
        try:
            answer = self.session.call(COLLABORATOR, repository, login=login)
        except NotFoundError:
            return Role.NONE
        return _role(answer) if answer.maybe_number("user", "id") == user else Role.NONE

    def _is_member(self, repository: Repository, team: str, login: str) -> bool:
        """Members of child teams count, an invitation does not. Without `members: read` this raises: nobody is taken for a member."""
        org, _, slug = team.partition("/")
        if org.lower() != repository.owner.lower():
            return False  # another organization's teams cannot be seen, and have no right here
        try:
            answer = self.session.call_for_teams(TEAM_MEMBER, repository.installation, org=org, slug=slug, login=login)
        except NotFoundError:
            return False
        return answer.maybe_text("state") == "active"


def _role(answer: Answer) -> Role:
    """`role_name` is exact; a custom role counts as the base permission that GitHub gives beside it."""
    for name in (answer.maybe_text("role_name"), answer.maybe_text("permission")):
        if name in {role.value for role in Role}:
            return Role(name)
    return Role.NONE
