"""Git over HTTP, with a real git as the client."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
import requests

from deploy.demo.github.bare import environment
from tests.demo.github.conftest import Acme

ME = {
    "GIT_AUTHOR_NAME": "Bob",
    "GIT_AUTHOR_EMAIL": "bob@example.com",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.com",
}


def git(folder: Path, *args: str, token: str = "", ok: bool = True) -> str:
    """Runs git with the token in an extra header, as a careful client does."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    header = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraheader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
    env = environment() | ME | (header if token else {})
    done = subprocess.run(["git", *args], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is ok, done.stderr
    return done.stdout.strip() if ok else done.stderr


def url(acme: Acme) -> str:
    return f"{acme.github.server_url}/acme/shop.git"


def test_an_app_clones_shallow_and_partial_and_sees_pull_refs(acme: Acme, tmp_path: Path):
    pull = acme.pull()
    token = acme.token()
    git(tmp_path, "clone", "-q", "--depth=1", "--filter=blob:none", url(acme), "clone", token=token)
    clone = tmp_path / "clone"
    assert (clone / "a.txt").read_text() == "one\n"
    git(clone, "fetch", "-q", "origin", "refs/pull/1/head:head", "refs/pull/1/merge:merge", token=token)
    assert git(clone, "rev-parse", "head") == pull.head_sha
    assert len(git(clone, "rev-list", "--parents", "--max-count=1", "merge").split()) == 3
    git(clone, "fetch", "-q", "--depth=1", "origin", pull.head_sha, token=token)
    assert token not in (clone / ".git" / "config").read_text()


def test_a_push_of_a_person_moves_their_pull(acme: Acme, tmp_path: Path):
    pull = acme.pull()
    token = acme.world.personal_token(acme.bob)
    git(tmp_path, "clone", "-q", "--branch=feature", url(acme), "clone", token=token)
    clone = tmp_path / "clone"
    (clone / "large.bin").write_bytes(bytes(range(256)) * 8192)  # larger than git's buffer: sent in chunks
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "Large")
    git(clone, "push", "-q", "origin", "feature", token=token)
    sha = git(clone, "rev-parse", "HEAD")
    assert (pull.head_sha, acme.repo.pushers[sha], pull.issue.moments[-1].actor) == (sha, acme.bob.id, acme.bob)


def test_all_commits_of_a_new_branch_remember_their_pusher(acme: Acme, tmp_path: Path):
    token = acme.world.personal_token(acme.bob)
    git(tmp_path, "clone", "-q", url(acme), "clone", token=token)
    clone = tmp_path / "clone"
    for message in ("One", "Two"):
        git(clone, "commit", "-q", "--allow-empty", "-m", message)
    git(clone, "push", "-q", "origin", "HEAD:refs/heads/new", token=token)
    pushed = git(clone, "rev-list", "--max-count=2", "HEAD").split()
    assert [acme.repo.pushers[sha] for sha in pushed] == [acme.bob.id] * 2
    assert acme.repo.pushers[acme.repo.git.tip("main") or ""] == acme.alice.id


def test_an_app_pushes_where_it_may_write(acme: Acme, tmp_path: Path):
    git(tmp_path, "clone", "-q", url(acme), "clone", token=acme.token())
    clone = tmp_path / "clone"
    reader = acme.token(permissions={"contents": "read"})
    assert "403" in git(clone, "push", "-q", "origin", "HEAD:refs/heads/new", token=reader, ok=False)
    git(clone, "push", "-q", "origin", "HEAD:refs/heads/new", token=acme.token())
    assert acme.repo.git.tip("new") == acme.repo.git.tip("main")


@pytest.mark.parametrize("token", ["", "ghs_wrong"])
def test_without_a_good_token_there_is_no_repository(acme: Acme, tmp_path: Path, token):
    git(tmp_path, "clone", "-q", url(acme), "clone", token=token, ok=False)
    answer = requests.get(f"{url(acme)}/info/refs?service=git-upload-pack", timeout=10)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="GitHub"')


def test_a_stranger_finds_nothing_and_an_expired_token_opens_nothing(acme: Acme, tmp_path: Path):
    stranger = acme.world.personal_token(acme.dave)
    assert "not found" in git(tmp_path, "clone", url(acme), "clone", token=stranger, ok=False)
    token = acme.token()
    acme.world.advance(3601)
    git(tmp_path, "clone", "-q", url(acme), "clone", token=token, ok=False)


def test_pull_refs_and_protected_branches_cannot_be_pushed_to(acme: Acme, tmp_path: Path):
    acme.pull()
    token = acme.world.personal_token(acme.bob)
    git(tmp_path, "clone", "-q", url(acme), "clone", token=token)
    clone = tmp_path / "clone"
    git(clone, "push", "-q", "origin", "HEAD:refs/pull/1/head", token=token, ok=False)
    acme.world.protect(acme.repo, "release", reviews=1)
    git(clone, "push", "-q", "origin", "HEAD:refs/heads/release", token=token, ok=False)
    assert acme.repo.git.tip("release") is None
