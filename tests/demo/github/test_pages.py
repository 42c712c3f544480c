"""The web pages: what is on them, and what a person does there reaches the App."""

from __future__ import annotations

import pytest
import requests

from deploy.demo.github.records import User
from tests.demo.github.conftest import Acme


def read(acme: Acme, path: str, status: int = 200) -> str:
    answer = requests.get(acme.github.server_url + path, timeout=10)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


def act(acme: Acme, url: str, who: User, status: int = 200, /, **fields: str) -> str:
    answer = requests.post(acme.github.server_url + url, data={"as": who.login, **fields}, timeout=10)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


def test_the_conversation_shows_everything_that_happened(acme: Acme):
    pull = acme.pull()
    comment = acme.world.comment(pull, acme.carol, "**Looks** good <!-- hidden -->")
    acme.world.react(comment, acme.bob, "rocket")
    acme.world.edit_comment(comment, acme.alice, "**Looks** bad")
    run = acme.world.run_check(acme.repo, acme.app, pull.head_sha, "gate / prod")
    acme.world.push(acme.repo, acme.bob, "feature", {"c.txt": "3\n"}, "Second commit")
    old = pull.head_sha
    acme.world.force_push(acme.repo, acme.bob, "feature", {"d.txt": "4\n"}, "Rewritten")
    acme.world.edit_pull(pull, acme.bob, title="Better title")
    page = read(acme, "/acme/shop/pull/1")
    for shown in (
        "Better title",
        "<strong>Looks</strong> bad",
        "edited by <b>alice</b>",
        "🚀 1",
        "Second commit",
        "force-pushed from",
        old[:7],
    ):
        assert shown in page
    assert "hidden -->" not in page
    assert "gate / prod" not in page  # its commit is no longer the head
    assert "gate / prod" in read(acme, f"/acme/shop/runs/{run.id}")


def test_tabs_and_neighbouring_pages_are_there(acme: Acme):
    pull = acme.pull(files={"b.txt": "<two>\n", "guide.md": "# Title\n"})
    run = acme.api().post(
        "/repos/acme/shop/check-runs",
        {
            "name": "gate",
            "head_sha": pull.head_sha,
            "conclusion": "failure",
            "output": {
                "title": "Blocked",
                "summary": "| a |\n|---|\n| 1 |",
                "text": "more",
                "annotations": [
                    {
                        "path": "b.txt",
                        "start_line": 1,
                        "end_line": 1,
                        "annotation_level": "failure",
                        "message": "drops a <table>",
                    }
                ],
            },
        },
    )
    assert "&lt;two&gt;" in read(acme, "/acme/shop/pull/1/files")
    assert "Add b" in read(acme, "/acme/shop/pull/1/commits")
    assert "Blocked" in read(acme, "/acme/shop/pull/1/checks")
    page = read(acme, f"/acme/shop/runs/{run['id']}")
    assert "<td>1</td>" in page
    assert "drops a &lt;table&gt;" in page
    assert "+# Title" in read(acme, f"/acme/shop/commit/{pull.head_sha}")
    assert "<h1>Title</h1>" in read(acme, "/acme/shop/blob/feature/guide.md")
    assert "# Title" in read(acme, f"/acme/shop/blob/{pull.head_sha}/guide.md?plain")
    assert read(acme, "/acme/shop/raw/feature/guide.md") == "# Title\n"
    assert "guide.md" in read(acme, "/acme/shop/tree/main/docs")
    assert "acme/shop" in read(acme, "/")
    assert "acme/shop" in read(acme, "/acme")
    assert "<circle" in read(acme, f"/_avatar/{acme.bob.id}")


@pytest.mark.parametrize(
    "path",
    [
        "/acme/none",
        "/acme/shop/pull/9",
        "/acme/shop/blob/main/none",
        "/acme/shop/commit/0000000",
        "/acme/shop/runs/1",
        "/nobody",
    ],
)
def test_what_is_not_there_is_not_found(acme: Acme, path):
    read(acme, path, 404)


def test_a_story_played_by_hand(acme: Acme):
    act(
        acme,
        "/acme/shop/files",
        acme.bob,
        branch="by-hand",
        path="x.md",
        content="# X\r\n",
        message="Add x",
        title="By hand",
    )
    assert acme.world.read_file(acme.repo, "by-hand", "x.md") == b"# X\n"
    act(acme, "/acme/shop/pull/1/comment", acme.alice, body="/approve prod")
    act(acme, "/acme/shop/files", acme.bob, branch="by-hand", path="y.md", content="y")
    for deed, who in (("draft", acme.bob), ("ready", acme.bob), ("close", acme.bob), ("reopen", acme.bob)):
        act(acme, f"/acme/shop/pull/1/{deed}", who)
    page = act(acme, "/acme/shop/pull/1/squash", acme.alice)
    assert "Merged" in page
    pull = acme.github.hub.state.pull(acme.repo, 1)
    assert (pull.merged_by, acme.world.read_file(acme.repo, "main", "y.md")) == (acme.alice, b"y")
    assert [(c.user, c.body) for c in acme.world.comments(pull)] == [(acme.alice, "/approve prod")]


def test_comments_are_edited_and_deleted_by_hand_and_checks_asked_again(acme: Acme):
    pull = acme.pull()
    comment = acme.world.comment(pull, acme.carol, "first")
    act(acme, f"/acme/shop/comments/{comment.id}/edit", acme.bob, body="second")
    assert (comment.body, comment.edits[0].by) == ("second", acme.bob)
    act(acme, f"/acme/shop/comments/{comment.id}/react", acme.bob, content="eyes")
    assert comment.reactions[0].user is acme.bob
    act(acme, f"/acme/shop/comments/{comment.id}/delete", acme.carol)
    assert acme.world.comments(pull) == ()
    run = acme.world.run_check(acme.repo, acme.app, pull.head_sha, "gate")
    act(acme, f"/acme/shop/runs/{run.id}/rerequest", acme.bob)
    acme.world.wait_idle()
    assert "rerequested" in [d.action for d in acme.github.hub.state.deliveries.values()]
    act(acme, "/acme/shop/pulls", acme.bob, 422, branch="nowhere", title="x")
    act(acme, "/acme/shop/pull/1/comment", acme.bob, 422, body=" ")
    act(acme, "/acme/shop/files", acme.bob, 422, branch="../x", path="x")


def test_people_do_on_pages_only_what_they_may(acme: Acme):
    pull = acme.pull()
    comment = acme.world.comment(pull, acme.bob, "mine")
    act(acme, "/acme/shop/pull/1/comment", acme.dave, body="anybody may try")
    act(acme, "/acme/shop/pull/1/merge", acme.carol, 403)
    act(acme, "/acme/shop/pull/1/close", acme.dave, 403)
    act(acme, "/acme/shop/files", acme.dave, 403, branch="main", path="x")
    act(acme, f"/acme/shop/comments/{comment.id}/edit", acme.carol, 403, body="defaced")
    assert (pull.issue.state, comment.body) == ("open", "mine")


def test_the_page_is_told_when_something_changed(acme: Acme):
    pull = acme.pull()
    site = acme.github.server_url
    before = requests.get(f"{site}/_state", timeout=10).json()
    assert requests.get(f"{site}/_state", timeout=10).json() == before
    acme.world.react(acme.world.comment(pull, acme.bob, "x"), acme.bob, "+1")
    assert requests.get(f"{site}/_state", timeout=10).json() != before


def test_a_page_lets_nothing_run_but_its_own_script(acme: Acme):
    acme.pull()
    answer = requests.get(f"{acme.github.server_url}/acme/shop/pull/1", timeout=10)
    assert "default-src 'none'; style-src 'self'; script-src 'self'" in answer.headers["Content-Security-Policy"]
    for name in ("style.css", "markdown.css", "live.js"):
        assert f"/_static/{name}" in answer.text
        assert read(acme, f"/_static/{name}")
