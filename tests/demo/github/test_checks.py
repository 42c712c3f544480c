"""Check runs, suites, commit statuses and deployments through the API."""

from __future__ import annotations

import pytest

from tests.demo.github.conftest import Acme

RUNS = "/repos/acme/shop/check-runs"
DEPLOYMENTS = "/repos/acme/shop/deployments"


def note(line: int = 1, **more: object) -> dict[str, object]:
    return {
        "path": "b.txt",
        "start_line": line,
        "end_line": line,
        "annotation_level": "warning",
        "message": "hm",
        **more,
    }


def test_a_run_grows_by_updates_and_its_annotations_are_appended(acme: Acme):
    sha = acme.pull().head_sha
    made = acme.api().post(RUNS, {"name": "gate", "head_sha": sha, "status": "in_progress", "external_id": "7"})
    assert (made["status"], made["conclusion"], made["pull_requests"][0]["number"]) == ("in_progress", None, 1)
    path = f"{RUNS}/{made['id']}"
    for start in (1, 51):
        notes = [note(line) for line in range(start, start + 50)]
        acme.api().patch(path, {"output": {"title": "t", "summary": "s", "annotations": notes}})
    done = acme.api().patch(path, {"conclusion": "action_required", "output": {"summary": "end", "text": "all"}})
    assert (done["status"], done["conclusion"], done["output"]["annotations_count"]) == (
        "completed",
        "action_required",
        100,
    )
    assert (done["output"]["title"], done["output"]["summary"], done["output"]["text"]) == ("t", "end", "all")
    assert len(acme.api().get(f"{path}/annotations", per_page=100)) == 100
    assert acme.api().get(path)["completed_at"] is not None


def test_runs_are_listed_of_a_branch_the_latest_of_each_name(acme: Acme):
    sha = acme.pull().head_sha
    for name in ("gate", "gate", "gate / prod"):
        acme.api().post(RUNS, {"name": name, "head_sha": sha, "conclusion": "success"})
    listed = acme.api().get("/repos/acme/shop/commits/feature/check-runs")
    assert (listed["total_count"], {r["name"] for r in listed["check_runs"]}) == (2, {"gate", "gate / prod"})
    assert acme.api().get(f"/repos/acme/shop/commits/{sha}/check-runs", filter="all")["total_count"] == 3
    assert acme.api().get(f"/repos/acme/shop/commits/{sha}/check-runs", check_name="gate")["total_count"] == 1
    suites = acme.api().get(f"/repos/acme/shop/commits/{sha}/check-suites")["check_suites"]
    assert [(s["conclusion"], s["latest_check_runs_count"]) for s in suites] == [("success", 3)]
    acme.api().get("/repos/acme/shop/commits/nowhere/check-runs", 422)
    acme.api().post(f"/repos/acme/shop/check-suites/{suites[0]['id']}/rerequest")
    acme.api().post(f"{RUNS}/{listed['check_runs'][0]['id']}/rerequest")


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": {"summary": "x" * 65_536}},
        {"output": {"summary": "s", "text": "x" * 65_536}},
        {"output": {"title": "no summary"}},
        {"output": {"summary": "s", "annotations": [note()] * 51}},
        {"output": {"summary": "s", "annotations": [note(message="x" * 65_537)]}},
        {"output": {"summary": "s", "annotations": [note(title="x" * 256)]}},
        {"output": {"summary": "s", "annotations": [note(end_line=3, start_column=1)]}},
        {"output": {"summary": "s", "annotations": [{"path": "b.txt"}]}},
        {"conclusion": "great"},
        {"status": "completed"},
        {"head_sha": "0" * 40},
        {"name": ""},
    ],
)
def test_what_is_too_large_or_wrong_is_refused_and_changes_nothing(acme: Acme, wrong):
    sha = acme.pull().head_sha
    acme.api().post(RUNS, {"name": "gate", "head_sha": sha, **wrong}, 422)
    assert acme.api().get(f"/repos/acme/shop/commits/{sha}/check-runs")["total_count"] == 0


def test_sizes_just_within_the_limits_are_taken(acme: Acme):
    output = {"title": "t", "summary": "é" * 65_535, "text": "x" * 65_535, "annotations": [note(title="x" * 255)] * 50}
    acme.api().post(RUNS, {"name": "gate", "head_sha": acme.pull().head_sha, "output": output})


def test_only_the_app_that_made_a_run_may_change_it(acme: Acme):
    other = acme.world.create_app(acme.org, "ci")
    installed = acme.world.install(other, acme.org)
    run = acme.world.run_check(acme.repo, other, acme.pull().head_sha, "tests")
    acme.api().patch(f"{RUNS}/{run.id}", {"conclusion": "success"}, 403)
    acme.as_person(acme.bob).post(RUNS, {"name": "mine", "head_sha": acme.repo.git.tip("main")}, 403)
    assert acme.api().get(f"{RUNS}/{run.id}")["app"]["slug"] == installed.app.slug


def test_a_run_on_a_fork_names_no_pull_and_no_branch(acme: Acme):
    fork = acme.world.fork(acme.repo, acme.dave)
    acme.world.push(fork, acme.dave, "patch", {"b.txt": "two\n"})
    pull = acme.world.open_pull(acme.repo, acme.dave, head="patch", head_repo=fork)
    made = acme.api().post(RUNS, {"name": "gate", "head_sha": pull.head_sha})
    assert made["pull_requests"] == []
    suite = acme.api().get(f"/repos/acme/shop/check-suites/{made['check_suite']['id']}")
    assert suite["head_branch"] is None


def test_statuses_of_a_commit_combine_to_the_worst(acme: Acme):
    sha = acme.pull().head_sha
    path = f"/repos/acme/shop/statuses/{sha}"
    assert acme.api().get(f"/repos/acme/shop/commits/{sha}/status")["state"] == "pending"
    acme.api().post(path, {"state": "success", "context": "ci", "description": "good"})
    assert acme.api().get(f"/repos/acme/shop/commits/{sha}/status")["state"] == "success"
    acme.api().post(path, {"state": "failure", "context": "lint", "target_url": "http://127.0.0.1/x"})
    assert acme.api().get("/repos/acme/shop/commits/feature/status")["state"] == "failure"
    assert len(acme.api().get(f"/repos/acme/shop/commits/{sha}/statuses")) == 2
    acme.api().post(path, {"state": "great"}, 422)


def test_a_deployment_tells_its_states_newest_first(acme: Acme):
    sha = acme.pull().head_sha
    wanted = {"ref": sha, "environment": "prod", "auto_merge": False, "required_contexts": [], "payload": {"plan": "1"}}
    made = acme.api().post(DEPLOYMENTS, wanted)
    path = f"{DEPLOYMENTS}/{made['id']}"
    acme.api().post(f"{path}/statuses", {"state": "in_progress", "description": "running"})
    acme.api().post(
        f"{path}/statuses",
        {"state": "success", "log_url": "http://127.0.0.1/log", "environment_url": "http://127.0.0.1/"},
    )
    assert [s["state"] for s in acme.api().get(f"{path}/statuses")] == ["success", "in_progress"]
    assert acme.api().get(path)["sha"] == sha
    assert len(acme.api().get(DEPLOYMENTS, environment="prod")) == 1
    assert acme.api().get(DEPLOYMENTS, environment="staging") == []
    assert acme.api().get("/repos/acme/shop/environments")["environments"][0]["name"] == "prod"
    acme.api().post(f"{path}/statuses", {"state": "done"}, 422)
    acme.api().post(f"{path}/statuses", {"state": "error", "description": "x" * 141}, 422)
    acme.api().get(f"{DEPLOYMENTS}/1", 404)


def test_a_deployment_that_forgot_auto_merge_merges_the_base_instead(acme: Acme):
    pull = acme.pull()
    before = pull.head_sha
    acme.world.push(acme.repo, acme.alice, "main", {"new.txt": "1\n"})
    answer = acme.api().post(DEPLOYMENTS, {"ref": "feature"}, 202)
    assert "Auto-merged main into feature" in answer["message"]
    assert acme.repo.git.commit(pull.head_sha).parents[0] == before


def test_a_deployment_waits_for_every_context_unless_told_otherwise(acme: Acme):
    sha = acme.pull().head_sha
    acme.api().post(f"/repos/acme/shop/statuses/{sha}", {"state": "pending", "context": "ci"})
    acme.api().post(DEPLOYMENTS, {"ref": "feature"}, 409)
    acme.api().post(DEPLOYMENTS, {"ref": "feature", "required_contexts": []})
    acme.api().post(DEPLOYMENTS, {"ref": "nowhere"}, 422)
