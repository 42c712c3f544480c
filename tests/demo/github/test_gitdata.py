"""Git objects, contents, comparisons, branches and the GraphQL commit through the API."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from tests.demo.github.conftest import Acme

GIT = "/repos/acme/shop/git"
MUTATION = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"


def commit(acme: Acme, files: dict[str, str | None], parent: str = "main", **more: Any) -> Any:
    """Blobs, a tree and a commit, as a bot makes them; no ref moves."""
    api = acme.api()
    head = api.get(f"/repos/acme/shop/commits/{parent}")
    entries = []
    for path, content in files.items():
        sha = (
            api.post(f"{GIT}/blobs", {"content": content, "encoding": "utf-8"})["sha"] if content is not None else None
        )
        entries.append({"path": path, "mode": "100644", "type": "blob", "sha": sha})
    tree = api.post(f"{GIT}/trees", {"base_tree": head["commit"]["tree"]["sha"], "tree": entries})
    return api.post(f"{GIT}/commits", {"message": "Workdocs", "tree": tree["sha"], "parents": [head["sha"]], **more})


def test_a_commit_of_the_app_is_its_own_and_verified(acme: Acme):
    pull = acme.pull()
    made = commit(acme, {"modules/x.md": "é\n", "a.txt": None}, "feature")
    acme.api().patch(f"{GIT}/refs/heads/feature", {"sha": made["sha"]})
    assert (made["author"]["name"], made["committer"]["name"], made["verification"]["verified"]) == (
        "gate[bot]",
        "GitHub",
        True,
    )
    read = acme.api().get(f"/repos/acme/shop/commits/{made['sha']}")
    assert (read["author"]["login"], read["committer"]["login"]) == ("gate[bot]", "web-flow")
    assert {f["filename"]: f["status"] for f in read["files"]} == {"modules/x.md": "added", "a.txt": "removed"}
    assert acme.world.read_file(acme.repo, "feature", "modules/x.md") == "é\n".encode()
    assert pull.head_sha == made["sha"]


@pytest.mark.parametrize("part", ["author", "committer"])
def test_a_commit_with_names_of_its_own_is_not_verified(acme: Acme, part):
    made = commit(
        acme, {"x.md": "1\n"}, "main", **{part: {"name": "X", "email": "x@example.org", "date": "2020-01-01T00:00:00Z"}}
    )
    assert (made[part]["name"], made["verification"]["verified"]) == ("X", False)


def test_a_ref_moves_forward_and_otherwise_only_by_force(acme: Acme):
    old = acme.repo.git.tip("main")
    made = commit(acme, {"x.md": "1\n"})
    acme.world.push(acme.repo, acme.alice, "main", {"y.md": "2\n"})
    refusal = acme.api().patch(f"{GIT}/refs/heads/main", {"sha": made["sha"], "force": False}, 422)
    assert refusal["message"] == "Update is not a fast forward"
    acme.api().patch(f"{GIT}/refs/heads/main", {"sha": made["sha"], "force": True})
    assert acme.api().get(f"{GIT}/ref/heads/main")["object"]["sha"] == made["sha"]
    assert acme.api().get(f"{GIT}/commits/{made['sha']}")["parents"][0]["sha"] == old
    acme.api().patch(f"{GIT}/refs/heads/nowhere", {"sha": made["sha"]}, 422)
    acme.api().patch(f"{GIT}/refs/heads/main", {"sha": "0" * 40}, 422)


def test_branches_are_made_listed_and_deleted(acme: Acme):
    sha = acme.repo.git.tip("main")
    acme.api().post(f"{GIT}/refs", {"ref": "refs/heads/docs/one", "sha": sha})
    acme.api().post(f"{GIT}/refs", {"ref": "refs/heads/docs/one", "sha": sha}, 422)
    acme.api().post(f"{GIT}/refs", {"ref": "heads/x", "sha": sha}, 422)
    acme.api().post(f"{GIT}/refs", {"ref": "refs/heads/a..b", "sha": sha}, 422)
    assert [r["ref"] for r in acme.api().get(f"{GIT}/matching-refs/heads/docs")] == ["refs/heads/docs/one"]
    assert {b["name"] for b in acme.api().get("/repos/acme/shop/branches")} == {"main", "docs/one"}
    assert acme.api().get("/repos/acme/shop/branches/docs/one")["commit"]["sha"] == sha
    acme.api().delete(f"{GIT}/refs/heads/docs/one")
    acme.api().get(f"{GIT}/ref/heads/docs/one", 404)
    acme.api().get("/repos/acme/shop/branches/docs/one", 404)


def test_trees_are_flat_or_recursive_and_may_be_truncated(acme: Acme):
    assert [e["path"] for e in acme.api().get(f"{GIT}/trees/main")["tree"]] == ["a.txt", "docs"]
    whole = acme.api().get(f"{GIT}/trees/main", recursive=1)
    assert ([e["path"] for e in whole["tree"]], whole["truncated"]) == (["a.txt", "docs", "docs/guide.md"], False)
    assert acme.api().get(f"{GIT}/trees/{whole['sha']}")["sha"] == whole["sha"]
    acme.github.faults.truncated_trees = True
    cut = acme.api().get(f"{GIT}/trees/main", recursive=1)
    assert (len(cut["tree"]), cut["truncated"]) == (1, True)
    acme.api().get(f"{GIT}/trees/nowhere", 404)


def test_blobs_come_back_as_they_were(acme: Acme):
    data = bytes(range(256))
    sha = acme.api().post(f"{GIT}/blobs", {"content": base64.b64encode(data).decode(), "encoding": "base64"})["sha"]
    blob = acme.api().get(f"{GIT}/blobs/{sha}")
    assert (base64.b64decode(blob["content"]), blob["size"]) == (data, 256)
    acme.api().get(f"{GIT}/blobs/{'0' * 40}", 404)
    acme.api().get(f"{GIT}/blobs/x", 422)


def test_contents_are_files_and_folders_at_any_ref(acme: Acme):
    path = "/repos/acme/shop/contents"
    acme.world.push(acme.repo, acme.bob, "feature", {"docs/guide.md": "# New\n"})
    assert base64.b64decode(acme.api().get(f"{path}/docs/guide.md", ref="feature")["content"]) == b"# New\n"
    assert [e["name"] for e in acme.api().get(f"{path}/docs")] == ["guide.md"]
    assert [e["type"] for e in acme.api().get(f"{path}/")] == ["file", "dir"]
    headers = {"Authorization": f"Bearer {acme.token()}", "Accept": "application/vnd.github.raw+json"}
    assert requests.get(acme.github.api_url + f"{path}/a.txt", headers=headers, timeout=10).content == b"one\n"
    acme.api().get(f"{path}/nothing", 404)
    acme.api().get(f"{path}/a.txt", 404, ref="nowhere")


def test_a_comparison_starts_at_the_merge_base(acme: Acme):
    acme.world.push(acme.repo, acme.bob, "feature", {"b.txt": "two\n"})
    acme.world.push(acme.repo, acme.alice, "main", {"c.txt": "three\n"})
    found = acme.api().get("/repos/acme/shop/compare/main...feature")
    assert (found["status"], found["ahead_by"], found["behind_by"]) == ("diverged", 1, 1)
    assert [f["filename"] for f in found["files"]] == ["b.txt"]
    assert acme.api().get("/repos/acme/shop/compare/main...main")["status"] == "identical"
    acme.api().get("/repos/acme/shop/compare/main...nowhere", 404)


def test_commits_are_listed_by_branch_and_path(acme: Acme):
    acme.world.push(acme.repo, acme.bob, "feature", {"b.txt": "two\n"})
    assert len(acme.api().get("/repos/acme/shop/commits", sha="feature")) == 2
    assert len(acme.api().get("/repos/acme/shop/commits", sha="feature", path="b.txt")) == 1
    acme.api().get("/repos/acme/shop/commits/nowhere", 422)


def test_protection_tells_its_checks_and_stops_pushes(acme: Acme):
    path = "/repos/acme/shop/branches/main/protection"
    other = acme.world.create_app(acme.org, "admin", permissions={"administration": "read", "contents": "write"})
    installation = acme.world.install(other, acme.org)
    jwt = acme.api(f"Bearer {acme.jwt(app=other)}")
    api = acme.api(f"Bearer {jwt.post(f'/app/installations/{installation.id}/access_tokens')['token']}")
    api.get(path, 404)
    acme.api().get(path, 403)
    acme.world.protect(acme.repo, "main", checks=[{"context": "gate", "app_id": acme.app.id}], reviews=1)
    assert api.get(path)["required_status_checks"]["checks"] == [{"context": "gate", "app_id": acme.app.id}]
    assert api.get("/repos/acme/shop/branches/main")["protected"] is True
    api.patch(f"{GIT}/refs/heads/main", {"sha": commit(acme, {"x": "1"})["sha"]}, 422)


def test_a_commit_by_graphql_swaps_only_the_head_it_expects(acme: Acme):
    url = f"{acme.github.server_url}/api/graphql"
    headers = {"Authorization": f"Bearer {acme.token()}"}
    head = acme.repo.git.tip("main")
    given = {
        "branch": {"repositoryNameWithOwner": "acme/shop", "branchName": "main"},
        "expectedHeadOid": head,
        "message": {"headline": "Workdocs", "body": "more"},
        "fileChanges": {
            "additions": [{"path": "x.md", "contents": base64.b64encode(b"1\n").decode()}],
            "deletions": [{"path": "a.txt"}],
        },
    }
    body = {"query": MUTATION, "variables": {"input": given}}
    oid = requests.post(url, json=body, headers=headers, timeout=10).json()["data"]["createCommitOnBranch"]["commit"][
        "oid"
    ]
    read = acme.api().get("/repos/acme/shop/commits/main")
    assert (read["sha"], read["commit"]["message"], read["commit"]["verification"]["verified"]) == (
        oid,
        "Workdocs\n\nmore",
        True,
    )
    stale = requests.post(url, json=body, headers=headers, timeout=10).json()
    assert (stale["errors"][0]["type"], acme.repo.git.tip("main")) == ("STALE_DATA", oid)
    other = requests.post(url, json={"query": "{ viewer { login } }"}, headers=headers, timeout=10).json()
    assert other["errors"][0]["type"] == "NOT_IMPLEMENTED"
