"""Check runs and suites, commit statuses."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from deploy.demo.github.actions import checks as actions
from deploy.demo.github.actions import deployments
from deploy.demo.github.errors import ApiError, not_found
from deploy.demo.github.records import CheckRun, CheckSuite, Repo
from deploy.demo.github.rest import call
from deploy.demo.github.shapes import accounts, checks

api = Blueprint("checks", __name__, url_prefix="/api/v3/repos/<owner>/<name>")


@api.post("/check-runs")
def create_run(owner: str, name: str) -> Response:
    hub = call.hub()
    repo = call.repo(owner, name, "checks", "write")
    run = actions.create(hub, repo, call.app_only(), call.body())
    return call.created(checks.run(hub.state, run))


@api.get("/check-runs/<int:run_id>")
def get_run(owner: str, name: str, run_id: int) -> Response:
    state = call.hub().state
    return jsonify(checks.run(state, state.run(call.repo(owner, name, "checks"), run_id)))


@api.patch("/check-runs/<int:run_id>")
def update_run(owner: str, name: str, run_id: int) -> Response:
    hub = call.hub()
    run = hub.state.run(call.repo(owner, name, "checks", "write"), run_id)
    actions.update(hub, run, call.app_only(), call.body())
    return jsonify(checks.run(hub.state, run))


@api.get("/check-runs/<int:run_id>/annotations")
def list_annotations(owner: str, name: str, run_id: int) -> Response:
    state = call.hub().state
    run = state.run(call.repo(owner, name, "checks"), run_id)
    return call.page(run.annotations, lambda note: checks.annotation(state, run, note))


@api.post("/check-runs/<int:run_id>/rerequest")
def rerequest_run(owner: str, name: str, run_id: int) -> Response:
    hub = call.hub()
    run = hub.state.run(call.repo(owner, name, "checks", "write"), run_id)
    actions.rerequest_run(hub, run, call.caller().user)
    return call.created({})


@api.post("/check-suites/<int:suite_id>/rerequest")
def rerequest_suite(owner: str, name: str, suite_id: int) -> Response:
    hub = call.hub()
    repo = call.repo(owner, name, "checks", "write")
    actions.rerequest_suite(hub, _suite(repo, suite_id), call.caller().user)
    return call.created({})


@api.get("/check-suites/<int:suite_id>")
def get_suite(owner: str, name: str, suite_id: int) -> Response:
    return jsonify(checks.suite(call.hub().state, _suite(call.repo(owner, name, "checks"), suite_id)))


@api.get("/check-suites/<int:suite_id>/check-runs")
def list_runs_of_suite(owner: str, name: str, suite_id: int) -> Response:
    state = call.hub().state
    suite = _suite(call.repo(owner, name, "checks"), suite_id)
    return _runs(list(state.runs_of(suite)))


@api.get("/commits/<path:ref>/check-runs")
def list_runs(owner: str, name: str, ref: str) -> Response:
    sha = _sha(repo := call.repo(owner, name, "checks"), ref)
    return _runs([r for r in call.hub().state.runs.values() if r.suite.repo is repo and r.suite.head_sha == sha])


@api.get("/commits/<path:ref>/check-suites")
def list_suites(owner: str, name: str, ref: str) -> Response:
    state = call.hub().state
    sha = _sha(repo := call.repo(owner, name, "checks"), ref)
    wanted = request.args.get("app_id")
    found = [
        s for s in state.suites.values() if s.repo is repo and s.head_sha == sha and wanted in (None, str(s.app.id))
    ]
    return call.page(found, lambda s: checks.suite(state, s), name="check_suites")


@api.post("/statuses/<sha>")
def create_status(owner: str, name: str, sha: str) -> Response:
    hub = call.hub()
    repo = call.repo(owner, name, "statuses", "write")
    status = deployments.set_commit_status(hub, repo, sha, call.caller().user, call.body())
    return call.created(checks.status(hub.state, status) | {"creator": accounts.user(hub.state, status.creator)})


@api.get("/commits/<path:ref>/status")
def get_combined_status(owner: str, name: str, ref: str) -> Response:
    repo = call.repo(owner, name, "statuses")
    return jsonify(checks.combined_status(call.hub().state, repo, _sha(repo, ref)))


@api.get("/commits/<path:ref>/statuses")
def list_statuses(owner: str, name: str, ref: str) -> Response:
    state = call.hub().state
    sha = _sha(repo := call.repo(owner, name, "statuses"), ref)
    found = [s for s in reversed(state.statuses) if s.repo is repo and s.sha == sha]
    return call.page(found, lambda s: checks.status(state, s) | {"creator": accounts.user(state, s.creator)})


def _runs(found: list[CheckRun]) -> Response:
    """`filter=latest` (the default) shows one run of each name and App."""
    if request.args.get("filter", "latest") == "latest":
        found = list({(r.suite.app.id, r.name): r for r in found}.values())
    wanted = {k: request.args.get(k) for k in ("check_name", "status", "app_id")}
    found = [
        r
        for r in found
        if wanted["check_name"] in (None, r.name)
        and wanted["status"] in (None, r.status)
        and wanted["app_id"] in (None, str(r.suite.app.id))
    ]
    return call.page(found, lambda r: checks.run(call.hub().state, r), name="check_runs")


def _suite(repo: Repo, suite_id: int) -> CheckSuite:
    suite = call.hub().state.suites.get(suite_id)
    if suite is None or suite.repo is not repo:
        raise not_found()
    return suite


def _sha(repo: Repo, ref: str) -> str:
    sha = repo.git.resolve(ref)
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref}", errors=[])
    return sha
