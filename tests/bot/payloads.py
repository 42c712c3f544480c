"""Deliveries as GitHub writes them, as far as we look at them; every field can be replaced."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

SECRET = "webhook-secret"
HEAD = "a" * 40
BEFORE = "b" * 40
REPOSITORY = {"id": 7, "full_name": "acme/shop", "default_branch": "main"}
ALICE = {"id": 11, "login": "alice", "type": "User"}
BOB = {"id": 12, "login": "bob", "type": "User"}
OUR_BOT = {"id": 99, "login": "schemagate[bot]", "type": "Bot"}


def pull_request(action: str = "opened", **fields: Any) -> dict:
    pull = {"number": 3, "head": {"sha": HEAD, "ref": "feature", "repo": {"id": 7}}}
    return {"action": action, "pull_request": pull, "repository": REPOSITORY, "sender": ALICE, **fields}


def comment(body: str = "/plan", action: str = "created", *, author: dict | None = ALICE, **fields: Any) -> dict:
    said = {"id": 5, "user": author, "body": body, "created_at": "2026-11-20T10:00:00Z"}
    issue = {"number": 3, "pull_request": {"url": "u"}}
    return {"action": action, "issue": issue, "comment": said, "repository": REPOSITORY, "sender": ALICE, **fields}


def push(ref: str = "refs/heads/feature", **fields: Any) -> dict:
    return {"ref": ref, "before": BEFORE, "after": HEAD, "repository": REPOSITORY, "sender": BOB, **fields}


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, event: str, delivery: str = "guid-1") -> dict[str, str]:
    return {"X-Hub-Signature-256": signature(body), "X-GitHub-Event": event, "X-GitHub-Delivery": delivery}


def encoded(payload: object) -> bytes:
    return json.dumps(payload).encode()
