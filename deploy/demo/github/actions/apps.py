"""Apps and where they are installed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploy.demo.github.hub import Hub
from deploy.demo.github.records import App, Installation, Json, Repo, User
from deploy.demo.github.shapes import accounts
from deploy.demo.github.state import node_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApp:
    """What its owner says of an App when it is registered."""

    name: str
    slug: str
    keys: tuple[str, str]  # private and public PEM
    webhook_url: str = ""
    webhook_secret: str = ""
    permissions: Mapping[str, str]
    events: Sequence[str]
    description: str = ""


def create_app(hub: Hub, owner: User, new: NewApp) -> App:
    state = hub.state
    bot = state.add_user(f"{new.slug}[bot]", kind="Bot")
    app = App(
        id=state.next_id(),
        slug=new.slug,
        name=new.name,
        owner=owner,
        bot=bot,
        client_id=f"Iv23li{secrets.token_hex(7)}",
        client_secret=secrets.token_hex(20),
        description=new.description,
        private_key_pem=new.keys[0],
        public_key_pem=new.keys[1],
        webhook_url=new.webhook_url,
        webhook_secret=new.webhook_secret,
        permissions={"metadata": "read", **new.permissions},
        events=tuple(new.events),
        created_at=state.now(),
    )
    state.apps[app.id] = app
    return app


def ping(hub: Hub, app: App) -> None:
    """The first event of a webhook, sent when it is set up."""
    api = f"{hub.state.api_url}/app/hook"
    hook: Json = {
        "type": "App",
        "id": app.id + 500_000,
        "name": "web",
        "active": True,
        "app_id": app.id,
        "events": list(app.events),
        "config": {"url": app.webhook_url, "content_type": "json", "insecure_ssl": "0", "secret": "********"},
        "deliveries_url": f"{api}/deliveries",
        "created_at": app.created_at.isoformat(timespec="seconds"),
        "updated_at": app.created_at.isoformat(timespec="seconds"),
    }
    hub.deliveries.send(app, "ping", {"zen": "Keep it logically awesome.", "hook_id": hook["id"], "hook": hook})


def install(hub: Hub, app: App, account: User, repos: Iterable[Repo] | None, sender: User) -> Installation:
    """Installs an App on an account: on the repositories named, or on all of them."""
    state = hub.state
    chosen = list(repos) if repos is not None else []
    installation = Installation(
        id=state.next_id(),
        app=app,
        account=account,
        selection="all" if repos is None else "selected",
        repo_ids={r.id for r in chosen},
        permissions=dict(app.permissions),
        events=app.events,
        created_at=state.now(),
    )
    state.installations[installation.id] = installation
    covered = [r for r in state.repos.values() if installation.covers(r)]
    _announce(
        hub,
        installation,
        "installation",
        sender,
        {
            "action": "created",
            "repositories": [_short(r) for r in covered],
            "requester": None,
        },
    )
    return installation


def uninstall(hub: Hub, installation: Installation, sender: User) -> None:
    covered = [r for r in hub.state.repos.values() if installation.covers(r)]
    del hub.state.installations[installation.id]
    hub.state.tokens = {v: t for v, t in hub.state.tokens.items() if t.installation is not installation}
    _announce(
        hub,
        installation,
        "installation",
        sender,
        {
            "action": "deleted",
            "repositories": [_short(r) for r in covered],
            "requester": None,
        },
    )


def suspend(hub: Hub, installation: Installation, sender: User, *, suspended: bool) -> None:
    installation.suspended_at = hub.state.now() if suspended else None
    _announce(hub, installation, "installation", sender, {"action": "suspend" if suspended else "unsuspend"})


def choose(hub: Hub, installation: Installation, repo: Repo, sender: User, *, added: bool) -> None:
    """Adds a repository to an installation, or takes it away."""
    (installation.repo_ids.add if added else installation.repo_ids.discard)(repo.id)
    _announce(
        hub,
        installation,
        "installation_repositories",
        sender,
        {
            "action": "added" if added else "removed",
            "repository_selection": installation.selection,
            "requester": None,
            "repositories_added": [_short(repo)] if added else [],
            "repositories_removed": [] if added else [_short(repo)],
        },
    )


def _announce(hub: Hub, installation: Installation, event: str, sender: User, payload: Json) -> None:
    hub.state.changed()
    shape = payload | {
        "installation": accounts.installation(hub.state, installation),
        "sender": accounts.user(hub.state, sender),
    }
    hub.deliveries.send(installation.app, event, shape, installation=installation)


def _short(repo: Repo) -> Json:
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }
