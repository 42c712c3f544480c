"""Users, teams and rights; rate limits and the service's own facts."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from deploy.demo.github import access
from deploy.demo.github.errors import ApiError, not_found
from deploy.demo.github.records import Team, TeamMember
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import accounts

api = Blueprint("people", __name__, url_prefix="/api/v3")


@api.get("/user")
def get_me() -> Response:
    token = call.caller()
    if token.installation is not None:
        raise ApiError(403, "Resource not accessible by integration")
    return jsonify(accounts.public_user(call.hub().state, token.user))


@api.get("/users/<login>")
def get_user(login: str) -> Response:
    return jsonify(accounts.public_user(call.hub().state, call.hub().state.user(login)))


@api.get("/user/<int:account_id>")
def get_user_by_id(account_id: int) -> Response:
    state = call.hub().state
    if account_id not in state.users:
        raise not_found()
    return jsonify(accounts.public_user(state, state.users[account_id]))


@api.get("/repos/<owner>/<name>/collaborators/<login>/permission")
def get_permission(owner: str, name: str, login: str) -> Response:
    """The highest of all grants, once in the old words and once exactly; 404 for who has nothing to do with the repository."""
    state = call.hub().state
    repo = call.repo(owner, name, "metadata")
    user = state.user(login)
    role = access.role_of(state, user, repo)
    if role == "none" and user.id not in repo.owner.members:
        raise ApiError(404, f"{login} is not a user")
    who = accounts.user(state, user) | {
        "permissions": {name: role in roles for name, roles in _RIGHTS.items()},
        "role_name": role,
    }
    return jsonify({"permission": access.LEGACY.get(role, role), "role_name": role, "user": who})


@api.get("/orgs/<org>/teams/<slug>")
def get_team(org: str, slug: str) -> Response:
    return jsonify(accounts.full_team(call.hub().state, _team(org, slug)))


@api.get("/orgs/<org>/teams/<slug>/members")
def list_members(org: str, slug: str) -> Response:
    state = call.hub().state
    found = sorted(user_id for user_id, member in _members(_team(org, slug)).items() if member.state == "active")
    return call.page(found, lambda user_id: accounts.user(state, state.users[user_id]))


@api.get("/orgs/<org>/teams/<slug>/memberships/<login>")
def get_membership(org: str, slug: str, login: str) -> Response:
    """Members of child teams count; an invitation not yet accepted is `pending`; an owner shows as maintainer."""
    state = call.hub().state
    team, user = _team(org, slug), state.user(login)
    member = _members(team).get(user.id)
    if member is None:
        raise not_found()
    role = "maintainer" if team.org.members.get(user.id) == "admin" else member.role
    url = f"{state.api_url}/organizations/{team.org.id}/team/{team.id}/memberships/{user.login}"
    return jsonify({"url": url, "role": role, "state": member.state})


@api.get("/rate_limit")
def get_rate_limit() -> Response:
    core = {"limit": 5000, "remaining": 4999, "reset": int(call.hub().state.now().timestamp()) + 3600, "used": 1}
    return jsonify(
        {
            "resources": {"core": core, "search": core | {"limit": 30, "remaining": 30, "used": 0}, "graphql": core},
            "rate": core,
        }
    )


@api.get("/meta")
def get_meta() -> Response:
    return jsonify(
        {
            "verifiable_password_authentication": False,
            "hooks": ["127.0.0.1/32"],
            "web": ["127.0.0.1/32"],
            "api": ["127.0.0.1/32"],
        }
    )


def _team(org: str, slug: str) -> Team:
    call.organization_permission("members", "read", org)
    team = call.hub().state.find_team(org, slug)
    if team is None:
        raise not_found()
    return team


def _members(team: Team) -> dict[int, TeamMember]:
    """The team's members and those of its children; a direct membership wins."""
    found: dict[int, TeamMember] = {}
    for child in call.hub().state.teams.values():
        if child.parent is team:
            found |= _members(child)
    return found | team.members


_RIGHTS = {
    "pull": ("read", "triage", "write", "maintain", "admin"),
    "triage": ("triage", "write", "maintain", "admin"),
    "push": ("write", "maintain", "admin"),
    "maintain": ("maintain", "admin"),
    "admin": ("admin",),
}
