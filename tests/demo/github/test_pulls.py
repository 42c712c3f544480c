"""Pulls through the API: opened, listed, read, changed, merged; their files and commits; comments and reactions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from deploy.demo.github.bare import Signature
from tests.demo.github.conftest import Acme

PULLS = "/repos/acme/shop/pulls"
ISSUES = "/repos/acme/shop/issues"


def test_a_pull_is_read_with_its_counts_and_whether_it_merges(acme: Acme):
    pull = acme.pull(files={"b.txt": "1\n2\n", "a.txt": None})
    read = acme.api().get(f"{PULLS}/{pull.number}")
    assert (read["commits"], read["additions"], read["deletions"], read["changed_files"]) == (1, 2, 1, 2)
    assert (read["mergeable"], read["mergeable_state"], read["head"]["sha"]) == (True, "clean", pull.head_sha)
    acme.world.push(acme.repo, acme.alice, "main", {"b.txt": "conflict\n"})
    assert acme.api().get(f"{PULLS}/{pull.number}")["mergeable_state"] == "dirty"


def test_a_pull_is_opened_changed_closed_and_reopened_through_the_api(acme: Acme):
    acme.world.push(acme.repo, acme.bob, "feature", {"b.txt": "two\n"})
    acme.world.push(acme.repo, acme.bob, "release", {"c.txt": "three\n"})
    api = acme.as_person(acme.bob)
    made = api.post(PULLS, {"title": "Add b", "head": "feature", "base": "main", "body": "why", "draft": True})
    assert (made["draft"], made["user"]["login"], made["body"]) == (True, "bob", "why")
    path = f"{PULLS}/{made['number']}"
    assert api.patch(path, {"base": "release"})["base"]["ref"] == "release"
    assert api.patch(path, {"state": "closed"})["state"] == "closed"
    assert api.patch(path, {"state": "open", "title": "Better"})["title"] == "Better"


@pytest.mark.parametrize(
    "wrong",
    [
        {"head": "nowhere"},
        {"base": "nowhere"},
        {"head": "main"},
        {"title": ""},
        {"head": "dave:feature"},
        {"head": "feature"},
    ],
)
def test_a_pull_that_cannot_be_is_refused(acme: Acme, wrong):
    acme.pull()  # of the branch feature already
    acme.world.push(acme.repo, acme.bob, "second", {"c.txt": "three\n"})
    refusal = acme.api().post(PULLS, {"title": "Again", "head": "second", "base": "main", **wrong}, 422)
    assert refusal["message"] == "Validation Failed"


def test_pulls_are_listed_by_state_head_and_base(acme: Acme):
    first, second = acme.pull("one"), acme.pull("two", {"c.txt": "other\n"})
    acme.world.close(first, acme.bob)
    numbers = [p["number"] for p in acme.api().get(PULLS)]
    assert numbers == [second.number]
    assert len(acme.api().get(PULLS, state="all")) == 2
    assert acme.api().get(PULLS, state="all", head="acme:one")[0]["number"] == first.number
    assert acme.api().get(PULLS, base="other") == []
    assert len(acme.api().get(f"/repos/acme/shop/commits/{second.head_sha}/pulls")) == 1


def test_files_show_renames_patches_and_come_in_pages(acme: Acme):
    pull = acme.pull(files={f"many/{n:03}.txt": f"{n}\n" for n in range(120)})
    acme.world.push(acme.repo, acme.bob, "feature", {"a.txt": None, "renamed.txt": "one\n", "image.bin": b"\0\1\2"})
    assert len(acme.api().get(f"{PULLS}/{pull.number}/files")) == 30
    page = acme.api().raw(f"{PULLS}/{pull.number}/files", per_page=100)
    assert len(page.json()) == 100
    assert 'page=2>; rel="next"' in page.headers["Link"]
    rest = acme.api().get(f"{PULLS}/{pull.number}/files", per_page=100, page=2)
    files = {f["filename"]: f for f in [*page.json(), *rest]}
    assert len(files) == 122
    assert (files["renamed.txt"]["status"], files["renamed.txt"]["previous_filename"]) == ("renamed", "a.txt")
    assert "patch" not in files["image.bin"]
    assert files["many/007.txt"]["patch"] == "@@ -0,0 +1 @@\n+7"


def test_files_end_at_three_thousand(acme: Acme):
    pull = acme.pull(files={f"many/{n:04}.txt": "x\n" for n in range(3005)})
    last = acme.api().raw(f"{PULLS}/{pull.number}/files", per_page=100, page=30)
    assert len(last.json()) == 100
    assert "next" not in last.headers["Link"]
    assert acme.api().get(f"{PULLS}/{pull.number}/files", per_page=100, page=31) == []


def test_commits_name_people_by_address_and_nobody_otherwise(acme: Acme):
    pull = acme.pull()
    stranger = Signature("Someone", "someone@example.org", datetime(2020, 1, 2, tzinfo=UTC))
    acme.world.push(acme.repo, acme.bob, "feature", {"c.txt": "3\n"}, "Odd", author=stranger, committer=acme.carol)
    first, second = acme.api().get(f"{PULLS}/{pull.number}/commits")
    assert (first["author"]["login"], first["commit"]["verification"]["verified"]) == ("bob", False)
    assert (second["author"], second["committer"]["login"]) == (None, "carol")
    assert acme.repo.pushers[second["sha"]] == acme.bob.id


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1)])
def test_a_merge_moves_the_base_and_closes_the_pull(acme: Acme, method, parents):
    pull = acme.pull()
    path = f"{PULLS}/{pull.number}"
    acme.api().put(f"{path}/merge", {"sha": "0" * 40}, 409)
    acme.api().get(f"{path}/merge", 404)
    merged = acme.api().put(f"{path}/merge", {"merge_method": method, "sha": pull.head_sha})
    read = acme.api().get(path)
    assert (read["state"], read["merged"], read["merge_commit_sha"]) == ("closed", True, merged["sha"])
    commit = acme.api().get("/repos/acme/shop/commits/main")
    assert (commit["sha"], len(commit["parents"])) == (merged["sha"], parents)
    assert commit["commit"]["verification"]["verified"] is True
    assert acme.world.read_file(acme.repo, "main", "b.txt") == b"two\n"
    acme.api().put(f"{path}/merge", {}, 405)


def test_a_conflict_or_a_draft_is_not_merged(acme: Acme):
    draft = acme.pull(draft=True)
    acme.api().put(f"{PULLS}/{draft.number}/merge", {}, 405)
    acme.world.set_draft(draft, acme.bob, draft=False)
    acme.world.push(acme.repo, acme.alice, "main", {"b.txt": "conflict\n"})
    acme.api().put(f"{PULLS}/{draft.number}/merge", {}, 405)


def test_a_required_check_of_the_right_app_opens_the_way(acme: Acme):
    pull = acme.pull()
    acme.world.protect(acme.repo, "main", checks=[{"context": "gate", "app_id": acme.app.id}])
    path = f"{PULLS}/{pull.number}"
    other = acme.world.create_app(acme.org, "ci")
    acme.world.install(other, acme.org)
    acme.world.run_check(acme.repo, other, pull.head_sha, "gate")
    acme.world.run_check(acme.repo, acme.app, pull.head_sha, "gate", "action_required")
    assert acme.api().get(path)["mergeable_state"] == "blocked"
    assert "gate" in acme.api().put(f"{path}/merge", {}, 405)["message"]
    acme.api().patch("/repos/acme/shop/git/refs/heads/main", {"sha": pull.head_sha}, 422)
    acme.world.run_check(acme.repo, acme.app, pull.head_sha, "gate")
    assert acme.api().get(path)["mergeable_state"] == "clean"
    acme.api().put(f"{path}/merge", {})


def test_a_pull_whose_commits_reach_the_base_by_a_push_is_merged(acme: Acme):
    pull = acme.pull()
    acme.api().patch("/repos/acme/shop/git/refs/heads/main", {"sha": pull.head_sha})
    assert acme.api().get(f"{PULLS}/{pull.number}")["merged"] is True


def test_a_pull_of_a_fork_outlives_the_fork(acme: Acme):
    fork = acme.world.fork(acme.repo, acme.dave)
    acme.world.push(fork, acme.dave, "patch", {"b.txt": "two\n"})
    pull = acme.world.open_pull(acme.repo, acme.dave, head="patch", head_repo=fork)
    read = acme.api().get(f"{PULLS}/{pull.number}")
    assert (read["head"]["repo"]["full_name"], read["maintainer_can_modify"]) == ("dave/shop", True)
    assert acme.api().get(f"{PULLS}/{pull.number}/files")[0]["filename"] == "b.txt"
    acme.world.delete_repo(fork)
    assert acme.api().get(f"{PULLS}/{pull.number}")["head"]["repo"] is None


def test_a_deleted_branch_closes_its_pull(acme: Acme):
    pull = acme.pull()
    acme.world.delete_branch(acme.repo, acme.bob, "feature")
    assert acme.api().get(f"{PULLS}/{pull.number}")["state"] == "closed"
    acme.as_person(acme.bob).patch(f"{PULLS}/{pull.number}", {"state": "open"}, 422)


def test_comments_are_written_listed_edited_and_deleted(acme: Acme):
    pull = acme.pull()
    acme.world.comment(pull, acme.carol, "looks good")
    path = f"{ISSUES}/{pull.number}/comments"
    made = acme.api().post(path, {"body": "report"})
    assert (made["user"]["login"], made["user"]["type"], made["performed_via_github_app"]["slug"]) == (
        "gate[bot]",
        "Bot",
        "gate",
    )
    assert [c["body"] for c in acme.api().get(path)] == ["looks good", "report"]
    assert len(acme.api().get(f"{ISSUES}/comments", since="2020-01-01T00:00:00Z")) == 2
    assert acme.api().get(f"{ISSUES}/comments", since="2999-01-01T00:00:00Z") == []
    one = f"{ISSUES}/comments/{made['id']}"
    assert acme.api().patch(one, {"body": "report 2"})["body"] == "report 2"
    acme.as_person(acme.carol).patch(one, {"body": "defaced"}, 403)
    acme.as_person(acme.bob).patch(one, {"body": "defaced"})
    assert acme.api().get(one)["body"] == "defaced"
    assert acme.api().get(f"{PULLS}/{pull.number}")["comments"] == 2
    acme.api().delete(one)
    acme.api().get(one, 404)
    acme.api().patch(one, {"body": "x"}, 404)


def test_a_comment_has_a_limit_and_is_not_empty(acme: Acme):
    path = f"{ISSUES}/{acme.pull().number}/comments"
    acme.api().post(path, {"body": "é" * 65_536})
    acme.api().post(path, {"body": "é" * 65_537}, 422)
    acme.api().post(path, {"body": " \n"}, 422)
    acme.api().post(path, {"body": 5}, 422)
    acme.api().post(f"{ISSUES}/999/comments", {"body": "x"}, 404)


def test_reactions_count_once_a_person_and_can_be_taken_back(acme: Acme):
    comment = acme.world.comment(acme.pull(), acme.carol, "/approve prod")
    path = f"{ISSUES}/comments/{comment.id}"
    made = acme.api().post(f"{path}/reactions", {"content": "eyes"})
    assert acme.api().post(f"{path}/reactions", {"content": "eyes"}, 200)["id"] == made["id"]
    acme.as_person(acme.bob).post(f"{path}/reactions", {"content": "+1"})
    acme.api().post(f"{path}/reactions", {"content": "shrug"}, 422)
    rollup = acme.api().get(path)["reactions"]
    assert (rollup["total_count"], rollup["eyes"], rollup["+1"]) == (2, 1, 1)
    assert len(acme.api().get(f"{path}/reactions", content="eyes")) == 1
    acme.as_person(acme.bob).delete(f"{path}/reactions/{made['id']}", 404)
    acme.api().delete(f"{path}/reactions/{made['id']}")
    assert acme.api().get(path)["reactions"]["eyes"] == 0


def test_an_unchanged_answer_is_304_for_who_has_its_tag(acme: Acme):
    url = f"{acme.github.api_url}{PULLS}/{acme.pull().number}"
    headers = {"Authorization": f"Bearer {acme.token()}"}
    tag = requests.get(url, headers=headers, timeout=10).headers["ETag"]
    assert requests.get(url, headers=headers | {"If-None-Match": tag}, timeout=10).status_code == 304
