"""Scenario set-up in Python: people, organizations, repositories, Apps and where they are installed."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from deploy.demo.github import access
from deploy.demo.github.actions import apps
from deploy.demo.github.bare import BareRepo
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import App, Installation, Repo, Team, TeamMember, User

Files: TypeAlias = Mapping[str, str | bytes | None]  # path -> content; None deletes

PERMISSIONS = {
    "checks": "write",
    "contents": "write",
    "deployments": "write",
    "issues": "write",
    "members": "read",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
EVENTS = ("check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "push")


class Scenery:
    """What is there before anything happens; every method holds the lock and returns the live record."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.state = hub.state

    # -- set-up

    def create_user(self, login: str, *, name: str = "", email: str = "") -> User:
        with self.state.lock:
            return self.state.add_user(login, name=name, email=email)

    def create_org(
        self,
        login: str,
        *,
        name: str = "",
        admins: Sequence[User] = (),
        members: Sequence[User] = (),
        base_permission: str = "none",
    ) -> User:
        with self.state.lock:
            org = self.state.add_user(login, name=name, kind="Organization")
            org.base_permission = base_permission
            org.members = {u.id: "member" for u in members} | {u.id: "admin" for u in admins}
            return org

    def create_team(
        self,
        org: User,
        slug: str,
        *,
        members: Sequence[User] = (),
        parent: Team | None = None,
        repos: Mapping[int, str] | None = None,
    ) -> Team:
        with self.state.lock:
            team = Team(
                id=self.state.next_id(),
                slug=slug,
                name=slug.title(),
                org=org,
                parent=parent,
                created_at=self.state.now(),
            )
            team.repos = dict(repos or {})
            self.state.teams[team.id] = team
            for user in members:
                self.add_team_member(team, user)
            return team

    def add_team_member(self, team: Team, user: User, *, role: str = "member", state: str = "active") -> None:
        with self.state.lock:
            team.members[user.id] = TeamMember(user_id=user.id, role=role, state=state)
            if state == "active":
                team.org.members.setdefault(user.id, "member")

    def remove_team_member(self, team: Team, user: User) -> None:
        with self.state.lock:
            team.members.pop(user.id, None)

    def create_repo(
        self,
        owner: User,
        name: str,
        *,
        files: Files | None = None,
        private: bool = True,
        default_branch: str = "main",
        description: str = "",
        author: User | None = None,
    ) -> Repo:
        """A repository with one commit that holds `files` (a README when left out)."""
        with self.state.lock:
            repo_id = self.state.next_id()
            git = BareRepo.create(self.state.folder / "repositories" / f"{repo_id}.git", default_branch)
            repo = Repo(
                id=repo_id,
                owner=owner,
                name=name,
                private=private,
                default_branch=default_branch,
                description=description,
                created_at=self.state.now(),
                pushed_at=self.state.now(),
                git=git,
            )
            self.state.repos[repo.id] = repo
            by = self.hub.signature(author or owner)
            sha = git.commit_files(None, as_bytes(files or {"README.md": f"# {name}\n"}), "Initial commit", by, by)
            git.set_refs([(f"refs/heads/{default_branch}", sha)])
            repo.pushers[sha] = (author or owner).id
            self.state.changed()
            return repo

    def fork(self, repo: Repo, owner: User) -> Repo:
        with self.state.lock:
            fork_id = self.state.next_id()
            git = BareRepo.create(self.state.folder / "repositories" / f"{fork_id}.git", repo.default_branch)
            git.fetch(repo.git, "+refs/heads/*:refs/heads/*")
            fork = Repo(
                id=fork_id,
                owner=owner,
                name=repo.name,
                private=repo.private,
                default_branch=repo.default_branch,
                description=repo.description,
                created_at=self.state.now(),
                pushed_at=self.state.now(),
                git=git,
                fork_of=repo,
            )
            self.state.repos[fork.id] = fork
            return fork

    def delete_repo(self, repo: Repo) -> None:
        """Afterwards a pull from this fork has head.repo null."""
        with self.state.lock:
            repo.deleted = True
            self.state.changed()

    def add_collaborator(self, repo: Repo, user: User, role: str = "write") -> None:
        """`role`: read, triage, write, maintain, admin; none takes it away."""
        with self.state.lock:
            if role == "none":
                repo.collaborators.pop(user.id, None)
            else:
                repo.collaborators[user.id] = role

    def protect(self, repo: Repo, branch: str, **settings: object) -> None:
        """`checks=[{"context", "app_id"}]`, `reviews=1`, `strict`, `enforce_admins`, `allow_force_pushes`."""
        with self.state.lock:
            repo.protections[branch] = dict(settings)

    # -- Apps

    def create_app(
        self,
        owner: User,
        slug: str,
        *,
        webhook_url: str = "",
        webhook_secret: str = "",
        permissions: Mapping[str, str] = PERMISSIONS,
        events: Sequence[str] = EVENTS,
        keys: tuple[str, str] | None = None,
    ) -> App:
        """`keys`: private and public PEM; by default one pair serves all Apps of this process."""
        with self.state.lock:
            new = apps.NewApp(
                name=slug,
                slug=slug,
                keys=keys or shared_keys(),
                webhook_url=webhook_url,
                webhook_secret=webhook_secret,
                permissions=permissions,
                events=events,
            )
            app = apps.create_app(self.hub, owner, new)
            apps.ping(self.hub, app)
            return app

    def set_webhook(self, app: App, url: str, secret: str | None = None) -> None:
        with self.state.lock:
            app.webhook_url = url
            app.webhook_secret = app.webhook_secret if secret is None else secret

    def install(self, app: App, account: User, repos: Sequence[Repo] | None = None) -> Installation:
        """On the repositories named, or on all of the account (None)."""
        with self.state.lock:
            return apps.install(self.hub, app, account, repos, _sender(self.state.users, account))

    def uninstall(self, installation: Installation) -> None:
        with self.state.lock:
            apps.uninstall(self.hub, installation, _sender(self.state.users, installation.account))

    def suspend(self, installation: Installation, *, suspended: bool = True) -> None:
        with self.state.lock:
            apps.suspend(self.hub, installation, _sender(self.state.users, installation.account), suspended=suspended)

    def add_to_installation(self, installation: Installation, repo: Repo) -> None:
        with self.state.lock:
            apps.choose(self.hub, installation, repo, _sender(self.state.users, installation.account), added=True)

    def remove_from_installation(self, installation: Installation, repo: Repo) -> None:
        with self.state.lock:
            apps.choose(self.hub, installation, repo, _sender(self.state.users, installation.account), added=False)

    def personal_token(self, user: User) -> str:
        """A token with which a real git or API client acts as this person."""
        with self.state.lock:
            return access.personal_token(self.state, user).value

    def expire_tokens(self) -> None:
        """Every installation token given out so far is answered with 401 from now on."""
        with self.state.lock:
            for token in self.state.tokens.values():
                if token.installation is not None:
                    token.expires_at = self.state.now()

    def advance(self, seconds: float) -> None:
        """Moves this GitHub's clock forward."""
        with self.state.lock:
            self.state.shifted += timedelta(seconds=seconds)


@functools.cache
def shared_keys() -> tuple[str, str]:
    return access.key_pair()


def as_bytes(files: Files) -> dict[str, bytes | None]:
    return {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}


def _sender(users: Mapping[int, User], account: User) -> User:
    """An organization acts through its first owner."""
    admins = [users[i] for i, role in account.members.items() if role == "admin"]
    return admins[0] if admins else account
