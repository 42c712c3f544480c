"""Who asks and what they may: App JWTs, installation tokens, people's tokens, roles of people in repositories."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.demo.github.errors import ApiError, forbidden, not_found, unauthorized
from deploy.demo.github.records import ROLES, App, Installation, Repo, Team, Token, User
from deploy.demo.github.state import State

TOKEN_LIFE = timedelta(hours=1)
JWT_LIFE = 600  # seconds
LEVELS = {"read": 1, "write": 2, "admin": 3}
LEGACY = {"maintain": "write", "triage": "read"}  # what the permission endpoint calls the two newer roles
ROLE_NEEDED = {"read": "read", "write": "write", "admin": "admin"}


def key_pair() -> tuple[str, str]:
    """A fresh RSA key as two PEM texts: private (as GitHub hands it out, PKCS#1) and public."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def app_of(state: State, authorization: str | None) -> App:
    """The App that a JWT proves; 401 for anything else, as all of `/app` demands a JWT."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or text.count(".") != 2:
        raise unauthorized("A JSON web token could not be decoded")
    try:
        issuer = str(jwt.decode(text, options={"verify_signature": False}).get("iss", ""))
    except jwt.InvalidTokenError:
        raise unauthorized("A JSON web token could not be decoded") from None
    app = next((a for a in state.apps.values() if issuer in (str(a.id), a.client_id)), None)
    if app is None:
        raise unauthorized(
            "'Issuer' claim ('iss') must be an Integer" if not issuer.isdigit() else "Integration not found"
        )
    _verify(state, app, text)
    return app


def _verify(state: State, app: App, text: str) -> None:
    try:
        options: Any = {"require": ["iat", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        claims = jwt.decode(text, app.public_key_pem, algorithms=["RS256"], options=options)
    except jwt.InvalidTokenError:
        raise unauthorized("A JSON web token could not be decoded") from None
    now = state.now().timestamp()
    if claims["exp"] < now:
        raise unauthorized(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
        )
    if claims["exp"] > now + JWT_LIFE + 1:
        raise unauthorized("'Expiration time' claim ('exp') is too far in the future")
    if claims["iat"] > now + 1:
        raise unauthorized(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )


def issue_token(
    state: State,
    installation: Installation,
    repo_ids: frozenset[int] | None,
    permissions: dict[str, str],
) -> Token:
    """A new installation token in the long, stateless-looking form."""
    tail = ".".join(secrets.token_urlsafe(n) for n in (27, 120, 64))
    expires = state.now().replace(microsecond=0) + TOKEN_LIFE
    token = Token(
        value=f"ghs_{installation.app.id}_{tail}",
        user=installation.app.bot,
        installation=installation,
        repo_ids=repo_ids,
        permissions=permissions,
        expires_at=expires,
    )
    state.tokens[token.value] = token
    return token


def personal_token(state: State, user: User) -> Token:
    token = Token(value=f"ghp_{secrets.token_hex(18)}", user=user)
    state.tokens[token.value] = token
    return token


def token_of(state: State, authorization: str | None) -> Token:
    """The bearer behind an Authorization header of any of the forms that GitHub takes."""
    scheme, _, text = (authorization or "").partition(" ")
    if not scheme:
        raise unauthorized("Requires authentication")
    value = _basic_password(text) if scheme.lower() == "basic" else text.strip()
    token = state.tokens.get(value)
    if token is None or (token.expires_at is not None and token.expires_at <= state.now()):
        raise unauthorized()
    installation = token.installation
    if installation is not None and installation.suspended_at is not None:
        raise forbidden("This installation has been suspended")
    return token


def _basic_password(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def sees(state: State, token: Token, repo: Repo) -> bool:
    if token.installation is None:
        return role_of(state, token.user, repo) != "none"
    covered = token.installation.covers(repo) and (token.repo_ids is None or repo.id in token.repo_ids)
    return covered or not repo.private


def require(state: State, token: Token, repo: Repo, names: Iterable[str], level: str) -> None:
    """404 for what the token may not see, 403 for what it may see and not do; one of `names` at `level` is enough."""
    if repo.deleted or not sees(state, token, repo):
        raise not_found()
    if token.installation is None:
        have = ROLES.index(role_of(state, token.user, repo))
        if have < ROLES.index(ROLE_NEEDED[level]):
            raise (
                ApiError(403, "Must have push access to repository")
                if level == "write"
                else ApiError(403, "Must have admin rights to Repository.")
            )
        return
    covered = token.installation.covers(repo) and (token.repo_ids is None or repo.id in token.repo_ids)
    if not covered and level == "read":
        return  # anybody may read a public repository
    if not covered or not grants(token.permissions, names, level):
        raise forbidden()


def grants(permissions: Mapping[str, str], names: Iterable[str], level: str) -> bool:
    return any(LEVELS.get(permissions.get(name, ""), 0) >= LEVELS[level] for name in names)


def role_of(state: State, user: User, repo: Repo) -> str:
    """The highest of all grants: owner, organization, teams and their parents, collaborator, public."""
    roles = ["none" if repo.private else "read"]
    owner = repo.owner
    if user.id == owner.id or owner.members.get(user.id) == "admin":
        return "admin"
    if user.id in owner.members:
        roles.append(owner.base_permission)
    roles.append(repo.collaborators.get(user.id, "none"))
    for team in state.teams.values():
        member = team.members.get(user.id)
        if member is not None and member.state == "active":
            roles += _team_roles(team, repo)
    return max(roles, key=ROLES.index)


def _team_roles(team: Team | None, repo: Repo) -> list[str]:
    roles = []
    while team is not None:
        roles.append(team.repos.get(repo.id, "none"))
        team = team.parent
    return roles


def association(state: State, user: User, repo: Repo) -> str:
    """GitHub's unreliable hint; members are shown as such only where they are public."""
    if user.id == repo.owner.id:
        return "OWNER"
    if user.id in repo.owner.members:
        return "MEMBER"
    if user.id in repo.collaborators:
        return "COLLABORATOR"
    merged = any(p.merged_at and p.issue.user.id == user.id for p in state.pulls(repo))
    return "CONTRIBUTOR" if merged else "NONE"
