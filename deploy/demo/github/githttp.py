"""Git over smart HTTP: `git http-backend` behind a route, with GitHub's Basic authentication."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO

from flask import Blueprint, Response, request

from deploy.demo.github import access
from deploy.demo.github.actions import pushes
from deploy.demo.github.bare import environment
from deploy.demo.github.errors import ApiError, unauthorized
from deploy.demo.github.records import Repo, Token
from deploy.demo.github.rest import call

git = Blueprint("git", __name__)
CHUNK = 1 << 16


@git.get("/<owner>/<name>.git/info/refs")
def advertise(owner: str, name: str) -> Response:
    service = request.args.get("service", "")
    if service not in ("git-upload-pack", "git-receive-pack"):
        return Response("Please upgrade your git client.", 403)
    return _serve(owner, name, service, "/info/refs")


@git.post("/<owner>/<name>.git/git-upload-pack")
def upload_pack(owner: str, name: str) -> Response:
    return _serve(owner, name, "git-upload-pack", "/git-upload-pack")


@git.post("/<owner>/<name>.git/git-receive-pack")
def receive_pack(owner: str, name: str) -> Response:
    """Takes a push, then lets pulls and Apps know which refs it moved."""
    hub = call.hub()
    with hub.state.lock:
        _allowed(owner, name, "git-receive-pack")
    body = _body()  # a slow sender holds up nobody
    with hub.state.lock:
        repo, token = _allowed(owner, name, "git-receive-pack")
        before = repo.git.refs()
        answer = _run(repo, "/git-receive-pack", token, body)
        answer.get_data()  # the push is over only when all of the answer was read
        after = repo.git.refs()
        for ref in sorted(before.keys() | after.keys()):
            if before.get(ref) != after.get(ref) and ref.startswith(("refs/heads/", "refs/tags/")):
                pushes.moved(hub, repo, ref, before.get(ref), after.get(ref), token.user)
    return answer


@git.errorhandler(ApiError)
def refuse(problem: ApiError) -> Response:
    answer = Response(problem.message + "\n", problem.status, mimetype="text/plain")
    if problem.status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return answer


def _serve(owner: str, name: str, service: str, tail: str) -> Response:
    with call.hub().state.lock:
        repo, token = _allowed(owner, name, service)
    return _run(repo, tail, token, _body())


def _allowed(owner: str, name: str, service: str) -> tuple[Repo, Token]:
    state = call.hub().state
    if not request.headers.get("Authorization"):
        raise unauthorized("Authentication required")
    token = access.token_of(state, request.headers.get("Authorization"))
    repo = state.repo(owner, name)
    access.require(state, token, repo, ("contents",), "write" if service == "git-receive-pack" else "read")
    return repo, token


def _body() -> IO[bytes]:
    body = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the answer has been read
    while piece := request.stream.read(CHUNK):
        body.write(piece)
    return body


def _run(repo: Repo, tail: str, token: Token, body: IO[bytes]) -> Response:
    process = subprocess.Popen(
        ["git", "http-backend"],
        stdin=body,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_cgi(repo, tail, token, body),
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    status, headers = _head(process.stdout)
    answer = Response(_rest(process, process.stdout, body), status)
    for name, value in headers:
        answer.headers[name] = value
    return answer


def _cgi(repo: Repo, tail: str, token: Token, body: IO[bytes]) -> dict[str, str]:
    length = body.tell()
    body.seek(0)
    hidden = [
        "refs/pull",
        *(
            f"refs/heads/{branch}"
            for branch, rule in repo.protections.items()
            if rule.get("reviews") or rule.get("checks")
        ),
    ]
    config = {"GIT_CONFIG_COUNT": str(len(hidden))}
    for number, ref in enumerate(hidden):  # a hidden ref cannot be pushed to
        config |= {f"GIT_CONFIG_KEY_{number}": "receive.hideRefs", f"GIT_CONFIG_VALUE_{number}": ref}
    return (
        environment()
        | config
        | {
            "GIT_PROJECT_ROOT": str(repo.git.path),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": tail,
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query_string.decode(),
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_USER": token.user.login,
            "REMOTE_ADDR": "127.0.0.1",
        }
    )


def _head(stream: IO[bytes]) -> tuple[int, list[tuple[str, str]]]:
    status, headers = 200, []
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers.append((name, value.strip()))
    return status, headers


def _rest(process: subprocess.Popen[bytes], stream: IO[bytes], body: IO[bytes]) -> Iterator[bytes]:
    try:
        while piece := stream.read(CHUNK):
            yield piece
    finally:
        stream.close()
        body.close()
        process.wait()
