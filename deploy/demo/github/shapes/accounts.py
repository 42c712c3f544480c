"""People, organizations, teams, Apps and installations as GitHub's JSON."""

from __future__ import annotations

from urllib.parse import quote

from deploy.demo.github.records import App, Installation, Json, Team, User
from deploy.demo.github.state import State, iso, node_id


def user(state: State, who: User) -> Json:
    api, web = f"{state.api_url}/users/{quote(who.login)}", state.server_url
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id(who.type, who.id),
        "avatar_url": f"{web}/_avatar/{who.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{web}/apps/{who.login.removesuffix('[bot]')}" if who.type == "Bot" else f"{web}/{who.login}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": who.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def public_user(state: State, who: User) -> Json:
    return user(state, who) | {
        "name": who.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": iso(who.created_at),
        "updated_at": iso(who.created_at),
    }


def organization(state: State, org: User) -> Json:
    api = f"{state.api_url}/orgs/{org.login}"
    return {
        "login": org.login,
        "id": org.id,
        "node_id": node_id("Organization", org.id),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{state.server_url}/_avatar/{org.id}",
        "description": org.name,
    }


def team(state: State, one: Team) -> Json:
    api = f"{state.api_url}/organizations/{one.org.id}/team/{one.id}"
    return {
        "name": one.name,
        "id": one.id,
        "node_id": node_id("Team", one.id),
        "slug": one.slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "type": "organization",
        "url": api,
        "html_url": f"{state.server_url}/orgs/{one.org.login}/teams/{one.slug}",
        "members_url": f"{api}/members{{/member}}",
        "repositories_url": f"{api}/repos",
        "organization_id": one.org.id,
    }


def full_team(state: State, one: Team) -> Json:
    org = organization(state, one.org) | {
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{state.server_url}/{one.org.login}",
        "type": "Organization",
        "created_at": iso(one.org.created_at),
        "updated_at": iso(one.org.created_at),
        "archived_at": None,
    }
    return team(state, one) | {
        "parent": team(state, one.parent) if one.parent else None,
        "members_count": len(one.members),
        "repos_count": len(one.repos),
        "organization": org,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
    }


def app(state: State, one: App) -> Json:
    return {
        "id": one.id,
        "slug": one.slug,
        "node_id": node_id("App", one.id),
        "client_id": one.client_id,
        "owner": user(state, one.owner),
        "name": one.name,
        "description": one.description,
        "external_url": f"{state.server_url}/{one.owner.login}",
        "html_url": f"{state.server_url}/apps/{one.slug}",
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
        "permissions": dict(one.permissions),
        "events": list(one.events),
    }


def installation(state: State, one: Installation) -> Json:
    return {
        "id": one.id,
        "client_id": one.app.client_id,
        "account": user(state, one.account),
        "repository_selection": one.selection,
        "access_tokens_url": f"{state.api_url}/app/installations/{one.id}/access_tokens",
        "repositories_url": f"{state.api_url}/installation/repositories",
        "html_url": f"{state.server_url}/settings/installations/{one.id}",
        "app_id": one.app.id,
        "app_slug": one.app.slug,
        "target_id": one.account.id,
        "target_type": one.account.type,
        "permissions": dict(one.permissions),
        "events": list(one.events),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(state, one.account) if one.suspended_at else None,
        "suspended_at": iso(one.suspended_at) if one.suspended_at else None,
    }
