"""Check runs, check suites, commit statuses and merge groups as GitHub's JSON."""

from __future__ import annotations

from deploy.demo.github.records import CheckRun, CheckSuite, CommitStatus, Json, Repo
from deploy.demo.github.shapes import accounts, commits, pulls, repos
from deploy.demo.github.state import State, iso, node_id

WORST_FIRST = ("failure", "timed_out", "action_required", "cancelled", "success", "neutral", "skipped")


def pull_references(state: State, suite: CheckSuite) -> list[Json]:
    """The open pulls whose head is the suite's commit; for forks GitHub leaves this empty."""
    found = [
        p
        for p in state.pulls(suite.repo)
        if p.head_sha == suite.head_sha and p.head_repo is suite.repo and p.issue.state == "open"
    ]
    return [pulls.reference(state, p) for p in found]


def run(state: State, one: CheckRun) -> Json:
    repo = one.suite.repo
    api = f"{repos.api(state, repo)}/check-runs/{one.id}"
    return {
        "id": one.id,
        "head_sha": one.suite.head_sha,
        "node_id": node_id("CheckRun", one.id),
        "external_id": one.external_id,
        "url": api,
        "html_url": f"{repos.web(state, repo)}/runs/{one.id}",
        "details_url": one.details_url or f"{repos.web(state, repo)}/runs/{one.id}",
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": iso(one.started_at) if one.started_at else None,
        "completed_at": iso(one.completed_at) if one.completed_at else None,
        "output": {
            "title": one.title,
            "summary": one.summary,
            "text": one.text,
            "annotations_count": len(one.annotations),
            "annotations_url": f"{api}/annotations",
        },
        "name": one.name,
        "check_suite": {"id": one.suite.id},
        "app": accounts.app(state, one.suite.app),
        "pull_requests": pull_references(state, one.suite),
    }


def sent_run(state: State, one: CheckRun) -> Json:
    """The form inside events, whose suite is fuller."""
    status, conclusion = verdict(state, one.suite)
    suite = one.suite
    return run(state, one) | {
        "check_suite": {
            "id": suite.id,
            "node_id": node_id("CheckSuite", suite.id),
            "head_branch": suite.head_branch,
            "head_sha": suite.head_sha,
            "status": status,
            "conclusion": conclusion,
            "url": f"{repos.api(state, suite.repo)}/check-suites/{suite.id}",
            "before": suite.before,
            "after": suite.head_sha,
            "pull_requests": pull_references(state, suite),
            "app": accounts.app(state, suite.app),
            "created_at": iso(suite.created_at),
            "updated_at": iso(suite.updated_at),
        },
    }


def annotation(state: State, one: CheckRun, note: Json) -> Json:
    href = f"{repos.web(state, one.suite.repo)}/blob/{one.suite.head_sha}/{note['path']}"
    optional = {name: note.get(name) for name in ("start_column", "end_column", "title", "raw_details")}
    fixed = {name: note[name] for name in ("path", "start_line", "end_line", "annotation_level", "message")}
    return fixed | optional | {"blob_href": href}


def verdict(state: State, suite: CheckSuite) -> tuple[str, str | None]:
    """Status and conclusion of a suite: the worst of its runs, once all have ended."""
    runs = state.runs_of(suite)
    if not runs:
        return "queued", None
    if any(r.status != "completed" for r in runs):
        return "in_progress", None
    endings = {r.conclusion for r in runs}
    return "completed", next((c for c in WORST_FIRST if c in endings), "neutral")


def suite(state: State, one: CheckSuite) -> Json:
    status, conclusion = verdict(state, one)
    base = repos.api(state, one.repo)
    return {
        "id": one.id,
        "node_id": node_id("CheckSuite", one.id),
        "head_branch": one.head_branch,
        "head_sha": one.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": f"{base}/check-suites/{one.id}",
        "before": one.before,
        "after": one.head_sha,
        "pull_requests": pull_references(state, one),
        "app": accounts.app(state, one.app),
        "repository": repos.minimal(state, one.repo),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "head_commit": commits.simple_commit(one.repo.git.commit(one.head_sha)),
        "latest_check_runs_count": len(state.runs_of(one)),
        "check_runs_url": f"{base}/check-suites/{one.id}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": True,
    }


def sent_suite(state: State, one: CheckSuite) -> Json:
    return {k: v for k, v in suite(state, one).items() if k != "repository"}


def status(state: State, one: CommitStatus) -> Json:
    return {
        "url": f"{repos.api(state, one.repo)}/statuses/{one.sha}",
        "id": one.id,
        "node_id": node_id("StatusContext", one.id),
        "avatar_url": f"{state.server_url}/_avatar/{one.creator.id}",
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
    }


def combined_status(state: State, repo: Repo, sha: str) -> Json:
    latest: dict[str, CommitStatus] = {}
    for one in state.statuses:
        if one.repo is repo and one.sha == sha:
            latest[one.context] = one
    states = {one.state for one in latest.values()}
    overall = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    base = f"{repos.api(state, repo)}/commits/{sha}"
    return {
        "state": overall,
        "statuses": [status(state, one) for one in latest.values()],
        "sha": sha,
        "total_count": len(latest),
        "repository": repos.minimal(state, repo),
        "commit_url": base,
        "url": f"{base}/status",
    }
