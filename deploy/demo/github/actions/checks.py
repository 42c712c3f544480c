"""Check runs: made and updated by the App that owns them, asked for again by people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deploy.demo.github.actions import suites
from deploy.demo.github.errors import ApiError, forbidden, invalid
from deploy.demo.github.hub import Hub
from deploy.demo.github.records import App, CheckRun, CheckSuite, Json, Repo, User
from deploy.demo.github.shapes import checks as shapes

TEXT_CAP = 65_535  # characters of summary and of text
MESSAGE_CAP = 65_536  # bytes of an annotation's message and raw details
TITLE_CAP = 255
ANNOTATIONS_CAP = 50  # a request
STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = ("success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required")
LEVELS = ("notice", "warning", "failure")


def create(hub: Hub, repo: Repo, app: App, fields: Mapping[str, Any]) -> CheckRun:
    sha = fields.get("head_sha")
    name = fields.get("name")
    if not isinstance(name, str) or not name:
        raise invalid("CheckRun", "name", "name is missing", "missing_field")
    if not isinstance(sha, str) or repo.git.resolve(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}", errors=[])
    suite = suites.find(hub, repo, app, sha) or suites.create(hub, repo, app, sha, _branch(repo, sha), None)
    run = CheckRun(
        id=hub.state.next_id(),
        suite=suite,
        name=name,
        external_id="",
        details_url="",
        status="queued",
        conclusion=None,
        started_at=hub.state.now(),
        completed_at=None,
    )
    _apply(hub, run, fields)
    hub.state.runs[run.id] = run
    _announce(hub, run, "created", app.bot)
    if run.status == "completed":
        _completed(hub, run)
    return run


def update(hub: Hub, run: CheckRun, app: App, fields: Mapping[str, Any]) -> None:
    """Changes a run; annotations are appended, all else replaces what was there."""
    if run.suite.app is not app:
        raise forbidden(
            "Invalid app_id `" + str(app.id) + "` - check run can only be modified by the GitHub App that created it."
        )
    was = run.status
    _apply(hub, run, fields)
    hub.state.changed()
    if run.status == "completed" and was != "completed":
        _completed(hub, run)


def rerequest_run(hub: Hub, run: CheckRun, actor: User) -> None:
    _announce(hub, run, "rerequested", actor)


def rerequest_suite(hub: Hub, suite: CheckSuite, actor: User) -> None:
    suites.announce(hub, suite, "rerequested", actor)


def _apply(hub: Hub, run: CheckRun, fields: Mapping[str, Any]) -> None:
    output = fields.get("output")
    notes = _checked(output) if output is not None else []
    conclusion = fields.get("conclusion")
    status = fields.get("status", "completed" if conclusion else run.status)
    if status not in STATUSES or (conclusion is not None and conclusion not in CONCLUSIONS):
        raise invalid("CheckRun", "conclusion", "is not included in the list", "invalid")
    if status == "completed" and conclusion is None and run.conclusion is None:
        raise invalid("CheckRun", "conclusion", "conclusion is missing", "missing_field")
    run.status = status
    run.conclusion = (conclusion or run.conclusion) if status == "completed" else None
    run.name = fields.get("name", run.name)
    run.external_id = fields.get("external_id", run.external_id)
    run.details_url = fields.get("details_url", run.details_url)
    run.started_at = _time(fields.get("started_at")) or run.started_at
    run.completed_at = (
        (_time(fields.get("completed_at")) or run.completed_at or hub.state.now()) if status == "completed" else None
    )
    if output is not None:
        run.title, run.summary = output.get("title", run.title), output["summary"]
        run.text = output.get("text", run.text)
        run.annotations += notes
    run.suite.updated_at = hub.state.now()


def _checked(output: object) -> list[Json]:
    if not isinstance(output, Mapping) or not isinstance(output.get("summary"), str):
        raise invalid("CheckRun", "summary", "summary is missing", "missing_field")
    for part in ("summary", "text"):
        if len(output.get(part) or "") > TEXT_CAP:
            raise invalid("CheckRun", part, f"{part} exceeds a maximum bytesize of {TEXT_CAP}")
    notes: list[Json] = list(output.get("annotations") or [])
    if len(notes) > ANNOTATIONS_CAP:
        raise invalid("CheckRun", "annotations", f"annotations exceeds a maximum quantity of {ANNOTATIONS_CAP}")
    for note in notes:
        _check_annotation(note)
    return notes


def _check_annotation(note: Json) -> None:
    required = {"path": str, "start_line": int, "end_line": int, "annotation_level": str, "message": str}
    for name, kind in required.items():
        if not isinstance(note.get(name), kind):
            raise invalid("CheckAnnotation", name, f"{name} is missing", "missing_field")
    if note["annotation_level"] not in LEVELS or note["end_line"] < note["start_line"] or note["start_line"] < 1:
        raise invalid("CheckAnnotation", "annotation_level", "is not valid", "invalid")
    columns = note.get("start_column") is not None or note.get("end_column") is not None
    if columns and note["start_line"] != note["end_line"]:
        raise invalid("CheckAnnotation", "start_column", "columns are for annotations of one line", "invalid")
    if len(note["message"].encode()) > MESSAGE_CAP or len((note.get("raw_details") or "").encode()) > MESSAGE_CAP:
        raise invalid("CheckAnnotation", "message", f"message exceeds {MESSAGE_CAP} bytes")
    if len(note.get("title") or "") > TITLE_CAP:
        raise invalid("CheckAnnotation", "title", f"title exceeds {TITLE_CAP} characters")


def _completed(hub: Hub, run: CheckRun) -> None:
    _announce(hub, run, "completed", run.suite.app.bot)
    if shapes.verdict(hub.state, run.suite)[0] == "completed":
        suites.announce(hub, run.suite, "completed", run.suite.app.bot)


def _announce(hub: Hub, run: CheckRun, action: str, sender: User) -> None:
    payload: Json = {"action": action, "check_run": shapes.sent_run(hub.state, run)}
    hub.emit("check_run", payload, run.suite.repo, sender, only=run.suite.app)


def _branch(repo: Repo, sha: str) -> str | None:
    return next(
        (ref.removeprefix("refs/heads/") for ref, tip in repo.git.refs("refs/heads/").items() if tip == sha), None
    )


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise invalid("CheckRun", "completed_at", "is not a time", "invalid") from None
