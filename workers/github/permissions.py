"""Every REST path that is used, and the App permission that each one needs; `app.yml` asks for these and no others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

APP = "app"  # not a permission: the App speaks for itself, with its key
_LEVELS = ("read", "write")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method on one path; `{repo}` stands for owner/name. A call may need no permission at all."""

    method: str
    path: str
    permission: str = ""
    level: str = "read"

    def url(self, **parts: object) -> str:
        """Fill the path in; whatever a part holds, it stays one part (`path` and `ref` may hold slashes). ValueError for `..`."""
        if any(piece in {".", ".."} for part in parts.values() for piece in str(part).split("/")):
            raise ValueError(f"{self.path} cannot be filled with a step upwards")
        return re.sub(r"\{(\w+)\}", lambda match: quote(str(parts[match[1]]), safe=_SAFE.get(match[1], "")), self.path)


_SAFE = {"repo": "/", "path": "/", "ref": "/", "range": "./"}

APP_ITSELF = Endpoint("GET", "/app", APP)
INSTALLATIONS = Endpoint("GET", "/app/installations", APP)
CREATE_TOKEN = Endpoint("POST", "/app/installations/{installation}/access_tokens", APP)
REPOSITORY_INSTALLATION = Endpoint("GET", "/repos/{repo}/installation", APP)

COLLABORATOR = Endpoint("GET", "/repos/{repo}/collaborators/{login}/permission", "metadata")
USER = Endpoint("GET", "/user/{id}")
TEAM_MEMBER = Endpoint("GET", "/orgs/{org}/teams/{slug}/memberships/{login}", "members")

PULLS = Endpoint("GET", "/repos/{repo}/pulls", "pull_requests")
PULL = Endpoint("GET", "/repos/{repo}/pulls/{number}", "pull_requests")
PULL_COMMITS = Endpoint("GET", "/repos/{repo}/pulls/{number}/commits", "pull_requests")
CREATE_PULL = Endpoint("POST", "/repos/{repo}/pulls", "pull_requests", "write")

# The conversation of a pull answers to the permission on pulls as well as to the one on issues.
COMMENTS = Endpoint("GET", "/repos/{repo}/issues/{number}/comments", "pull_requests")
ALL_COMMENTS = Endpoint("GET", "/repos/{repo}/issues/comments", "pull_requests")
COMMENT = Endpoint("GET", "/repos/{repo}/issues/comments/{id}", "pull_requests")
CREATE_COMMENT = Endpoint("POST", "/repos/{repo}/issues/{number}/comments", "pull_requests", "write")
EDIT_COMMENT = Endpoint("PATCH", "/repos/{repo}/issues/comments/{id}", "pull_requests", "write")
REACT = Endpoint("POST", "/repos/{repo}/issues/comments/{id}/reactions", "pull_requests", "write")

CONTENTS = Endpoint("GET", "/repos/{repo}/contents/{path}", "contents")
COMPARE = Endpoint("GET", "/repos/{repo}/compare/{range}", "contents")
REF = Endpoint("GET", "/repos/{repo}/git/ref/{ref}", "contents")
GIT_COMMIT = Endpoint("GET", "/repos/{repo}/git/commits/{sha}", "contents")
CREATE_BLOB = Endpoint("POST", "/repos/{repo}/git/blobs", "contents", "write")
CREATE_TREE = Endpoint("POST", "/repos/{repo}/git/trees", "contents", "write")
CREATE_COMMIT = Endpoint("POST", "/repos/{repo}/git/commits", "contents", "write")
CREATE_REF = Endpoint("POST", "/repos/{repo}/git/refs", "contents", "write")
MOVE_REF = Endpoint("PATCH", "/repos/{repo}/git/refs/{ref}", "contents", "write")

CHECK_RUNS = Endpoint("GET", "/repos/{repo}/commits/{sha}/check-runs", "checks")
CREATE_CHECK_RUN = Endpoint("POST", "/repos/{repo}/check-runs", "checks", "write")
UPDATE_CHECK_RUN = Endpoint("PATCH", "/repos/{repo}/check-runs/{id}", "checks", "write")

DEPLOYMENTS = Endpoint("GET", "/repos/{repo}/deployments", "deployments")
CREATE_DEPLOYMENT = Endpoint("POST", "/repos/{repo}/deployments", "deployments", "write")
CREATE_DEPLOYMENT_STATUS = Endpoint("POST", "/repos/{repo}/deployments/{id}/statuses", "deployments", "write")

ENDPOINTS = tuple(value for value in tuple(globals().values()) if isinstance(value, Endpoint))
GIT = (("contents", "read"),)  # the mirror fetches over HTTP with the same token


def permissions() -> tuple[tuple[str, str], ...]:
    """The App's permissions, by name, each at the highest level that a path needs."""
    needed = [(item.permission, item.level) for item in ENDPOINTS if item.permission not in {"", APP}]
    names = sorted({name for name, _ in (*needed, *GIT)})
    return tuple((name, max((level for key, level in needed if key == name), key=_LEVELS.index)) for name in names)
